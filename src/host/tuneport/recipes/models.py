"""The recipe as a model."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from pydantic import Field, PrivateAttr, SerializerFunctionWrapHandler, field_validator, model_serializer

from tuneport.config import Config
from tuneport.errors import RecipeError
from tuneport.model import Problem
from tuneport.options import Output
from tuneport.recipes.sections import OF_THE_MACHINE, ExportSection, Param, ParamName, RunSection, SourceSection
from tuneport.recipes.written import Written
from tuneport.references import References


class Recipe(Config):
    """One export, as a person asks for it: a TOML or JSON file, or a mapping."""

    source: list[SourceSection] = []
    """What is read, one after the other."""
    params: dict[ParamName, Param] = {}
    """Values for a query's `:name`, bound by the driver and never pasted into it."""
    export: ExportSection = Field(default_factory=ExportSection)
    output: Output = Field(default_factory=Output)
    run: RunSection = Field(default_factory=RunSection)

    _base: Path = PrivateAttr(default=Path())
    _origin: str = PrivateAttr(default="recipe")
    _problems: Sequence[Problem] = PrivateAttr(default=())
    _written: Written | None = PrivateAttr(default=None)
    _references: References = PrivateAttr(default_factory=References)

    @field_validator("source", mode="before")
    @classmethod
    def _one_source(cls, value: Any) -> Any:
        sections = value if isinstance(value, list | tuple) else [value]
        return [{"path": one} if isinstance(one, str | Path) else one for one in sections]

    @field_validator("output", mode="before")
    @classmethod
    def _path_alone(cls, value: Any) -> Any:
        return {"path": value} if isinstance(value, str | Path) else value

    @model_serializer(mode="wrap")
    def _with_references(self, plain: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Plain data that shows nothing of what references stand for."""
        hidden: dict[str, Any] = self._references.hidden(plain(self), anywhere=False)
        return hidden

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

    @property
    def references(self) -> References:
        """What reads the values that stand elsewhere, and hides them again."""
        return self._references

    def located(
        self,
        base: Path,
        origin: str,
        problems: Sequence[Problem] = (),
        written: Written | None = None,
        references: References | None = None,
    ) -> Recipe:
        """This recipe, with relative paths starting from `base`, or where `run.base` points to from there.

        Args:
            base: the folder of the recipe.
            origin: what messages call it.
            problems: what is wrong with keys that were left out of it.
            written: its text, where it has one.
            references: what its values were read with; those it has already where left out.
        """
        self._base = base / self.run.base if self.run.base is not None else base
        self._origin, self._problems, self._written = origin, problems, written
        self._references = references or self._references
        return self

    def refused(self, problems: Sequence[Problem]) -> RecipeError:
        """The error that says what is wrong with this recipe, each problem at its place in the text."""
        return refusal(problems, self._origin, self._written, self._references)

    def resolve(self, path: Path) -> Path:
        """A path of this recipe as it can be opened."""
        return self._base / path

    def resolved(self, now: datetime, folder: Path) -> dict[str, Any]:
        """The recipe as plain data with its defaults filled in: what makes the dataset again from inside `folder`."""
        data = self.model_dump(mode="json", exclude_none=True)
        data["params"] = self.model_dump(mode="json", include={"params"})["params"]
        data["run"] = {key: value for key, value in data["run"].items() if key not in OF_THE_MACHINE}
        data["run"]["now"] = rfc3339(now)
        data["run"]["base"] = os.path.relpath(os.path.realpath(self._base), os.path.realpath(folder))
        return data


def refusal(
    problems: Sequence[Problem], origin: str, written: Written | None, references: References | None = None
) -> RecipeError:
    """The error for a recipe: problems at their places in its text, without anything that references stand for."""
    if references is not None:
        problems = [_shown(one, references) for one in problems]
    return RecipeError(written.placed(problems) if written is not None else problems, origin)


def _shown(problem: Problem, references: References) -> Problem:
    """A problem that says nothing of what references stand for."""
    key = re.sub(r"\[\d+\]$", "", problem.path).rpartition(".")[2]
    reference = references.behind(key)
    if reference is not None:
        path = f"{problem.path} = {reference}"
        return msgspec.structs.replace(problem, path=path, message="what it stands for cannot be used here", hint="")
    texts = (references.masked(text) for text in (problem.path, problem.message, problem.hint))
    return msgspec.structs.replace(problem, **dict(zip(("path", "message", "hint"), texts, strict=True)))


def rfc3339(moment: datetime) -> str:
    """A time as RFC 3339 in UTC with milliseconds, which no loader takes for a bare timestamp."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
