"""The recipe as a model. What belongs to an exporter or an importer is validated by its own model."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, ConfigDict, Field, PrivateAttr, field_validator

from tuneport.config import Config
from tuneport.model import Problem
from tuneport.options import Output

Use = str | dict[str, Any]
"""A stage: its name, or `{ use = "name", ... }` with its configuration."""

DEFAULT_EXPORTER = "jsonl_llm"
DEFAULT_ARTIFACTS: list[Use] = ["formats:dataset_card"]


class SourceSection(Config):
    """`[source]`: what to read. Keys that are not named here go to the importer."""

    model_config = ConfigDict(extra="allow")

    importer: str | None = None
    """Who reads it; found from the suffix of `path` where it is left out."""
    key: list[str] = []
    """The fields that name a record in errors and rejects; the table's primary key, else `pk`, else `id`."""
    subject: str | None = Field(None, min_length=1)
    """The field that says whose data a record is."""
    limit: int | None = Field(None, ge=1)
    """Read only the first so many records."""

    @field_validator("key", mode="before")
    @classmethod
    def _one_key(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("key")
    @classmethod
    def _named(cls, value: list[str]) -> list[str]:
        if not all(value):
            raise ValueError("a field without a name")
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


class RunSection(Config):
    """`[run]`: how to run."""

    seed: int = 0
    """What everything random starts from."""
    now: AwareDatetime | None = None
    """The run's time; else SOURCE_DATE_EPOCH, else when it started."""
    max_error_rate: float | None = Field(None, ge=0, le=1)
    """Errors among the records read, above which nothing is published. Filtered records do not count."""

    base: Path | None = None
    """The folder that relative paths start from, itself relative to the recipe; the recipe's own where left out."""

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


class Recipe(Config):
    """One export, as a person asks for it: a TOML or JSON file, or a mapping."""

    source: SourceSection | None = None
    export: ExportSection = Field(default_factory=ExportSection)
    output: Output = Field(default_factory=Output)
    run: RunSection = Field(default_factory=RunSection)

    _base: Path = PrivateAttr(default=Path())
    _origin: str = PrivateAttr(default="recipe")
    _problems: Sequence[Problem] = PrivateAttr(default=())

    @field_validator("source", "output", mode="before")
    @classmethod
    def _path_alone(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str | Path) else value

    @property
    def base(self) -> Path:
        """The folder that relative paths start from: the recipe file's, or the working directory."""
        return self._base

    @property
    def origin(self) -> str:
        """What messages call it: the file's name."""
        return self._origin

    @property
    def problems(self) -> Sequence[Problem]:
        """What was wrong with keys that were left out of this recipe; no plan is made of it then."""
        return self._problems

    def located(self, base: Path, origin: str, problems: Sequence[Problem] = ()) -> Recipe:
        """This recipe, with relative paths starting from `base`, or where `run.base` points to from there."""
        self._base = base / self.run.base if self.run.base is not None else base
        self._origin, self._problems = origin, problems
        return self

    def resolve(self, path: Path) -> Path:
        """A path of this recipe as it can be opened."""
        return self._base / path

    def resolved(self, now: datetime, folder: Path) -> dict[str, Any]:
        """The recipe as plain data with its defaults filled in: what makes the dataset again from inside `folder`."""
        data = self.model_dump(mode="json", exclude_none=True)
        data["run"]["now"] = rfc3339(now)
        data["run"]["base"] = os.path.relpath(os.path.realpath(self._base), os.path.realpath(folder))
        return data


def rfc3339(moment: datetime) -> str:
    """A time as RFC 3339 in UTC with milliseconds, which no loader takes for a bare timestamp."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
