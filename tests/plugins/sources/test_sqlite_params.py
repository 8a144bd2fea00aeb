"""SQLite databases: values for a query are bound, never part of its text."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tuneport.errors import SourceError
from tuneport_sources.sqlite import SqliteConfig, SqliteSource


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small database."""
    found = tmp_path / "support.db"
    with closing(sqlite3.connect(found)) as connection:
        connection.execute("CREATE TABLE faq (id INTEGER PRIMARY KEY, product TEXT, day TEXT)")
        connection.executemany(
            "INSERT INTO faq VALUES (?, ?, ?)", [(1, "mail", "2025-12-31"), (2, "wiki", "2026-01-01"), (3, None, None)]
        )
        connection.commit()
    return found


def read(path: Path, query: str, **params: Any) -> list[list[object]]:
    """The rows of a query."""
    source = SqliteSource(path, query=query, params=params)
    return [list(entity.values()) for batch in source.read(None, None) for entity in batch.entities]


@pytest.mark.parametrize(
    ("query", "params", "ids"),
    [
        ("SELECT id FROM faq WHERE product = :product", {"product": "mail"}, [1]),
        ("SELECT id FROM faq WHERE day >= :since AND day >= :since", {"since": "2026-01-01"}, [2]),
        ("SELECT id FROM faq WHERE product IS :product", {"product": None}, [3]),
        ("SELECT id FROM faq WHERE (id > 1) = :late", {"late": True}, [2, 3]),
        ("SELECT id FROM faq WHERE id < :most ORDER BY id LIMIT :count", {"most": 2.5, "count": 1}, [1]),
        ("SELECT id FROM faq WHERE product = @product -- or :this", {"product": "wiki"}, [2]),
        ("SELECT id FROM faq WHERE product <> ':that' AND product = $größe", {"größe": "wiki"}, [2]),
    ],
)
def test_values_are_bound(path: Path, query: str, params: dict[str, Any], ids: list[int]) -> None:
    """Each value arrives as what it is; what stands in texts and comments is no parameter."""
    source = SqliteSource(path, query=query, params=params)
    assert source.info().title == "support.db, query"
    assert source.info().revision is not None
    assert [entity["id"] for entity in source.importEntities()] == ids
    assert [entity for batch in source.read(None, frozenset({"no"})) for entity in batch.entities] == [{}] * len(ids)


INJECTIONS = [
    "' OR 1 = 1 --",
    "mail'; DROP TABLE faq; --",
    "mail' UNION SELECT sql FROM sqlite_master --",
    ":id",
    "\0",
    "",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_a_value_cannot_become_sql(path: Path, text: str) -> None:
    """What would be another query if it were pasted is a text like any other."""
    before = path.read_bytes()
    assert read(path, "SELECT id FROM faq WHERE product = :product", product=text) == []
    assert path.read_bytes() == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=st.text() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.none()
)
def test_any_value_comes_back(path: Path, value: Any) -> None:
    """A value that is selected is the value that was given."""
    assert SqliteConfig(path=path, query="SELECT :v", params={"v": value}).params == {"v": value}
    assert read(path, "SELECT :v", v=value) == [[value]]


@pytest.mark.parametrize(
    ("query", "params", "said", "hint"),
    [
        ("SELECT :since, :until", {"since": 1}, "no value for :until", "known: since"),
        ("SELECT :sinc", {"since": 1}, "no value for :sinc", 'did you mean "since"?'),
        ("SELECT :a, :b", {}, "no value for :a, :b", "give it one: params.a"),
        ("SELECT id FROM faq LIMIT :n", {}, "no value for :n", "params.n"),
        ("SELECT :since", {"since": 1, "until": 2}, "does not use params.until", "known: since"),
        ("SELECT ':since'", {"since": 1}, "does not use params.since", "write :since where"),
        ("SELECT id FROM faq WHERE id = ?", {"id": 1}, "a parameter in it has no name", ":name"),
        ("SELECT id FROM faq WHERE id = ?", {}, "a parameter in it has no name", ":name"),
        ("SELECT id FROM faq WHERE id = ?1", {"id": 1}, "a parameter in it has no name", ":name"),
        ("SELEC :id", {"id": 1}, "syntax error", "one SELECT"),
    ],
)
def test_names_have_to_match(path: Path, query: str, params: dict[str, Any], said: str, hint: str) -> None:
    """A name on one side only is an error that lists it and what the other side has, before anything is read."""
    with pytest.raises(SourceError) as caught:
        SqliteSource(path, query=query, params=params).info()
    assert said in caught.value.message
    assert caught.value.message.startswith("support.db, query")
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"params": {"since": 1}}, "params are for a query, and there is none that asks for since"),
        ({"table": "faq", "params": {"since": 1}}, "params are for a query"),
        ({"query": "SELECT :n", "params": {"n": 2**63}}, "params.n is an integer of more than 64 bits"),
        ({"query": "SELECT :n", "params": {"n": "\ud800"}}, "params.n is no Unicode text"),
        ({"query": "SELECT :n", "params": {"n": float("inf")}}, "finite number"),
        ({"query": "SELECT :n", "params": {"n": [1]}}, "params.n"),
    ],
)
def test_configuration_that_makes_no_sense_is_refused(settings: dict[str, Any], said: str) -> None:
    """Parameters without a query, and values that SQLite cannot hold."""
    with pytest.raises(ValidationError, match=said):
        SqliteConfig.model_validate({"path": "a.db", **settings})


def test_a_query_that_looks_at_the_clock_is_found_with_parameters(path: Path) -> None:
    """Parameters do not hide that rows cannot be read a second time."""
    query = "SELECT id FROM faq WHERE day < datetime(:at)"
    assert SqliteSource(path, query=query, params={"at": "now"}).info().revision is None
