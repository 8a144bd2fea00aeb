"""`tuneport validate` as people and scripts meet it: texts, streams and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tools import recipe

from tuneport import export


def tuneport(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run one command line."""
    command = [sys.executable, "-m", "tuneport", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.fixture
def out(faq: Path) -> Path:
    """A published dataset, in the folder that commands run in."""
    export(recipe(faq, faq.parent / "out"))
    return faq.parent / "out"


def test_a_right_dataset_is_one_line(out: Path) -> None:
    """What was counted, what it is, and that nothing changed."""
    ran = tuneport("validate", "out", "--no-load", cwd=out.parent)
    manifest = json.loads((out / "manifest.json").read_text())

    rows = manifest["formats"]["tuneport"]["ledger"]["rows"]
    files = sum(path.is_file() for path in out.rglob("*"))
    assert ran.stdout.splitlines()[0] == (
        f"out: {rows:,} rows in 1 format, {files} files, digest {manifest['digest'][:8]}: all as it was written"
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_damaged_dataset_names_the_file(out: Path) -> None:
    """Exit code 1, the verdict, and below it each file with what is wrong."""
    (out / "README.md").write_text("nothing")
    (out / "x.txt").touch()
    ran = tuneport("validate", "out", "--no-load", cwd=out.parent)

    assert ran.returncode == 1
    assert ran.stdout.startswith("out: 2 problems in 1,")
    assert "\n  README.md\n" in ran.stdout
    assert "  is not what was written: SHA256SUMS has another digest of it   [changed]\n" in ran.stdout
    assert ran.stdout.endswith("remove it\n")


def test_equal_problems_take_one_line(tmp_path: Path) -> None:
    """Many equal problems are one line with the first lines and the code, the fix below; one alone names its line."""
    good, bad = '{"a": "x", "weight": 1.0}\n', '{"a": "x", "weight": 1}\n'
    (tmp_path / "a.jsonl").write_text(good * 2 + bad + good * 4 + bad * 17_203 + "{\n")
    ran = tuneport("validate", "a.jsonl", cwd=tmp_path)

    assert ran.returncode == 1
    assert ran.stdout.splitlines() == [
        "a.jsonl: 17,205 problems in 17,211 rows",
        "",
        "    17,204 lines  weight is an integer, 1.0 is wanted   first: 3, 8, 9   [integer_among_floats]",
        "                  write weights as floats: 1.0",
        "     line 17,211  not JSON: expecting property name enclosed in double quotes at column 2   [bad_json]",
    ]


def test_warnings_leave_the_answer_yes(tmp_path: Path) -> None:
    """What loads, but may not be meant, is told with exit code 0."""
    (tmp_path / "a.jsonl").write_text('{"messages": [{"role": "user", "content": "Q"}]}\n')
    ran = tuneport("validate", "a.jsonl", cwd=tmp_path)

    assert ran.returncode == 0
    assert ran.stdout.splitlines()[0] == "a.jsonl: 1 row: all alike, strict JSON; 1 warning"
    assert "warning: the last turn" in ran.stdout


def test_more_problems_than_are_listed(tmp_path: Path) -> None:
    """What is left out of the list is counted."""
    keys = "".join(json.dumps({f"k{n}": 1}) + "\n" for n in range(300))
    (tmp_path / "a.jsonl").write_text(keys)
    ran = tuneport("validate", "a.jsonl", cwd=tmp_path)

    assert ran.stdout.startswith("a.jsonl: 598 problems in 300 rows\n")
    assert "others, not listed\n" in ran.stdout


def test_json_is_one_document(out: Path) -> None:
    """--json prints the report, right or wrong, and on failure the error; nothing else."""
    right = tuneport("validate", "out", "--no-load", "--json", cwd=out.parent)
    (out / "stats.json").unlink()
    wrong = tuneport("validate", "out", "--no-load", "--json", cwd=out.parent)
    missing = tuneport("validate", "nowhere", "--json", cwd=out.parent)

    report = json.loads(right.stdout)
    assert (right.returncode, report["ok"], report["kind"], report["problems"]) == (0, True, "dataset", [])
    report = json.loads(wrong.stdout)
    assert (wrong.returncode, report["ok"], report["problems_total"]) == (1, False, 1)
    assert report["problems"][0]["file"] == "stats.json"
    assert json.loads(missing.stdout)["error"]["code"] == "source_not_found"
    assert {right.stderr, wrong.stderr, missing.stderr} == {""}


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["nowhere.jsonl"], 66, "does not exist"),
        (["."], 66, "no manifest.json, and no latest/manifest.json"),
        (["faq.csv"], 2, "cannot tell from its name"),
        ([], 2, "Missing argument"),
        (["faq.jsonl", "--schema", "nowhere.json"], 78, "nowhere.json"),
        ([f"{'n' * 300}.jsonl"], 69, "cannot read"),
    ],
)
def test_what_cannot_be_checked_has_its_exit_code(arguments: list[str], code: int, text: str, faq: Path) -> None:
    """Each failure has its exit code and says what was looked for, without a traceback."""
    (faq.parent / "faq.csv").touch()
    ran = tuneport("validate", *arguments, cwd=faq.parent)

    assert ran.returncode == code, ran.stderr
    assert text in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""


def test_a_schema_judges_a_file(tmp_path: Path) -> None:
    """--schema finds what does not fit."""
    (tmp_path / "s.json").write_text('{"properties": {"a": {"type": "integer"}}}')
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n')
    (tmp_path / "b.jsonl").write_text('{"a": "x"}\n')

    assert tuneport("validate", "a.jsonl", "--schema", "s.json", cwd=tmp_path).returncode == 0
    assert tuneport("validate", "b.jsonl", "--schema", "s.json", cwd=tmp_path).returncode == 1


def test_what_else_a_rule_said_is_told(tmp_path: Path) -> None:
    """Two roles that are unknown are both named, with the code that `explain` knows, and a limit is of the file."""
    roles = ("bot", "bot", "cat", "dog", "cow", "ant")
    turns = [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]
    rows = [{"messages": [{"role": role, "content": "Hm."}, *turns]} for role in roles]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    text = tuneport("validate", "a.jsonl", "--format", "openai", cwd=tmp_path).stdout

    assert '  6 lines  /messages/0/role: "bot" is nobody who may speak   first: 1, 2, 3   [unknown_role]\n' in text
    assert '  also: "cat" is nobody who may speak; "dog" is nobody who may speak; and more\n' in text
    assert "  the file  6 rows, and openai wants 10 at least   [too_few_rows]\n" in text
    assert "        export more records\n" in text
    assert tuneport("explain", "unknown_role", cwd=tmp_path).returncode == 0
