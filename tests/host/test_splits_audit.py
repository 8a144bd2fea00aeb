"""The audit finds what leaked, whoever assigned it and however it was cut into parts."""

from __future__ import annotations

import random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xxhash import xxh3_64_digest, xxh3_128_digest

from tuneport.dataset import SplitInfo
from tuneport.runs.messages import DUPLICATE, TEST, TRAIN, VALIDATION
from tuneport.runs.splitting.audit import Audit
from tuneport.runs.splitting.before import Before
from tuneport.runs.splitting.units import number_of


class Kept(NamedTuple):
    """A sample: number of its unit and of its prompt, and its side."""

    unit: int
    prompt: int
    side: int


def unit(number: int) -> bytes:
    """A unit, as good as any."""
    return xxh3_128_digest(b"%d" % number)


def added(audit: Audit, samples: list[Kept], keys: bytes = b"") -> bytes:
    """Add samples as one part."""
    prompts = b"".join(xxh3_64_digest(b"%d" % one.prompt) for one in samples)
    return audit.add(prompts, b"".join(unit(one.unit) for one in samples), bytes(one.side for one in samples), keys)


def found(*samples: Kept, before: Before | None = None) -> dict[str, int]:
    """What is found in samples of one part."""
    audit = Audit(before)
    added(audit, list(samples))
    return audit.result()


@pytest.mark.parametrize(
    ("samples", "groups", "on_both", "prompts"),
    [
        ([], 0, 0, 0),
        ([Kept(1, 1, TRAIN), Kept(1, 2, TRAIN), Kept(2, 3, VALIDATION)], 2, 0, 0),
        ([Kept(1, 1, TRAIN), Kept(1, 2, VALIDATION), Kept(1, 3, TEST)], 1, 1, 0),
        ([Kept(1, 1, VALIDATION), Kept(1, 1, TEST), Kept(2, 2, TRAIN)], 2, 1, 0),
        ([Kept(1, 1, TRAIN), Kept(2, 1, VALIDATION), Kept(3, 1, TEST), Kept(4, 1, VALIDATION)], 4, 0, 1),
        ([Kept(1, 1, TRAIN), Kept(2, 2, TRAIN), Kept(3, 1, TEST), Kept(4, 2, VALIDATION)], 4, 0, 2),
        ([Kept(1, 1, TRAIN), Kept(1, 1, DUPLICATE), Kept(2, 2, DUPLICATE), Kept(3, 2, TEST)], 2, 0, 0),
    ],
)
def test_what_stands_on_both_sides_is_counted(samples: list[Kept], groups: int, on_both: int, prompts: int) -> None:
    """Groups on any two sides, and prompts of validation and test that are trained on as well; each once."""
    result = found(*samples)
    assert (result["groups"], result["groups_on_both_sides"], result["prompts_on_both_sides"]) == (
        groups,
        on_both,
        prompts,
    )


def test_what_moved_since_an_earlier_dataset_is_counted() -> None:
    """By groups: those that stand where they stood, and those that do not; new ones are neither."""
    before = Before({number_of(unit(number)): VALIDATION for number in (1, 2, 9)})
    samples = [Kept(1, 1, VALIDATION), Kept(1, 2, VALIDATION), Kept(2, 3, TRAIN), Kept(3, 4, TRAIN)]
    result = found(*samples, before=before)
    assert (result["stayed"], result["moved"]) == (1, 1)


def test_samples_whose_group_stands_elsewhere_are_counted() -> None:
    """By their content, where it is not their unit; what is new, or a duplicate, is not; a restart knows as much."""
    before = Before({number_of(unit(1)): TRAIN}, {number_of(unit(number)): VALIDATION for number in (11, 12, 13)})
    samples = [Kept(1, 1, TRAIN), Kept(1, 1, TRAIN), Kept(2, 3, VALIDATION), Kept(1, 2, DUPLICATE), Kept(1, 1, TRAIN)]
    keys = b"".join(map(unit, (11, 12, 13, 11, 14)))
    audit, again = Audit(before), Audit(before)
    again.restore(added(audit, samples, keys))
    assert audit.result() == again.result()
    assert (audit.result()["samples_moved"], audit.result()["moved"]) == (2, 0)
    assert found(*samples, before=before)["samples_moved"] == 0


def test_its_result_is_what_a_manifest_holds() -> None:
    """Every count has its place in SplitInfo."""
    info = SplitInfo(mode="stable", asked={}, samples={}, **found(Kept(1, 1, TRAIN)))  # type: ignore[arg-type]
    assert info.groups == 1


samples = st.lists(
    st.builds(Kept, st.integers(0, 20), st.integers(0, 20), st.sampled_from([DUPLICATE, TRAIN, VALIDATION, TEST]))
)


@given(samples, st.integers(0, 40), st.randoms(use_true_random=False))
def test_parts_and_a_restart_make_no_difference(ones: list[Kept], cut: int, shuffling: random.Random) -> None:
    """Parts in any order, some of them taken up from what was kept of them: the same counts as all at once."""
    whole = found(*ones)
    parts = [ones[:cut], ones[cut : 2 * cut], ones[2 * cut :]]
    shuffling.shuffle(parts)
    kept = b"".join(added(Audit(), part) for part in parts[:2])
    resumed = Audit()
    resumed.restore(kept)
    added(resumed, parts[2])
    assert resumed.result() == whole


def test_it_keeps_little() -> None:
    """Sixteen bytes of every sample that is kept, and none of a duplicate."""
    ones = [Kept(number, number, TRAIN if number % 2 else DUPLICATE) for number in range(1000)]
    assert len(added(Audit(), ones)) == 500 * 16
