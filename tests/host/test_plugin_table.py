"""The table of `plugins list`."""

from __future__ import annotations

from typing import Any

import pytest

from tuneport.commands.plugins.table import WIDTH, table


def row(name: str = "acme", **changes: Any) -> dict[str, Any]:
    """A row as `plugins list --json` has it."""
    plain = {"name": name, "version": "1.0", "state": "ready", "reason": "", "hint": "", "origin": "installed (acme)"}
    return {**plain, "provides": {}, **changes}


def lines(*rows: dict[str, Any], **options: Any) -> list[str]:
    """The table's lines below its head."""
    return table(rows, **options).splitlines()[1:]


@pytest.mark.parametrize(
    ("provides", "text"),
    [
        ({"formats": ["inhouse"], "weightings": ["tier"]}, "format inhouse, weighting tier"),
        ({"formats": ["a", "b", "c"]}, "format a, format b, format c"),
        ({"styles": list("abcdefg"), "formats": list("abcdefghi"), "metrics": ["m"]}, "7 styles, 9 formats, 1 metric"),
        ({}, ""),
        (None, "unknown until loaded"),
    ],
)
def test_a_few_names_are_listed_and_many_counted(provides: Any, text: str) -> None:
    """Up to three names stand there themselves; of more, how many there are of each kind."""
    (line,) = lines(row(provides=provides))
    assert line == f"acme  1.0      ready  installed (acme)  {text}".rstrip()


def test_counts_that_do_not_fit_are_left_out() -> None:
    """A line of an ordinary plugin never needs more columns than there are."""
    kinds = {kind: ["a", "b", "c"] for kind in ("importers", "exporters", "styles", "filters", "weightings", "formats")}
    (line,) = lines(row("a_plugin_of_a_long_name", provides=kinds))
    assert line.endswith("3 styles, ...")
    assert len(line) <= WIDTH


def test_a_kind_that_is_asked_for_is_listed_whole() -> None:
    """All names of that kind, none of another, in as many lines as they need."""
    names = [f"format_{number}" for number in range(19)]
    found = lines(row(provides={"styles": ["own"], "formats": names}), kind="formats")
    margin = found[0].index("format_0")
    assert ", ".join(line[margin:].rstrip(",") for line in found) == ", ".join(names)
    assert len(found) > 1
    assert max(map(len, found)) <= WIDTH
    assert {line[:margin] for line in found[1:]} == {" " * margin}


def test_reason_and_fix_stand_on_one_line_where_they_fit() -> None:
    """A short reason leaves room for the fix."""
    (line,) = lines(row(state="failed", reason="ModuleNotFoundError: pyarrow", hint="pip install pyarrow"))
    assert line.endswith("failed  installed (acme)  ModuleNotFoundError: pyarrow   pip install pyarrow")


def test_a_long_fix_is_whole_on_a_line_of_its_own() -> None:
    """The reason is broken between words; the fix, which may be a command, is not."""
    fix = "tuneport plugins lock /srv/tuneport/plugins/of/the/whole/house"
    found = lines(row(state="refused", reason=" ".join(["untrusted"] * 9), hint=fix))
    assert found[-1].strip() == fix
    assert max(map(len, found[:-1])) <= WIDTH
    assert " ".join(found[:-1]).count("untrusted") == 9


def test_from_is_the_directory_that_was_named() -> None:
    """What comes from a plugin directory is said to come from it; our own distribution goes without saying."""
    rows = [row("own", origin="installed (tuneport)"), row("dropped", origin="/srv/plugins/dropped/plugin.json")]
    own, dropped = lines(*rows, dirs=["/srv", "/srv/plugins"])
    assert own == "own      1.0      ready  installed"
    assert dropped == "dropped  1.0      ready  /srv/plugins"
