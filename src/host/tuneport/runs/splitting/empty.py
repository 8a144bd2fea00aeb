"""What is said of a split on one of whose sides nothing stands."""

from __future__ import annotations

from collections.abc import Mapping

from tuneport.errors import DataError
from tuneport.split import SplitSection


def empty_side(samples: Mapping[str, int], groups: int, section: SplitSection) -> DataError | None:
    """The error of a split on one of whose sides nothing stands; None where something stands on all of them.

    Args:
        samples: split to the samples that were exported into it.
        groups: how many groups there were, which of content alone are samples.
        section: what was asked for.
    """
    empty = [name for name in ("train", *section.asked) if not samples.get(name)]
    if not empty:
        return None
    kind = "group" if section.group_by else "sample"
    split = f"{groups:,} {kind} was" if groups == 1 else f"{groups:,} {kind}s were"
    by = f" by {', '.join(section.group_by)}" if section.group_by else ""
    asked = " and ".join(f"{100 * ratio:g} % for {name}" for name, ratio in section.asked.items())
    text = f"no sample stands in {' and '.join(empty)}: {split} split{by}, {asked}"
    return DataError(text, _ways_out(section))


def _ways_out(section: SplitSection) -> str:
    ways = ["export more records", "ask for other shares"]
    if section.mode == "stable":
        ways.append('take mode = "exact", which fills each side to its count')
    if section.against is not None:
        ways.append("leave against out, for what stands in train there stays in train")
    if section.group_by:
        ways.append("group by a field with more values")
    return f"{', '.join(ways[:-1])} or {ways[-1]}; or leave output.split out"
