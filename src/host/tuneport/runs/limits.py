"""When a run is not worth publishing: too many errors, or too few rows."""

from __future__ import annotations

from collections.abc import Mapping

from tuneport.errors import DataError
from tuneport.options import ExportStats
from tuneport.recipes import Recipe
from tuneport.runs.codes import is_error

EARLIEST = 1000
"""Records that have to be read before an error rate says anything."""


def tolerable(stats: ExportStats, recipe: Recipe) -> None:
    """Check the errors so far.

    Raises:
        DataError: there is one and the run should stop at the first, or there are too many.
    """
    if stats.errored_entities and not recipe.output.continue_on_error:
        codes = ", ".join(f"{count:,} {code}" for code, count in sorted(stats.rejects.items()) if is_error(code))
        raise DataError("stopped at an error, as continue_on_error = false asks; nothing published", codes)
    if stats.total_entities >= EARLIEST:
        _rate(stats, recipe.run.max_error_rate)


def enough(stats: ExportStats, recipe: Recipe, notes: Mapping[str, int]) -> None:
    """Check what a finished run exported; `notes` are events that stages counted.

    Raises:
        DataError: too many records failed, or too few were exported.
    """
    tolerable(stats, recipe)
    _rate(stats, recipe.run.max_error_rate)
    if stats.exported_entities < recipe.output.min_rows:
        reasons = ", ".join(f"{count:,} {code}" for code, count in sorted(stats.rejects.items()))
        told = [f"rejected: {reasons}" if reasons else "there was nothing to read"]
        told += [f"the first: {stats.errors[0]}"] if stats.errors else []
        told += [f"counted: {', '.join(f'{count:,} {name}' for name, count in sorted(notes.items()))}"] if notes else []
        raise DataError(
            f"{stats.exported_entities:,} of {stats.total_entities:,} records exported, fewer than "
            f"output.min_rows = {recipe.output.min_rows:,}; nothing published",
            "\n".join(told),
        )


def _rate(stats: ExportStats, most: float | None) -> None:
    if most is not None and stats.errored_entities > most * stats.total_entities:
        share = stats.errored_entities / stats.total_entities
        raise DataError(
            f"{stats.errored_entities:,} errors in {stats.total_entities:,} records ({share:.0%}), "
            f"more than max_error_rate = {most:.3g}; nothing published",
            "accept it: --set run.max_error_rate=1",
        )
