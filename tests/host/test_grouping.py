"""Rows that are turns, read as conversations: the same ones in the same order, however they are held meanwhile."""

from __future__ import annotations

import contextlib
import gzip
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import pytest

from tuneport import Batch, Partition, PluginManager, Source, SourceInfo
from tuneport.config import validate
from tuneport.errors import DataError, TryAgainError
from tuneport.model import Malformed, Problem
from tuneport.recipes.grouping import GroupSection
from tuneport.runs.reading.grouping.source import GroupedSource
from tuneport.runs.reading.streams import Stream
from tuneport.runs.storage import Storage

MANAGER = PluginManager()

TINY = 2_000
"""Bytes of memory in which only a few rows have room."""


class Given(Source):
    """Rows as they are given, in batches of three; what is no dict is a row that cannot be read."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self._rows = list(rows)

    def info(self) -> SourceInfo:
        return SourceInfo(title="given", revision={"rows": len(self._rows)})

    def partitions(self, target_bytes: int) -> list[Partition]:  # noqa: ARG002
        return []

    def read(self, partition: Partition | None, fields: frozenset[str] | None) -> Iterator[Batch]:  # noqa: ARG002
        for start in range(0, len(self._rows), 3):
            batch = Batch([], [], min(start + 3, len(self._rows)))
            for ordinal, row in enumerate(self._rows[start : start + 3], start):
                if isinstance(row, str):
                    batch.malformed.append(Malformed(ordinal, "bad_json", row))
                else:
                    batch.entities.append(row if fields is None else {k: v for k, v in row.items() if k in fields})
            bad = {one.ordinal for one in batch.malformed}
            batch.ordinals = [ordinal for ordinal in range(start, batch.end) if ordinal not in bad]
            yield batch


def stream(source: Source, name: str = "") -> Stream:
    """A stream of a source."""
    return Stream(0, name, source, source.info())


def written(path: Path, rows: Iterable[Any]) -> Stream:
    """Rows as JSON lines, and the stream that reads them; a text is a line as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows)
    packed = path.suffix == ".gz"
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    return stream(MANAGER.load("jsonl", {"path": path}), path.name)


def grouped(*streams: Stream, memory: int = 64 << 20, **keys: Any) -> GroupedSource:
    """The conversations in some streams."""
    return GroupedSource(streams, GroupSection(**{"by": "chat", **keys}), memory=memory)


def records(source: Source) -> list[Any]:
    """Every record in order: a conversation, or the code and reason of what could not be read."""
    found: dict[int, Any] = {}
    end = 0
    for batch in source.read(None, None):
        found |= dict(zip(batch.ordinals, batch.entities, strict=True))
        found |= {bad.ordinal: (bad.code, bad.reason) for bad in batch.malformed}
        end = batch.end
    assert sorted(found) == list(range(end))
    return [found[ordinal] for ordinal in range(end)]


def said(record: Any) -> Any:
    """The contents of a conversation's turns, and what it belongs to."""
    return (record["chat"], [turn["content"] for turn in record["messages"]]) if isinstance(record, dict) else record


def turn(chat: Any, content: Any, role: str = "user", **more: Any) -> dict[str, Any]:
    """A row."""
    return {"chat": chat, "role": role, "content": content, **more}


def interleaved(count: int, chats: int) -> list[Any]:
    """Rows of many conversations in turn, each of its own length, with lines between them that are none."""
    rows: list[Any] = []
    for number in range(count):
        chat = number * 37 % chats
        rows.append(
            turn(f"c{chat}", f"{number} of {chat}", "assistant" if number % 2 else "user", at=-number, n=10**30)
        )
        if number % 97 == 13:
            rows.append("{no json")
        if number % 89 == 7:
            rows.append(turn(None, "whose?"))
    return rows


@pytest.mark.parametrize("memory", [64 << 20, TINY])
def test_rows_of_a_conversation_are_one_record(memory: int, tmp_path: Path) -> None:
    """It has what it is called, its turns, and the other fields of its first row."""
    rows = [
        {"chat_id": 7, "who": "user", "text": "Hello?", "tool": None, "topic": "signs", "at": 2},
        {"chat_id": 8, "who": "user", "text": "Alone", "topic": "none"},
        {"chat_id": 7, "who": "assistant", "text": "Hello.", "tool": "bell", "topic": "talk", "at": 3},
    ]
    keys = {"by": "chat_id", "role_field": "who", "content_field": "text", "fields": ["tool"]}
    source = grouped(written(tmp_path / "chats.jsonl", rows), memory=memory, **keys)

    first, second = records(source)
    assert list(first.items()) == [
        ("chat_id", 7),
        (
            "messages",
            [
                {"role": "user", "content": "Hello?", "tool": None},
                {"role": "assistant", "content": "Hello.", "tool": "bell"},
            ],
        ),
        ("topic", "signs"),
        ("at", 2),
    ]
    assert second == {
        "chat_id": 8,
        "messages": [{"role": "user", "content": "Alone", "tool": None}],
        "topic": "none",
    }


ORDERS = {
    "numbers": ([3, 1, 2], [1, 2, 0]),
    "nulls first": ([5, None, 4], [1, 2, 0]),
    "numbers before texts": (["b", 9, "a", None], [3, 1, 2, 0]),
    "texts of numbers": ([str(n) for n in range(12, 0, -1)], list(range(11, -1, -1))),
    "texts and numbers": ([3, "10", "2.5", " -4 ", 2.5, "x", "", None], [7, 3, 2, 4, 0, 1, 6, 5]),
    "versions": (["1.10.0", "1.9.0"], [0, 1]),
    "exact numbers": ([Decimal("2.5"), "10", 2], [2, 0, 1]),
    "ties in source order": ([1, 1.0, 1, 0], [3, 0, 1, 2]),
    "texts": (["2024-01-02", "2023-12-31", "2024-01-01"], [1, 2, 0]),
    "large": ([2**70, -(2**70), 0], [1, 2, 0]),
}


@pytest.mark.parametrize(("values", "order"), ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("keys", [{"sorted": True}, {}, {"memory": 1}], ids=["sorted", "held", "spilled"])
def test_turns_are_sorted(values: list[Any], order: list[int], keys: dict[str, Any]) -> None:
    """Nulls come first and numbers before texts; rows that are alike stay as they stand."""
    rows = [turn("a", number, at=value) for number, value in enumerate(values)]
    (record,) = records(grouped(stream(Given(rows)), order_by="at", **keys))
    assert said(record) == ("a", order)
    assert record["at"] == values[order[0]], "the other fields are those of the first turn"


def test_turns_are_sorted_by_several_fields() -> None:
    """The second field decides where the first is alike; a field that a row lacks is null."""
    rows = [turn("a", 0, day=2, n=1), turn("a", 1, day=1, n=2), turn("a", 2, day=1), turn("a", 3, day=1, n=1)]
    (record,) = records(grouped(stream(Given(rows)), order_by=["day", "n"]))
    assert said(record) == ("a", [2, 3, 1, 0])


def test_a_conversation_is_named_by_several_fields() -> None:
    """Values that look alike together are not the same: fields do not run into each other."""
    pairs = [("1", "2"), ("1\x1f", "2"), ("1", "\x1f2"), ("1', '2", "2"), ("1", "', '2"), ("1", "2")]
    rows = [{"a": a, "b": b, "role": "user", "content": "x"} for a, b in pairs]
    found = records(grouped(stream(Given(rows)), by=["a", "b"]))
    assert [(one["a"], one["b"], len(one["messages"])) for one in found] == [
        (*pairs[0], 2),
        *((*p, 1) for p in pairs[1:-1]),
    ]


@pytest.mark.parametrize("memory", [TINY, 20_000])
def test_spilled_and_held_are_the_same(memory: int, tmp_path: Path) -> None:
    """What waits on disk comes back in the order of first rows, unreadable rows among them in their place."""
    rows = interleaved(3_000, 700)
    path = tmp_path / "chats.jsonl"
    held = grouped(written(path, rows), order_by="at")
    spilled = grouped(stream(held._streams[0].source, "chats.jsonl"), order_by="at", memory=memory)

    expected = records(held)
    assert records(spilled) == expected
    assert len(expected) > 200
    assert sum(isinstance(one, tuple) for one in expected) == 31 + 34
    assert sum(len(one["messages"]) for one in expected if isinstance(one, dict)) == 3_000
    assert [spilled.locate(n) for n in range(len(expected))] == [held.locate(n) for n in range(len(expected))]


def test_sorted_rows_make_the_same_records() -> None:
    """One conversation at a time gives what holding them all gives; a line that cannot be read stands behind it."""
    rows: list[Any] = ["{before", turn("a", 1), "{within", turn("a", 2), turn(None, 3), "{after", turn("b", 4), "{end"]
    streamed = grouped(stream(Given(rows)), sorted=True)
    for memory in (1, 64 << 20):
        held = grouped(stream(Given(rows)), memory=memory)
        assert records(held) == records(streamed)
        assert [held.locate(n) for n in range(7)] == [streamed.locate(n) for n in range(7)]
    assert [said(one) for one in records(streamed)] == [
        ("bad_json", "{before"),
        ("a", [1, 2]),
        ("bad_json", "{within"),
        ("bad_type", "Field 'chat' is null: the row belongs to no group"),
        ("bad_json", "{after"),
        ("b", [4]),
        ("bad_json", "{end"),
    ]


def test_a_sorted_conversation_that_comes_back_is_an_error(tmp_path: Path) -> None:
    """The error names it, where it comes back, and what to do."""
    rows = [turn("a", 1), turn("b", 2), "", turn("a", 3)]
    with pytest.raises(DataError) as caught:
        records(grouped(written(tmp_path / "chats.jsonl", rows), sorted=True))
    assert caught.value.message == "chats.jsonl:4: chat = 'a' comes back after rows of another group"
    assert caught.value.hint == 'leave "sorted" out, or let the source be sorted: ORDER BY chat'


@pytest.mark.parametrize("keys", [{"sorted": True}, {}, {"memory": 1}], ids=["sorted", "held", "spilled"])
def test_a_conversation_without_end_is_an_error(keys: dict[str, Any]) -> None:
    """More rows than one may have are no conversation: the error names the group."""
    rows = [turn(1, 0), *(turn(2, n) for n in range(6))]
    assert len(records(grouped(stream(Given(rows)), max_rows=6, **keys))) == 2
    with pytest.raises(DataError, match="chat = 2 has more than 5 rows") as caught:
        records(grouped(stream(Given(rows)), max_rows=5, **keys))
    assert "names conversations (group.by), or raise group.max_rows" in caught.value.hint


STRANGE = {
    "null": (None, "Field 'chat' is null: the row belongs to no group"),
    "empty": ("", "Field 'chat' is blank: the row belongs to no group"),
    "blank": (" \t", "Field 'chat' is blank: the row belongs to no group"),
    "no number": (float("nan"), "Field 'chat' is not a number: the row belongs to no group"),
    "list": (["a"], "Field 'chat' is a list, which names no group"),
    "table": ({"a": 1}, "Field 'chat' is a table, which names no group"),
}


@pytest.mark.parametrize(("chat", "reason"), STRANGE.values(), ids=STRANGE)
def test_a_row_that_belongs_to_no_conversation_is_an_error_of_its_own(chat: Any, reason: str) -> None:
    """It is counted, with a reason, in its place; so is a row without the field, and one that is no dict."""
    rows = [turn("a", 1), turn(chat, 2), {"role": "user", "content": "x"}, ["none"], turn("a", 3)]
    for memory in (1, 64 << 20):
        found = records(grouped(stream(Given(rows)), memory=memory))
        assert [said(one) for one in found] == [
            ("a", [1, 3]),
            ("bad_type", reason),
            ("bad_type", STRANGE["null"][1]),
            ("bad_type", "A record is a dict, not list"),
        ]


def test_one_value_is_one_conversation_in_whatever_type() -> None:
    """The number 7 of a JSON file is the text "7" of a CSV file; "007" is another."""
    rows = [turn(chat, n) for n, chat in enumerate([7, True, "7", 7.0, 1.5, "1.5", "true", "007", Decimal(7)])]
    for memory in (1, 64 << 20):
        found = records(grouped(stream(Given(rows)), memory=memory))
        assert [said(one)[1] for one in found] == [[0, 2, 3, 8], [1, 6], [4, 5], [7]]
    in_order = [turn(7, 1), turn("7", 2), turn("8", 3), turn(8, 4)]
    assert [said(one)[1] for one in records(grouped(stream(Given(in_order)), sorted=True))] == [[1, 2], [3, 4]]


def test_values_come_back_from_disk_as_they_were() -> None:
    """Whatever Python has: large integers, bytes, half a surrogate pair, pairs that are no lists."""
    odd: dict[str, Any] = {
        "big": 10**40,
        "raw": b"\xff",
        "half": "\ud800",
        "pair": (1, 2),
        "none": None,
        "inner": {"a": [1.5]},
    }
    for memory in (1, 64 << 20):
        (first,) = records(grouped(stream(Given([turn("\ud800", "first", **odd)])), memory=memory))
        assert {name: first[name] for name in odd} == odd


def test_a_value_that_cannot_wait_is_an_error_of_its_row() -> None:
    """Other rows of its conversation are none the worse for it."""
    rows = [turn("a", lambda: 1), turn("a", 2)]
    for memory in (1, 64 << 20):
        found = records(grouped(stream(Given(rows)), memory=memory))
        reason = "A value is nested too deeply, or of a kind that cannot wait for others"
        assert [said(one) for one in found] == [("bad_type", reason), ("a", [2])]


def test_a_conversation_may_stand_in_several_files(tmp_path: Path) -> None:
    """Files of one source are read as one; where a conversation begins is told with its file's whole name."""
    one = written(tmp_path / "a" / "chats.jsonl", [turn("x", 1), turn("y", 2)])
    two = written(tmp_path / "b" / "chats.jsonl.gz", ["", turn("z", 3), turn("x", 4)])
    streams = [stream(one.source, "a/chats.jsonl"), stream(two.source, "b/chats.jsonl.gz")]
    for memory in (1, 64 << 20):
        source = grouped(*streams, memory=memory)
        assert [said(record) for record in records(source)] == [("x", [1, 4]), ("y", [2]), ("z", [3])]
        assert source.locate(0) == "a/chats.jsonl:1 (first of its conversation)"
        assert source.locate(2) == "b/chats.jsonl.gz:2 (first of its conversation)"


def test_a_place_is_known_without_having_read(tmp_path: Path) -> None:
    """A run that is taken up with nothing left to read can still say where its records stand."""
    source = grouped(written(tmp_path / "chats.jsonl", [turn("x", 1), "{", turn("x", 2), turn("y", 3)]))
    assert source.locate(2) == "chats.jsonl:4 (first of its conversation)"
    assert source.locate(1) == "chats.jsonl:2"


def test_what_is_known_of_conversations(tmp_path: Path) -> None:
    """Their fields and key; they cannot be sought in, and change when their rows or the grouping do."""
    path = tmp_path / "chats.jsonl"
    rows = written(path, [turn("x", 1, at=3)])
    types = {"role": "string", "chat": "string", "content": "integer", "at": "integer"}
    source = GroupedSource([rows], GroupSection(by="chat"), types)
    info = source.info()

    assert list((info.fields or {}).items()) == [("chat", "string"), ("messages", "json"), ("at", "integer")]
    assert info.title == "chats.jsonl, by chat"
    assert (info.key, info.closed, info.rows) == (("chat",), False, None)
    assert list(source.partitions(1)) == []
    other = GroupedSource([rows], GroupSection(by="chat", order_by="at"), types)
    assert info.revision == source.info().revision != other.info().revision
    with path.open("a") as file:
        file.write("\n")
    assert source.info().revision != info.revision


def test_only_what_is_asked_for_is_read() -> None:
    """Of the rows' own fields, those that grouping needs, and those that somebody looks at."""
    rows = [turn("x", 1, at=3, topic="t", more="m")]
    source = grouped(stream(Given(rows)), order_by="at")
    (batch,) = source.read(None, frozenset({"messages", "topic"}))
    assert batch.entities == [
        {"chat": "x", "messages": [{"role": "user", "content": 1}], "at": 3, "topic": "t"},
    ]


def test_the_first_rows_can_be_looked_at(tmp_path: Path) -> None:
    """What a plan has to know of conversations is seen in the first rows, however many more there are."""
    lines = [turn("x", 1), "{no json", turn(None, 2), turn("y", 3), turn("x", 4)]
    source = grouped(written(tmp_path / "chats.jsonl", lines), sorted=True)
    assert [said(record) for record in source.peek(3)] == [("x", [1]), ("y", [3])]
    assert [said(record) for record in source.peek(10)] == [("x", [1, 4]), ("y", [3])]


def test_nothing_stays_on_disk(tmp_path: Path) -> None:
    """Files for waiting rows have no name: even a process that is killed leaves none."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    chats = written(tmp_path / "chats.jsonl", interleaved(3_000, 700))
    code = f"""
import os, signal, sys
sys.path[:0] = {sys.path!r}
from tuneport import PluginManager
from tuneport.recipes.grouping import GroupSection
from tuneport.runs.reading.grouping.source import GroupedSource
from tuneport.runs.reading.streams import Stream
source = PluginManager().load("jsonl", {{"path": {str(tmp_path / chats.name)!r}}})
made = GroupedSource([Stream(0, "", source, source.info())], GroupSection(by="chat"), memory=2000).read(None, None)
print(len(next(made).entities), flush=True)
opened = [os.path.realpath(f"/proc/self/fd/{{fd}}") for fd in os.listdir("/proc/self/fd")]
print(len([path for path in opened if path.startswith({str(folder)!r})]), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={"TMPDIR": str(folder)})
    assert said.returncode == -9, said.stderr
    batch, files = said.stdout.split()
    assert int(batch) > 0
    assert int(files) >= 16, "rows were waiting on disk"
    assert list(folder.iterdir()) == []


def test_a_full_disk_says_so(tmp_path: Path) -> None:
    """Rows that cannot wait are an error that says what to do, not a source that is broken."""

    class Full(Storage):
        @contextlib.contextmanager
        def unnamed(self, folder: Path | None = None) -> Iterator[IO[bytes]]:  # noqa: ARG002
            with Path("/dev/full").open("r+b", buffering=0) as file:
                yield file

    if not Path("/dev/full").exists():
        pytest.skip("no device that is always full")
    source = GroupedSource([stream(Given(interleaved(50, 9)))], GroupSection(by="chat"), memory=1, storage=Full())
    with pytest.raises(TryAgainError, match="No space left") as caught:
        records(source)
    assert "free some space" in caught.value.hint


MEMORY = """
import resource, sys
sys.path[:0] = {path!r}
from tuneport import Batch, Source, SourceInfo
from tuneport.recipes.grouping import GroupSection
from tuneport.runs.reading.grouping.source import GroupedSource
from tuneport.runs.reading.streams import Stream

class Rows(Source):
    def info(self): return SourceInfo(title="rows")
    def partitions(self, target_bytes): return []
    def read(self, partition, fields):
        for start in range(0, {rows}, 500):
            numbers = range(start, start + 500)
            rows = [{{"chat": n * 7919 % {chats}, "role": "user", "content": str(n) + " word" * 40}} for n in numbers]
            yield Batch(rows, numbers, start + 500)

source = Rows()
made = GroupedSource([Stream(0, "", source, source.info())], GroupSection(by="chat"), memory=2 << 20)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
count = sum(len(batch.entities) for batch in made.read(None, None))
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_rows() -> None:
    """Ten times the rows, ten times the conversations: about the same memory; held, they would take 80 MB."""
    peaks = []
    for rows in (20_000, 200_000):
        code = MEMORY.format(path=sys.path, rows=rows, chats=rows // 5)
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        count, kilobytes = map(int, said.split())
        assert count == rows // 5
        peaks.append(kilobytes)
    assert peaks[1] < 2 * peaks[0] + 4_000


WRONG = {
    "by": ({"by": []}, "source.group.by"),
    "empty": ({"by": ""}, 'source.group.by = ""'),
    "twice": ({"by": ["a", "a"]}, "a field that is named twice"),
    "unknown": ({"by": "a", "order": "b"}, 'did you mean "order_by"?'),
    "one field": ({"by": "a", "role_field": "x", "content_field": "x"}, 'role_field and content_field are both "x"'),
    "of turns": ({"by": "a", "role_field": "a"}, 'by names "a", which is a field of single turns'),
    "messages": ({"by": "messages"}, 'by names "messages", which is the turns themselves'),
    "role": ({"by": "a", "role_field": "who", "fields": ["role"]}, "each turn has a role already"),
    "rows": ({"by": "a", "max_rows": 0}, "1 or more"),
    "number": ({"by": 3}, "a field's name, or a list of them, is wanted"),
}


@pytest.mark.parametrize(("section", "text"), WRONG.values(), ids=WRONG)
def test_a_section_that_is_wrong_says_so(section: dict[str, Any], text: str) -> None:
    """Each mistake is told with its key, and how to mend it."""
    problems: list[Problem] = []
    validate(GroupSection, section, "source.group", problems)
    assert len(problems) == 1
    assert text in f"{problems[0].path}; {problems[0].message}; {problems[0].hint}"
