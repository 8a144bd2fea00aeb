"""`tuneport preview` as people meet it: records beside their rows, the plan, and a next command that works."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tools import rows

from tuneport.commands.previewed import columns, shorten

ANSWER = "An answer that is long enough to be kept."
PLUGIN = """
from tuneport import Reject, hookimpl

@hookimpl
def register_formats(register):
    def picky(sample):
        return Reject("too_picky", "Cannot say that") if "picky" in sample.text else {"text": sample.text}
    register("picky", lambda config, ctx: picky)
"""


def tuneport(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run one command line."""
    command = [sys.executable, "-W", "error", "-m", "tuneport", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False)


def shown(*arguments: str, cwd: Path) -> str:
    """What a preview says."""
    ran = tuneport("preview", *arguments, cwd=cwd)
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout


def following(text: str) -> list[str]:
    """The arguments of the next command."""
    last = text.rstrip("\n").rpartition("\n")[2]
    assert last.startswith("next  tuneport export ")
    return shlex.split(last)[2:]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample database and its recipe; nothing else is ever in it."""
    place = tmp_path_factory.mktemp("preview")
    assert tuneport("demo", "--rows", "300", cwd=place).returncode == 0
    return place / "demo"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with records of each kind, and a plugin."""
    records: list[dict[str, Any] | str] = [
        {"id": "a", "question": "A picky\nquestion?", "answer": f"{ANSWER} {'x' * 1500}", "votes": 1},
        {"id": "b", "question": "?", "answer": "yes"},
        "{not json",
        {"id": "d", "question": "What is \u001b[31mred?", "answer": "很长的答案" * 40, "votes": 3, "e": "", "n": None},
        {
            "id": "a-key-that-is-wider-than-any-column",
            "question": "A picky\nquestion?",
            "answer": f"{ANSWER} {'x' * 1500}",
        },
    ]
    texts = [one if isinstance(one, str) else json.dumps(one) for one in records]
    (tmp_path / "in.jsonl").write_text("\n".join(texts) + "\n")
    (tmp_path / "faq.toml").write_text('source = "in.jsonl"\nexport.formats = ["tuneport", "acme:picky"]\n')
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins/tuneport_acme_picky.py").write_text(PLUGIN)
    manifest = {"name": "acme", "version": "1", "module": "tuneport_acme_picky", "provides": {"formats": ["picky"]}}
    (tmp_path / "plugins/plugin.json").write_text(json.dumps(manifest))
    assert tuneport("plugins", "lock", "plugins", cwd=tmp_path).returncode == 0
    return tmp_path


def test_the_demo_beside_its_rows(demo: Path) -> None:
    """The first record, field by field, its row below it, the plan, and the command that exports; nothing is made."""
    text = shown("faq.toml", "-n", "2", cwd=demo)
    before, _, after = text.partition("\n\n  reads ")

    assert text.startswith("support.db, table faq, about 300 records\n\n1   id           1\n    thread_id    1\n")
    assert ' -> tuneport  {"instruction":"' in before
    assert "\n2   id           2\n" in before
    assert "\n3 " not in before
    assert " more characters" in before
    assert all(columns(line) <= 100 for line in before.splitlines())
    assert "  weightings  jsonl_llm:field x jsonl_llm:length x jsonl_llm:freshness\n" in after
    assert "  weights     tuneport: weight column; our trainer reads it\n" in after
    assert after.endswith("\n\nnothing written\n\nnext  tuneport export faq.toml\n")
    assert {path.name for path in demo.iterdir()} == {"support.db", "faq.toml"}


def test_all_of_the_demo_is_what_its_export_writes(demo: Path, tmp_path: Path) -> None:
    """Rows from a database, in one JSON document, are those of the published file."""
    document = json.loads(shown("faq.toml", "-n", "300", "--json", cwd=demo))
    out = tmp_path / "out.jsonl"
    dry = json.loads(tuneport("export", "faq.toml", "--dry-run", "--json", cwd=demo).stdout)
    assert tuneport("export", "faq.toml", "--to", str(out), cwd=demo).returncode == 0

    assert set(document) == {"plan", "items", "notes"}
    assert [row for item in document["items"] for row in item["rows"].get("tuneport", [])] == rows(out)
    assert len(document["items"]) == 300
    assert [document["items"][0][name] for name in ("key", "locator")] == ["1", "faq row 1"]
    assert document["plan"]["now"].startswith(dry["pinned"]["now"].removesuffix("Z"))


def test_the_document_is_the_same_in_every_process(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What formats can express is a matter of sets, which have another order in each."""
    flags = ["faq.toml", "-n", "1", "--format", "tuneport", "--format", "trl", "--format", "openai", "--json"]
    documents = set()
    for seed in "123":
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        documents.add(shown(*flags, cwd=demo))

    assert len(documents) == 1
    assert json.loads(documents.pop())["plan"]["traits"]["openai"]["kinds"] == ["chat", "instruction", "preference"]


def test_flags_are_those_of_export_and_of_the_next_command(demo: Path, tmp_path: Path) -> None:
    """Table, mapping, condition and limit hold; the next command makes what was shown."""
    flags = [
        "--table",
        "faq",
        "--map",
        "instruction=question,output=answer",
        "--set",
        "export.where=upvotes >= 10",
        "--limit",
        "40",
    ]
    text = shown(str(demo / "support.db"), *flags, "-n", "50", cwd=tmp_path)
    document = json.loads(shown(str(demo / "support.db"), *flags, "-n", "50", "--json", cwd=tmp_path))
    outcomes = [item["outcome"] for item in document["items"]]
    arguments = following(text)
    ran = tuneport(*arguments, cwd=tmp_path)

    assert "-> where  Does not hold: upvotes >= 10   (where)" in text
    assert "  where       (upvotes >= 10)\n" in text
    assert len(outcomes) == 40
    assert arguments[-2:] == ["--to", "out"]
    assert (ran.returncode, ran.stderr) == (0, "")
    assert len(rows(tmp_path / "out")) == outcomes.count("exported") > 0


def test_where_chooses_the_records_to_look_at(demo: Path) -> None:
    """--where shows records wherever they stand, and is not part of the next command; unknown fields are told."""
    text = shown("faq.toml", "--where", "id in [17, 230]", cwd=demo)
    wrong = tuneport("preview", "faq.toml", "--where", "idd == 17", cwd=demo)

    assert re.findall(r"^(\d+) +id +\d+$", text, re.MULTILINE) == ["17", "230"]
    assert text.endswith("next  tuneport export faq.toml\n")
    assert wrong.returncode == 78
    assert 'did you mean "id"?' in wrong.stderr


def test_each_outcome_is_told_in_words(folder: Path) -> None:
    """Refused by one format, filtered, unreadable and duplicate: the stage, the code, and the sentence."""
    text = shown("faq.toml", "--plugin-dir", "plugins", cwd=folder)
    said = text.splitlines()

    assert ' -> tuneport  {"instruction":"A picky\\nquestion?",' in text
    assert " -> picky     refused: acme:too_picky  Cannot say that   (acme:picky)" in text
    assert " -> text_too_short  Text too short (3 chars)   (jsonl_llm:length)" in text
    assert "in.jsonl:3\n" in text
    assert " -> bad_json  Not JSON: " in text
    assert " -> duplicate  Same content as an earlier record   (admit)" in text
    assert "a-key-that-is-wider-than-any-column\n" in text
    assert all(columns(line) <= 100 for line in said[: said.index("nothing written")])
    assert "\u001b" not in text
    assert 'e         ""' in text
    assert "n         null" in text
    assert following(text) == ["export", "faq.toml", "--plugin-dir", "plugins", "--to", "out"]
    assert tuneport(*following(text), cwd=folder).returncode == 0


def test_weights_over_a_few_records_are_told(folder: Path) -> None:
    """With the reason, on the terminal and in the document."""
    flags = ["in.jsonl", "-n", "2", "--set", 'export.weighting={weight_field="votes",normalize="minmax"}']
    note = "weights are over these 2 records only: jsonl_llm:field needs the values of all samples"

    assert f"\n\nnote  {note}\n\nnothing written\n" in shown(*flags, cwd=folder)
    assert json.loads(shown(*flags, "--json", cwd=folder))["notes"] == [note]


def test_an_existing_target_is_no_error_and_problems_are(folder: Path) -> None:
    """What stands at the output path stays; a recipe that is wrong ends as it does in export."""
    (folder / "out").mkdir()
    (folder / "out/mine").write_text("mine")
    (folder / "named.toml").write_text('source = "in.jsonl"\noutput = "out"\n')
    (folder / "wrong.toml").write_text('source = "in.jsonl"\nexport.stile = "x"\n')
    before = sorted(folder.rglob("*"))
    text = shown("named.toml", cwd=folder)
    wrong = tuneport("preview", "wrong.toml", "--json", cwd=folder)

    assert following(text) == ["export", "named.toml"]
    assert (folder / "out/mine").read_text() == "mine"
    assert sorted(folder.rglob("*")) == before
    assert wrong.returncode == 78
    assert json.loads(wrong.stdout)["error"]["code"] == "recipe"
    assert "export.stile" in json.loads(wrong.stdout)["error"]["message"]
    assert tuneport("preview", "in.jsonl", "-n", "0", cwd=folder).returncode == 2
    assert tuneport("preview", "gone.jsonl", cwd=folder).returncode == 66


def test_nothing_to_show_is_told(tmp_path: Path) -> None:
    """A source without records has a plan all the same; -q says nothing."""
    (tmp_path / "in.jsonl").write_text("\n")

    assert "\nno records\n\n  reads " in shown("in.jsonl", cwd=tmp_path)
    assert shown("in.jsonl", "-q", cwd=tmp_path) == ""


def test_many_fields_are_cut_but_for_those_that_are_read(tmp_path: Path) -> None:
    """A wide table shows what the run reads, and how many fields there are besides."""
    record = {**{f"f{n}": n for n in range(60)}, "id": 1, "question": "What?", "answer": ANSWER}
    (tmp_path / "in.jsonl").write_text(json.dumps(record) + "\n")
    text = shown("in.jsonl", cwd=tmp_path)

    assert "question  What?" in text
    assert "f20 " in text
    assert "f21 " not in text
    assert "and 39 more fields" in text


@pytest.mark.parametrize(
    ("text", "room", "line"),
    [
        ("short", 5, "short"),
        ("a\nb\tc", 7, "a\\nb\\tc"),
        ("x" * 1300, 40, "x" * 14 + "..., 1,286 more characters"),
        ("\n" * 100, 40, "\\n" * 8 + "..., 92 more characters"),
        ("长" * 100, 40, "长" * 8 + "..., 92 more characters"),
        ("长" * 20, 40, "长" * 20),
        ("x" * 50, 10, "50 characters"),
        ("", 5, ""),
    ],
)
def test_long_texts_are_shortened_by_columns(text: str, room: int, line: str) -> None:
    """To what fits, with the number of characters that were left out."""
    assert shorten(text, room) == line
