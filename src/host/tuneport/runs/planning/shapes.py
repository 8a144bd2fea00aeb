"""What the samples of several sources have in common: formats write one shape of row for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from tuneport.context import SampleShape
from tuneport.model import Problem
from tuneport.sample import Sample


def one_shape(
    shapes: Sequence[SampleShape | None], titles: Sequence[str], problems: list[Problem]
) -> SampleShape | None:
    """The shape of all samples; None where a style did not say. Metadata of different types is a problem.

    Where the kinds differ, the kind is `Sample` itself, so that formats write what every sample has.
    """
    known = [shape for shape in shapes if shape is not None]
    if len(known) < len(shapes):
        return None
    kinds = {shape.kind for shape in known}
    metadata: dict[str, str] = {}
    for shape, title in zip(known, titles, strict=True):
        for name, kind in shape.metadata.items():
            before = metadata.setdefault(name, kind)
            if before != kind:
                first = next(one for one, other in zip(titles, known, strict=True) if name in other.metadata)
                text = f'"{name}" is {before} in {first}, and {kind} in {title}'
                hint = f'say which: metadata_fields = {{ {name} = "string" }}'
                problems.append(Problem("export.metadata_fields", text, hint))
    common = kinds.pop() if len(kinds) == 1 else Sample
    return SampleShape(
        common,
        has_input=any(shape.has_input for shape in known),
        metadata=metadata,
        turns=frozenset().union(*(shape.turns for shape in known)),
        tools=any(shape.tools for shape in known),
        weighted=any(shape.weighted for shape in known),
    )
