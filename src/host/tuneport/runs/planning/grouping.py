"""The streams of a source whose rows are turns, as one stream of conversations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from logging import getLogger

from tuneport.config import closest
from tuneport.model import Problem
from tuneport.recipes.grouping import MESSAGES, GroupSection
from tuneport.runs.reading.grouping.source import GroupedSource
from tuneport.runs.reading.sources import information, with_field_types
from tuneport.runs.reading.streams import Stream, together

log = getLogger("tuneport")


def grouped(
    streams: Sequence[Stream], group: GroupSection, place: str, hidden: Iterable[str], problems: list[Problem]
) -> Stream:
    """One stream of the conversations in several.

    Args:
        streams: all of one source.
        group: which rows are a conversation.
        place: where the source stands in the recipe.
        hidden: fields that nothing may look at.
        problems: what is wrong is added here.

    Raises:
        SourceError: a source fails while its first rows are looked at.
    """
    info = together([stream.info for stream in streams])
    known = info.fields
    if not problems:
        looked, types = with_field_types(streams, info)
        known = dict(types)
        # What was looked at and cannot be read again is read from there.
        streams = [new if old.info.revision is None else old for old, new in zip(streams, looked, strict=True)]
    if known is not None:
        problems.extend(_wrong(group, f"{place}.group", known, set(hidden), closed=info.closed))
    source = GroupedSource(streams, group, known)
    return Stream(streams[0].inlet, "", source, information(source))


def _wrong(
    group: GroupSection, path: str, known: Mapping[str, str], hidden: set[str], *, closed: bool
) -> Iterable[Problem]:
    of_rows = [(key, name) for key, names in group.named().items() for name in names]
    for key, name in of_rows:
        if name in hidden:
            hint = "take it out of output.exclude_fields"
            yield Problem(f'{path}.{key} = "{name}"', f'field "{name}" is excluded', hint, "excluded_field")
        elif known and name not in known:
            near = closest(name, known)
            listed = f"they have {', '.join(list(known)[:12])}"
            if closed:
                hint = f"{near} They have {', '.join(known)}" if near else f"they have {', '.join(known)}"
                yield Problem(f'{path}.{key} = "{name}"', "the source's rows have no such field", hint, "unknown_field")
            elif key == "fields":
                log.warning('none of the first rows has a field "%s" (%s.%s); %s', name, path, key, near or listed)
            else:
                # A field that some turns have may come late; without these there is no conversation.
                what = "none of the first rows has such a field"
                yield Problem(f'{path}.{key} = "{name}"', what, near or listed, "unknown_field")
    if MESSAGES in known and MESSAGES not in {name for _, name in of_rows}:
        what = f'the source has a field "{MESSAGES}", so its rows are conversations already'
        yield Problem(path, what, "leave group out, or read the rows of single turns")
