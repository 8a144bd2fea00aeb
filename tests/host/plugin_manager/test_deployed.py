"""Code of a directory runs from the bytes that were checked, and from nothing else."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from pathlib import Path

import pytest

from host.plugin_manager.dropping import asked, code, locked, manifest, package, wheel, write
from tuneport.errors import PluginError

REST: dict[str, str | bytes] = {
    "acme/util.py": "VALUE = 7\nfrom . import deep\n",
    "acme/deep/__init__.py": "from ..deep.leaf import LEAF\n",
    "acme/deep/leaf.py": "import acme.util\nLEAF = 'leaf'\n",
    "acme/bare/late.py": "from acme.util import VALUE\n",
    "acme/data/words.txt": "one\ntwo\n",
    "acme/data/inner/more.bin": b"\x00\x01",
}

IMPORTS = {
    "relative": ("from .util import VALUE", "return VALUE"),
    "from the package": ("from . import util", "return util.VALUE"),
    "absolute from": ("from acme.util import VALUE", "return VALUE"),
    "absolute": ("import acme.util", "return acme.util.VALUE"),
    "absolute, renamed": ("import acme.util as u", "return u.VALUE"),
    "the package itself": ("import acme", "from acme import util", "return acme.util.VALUE"),
    "a package without __init__": ("from acme.bare.late import VALUE", "return VALUE"),
    "import_module": ("import importlib", "return importlib.import_module('acme.util').VALUE"),
    "import_module, from": ("from importlib import import_module", "return import_module('.util', 'acme').VALUE"),
    "import_module, relative": (
        "from importlib import import_module",
        "return import_module('.util', __package__).VALUE",
    ),
    "__import__": ("return __import__('acme.util').util.VALUE",),
    "exec": ("found = {}", "exec('from acme.util import VALUE', globals(), found)", "return found['VALUE']"),
}


@pytest.mark.parametrize("lines", IMPORTS.values(), ids=IMPORTS)
def test_a_plugin_imports_its_own_modules_however_it_likes(tmp_path: Path, lines: tuple[str, ...]) -> None:
    """Relative or absolute, at the top or in a function; nothing of it gets a public name."""
    folder = write(tmp_path / "plugins", {**package(code=code(*lines)), **REST})
    assert asked(locked(folder)) == 7
    assert "acme" not in sys.modules
    assert importlib.util.find_spec("acme") is None


RESOURCES = {
    "by module": ("import importlib.resources, acme", "place = importlib.resources.files(acme)"),
    "by name": ("from importlib.resources import files", "place = files('acme')"),
    "by package": ("from importlib import resources", "place = resources.files(__package__)"),
    "renamed": ("import importlib.resources as r", "place = r.files('acme')"),
}


@pytest.mark.parametrize("shape", ["folder", "wheel"])
@pytest.mark.parametrize("lines", RESOURCES.values(), ids=RESOURCES)
def test_data_files_are_read_as_anywhere(tmp_path: Path, lines: tuple[str, ...], shape: str) -> None:
    """Through `importlib.resources`, from the checked bytes."""
    answer = (
        "words = place / 'data' / 'words.txt'",
        "with resources_as_file(words) as path: text = path.read_text()",
        "inner = place.joinpath('data/inner/more.bin').open('rb').read()",
        "names = [one.name for one in (place / 'data').iterdir()]",
        "return words.read_text() == text, words.is_file(), inner, names, (place / 'gone').is_file()",
    )
    head = "from importlib.resources import as_file as resources_as_file\n"
    files = {**package(code=head + code(*lines, *answer)), **REST}
    folder = tmp_path / "plugins"
    if shape == "wheel":
        wheel(folder, files)
    else:
        write(folder, files)
    manager = locked(folder)
    manager.load_plugin(manager.get("acme"))
    if shape == "folder":
        (folder / "acme/data/words.txt").write_text("forged")
    assert asked(manager) == (True, True, b"\x00\x01", ["inner", "words.txt"], False)


def test_older_ways_to_read_data_work(tmp_path: Path) -> None:
    """`pkgutil.get_data`, and a wheel's own version."""
    body = code(
        "import pkgutil, importlib.metadata",
        "try: importlib.metadata.version('not-there-at-all')",
        "except importlib.metadata.PackageNotFoundError: pass",
        "return pkgutil.get_data(__name__, 'data/words.txt'), importlib.metadata.version('acme')",
    )
    folder = tmp_path / "plugins"
    wheel(folder, {**package(code=body), **REST}, entry="acme")
    assert asked(locked(folder)) == (b"one\ntwo\n", "1.0")


def test_what_is_not_its_own_a_plugin_imports_as_anybody(tmp_path: Path) -> None:
    """The standard library, the host, and submodules that nobody imported before."""
    body = code("import importlib.machinery, json, xml.dom.pulldom", "import tuneport", "return json, tuneport")
    assert asked(locked(write(tmp_path / "p", package(code=body)))) == (
        importlib.import_module("json"),
        importlib.import_module("tuneport"),
    )


@pytest.mark.parametrize("name", ["acme.gone", "acme.util.gone"])
def test_a_module_that_is_missing_is_named_as_its_author_does(tmp_path: Path, name: str) -> None:
    """With a fix; a missing library of others has the pip line."""
    folder = write(tmp_path / "plugins", {**package(code=f"import {name}"), "acme/util.py": ""})
    with pytest.raises(PluginError, match=f"No module named '{name}'") as caught:
        asked(locked(folder))
    assert caught.value.hint == "put the module into the plugin's package"
    write(folder, package(code="import not_there.at_all"))
    with pytest.raises(PluginError) as caught:
        asked(locked(folder))
    assert caught.value.hint == "pip install not_there"


def test_from_package_import_of_nothing_is_an_import_error(tmp_path: Path) -> None:
    """As it is anywhere, so that plugins may try."""
    body = code("try:", "    from acme import gone", "except ImportError as error:", "    return str(error)")
    assert "cannot import name 'gone'" in asked(locked(write(tmp_path / "p", package(code=body))))


def test_two_versions_live_in_one_process(tmp_path: Path) -> None:
    """A changed folder is a new manager: the old one keeps its code, lazily imported modules included."""
    body = code("from acme.util import VALUE", "import acme.late", "return VALUE, acme.late.LATE")
    folder = write(
        tmp_path / "plugins", {**package(code=body), "acme/util.py": "VALUE = 1", "acme/late.py": "LATE = 1"}
    )
    old = locked(folder)
    old.load_plugin(old.get("acme"))
    write(folder, {"acme/util.py": "VALUE = 2", "acme/late.py": "LATE = 2"})
    new = locked(folder)
    assert asked(new) == (2, 2)
    assert asked(old) == (1, 1)
    assert old.get("acme").digest != new.get("acme").digest
    assert asked(new) == (2, 2)


@pytest.mark.parametrize("shape", ["folder", "wheel"])
def test_tracebacks_show_the_real_file_and_line(tmp_path: Path, shape: str) -> None:
    """With the text of the line, from a wheel too."""
    folder, files = tmp_path / "plugins", package(code=code("# a comment", "return 1 / 0"))
    if shape == "wheel":
        wheel(folder, files)
    else:
        write(folder, files)
    manager = locked(folder)
    with pytest.raises(ZeroDivisionError) as caught:
        asked(manager)
    text = "".join(traceback.format_exception(caught.value))
    place = folder / ("acme-1.0-py3-none-any.whl/acme/__init__.py" if shape == "wheel" else "acme/__init__.py")
    assert f'File "{place}", line 6, in ask\n    return 1 / 0' in text


def test_pydantic_and_dataclasses_find_their_names(tmp_path: Path) -> None:
    """Annotations are looked up in the private modules."""
    head = "from __future__ import annotations\nfrom tuneport import Config\nfrom dataclasses import dataclass\n"
    models = "class Inner(Config):\n    n: int = 3\nclass Outer(Config):\n    inner: Inner = Inner()\n"
    more = "@dataclass\nclass Pair:\n    a: Inner\n    b: int\n"
    body = code("import typing", "return Outer(inner={'n': 4}).inner.n, typing.get_type_hints(Pair)['a'] is Inner")
    assert asked(locked(write(tmp_path / "p", package(code=head + models + more + body)))) == (4, True)


def test_a_broken_plugin_of_a_directory_is_failed_alone(tmp_path: Path) -> None:
    """As an installed one is; a later manager may find it mended."""
    folder = write(tmp_path / "plugins", {**package(code="1/0"), **package("sound")})
    manager = locked(folder)
    with pytest.raises(PluginError, match="is failed: ZeroDivisionError"):
        manager.load_plugin(manager.get("acme"))
    assert manager.resolve("formats", "sound").plugin == "sound"
    write(folder, package())
    assert locked(folder).resolve("formats", "acme").plugin == "acme"


def test_manifest_and_code_have_to_agree_here_too(tmp_path: Path) -> None:
    """What a manifest declares is what the code registers."""
    folder = write(tmp_path / "p", {"acme.json": manifest(provides={"formats": ["x"]}), **package(provides=None)})
    (folder / "acme/plugin.json").unlink()
    manager = locked(folder)
    with pytest.raises(PluginError, match="its manifest and its code disagree about"):
        manager.load_plugin(manager.get("acme"))
