"""The sample database: the same every time, with enough of everything that goes wrong in a real one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tuneport_sources.sample import write_sample
from tuneport_sources.sqlite import SqliteSource

CASES = {
    "null answer": "answer IS NULL",
    "null question": "question IS NULL",
    "empty answer": "answer = ''",
    "blank answer": "typeof(answer) = 'text' AND answer <> '' AND trim(answer, ' ' || char(9, 10, 13, 12288)) = ''",
    "short answer": "typeof(answer) = 'text' AND trim(answer) <> '' AND length(answer) < 10",
    "long answer": "typeof(answer) = 'text' AND length(answer) > 8192",
    "blob answer": "typeof(answer) = 'blob'",
    "votes without end": "upvotes IN (9e999, -9e999)",
    "negative votes": "typeof(upvotes) = 'integer' AND upvotes < 0",
    "votes as text": "typeof(upvotes) = 'text'",
    "no votes": "upvotes IS NULL",
    "no date": "created_at IS NULL",
    "future date": "created_at >= '2030'",
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample as `demo` writes it."""
    path = tmp_path_factory.mktemp("sample") / "support.db"
    write_sample(path)
    return path


@pytest.fixture
def connection(sample: Path) -> Iterator[sqlite3.Connection]:
    """The sample, open."""
    with closing(sqlite3.connect(sample)) as found:
        yield found


def count(connection: sqlite3.Connection, condition: str) -> int:
    """Count the rows for which this is so."""
    found: int = connection.execute(f"SELECT count(*) FROM faq WHERE {condition}").fetchone()[0]  # noqa: S608
    return found


def test_the_same_seed_gives_the_same_bytes(sample: Path, tmp_path: Path) -> None:
    """Rows and seed decide every byte of the file; another seed gives another file."""
    write_sample(tmp_path / "again.db")
    write_sample(tmp_path / "other.db", seed=8)
    assert (tmp_path / "again.db").read_bytes() == sample.read_bytes()
    assert (tmp_path / "other.db").read_bytes() != sample.read_bytes()


def test_nothing_is_left_beside_it(sample: Path) -> None:
    """The sample is one file, without a journal."""
    assert [path.name for path in sample.parent.iterdir()] == ["support.db"]


@pytest.mark.parametrize("case", CASES)
def test_every_oddity_is_there_often_enough(connection: sqlite3.Connection, case: str) -> None:
    """Each planted case has 20 rows or more, and none so many that it hides the rest."""
    assert 20 <= count(connection, CASES[case]) <= 150


def test_some_texts_are_not_utf8(sample: Path) -> None:
    """At least 20 rows are refused for their encoding, in each of the three text columns."""
    bad = [bad for batch in SqliteSource(sample).read(None, None) for bad in batch.malformed]
    assert 20 <= len(bad) <= 120
    assert {problem.reason for problem in bad} == {
        f"Field '{name}' is not UTF-8" for name in ("question", "context", "answer")
    }


def test_duplicates_are_planted_and_none_happen(sample: Path) -> None:
    """Between 150 and 180 good rows repeat another's question, context and answer, with an id of their own."""
    seen: dict[tuple[str, str, str], int] = {}
    for batch in SqliteSource(sample).read(None, None):
        for row in batch.entities:
            if row["question"] and isinstance(row["answer"], str) and len(row["answer"]) >= 10:
                content = (row["question"], row["context"], row["answer"])
                seen[content] = seen.get(content, 0) + 1
    assert 150 <= sum(seen.values()) - len(seen) <= 180
    assert max(seen.values()) <= 5


def test_oddities_are_spread(connection: sqlite3.Connection) -> None:
    """Repeated posts and posts without an answer stand in every fifth of the table."""
    again = "id IN (SELECT max(id) FROM faq WHERE question IS NOT NULL GROUP BY question, answer HAVING count(*) > 1)"
    for fifth in range(5):
        here = f"(id - 1) / 600 = {fifth}"
        assert count(connection, f"{here} AND answer IS NULL") > 5
        assert count(connection, f"{here} AND {again}") > 0


def test_most_rows_are_good(sample: Path, connection: sqlite3.Connection) -> None:
    """About 2,400 of 3,000 rows have a unique, readable question and answer of fair length and a finite vote."""
    assert count(connection, "1") == 3000
    good = set()
    for batch in SqliteSource(sample).read(None, None):
        for row in batch.entities:
            answer = row["answer"]
            fair = isinstance(answer, str) and 10 <= len(answer.strip()) <= 8192
            if row["question"] and fair and row["upvotes"] not in (float("inf"), float("-inf")):
                good.add((row["question"], row["context"], answer))
    assert 2350 <= len(good) <= 2450


def test_votes_and_dates_look_like_a_forum(connection: sqlite3.Connection) -> None:
    """Almost half of the posts have no vote, a few have very many, and dates run over two and a half years."""
    assert 0.38 < count(connection, "upvotes = 0") / 3000 < 0.48
    assert count(connection, "typeof(upvotes) = 'integer' AND upvotes > 100") >= 10
    first, last = connection.execute(
        "SELECT min(created_at), max(created_at) FROM faq WHERE created_at < '2030'"
    ).fetchone()
    assert first < "2024-06-15"
    assert "2026-11-01" < last <= "2026-11-15T23:59:59"


def test_many_scripts_and_awkward_characters_occur(sample: Path) -> None:
    """Japanese, Arabic, accents, emoji, U+2028, quotes, tabs, newlines and backslashes all occur."""
    text = "".join(
        f"{row['question']}{row['context']}{row['answer']}"
        for batch in SqliteSource(sample).read(None, None)
        for row in batch.entities
    )
    assert set("設فäî\U0001f64f\u2028\"'\t\n\\<&“") <= set(text)


@pytest.mark.parametrize("rows", [1, 2, 17, 400])
def test_any_number_of_rows_can_be_made(tmp_path: Path, rows: int) -> None:
    """A sample of any size has exactly that many rows."""
    write_sample(tmp_path / "s.db", rows=rows)
    with closing(sqlite3.connect(tmp_path / "s.db")) as connection:
        assert count(connection, "1") == rows


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A file that stands there is left alone."""
    path = tmp_path / "s.db"
    path.write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        write_sample(path)
    assert path.read_bytes() == b"mine"
