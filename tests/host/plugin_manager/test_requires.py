"""What plugins require: other plugins first, in order, and what is installed."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from host.plugin_manager.dropping import package, write
from host.plugin_manager.making import FORMAT, Site
from tuneport import PluginManager
from tuneport.errors import PluginError

NOTE = "import host_log\nhost_log.seen.append({name!r})\n"


def plugin(site: Site, name: str, code: str = "", **more: Any) -> None:
    """Install a plugin that notes when it is imported."""
    site.plugin(name, NOTE.format(name=name) + FORMAT.format(name=name) + code, {"name": name, **more})


@pytest.fixture
def seen(site: Site) -> list[str]:
    """The plugins that were imported, in order."""
    site.module("host_log", "seen = []")
    import host_log  # type: ignore[import-not-found]

    return host_log.seen  # type: ignore[no-any-return]


def test_what_is_required_is_loaded_first(site: Site, seen: list[str]) -> None:
    """Through any number of steps, each once."""
    plugin(site, "a", requires=["b>=1", "c"])
    plugin(site, "b", requires=["d"], version="1.5")
    plugin(site, "c", requires=["d"])
    plugin(site, "d")
    manager = PluginManager()
    manager.resolve("formats", "a:a")
    assert seen == ["d", "b", "c", "a"]


def test_auto_load_goes_by_requirements_then_priority_then_name(site: Site, seen: list[str]) -> None:
    """A late plugin that an early one requires comes before it."""
    plugin(site, "first", requires=["last"], auto_load=True, load_priority=1)
    plugin(site, "last", auto_load=True, load_priority=900)
    plugin(site, "b", auto_load=True, load_priority=5)
    plugin(site, "a", auto_load=True, load_priority=5)
    PluginManager()
    assert seen == ["last", "first", "a", "b"]


@pytest.mark.parametrize(
    ("requires", "reason", "hint"),
    [
        (["gone>=2"], "needs gone>=2, which is neither a plugin here nor installed", "pip install 'gone>=2'"),
        (["b>=2"], "needs b>=2, and plugin b has version 1.5", "pip install 'b>=2'"),
        (["pluggy>=99"], "needs pluggy>=99, and the installed pluggy has version", "pip install 'pluggy>=99'"),
        (["tuneport>=99"], "needs tuneport>=99, and the installed tuneport", "pip install 'tuneport>=99'"),
        (["not a requirement!"], "'not a requirement!' is no requirement such as acme>=1.2", "mend its manifest"),
        (["broken"], "needs plugin broken, which is failed: unreadable manifest", "mend"),
        (["lacking"], "needs plugin lacking, which is refused: requires: needs gone, which is", "pip install 'gone'"),
    ],
)
def test_a_plugin_that_lacks_something_is_refused(
    site: Site, seen: list[str], requires: list[str], reason: str, hint: str
) -> None:
    """It is listed with what it lacks and the line that mends it, and nothing of it runs; the others are ready."""
    plugin(site, "a", requires=requires)
    plugin(site, "b", version="1.5")
    plugin(site, "lacking", requires=["gone"])
    site.plugin("broken", "", "{")
    manager = PluginManager()
    record = manager.get("a")
    assert (record.state, record.refusal) == ("refused", "requires")
    assert record.reason.startswith(f"requires: {reason}")
    assert hint in record.hint
    with pytest.raises(PluginError, match=r"plugin a .* is refused: requires"):
        manager.resolve("formats", "a:a")
    assert seen == []
    assert manager.resolve("formats", "b").plugin == "b"


@pytest.mark.parametrize(
    "requires",
    [["pluggy>=1"], ["Pluggy"], ["tuneport"], ["gone; python_version < '3'"], ["b_b>=1"], ["b-b", "B.B<2"], []],
)
def test_what_is_there_is_enough(site: Site, seen: list[str], requires: list[str]) -> None:
    """An installed distribution, a plugin in any spelling, and what a marker leaves out."""
    plugin(site, "a", requires=requires, provides={"formats": ["a"]})
    plugin(site, "b_b", version="1.5")
    PluginManager().resolve("formats", "a")
    assert seen[-1] == "a"


def test_a_plugin_may_be_called_as_the_library_it_needs(site: Site, seen: list[str]) -> None:
    """Its own name in what it requires is the library's; and a library that fits serves where a plugin does not."""
    plugin(site, "pluggy", requires=["pluggy>=1"], version="0.1")
    plugin(site, "user", requires=["pluggy>=1"])
    manager = PluginManager()
    manager.resolve("formats", "user:user")
    manager.resolve("formats", "pluggy:pluggy")
    assert seen == ["user", "pluggy"]
    plugin(site, "gone", requires=["gone"])
    assert PluginManager().get("gone").hint == "pip install 'gone'"


BROKEN = {
    "broken": ({}, "failed: ZeroDivisionError: division by zero"),
    "denied": ({"deny": ["base"]}, "refused: blocked: denied by 'base'"),
}


@pytest.mark.parametrize(("options", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_plugin_that_is_required_is_missing_though_pip_installed_it(
    site: Site, seen: list[str], options: dict[str, Any], reason: str
) -> None:
    """Where a plugin answers to the name it decides, and not that a distribution of the name is there."""
    plugin(site, "a", requires=["base"])
    site.package("base_code", "1 / 0\n", {"name": "base", "provides": {}})
    site.distribution("base", base="base_code")
    manager = PluginManager(**options)
    with pytest.raises(PluginError, match=f"plugin a .* is refused: requires: needs plugin base, which is {reason}"):
        manager.resolve("formats", "a:a")
    assert seen == []


@pytest.mark.parametrize("options", [{}, {"trust": "any", "deny": ["pluggy"]}])
def test_what_nobody_trusts_answers_to_no_name(
    site: Site, seen: list[str], tmp_path: Path, options: dict[str, Any]
) -> None:
    """A directory's plugin called as a library, unpinned or denied, does not stand in the library's way."""
    plugin(site, "a", requires=["pluggy>=1"])
    manager = PluginManager([write(tmp_path / "plugins", package("pluggy"))], **options)
    assert manager.get("pluggy").state == "refused"
    assert manager.resolve("formats", "a:a").plugin == "a"


def test_circles_are_named_and_refuse_nobody_else(site: Site, seen: list[str]) -> None:
    """Each plugin of a circle says how it goes; who is not in one is loaded."""
    plugin(site, "a", requires=["b"])
    plugin(site, "b", requires=["c"])
    plugin(site, "c", requires=["a", "sound"])
    plugin(site, "outside", requires=["a"])
    plugin(site, "sound")
    manager = PluginManager()
    circles = {one.name: one.reason.rpartition(": ")[2] for one in manager.list(state="refused")}
    assert circles["a"] == "a -> b -> c -> a"
    assert circles["b"] == "b -> c -> a -> b"
    assert circles["c"] == "c -> a -> b -> c"
    assert manager.get("outside").reason.startswith(
        "requires: needs plugin a, which is refused: requires: plugins that"
    )
    assert manager.resolve("formats", "sound").plugin == "sound"
    assert seen == ["sound"]


def test_what_is_required_may_be_found_later(site: Site, tmp_path: Path) -> None:
    """A directory that brings it readmits the plugin; a broken one does not."""
    site.plugin("a", FORMAT.format(name="a"), {"name": "a", "requires": ["late>=2"]})
    manager = PluginManager(trust="any")
    assert manager.get("a").refusal == "requires"
    manager.scan_plugin_directory(write(tmp_path / "one", package("late", version="2.1")))
    assert manager.resolve("formats", "a").plugin == "a"
    assert manager.get("late").state == "loaded"


def test_one_that_is_required_and_breaks_takes_its_user_along(
    site: Site, seen: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The user's record names it and why; its own code does not run."""
    plugin(site, "a", requires=["b"], auto_load=True)
    plugin(site, "b", code="1 / 0\n")
    with caplog.at_level(logging.WARNING, "tuneport"):
        manager = PluginManager()
    assert manager.get("a").reason == "requires: needs plugin b, which is failed: ZeroDivisionError: division by zero"
    assert seen == ["b"]
    assert "plugin a (installed (x-a)) is refused: requires" in caplog.text


def test_a_wheel_requires_what_it_says(tmp_path: Path) -> None:
    """Its Requires-Dist count as a manifest's requires, extras left out; so does its Requires-Python."""
    from host.plugin_manager.dropping import wheel

    code = {"acme/__init__.py": FORMAT.format(name="acme")}
    needs = "Requires-Dist: tuneport\nRequires-Dist: gone-lib>=2\nRequires-Dist: dev; extra == 'dev'\n"
    wheel(tmp_path / "one", code, entry="acme", metadata=needs)
    record = PluginManager([tmp_path / "one"], discover=False, trust="any").get("acme")
    assert record.requires == ("tuneport", "gone-lib>=2")
    assert record.hint == "pip install 'gone-lib>=2'"
    wheel(tmp_path / "two", code, entry="acme", metadata="Requires-Python: >=4\n")
    record = PluginManager([tmp_path / "two"], discover=False, trust="any").get("acme")
    assert record.reason.startswith("incompatible: needs Python >=4, this is 3.")
