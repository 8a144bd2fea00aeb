"""What a run is, what was pinned when it first started, and what has changed since."""

from __future__ import annotations

import functools
import os
import platform
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import msgspec
import msgspec.json

from tuneport.errors import UsageError
from tuneport.recipes import Recipe
from tuneport.recipes.sections import OF_THE_MACHINE
from tuneport.runs.planning.pipeline import Pipeline
from tuneport.runs.reading.streams import Inlet, Stream, revisions

# What may change between a run and its resume without changing a byte of the dataset.
_NOT_IDENTITY = {
    "run": {"max_error_rate", "now", "plugins", "base", *OF_THE_MACHINE},
    "output": {"min_rows", "max_shrink", "on_exists", "progress_interval", "continue_on_error"},
}


class Pinned(msgspec.Struct, frozen=True):
    """Settled when a run first starts, and kept when it is taken up again."""

    now: datetime
    fields: list[list[tuple[str, str]]]
    part_bytes: int
    part_entities: int | None
    seek: bool


def canonical(data: Any) -> bytes:
    """JSON with sorted keys: the same data, the same bytes."""
    return msgspec.json.encode(data, order="sorted")


def identity_of(
    recipe: Recipe, pipeline: Pipeline, inlets: Sequence[Inlet], streams: Sequence[Stream]
) -> dict[str, Any]:
    """What a run is, but for the files that its stages read."""
    asked = recipe.model_dump(mode="json", exclude_none=True)
    for section, keys in _NOT_IDENTITY.items():
        asked[section] = {key: value for key, value in asked[section].items() if key not in keys}
    now = recipe.run.now
    return {
        "recipe": {**asked, "now": now.isoformat() if now else None},
        "source": {
            inlet.name: {
                "importer": msgspec.to_builtins(inlet.importer) if inlet.importer else None,
                "revision": revisions([stream for stream in streams if stream.inlet == number]),
            }
            for number, inlet in enumerate(inlets)
        },
        "stages": [msgspec.to_builtins(stage.ref) for stage in pipeline.stages()],
        # What a format's target can express may change without a change of its plugin: another one may update it.
        "traits": [list(one) for stage in pipeline.formats for one in stage.contribution.changed_by],
        "weights": {name: msgspec.to_builtins(one) for name, one in pipeline.carried().items()},
        "versions": versions(),
        "values": recipe.references.fingerprints(),
    }


def pinned_before(staged: Mapping[str, Any], identity: Mapping[str, Any]) -> Pinned | None:
    """The pinned facts of staged work, where it is of this identity."""
    before = staged.get("identity")
    if not isinstance(before, Mapping):
        return None
    known = {name: one for name, one in before.items() if name != "resources"}
    # As bytes: what staged work is bound to tells 1 from 1.0 and from true.
    if canonical(known) != canonical(identity):
        return None
    try:
        return msgspec.convert(staged.get("pinned"), Pinned)
    except msgspec.ValidationError:
        return None


def now_of(recipe: Recipe) -> datetime:
    """The run's time: the recipe's, else SOURCE_DATE_EPOCH, else the clock's.

    Raises:
        UsageError: SOURCE_DATE_EPOCH is no number of seconds.
    """
    if recipe.run.now is not None:
        return recipe.run.now
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        return datetime.fromtimestamp(int(epoch), UTC)
    except (ValueError, OverflowError, OSError):
        raise UsageError(f"SOURCE_DATE_EPOCH is {epoch!r}, not a number of seconds") from None


def versions() -> dict[str, str]:
    """What the bytes of a dataset depend on besides plugins."""
    named = {name: _version(name) for name in ("tuneport", "msgspec", "xxhash", "zstandard")}
    return {**named, "zlib": zlib.ZLIB_RUNTIME_VERSION, "python": ".".join(platform.python_version_tuple()[:2])}


@functools.cache  # it reads a file each time, and what is imported does not change
def _version(package: str) -> str:
    return version(package)
