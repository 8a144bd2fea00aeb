"""Registering at run time, threads, and the process's own manager."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import pytest

from host.plugin_manager.making import FORMAT, Site
from tuneport import PluginManager, default_manager, hookimpl
from tuneport.errors import PluginError
from tuneport.plugin_manager.trust.digest import code_digest


class Formats:
    """A plugin with one format."""

    @hookimpl
    def register_formats(self, register: Callable[..., None]) -> None:
        register("acme", lambda _config, _ctx: lambda _sample: {})


class Broken:
    """A plugin that raises."""

    @hookimpl
    def register_formats(self, register: Callable[..., None]) -> None:
        register("acme", lambda _config, _ctx: lambda _sample: {})
        raise ValueError("not today")


@pytest.mark.parametrize("plugin", [Formats, Formats()], ids=["class", "instance"])
def test_a_plugin_may_be_registered_at_run_time(plugin: object) -> None:
    """A class or an instance is loaded at once, and listed as registered."""
    manager = PluginManager(discover=False)
    manager.register(plugin, "acme")
    record = manager.get("acme")
    assert (record.state, record.origin, record.module) == ("loaded", "registered", __name__)
    assert manager.resolve("formats", "acme").plugin == "acme"


def test_a_module_may_be_registered_at_run_time() -> None:
    """A notebook's module does as well."""
    module = ModuleType("made_here")
    module.register_formats = Formats().register_formats  # type: ignore[attr-defined]
    manager = PluginManager(discover=False)
    manager.register(module, "acme")
    assert (manager.get("acme").module, manager.names("formats")) == ("made_here", ["acme"])


def test_a_name_that_is_taken_cannot_be_registered() -> None:
    """Nothing is replaced silently, neither an installed plugin nor one registered before."""
    manager = PluginManager()
    manager.register(Formats(), "acme")
    for name in ("acme", "jsonl_llm"):
        with pytest.raises(PluginError, match=f"there is a plugin {name} already"):
            manager.register(Formats(), name)


def test_registering_a_broken_plugin_raises_and_keeps_nothing() -> None:
    """Who registers is told at once, and may register it mended, under the same name."""
    manager = PluginManager(discover=False)
    with pytest.raises(PluginError, match=r"plugin acme .* is failed: not today"):
        manager.register(Broken(), "acme")
    assert manager.list() == []
    assert manager.extended().list() == []
    manager.register(Formats(), "acme")
    assert manager.names("formats") == ["acme"]


def test_threads_that_load_one_plugin_at_once_import_it_once(site: Site) -> None:
    """Eight threads get the same contribution of one slow import."""
    site.module("host_log", "seen = []")
    site.plugin(
        "acme", "import host_log, time\nhost_log.seen.append(1)\ntime.sleep(0.05)\n" + FORMAT.format(name="acme")
    )
    manager = PluginManager()
    barrier = threading.Barrier(8)

    def ask(number: int) -> Any:
        barrier.wait()
        if number % 2:
            manager.load_plugin(manager.get("acme"))
        return manager.resolve("formats", "acme")

    with ThreadPoolExecutor(8) as threads:
        contributions = list(threads.map(ask, range(8)))
    import host_log  # type: ignore[import-not-found]

    assert host_log.seen == [1]
    assert all(one is contributions[0] for one in contributions)


def test_threads_share_one_default_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process has one default manager, however many threads ask for it first."""
    from tuneport.plugin_manager import default as home

    monkeypatch.setattr(home, "_own", home.Own())
    barrier = threading.Barrier(8)

    def ask(_number: int) -> PluginManager:
        barrier.wait()
        return default_manager()

    with ThreadPoolExecutor(8) as threads:
        assert len({id(manager) for manager in threads.map(ask, range(8))}) == 1


def test_a_digest_changes_with_the_code_and_nothing_else(site: Site) -> None:
    """Contents and names of a package's files count, its bytecode and place do not."""
    site.package("acme_code", "A = 1")
    site.package("acme_code.inner", "B = 1")
    digest = code_digest("acme_code.inner")
    assert digest == code_digest("acme_code")
    (site.path / "acme_code" / "__pycache__").mkdir()
    (site.path / "acme_code" / "__pycache__" / "x.pyc").write_bytes(b"x")
    code_digest.cache_clear()
    assert code_digest("acme_code") == digest
    (site.path / "acme_code" / "inner" / "__init__.py").write_text("B = 2")
    code_digest.cache_clear()
    assert code_digest("acme_code") != digest
    assert not site.imported()


def test_the_digest_of_a_single_file_is_its_contents(site: Site) -> None:
    """A module of one file has a digest, which changes with the file."""
    site.module("one_code", "A = 1")
    first = code_digest("one_code")
    site.module("one_code", "A = 2")
    code_digest.cache_clear()
    assert len(first) == 64
    assert code_digest("one_code") != first


def test_a_module_without_files_has_no_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script, a notebook's module and an unknown name have none, and that is no error."""
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)
    monkeypatch.setitem(sys.modules, "made_here", ModuleType("made_here"))
    assert [code_digest(name) for name in ("__main__", "made_here", "not_there_at_all")] == ["", "", ""]
