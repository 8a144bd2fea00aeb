"""Every code is explained, and what is explained is used."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest

from host.coded import used
from host.plugin_manager.making import Site
from tuneport import PluginManager, errors
from tuneport.codes import MEANINGS, explain
from tuneport.errors import TuneportError, UnknownNameError
from tuneport.runs.codes import ERRORED, FILTERED, is_error

BUNDLED = ("formats", "jsonl_llm", "lora_metadata", "quality", "sources", "training")
Said = Callable[..., tuple[int, str, str]]


def written(code: str) -> str:
    """A code as the sources write it: its variable parts are `*`; what the host puts in front is left out."""
    return re.sub("[A-Z]+", "*", code.removeprefix("PLUGIN:"))


SHARED = {written(one.code) for one in MEANINGS if one.kind not in {"error", "exit"}} - {"*"}
"""The host's codes but those of errors; `PLUGIN:CODE` stands for whatever a plugin says."""


def test_every_code_of_the_host_is_explained() -> None:
    """No source of the host uses a code that `explain` does not know."""
    known = SHARED | {one.code for one in MEANINGS if one.kind == "error"}
    found = used("host")
    assert {code: place for code, place in found.items() if code not in known} == {}
    assert len(found) > 50


def test_every_shared_code_is_used() -> None:
    """What is explained is what somebody says."""
    assert SHARED - used("").keys() == set()


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_plugin_explains_the_codes_of_its_own(name: str) -> None:
    """Its manifest explains what the host does not, and nothing that its code never says."""
    manifest = PluginManager(auto_load=False).get(name).manifest
    assert manifest is not None
    found = used(f"plugins/{name}")
    assert {code: place for code, place in found.items() if code not in SHARED | manifest.codes.keys()} == {}
    assert manifest.codes.keys() - found.keys() == set()
    assert all(text.endswith(".") for text in manifest.codes.values())


def test_the_outcome_is_the_one_that_a_run_counts() -> None:
    """Errored, filtered or duplicate, as the run's own tables say."""
    outcomes = {one.code: one.outcome for one in MEANINGS if one.kind == "reject"}
    assert {code for code, outcome in outcomes.items() if outcome == "errored"} == {*ERRORED, "hook:PLUGIN"}
    assert {*FILTERED, "where"} <= {code for code, outcome in outcomes.items() if outcome == "filtered"}
    assert outcomes["duplicate"] == "duplicate"
    assert all(is_error(code) == (outcome == "errored") for code, outcome in outcomes.items())


def subclasses(kind: type[TuneportError]) -> Iterator[type[TuneportError]]:
    """A class of errors and all below it, as this package has them."""
    yield kind
    for one in kind.__subclasses__():
        yield from subclasses(one)


def test_every_error_and_exit_code_is_explained() -> None:
    """Each class's code stands with its exit code, and each exit code is listed."""
    classes = [one for one in subclasses(TuneportError) if one.__module__ == errors.__name__]
    outcomes = {one.code: one.outcome for one in MEANINGS if one.kind == "error"}
    assert outcomes == {one.code: f"exit {one.exit_code}" for one in classes}
    exits = {one.code for one in MEANINGS if one.kind == "exit"}
    # SIGHUP and SIGTERM are 128 and their numbers, as SIGINT is.
    assert exits == {str(one.exit_code) for one in classes} | {"1", "129", "143"}
    assert explain("exit") == [one for one in MEANINGS if one.kind == "exit"]


def test_no_code_is_explained_twice_in_one_place() -> None:
    """A code stands for one thing of each kind."""
    pairs = [(one.kind, one.code) for one in MEANINGS]
    assert len(pairs) == len(set(pairs))
    assert all(one.text.endswith(".") and (not one.fix or one.fix.endswith(".")) for one in MEANINGS)


def test_a_code_that_stands_for_two_things_is_explained_as_both() -> None:
    """`bad_utf8` is a reject, and something that `validate` finds."""
    assert [one.kind for one in explain("bad_utf8")] == ["reject", "finding"]


@pytest.mark.parametrize("code", ["acme:internal_link", "internal_link"])
def test_a_plugins_code_is_explained_by_its_manifest(site: Site, code: str) -> None:
    """Qualified or bare; the plugin is not imported, and may be broken."""
    site.plugin("acme", "1 / 0", {"name": "acme", "codes": {"internal_link": "A link to the intranet."}})
    (found,) = explain(code)
    assert (found.code, found.text, found.plugin) == ("acme:internal_link", "A link to the intranet.", "acme")
    assert site.imported() == set()


def test_codes_that_any_plugin_may_have_need_no_plugin() -> None:
    """An error of a plugin, and a refusal without a code, are explained for whatever name."""
    assert [(one.code, one.outcome) for one in explain("hook:gone")] == [("hook:gone", "errored")]
    assert [(one.code, one.outcome) for one in explain("gone:invalid")] == [("gone:invalid", "filtered")]
    assert "another format" in explain("acme:too_long refused by acme")[0].text


def test_a_plugin_that_explains_nothing_is_explained_in_general(site: Site) -> None:
    """Its code is a rule that left a record out, whatever it is."""
    site.plugin("acme", "", {"name": "acme"})
    (found,) = explain("acme:whatever")
    assert found.outcome == "filtered"
    assert "acme" in found.text


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("text_to_short", 'did you mean "text_too_short"?'),
        ("nothing_alike_at_all", "All of them: tuneport explain"),
        ("acme:internal_lnk", 'did you mean "acme:internal_link"?'),
        ("acne:internal_link", 'did you mean "acme"?'),
        ("internal_lnk", 'did you mean "internal_link"?'),
    ],
)
def test_an_unknown_code_names_the_closest(site: Site, code: str, hint: str) -> None:
    """The host's codes and the plugins' are both looked at."""
    site.plugin("acme", "", {"name": "acme", "codes": {"internal_link": "A link to the intranet."}})
    with pytest.raises(UnknownNameError) as raised:
        explain(code)
    assert hint in raised.value.hint


def test_the_command_explains_in_a_paragraph(said: Said) -> None:
    """What the code is, what it does, and the usual fix, in lines that fit."""
    code, out, err = said("explain", "text_too_short")
    assert (code, err) == (0, "")
    assert out.startswith("text_too_short: a reject; its record counts as filtered\n")
    assert "export.quality.min_text_length" in out
    assert max(map(len, out.splitlines())) <= 100
    assert said("explain", "73")[1].startswith("73: an exit code\n")
    assert said("explain", "data")[1].startswith("data: an error (exit 65)\n")
    assert said("explain", "jsonl_llm:no_timestamp")[1].startswith("jsonl_llm:no_timestamp: a code of the plugin jsonl")


def test_the_command_lists_all_codes_by_kind(said: Said) -> None:
    """Without a code all of them are listed, and `exit` lists the exit codes; each one on a line."""
    out = said("explain")[1]
    assert sum(line.startswith("  ") for line in out.splitlines()) == len(MEANINGS)
    assert [block.partition(":")[0].partition("\n")[0] for block in out.split("\n\n")][:3] == [
        "Rejects",
        "Errors",
        "Exit codes",
    ]
    listed = said("explain", "exit")[1].splitlines()
    assert [line.split()[0] for line in listed[1:]] == [one.code for one in explain("exit")]


def test_as_json_it_is_one_document(said: Said) -> None:
    """The same for one code, for all, and for an error."""
    code, out, _ = said("explain", "duplicate", "--json")
    (meaning,) = json.loads(out)["meanings"]
    assert (code, meaning["kind"], meaning["outcome"]) == (0, "reject", "duplicate")
    assert len(json.loads(said("explain", "--json")[1])["meanings"]) == len(MEANINGS)
    code, out, _ = said("explain", "duplicat", "--json")
    assert (code, json.loads(out)["error"]["code"]) == (78, "unknown_name")
