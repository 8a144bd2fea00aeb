"""When a run is not worth publishing: too many errors, or too few rows."""

from __future__ import annotations

from collections.abc import Mapping

from tuneport.errors import DataError, StoppedError
from tuneport.options import Cancel, ExportStats
from tuneport.recipes import Recipe
from tuneport.runs.codes import is_error

EARLIEST = 1000
"""Records that have to be read before an error rate says anything."""


def must_go_on(cancel: Cancel | None) -> None:
    """Check whether anybody asked the run to stop.

    Raises:
        StoppedError: somebody did.
    """
    if cancel is not None and cancel.is_set():
        raise StoppedError("stopped on request; nothing published", "run it again when it is wanted")


def tolerable(stats: ExportStats, recipe: Recipe) -> None:
    """Check the errors so far.

    Raises:
        DataError: there is one and the run should stop at the first, or there are too many.
    """
    if stats.errored_entities and not recipe.output.continue_on_error:
        raise at_an_error(_errors(stats))
    if stats.total_entities >= EARLIEST:
        _rate(stats, recipe.run.max_error_rate)


def at_an_error(hint: str) -> DataError:
    """The error of a run that should stop at the first error."""
    return DataError("stopped at an error, as continue_on_error = false asks; nothing published", hint)


def enough(stats: ExportStats, recipe: Recipe, notes: Mapping[str, int]) -> None:
    """Check what a finished run exported; `notes` are events that stages counted.

    Raises:
        DataError: too many records failed, or too few were exported.
    """
    tolerable(stats, recipe)
    _rate(stats, recipe.run.max_error_rate)
    if stats.exported_entities < recipe.output.min_rows:
        reasons = ", ".join(f"{count:,} {code}" for code, count in sorted(stats.rejects.items()))
        told = [] if stats.total_entities else ["there was nothing to read"]
        told += [f"rejected: {reasons}"] if reasons else []
        told += [f"the first: {stats.errors[0]}"] if stats.errors else []
        told += [f"counted: {', '.join(f'{count:,} {name}' for name, count in sorted(notes.items()))}"] if notes else []
        told += [f"accept it: --set output.min_rows={stats.exported_entities}"] if stats.exported_entities else []
        raise DataError(
            f"{stats.exported_entities:,} of {stats.total_entities:,} records exported, fewer than "
            f"output.min_rows = {recipe.output.min_rows:,}; nothing published",
            "\n".join(told),
        )


def _rate(stats: ExportStats, most: float | None) -> None:
    if most is not None and stats.errored_entities > most * stats.total_entities:
        share = stats.errored_entities / stats.total_entities
        raise DataError(
            f"{stats.errored_entities:,} error{'' if stats.errored_entities == 1 else 's'} in "
            f"{stats.total_entities:,} records ({share:.0%}), more than max_error_rate = {most:.3g}; nothing published",
            f"{_errors(stats)}\naccept it: --set run.max_error_rate=1",
        )


def _errors(stats: ExportStats) -> str:
    """How many errors there were of each kind."""
    return ", ".join(f"{count:,} {code}" for code, count in sorted(stats.rejects.items()) if is_error(code))
