"""Plugins that are loaded with the host."""

from __future__ import annotations

import logging

import pytest

from host.plugin_manager.making import FORMAT, Site
from tuneport import PluginManager

EAGER = """
import host_log
host_log.seen.append({name!r})
"""


def test_auto_load_imports_in_order_of_priority_and_survives_the_broken(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """Lower load_priority first, then by name; a broken one is a warning and a failed record."""
    site.module("host_log", "seen = []")
    for name, priority in (("b", 5), ("a", 100), ("c", 1), ("d", 5)):
        manifest = {"name": name, "auto_load": True, "load_priority": priority}
        site.plugin(name, EAGER.format(name=name) + ("1/0" if name == "b" else ""), manifest)
    site.plugin("lazy", EAGER.format(name="lazy"), {"name": "lazy"})
    with caplog.at_level(logging.WARNING, "tuneport"):
        manager = PluginManager()
    import host_log  # type: ignore[import-not-found]

    assert host_log.seen == ["c", "b", "d", "a"]
    assert {one.name: one.state for one in manager.list() if len(one.name) == 1} == {
        "a": "loaded",
        "b": "failed",
        "c": "loaded",
        "d": "loaded",
    }
    assert "plugin b (installed (x-b)) is failed: ZeroDivisionError" in caplog.text
    assert manager.get("lazy").state == "ready"


def test_auto_load_can_be_left_out_and_done_later(site: Site) -> None:
    """`auto_load=False` imports nothing until `auto_load()`."""
    site.plugin("acme", FORMAT.format(name="acme"), {"name": "acme", "auto_load": True})
    manager = PluginManager(auto_load=False)
    assert not site.imported()
    manager.auto_load()
    assert manager.get("acme").state == "loaded"


def test_a_plugin_may_ask_for_the_processs_manager_while_it_is_loaded(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gets the one that loads it, which can be asked for others already; those that load late come after it."""
    from tuneport.plugin_manager import default

    monkeypatch.setattr(default, "_own", default.Own())
    code = "from tuneport import default_manager\nmine = default_manager()\nnames = mine.names('formats')\n"
    site.module("host_log", "seen = []")
    for name, priority, more in (("first", 1, code), ("second", 2, "")):
        manifest = {"name": name, "auto_load": True, "load_priority": priority}
        site.plugin(name, more + EAGER.format(name=name) + FORMAT.format(name=name), manifest)
    manager = default.default_manager()
    import first_code  # type: ignore[import-not-found]
    import host_log

    assert first_code.mine is manager is default.default_manager()
    assert "tuneport" in first_code.names
    assert host_log.seen == ["first", "second"]
    assert {manager.get(name).state for name in ("first", "second")} == {"loaded"}
