"""Entities from Python that are not what JSON could hold: one record, one row or one reject, and never a lost run."""

from __future__ import annotations

import enum
from collections import OrderedDict, UserDict
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from tools import rows

from tuneport import ExportOptions, PluginManager
from tuneport.runs.codes import ERRORED, FILTERED

ANSWER = "An answer, long enough."
GOOD: dict[str, Any] = {"question": "Q", "answer": ANSWER}


class Loud:
    """Raises whatever is asked of it."""

    def __str__(self) -> str:
        raise RuntimeError("str")

    def __repr__(self) -> str:
        raise RuntimeError("repr")

    def __bool__(self) -> bool:
        raise RuntimeError("bool")

    def __iter__(self) -> Any:
        raise RuntimeError("iter")

    def __len__(self) -> int:
        raise RuntimeError("len")

    def __float__(self) -> float:
        raise RuntimeError("float")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("eq")

    def __hash__(self) -> int:
        return 1


class Word(str):
    """A text, and more."""

    __slots__ = ()

    def __str__(self) -> str:
        return "not what it holds"


class Short(str):
    """A text that lies about its length."""

    __slots__ = ()

    def __len__(self) -> int:
        return -1


class Nameless:
    """It has no class to be asked for."""

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        raise RuntimeError("class")


class Kind(str, enum.Enum):  # noqa: UP042  -- as they are written
    """A text by another name."""

    ONE = "one"


def raising(base: type, *names: str) -> Any:
    """A subclass whose methods raise."""

    def fail(*_arguments: object, **_named: object) -> Any:
        raise RuntimeError

    return type(f"Raising{base.__name__}", (base,), dict.fromkeys(names, fail))


RaisingDict = raising(dict, "values", "items", "keys", "__iter__", "__len__", "__contains__")
RaisingGet = raising(dict, "get", "__getitem__")
RaisingList = raising(list, "__iter__", "__len__", "__getitem__", "__bool__")
RING: dict[str, Any] = {}
RING["ring"] = RING
ENDLESS: list[Any] = []
ENDLESS.append((ENDLESS, {"a": ENDLESS}))

ODD_KEYS: dict[Any, Any] = {Loud(): 1, b"bytes": 1, ("a",): 2, 1.5: 3}
FIELDS = ("question", "answer", "category", "tags", "id", "importance", "context", "unread")


@pytest.mark.parametrize(
    "value",
    [
        Decimal("1.5"),
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("1e999999"),
        b"bytes",
        bytearray(b"bytes"),
        memoryview(b"bytes"),
        {1, 2},
        frozenset({"a"}),
        range(3),
        (1, "a", None),
        Word("word"),
        Short("short"),
        [Short("short")],
        Kind.ONE,
        Loud(),
        [Loud()],
        {"a": Loud()},
        RaisingDict(a=1),
        RaisingGet(a=1),
        RaisingList([1]),
        [RaisingList([1])],
        OrderedDict(a=1),
        UserDict(a=1),
        MappingProxyType({"a": 1}),
        RING,
        ENDLESS,
        [RING, ENDLESS],
        {1: 2},
        {None: 1, True: 2},
        {("a", "b"): 1},
        {"\ud800": 1},
        "\ud83d",
        ["\udc00"],
        "\ud83d\ude00",
        "a\0b",
        "\u2028\u2029\x85\x1c\r",
        "\ufffe\uffff\U0010ffff",
        10**5000,
        -(10**5000),
        2**63,
        float("nan"),
        float("inf"),
        -0.0,
        1e308,
        complex(1, 2),
        True,
        ...,
        NotImplemented,
        type,
        len,
        (one for one in "ab"),
        object(),
        "x" * 3_000_000,
    ],
    ids=lambda _value: "",
)
def test_a_value_costs_one_record_at_most(value: object, tmp_path: Path) -> None:
    """In any field, whatever reads it: its neighbours are rows, and what is said of it is one of the known codes."""
    made = [one for field in FIELDS for one in ({**GOOD, field: value}, {**GOOD, "question": f"after {field}"})]
    stats = exported(made, tmp_path / "a.jsonl")

    assert stats.total_entities == len(made) == stats.exported_entities + stats.failed_entities
    asked = [row["instruction"] for row in rows(tmp_path / "a.jsonl")]
    assert [one for one in asked if one.startswith("after")] == [f"after {field}" for field in FIELDS]
    assert all(code in ERRORED | FILTERED or code.startswith("hook:") for code in stats.rejects)


def exported(entities: list[Any], path: Path) -> Any:
    """What jsonl_llm makes of some entities, weighed by one of their fields."""
    config = {"weighting": {"weight_field": "importance"}, "quality": {"skip_duplicates": False}}
    exporter = PluginManager().load("jsonl_llm", config)
    return exporter.exportEntities(entities, ExportOptions(output_path=path))


@pytest.mark.parametrize(
    ("odd", "count"),
    [
        (RaisingDict(GOOD), 3),
        (RaisingGet(GOOD), 2),
        (OrderedDict(GOOD), 3),
        (UserDict(GOOD), 2),
        (MappingProxyType(GOOD), 2),
        (Loud(), 2),
        (GOOD | {"id": 10**5000}, 3),
        (RING, 2),
        (ENDLESS, 2),
        ({**GOOD, "question": RING}, 2),
        (GOOD | ODD_KEYS, 3),
    ],
    ids=lambda _odd: "",
)
def test_a_record_that_is_no_plain_dict_costs_itself_at_most(odd: Any, count: int, tmp_path: Path) -> None:
    """A subclass is read by what it answers; what raises is a reject, and so is what is no dict."""
    stats = exported([{**GOOD, "question": "before"}, odd, {**GOOD, "question": "after"}], tmp_path / "a.jsonl")
    assert stats.exported_entities == count == 3 - stats.failed_entities
    assert set(stats.rejects) <= {"bad_type", "bad_json", "missing_field", "hook:tuneport"}


@pytest.mark.parametrize(
    ("make", "rejects"),
    [
        (lambda: Nameless(), {"bad_type": 1}),
        (lambda: {**GOOD, "question": Nameless()}, {"hook:jsonl_llm": 1}),
        (lambda: {**GOOD, "tags": [Nameless()]}, {"hook:jsonl_llm": 1}),
        (lambda: {**GOOD, "id": Nameless()}, {"hook:tuneport": 1}),
        (lambda: {**GOOD, "unread": Nameless()}, {}),
    ],
)
def test_what_raises_when_asked_for_its_class_costs_its_record(
    make: Callable[[], Any], rejects: dict[str, int], tmp_path: Path
) -> None:
    """Even to look at a value's type must not end the run."""
    stats = exported([{**GOOD, "question": "before"}, make(), {**GOOD, "question": "after"}], tmp_path / "a.jsonl")
    assert stats.rejects == rejects
    assert stats.exported_entities == 3 - len(rejects)


@pytest.mark.parametrize("make", [lambda: [[]] * 5_000_000, lambda: list(range(5_000_000))], ids=["lists", "numbers"])
def test_a_record_of_millions_of_values_is_refused(make: Callable[[], list[Any]], tmp_path: Path) -> None:
    """One that would not fit into a line, whatever stands in it."""
    stats = exported([{**GOOD, "other": make()}, GOOD], tmp_path / "a.jsonl")
    assert stats.rejects == {"bad_json": 1}
    assert "Holds more than 4,194,304 values" in stats.errors[0]
