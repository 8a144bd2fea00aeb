"""The tables of docs/formats.md, made from what formats say of their targets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tuneport import FormatTraits, PluginManager
from tuneport.runs.weights.policy import carriage_of
from tuneport.runs.weights.words import flags, status
from tuneport.traits import ASPECTS

KINDS = {
    "instruction_tuning": "instruction",
    "chat_completion": "chat",
    "text_completion": "text",
    "prompt_completion": "instruction",
    "preference": "preference",
    "unpaired_preference": "unpaired",
}
"""Style to the kind of samples it makes."""
PLACES = {"row": "a number in each row", "message": "a number in each message", "binary": "", "none": ""}
TURNS = {"binary": "0 or 1 for each turn"}


def bundled(manager: PluginManager) -> dict[str, FormatTraits]:
    """Name to traits of every format, in alphabetical order."""
    return {name: manager.resolve("formats", name).traits for name in sorted(manager.names("formats"))}


def takes(traits: FormatTraits, style: str) -> bool:
    """Whether a format takes what a style makes."""
    return traits.kinds is None or KINDS[style] in traits.kinds


def styles_table(formats: dict[str, FormatTraits]) -> list[str]:
    """Which format takes which style."""
    rows = ([name, *("yes" if takes(one, style) else "" for style in KINDS)] for name, one in formats.items())
    return _table(["format", *KINDS], rows)


def weights_table(formats: dict[str, FormatTraits]) -> list[str]:
    """Where each format has a place for a sample's weight, and what becomes of it where the recipe does not say."""
    rows = []
    for name, traits in formats.items():
        way = carriage_of({}, traits, name, "", []).weights
        said = [traits.weight_note, flags(way, traits), "taken as it is" if traits.scale == "absolute" else ""]
        rows.append([name, PLACES[traits.weight] or TURNS.get(traits.weight, ""), way, "; ".join(filter(None, said))])
    return _table(["format", "place for a weight", "if you do not say", "its reader"], rows)


def carried_table(formats: dict[str, FormatTraits]) -> list[str]:
    """What each format carries beside texts and weight; "?" where it does not say."""
    rows = [
        [name, *("?" if one.carries is None else "yes" if aspect in one.carries else "" for aspect in ASPECTS)]
        for name, one in formats.items()
    ]
    return _table(["format", *(aspect.replace("_", " ") for aspect in ASPECTS)], rows)


def ending_table(formats: dict[str, FormatTraits]) -> list[str]:
    """Targets that have ended or will end."""
    said = {name: status(name, traits, all_notes=False) for name, traits in formats.items()}
    return _table(["format", "state"], ([name, text.removeprefix(f"{name} ")] for name, text in said.items() if text))


def tables_of(text: str) -> list[list[str]]:
    """The tables of a Markdown page, in order."""
    tables: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.startswith("|"):
            tables[-1].append(line)
        elif tables[-1]:
            tables.append([])
    return [table for table in tables if table]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [_line(head), _line(["---"] * len(head)), *map(_line, rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
