"""Which code a plugin registered in this process runs: the sources of the modules that its callables come from."""

from __future__ import annotations

import inspect
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from tuneport.plugin_manager.trust.digest import sha256, tree_digest

_INSTALLED = tuple(Path(sysconfig.get_path(name)) for name in ("purelib", "platlib"))
_NOT_FOLLOWED = {*sys.stdlib_module_names, "tuneport"} - {"__main__"}


def sources_digest(things: Iterable[object]) -> str:
    """One digest of the modules that some modules, objects and callables come from, and of those they import.

    What is installed, and Python itself, is left out. A function whose module has no file counts by its code.
    What a function holds that is no code, as data in its closure, is not looked at: it may change at each call.
    """
    hashes: dict[str, str] = {}
    todo, seen = [*things], set[int]()
    while todo:
        thing = todo.pop()
        if id(thing) not in seen:
            seen.add(id(thing))
            todo += _module(thing, hashes) if inspect.ismodule(thing) else _callable(thing, hashes)
    return tree_digest(hashes)


def _module(module: ModuleType, hashes: dict[str, str]) -> Iterator[Any]:
    """Note a module's source; what its code names."""
    file = _file(module)
    if file is None:
        return
    data = file.read_bytes()
    hashes[module.__name__] = sha256(data)
    if file.suffix == ".py":
        # Modules that others import later become attributes of their package: only what it names itself is its own.
        held = vars(module)
        try:
            names = _names(compile(data, str(file), "exec", dont_inherit=True))
        except (SyntaxError, ValueError):
            # The file was changed while its module ran.
            return
        yield from (held[name] for name in sorted(names & held.keys()))


def _callable(thing: Any, hashes: dict[str, str]) -> Iterator[Any]:
    """What a function, a class or an object is made of; note its code where no file has it."""
    if isinstance(thing, partial):
        yield from (thing.func, *thing.args, *thing.keywords.values())
    elif isinstance(thing, MethodType):
        yield from (thing.__func__, thing.__self__)
    elif isinstance(thing, FunctionType):
        yield from _where(thing)
        if _loose(thing):
            name = f"{thing.__module__}.{thing.__qualname__}"
            hashes[name] = sha256((hashes.get(name, "") + _told(thing.__code__)).encode())
        yield from (cell.cell_contents for cell in thing.__closure__ or () if _filled(cell))
        yield from (*(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values())
    elif isinstance(thing, type):
        yield from _where(thing)
        if _loose(thing):
            yield from (one for one in vars(thing).values() if isinstance(one, FunctionType))
    else:
        yield type(thing)


def _where(thing: Any) -> Iterator[ModuleType]:
    module = sys.modules.get(thing.__module__)
    if module is not None:
        yield module


def _loose(thing: Any) -> bool:
    """Whether no file has the code of a function or a class."""
    return _followed(str(thing.__module__)) and _source(sys.modules.get(thing.__module__)) is None


def _followed(name: str) -> bool:
    return name.partition(".")[0] not in _NOT_FOLLOWED


def _file(module: ModuleType) -> Path | None:
    """A module's file; None where it has none, or is not looked at."""
    file = _source(module) if _followed(module.__name__) else None
    return None if file is None or any(map(file.is_relative_to, _INSTALLED)) else file


def _source(module: ModuleType | None) -> Path | None:
    # What is typed in, or read from stdin, names a file that does not exist.
    file = Path(str(getattr(module, "__file__", None) or ""))
    return file if file.is_file() else None


def _filled(cell: Any) -> bool:
    try:
        return bool(cell.cell_contents is not None)
    except ValueError:
        return False


def _names(code: CodeType) -> set[str]:
    inner = (one for one in code.co_consts if isinstance(one, CodeType))
    return set(code.co_names).union(*map(_names, inner))


def _told(code: CodeType) -> str:
    """What a function does, in the same words in each process: where it stands is no part of it."""
    consts = [_told(one) if isinstance(one, CodeType) else _constant(one) for one in code.co_consts]
    return repr((code.co_code, code.co_names, code.co_varnames, code.co_freevars, consts))


def _constant(value: object) -> str:
    return repr(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)
