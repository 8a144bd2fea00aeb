"""What stands in each format and split of a finished run, what became of weights there, and what was not carried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, TypeVar

from tuneport.commands.wording import counts, listed, percent, row, short, split_words
from tuneport.dataset import DataFile, FormatInfo, SplitInfo
from tuneport.runs.weights import diagnosis, words
from tuneport.traits import FormatTraits, status_words

T = TypeVar("T")

_SPLITS = ("train", "validation", "test")


def split_rows(split: SplitInfo | None) -> list[str]:
    """How samples were split, what of that leaks, and what moved since an earlier dataset."""
    if split is None:
        return []
    whole = sum(split.samples.values())
    asked = listed(percent(share) for share in split.asked.values())
    got = listed(percent(split.samples.get(name, 0) / whole if whole else 0.0) for name in split.asked)
    how = split_words(split.mode, split.group_by, split.stratify_by, split.against[:8])
    numbers = " · ".join(f"{count:,} {name}" for name, count in _ordered(split.samples))
    return [*row("split", f"{numbers} (asked {asked}, got {got}: {how})"), *row("leakage", _leakage(split))]


def weight_row(weights: Mapping[str, Any]) -> list[str]:
    """Range and mean, and how many samples of one weight would tell a trainer as much."""
    if not weights:
        return []
    text = f"{short(weights['min'])} to {short(weights['max'])}, mean {short(weights['mean'])}"
    if weights["min"] != weights["max"]:
        text += f", effective sample size {weights['effective']:,.0f} of {weights['count']:,}"
    return row("weights", text)


def format_rows(
    name: str, info: FormatInfo, traits: FormatTraits, weights: Mapping[str, Any], nowhere: int = 0
) -> list[str]:
    """What was written in one format; below it, what was not carried, and what its trainer has to be told.

    `nowhere` says how many samples no format wrote, for their weights came to no row.
    """
    refused = f", {info.ledger.refused:,} refused" if info.ledger.refused else ""
    became = words.done(info.weights, traits, info.ledger, nowhere) if weights else ""
    carried = f", {became}" if became else ""
    numbers = _numbers(info)
    lines = row(name, f"{numbers} row{'' if numbers == '1' else 's'}{refused}{carried}")
    if weights:
        lines += row("", words.flags(info.weights, traits))
    return lines + row("", words.losses(info.losses))


def remarks(
    formats: Mapping[str, FormatInfo], traits: Mapping[str, FormatTraits], weights: Mapping[str, Any], today: date
) -> Iterator[str]:
    """What is odd about the weights, and which targets have ended or will end as of `today`."""
    yield from diagnosis.of_weights(weights)
    yield from diagnosis.of_formats(formats, traits, weights)
    yield from filter(None, (status_words(name, traits[name], today, all_notes=False) for name in formats))


def _numbers(info: FormatInfo) -> str:
    """Rows in each split, the trained ones first; in all, where nothing is split or the files are not there."""
    rows = [_rows(files) for _, files in _ordered(info.splits)]
    return " + ".join(f"{count:,}" for count in rows) if sum(rows) == info.ledger.rows > 0 else f"{info.ledger.rows:,}"


def _ordered(splits: Mapping[str, T]) -> list[tuple[str, T]]:
    """What is trained on comes first."""
    return sorted(splits.items(), key=lambda item: _SPLITS.index(item[0]) if item[0] in _SPLITS else len(_SPLITS))


def _rows(files: Iterable[DataFile]) -> int:
    return sum(file.rows for file in files)


def _leakage(split: SplitInfo) -> str:
    """What stands on both sides; that nothing does is as good to know."""
    counted = {
        "groups on both sides": split.groups_on_both_sides,
        "prompts of validation or test in train as well": split.prompts_on_both_sides,
    }
    found = {what: count for what, count in counted.items() if count}
    told = counts(found) or "no group and no prompt on both sides"
    if split.against:
        earlier = f"{split.moved + split.stayed:,} earlier {'groups' if split.group_by else 'samples'}"
        told += f" · {split.moved:,} of {earlier} moved"
    if split.samples_moved:
        samples = "sample" if split.samples_moved == 1 else "samples"
        told += f" · {split.samples_moved:,} {samples} moved to where the group stands"
    return told
