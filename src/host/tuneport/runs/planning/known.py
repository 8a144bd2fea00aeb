"""What factories may know of each source of a run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from tuneport.recipes import Recipe
from tuneport.runs.planning.compiler import Facts
from tuneport.runs.reading.sources import first_records
from tuneport.runs.reading.streams import Inlet, Stream


def facts_of(
    recipe: Recipe,
    inlets: Sequence[Inlet],
    streams: Sequence[Stream],
    now: datetime,
    fields: Sequence[Sequence[tuple[str, str]]],
) -> list[Facts]:
    """What factories may know of each inlet, given the fields of each."""
    output = recipe.output
    every = {name for known in fields for name, _ in known}
    hidden = set(output.exclude_fields)
    if output.include_fields:
        hidden |= every - set(output.include_fields)
    many = len(inlets) > 1
    return [
        Facts(
            now=now,
            seed=recipe.run.seed,
            fields={name: kind for name, kind in known if name not in hidden},
            closed=inlet.info.closed,
            hidden=frozenset(hidden),
            base=recipe.base,
            elsewhere=frozenset(every - hidden) if many else frozenset(),
            title=inlet.info.title if many else "",
            look=partial(first_records, [stream for stream in streams if stream.inlet == number]),
        )
        for number, (inlet, known) in enumerate(zip(inlets, fields, strict=True))
    ]
