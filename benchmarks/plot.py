"""Bars of a race as SVG: seconds of whole processes, the fastest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from statistics import median
from typing import Any

WIDTH, LEFT, BAR, GAP = 760, 110, 18, 6
SCALE = WIDTH - LEFT - 130
OURS, OTHERS = "#1f6f8b", "#b8b8b8"


def bars(title: str, workloads: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """One chart of bars for each workload, under each other."""
    lines: list[str] = []
    top = 28
    for workload, racers in workloads.items():
        lines.append(text(0, top + 16, f"{workload}, seconds (MB)", "bold"))
        top += 26
        seconds = {racer["name"]: median(racer["used"]["seconds"]) for racer in racers}
        longest = max(seconds.values())
        for racer in sorted(racers, key=lambda racer: seconds[racer["name"]]):
            lines += bar(top, racer["name"], seconds[racer["name"]], longest, median(racer["used"]["peak"]))
            top += BAR + GAP
        top += 14
    font = 'font-family="sans-serif" font-size="13"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top}" {font}>'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', text(0, 18, title), *lines, "</svg>\n"])


def bar(top: int, name: str, seconds: float, longest: float, peak: float) -> list[str]:
    """One racer's bar, with its name before and its figures behind."""
    width = max(1, round(SCALE * seconds / longest))
    colour = OURS if name.startswith("tuneport") else OTHERS
    return [
        text(LEFT - 8, top + 14, name, anchor="end"),
        f'<rect x="{LEFT}" y="{top}" width="{width}" height="{BAR}" fill="{colour}"/>',
        text(LEFT + width + 6, top + 14, f"{seconds:.2f} ({peak:,.0f})"),
    ]


def text(left: int, top: int, words: str, weight: str = "normal", anchor: str = "start") -> str:
    """Some words."""
    return f'<text x="{left}" y="{top}" font-weight="{weight}" text-anchor="{anchor}">{escape(words)}</text>'
