"""`tuneport plugins`, and the commands that plugins bring."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import click
import pytest

from host.plugin_manager.making import FORMAT, Site, new_site
from tuneport.commands.main import run
from tuneport.commands.plugged import command_of

REPOSITORY = Path(__file__).parents[2]
Said = Callable[..., tuple[int, str, str]]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty folder on sys.path."""
    with new_site(tmp_path / "site", monkeypatch) as made:
        yield made


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """Run a command line: exit code, stdout, stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(list(arguments))
        return code, *capsys.readouterr()

    return call


def listed(said: Said, *arguments: str) -> dict[str, dict[str, Any]]:
    """The rows of `plugins list --json`, by name."""
    code, out, _ = said("plugins", "list", "--json", *arguments)
    assert code == 0
    document = json.loads(out)
    assert set(document) == {"plugins"}
    return {row["name"]: row for row in document["plugins"]}


def test_list_as_json_has_one_row_per_plugin(said: Said, site: Site) -> None:
    """Each row has name, version, state, reason, origin and provides; unknown provides is null."""
    site.plugin("acme", FORMAT.format(name="acme"))
    found = listed(said)
    assert set(found) == {"acme", "formats", "jsonl_llm", "sources"}
    assert {"name", "version", "state", "reason", "origin", "provides"} <= set(found["acme"])
    assert found["acme"]["provides"] is None
    assert found["sources"]["provides"] == {"importers": ["jsonl", "sqlite"], "commands": ["demo"]}
    assert (found["sources"]["state"], found["sources"]["reason"]) == ("ready", "")


@pytest.mark.parametrize("kind", ["importer", "importers"])
def test_list_narrows_to_a_kind(said: Said, kind: str) -> None:
    """A kind may be written in the singular, as messages write it."""
    assert set(listed(said, "--kind", kind)) == {"sources"}


def test_list_of_an_unknown_kind_names_the_closest(said: Said) -> None:
    """A misspelt kind is no empty list."""
    code, out, err = said("plugins", "list", "--kind", "formt")
    assert (code, out) == (78, "")
    assert "no kind 'formt'" in err
    assert 'did you mean "formats"?' in err


def test_list_and_show_work_when_plugins_are_broken(said: Said, site: Site) -> None:
    """What is broken or refused is listed with reason and fix, as text and as JSON; the exit code is 0."""
    site.plugin("unreadable", "", "{")
    site.plugin("future", "", {"name": "future", "api": ">=9"})
    site.distribution("x-one", double="one_code")
    site.distribution("x-two", double="two_code")
    code, out, err = said("plugins", "list")
    assert (code, err) == (0, "")
    lines = {line.split()[0]: line for line in out.splitlines()}
    assert "failed" in lines["unreadable"]
    assert "unreadable manifest" in lines["unreadable"]
    assert "needs plugin API >=9, this host speaks 1.0   install a version" in lines["future"]
    assert "installed (x-one) and installed (x-two) bring a plugin" in lines["double"]
    assert "unknown until loaded" not in out
    code, out, _ = said("plugins", "show", "future", "--json")
    shown = json.loads(out)
    assert (code, shown["state"], shown["api"]) == (0, "refused", ">=9")
    assert said("plugins", "show", "unreadable")[0] == 0


def test_show_tells_all_that_is_known_without_importing(said: Said) -> None:
    """Manifest, state, module and the digest of the code."""
    code, out, _ = said("plugins", "show", "jsonl_llm_exporter", "--json")
    shown = json.loads(out)
    assert code == 0
    assert (shown["name"], shown["module"], shown["type"]) == ("jsonl_llm", "tuneport_jsonl_llm", "exporter")
    assert shown["aliases"] == {"jsonl_llm_exporter": "jsonl_llm"}
    assert len(shown["digest"]) == 64
    _, text, _ = said("plugins", "show", "jsonl_llm")
    assert "exporters: jsonl_llm, styles: instruction_tuning" in text
    assert shown["digest"] in text


def test_show_of_an_unknown_plugin_names_the_closest(said: Said) -> None:
    """As JSON the error is the one document."""
    code, out, _ = said("plugins", "show", "jsonl_lm", "--json")
    error = json.loads(out)["error"]
    assert (code, error["code"]) == (78, "unknown_name")
    assert error["hint"] == 'did you mean "jsonl_llm"?'


def directory(site: Site, folder: Path) -> Path:
    """A plugin directory with one plugin that brings the command `hello`."""
    site.module("greet_code", HELLO)
    folder.mkdir()
    (folder / "greet.json").write_text('{"name": "greet", "module": "greet_code"}')
    return folder


def test_plugin_directories_come_from_the_option_and_the_environment(
    said: Said, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--plugin-dir` and TUNEPORT_PLUGIN_PATH name directories; the bundled manifests add nothing."""
    folder = directory(site, tmp_path / "plugins")
    assert "greet" not in listed(said)
    assert listed(said, "--plugin-dir", str(folder))["greet"]["origin"] == str(folder / "greet.json")
    monkeypatch.setenv("TUNEPORT_PLUGIN_PATH", f"{folder}:{REPOSITORY / 'plugin_manifests'}")
    assert set(listed(said)) == {"greet", "formats", "jsonl_llm", "sources"}
    assert said("hello", "you")[:2] == (0, "hello you\n")


def test_a_missing_plugin_directory_is_an_error(said: Said, tmp_path: Path) -> None:
    """Naming a directory that does not exist is told, with its path."""
    code, _, err = said("plugins", "list", "--plugin-dir", str(tmp_path / "nowhere"))
    assert code == 70
    assert "nowhere does not exist" in err


HELLO = '''
from pathlib import Path
from typing import Literal
from tuneport import hookimpl
from tuneport.errors import DataError

def hello(name: str, times: int = 1, loud: bool = False, tone: Literal["warm", "cold"] = "warm", to: Path | None = None):
    """Greet somebody.

    Args:
        name: who it is.
        times: how often,
            in a row.

    Returns:
        A secret.
    """
    if name == "nobody":
        raise DataError("there is nobody", "name somebody")
    if name == "everybody":
        raise KeyError("too many")
    if name == "silence":
        return None
    if name == "data":
        return {"name": name, "times": times, "loud": loud, "tone": tone, "to": type(to).__name__}
    return " ".join(["HELLO" if loud else "hello"] * times + [name])

@hookimpl
def register_commands(register):
    register("hello", hello, doc="Greet")
'''


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
