"""Databases that are damaged, or hold what columns should not: rows, rejects, or an error that names the file."""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from tools import recipe, rows

from tuneport import Entity, Malformed, Partition, export
from tuneport.errors import SourceError, SourceNotFoundError
from tuneport_sources.sqlite import SqliteSource

DAMAGES = int(os.environ.get("TUNEPORT_DAMAGES", "200"))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A database with an index, a view, a table without rowid, and values that take more than a page."""
    path = tmp_path_factory.mktemp("sound") / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE faq (id INTEGER PRIMARY KEY, question TEXT, answer TEXT, votes INTEGER)")
        connection.execute("CREATE INDEX by_votes ON faq (votes)")
        connection.execute("CREATE TABLE keyed (name TEXT PRIMARY KEY, value) WITHOUT ROWID")
        connection.execute("CREATE VIEW liked AS SELECT question FROM faq WHERE votes > 3")
        posts = [(at, f"question {at} é", f"answer {at} " * (1 + at % 600), at % 7) for at in range(60)]
        connection.executemany("INSERT INTO faq VALUES (?, ?, ?, ?)", posts)
        connection.executemany("INSERT INTO keyed VALUES (?, ?)", [(f"k{at}", "v" * at) for at in range(60)])
        connection.commit()
    return path.read_bytes()


WAYS: tuple[Callable[[Path], SqliteSource], ...] = (
    SqliteSource,
    lambda path: SqliteSource(path, "faq"),
    lambda path: SqliteSource(path, "keyed"),
    lambda path: SqliteSource(path, "liked"),
    lambda path: SqliteSource(path, query="SELECT answer FROM faq ORDER BY votes"),
)


def damaged(sound: bytes, rng: Random) -> bytes:
    """Some bytes changed: of the header, of the catalogue or of any page; or the end cut off."""
    data = bytearray(sound)
    for _ in range(rng.choice((1, 1, 4, 50))):
        data[rng.randrange(rng.choice((100, 4096, len(data))))] = rng.randrange(256)
    return bytes(data[: rng.randrange(len(data))] if rng.random() < 0.1 else data)


def test_a_damaged_database_is_read_or_refused_in_words(
    sound: bytes, tmp_path: Path, figure: Callable[[str, object], None]
) -> None:
    """Whatever was changed, and whichever way it is asked: rows as far as they are sound, or an error with its name."""
    rng, ends = Random(DAMAGES), Counter[str]()  # noqa: S311  -- the same each time
    path = tmp_path / "broken.db"
    for _ in range(DAMAGES):
        path.write_bytes(damaged(sound, rng))
        for way in WAYS:
            ends[end_of(way(path))] += 1
    assert min(ends["read"], ends["refused"]) > DAMAGES // 10
    figure("damaged databases, each asked in five ways", DAMAGES)


def end_of(source: SqliteSource) -> str:
    """Read all there is; how that ended."""
    said = ""
    try:
        source.tables()
        source.info()
        all_of(source, 1 << 14)
    except (SourceError, SourceNotFoundError) as error:
        said = str(error)
    assert not said or "broken.db" in said
    return "refused" if said else "read"


def all_of(source: SqliteSource, target_bytes: int) -> list[Entity | Malformed]:
    """Every row, in ranges; one that is not UTF-8 as the reject that it is."""
    found: list[Entity | Malformed] = []
    partitions: list[Partition | None] = list(source.partitions(target_bytes))
    for partition in partitions or [None]:
        for batch in source.read(partition, None):
            assert len(batch.entities) + len(batch.malformed) > 0
            found += batch.entities
            found += batch.malformed
    return found


@pytest.fixture(scope="module")
def leaves(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A table of many small pages, so that each range of it ends within one."""
    path = tmp_path_factory.mktemp("leaves") / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA page_size = 512")
        connection.execute("CREATE TABLE faq (id INTEGER PRIMARY KEY, question, answer)")
        connection.executemany("INSERT INTO faq VALUES (?, ?, ?)", [(at, f"q{at}", f"a{at}" * 9) for at in range(600)])
        connection.commit()
    return path.read_bytes()


def a_few_bytes(data: bytes, rng: Random) -> bytes:
    """Bytes of a page's beginning, where its rows are listed, or of any place in it: of a rowid, say."""
    spoiled = bytearray(data)
    for _ in range(rng.choice((1, 1, 4))):
        page = rng.randrange(1, len(data) // 512) * 512
        at = page + rng.randrange(rng.choice((40, 512)))
        some = rng.randbytes(rng.choice((1, 2, 8)))
        spoiled[at : at + len(some)] = some
    return bytes(spoiled[: len(data)])


def test_no_row_of_a_damaged_table_is_left_out_unsaid(leaves: bytes, tmp_path: Path) -> None:
    """What one SELECT of it all gives is what its ranges give, or the table is refused: whatever the ranges' size."""
    rng, ends = Random(DAMAGES), Counter[bool]()  # noqa: S311  -- the same each time
    path = tmp_path / "broken.db"
    for at in range(DAMAGES):
        path.write_bytes(a_few_bytes(leaves, rng))
        source = SqliteSource(path, "faq")
        try:
            found = len(all_of(source, (1 << 20, 1 << 14, 1 << 11)[at % 3]))
        except SourceError:
            ends[False] += 1
            continue
        with closing(sqlite3.connect(path)) as connection:
            connection.text_factory = bytes
            assert found == len(connection.execute("SELECT * FROM faq").fetchall())
        ends[True] += 1
    assert min(ends[True], ends[False]) > DAMAGES // 10


ODD = {
    "a text in an integer column": ("'many'", "bad_type"),
    "an integer as text of many digits": ("'" + "9" * 60 + "'", "int_range"),
    "so many digits that SQLite makes them infinite": ("'" + "9" * 6000 + "'", "bad_type"),
    "bytes": ("x'00ff'", "bad_type"),
    "text that is no UTF-8": ("CAST(x'ff41' AS TEXT)", "bad_utf8"),
    "half a surrogate pair": ("CAST(x'eda080' AS TEXT)", "bad_utf8"),
    "infinity": ("9e999", "bad_type"),
    "a fraction": ("1.5", "bad_type"),
    "a number as text": ("'17'", ""),
    "a whole number as a fraction": ("17.0", ""),
    "nothing": ("NULL", ""),
}


@pytest.mark.parametrize("name", ODD)
def test_a_value_that_its_column_should_not_hold_is_a_reject(tmp_path: Path, name: str) -> None:
    """By its code, and its neighbours are exported: columns of SQLite take anything."""
    value, code = ODD[name]
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE faq (id INTEGER PRIMARY KEY, question TEXT, answer TEXT, votes INTEGER)")
        for number, votes in enumerate(("1", value, "3"), 1):
            connection.execute(f"INSERT INTO faq VALUES ({number}, 'Q{number}', 'An answer.', {votes})")  # noqa: S608
        connection.commit()
    asked = recipe(path, tmp_path / "out", export={"metadata_fields": {"votes": "integer"}})
    stats = export(asked).stats

    assert stats.rejects == ({code: 1} if code else {})
    found = [row["metadata"]["votes"] for row in rows(tmp_path / "out")]
    assert found == ([1, 3] if code else [1, None if value == "NULL" else 17, 3])
    for reject in (tmp_path / "out").glob("rejects/*"):
        assert json.loads(reject.read_text())["locator"] == "faq row 2"
