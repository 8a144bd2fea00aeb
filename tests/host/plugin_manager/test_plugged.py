"""Commands that plugins bring."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import click
import pytest

from host.plugin_manager.making import HELLO, Site
from tuneport.commands.plugged import command_of

Said = Callable[..., tuple[int, str, str]]


@pytest.fixture
def greet(site: Site) -> None:
    """A plugin that brings the command `hello`."""
    site.plugin("greet", HELLO, {"name": "greet", "provides": {"commands": ["hello"]}})


@pytest.mark.usefixtures("greet")
def test_a_plugins_command_takes_its_options_from_its_signature(said: Said) -> None:
    """Parameters without default are arguments, the others options with their types."""
    assert said("hello", "you") == (0, "hello you\n", "")
    assert said("hello", "you", "--times", "2", "--loud") == (0, "HELLO HELLO you\n", "")
    code, out, _ = said("hello", "data", "--json", "--tone", "cold", "--to", "x")
    assert (code, json.loads(out)["tone"]) == (0, "cold")
    assert json.loads(out)["to"] in {"PosixPath", "WindowsPath"}
    assert json.loads(said("hello", "data", "--json")[1])["to"] == "NoneType"
    assert said("hello", "silence") == (0, "", "")


@pytest.mark.usefixtures("greet")
@pytest.mark.parametrize(
    "arguments", [["you", "--times", "many"], ["you", "--tone", "hot"], [], ["you", "--shout"], ["you", "me"]]
)
def test_a_plugins_command_rejects_what_its_signature_does(said: Said, arguments: list[str]) -> None:
    """A wrong type, choice, option or number of arguments is a usage error."""
    code, out, err = said("hello", *arguments)
    assert (code, out) == (2, "")
    assert "tuneport hello --help" in err


@pytest.mark.usefixtures("greet")
def test_a_plugins_command_has_help(said: Said) -> None:
    """The docstring's text is the help, its `Args:` the options' help; the rest is for programmers."""
    code, out, _ = said("hello", "--help")
    assert code == 0
    assert "Greet somebody." in out
    assert "how often, in a row." in out
    assert "[warm|cold]" in out
    assert "--json" in out
    assert "Args:" not in out
    assert "secret" not in out


@pytest.mark.usefixtures("greet")
def test_a_plugins_command_that_fails_is_named(said: Said) -> None:
    """Its own errors pass as they are; any other exception is a fault of that plugin, not of ours."""
    code, _, err = said("hello", "nobody")
    assert (code, "name somebody" in err) == (65, True)
    code, _, err = said("hello", "everybody")
    assert (code, "command greet:hello failed: KeyError: 'too many'" in err) == (70, True)
    assert "fault of ours" not in err


def test_a_broken_plugins_command_says_why(said: Said, site: Site) -> None:
    """A command whose plugin cannot be imported is answered with the cause and the fix."""
    site.plugin("greet", "import not_there", {"name": "greet", "provides": {"commands": ["hello"]}})
    code, _, err = said("hello")
    assert code == 70
    assert "ModuleNotFoundError: No module named 'not_there'" in err
    assert "pip install not_there" in err


def test_a_command_that_cannot_be_given_on_a_command_line_says_why(said: Said, site: Site) -> None:
    """A parameter of a type that no text stands for is told, with the command's name."""
    code = "from tuneport import hookimpl\ndef odd(what: dict): ...\n@hookimpl\ndef register_commands(register):\n"
    site.plugin("greet", code + "    register('odd', odd)\n")
    exit_code, _, err = said("odd", "--help")
    assert exit_code == 70
    assert "command greet:odd cannot be set up: TypeError: parameter what is of type <class 'dict'>" in err


@pytest.mark.usefixtures("greet")
def test_an_unknown_command_suggests(said: Said) -> None:
    """A misspelt command of the table is answered with the closest one."""
    code, _, err = said("exprt")
    assert code == 2
    assert "no command 'exprt'" in err
    assert 'did you mean "export"?' in err


def parsed(function: Callable[..., object], *arguments: str) -> Any:
    """What a function was called with by these arguments, read back from its one result."""
    got: list[Any] = []

    def keep(*args: Any, **options: Any) -> None:
        got.append(options)

    keep.__wrapped__ = function  # type: ignore[attr-defined]
    keep.__annotations__ = function.__annotations__
    command_of(keep, "it").main(list(arguments), standalone_mode=False)
    return got[0]


def test_every_kind_of_parameter() -> None:
    """Flags, switches that start on, numbers, lists and optional values arrive with their types."""

    def it(
        files: list[Path],
        on: bool = True,
        maybe: bool | None = None,
        rate: float | None = None,
        names: tuple[str, ...] = (),
        mode: Literal["a", "b"] | None = None,
    ) -> None: ...

    defaults = {"files": (Path("f"),), "on": True, "maybe": None, "rate": None, "names": (), "mode": None}
    assert parsed(it, "f") == defaults
    given = ("f", "--no-on", "--no-maybe", "--rate", "0.5", "--names", "x", "--names", "y", "--mode", "b")
    assert parsed(it, *given) == {
        "files": (Path("f"),),
        "on": False,
        "maybe": False,
        "rate": 0.5,
        "names": ("x", "y"),
        "mode": "b",
    }


def test_a_flag_without_default_is_off() -> None:
    """A required bool is a flag all the same."""

    def it(force: bool) -> None: ...

    assert [parsed(it)["force"], parsed(it, "--force")["force"]] == [False, True]


def test_parameters_that_no_command_can_have() -> None:
    """Names that every command has, and parameters without a name, are errors of the function."""

    def taken(json: str) -> None: ...
    def nameless(*names: str) -> None: ...

    for function in (taken, nameless):
        with pytest.raises(TypeError, match="parameter"):
            command_of(function, "it")
    assert isinstance(command_of(lambda: None, "it"), click.Command)
