"""The metric `diversity_score`: the documented formula, and one result for all ways to cut and merge."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec.msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xxhash import xxh3_64_intdigest

from plugins.quality.support import context
from tuneport import Chat, Instruction, Message, Sample, Text
from tuneport_quality.config import DiversityScoreConfig
from tuneport_quality.diversity import diversity_score


def metric(tokens: int = 50_000, kind: type[Sample] | None = None) -> Any:
    """The metric with this budget of words."""
    return diversity_score(DiversityScoreConfig(tokens=tokens), context(kind=kind))


def measured(texts: list[str], tokens: int = 50_000) -> Any:
    """The state after these texts."""
    one = metric(tokens)
    state = one.new()
    for text in texts:
        one.add(state, Text(text=text), "train")
    return state


def score(texts: list[str], tokens: int = 50_000) -> float:
    """The score of these texts."""
    result: float = metric(tokens).result(measured(texts, tokens))
    return result


def by_definition(texts: list[str], tokens: int) -> float:
    """The score worked out from all texts at once: whole groups of equal texts in the order of their hashes."""
    seen = 0
    pairs: list[tuple[str, str]] = []
    for text in sorted({text for text in texts if text.split()}, key=lambda text: xxh3_64_intdigest(text.encode())):
        if seen >= tokens:
            break
        copies = texts.count(text)
        seen += copies * len(text.lower().split())
        pairs += list(pairwise(text.lower().split())) * copies
    return round(len(set(pairs)) / len(pairs), 4) if pairs else 0.0


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], 0.0),
        (["", " \n", "one"], 0.0),
        (["a b c d"], 1.0),  # ab bc cd
        (["a b a b a"], 0.5),  # ab ba ab ba
        (["a b c", "A B\tD"], 0.75),  # ab bc, ab bd
        (["a b", "a b", "a b"], 0.3333),
        (["the end"] * 10_000, 0.0001),
    ],
)
def test_distinct_pairs_over_pairs(texts: list[str], expected: float) -> None:
    """Worked out by hand: pairs do not cross samples, letters are lower case, copies count."""
    assert score(texts) == expected


def test_only_the_trained_text_counts() -> None:
    """What is asked is not what is learnt."""
    one = metric(kind=Instruction)
    state = one.new()
    one.add(state, Instruction(instruction="a b a b a b", output="c d e"), "train")
    assert one.result(state) == 1.0


def test_equal_answers_to_different_questions_stand_for_themselves() -> None:
    """Samples are drawn, not texts: a third of all answers being the same shows, whatever that answer's hash is."""
    samples: list[Sample] = [
        Instruction(
            instruction=f"question {number}", output="I do not know" if number % 3 == 0 else f"w{number} x{number}"
        )
        for number in range(6000)
    ]
    one = metric(7000)
    state = one.new()
    for sample in samples:
        one.add(state, sample, "train")
    # Two thirds of one pair, all different, and one third of three pairs, always the same: two fifths.
    assert 0.3 < one.result(state) < 0.5


def test_one_result_whether_or_not_the_kind_is_known() -> None:
    """The quick way to read a sample and the general one differ in nothing but their keys."""
    samples: list[Sample] = [
        Instruction(instruction="q", input="i", output="a b a b"),
        Chat(messages=(Message("user", "q"), Message("assistant", "a b a b"))),
        Text(text="a b a b"),
    ]
    for sample in samples:
        for kind in (type(sample), None):
            one = metric(kind=kind)
            state = one.new()
            one.add(state, sample, "validation")
            assert one.result(state) == 0.6667


def test_a_text_larger_than_the_budget_is_looked_at_whole() -> None:
    """The sample that reaches the budget is the last one, not cut in two."""
    assert score([" ".join(["a", "b"] * 1000)], tokens=10) == 0.001


def test_the_score_does_not_fall_with_the_size_of_the_data() -> None:
    """A ratio over all of a corpus falls as it grows; over a fixed budget it stays."""
    texts = [f"{a} {b} {c}" for a in range(20) for b in range(20) for c in range(25)]
    small, large = score(texts[::10], 1000), score(texts, 1000)
    assert abs(small - large) < 0.15
    assert score(texts, 10**6) < 0.1


@pytest.mark.parametrize(
    "text",
    [
        lambda number: f"word{number} and more words",
        lambda number: str(number) + "x" * 10_000,
        lambda number: f"{number} " + "x" * 10_000,
        lambda number: " " * number,
        lambda number: "" * number,
    ],
)
def test_memory_is_bounded(text: Any) -> None:
    """Some hundred bytes per word of the budget, however many samples there are and however long their words."""
    one = metric(1000)
    state = one.new()
    for number in range(3000):
        one.add(state, Instruction(instruction=str(number), output=text(number)), "train")
        assert state["held"] <= 300_000
    assert len(msgspec.msgpack.encode(state)) < 300_000


def test_long_words_are_told_apart_wherever_they_stand() -> None:
    """A long word is one word, in a text of long words and in one of short words."""
    long = "x" * 70
    assert score([f"{long} {long} {long}"]) == 0.5
    assert score([f"a b c d e f {long} {long}", f"{long} {long}"]) == round(7 / 8, 4)
    assert score([f"{long}1 {long}2 {long}1 {long}3"]) == 1.0


def test_above_the_cut_a_sample_is_not_cut_into_words() -> None:
    """What cannot be in the sketch costs its hash and nothing else."""
    one = metric(10)
    state = measured([f"a{number} b c" for number in range(1000)], 10)

    class Watched(str):
        __slots__ = ()

        def lower(self) -> str:
            raise AssertionError("cut into words")

    texts = [f"new{number} d e" for number in range(1000)]
    behind = [text for text in texts if xxh3_64_intdigest(text.encode()) > state["cut"]]
    for text in behind:
        one.add(state, Text(text=Watched(text)), "train")
    assert len(behind) > 900


# Few words and few texts, so that copies, ties and single texts above the budget come up.
TEXTS = st.lists(st.lists(st.sampled_from("aBcd"), max_size=6).map(" ".join), max_size=40)


@given(TEXTS, st.integers(1, 40))
def test_it_is_what_it_is_by_definition(texts: list[str], tokens: int) -> None:
    """The sketch, which forgets, and the formula over everything agree."""
    assert score(texts, tokens) == by_definition(texts, tokens)


@given(st.lists(TEXTS, min_size=1, max_size=6), st.integers(1, 40), st.randoms(use_true_random=False))
def test_parts_order_and_shape_of_merging_do_not_matter(parts: list[list[str]], tokens: int, random: Any) -> None:
    """Any tree of merges in any order, each state sent and received, gives the score of all texts in one part."""
    one = metric(tokens)
    states = [measured(part, tokens) for part in parts]
    while len(states) > 1:
        random.shuffle(states)
        right, left = states.pop(), states.pop()
        states.append(msgspec.msgpack.decode(msgspec.msgpack.encode(one.merge(left, right))))
    everything = [text for part in parts for text in part]
    random.shuffle(everything)
    assert one.result(states[0]) == by_definition(everything, tokens)
    # A merged state goes on measuring.
    one.add(states[0], Text(text="a b c d"), "train")
    assert one.result(states[0]) == by_definition([*everything, "a b c d"], tokens)


@given(TEXTS, TEXTS, st.integers(1, 40))
def test_merging_and_asking_change_nothing(left: list[str], right: list[str], tokens: int) -> None:
    """Neither side of a merge is touched, and a result may be asked for twice."""
    one = metric(tokens)
    states = measured(left, tokens), measured(right, tokens)
    before = msgspec.msgpack.encode(states)
    one.merge(*states)
    assert one.result(states[0]) == one.result(states[0])
    assert msgspec.msgpack.encode(states) == before


def test_only_what_was_merged_cuts_what_comes_later() -> None:
    """A part that is thrown away, to be rendered again, says nothing of the samples that are written in the end."""
    words = [f"w{number} x{number % 7} y{number % 5}" for number in range(900)]
    samples = [Text(text=text) for text in words]

    def measured(one: Any, some: list[Text]) -> Any:
        state = one.new()
        for sample in some:
            one.add(state, sample, "train")
        return state

    fresh, used = metric(60), metric(60)
    measured(used, [Text(text=f"other {number} words") for number in range(3000)])
    expected = fresh.result(measured(fresh, samples))
    merged = used.merge(measured(used, samples[:450]), measured(used, samples[450:]))

    assert used.result(merged) == expected
    assert used.new()["cut"] == merged["cut"] < 2**64 - 1
