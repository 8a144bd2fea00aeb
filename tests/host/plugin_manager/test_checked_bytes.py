"""The bytes that were checked are the bytes that run, whatever happens to the files, and one name stands for them."""

from __future__ import annotations

import importlib
import importlib.abc
import os
import py_compile
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from host.plugin_manager.dropping import asked, code, locked, package, write
from host.plugin_manager.making import FORMAT
from tuneport import PluginManager
from tuneport.errors import PluginError
from tuneport.plugin_manager import lock_directory
from tuneport.plugin_manager.trust.digest import code_digest

SWAPS: list[Callable[[Path, Path], object]] = [
    lambda folder, ran: (folder / "acme/__init__.py").write_text(f"open({str(ran)!r}, 'w')"),
    lambda folder, _ran: (folder / "acme/more.py").write_text(""),
    lambda folder, _ran: (folder / "acme/plugin.json").unlink(),
    lambda folder, _ran: (folder / "acme").rename(folder / "elsewhere"),
]


def test_a_file_that_came_later_is_never_imported(tmp_path: Path) -> None:
    """Not even by code that runs already: what was not checked is not there."""
    body = code("try:", "    import acme.late", "except ModuleNotFoundError:", "    return 'not there'")
    folder = write(tmp_path / "plugins", package(code=body))
    manager = locked(folder)
    manager.load_plugin(manager.get("acme"))
    (folder / "acme/late.py").write_text("1/0")
    assert asked(manager) == "not there"


def test_nobody_else_is_asked_for_a_plugins_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither for those that are there, nor for those that are not."""
    seen: list[str] = []

    class Asked(importlib.abc.MetaPathFinder):
        def find_spec(self, fullname: str, _path: Any = None, _target: Any = None) -> None:
            seen.append(fullname)

    body = code("try:", "    import acme.late, acme.util", "except ModuleNotFoundError:", "    import acme.util")
    manager = locked(write(tmp_path / "plugins", {**package(code=body), "acme/util.py": "import not_there_at_all\n"}))
    manager.load_plugin(manager.get("acme"))
    monkeypatch.setattr(sys, "meta_path", [sys.meta_path[0], Asked(), *sys.meta_path[1:]])
    with pytest.raises(ModuleNotFoundError, match="not_there_at_all"):
        asked(manager)
    assert seen == ["not_there_at_all"]


def test_what_was_swapped_between_scan_and_load_is_refused(tmp_path: Path) -> None:
    """The bytes that were pinned are the bytes that run, or none."""
    ran = tmp_path / "ran"
    for change in SWAPS:
        folder = write(tmp_path / "plugins", package())
        manager = locked(folder)
        change(folder, ran)
        with pytest.raises(PluginError, match="changed: it changed since it was found") as caught:
            asked(manager)
        assert "make a new manager" in caught.value.hint
        assert not ran.exists()
        folder.rename(tmp_path / f"old{len(list(tmp_path.iterdir()))}")


def test_only_checked_bytes_run_while_files_are_swapped_all_the_time(tmp_path: Path) -> None:
    """However a writer races with the host, the forged code never runs."""
    good, ran = code("return 'good'"), tmp_path / "ran"
    evil = f"open({str(ran)!r}, 'w')\n{good}"
    folder = write(tmp_path / "plugins", package(code=good))
    lock_directory(folder)
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for text in (evil, good):
                (tmp_path / "part").write_text(text)
                (tmp_path / "part").rename(folder / "acme/__init__.py")

    writer = threading.Thread(target=swap)
    writer.start()
    try:
        for _ in range(100):
            manager = PluginManager([folder], discover=False)
            try:
                assert asked(manager) == "good"
            except PluginError as error:
                assert "changed" in error.message  # noqa: PT017  -- it may raise or not
    finally:
        stop.set()
        writer.join()
    assert not ran.exists()
    (folder / "acme/__init__.py").write_text(good)
    assert asked(PluginManager([folder], discover=False)) == "good"


@pytest.mark.parametrize("where", ["__pycache__/{name}.cpython-311.pyc", "__pycache__/{name}.pyc"])
def test_forged_bytecode_never_runs(tmp_path: Path, where: str) -> None:
    """Python itself would run it: it has the source's time and size."""
    folder = write(
        tmp_path / "plugins",
        {**package(code=code("import acme.util", "return acme.util.VALUE")), "acme/util.py": "VALUE = 7\n"},
    )
    ran, source = tmp_path / "ran", folder / "acme/util.py"
    forged = tmp_path / "forged.py"
    forged.write_text(f"VALUE = open({str(ran)!r}, 'w')\n")
    manager = locked(folder)
    status = source.stat()
    os.utime(forged, ns=(status.st_atime_ns, status.st_mtime_ns))
    target = folder / "acme" / where.format(name="util")
    target.parent.mkdir()
    py_compile.compile(str(forged), cfile=str(target), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    assert asked(manager) == 7
    assert asked(PluginManager([folder], discover=False)) == 7
    assert not ran.exists()


def test_the_digest_is_the_same_however_the_code_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package in a directory and the same package installed are the same code."""
    folder = write(tmp_path / "plugins", {**package("acme_dug"), "acme_dug/__pycache__/x.pyc": b"x"})
    manager = locked(folder)
    monkeypatch.syspath_prepend(folder)
    assert manager.get("acme_dug").digest == code_digest("acme_dug")
    assert len(code_digest("acme_dug")) == 64


def test_a_digest_made_to_start_as_another_is_refused(tmp_path: Path) -> None:
    """Private names carry the start of a digest; the whole of it is compared."""
    import dataclasses

    from tuneport.plugin_manager.code.deployed import deploy

    manager = locked(write(tmp_path / "plugins", package()))
    bundle = manager.get("acme").bundle
    assert bundle is not None
    deploy(bundle, bundle.read())
    with pytest.raises(ValueError, match="made to look like it"):
        deploy(dataclasses.replace(bundle, digest=bundle.digest[:16] + "0" * 48), {})


def test_private_modules_of_no_loaded_plugin_are_not_there() -> None:
    """The finder answers for its own names only, and for none that was not deployed."""
    from tuneport.plugin_manager.code import deployed

    assert deployed.ROOT == "tuneport_deployed"
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("tuneport_deployed.d0000000000000000.acme")


def test_many_threads_load_many_plugins_at_once(tmp_path: Path) -> None:
    """Each plugin runs once, and every thread gets it."""
    files: dict[str, Any] = {}
    for number in range(8):
        files |= package(f"p{number}", code=f"import p{number}.util\n" + FORMAT.format(name=f"p{number}"))
        files |= {f"p{number}/util.py": "import builtins\nbuiltins.deployed_runs.append(__name__)\n"}
    manager = locked(write(tmp_path / "plugins", files))
    barrier = threading.Barrier(16)
    import builtins

    builtins.deployed_runs = []  # type: ignore[attr-defined]

    def ask(number: int) -> tuple[str, ...]:
        barrier.wait()
        names = [f"p{(number + step) % 8}" for step in range(8)]
        return tuple(sorted(manager.resolve("formats", name).qualified for name in names))

    try:
        with ThreadPoolExecutor(16) as threads:
            answers = set(threads.map(ask, range(16)))
        runs = builtins.deployed_runs  # type: ignore[attr-defined]
    finally:
        del builtins.deployed_runs  # type: ignore[attr-defined]
    assert answers == {tuple(f"p{number}:p{number}" for number in range(8))}
    assert len(runs) == len(set(runs)) == 8
