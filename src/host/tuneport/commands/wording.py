"""Named lines, numbers and names as the terminal shows them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence

WIDTH = 100
_MARGIN = 14


def row(name: str, text: str) -> list[str]:
    """A named line, or several where it is long; none where there is nothing to say."""
    lines = _wrapped(text, _MARGIN)
    # A format may be called whatever its author likes: a long name keeps its distance to what is said of it.
    head = f"  {name}" if len(name) < _MARGIN - 2 else f"  {name}  "
    return [f"{head if index == 0 else '':<{_MARGIN}}{line}" for index, line in enumerate(lines)]


def note(text: str) -> list[str]:
    """A remark, wrapped."""
    lines = _wrapped(one_line(text), 6)
    return [f"{'note  ' if index == 0 else '      '}{line}" for index, line in enumerate(lines)]


def counts(numbers: Mapping[str, int]) -> str:
    """`107 text_too_short · 21 empty_output`, the largest first."""
    return " · ".join(f"{count:,} {name}" for name, count in by_size(numbers))


def by_size(numbers: Mapping[str, int]) -> list[tuple[str, int]]:
    """The largest first."""
    return sorted(numbers.items(), key=lambda item: (-item[1], item[0]))


def one_line(text: str) -> str:
    """A text that files and plugins have a part in, on one line: what would break it stands there escaped."""
    return text if text.isprintable() else repr(text)[1:-1]


def short(weight: float) -> str:
    """A weight."""
    return f"{weight:.2f}" if weight == 0 or 0.1 <= weight < 1e6 else f"{weight:.2g}"


def percent(share: float) -> str:
    """A share."""
    return f"{100 * share:.3g} %"


def seconds(milliseconds: int) -> str:
    """A time."""
    return f"{milliseconds / 1000:.1f} s"


def listed(texts: Iterable[str]) -> str:
    """`a, b and c`."""
    *most, last = texts
    return f"{', '.join(most)} and {last}" if most else last


def split_words(mode: str, group_by: Sequence[str], stratify_by: Sequence[str], against: str) -> str:
    """How samples are split; `against` is what the earlier dataset is called, "" where there is none."""
    how = [mode]
    how += [f"by {listed(group_by)}"] if group_by else []
    how += [f"each value of {listed(stratify_by)} alike"] if stratify_by else []
    how += [f"as in {against}"] if against else []
    return ", ".join(how)


def _wrapped(text: str, margin: int) -> list[str]:
    return textwrap.wrap(text, WIDTH - margin, break_long_words=False, break_on_hyphens=False)
