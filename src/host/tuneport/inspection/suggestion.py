"""A recipe for a source, as TOML text that runs as it is."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import chain, count
from pathlib import Path

from tuneport.inspection import toml
from tuneport.inspection.choosing import Choice, choose
from tuneport.inspection.columns import Column
from tuneport.inspection.extras import created, is_plain, key_of, metadata_of, weights_of
from tuneport.inspection.names import WEIGHT_AS_IT_IS
from tuneport.inspection.opening import Looked
from tuneport.recipes.grouping import MESSAGES
from tuneport.source import SourceInfo

_SHORTEST, _LONGEST = 10, 8192
"""The bounds that `quality` has where it says nothing."""
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9]+")
_SCALED = 'normalize = "log"  # 1 + ln(1 + x), so that 0 counts as 1'
_DEFAULT_METADATA = {"source", "category", "tags"}


def suggested(path: Path, table: str | None, info: SourceInfo, looked: Looked, folder: Path) -> str:
    """A recipe for what was looked at; "" where there is no column to train on.

    Args:
        path: the source's file.
        table: the table that was looked at, where it has tables.
        info: what the source says of itself.
        looked: its first records.
        folder: where the recipe will stand: its paths start from there.
    """
    columns = looked.columns
    choice = choose(columns)
    if choice is None:
        return ""
    weights = weights_of(columns)
    group = choice.turns.group if choice.turns is not None else {}
    # A conversation is named by what its rows have in common.
    key = [] if group else key_of(columns, info.key, looked.read - looked.unreadable)
    mapped = [column.name for column in (*choice.mapping.values(), *group.values())]
    metadata = metadata_of(columns, [*mapped, *key, *(column.name for column in weights)])
    lines = [
        f"# {_about(looked)} What a key means: tuneport schema recipe",
        *toml.section("source", _source(path, table, key, folder)),
        *toml.section("source.group", toml.pairs({name: column.name for name, column in group.items()})),
        *toml.section("export", _export(choice, columns, metadata)),
        *toml.section("export.roles", toml.pairs(choice.turns.roles if choice.turns is not None else {})),
        *toml.section("export.field_mapping", _mapping(choice, columns)),
        *toml.section("export.metadata_fields", toml.pairs(metadata)),
        *toml.section("export.weighting", [*_weights(weights, columns), *_freshness(created(columns))]),
        *toml.section("export.quality", _quality(choice)),
        *toml.section("output", _output(table or path.name.partition(".")[0], columns, folder)),
    ]
    return "\n".join(lines) + "\n"


def _about(looked: Looked) -> str:
    count = looked.read - looked.unreadable
    if not count:
        return "Suggested by the names of the columns; there was no record to look at."
    return f"Suggested by the names of the columns and the first {count:,} record{'' if count == 1 else 's'}."


def _source(path: Path, table: str | None, key: Sequence[str], folder: Path) -> list[str]:
    lines = toml.pairs({"path": _path_from(path, folder), **({} if table is None else {"table": table})})
    if key:
        lines += toml.pairs({"key": key[0] if len(key) == 1 else list(key)})
    return lines


def _path_from(path: Path, folder: Path) -> str:
    """The path as a recipe in `folder` has to name it; an absolute one stays."""
    if path.is_absolute():
        return str(path)
    whole = Path(os.path.realpath(path.parent)) / path.name
    return os.path.relpath(whole, os.path.realpath(folder))


def _export(choice: Choice, columns: Sequence[Column], metadata: dict[str, str]) -> list[str]:
    lines = toml.pairs({"style": choice.style})
    trailing = choice.learnt.spoken.trailing if choice.talks else 0
    if choice.turns is not None:
        lines.append('trailing_turns = "drop"  # what follows the assistant\'s last answer is left out')
    elif trailing:
        what = f"{trailing:,} of {choice.learnt.spoken.conversations:,} do not end with the assistant"
        lines.append(f'trailing_turns = "drop"  # {what}: what follows its last answer is left out')
    if not metadata and any(column.name in _DEFAULT_METADATA for column in columns):
        # These would be taken without being asked for, and hold what a row cannot.
        lines += toml.pairs({"include_metadata": False})
    return lines


def _mapping(choice: Choice, columns: Sequence[Column]) -> list[str]:
    lines = ["# a guess, by the length of their texts: no column has a name that says it"] if choice.guessed else []
    mapping = {key: column.name for key, column in choice.mapping.items()}
    if choice.turns is not None:
        mapping["messages_field"] = MESSAGES
    # A column of the default name would be taken without being asked for.
    for style, key, default in (
        ("instruction_tuning", "input_field", "context"),
        ("chat_completion", "system_field", "system_prompt"),
        (choice.style if choice.with_tools else "", "tools_field", "tools"),
    ):
        unwanted = key not in mapping and any(column.name == default for column in columns)
        if choice.style == style and unwanted:
            mapping[key] = ""
    return lines + toml.pairs(mapping)


def _weights(weights: Sequence[Column], columns: Sequence[Column]) -> list[str]:
    """The line that names the weight, or why it does not."""
    if not weights:
        return []
    first = weights[0]
    scaled = (
        [] if first.plain_name in WEIGHT_AS_IT_IS else ['normalize = "log"  # 1 + ln(1 + x), so that 0 counts as 1']
    )
    if is_plain(first):
        return [*toml.pairs({"weight_field": first.name}), *scaled]
    lines = [f"# {line}" for line in (*toml.pairs({"weight_field": first.name}), *scaled)]
    # The field of this name would be taken without being asked for.
    off = ["enable_weights = false"] if any(column.name == "importance" for column in columns) else []
    return [f"# {_why_not(first)}", *lines, *off]


def _why_not(column: Column) -> str:
    name, odd = toml.quoted(column.name), column.seen - column.numbers
    if not column.seen:
        return f"{name} held nothing"
    if odd:
        return f"{odd:,} of {column.seen:,} values of {name} are no numbers: their records would be errors"
    return f"{column.negative:,} of {column.seen:,} values of {name} are below zero: these count as 0"


def _freshness(column: Column | None) -> list[str]:
    if column is None:
        return []
    return [
        "# auto_weight_by_freshness = true  # older records weigh less: half after 90 days",
        f"# {toml.pairs({'timestamp_field': column.name})[0]}",
    ]


def _quality(choice: Choice) -> list[str]:
    """The bounds, where those that hold otherwise would leave nothing."""
    lengths = choice.lengths()
    if not lengths or any(_SHORTEST <= length <= _LONGEST for length in lengths):
        return []
    if lengths[0] < _SHORTEST:
        return ["min_text_length = 1  # all texts are shorter than 10 characters"]
    return [f"max_text_length = {lengths[-1]}  # all texts are longer than 8,192 characters"]


def _output(name: str, columns: Sequence[Column], folder: Path) -> list[str]:
    lines = toml.pairs({"path": _free_name(name, folder)})
    secrets = [column.name for column in columns if column.secret]
    if secrets:
        lines.append(f"{toml.pairs({'exclude_fields': secrets})[0]}  # named like secrets: nothing looks at them")
    return lines


def _free_name(name: str, folder: Path) -> str:
    """A name for the dataset's folder that nothing has."""
    plain = _NOT_IN_A_NAME.sub("-", name).strip("-").lower()[:60] or "dataset"
    names = (f"{plain}{number}" for number in chain([""], (f"-{number}" for number in count(2))))
    return next(free for free in names if not os.path.lexists(folder / free))
