"""The sections of a recipe. What belongs to an exporter or an importer is validated by its own model."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ByteSize, ConfigDict, Field, field_validator

from tuneport.config import Config, Names
from tuneport.recipes.grouping import GroupSection

Use = str | dict[str, Any]
"""A stage: its name, or `{ use = "name", ... }` with its configuration."""


def _bindable(value: Any) -> Any:
    """A parameter's value; a date or time becomes ISO text."""
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a finite number is wanted")
    if not isinstance(value, str | int | float | None):
        raise ValueError("a text, a number, true or false is wanted: one value that a query can be given")
    return value


def _bound(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError("no name a query could use: letters, digits and _ only, no digit first, as in :since")
    return name


Param = Annotated[str | int | float | bool | None, BeforeValidator(_bindable)]
"""What a query's parameter may be."""

ParamName = Annotated[str, AfterValidator(_bound)]
"""What a query's parameter may be called."""

DEFAULT_EXPORTER = "jsonl_llm"
DEFAULT_ARTIFACTS: list[Use] = ["formats:dataset_card"]


class SourceSection(Config):
    """`[source]`, or one of several `[[source]]`: what to read. Keys that are not named here go to the importer."""

    model_config = ConfigDict(extra="allow")

    name: str | None = Field(None, min_length=1)
    """What counts and messages call it, where a recipe has several; else its number."""
    style: Use | None = None
    """What makes a sample of its records; the exporter's own choice where it is left out."""
    importer: str | None = None
    """Who reads it; found from the suffix of `path` where it is left out."""
    key: Names = []
    """The fields that name a record in errors and rejects; the table's primary key, else `pk`, else `id`."""
    subject: str | None = Field(None, min_length=1)
    """The field that says whose data a record is."""
    group: GroupSection | None = None
    """Which rows are one conversation, where a row is a single turn; each is a record by itself where left out."""
    limit: int | None = Field(None, ge=1)
    """Read only the first so many records."""

    @field_validator("limit", mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        if isinstance(value, bool | float):
            raise ValueError("a whole number is wanted")
        return value

    @property
    def settings(self) -> dict[str, Any]:
        """The importer's own configuration."""
        return dict(self.__pydantic_extra__ or {})


class ExportSection(Config):
    """`[export]`: what to make of it. Keys that are not named here go to the exporter."""

    model_config = ConfigDict(extra="allow")

    use: str = DEFAULT_EXPORTER
    """The exporter."""
    where: str = ""
    """A condition on a record's fields, such as `rating >= 4 and product != 'internal'`; others are left out."""
    formats: list[Use] = []
    """What to write; the exporter's own choice where it is empty."""
    filters: list[Use] = []
    """Filters after the exporter's own."""
    weightings: list[Use] = []
    """Weightings after the exporter's own; factors multiply."""
    fingerprints: list[Use] = []
    """Fingerprints after the exporter's own: they say which samples are near-duplicates."""
    validators: list[Use] = []
    """Validators after the exporter's own: of rows, of the adapter, or of the finished dataset."""
    metrics: list[Use] = []
    """Metrics after the exporter's own."""
    artifacts: list[Use] = DEFAULT_ARTIFACTS
    """Files made from the finished dataset, where the output is a folder."""

    @property
    def settings(self) -> dict[str, Any]:
        """The exporter's own configuration."""
        return dict(self.__pydantic_extra__ or {})


class PluginsSection(Config):
    """`run.plugins`: where else plugins are, and which may be used.

    A recipe grants nothing: what is there runs if the lock file that the host or the command line names pins it.
    """

    dirs: list[Path] = []
    """Directories to look into."""
    lock: Path | None = None
    """The lock file that pins them, for whoever runs the recipe to name; another one there is an error."""
    allow: list[str] | None = None
    """Names or globs of the only plugins that may be used."""
    deny: list[str] = []
    """Names or globs of plugins that may not be used."""
    trust: Literal["pinned"] = "pinned"
    """Only what is pinned runs."""

    @field_validator("trust", mode="before")
    @classmethod
    def _not_by_itself(cls, value: Any) -> Any:
        if value == "any":
            raise ValueError("a recipe cannot grant itself trust: leave it out, and pass --trust any")
        return value


OF_THE_MACHINE = {"memory", "workers"}
"""Keys of `[run]` that say how to run on one machine, and change no byte: no plan depends on them, and no dataset tells
them."""


class RunSection(Config):
    """`[run]`: how to run."""

    seed: int = 0
    """What everything random starts from."""
    now: AwareDatetime | None = None
    """The run's time; else SOURCE_DATE_EPOCH, else when it started."""
    workers: int | None = Field(None, ge=1)
    """Processes that work on it at most, whatever is made of it; on the command line as many as there are cores."""
    max_error_rate: float | None = Field(None, ge=0, le=1)
    """Errors among the records read, above which nothing is published. Filtered records do not count."""
    plugins: PluginsSection | None = None
    """Plugins of this run beside those that are there anyway."""
    base: Path | None = None
    """The folder that relative paths start from, itself relative to the recipe; the recipe's own where left out."""
    memory: ByteSize = Field(ByteSize(512 << 20), ge=1)
    """Memory for what duplicates are known by, 32 bytes for each sample at most; what comes beyond that waits on disk,
    which is slower: a number of bytes, or text such as `"2GiB"`. What a split or a waiting weight has to remember is
    not part of it."""

    @field_validator("workers", "memory", mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        if isinstance(value, bool | float):
            raise ValueError("a whole number is wanted")
        return value

    @field_validator("now", mode="before")
    @classmethod
    def _with_zone(cls, value: Any) -> Any:
        wanted = "a time with its zone, as in 2026-11-22T00:00:00Z"
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value)
            except ValueError:
                raise ValueError(wanted) from None
        if value is not None and (not isinstance(value, datetime) or value.tzinfo is None):
            raise ValueError(wanted)
        return value

    @field_validator("now")
    @classmethod
    def _in_utc(cls, value: datetime | None) -> datetime | None:
        try:
            return value.astimezone(UTC) if value is not None else None
        except OverflowError:
            raise ValueError("a time that UTC has as well") from None
