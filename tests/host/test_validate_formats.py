"""validate --format: any file is held against a format's own rules, and against what its target takes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tools import recipe

from tuneport import FormatTraits, PluginManager, Problem, export, hookimpl, validate
from tuneport.errors import SourceNotFoundError, UnknownNameError, UsageError
from tuneport.validation import Report

SERVICE = FormatTraits(
    uniform=False,
    constant=frozenset({"weight"}),
    min_rows=2,
    max_rows=5,
    max_bytes=2000,
    unverified=frozenset({"max_rows"}),
    compressions=frozenset({"none"}),
    status="sunset",
    sunset=date(9999, 1, 6),
    note="it takes rows one by one",
)


def turns(row: Any) -> Iterable[Problem]:
    """Rules of a service: `q` is a text, and turns are texts; a long one is doubtful."""
    if not isinstance(row.get("q"), str):
        yield Problem("/q", "q is no text", "write a text", "no_text")
    for number, turn in enumerate(row.get("turns", ())):
        if not isinstance(turn, str):
            yield Problem(f"/turns/{number}", "a turn is no text", "write a text", "no_text")
        elif len(turn) > 10:
            yield Problem(f"/turns/{number}", "a turn is long", code="long_turn", severity="warning")


def broken(row: Any) -> Iterable[Problem]:
    """A check with a fault: it takes any `q` for a text."""
    if row["q"].startswith("?"):
        yield Problem("/q", "q is a question", "write a statement", "question")


class Formats:
    """A plugin with a service's format, and formats without rules."""

    @hookimpl
    def register_formats(self, register: Any) -> None:
        """Offer them."""

        def write(_config: Any, _ctx: Any) -> Any:
            return lambda sample: {"q": sample.prompt[0].content}

        register("service", write, traits=SERVICE, check=turns)
        register("table", write, check=turns)
        register("inhouse", write)
        register("faulty", write, check=broken)


@pytest.fixture
def manager() -> PluginManager:
    """A manager that has that plugin as well."""
    manager = PluginManager()
    manager.register(Formats(), "house")
    return manager


def found(report: Report) -> list[tuple[str, str, list[int]]]:
    """Code, path and first lines of all that was found."""
    return [(one.code, one.path, one.lines) for one in report.problems]


def lines(path: Path, *rows: Any) -> Path:
    """A file of these rows."""
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def test_rows_that_a_service_takes_need_not_be_alike(manager: PluginManager, tmp_path: Path) -> None:
    """Other keys, another order and other types are right where rows are read one by one, and wrong where not."""
    path = lines(tmp_path / "a.jsonl", {"q": "x", "a": 1}, {"b": "y", "q": "x"}, {"q": "x", "a": [None, 1.5, "z"]})
    service, table = (validate(path, format=name, manager=manager) for name in ("service", "table"))

    assert (service.ok, service.problems, service.rows, service.format) == (True, [], 3, "service")
    assert {one.code for one in table.problems} == {"missing_key", "extra_key", "type_changed", "mixed_list"}


def test_a_formats_own_rules_name_the_line_and_the_fix(manager: PluginManager, tmp_path: Path) -> None:
    """Each broken rule is told with line, path and fix; the same rule at another index is the same problem."""
    path = lines(tmp_path / "a.jsonl", {"q": "x", "turns": ["a", 1]}, {"q": None}, {"q": "x", "turns": [1, "a" * 11]})
    report = validate(path, format="house:service", manager=manager)

    assert found(report) == [
        ("no_text", "/turns/*", [1, 3]),
        ("no_text", "/q", [2]),
        ("long_turn", "/turns/*", [3]),
    ]
    assert report.problems[0].message == "/turns/1: a turn is no text"
    assert report.problems[1].hint == "write a text"
    assert (report.ok, report.problems_total, report.warnings_total) == (False, 3, 1)


def test_the_fast_and_the_exact_way_are_judged_alike(manager: PluginManager, tmp_path: Path) -> None:
    """Late in a file of a thousand equal rows, in either way of reading them, a wrong row is found on its line."""
    good: dict[str, Any] = {"q": "x", "turns": ["a"]}
    path = lines(tmp_path / "a.jsonl", *[good] * 1000, {"q": "x", "turns": [["b"]]})
    wide = FormatTraits(uniform=False)
    manager.register(_Only("wide", wide), "wider")

    assert found(validate(path, format="table", manager=manager))[-1] == ("no_text", "/turns/*", [1001])
    assert found(validate(path, format="wide", manager=manager)) == [("no_text", "/turns/*", [1001])]


class _Only:
    def __init__(self, name: str, traits: FormatTraits) -> None:
        self.name, self.traits = name, traits

    @hookimpl
    def register_formats(self, register: Any) -> None:
        register(self.name, lambda _config, _ctx: dict, traits=self.traits, check=turns)


STRICT = {
    "key twice": (b'{"q": "x", "q": "y"}\n', "duplicate_key"),
    "key twice, compact": (b'{"q":"x","q":"y"}\n', "duplicate_key"),
    "key twice, hidden by an escape": (b'{"q": "\\u0022:", "a": 1, "a": 1}\n', "duplicate_key"),
    "nan": (b'{"q": "x", "a": NaN}\n', "not_finite"),
    "huge": (b'{"q": "x", "a": 1e999}\n', "not_finite"),
    "integer": (b'{"q": "x", "a": 9223372036854775808}\n', "int_range"),
    "low integer": (b'{"q":"x","a":-9223372036854775809}\n', "int_range"),
    "larger integer": (b'{"q":"x","a":99999999999999999999999}\n', "int_range"),
    "half a pair": (b'{"q": "\\ud83d"}\n', "lone_surrogate"),
    "bytes": (b'{"q": "\xff"}\n', "bad_utf8"),
    "blank": (b"\n", "blank_line"),
    "list": (b"[1]\n", "not_object"),
    "nothing": (b"{}\n", "empty_object"),
    "cut off": (b'{"q": "x"\n', "bad_json"),
    "no newline": (b'{"q": "x"}', "no_newline"),
}


@pytest.mark.parametrize("case", STRICT)
def test_rows_one_by_one_are_strict_json_too(case: str, manager: PluginManager, tmp_path: Path) -> None:
    """What no reader of JSON lines takes is told as what it is, also where rows may differ."""
    line, code = STRICT[case]
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"q":"x"}\n' * 3 + line)

    assert [(code, [4])] == [
        (one.code, one.lines) for one in validate(path, format="service", manager=manager).problems
    ]


def test_long_numbers_that_fit_are_right(manager: PluginManager, tmp_path: Path) -> None:
    """The bounds of 64 bits, digits in texts and many decimals are no problem."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"q":"12345678901234567890","a":9223372036854775807,"b":0.12345678901234567890123}\n' * 3)

    assert validate(path, format="service", manager=manager).problems == []


def test_a_column_for_all_rows_or_none(manager: PluginManager, tmp_path: Path) -> None:
    """The first line that differs from the first row is named, whichever way it differs; each file is for itself."""
    one, other = {"q": "x", "weight": 1.0}, {"q": "x"}

    assert validate(lines(tmp_path / "a.jsonl", one, one), format="service", manager=manager).problems == []
    report = validate(lines(tmp_path / "a.jsonl", one, one, other, one), format="service", manager=manager)
    assert found(report) == [("not_in_all", "weight", [3])]
    assert report.problems[0].hint == "write weight in every row of a file, or in none"
    report = validate(lines(tmp_path / "a.jsonl", other, one, other, one), format="service", manager=manager)
    assert found(report) == [("not_in_all", "weight", [2, 4])]
    for name, row in (("train", one), ("validation", other)):
        (tmp_path / name).mkdir()
        lines(tmp_path / name / "0.jsonl", row, row)
    (tmp_path / "a.jsonl").unlink()
    assert validate(tmp_path, format="service", manager=manager).problems == []


@pytest.mark.parametrize(
    ("rows", "text", "expected"),
    [
        (1, "x", [("too_few_rows", "error")]),
        (2, "x", []),
        (5, "x", []),
        (6, "x", [("too_many_rows", "warning")]),
        (2, "x" * 1000, [("too_large", "error")]),
    ],
)
def test_a_targets_limits(
    rows: int, text: str, expected: list[tuple[str, str]], manager: PluginManager, tmp_path: Path
) -> None:
    """Too few, too many and too large are told; what nobody verified only warns."""
    path = lines(tmp_path / "a.jsonl", *[{"q": text}] * rows)
    report = validate(path, format="service", manager=manager)

    assert [(one.code, one.severity) for one in report.problems] == expected
    assert report.ok == ("error" not in dict(expected).values())


def test_what_its_reader_does_not_open_is_wrong(manager: PluginManager, tmp_path: Path) -> None:
    """A compressed file is a problem for a target that opens plain ones only, and none for others."""
    import gzip

    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"q":"x"}\n' * 3))

    assert found(validate(path, format="service", manager=manager)) == [("compression", "", [])]
    assert validate(path, format="table", manager=manager).problems == []


def test_the_report_says_what_one_should_know(manager: PluginManager, tmp_path: Path) -> None:
    """When the target ends, what its reader does, and that a format states no rules."""
    path = lines(tmp_path / "a.jsonl", {"q": "x"}, {"q": "x"})

    assert validate(path, format="service", manager=manager).notes == [
        "service ends on 9999-01-06: it takes rows one by one",
    ]
    assert validate(path, format="inhouse", manager=manager).notes == [
        "inhouse states no rules of its own: only those of all files were checked"
    ]
    assert validate(path).notes == []


def test_a_format_without_rules_has_those_of_all_files(manager: PluginManager, tmp_path: Path) -> None:
    """Its conversations need turns, and its rows have to be alike."""
    path = lines(tmp_path / "a.jsonl", {"messages": [{"role": "user", "content": "Q"}]}, {"messages": []}, {"q": 1})
    report = validate(path, format="inhouse", manager=manager)

    assert {one.code for one in report.problems} == {"last_turn", "no_turns", "missing_key", "extra_key"}


def test_a_folder_of_files_is_one_set(manager: PluginManager, tmp_path: Path) -> None:
    """All files are looked at, in order, and told by name; side files are left alone, and limits hold for all rows."""
    lines(tmp_path / "00000.jsonl", *[{"q": "x"}] * 3)
    lines(tmp_path / "00001.jsonl", {"q": "x"}, {"q": 1}, {"q": "x"})
    (tmp_path / "dataset_info.json").write_text("{}")
    report = validate(tmp_path, format="service", manager=manager)

    assert (report.kind, report.files, report.rows) == ("folder", 2, 6)
    assert [(one.code, one.file, one.lines) for one in report.problems] == [
        ("no_text", "00001.jsonl", [2]),
        ("too_many_rows", "", []),
    ]
    table = validate(tmp_path, format="table", manager=manager)
    assert ("type_changed", "00001.jsonl") in {(one.code, one.file) for one in table.problems}


def test_a_check_that_fails_costs_its_line(manager: PluginManager, tmp_path: Path) -> None:
    """The finding names the plugin and what it raised, and what stands after that line is judged."""
    path = lines(tmp_path / "a.jsonl", {"q": "x"}, {"q": ["x"]}, {"q": "?"})
    report = validate(path, format="faulty", manager=manager)

    assert found(report)[-2:] == [("hook:house", "", [2]), ("question", "/q", [3])]
    failed = next(one for one in report.problems if one.code == "hook:house")
    assert failed.message.startswith("the check of format house:faulty failed: AttributeError: 'list' object")
    assert failed.hint
    assert not report.ok


def test_a_check_never_sees_a_line_that_is_no_object(manager: PluginManager, tmp_path: Path) -> None:
    """Such lines are told as what they are."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"q":"x"}\n["q"]\n"q"\nnull\n')

    assert found(validate(path, format="faulty", manager=manager)) == [("not_object", "", [2, 3, 4])]


def test_what_cannot_be_asked(manager: PluginManager, tmp_path: Path) -> None:
    """A format that is not there, one for a whole dataset, and a folder without files."""
    path = lines(tmp_path / "a.jsonl", {"q": "x"})
    with pytest.raises(UnknownNameError, match='did you mean "service"'):
        validate(path, format="servise", manager=manager)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceNotFoundError, match=r"holds no \.jsonl"):
        validate(tmp_path / "empty", format="service", manager=manager)
    (tmp_path / "manifest.json").touch()
    with pytest.raises(UsageError, match="it knows its formats"):
        validate(tmp_path, format="service", manager=manager)


@pytest.fixture
def dataset(manager: PluginManager, tmp_path: Path) -> Path:
    """A dataset of two formats of that plugin, one of them for rows one by one."""
    records = [{"question": f"Question {n}?", "answer": f"The answer to question {n}."} for n in range(4)]
    lines(tmp_path / "in.jsonl", *records)
    export(recipe(tmp_path / "in.jsonl", tmp_path / "out", export={"formats": ["service", "table"]}), manager=manager)
    return tmp_path / "out"


def test_a_dataset_is_held_against_the_rules_of_its_formats(
    dataset: Path, manager: PluginManager, tmp_path: Path
) -> None:
    """Each format's files are checked by its own rules, and what one should know of it is noted."""
    report = validate(dataset, manager=manager)
    assert (report.problems, report.rows, report.load) == ([], 8, None)
    assert report.notes == ["service ends on 9999-01-06: it takes rows one by one"]

    shard = dataset / "data/service/train/00000-of-00001.jsonl"
    shard.write_text(shard.read_text() * 2 + '{"q": null, "weight": 1}\n' + '{"q": "x"}\n')
    codes = {(one.code, one.file, one.path) for one in validate(dataset, manager=manager).problems}
    where = "data/service/train/00000-of-00001.jsonl"
    assert codes >= {("no_text", where, "/q"), ("not_in_all", where, "weight"), ("too_many_rows", "", "max_rows")}
    assert "missing_key" not in {code for code, _, _ in codes}


def test_a_format_that_is_not_installed_any_more_is_noted(dataset: Path) -> None:
    """Where the plugin is gone, the rest is checked all the same, and the report says what was not."""
    report = validate(dataset, manager=PluginManager())

    assert report.problems == []
    assert report.notes == [
        f"{name}: its own rules were not checked, for house:{name} cannot be used: no plugin 'house'"
        for name in ("service", "table")
    ]


def checked(manager: PluginManager, path: Path, check: Any, **options: Any) -> Report:
    """What a format with this check says of a file."""

    class Strict:
        @hookimpl
        def register_formats(self, register: Any) -> None:
            register("strict", lambda _config, _ctx: None, traits=FormatTraits(uniform=False), check=check)

    manager.register(Strict(), "strict_house")
    return validate(path, format="strict", manager=manager, **options)


def test_a_rule_that_rows_break_in_several_ways_is_told_so(manager: PluginManager, tmp_path: Path) -> None:
    """Once for a line, however often it is broken there; what it said of other rows is named as well, a few times."""

    def roles(row: Any) -> Iterable[Problem]:
        for number, role in enumerate(row["roles"]):
            yield Problem(f"/roles/{number}", f"{role} is nobody", code="acme_role")

    path = lines(tmp_path / "a.jsonl", *({"roles": one} for one in (["bot"] * 3, [], ["bot", "cat", "dog", "cat"])))
    report = checked(manager, path, roles)
    (found,) = report.problems

    assert (found.count, found.lines, found.message) == (2, [1, 3], "/roles/0: bot is nobody")
    assert found.others == ["cat is nobody", "dog is nobody"]
    assert report.problems_total == 2


def test_problems_of_one_row_have_an_end(manager: PluginManager, tmp_path: Path) -> None:
    """A row with thousands of warnings says no more than one with a hundred; an error behind them counts."""

    def many(row: Any) -> Iterable[Problem]:
        for number in range(row["count"]):
            yield Problem("", "odd", code=f"acme_{number}", severity="warning")
        yield Problem("", "wrong", code="acme_wrong")

    report = checked(manager, lines(tmp_path / "a.jsonl", {"count": 5_000}), many, most=1_000)
    assert (report.warnings_total, report.problems_total) == (100, 1)
