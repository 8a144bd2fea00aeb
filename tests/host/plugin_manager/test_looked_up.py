"""Code of a directory finds its own modules and files through Python's libraries, by their own names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from host.plugin_manager.dropping import asked, code, locked, package, wheel, write

REST: dict[str, str | bytes] = {
    "acme/util.py": "",
    "acme/deep/__init__.py": "",
    "acme/deep/leaf.py": "",
    "acme/bare/late.py": "",
    "acme/data/words.txt": "one\n",
    "acme/data/inner/more.bin": b"\0",
}


LOOKUPS: dict[str, tuple[tuple[str, ...], Any]] = {
    "read_text": (("return importlib.resources.read_text('acme', 'words.txt')",), "two\n"),
    "read_binary": (("return importlib.resources.read_binary('acme', 'words.txt')",), b"two\n"),
    "open_text": (("with importlib.resources.open_text('acme', 'words.txt') as file: return file.read()",), "two\n"),
    "path": (("with importlib.resources.path('acme', 'words.txt') as file: return file.read_text()",), "two\n"),
    "is_resource": (("return importlib.resources.is_resource('acme', 'words.txt')",), True),
    "by module": (("import acme", "return importlib.resources.read_text(acme, 'words.txt')"), "two\n"),
    "a folder as files": (
        (
            "with importlib.resources.as_file(importlib.resources.files('acme') / 'data') as folder:",
            "    return sorted(one.relative_to(folder).as_posix() for one in folder.rglob('*'))",
        ),
        ["inner", "inner/more.bin", "words.txt"],
    ),
    "find_spec": (("return importlib.util.find_spec('acme.util').origin.endswith('acme/util.py')",), True),
    "find_spec, relative": (("return importlib.util.find_spec('.util', 'acme') is not None",), True),
    "find_spec of others": (("return importlib.util.find_spec('json').name",), "json"),
    "find_spec of nothing": (("return importlib.util.find_spec('no_such_module')",), None),
    "get_data": (("return pkgutil.get_data('acme', 'data/words.txt')",), b"one\n"),
    "iter_modules": (
        ("import acme", "return [(one.name, one.ispkg) for one in pkgutil.iter_modules(acme.__path__, 'acme.')]"),
        [("acme.deep", True), ("acme.util", False)],
    ),
    "iter_modules, deeper": (
        ("import acme.deep", "return [one.name for one in pkgutil.iter_modules(acme.deep.__path__)]"),
        ["leaf"],
    ),
    "iter_modules of others": (
        ("import json", "return 'decoder' in [one.name for one in pkgutil.iter_modules(json.__path__)]"),
        True,
    ),
    "iter_modules of all": (("return 'json' in [one.name for one in pkgutil.iter_modules()]",), True),
}


@pytest.mark.parametrize("shape", ["folder", "wheel"])
@pytest.mark.parametrize(("lines", "answer"), LOOKUPS.values(), ids=LOOKUPS)
def test_its_own_name_means_its_own_package(tmp_path: Path, lines: tuple[str, ...], answer: Any, shape: str) -> None:
    """As it would installed, from the checked bytes alone: what came later is not seen."""
    body = code(
        "import importlib.resources, importlib.util, pkgutil, warnings", "warnings.simplefilter('ignore')", *lines
    )
    files = {**package(code=body), **REST, "acme/words.txt": "two\n"}
    folder = tmp_path / "plugins"
    if shape == "wheel":
        wheel(folder, files)
    else:
        write(folder, files)
    manager = locked(folder)
    manager.load_plugin(manager.get("acme"))
    if shape == "folder":
        write(folder, {"acme/later.py": "", "acme/words.txt": "forged", "acme/data/words.txt": "forged"})
    assert asked(manager) == answer
