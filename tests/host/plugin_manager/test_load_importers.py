"""Loading importers by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from host.plugin_manager.exporting import ENTITIES
from tuneport import Exporter, PluginManager, Source, Stages, hookimpl
from tuneport.errors import PluginError, RecipeError


@pytest.fixture
def manager() -> PluginManager:
    """A manager with the bundled plugins."""
    return PluginManager()


def test_loading_an_importer_returns_its_source(
    manager: PluginManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path starts from the working directory; the three methods of a source work."""
    (tmp_path / "faq.jsonl").write_text("".join(json.dumps(entity) + "\n" for entity in ENTITIES))
    monkeypatch.chdir(tmp_path)
    source = manager.load("jsonl", {"path": "faq.jsonl"})
    assert isinstance(source, Source)
    assert source.validateSource()
    assert list(source.importEntities()) == ENTITIES
    assert isinstance(source.getSourceSchema(), dict)
    errors: list[str] = []
    missing = manager.load("jsonl", {"path": "nowhere.jsonl"})
    assert isinstance(missing, Source)
    assert not missing.validateSource(errors)
    assert "nowhere.jsonl" in errors[0]


def test_a_wrong_importer_configuration_names_its_path(manager: PluginManager) -> None:
    """An importer's configuration is validated as an exporter's is."""
    with pytest.raises(RecipeError) as caught:
        manager.load("jsonl", {"pth": "faq.jsonl"})
    assert {problem.path for problem in caught.value.problems} == {"path", "pth"}


class Letters:
    """A plugin with three importers: a generator, one that raises, one that returns nothing to read."""

    @hookimpl
    def register_importers(self, register: Callable[..., None]) -> None:
        register("letters", lambda _config, _ctx: ({"letter": letter} for letter in "abc"))
        register("raising", lambda _config, _ctx: 1 / 0)
        register("nothing", lambda _config, _ctx: 7)


def test_an_importer_may_return_any_iterable(manager: PluginManager) -> None:
    """A generator of dicts is a source."""
    manager.register(Letters(), "letters")
    source = manager.load("letters")
    assert isinstance(source, Source)
    assert source.validateSource()
    assert source.getSourceSchema() == {}
    assert [entity["letter"] for entity in source.importEntities()] == ["a", "b", "c"]


@pytest.mark.parametrize(("name", "reason"), [("raising", "ZeroDivisionError"), ("nothing", "returned int, no source")])
def test_an_importer_that_fails_is_named(manager: PluginManager, name: str, reason: str) -> None:
    """Whatever a factory raises or returns instead of a source is a PluginError with its name."""
    manager.register(Letters(), "letters")
    with pytest.raises(PluginError, match=f"letters:{name}.*{reason}"):
        manager.load(name)


class Both:
    """A plugin with an exporter of an importer's name."""

    @hookimpl
    def register_exporters(self, register: Callable[..., None]) -> None:
        register("jsonl", lambda _config: Stages(style="text_completion"))


def test_an_exporter_with_an_importers_name_is_ambiguous(manager: PluginManager) -> None:
    """`load` never chooses between two plugins; qualified names choose."""
    manager.register(Both(), "acme")
    with pytest.raises(PluginError, match="'jsonl' is an exporter and an importer") as caught:
        manager.load("jsonl", {"path": "x"})
    assert caught.value.hint == "name one of them: acme:jsonl, sources:jsonl"
    assert isinstance(manager.load("acme:jsonl"), Exporter)
    assert isinstance(manager.load("sources:jsonl", {"path": "x"}), Source)
