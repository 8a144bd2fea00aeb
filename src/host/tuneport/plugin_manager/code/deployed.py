"""Running code from checked bytes: modules under private names, found in memory and nowhere else.

A bundle's modules are called `tuneport_deployed.d<start of its digest>.<their own name>`, so that two versions of a
plugin can run in one process, and none is mistaken for what is installed. Nothing is put on sys.path. Inside a
bundle its own top-level modules go first, however they are imported.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.abc
import importlib.util
import sys
import threading
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from tuneport.plugin_manager.code.resources import Resources
from tuneport.plugin_manager.code.stand_ins import stand_ins
from tuneport.plugin_manager.trust.bundle import Bundle, tops_of

ROOT = "tuneport_deployed"

_shelves: dict[str, Shelf] = {}
_guard = threading.Lock()


class Shelf:
    """The bytes of one bundle, and what its modules see of the world.

    Attributes:
        name: the package that all its modules stand in.
        digest: of the bundle.
        files: path to bytes.
        builtins: what its modules have as builtins.
    """

    def __init__(self, name: str, bundle: Bundle, files: Mapping[str, bytes]) -> None:
        self.name = name
        self.digest = bundle.digest
        self.files = files
        self._root = bundle.root
        self._tops = tops_of(files)
        self._stand_ins = stand_ins(self.private, files, self.inside)
        self.builtins = {**vars(builtins), "__import__": self._import}

    def private(self, name: str) -> str:
        """The name that a module has in this process: a private one if it is the bundle's own."""
        return f"{self.name}.{name}" if name.partition(".")[0] in self._tops else name

    def place(self, path: str) -> str:
        """Where a file stands, for a person and for tracebacks."""
        return str(self._root / path)

    def inside(self, place: str) -> str | None:
        """The path of a place, from the root on; None where it is none of the bundle's."""
        path = Path(place)
        return path.relative_to(self._root).as_posix() if path.is_relative_to(self._root) else None

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002  -- as Python calls them
        locals: Mapping[str, Any] | None = None,  # noqa: A002  -- as Python calls them
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        """`__import__` for modules of this bundle."""
        private = self.private(name) if level == 0 else name
        if private == name:
            module = builtins.__import__(name, globals, locals, fromlist or (), level)
            return self._stand_ins.get(getattr(module, "__name__", ""), module)
        if fromlist:
            return builtins.__import__(private, globals, locals, fromlist, 0)
        importlib.import_module(private)
        return sys.modules[self.private(name.partition(".")[0])]


class _Loader(importlib.abc.InspectLoader):
    """Loads one module or package of a shelf; without `path` it is a package that has no file."""

    def __init__(self, shelf: Shelf, path: str | None, folder: str) -> None:
        self._shelf = shelf
        self._path = path
        self._folder = folder

    def exec_module(self, module: ModuleType) -> None:
        """Run the code with the builtins of its bundle."""
        if self._path is None:
            return
        module.__file__ = self._shelf.place(self._path)
        module.__dict__["__builtins__"] = self._shelf.builtins
        code = self.get_code(module.__name__)
        exec(code, module.__dict__)  # noqa: S102  -- whoever loads a plugin wants its code to run, and these bytes are checked

    def get_code(self, _fullname: str) -> CodeType:
        """Its code, compiled from the checked bytes."""
        path = self._path or ""
        return self.source_to_code(self._shelf.files.get(path, b""), self._shelf.place(path))

    def get_source(self, _fullname: str) -> str:
        """Its text, for tracebacks."""
        return importlib.util.decode_source(self._shelf.files.get(self._path or "", b""))

    def is_package(self, _fullname: str) -> bool:
        """Whether modules may stand in it."""
        return self._path is None or self._path.endswith("/__init__.py")

    def get_data(self, path: str) -> bytes:
        """The bytes of a file by its place, for `pkgutil.get_data`."""
        for name, data in self._shelf.files.items():
            if self._shelf.place(name) == path:
                return data
        raise FileNotFoundError(path)

    def get_resource_reader(self, _fullname: str) -> Resources:
        """The data files of the package, for `importlib.resources`."""
        return Resources(self._shelf.files, self._folder)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds the modules of every shelf, and sees to it that nobody else is asked for one."""

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where a private module is; None for every other name."""
        if fullname != ROOT and not fullname.startswith(f"{ROOT}."):
            return None
        _, _, rest = fullname.partition(".")
        shelf_name, _, name = rest.partition(".")
        if not shelf_name:
            return ModuleSpec(fullname, None, is_package=True)
        shelf = _shelves.get(f"{ROOT}.{shelf_name}")
        if shelf is None:
            raise ModuleNotFoundError(f"{fullname} is not loaded: it belongs to a plugin directory", name=fullname)
        return _spec(shelf, fullname, name)


def _spec(shelf: Shelf, fullname: str, name: str) -> ModuleSpec:
    folder = name.replace(".", "/")
    if name:
        for path in (f"{folder}/__init__.py", f"{folder}.py"):
            if path in shelf.files:
                loader = _Loader(shelf, path, folder)
                package = path.endswith("/__init__.py")
                spec = ModuleSpec(fullname, loader, origin=shelf.place(path), is_package=package)
                return _placed(spec, shelf, folder)
        if not any(path.startswith(f"{folder}/") for path in shelf.files):
            # None would let others look for it: nothing but these bytes may be what it is.
            raise ModuleNotFoundError(f"No module named {name!r}", name=fullname)
    return _placed(ModuleSpec(fullname, _Loader(shelf, None, folder), is_package=True), shelf, folder)


def _placed(spec: ModuleSpec, shelf: Shelf, folder: str) -> ModuleSpec:
    """Let a package say where it stands; nothing is looked for there."""
    if spec.submodule_search_locations is not None:
        spec.submodule_search_locations.append(shelf.place(folder))
    return spec


_finder = _Finder()


def deploy(bundle: Bundle, files: Mapping[str, bytes]) -> Shelf:
    """Make the modules of a bundle importable under private names.

    Args:
        bundle: what was found.
        files: its files, read again and checked.

    Raises:
        ValueError: another bundle, made to be mistaken for this one, was deployed before.
    """
    name = f"{ROOT}.d{bundle.digest[:16]}"
    with _guard:
        shelf = _shelves.setdefault(name, Shelf(name, bundle, files))
        if _finder not in sys.meta_path:
            # Before all others, so that none of them is asked for these names.
            sys.meta_path.insert(0, _finder)
    if shelf.digest != bundle.digest:
        raise ValueError("another plugin was made to look like it: their digests start alike")
    return shelf
