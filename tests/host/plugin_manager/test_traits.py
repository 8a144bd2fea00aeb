"""Traits of a format, updated by another plugin: seen by whoever resolves it, and never a matter of who comes last."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tools import recipe

import tuneport
from host.plugin_manager.making import FORMAT, Site
from tuneport import FormatTraits, PluginManager, hookimpl
from tuneport.errors import PluginError, RecipeError
from tuneport.plugin_manager.diagnosis import diagnose
from tuneport.plugin_manager.diagnosis.reviewing import reviewed

UPDATE = """
from datetime import date
from tuneport import hookimpl

@hookimpl
def register_traits(register):
    register("acme:rows", {changes})
"""
"""A plugin's code that changes one format; `.format(changes=...)` it."""


class Rows:
    """A plugin with one format."""

    @hookimpl
    def register_formats(self, register: Callable[..., None]) -> None:
        traits = FormatTraits(weight="row", max_bytes=1000, kinds=frozenset({"chat"}))
        register("rows", lambda _config, _ctx: lambda _sample: {}, traits=traits)


class Update:
    """A plugin that changes traits."""

    def __init__(self, target: str = "acme:rows", **changes: Any) -> None:
        self._target = target
        self._changes = changes

    @hookimpl
    def register_traits(self, register: Callable[..., None]) -> None:
        register(self._target, **self._changes)


def managed(*updates: Update) -> PluginManager:
    """A manager of the format and of some updates of it."""
    manager = PluginManager(discover=False)
    manager.register(Rows(), "acme")
    for number, update in enumerate(updates, 1):
        manager.register(update, f"update{number}")
    return manager


def test_a_plugin_changes_the_traits_of_a_format() -> None:
    """What it names is changed, and all else stays; who changed it is known."""
    found = managed(Update(sunset=date(2027, 1, 6), status="sunset", max_bytes=2000)).resolve("formats", "rows")
    wanted = FormatTraits(
        weight="row", max_bytes=2000, kinds=frozenset({"chat"}), status="sunset", sunset=date(2027, 1, 6)
    )
    assert found.traits == wanted
    assert [one.plugin for one in found.changed_by] == ["update1"]
    assert managed().resolve("formats", "rows").changed_by == ()


def test_two_plugins_change_different_fields() -> None:
    """Both count; collections are what FormatTraits has, whatever they were written as."""
    traits = managed(Update(carries=["tools"]), Update(weight_flags=["--weights"])).resolve("formats", "rows").traits
    assert (traits.carries, traits.weight_flags, traits.max_bytes) == (frozenset({"tools"}), ("--weights",), 1000)


def test_two_plugins_that_change_the_same_field_are_an_error() -> None:
    """Of neither value, not even where both say the same: the error names both, when the format is used."""
    manager = managed(Update(max_bytes=1), Update(max_bytes=1))
    with pytest.raises(PluginError) as caught:
        manager.resolve("formats", "acme:rows")
    assert caught.value.message == "the plugins update1 and update2 both change max_bytes of acme:rows"
    assert caught.value.hint == "use one of them: deny or uninstall the other"
    assert manager.extended(deny=["update2"]).resolve("formats", "rows").traits.max_bytes == 1


VALUES: dict[str, tuple[dict[str, Any], str]] = {
    "type": ({"max_bytes": "5"}, "it sets max_bytes of acme:rows to '5': Expected `int | null`, got `str`"),
    "flag": ({"uniform": 1}, "it sets uniform of acme:rows to 1: Expected `bool`, got `int`"),
    "weight": ({"weight": "column"}, "it sets weight of acme:rows to 'column': Invalid enum value 'column'"),
    "status": ({"status": "over"}, "it sets status of acme:rows to 'over': Invalid enum value 'over'"),
    "scale": ({"scale": "log"}, "it sets scale of acme:rows to 'log': Invalid enum value 'log'"),
    "day": ({"sunset": "soon"}, "it sets sunset of acme:rows to 'soon': Invalid RFC3339 encoded date"),
    "text": ({"kinds": "chat"}, "it sets kinds of acme:rows to 'chat': Expected `array | null`, got `str`"),
    "inside": ({"weight_flags": ("--w", 1)}, "it sets weight_flags of acme:rows to ('--w', 1): Expected `str`"),
    "aspect": ({"carries": {"tool"}}, "nobody knows the aspect of a sample 'tool'; did you mean \"tools\"?"),
    "kind": ({"kinds": {""}}, "it sets kinds of acme:rows to {''}: a kind of sample without a name"),
    "limit": ({"unverified": {"max_row"}}, "nobody knows the limit 'max_row'; did you mean \"max_rows\"?"),
    "compression": ({"compressions": {"gz"}}, "nobody knows the compression 'gz'; did you mean"),
    "none": ({"compressions": ()}, 'it names none; "none" stands for files as they are'),
    "negative": ({"max_rows": -1}, "it sets max_rows of acme:rows to -1: at least 0, or None"),
    "empty": ({"shard_size": 0}, "it sets shard_size of acme:rows to 0: at least 1, or None"),
    "no rows": ({"shard_rows": 0}, "it sets shard_rows of acme:rows to 0: at least 1, or None"),
    "between": ({"min_rows": 5, "max_rows": 4}, "it sets min_rows of acme:rows to 5: more than max_rows, which is 4"),
}
"""Traits that cannot be so, whoever says them."""


@pytest.mark.parametrize(("values", "reason"), VALUES.values(), ids=VALUES)
def test_a_format_with_wrong_traits_is_an_error_of_its_plugin(values: dict[str, Any], reason: str) -> None:
    """What a format comes with is checked as what is changed of it."""

    class Wrong:
        @hookimpl
        def register_formats(self, register: Callable[..., None]) -> None:
            register("rows", lambda _config, _ctx: lambda _sample: {}, traits=FormatTraits(**values))

    manager = PluginManager(discover=False)
    with pytest.raises(PluginError) as caught:
        manager.register(Wrong(), "acme")
    assert reason in str(caught.value)
    with pytest.raises(PluginError) as caught:
        managed().register(Update(**values), "wrong")
    assert reason in str(caught.value)


def test_traits_of_a_format_are_format_traits() -> None:
    """A mapping is none."""

    class Wrong:
        @hookimpl
        def register_formats(self, register: Callable[..., None]) -> None:
            register("rows", lambda _config, _ctx: lambda _sample: {}, traits={"weight": "row"})

    with pytest.raises(PluginError, match=r"traits of acme:rows are \{'weight': 'row'\}: write traits=FormatTraits"):
        PluginManager(discover=False).register(Wrong(), "acme")


def test_a_kind_of_a_third_party_may_be_named() -> None:
    """Samples of other classes than ours are of a kind that their class names."""
    assert managed(Update(kinds=["ranking"])).resolve("formats", "rows").traits.kinds == frozenset({"ranking"})


def test_what_has_a_last_day_ends() -> None:
    """The day alone says so; and who says that a format goes on takes the day back."""
    ends = Update(sunset=date(2027, 1, 6))
    assert FormatTraits(sunset=date(2027, 1, 6)).status == "sunset"
    assert managed(ends).resolve("formats", "rows").traits.status == "sunset"
    assert FormatTraits(sunset=date(2027, 1, 6), status="legacy").status == "legacy"

    manager = PluginManager()
    manager.register(Update("formats:openai", status="active"), "ours")
    traits = manager.resolve("formats", "openai").traits
    assert (traits.status, traits.sunset) == ("active", None)


def test_wrong_traits_are_found_before_a_plugin_is_used(
    site: Site, said: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    """The doctor says it of what is installed, and the check with imports of a plugin before it is deployed."""
    code = "from tuneport import FormatTraits, hookimpl\n" + FORMAT.format(name="rows").replace(
        'doc="', 'traits=FormatTraits(carries={"tool"}), doc="'
    )
    assert "traits=" in code
    site.plugin("acme", code, manifest("acme", formats=["rows"]))
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme/acme.py").write_text(code)
    about = {**manifest("acme", formats=["rows"]), "module": "acme", "api": ">=1.0"}
    (tmp_path / "acme/plugin.json").write_text(json.dumps(about))
    for asked in (["doctor"], ["validate", str(tmp_path / "acme")]):
        ended, told, _ = said("plugins", *asked, "--imports")
        assert ended == 1
        assert "nobody knows the aspect of a sample 'tool'" in told


WRONG = {
    "field": (Update(max_byte=1), "it sets 'max_byte' of acme:rows, and traits have no such field; did you mean"),
    "nothing": (Update(), "it changes traits of acme:rows, and says nothing of them"),
    "bare": (Update("rows", max_rows=1), "it changes traits of 'rows': write plugin:format, such as formats:openai"),
    "format": (Update("acme:row", max_rows=1), "it changes traits of acme:row, and acme has no format 'row'"),
    "plugin": (Update("acne:rows", max_rows=1), "it changes traits of acne:rows, and there is no plugin 'acne'"),
}


@pytest.mark.parametrize(("update", "reason"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_changed_is_an_error_of_that_plugin(update: Update, reason: str) -> None:
    """It says what is wrong; the format is used as it was."""
    manager = managed()
    with pytest.raises(PluginError) as caught:
        manager.register(update, "wrong")
    assert reason in str(caught.value)
    assert manager.resolve("formats", "rows").traits.max_bytes == 1000


def test_a_format_changed_twice_by_one_plugin_is_an_error() -> None:
    """All fields of a format are named together."""

    class Twice:
        @hookimpl
        def register_traits(self, register: Callable[..., None]) -> None:
            register("acme:rows", max_rows=1)
            register("acme:rows", max_bytes=1)

    with pytest.raises(PluginError, match="it changes traits of 'acme:rows' twice"):
        managed().register(Twice(), "twice")


def manifest(name: str, **provides: list[str]) -> dict[str, Any]:
    """A manifest that says what its plugin provides."""
    return {"name": name, "version": "1.0", "provides": provides}


def test_only_a_plugin_that_changes_the_format_is_imported(site: Site) -> None:
    """Its manifest says which; one for another format stays where it is."""
    site.plugin("acme", FORMAT.format(name="rows"), manifest("acme", formats=["rows"]))
    site.plugin("ours", UPDATE.format(changes="max_rows=5"), manifest("ours", traits=["acme:rows"]))
    site.plugin("other", "raise SystemExit", manifest("other", traits=["acme:columns"]))
    manager = PluginManager()
    assert site.imported() == set()
    assert manager.resolve("formats", "rows").traits.max_rows == 5
    assert {record.name for record in manager.list(state="loaded")} == {"acme", "ours"}


def test_a_plugin_that_does_not_say_what_it_changes_is_imported(site: Site) -> None:
    """What is seen of a format does not depend on what was used before it."""
    site.plugin("acme", FORMAT.format(name="rows"), manifest("acme", formats=["rows"]))
    site.plugin("ours", UPDATE.format(changes="max_rows=5"))
    assert PluginManager().resolve("formats", "acme:rows").traits.max_rows == 5


def test_a_broken_update_is_listed_and_the_format_works_on(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Its reason stands in the list and in the log, once."""
    site.plugin("acme", FORMAT.format(name="rows"), manifest("acme", formats=["rows"]))
    site.plugin("ours", UPDATE.format(changes="max_rwos=5"), manifest("ours", traits=["acme:rows"]))
    manager = PluginManager()
    for _ in range(2):
        assert manager.resolve("formats", "rows").traits == FormatTraits()
    record = manager.get("ours")
    assert record.state == "failed"
    assert "'max_rwos'" in record.reason
    (logged,) = caplog.messages
    assert logged.endswith("acme:rows is used without it")
    assert "'max_rwos'" in logged


def test_a_manifest_and_its_code_agree_on_formats(site: Site) -> None:
    """As with all that plugins provide."""
    site.plugin("acme", FORMAT.format(name="rows"), manifest("acme", formats=["rows", "more"]))
    site.plugin("ours", UPDATE.format(changes="max_rows=5"), manifest("ours", traits=["acme:more"]))
    manager = PluginManager()
    with pytest.raises(PluginError, match=r"disagree about traits acme:more .*traits acme:rows"):
        manager.load_plugin(manager.get("ours"))


def test_it_is_listed(site: Site, said: Callable[..., tuple[int, str, str]]) -> None:
    """`plugins list` shows what a plugin changes, and finds those that change anything."""
    site.plugin("ours", UPDATE.format(changes="max_rows=5"), manifest("ours", traits=["formats:openai"]))
    _, listed, _ = said("plugins", "list")
    assert any(line.startswith("ours") and "trait formats:openai" in line for line in listed.splitlines())
    _, listed, _ = said("plugins", "list", "--kind", "trait")
    assert [line.split()[0] for line in listed.splitlines()] == ["NAME", "ours"]
    assert site.imported() == set()


def test_a_doctor_has_nothing_against_two_updates_of_one_format(site: Site) -> None:
    """Each may change another field: no name has to be chosen."""
    for name in ("one", "two"):
        site.plugin(name, UPDATE.format(changes="max_rows=5"), manifest(name, traits=["formats:openai"]))
    assert [finding for finding in diagnose(PluginManager()) if finding.severity == "error"] == []


def test_a_manifest_is_reviewed() -> None:
    """A format is named with its plugin."""
    text = json.dumps({**manifest("ours", traits=["openai", "formats:openai"]), "api": ">=1.0", "module": "ours"})
    found = [(one.where, one.message) for one in reviewed(text.encode(), "ours", "plugin.json")]
    assert found == [("plugin.json: provides.traits", "'openai' is no format")]


def test_a_run_sees_the_change_and_lists_who_made_it(faq: Path, tmp_path: Path) -> None:
    """A format that takes conversations no more refuses a recipe with them; a manifest names the plugin."""
    manager = PluginManager()
    manager.register(Update("jsonl_llm:tuneport", note="As of this year.", kinds=["instruction"]), "ours")
    result = tuneport.export(recipe(faq, tmp_path / "out"), manager=manager)
    assert "ours" in [one.name for one in result.dataset.manifest.plugins]

    chats = recipe(faq, tmp_path / "chats", export={"style": "chat_completion"})
    with pytest.raises(RecipeError, match="tuneport cannot hold chat samples"):
        tuneport.export(chats, manager=manager)
