"""Where plugins are and which may run: options of every command, and the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuneport.commands.main import run
from tuneport.commands.settings import PluginSettings, settings_of
from tuneport.errors import UsageError


@pytest.fixture(autouse=True)
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that says nothing of plugins."""
    for name in ("PATH", "LOCK", "ALLOW", "DENY"):
        monkeypatch.delenv(f"TUNEPORT_PLUGIN_{name}", raising=False)
    monkeypatch.delenv("TUNEPORT_TRUST", raising=False)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("hello", PluginSettings()),
        ("--plugin-dir a hello --plugin-dir=b", PluginSettings(("a", "b"))),
        ("hello --trust any --plugin-lock x.json", PluginSettings(trust="any", lock="x.json")),
        ("hello --trust=any --trust pinned", PluginSettings()),
        ("hello --plugin-dir a -- --plugin-dir b --trust any", PluginSettings(("a",))),
        ("hello --trust", PluginSettings()),
    ],
)
def test_options_are_found_before_anything_is_parsed(arguments: str, expected: PluginSettings) -> None:
    """A plugin may bring the very command: the last value counts, directories add up, `--` ends the options."""
    assert settings_of(arguments.split()) == expected


def test_the_environment_speaks_where_the_command_line_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Directories add up, an option goes before its variable, allow and deny are globs with commas."""
    monkeypatch.setenv("TUNEPORT_PLUGIN_PATH", "/one:/two")
    monkeypatch.setenv("TUNEPORT_TRUST", "any")
    monkeypatch.setenv("TUNEPORT_PLUGIN_LOCK", "env.json")
    monkeypatch.setenv("TUNEPORT_PLUGIN_ALLOW", "jsonl_llm, acme*,")
    monkeypatch.setenv("TUNEPORT_PLUGIN_DENY", "legacy*")
    allow, deny = ("jsonl_llm", "acme*"), ("legacy*",)
    assert settings_of(["hello"]) == PluginSettings(("/one", "/two"), "any", "env.json", allow, deny)
    asked = settings_of(["hello", "--plugin-dir", "three", "--trust", "pinned", "--plugin-lock", "own.json"])
    assert asked == PluginSettings(("/one", "/two", "three"), "pinned", "own.json", allow, deny)


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_a_list_of_allowed_plugins_that_is_empty_allows_none(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Whoever sets the variable means to allow only what it names; of what is denied, nothing is nothing."""
    monkeypatch.setenv("TUNEPORT_PLUGIN_ALLOW", text)
    monkeypatch.setenv("TUNEPORT_PLUGIN_DENY", text)
    found = settings_of(["hello"])
    assert (found.allow, found.deny) == ((), ())
    assert {record.refusal for record in found.manager().list()} == {"blocked"}


def test_a_wrong_trust_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """In the option, and in the environment: nothing runs under a trust that nobody can mean."""
    assert run(["plugins", "list", "--trust", "all"]) == 2
    monkeypatch.setenv("TUNEPORT_TRUST", "all")
    assert run(["plugins", "list"]) == 2
    assert "TUNEPORT_TRUST or --trust is 'all'\nit is one of pinned, any" in capsys.readouterr().err
    with pytest.raises(UsageError):
        PluginSettings(trust="").manager()


@pytest.mark.parametrize("first", [True, False])
def test_options_may_stand_before_the_command(tmp_path: Path, first: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """With their values, in either spelling."""
    options = ["--trust=pinned", "--plugin-dir", str(tmp_path), "--plugin-lock", str(tmp_path / "lock.json"), "-q"]
    assert run([*options, "plugins", "list"] if first else ["plugins", "list", *options]) == 0
    assert capsys.readouterr() == ("", "")
