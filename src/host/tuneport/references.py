"""References in a recipe: values that stand in an environment variable or a file, read late and shown nowhere."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import scrypt
from pathlib import Path
from typing import Any, NamedTuple

from tuneport.errors import RecipeError, TuneportError
from tuneport.files import read_regular
from tuneport.model import Problem

KINDS = ("env", "file")
MOST_BYTES = 1 << 20
TELLING = 6
"""Characters from which on a text is no chance find among other texts."""


class Reference(NamedTuple):
    """Where a value stands: `{ env = "NAME" }` or `{ file = "PATH" }`."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{{ {self.kind} = {json.dumps(self.name, ensure_ascii=False)} }}"

    def table(self) -> dict[str, str]:
        """As a recipe has it."""
        return {self.kind: self.name}


def reference_in(value: object) -> Reference | None:
    """The reference that a table stands for; None where it has other keys."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    ((kind, name),) = value.items()
    return Reference(kind, name) if kind in KINDS and isinstance(name, str) and name else None


class _Taken(NamedTuple):
    """What a reference became: under which key, and the value that dumps would show."""

    reference: Reference
    key: str
    value: Any

    def is_here(self, value: object, key: str, *, anywhere: bool) -> bool:
        if value is None or value == "" or type(value) is not type(self.value) or value != self.value:
            return False
        return key == self.key or (anywhere and isinstance(value, str) and len(value) >= TELLING)


class References:
    """Reads what a recipe refers to, once, and knows how to hide it again.

    Args:
        base: the folder that `{ file }` starts from.
    """

    def __init__(self, base: Path = Path()) -> None:
        self._base = base
        self._texts: dict[Reference, str] = {}
        self._taken: list[_Taken] = []
        self._others: list[tuple[Reference, str]] = []

    def read(self, reference: Reference, path: str, problems: list[Problem]) -> str | None:
        """The text behind a reference; None where it cannot be read, which is added to `problems` at `path`."""
        if reference not in self._texts:
            try:
                self._texts[reference] = _read(reference, self._base)
            except _UnreadableError as error:
                problems.append(Problem(f"{path} = {reference}", *error.args))
        return self._texts.get(reference)

    def opened(self, value: Any, path: str, problems: list[Problem]) -> Any:
        """The text behind a value that may be a reference, else the value; None where the text cannot be read."""
        reference = reference_in(value)
        if reference is None:
            return value
        text = self.read(reference, path, problems)
        self.took(reference, path.rpartition(".")[2].partition("[")[0], text)
        return text

    def took(self, reference: Reference, key: str, value: Any) -> None:
        """Remember the value that a reference became, under which key, so that it can be hidden."""
        for known in (value, self._texts.get(reference)):
            if (taken := _Taken(reference, key, known)) not in self._taken:
                self._taken.append(taken)

    def behind(self, key: str) -> Reference | None:
        """The environment's variable that stands under a key; None where none does.

        What is wrong with its value cannot be told without telling parts of it. Files are meant to be mended.
        """
        found = (taken.reference for taken in self._taken if taken.key == key and taken.reference.kind == "env")
        return next(found, None)

    def hides(self, reference: Reference, *texts: str) -> None:
        """Let no message show these texts either: what can be told of a value, such as the name of a file."""
        self._others.extend((reference, text) for text in texts if text)

    def hidden(self, data: Any, *, anywhere: bool = True) -> Any:
        """Plain data with references instead of the values that were read.

        Args:
            data: as `model_dump(mode="json")` gives it.
            anywhere: hide longer texts under other keys too, for a stage may have been told them by another.
        """
        return self._hidden(data, "", anywhere) if self._taken else data

    def _hidden(self, data: Any, key: str, anywhere: bool) -> Any:
        for one in self._taken:
            if one.is_here(data, key, anywhere=anywhere):
                return one.reference.table()
        if isinstance(data, Mapping):
            return {name: self._hidden(value, str(name), anywhere) for name, value in data.items()}
        if isinstance(data, list | tuple):
            return [self._hidden(value, key, anywhere) for value in data]
        return data

    def masked(self, text: str) -> str:
        """A message in which references stand for what was read; short texts are found between quotes only."""
        for reference, secret in sorted([*self._texts.items(), *self._others], key=lambda one: -len(one[1])):
            for form in dict.fromkeys((secret, json.dumps(secret)[1:-1], repr(secret)[1:-1], secret.strip())):
                if len(form) >= TELLING:
                    text = text.replace(form, str(reference))
                elif form:
                    text = text.replace(f'"{form}"', str(reference)).replace(f"'{form}'", str(reference))
        return text

    @contextmanager
    def concealed(self) -> Iterator[None]:
        """Let no error say what was read: a source, or its driver, may quote where it was told to look."""
        try:
            yield
        except RecipeError:
            raise  # its problems say nothing of what was read, and its other words are ours
        except TuneportError as error:
            # A hint about a path that must not be named may name its neighbour.
            near = any(text in error.message for _, text in self._others)
            error.message, error.hint = self.masked(error.message), "" if near else self.masked(error.hint)
            error.args = tuple(self.masked(one) if isinstance(one, str) else one for one in error.args)
            raise

    def fingerprints(self) -> dict[str, str]:
        """Reference to a number that changes with its value and is costly to guess the value from.

        For comparing only: it is never published.
        """
        return {
            str(reference): scrypt(text.encode(), salt=str(reference).encode(), n=2**14, r=8, p=1, dklen=16).hex()
            for reference, text in sorted(self._texts.items())
        }


class _UnreadableError(Exception):
    """A reference leads nowhere: what is wrong, and how to mend it."""


def _read(reference: Reference, base: Path) -> str:
    text = _variable(reference.name) if reference.kind == "env" else _file(base, reference.name)
    if "\0" in text:
        raise _UnreadableError("what stands there holds a NUL character", "")
    return text


def _variable(name: str) -> str:
    text = os.environ.get(name)
    if text is None:
        raise _UnreadableError(f"the environment variable {name} is not set", f"export {name}=...")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _UnreadableError(f"the environment variable {name} is not UTF-8 text", "") from None
    return text


def _file(base: Path, name: str) -> str:
    try:
        text = read_regular(base / name, MOST_BYTES).decode()
    except UnicodeDecodeError:
        raise _UnreadableError(f"{name} is not UTF-8 text", "") from None
    except OSError as error:
        relative = error.errno == errno.ENOENT and not Path(name).is_absolute()
        hint = f"it starts from {base.absolute()}" if relative else ""
        raise _UnreadableError(f"{name}: {error.strerror}", hint) from None
    return text.removesuffix("\n").removesuffix("\r")
