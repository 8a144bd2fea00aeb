"""A plugin as a third party writes it: one weighting, one line, one field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuneport import Context, Entity, hookimpl

if TYPE_CHECKING:
    from tuneport.hookspecs import Register, Weighting
    from tuneport.sample import Sample


@hookimpl
def register_weightings(register: Register[Weighting]) -> None:
    """Offer it."""
    register("points", points, doc="From 1.0 without votes to 1.5 for 500")


def points(_config: object, ctx: Context) -> Weighting:
    """Weigh by votes."""
    ctx.needs("upvotes")

    def weigh(entity: Entity, _sample: Sample) -> float:
        return 1 + entity["upvotes"] / 1000  # type: ignore[no-any-return]

    return weigh
