"""Data files of a plugin, for `importlib.resources`, from checked bytes."""

from __future__ import annotations

import contextlib
import importlib.resources
import io
from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable, TraversableResources
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuneport.storage import Storage


class Resources(TraversableResources):
    """The data files of one package."""

    def __init__(self, files: Mapping[str, bytes], folder: str) -> None:
        self._files = files
        self._folder = folder

    def files(self) -> Traversable:
        """The folder of the package."""
        return Node(self._files, self._folder)


class Node(Traversable):
    """A file or folder among files by path."""

    def __init__(self, files: Mapping[str, bytes], path: str) -> None:
        self._files = files
        self._path = path

    @property
    def name(self) -> str:
        """The last step of its path."""
        return self._path.rpartition("/")[2]

    def __str__(self) -> str:
        return self._path

    def is_file(self) -> bool:
        """Whether it is a file."""
        return self._path in self._files

    def is_dir(self) -> bool:
        """Whether files stand below it."""
        return any(path.startswith(f"{self._path}/") for path in self._files)

    def iterdir(self) -> Iterator[Traversable]:
        """What stands in it, by name."""
        start = f"{self._path}/"
        names = {path.removeprefix(start).partition("/")[0] for path in self._files if path.startswith(start)}
        for name in sorted(names):
            yield Node(self._files, start + name)

    def joinpath(self, *descendants: Any) -> Traversable:
        """What stands at a path below it."""
        steps = [step for path in descendants for step in str(path).split("/") if step]
        return Node(self._files, "/".join([self._path, *steps]))

    __truediv__ = joinpath

    def open(self, mode: str = "r", *args: Any, **kwargs: Any) -> IO[Any]:
        """Its bytes or text as a stream to read."""
        file = io.BytesIO(self.read_bytes())
        return file if "b" in mode else io.TextIOWrapper(file, *args, **kwargs)

    def read_bytes(self) -> bytes:
        """Its bytes."""
        data = self._files.get(self._path)
        if data is None:
            raise FileNotFoundError(self._path)
        return data

    def read_text(self, encoding: str | None = None, errors: str | None = None) -> str:
        """Its text. Python 3.13 asks for it with `errors`."""
        return self.read_bytes().decode(encoding or "utf-8", errors or "strict")


@contextlib.contextmanager
def as_file(path: Traversable) -> Iterator[Path]:
    """`importlib.resources.as_file`, folders included, which Python 3.11 does not know."""
    if not isinstance(path, Node) or not path.is_dir():
        with importlib.resources.as_file(path) as file:
            yield file
        return
    from tuneport.storage import Storage

    storage = Storage()
    with storage.scratch() as scratch:
        _unpack(path, scratch / path.name, storage)
        yield scratch / path.name


def _unpack(source: Traversable, target: Path, storage: Storage) -> None:
    storage.mkdir(target)
    for one in source.iterdir():
        if one.is_dir():
            _unpack(one, target / one.name, storage)
        else:
            storage.write(target / one.name, one.read_bytes())
