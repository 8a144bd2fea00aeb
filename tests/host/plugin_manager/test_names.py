"""Which contribution a name means."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from host.plugin_manager.making import FORMAT, Site
from tuneport import PluginManager, hookimpl
from tuneport.errors import PluginError, UnknownNameError


def offering(*names: str) -> SimpleNamespace:
    """A plugin with formats of these names."""

    @hookimpl
    def register_formats(register: Callable[..., None]) -> None:
        for name in names:
            register(name, lambda _config, _ctx: lambda _sample: {})

    return SimpleNamespace(register_formats=register_formats)


@pytest.fixture
def manager() -> PluginManager:
    """Two plugins: both have `shared`, each has one of its own."""
    made = PluginManager(discover=False)
    made.register(offering("shared", "mine"), "one")
    made.register(offering("shared", "yours"), "two")
    return made


def test_a_qualified_name_always_works(manager: PluginManager) -> None:
    """`plugin:name` is unique, whoever else provides the name, and whoever is preferred."""
    names = ["one:shared", "two:shared", "one:mine", "two:yours"]
    assert [manager.resolve("formats", name, prefer="one").qualified for name in names] == names


def test_a_bare_name_means_the_only_one_that_has_it(manager: PluginManager) -> None:
    """No qualification is needed where there is no choice."""
    assert manager.resolve("formats", "yours").qualified == "two:yours"


def test_a_bare_name_means_the_preferred_plugins_first(manager: PluginManager) -> None:
    """What the preferred plugin lacks comes from the others."""
    assert manager.resolve("formats", "shared", prefer="two").qualified == "two:shared"
    assert manager.resolve("formats", "shared", prefer="one").qualified == "one:shared"
    assert manager.resolve("formats", "mine", prefer="two").qualified == "one:mine"


def test_a_preferred_plugin_without_a_manifest_is_asked_first(site: Site) -> None:
    """Preference holds before the plugin was ever loaded, and loads nobody else.

    Where a format is looked up, others are loaded after that: any of them may change its traits.
    """
    for name in ("one", "two"):
        site.plugin(name, FORMAT.replace("formats", "styles").format(name="shared"))
    assert PluginManager().resolve("styles", "shared", prefer="two").plugin == "two"
    assert site.imported() == {"two_code"}


def test_a_name_that_several_have_lists_them_all(manager: PluginManager) -> None:
    """An ambiguous name is an error, never a choice by order; the hint holds every qualified name."""
    manager.register(offering("shared"), "three")
    for prefer in ("", "somebody else"):
        with pytest.raises(PluginError, match="several plugins provide formats 'shared'") as caught:
            manager.resolve("formats", "shared", prefer)
        assert caught.value.hint == "name one of them: one:shared, two:shared, three:shared"
        assert not isinstance(caught.value, UnknownNameError)


def test_names_lists_bare_names_where_unique(manager: PluginManager) -> None:
    """Each listed name can be resolved as it stands."""
    assert manager.names("formats") == ["mine", "one:shared", "two:shared", "yours"]
    assert all(manager.resolve("formats", name) for name in manager.names("formats"))
    assert manager.names("styles") == []


@pytest.mark.parametrize(
    ("name", "near"), [("mime", 'did you mean "mine"?'), ("zzz", "known: mine, one:shared, two:shared, yours.")]
)
def test_an_unknown_name_is_answered_with_the_closest_or_all(manager: PluginManager, name: str, near: str) -> None:
    """The hint names the closest, else all that are known, and the command that lists them."""
    with pytest.raises(UnknownNameError, match="no such format") as caught:
        manager.resolve("formats", name)
    assert caught.value.hint == f"{near} All 4: tuneport plugins list --kind format"
    assert caught.value.exit_code == 78


def test_where_nothing_is_known_nothing_is_suggested() -> None:
    """Without any plugin the hint is the command alone."""
    with pytest.raises(UnknownNameError) as caught:
        PluginManager(discover=False).resolve("styles", "x")
    assert caught.value.hint == "All 0: tuneport plugins list --kind style"


@pytest.mark.parametrize("name", ["one:nothing", "one:yours", "one:"])
def test_a_plugin_that_lacks_the_name_is_an_unknown_name(manager: PluginManager, name: str) -> None:
    """What another plugin has does not stand in for what the named one lacks."""
    with pytest.raises(UnknownNameError, match="no such format"):
        manager.resolve("formats", name)


def test_an_unknown_plugin_is_named(manager: PluginManager) -> None:
    """A qualified name with an unknown plugin says that the plugin is the unknown part."""
    with pytest.raises(UnknownNameError, match="no plugin 'ones'\ndid you mean \"one\""):
        manager.resolve("formats", "ones:shared")


def test_an_alias_means_what_its_own_plugin_provides(site: Site) -> None:
    """An alias works bare and qualified, and never leads to another plugin's thing."""
    manifest: dict[str, Any] = {"name": "acme", "provides": {"formats": ["shiny"]}, "aliases": {"glossy": "shiny"}}
    site.plugin("acme", FORMAT.format(name="shiny"), manifest)
    site.plugin("other", FORMAT.format(name="shiny"), {"name": "other", "provides": {"formats": ["shiny"]}})
    manager = PluginManager()
    for name in ("glossy", "acme:glossy", "acme:shiny"):
        assert manager.resolve("formats", name).qualified == "acme:shiny"
    with pytest.raises(UnknownNameError):
        manager.resolve("styles", "glossy")
    with pytest.raises(UnknownNameError):
        manager.resolve("formats", "other:glossy")


def test_an_alias_that_is_anothers_name_is_ambiguous(site: Site) -> None:
    """An alias does not take a name from who bears it."""
    manifest = {"name": "acme", "provides": {"formats": ["shiny"]}, "aliases": {"plain": "shiny"}}
    site.plugin("acme", FORMAT.format(name="shiny"), manifest)
    site.plugin("other", FORMAT.format(name="plain"), {"name": "other", "provides": {"formats": ["plain"]}})
    manager = PluginManager()
    with pytest.raises(PluginError, match="several plugins provide") as caught:
        manager.resolve("formats", "plain")
    assert caught.value.hint == "name one of them: acme:shiny, other:plain"
    assert manager.resolve("formats", "plain", prefer="other").qualified == "other:plain"


def test_the_suffixes_of_files_are_aliases_of_importers() -> None:
    """The bundled importers are found by the suffix of a file."""
    manager = PluginManager()
    assert [manager.resolve("importers", name).name for name in (".jsonl", ".db")] == ["jsonl", "sqlite"]


def test_list_filters_by_kind_and_state(manager: PluginManager) -> None:
    """Records can be narrowed to a kind and a state."""
    assert [record.name for record in manager.list("formats", "loaded")] == ["one", "two"]
    assert manager.list("styles") == manager.list(state="failed") == []
