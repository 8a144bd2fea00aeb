"""What a run is asked to write, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

import msgspec
import msgspec.json
from pydantic import AliasChoices, ByteSize, Field, field_validator, model_validator

from tuneport.config import Config
from tuneport.split import SplitSection


class Output(Config):
    """The `[output]` section of a recipe."""

    path: Path | None = Field(None, validation_alias=AliasChoices("path", "output_path"))
    """A folder, one `.jsonl[.gz|.zst]` file, or `-` for stdout. Also written `output_path`."""
    compression: Literal["none", "gzip", "zstd"] = "none"
    """How data files are compressed. A file's own suffix (`.gz`, `.zst`) says it too."""
    compress: bool = False
    """The same as `compression = "gzip"`."""
    shard_size: ByteSize = Field(ByteSize(256 * 1024 * 1024), ge=1)
    """Bytes of uncompressed rows after which a new file begins: a number, or text such as `"256MiB"`."""
    shard_rows: int | None = Field(None, ge=1)
    """Rows after which a new file begins; with `shard_size`, whichever comes first."""
    on_exists: Literal["fail", "replace", "version"] = "fail"
    """What to do where the path exists: `fail`, `replace` it in one step, or publish `path/v0001`, `v0002`, ...
    and move `path/latest`."""
    min_rows: int = Field(1, ge=0)
    """Fewer exported samples than this and nothing is published."""
    max_shrink: float | None = Field(None, ge=0, le=1)
    """With `replace` and `version`: the share of samples that may be missing compared with what stands there."""
    split: SplitSection | None = None
    """Which share of the samples is kept apart from training: `{ validation = 0.1, group_by = "thread_id" }`."""
    index: bool | None = None
    """Whether a folder says of every record what became of it; left out, it does where `source.key` or
    `source.subject` is named."""
    include_fields: list[str] = []
    """The only source fields that anything may look at; empty means all."""
    exclude_fields: list[str] = []
    """Source fields that nothing may look at."""
    filter_expression: str = ""
    """The same as `export.where`; where both are given, both hold."""
    pretty_print: bool = False
    """Indent side files. Rows always stand on one line."""
    progress_interval: int = Field(1000, ge=1)
    """Exported samples between two calls of the progress callback."""
    continue_on_error: bool = True
    """Whether a record that fails with an error leaves the run going. Filtered records never stop it."""
    max_errors: int = Field(100, ge=0)
    """How many texts the list `errors` holds at most; it stops nothing (see run.max_error_rate)."""

    @model_validator(mode="after")
    def _one_compression(self) -> Self:
        if self.compress and self.compression == "zstd":
            raise ValueError('compress = true means gzip, and compression = "zstd" says otherwise: leave one out')
        return self


class Cancel(Protocol):
    """What says that a run shall stop: a `threading.Event`, or anything with its `is_set`."""

    def is_set(self) -> bool:
        """Whether it shall."""


class ExportOptions(Output):
    """Where and how a host application wants its export: the model of `[output]`, a callback, and a way to stop.

    `ExportOptions(output_path="faq.jsonl")` is all that most need.
    """

    if TYPE_CHECKING:
        # What a type checker sees: the same keys, in either spelling of the path.
        def __init__(
            self,
            *,
            output_path: str | Path = ...,
            path: str | Path = ...,
            compression: Literal["none", "gzip", "zstd"] = ...,
            compress: bool = ...,
            shard_size: int | str = ...,
            shard_rows: int | None = ...,
            on_exists: Literal["fail", "replace", "version"] = ...,
            min_rows: int = ...,
            max_shrink: float | None = ...,
            split: SplitSection | Mapping[str, Any] | None = ...,
            index: bool | None = ...,
            include_fields: list[str] = ...,
            exclude_fields: list[str] = ...,
            filter_expression: str = ...,
            pretty_print: bool = ...,
            progress_interval: int = ...,
            continue_on_error: bool = ...,
            max_errors: int = ...,
            progress_callback: Callable[[ExportStats], Any] | None = ...,
            cancel: Cancel | None = ...,
        ) -> None: ...

    progress_callback: Callable[[ExportStats], Any] | None = Field(None, exclude=True)
    """Called with the statistics so far each time the exported count passes a multiple of progress_interval,
    and once at the end."""

    cancel: Any = Field(None, exclude=True)
    """Anything with `is_set()`, such as a `threading.Event`: once it is set, the run ends with StoppedError, and
    nothing is published."""

    @field_validator("cancel")
    @classmethod
    def _can_be_asked(cls, value: Any) -> Any:
        if value is not None and not callable(getattr(value, "is_set", None)):
            raise ValueError("something with is_set(), such as a threading.Event")
        return value

    @model_validator(mode="after")
    def _has_path(self) -> Self:
        if self.path is None:
            raise ValueError("output_path is missing: a folder, a .jsonl file, or - for stdout")
        return self


class FormatStats(msgspec.Struct):
    """One format's ledger: rows = exported - refused - left_out + copies.

    Attributes:
        rows: rows written.
        refused: samples the format cannot express.
        left_out: samples left out because of their weight.
        copies: extra rows that stand for a weight.
    """

    rows: int = 0
    refused: int = 0
    left_out: int = 0
    copies: int = 0


class ExportStats(msgspec.Struct):
    """What became of every entity.

    total + augmented = exported + filtered + duplicate + errored, and failed is everything not exported.

    Attributes:
        total_entities: entities read.
        exported_entities: samples that at least one format wrote.
        failed_entities: entities not exported, for whatever reason.
        bytes_written: bytes of rows in the published data files, compressed where they are.
        duration_ms: wall-clock milliseconds.
        errors: the first `max_errors` texts, filtered and errored records alike.
        filtered_entities: left out by a rule.
        duplicate_entities: left out because the same content came before.
        errored_entities: left out because they could not be read or handled.
        augmented_entities: samples added by augmentation.
        rejects: reject code to count.
        formats: format name to ledger.
    """

    total_entities: int = 0
    exported_entities: int = 0
    failed_entities: int = 0
    bytes_written: int = 0
    duration_ms: int = 0
    errors: list[str] = msgspec.field(default_factory=list)
    filtered_entities: int = 0
    duplicate_entities: int = 0
    errored_entities: int = 0
    augmented_entities: int = 0
    rejects: dict[str, int] = msgspec.field(default_factory=dict)
    formats: dict[str, FormatStats] = msgspec.field(default_factory=dict)

    def to_json(self) -> str:
        """The statistics as JSON text, indented by two."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2).decode()


ExportOptions.model_rebuild()
