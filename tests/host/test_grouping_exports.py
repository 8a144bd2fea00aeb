"""Exports of conversations that stand in rows: what recipes say, what is counted, and what a killed run ends in."""

from __future__ import annotations

import gzip
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools import NOW, Killed, Mortal, rows, tree

import tuneport
from tuneport.errors import RecipeError
from tuneport.runs import Sizes, execute, plan_export
from tuneport.runs.storage import Storage

GROUP = {"by": "chat_id", "order_by": "sent_at", "role_field": "sender", "content_field": "text"}
SMALL = Sizes(part_bytes=5_000, part_entities=20, savepoint_bytes=5_000)


def turns(count: int, chats: int) -> list[dict[str, Any]]:
    """Rows of conversations in turn, of which some end with a question."""
    return [
        {
            "id": number,
            "chat_id": f"c{number % chats}",
            "sender": "assistant" if number // chats % 2 else "user",
            "text": f"Turn {number} of {number % chats}",
            "sent_at": number,
            "topic": f"t{number % chats % 3}",
        }
        for number in range(count)
    ]


def write(path: str, lines: list[Any]) -> str:
    """Rows as JSON lines; a text is a line as it is."""
    text = "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in lines).encode()
    Path(path).write_bytes(gzip.compress(text, mtime=0) if path.endswith(".gz") else text)
    return path


def database(name: str, lines: list[dict[str, Any]]) -> str:
    """Rows as a table."""
    with sqlite3.connect(name) as connection:
        connection.execute("CREATE TABLE turns (id, chat_id, sender, text, sent_at, topic)")
        connection.executemany("INSERT INTO turns VALUES (?, ?, ?, ?, ?, ?)", [tuple(one.values()) for one in lines])
    connection.close()
    return name


def asked(path: Any, output: str = "out", export: dict[str, Any] | None = None, **source: Any) -> dict[str, Any]:
    """A recipe over rows of conversations."""
    return {
        "source": {"path": path, "style": "chat_completion", "group": GROUP, **source},
        "export": export or {},
        "output": {"path": output, "index": True},
        "run": {"now": NOW},
    }


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def rejected(folder: str) -> list[dict[str, Any]]:
    """What was left out, in order."""
    files = sorted(Path(folder, "rejects").iterdir())
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_sorted_or_not_the_rows_are_the_same_bytes() -> None:
    """One conversation held, or all of them: the same dataset, whatever order the rows stand in."""
    lines = turns(402, 100)
    write("mixed.jsonl", lines)
    write("sorted.jsonl", sorted(lines, key=lambda line: int(line["chat_id"][1:])))
    mixed = tuneport.export(asked("mixed.jsonl", "mixed", {"metadata_fields": ["topic"]}))
    in_order = tuneport.export(
        asked("sorted.jsonl", "sorted", {"metadata_fields": ["topic"]}, group={**GROUP, "sorted": True})
    )

    assert tree(Path("mixed/data")) == tree(Path("sorted/data"))
    assert mixed.stats.total_entities == in_order.stats.total_entities == 100
    assert mixed.stats.exported_entities == 98, "two conversations end with a question"
    first = rows(Path("mixed"))[0]
    assert [turn["content"] for turn in first["messages"]] == [f"Turn {n} of 2" for n in (2, 102, 202, 302)]
    assert first["metadata"] == {"topic": "t2"}


def test_everything_is_counted_and_placed() -> None:
    """The total is of conversations and of rows that cannot be read; each that is left out says where it begins."""
    lines = [
        *turns(4, 2),
        "{no json",
        {"chat_id": None, "sender": "user", "text": "?"},
        {**turns(1, 1)[0], "chat_id": "x"},
    ]
    result = tuneport.export(asked(write("chats.jsonl", lines)))

    stats = result.stats
    assert (stats.total_entities, stats.exported_entities, stats.errored_entities, stats.filtered_entities) == (
        5,
        2,
        2,
        1,
    )
    assert [(one["key"], one["locator"], one["code"]) for one in rejected("out")] == [
        (None, "chats.jsonl:5", "bad_json"),
        (None, "chats.jsonl:6", "bad_type"),
        ("x", "chats.jsonl:7 (first of its conversation)", "jsonl_llm:no_answer"),
    ]
    assert [(one.title, one.read) for one in result.dataset.manifest.sources] == [("chats.jsonl, by chat_id", 5)]


def test_a_limit_is_of_conversations() -> None:
    """The first so many, whole."""
    tuneport.export(asked(write("chats.jsonl", turns(40, 10)), limit=3))
    assert [len(row["messages"]) for row in rows(Path("out"))] == [4, 4, 4]


def test_files_of_one_source_hold_one_conversation_together() -> None:
    """A pattern of files, packed or not, is read as one."""
    lines = turns(40, 10)
    write("1.jsonl", lines[:17])
    write("2.jsonl.gz", lines[17:])
    write("all.jsonl", lines)
    tuneport.export(asked(["1.jsonl", "2.jsonl.gz"], "files"))
    tuneport.export(asked("all.jsonl", "one"))
    assert tree(Path("files/data")) == tree(Path("one/data"))


@pytest.mark.parametrize("query", ["SELECT * FROM turns", "SELECT * FROM turns ORDER BY random()"])
def test_a_query_gives_conversations(query: str) -> None:
    """Of a query that cannot be taken up again as well, which is read once."""
    database("chats.db", turns(80, 20))
    result = tuneport.export(asked("chats.db", query=query))
    made = {tuple(turn["content"] for turn in row["messages"]) for row in rows(Path("out"))}
    assert made == {tuple(f"Turn {n} of {chat}" for n in range(chat, 80, 20)) for chat in range(20)}
    assert result.stats.exported_entities == 20


def test_a_preview_shows_conversations() -> None:
    """The record that is shown is the conversation."""
    preview = tuneport.preview(asked(write("chats.jsonl", turns(40, 10))), count=2)
    assert [(item.key, item.locator, len((item.entity or {})["messages"])) for item in preview.items] == [
        ("c0", "chats.jsonl:1 (first of its conversation)", 4),
        ("c1", "chats.jsonl:2 (first of its conversation)", 4),
    ]


KINDS: dict[str, Callable[[], dict[str, Any]]] = {
    "held": lambda: asked(write("chats.jsonl", lines_with_faults())),
    "packed": lambda: asked([write("chats.jsonl.gz", lines_with_faults())]),
    "deferred": lambda: asked(
        write("chats.jsonl", lines_with_faults()),
        export={"weighting": {"weight_field": "sent_at", "normalize": "minmax"}},
    ),
    "sorted": lambda: asked(
        write("chats.jsonl", sorted(turns(402, 100), key=lambda line: str(line["chat_id"]))),
        group={**GROUP, "sorted": True},
    ),
}


def lines_with_faults() -> list[Any]:
    """Rows with unreadable ones among them."""
    lines: list[Any] = list(turns(402, 100))
    for at in (3, 50, 51, 399):
        lines.insert(at, "{no json")
    return lines


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_run_ends_in_the_same_bytes(kind: str) -> None:
    """Whatever operation a run dies before, the next one makes the same dataset, places of rejects included."""
    recipe = KINDS[kind]()
    whole = Mortal(last=10**9)
    execute(plan_export(recipe, sizes=SMALL), storage=whole)
    expected = tree(Path("out"))
    assert len(rejected("out")) == (2 if kind == "sorted" else 6)

    assert whole.operations > 30
    for last in range(5, whole.operations - 1, 9):
        Path("out").rename(f"before{last}")
        with pytest.raises(Killed):
            execute(plan_export(recipe, sizes=SMALL), storage=Mortal(last))
        if not Path("out").exists():
            execute(plan_export(recipe, sizes=SMALL), storage=Storage())
        assert tree(Path("out")) == expected, f"killed before operation {last}"
        shutil.rmtree(".out.staging", ignore_errors=True)  # of a run that died while it tidied up


def problem(recipe: dict[str, Any]) -> tuple[str, str, str]:
    """The only problem of a recipe."""
    with pytest.raises(RecipeError) as caught:
        tuneport.export(recipe)
    (one,) = caught.value.problems
    return one.path, one.message, one.hint


def test_an_unknown_column_names_the_closest() -> None:
    """Where a source says what columns it has, one that it lacks is told before anything is read."""
    database("chats.db", turns(4, 2))
    path, message, hint = problem(asked("chats.db", group={**GROUP, "by": "chatid"}))
    assert (path, message) == ('source.group.by = "chatid"', "the source's rows have no such field")
    assert hint.startswith('did you mean "chat_id"?')


def test_an_unknown_key_names_the_closest() -> None:
    """A key of the section that nobody knows is told with the one that was meant."""
    path, message, hint = problem(asked(write("chats.jsonl", turns(4, 2)), group={**GROUP, "orderby": "sent_at"}))
    assert (path, message, hint) == ("source.group.orderby", "unknown key", 'did you mean "order_by"?')


@pytest.mark.parametrize(
    ("key", "name", "near"),
    [("by", "chatid", "chat_id"), ("order_by", "sentat", "sent_at"), ("role_field", "sendr", "sender")],
)
def test_a_column_that_no_first_row_has_is_told(key: str, name: str, near: str) -> None:
    """Where rows alone say what there is, as well: without it there would be no conversation to read."""
    recipe = asked(write("chats.jsonl", turns(4, 2)), group={**GROUP, key: name})
    path, message, hint = problem(recipe)
    assert (path, message) == (f'source.group.{key} = "{name}"', "none of the first rows has such a field")
    assert hint == f'did you mean "{near}"?'


def test_a_field_of_turns_that_no_first_row_has_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    """It may come late: turns have it then, and null where not."""
    write("chats.jsonl", turns(4, 2))
    tuneport.export(asked("chats.jsonl", group={**GROUP, "fields": ["topik"]}))
    assert 'none of the first rows has a field "topik" (source.group.fields); did you mean "topic"?' in caplog.text


def test_an_excluded_column_cannot_be_a_turn() -> None:
    """What nothing may look at is not looked at for turns either."""
    recipe = asked(write("chats.jsonl", turns(4, 2)))
    recipe["output"]["exclude_fields"] = ["text"]
    path, message, _ = problem(recipe)
    assert (path, message) == ('source.group.content_field = "text"', 'field "text" is excluded')


def test_conversations_cannot_be_grouped_once_more() -> None:
    """Rows that have messages of their own would lose them."""
    lines = [{**line, "messages": []} for line in turns(4, 2)]
    path, message, _ = problem(asked(write("chats.jsonl", lines)))
    assert (path, message) == (
        "source.group",
        'the source has a field "messages", so its rows are conversations already',
    )


def test_one_that_comes_back_stops_the_run(said: Callable[..., tuple[int, str, str]]) -> None:
    """On a command line: exit 65, and what to do about it."""
    write("chats.jsonl", turns(4, 2))
    Path("mine.json").write_text(json.dumps(asked("chats.jsonl", group={**GROUP, "sorted": True})))
    code, _, error = said("export", "mine.json")
    assert code == 65
    assert "chats.jsonl:3: chat_id = 'c0' comes back after rows of another group" in error
    assert not Path("out").exists()
