"""Records, recipes and plugins of all kinds, so that every stage and every code may have a part in one ledger."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from tuneport import Problem, Reject, Sample, hookimpl

_WORDS = """
short
It goes boom somewhere in it
A rude text of some length
It cracks in a format
A picky format refuses this
A judge finds this text bad
A weight of nothing is in it
It weighs less than nothing
A weight without end, in it
A weight that is no number
Half \ud800 of it
""".strip().split("\n")
_PLAIN = [f"A plain text of some length, number {number}" for number in range(9)]
_TEXTS = st.sampled_from([*_PLAIN * 4, *_WORDS, "", " ", "x" * 90])
_ODD = st.sampled_from([None, 5, 2.5, True, [], ["a"], {"a": 1}, 2**63, -(2**63) - 1, 1e300, "nan", "0", "-1", "7"])
_WEIGHTS = st.one_of(st.sampled_from([0, 1, 1, 2.5, 2.5, -1, 1e308, "many", None, "3", 1e-9]), st.floats(0, 50))
_ROLES = st.sampled_from(["system", "user", "assistant", "tool", "nobody"])
_ANY_TURNS = st.lists(st.fixed_dictionaries({"role": _ROLES, "content": _TEXTS}), max_size=4)


def _turns(asked: str, answered: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]


def _mostly(usual: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Nine times of ten the usual: `one_of` takes one strategy as often as any other."""
    return st.integers(0, 9).flatmap(lambda drawn: usual if drawn else odd)


_TEXT_MOSTLY = _mostly(_TEXTS, _ODD)
_TURNS = _mostly(st.builds(_turns, _TEXTS, _TEXTS), _ANY_TURNS)
RECORDS = st.fixed_dictionaries(
    {"question": _TEXT_MOSTLY, "answer": _TEXT_MOSTLY, "messages": _mostly(_TURNS, _ODD), "votes": _WEIGHTS},
    optional={
        "number": st.one_of(st.integers(-5, 5), _ODD),
        "kind": st.sampled_from(["a", "b", None, 3]),
        "chat": st.sampled_from(["c1", "c2", "c3", None, []]),
        "author": st.sampled_from(["user", "assistant", "nobody"]),
    },
)
_RUBBISH = [b"{not json", b"\xff{}", b"[1]", b"5", b"", b"  ", b'{"a":1}{"a":2}', b'{"a":1e999}', b'"\\ud800"']
_RECORD_LINES = RECORDS.map(lambda record: json.dumps(record).encode())
LINES = st.lists(_mostly(_RECORD_LINES, st.sampled_from(_RUBBISH)), max_size=40)


def _sometimes(**choices: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=choices)


_MAPPING = {"instruction_field": "question", "output_field": "answer"}
_STYLES = st.sampled_from(
    [
        {"style": "instruction_tuning", "field_mapping": _MAPPING},
        {"style": "text_completion", "field_mapping": {"text_field": "answer"}},
        {"style": "chat_completion", "field_mapping": {"messages_field": "messages"}, "trailing_turns": "drop"},
        {"style": "prompt_completion", "field_mapping": {"prompt_field": "question", "completion_field": "answer"}},
    ]
)
_WEIGHTING = _sometimes(
    weight_field=st.just("votes"),
    normalize=st.sampled_from(["none", "log", "minmax", "percentile"]),
    auto_weight_by_length=st.booleans(),
    mean_one=st.booleans(),
    min_weight=st.just(0.2),
    max_weight=st.just(4.0),
)
_CARRIED = st.sampled_from(
    [
        *({"use": "axolotl", "weights": "replicate", "max_copies": copies} for copies in (1, 3)),
        *({"use": "llama_factory", "weights": weights} for weights in ("ignore", "refuse", "replicate")),
        *("tuneport", {"use": "third:picky", "weights": "ignore"}, {"use": "trl", "weights": "refuse"}),
    ]
)
_SCHEMA = {"properties": {"output": {"type": "string", "minLength": 30}}}
EXPORTS = st.builds(
    lambda style, rest: {**style, **rest},
    _STYLES,
    _sometimes(
        where=st.sampled_from(["votes > 1", "kind != 'a'", "len(answer) > 5 or question is null"]),
        weighting=_WEIGHTING,
        quality=_sometimes(min_text_length=st.just(9), max_text_length=st.just(80), skip_duplicates=st.booleans()),
        metadata_fields=st.just({"number": "integer", "kind": "string"}),
        formats=st.lists(_CARRIED, min_size=1, max_size=3, unique_by=str),
        filters=st.just(["third:polite"]),
        weightings=st.just(["third:heavy"]),
        validators=st.just(["third:judge"]),
        structured_gen=st.fixed_dictionaries(
            {
                "enable_schema_validation": st.just(True),
                "reject_invalid_samples": st.booleans(),
                "json_schema": st.just(json.dumps(_SCHEMA)),
            }
        ),
    ),
)
SPLITS = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {"validation": st.just(0.3), "mode": st.sampled_from(["stable", "exact"])},
        optional={"group_by": st.just("kind"), "stratify_by": st.just("chat")},
    ),
)
CASES = st.fixed_dictionaries(
    {
        "left": LINES,
        "right": LINES,
        "export": EXPORTS,
        "split": SPLITS,
        "size": st.sampled_from([30, 300, 4096]),
        "shape": st.sampled_from(["one source", "two sources", "turns", "deferred"]),
    }
)
"""Lines of two files, a recipe's parts, bytes of a part, and how the lines are read."""

GROUP = {"by": "chat", "role_field": "author", "content_field": "answer"}


def _at(sample: Sample, word: str) -> bool:
    return word in sample.text


class Third:
    """A third party's stages, each with records that it refuses, and others that it fails at."""

    @hookimpl
    def register_filters(self, register: Any) -> None:
        def polite(_entity: object, sample: Sample) -> Reject | None:
            if _at(sample, "boom"):
                raise RuntimeError("boom")
            return Reject("rude", "It is rude") if _at(sample, "rude") else None

        register("polite", lambda _config, _ctx: polite)

    @hookimpl
    def register_weightings(self, register: Any) -> None:
        weights = {"nothing is": 0.0, "less than": -1.0, "without end": float("inf"), "no number": float("nan")}

        def heavy(_entity: object, sample: Sample) -> float:
            return next((weight for word, weight in weights.items() if _at(sample, word)), 1.5)

        register("heavy", lambda _config, _ctx: heavy)

    @hookimpl
    def register_formats(self, register: Any) -> None:
        def picky(sample: Sample) -> dict[str, Any] | Reject:
            if _at(sample, "cracks"):
                raise KeyError("cracks")
            return Reject("picky", "Not this one") if _at(sample, "picky") else {"said": sample.text}

        register("picky", lambda _config, _ctx: picky)

    @hookimpl
    def register_validators(self, register: Any) -> None:
        def judge(row: dict[str, Any]) -> list[Problem]:
            text = json.dumps(row)
            if "plain text of some length, number 5" in text:
                raise ValueError(text)
            return [Problem("", "It is bad", "make it good", "bad")] if "text bad" in text else []

        register("judge", lambda _config, _ctx: judge)
