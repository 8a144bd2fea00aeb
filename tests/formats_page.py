"""The tables of docs/formats.md, made from what formats say of their targets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Literal, get_args, get_origin

import msgspec.json

from tuneport import FormatTraits, PluginManager
from tuneport.runs.weights.policy import Carriage, carriage_for, carriage_of
from tuneport.runs.weights.words import flags
from tuneport.traits import ASPECTS, status_words

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
        carriage = carriage_of({}, traits, name, "", [])
        taken = "taken as it is" if traits.scale == "absolute" else ""
        said = [traits.weight_note, flags(carriage.weights, traits), taken]
        place = PLACES[traits.weight] or TURNS.get(traits.weight, "")
        rows.append([name, place, _ways(carriage, traits, name), "; ".join(filter(None, said))])
    return _table(["format", "place for a weight", "if you do not say", "its reader"], rows)


def _ways(carriage: Carriage, traits: FormatTraits, name: str) -> str:
    """What becomes of weights, and of those of kinds that have no place for one."""
    others = [
        f"{way} for {kind}"
        for kind in sorted(traits.kinds or ())
        if (way := carriage_for(carriage, [kind], traits, name, "", []).weights) != carriage.weights
    ]
    return ", ".join([carriage.weights, *others])


def carried_table(formats: dict[str, FormatTraits]) -> list[str]:
    """What each format carries beside texts and weight; "?" where it does not say."""
    rows = [
        [name, *("?" if one.carries is None else "yes" if aspect in one.carries else "" for aspect in ASPECTS)]
        for name, one in formats.items()
    ]
    return _table(["format", *(aspect.replace("_", " ") for aspect in ASPECTS)], rows)


def ending_table(formats: dict[str, FormatTraits]) -> list[str]:
    """Targets that have ended or will end: the page says the day, and not whether it has come."""
    said = {name: status_words(name, traits, date.min, all_notes=False) for name, traits in formats.items()}
    return _table(["format", "state"], ([name, text.removeprefix(f"{name} ")] for name, text in said.items() if text))


def options_table(manager: PluginManager) -> list[str]:
    """What each format can be told beside `weights` and `max_copies`, as its configuration says it."""
    rows = []
    for name in sorted(manager.names("formats")):
        for option, field in manager.resolve("formats", name).config.model_fields.items():
            about = " ".join((field.description or "").split()).replace("<", "&lt;")
            default = _default(field.get_default(call_default_factory=True))
            rows.append([name, option, _values(field.annotation), default, about])
    return _table(["format", "option", "values", "default", "what for"], rows)


def _values(kind: Any) -> str:
    """What an option may be."""
    if get_origin(kind) is Literal:
        return ", ".join(map(_default, get_args(kind)))
    if get_origin(kind) is list:
        return f"a list of {_values(get_args(kind)[0])}"
    return {bool: "`true`, `false`", str: "a text"}.get(kind, "an object, or its text")


def _default(value: object) -> str:
    """A value as a recipe has it; nothing for what a recipe cannot say."""
    return "" if value is None else f"`{msgspec.json.encode(value).decode()}`"


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
