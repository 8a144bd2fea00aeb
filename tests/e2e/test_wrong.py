"""What tuneport says of mistakes: every transcript in `wrong/` is run as it stands there.

A transcript is what a person sees who types it. `$ cat FILE` shows a file that is there, other lines with `$` prepare
the folder, and the last one is the mistake, with all that it prints. `support.db`, `faq.jsonl` and `faq.csv` are in
every folder; `/here` is where it is.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec.json
import pytest

from tuneport.codes.runs import ERRORS
from tuneport.recipes.schema import Failed

FAQ = [
    {"id": n, "question": f"What is sign {n}?", "answer": f"It stands for number {n}.", "rating": n % 5, "upvotes": n}
    for n in range(1, 21)
]
_STEP = re.compile(r"^\$ ", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """A transcript: the files it shows, what prepares the folder, the last command, and what that prints."""

    files: dict[str, str]
    before: list[str]
    variables: dict[str, str]
    arguments: list[str]
    text: str

    @property
    def code(self) -> int:
        """The exit code, which is the last thing that is printed."""
        return int(self.text.rpartition("exit ")[2])

    def keeps(self, path: str) -> bool:
        """Whether a path is work that a next run goes on with."""
        return self.code == 65 and path.split("/")[0] == ".out.staging"


def case_of(transcript: str) -> Case:
    """Read a transcript, without its title."""
    files: dict[str, str] = {}
    before: list[str] = []
    *steps, last = _STEP.split(transcript)[1:]
    for step in steps:
        command, _, shown = step.partition("\n")
        if command.startswith("cat "):
            files[command.removeprefix("cat ")] = shown
        else:
            before.append(command)
    command, _, text = last.partition("\n")
    words = shlex.split(command)
    start = words.index("tuneport")
    return Case(files, before, dict(word.split("=", 1) for word in words[:start]), words[start + 1 :], text.strip("\n"))


def cases() -> dict[str, Case]:
    """Topic and title to transcript."""
    found = {}
    for path in sorted((Path(__file__).parent / "wrong").glob("*.txt")):
        for part in re.split(r"^# ", path.read_text(), flags=re.MULTILINE)[1:]:
            title, _, transcript = part.partition("\n")
            found[f"{path.stem}: {title}"] = case_of(transcript)
    return found


WRONG = cases()


def environment(**variables: str) -> dict[str, str]:
    """Ours, without what would change an answer, and with `tuneport` on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TUNEPORT_", "FAQ_"))}
    return {**kept, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}", **variables}


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files that every folder has."""
    place = tmp_path_factory.mktemp("samples")
    with sqlite3.connect(place / "support.db") as database:
        database.execute("CREATE TABLE faq(id INTEGER PRIMARY KEY, question, answer, rating INTEGER, upvotes INTEGER)")
        database.executemany("INSERT INTO faq VALUES(:id, :question, :answer, :rating, :upvotes)", FAQ)
        database.execute("CREATE TABLE tier(customer_id INTEGER PRIMARY KEY, factor REAL)")
    database.close()
    lines = [",".join(FAQ[0]), *(",".join(map(str, record.values())) for record in FAQ)]
    (place / "faq.csv").write_text("\n".join(lines) + "\n")
    (place / "faq.jsonl").write_text("".join(f"{json.dumps(record)}\n" for record in FAQ))
    return {path.name: path.read_bytes() for path in place.iterdir()}


def prepare(case: Case, folder: Path, samples: dict[str, bytes]) -> None:
    """Put into a folder what a transcript starts from."""
    for name, data in samples.items():
        (folder / name).write_bytes(data)
    for command in case.before:
        subprocess.run(["bash", "-c", command], cwd=folder, env=environment(), check=True, capture_output=True)
    for name, text in case.files.items():
        (folder / name).write_text(text)


def standing(folder: Path) -> dict[str, bytes]:
    """Every file and folder below one, with what it holds."""
    every = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {name: path.read_bytes() if path.is_file() else b"" for name, path in every.items()}


@dataclass(frozen=True)
class Answer:
    """What a transcript's last command answered, and what its folder held before and afterwards."""

    code: int
    out: str
    talk: str
    before: dict[str, bytes]
    after: dict[str, bytes]


def answers(place: Path, samples: dict[str, bytes], *more: str) -> dict[str, Answer]:
    """The answer to each transcript, with more options."""
    folders = {title: place / str(number) for number, title in enumerate(WRONG)}
    before = {}
    for title, folder in folders.items():
        folder.mkdir()
        prepare(WRONG[title], folder, samples)
        before[title] = standing(folder)
    asked = [(str(folders[title]), case.variables, [*case.arguments, *more]) for title, case in WRONG.items()]
    runner = [sys.executable, str(Path(__file__).with_name("wrong_runner.py"))]
    ran = subprocess.run(
        runner, input=json.dumps(asked), env=environment(), capture_output=True, text=True, encoding="utf-8", check=True
    )
    # A service that ends in a transcript has ended one day.
    said = re.sub(r"(note  \w+) ended on ", r"\1 ends on ", ran.stdout)
    told = dict(zip(WRONG, said.splitlines(), strict=True))
    found = {}
    for title, folder in folders.items():
        code, out, talk = json.loads(told[title].replace(str(folder), "/here"))
        found[title] = Answer(code, out, talk, before[title], standing(folder))
    return found


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory, samples: dict[str, bytes]) -> dict[str, Answer]:
    """What a person is told."""
    return answers(tmp_path_factory.mktemp("texts").resolve(), samples)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory, samples: dict[str, bytes]) -> dict[str, Answer]:
    """What a script is told."""
    return answers(tmp_path_factory.mktemp("documents").resolve(), samples, "--json")


@pytest.mark.parametrize("title", WRONG)
def test_a_mistake_is_answered(title: str, texts: dict[str, Answer]) -> None:
    """With exactly this text and exit code, and nothing is written but work that a next run goes on with."""
    case, answer = WRONG[title], texts[title]

    # That the answer is no, which is exit code 1, is an answer: it stands on stdout, and no error beside it.
    said, other = (f"{answer.out}\nexit 1", answer.talk) if answer.code == 1 else (answer.talk, answer.out)
    assert said.strip("\n") == case.text
    assert (answer.code, other) == (case.code, "")
    assert {path: data for path, data in answer.after.items() if not case.keeps(path)} == answer.before


@pytest.mark.parametrize("title", WRONG)
def test_a_script_is_told_the_same(title: str, documents: dict[str, Answer]) -> None:
    """With --json stdout is one document with the same code, text, fix and places, and stderr has notes at most."""
    case, answer = WRONG[title], documents[title]
    document = json.loads(answer.out)

    assert answer.code == case.code
    assert all(line.startswith("note  ") for line in answer.talk.splitlines())
    if case.code == 1:
        assert document["ok"] is False
        return
    error = msgspec.json.decode(answer.out, type=Failed).error
    told = "\n".join(part for part in (error.message, error.hint) if part)
    assert case.text.endswith(f"{told}\n\nexit {case.code}")
    assert error.code in {meaning.code for meaning in ERRORS}
    assert (error.code == "recipe") == bool(error.problems)
    for problem in error.problems:
        place = f"  {problem.line}:{problem.column} " if problem.line else ""
        parts = (place, *problem.path.split(" ", maxsplit=1), problem.message, problem.hint)
        assert all(part in case.text for part in parts)


def test_rows_and_a_document_do_not_share_stdout(tmp_path: Path, samples: dict[str, bytes]) -> None:
    """--json is refused where rows go to stdout, whether a flag or the recipe says so."""
    (tmp_path / "faq.jsonl").write_bytes(samples["faq.jsonl"])
    (tmp_path / "faq.toml").write_text('source = "faq.jsonl"\noutput = "-"\n')
    for arguments in (["faq.toml"], ["faq.jsonl", "--to", "-"]):
        command = [sys.executable, "-m", "tuneport", "export", *arguments, "--json"]
        ran = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, check=False)

        assert ran.returncode == 2
        assert "both want stdout" in msgspec.json.decode(ran.stdout, type=Failed).error.message


def test_every_exit_code_of_a_mistake_is_shown() -> None:
    """The transcripts are many, and show each code that a wrong command or recipe can end with."""
    assert len(WRONG) > 100
    assert {case.code for case in WRONG.values()} == {1, 2, 65, 66, 69, 70, 73, 74, 77, 78}
