"""A sample database: a support forum, with everything in it that a real one gets wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random

from tuneport_sources import _phrases as phrases
from tuneport_sources._posts import Row, day, long_answer, post, votes

_SCHEMA = """
CREATE TABLE faq (
    id INTEGER PRIMARY KEY,
    thread_id INTEGER,
    customer_id INTEGER,
    question TEXT,
    context TEXT,
    answer TEXT,
    created_at TEXT,
    product TEXT,
    category TEXT,
    tags TEXT,
    upvotes
)
"""
_COLUMNS = (
    "thread_id",
    "customer_id",
    "question",
    "context",
    "answer",
    "created_at",
    "product",
    "category",
    "tags",
    "upvotes",
)
# A text that is bytes enters as TEXT all the same, UTF-8 or not; the answer alone may stay a BLOB.
_INSERT = f"INSERT INTO faq VALUES (NULL, {', '.join('?' * len(_COLUMNS))})"  # noqa: S608  -- question marks
_INSERT_SPOILED = _INSERT.replace("?, ?, ?, ?, ?", "?, ?, CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT)", 1)

_DUPLICATES = 0.057
_TOO_LONG = 9000
_POSTS_PER_THREAD = 3

Spoil = Callable[[Row, Random], None]


def write_sample(path: Path, rows: int = 3000, seed: int = 7) -> None:
    """Write a new database with one table, `faq`, of `rows` rows.

    The same rows and seed give the same bytes with the same version of SQLite.

    Args:
        path: where to; nothing may be there.
        rows: how many rows. In a few dozen there is not one of each oddity.
        seed: another seed, another forum.
    """
    rng = Random(seed)  # noqa: S311  -- invented posts; the point is that they can be made again
    path.touch(exist_ok=False)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA page_size = 4096")
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("BEGIN")
        connection.execute(_SCHEMA)
        for row in _rows(rows, rng):
            sql = _INSERT_SPOILED if row.pop("spoiled", False) else _INSERT
            connection.execute(sql, [row[column] for column in _COLUMNS])
        connection.execute("COMMIT")


def _rows(count: int, rng: Random) -> Iterator[Row]:
    rows = [post(rng) for _ in range(count - int(count * _DUPLICATES))]
    free = list(range(len(rows)))
    rng.shuffle(free)
    for share, spoil in _ODDITIES:
        for _ in range(int(count * share)):
            spoil(rows[free.pop()], rng)
    originals = [rows[position] for position in free]
    rows += [_again(rng.choice(originals or rows), rng) for _ in range(count - len(rows))]
    rng.shuffle(rows)
    for position, row in enumerate(rows):
        row["thread_id"] = 1 + position // _POSTS_PER_THREAD
    yield from rows


def _again(row: Row, rng: Random) -> Row:
    """Post the same question and answer once more, as somebody else."""
    return row | {"customer_id": rng.randint(1000, 1899), "created_at": day(rng), "upvotes": votes(rng)}


def _no_answer(row: Row, _rng: Random) -> None:
    row["answer"] = None


def _no_question(row: Row, _rng: Random) -> None:
    row["question"] = None


def _empty_answer(row: Row, _rng: Random) -> None:
    row["answer"] = ""


def _blank_answer(row: Row, rng: Random) -> None:
    row["answer"] = rng.choice(phrases.BLANKS)


def _short_answer(row: Row, rng: Random) -> None:
    row["answer"] = rng.choice(phrases.TOO_SHORT)


def _long_answer(row: Row, rng: Random) -> None:
    row["answer"] = long_answer(rng, _TOO_LONG)


def _not_utf8(row: Row, rng: Random) -> None:
    column = rng.choice(("question", "context", "answer"))
    row[column] = f"{row[column]} Größe: ".encode("latin-1", "replace") + b"\xff\xfe"
    row["spoiled"] = True


def _blob_answer(row: Row, rng: Random) -> None:
    row["answer"] = b"\x89PNG\r\n\x1a\n" + rng.randbytes(48)


def _endless_votes(row: Row, rng: Random) -> None:
    row["upvotes"] = rng.choice((float("inf"), float("-inf")))


def _negative_votes(row: Row, rng: Random) -> None:
    row["upvotes"] = -rng.randint(1, 40)


def _votes_as_text(row: Row, rng: Random) -> None:
    row["upvotes"] = str(rng.randint(0, 90))


def _no_votes(row: Row, _rng: Random) -> None:
    row["upvotes"] = None


def _no_date(row: Row, _rng: Random) -> None:
    row["created_at"] = None


def _future_date(row: Row, rng: Random) -> None:
    row["created_at"] = f"2030-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T09:00:00"


# Each row has at most one oddity. The second group is exported all the same.
_ODDITIES: tuple[tuple[float, Spoil], ...] = (
    (0.027, _no_answer),
    (0.014, _no_question),
    (0.020, _empty_answer),
    (0.014, _blank_answer),
    (0.036, _short_answer),
    (0.007, _long_answer),
    (0.009, _not_utf8),
    (0.008, _blob_answer),
    (0.008, _endless_votes),
    (0.013, _negative_votes),
    (0.020, _votes_as_text),
    (0.040, _no_votes),
    (0.014, _no_date),
    (0.008, _future_date),
)
