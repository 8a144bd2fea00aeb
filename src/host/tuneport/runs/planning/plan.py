"""The plan of a run: what it is (identity) and what was settled when it first started (pinned)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from tuneport.plugin_manager.settings import Settings
from tuneport.recipes import Recipe
from tuneport.runs.codes import sound
from tuneport.runs.planning.compiled import Compiled
from tuneport.runs.planning.identity import Pinned, canonical
from tuneport.runs.planning.pipeline import Pipeline
from tuneport.runs.planning.sizes import Sizes
from tuneport.runs.planning.split import Split
from tuneport.runs.planning.target import Target
from tuneport.runs.publishing.cutting import Cut
from tuneport.runs.reading.streams import Inlet, Stream


@dataclass(frozen=True)
class Plan:
    """Everything a run needs, checked, before it reads the first record."""

    recipe: Recipe
    pipeline: Pipeline
    compiled: Compiled
    inlets: tuple[Inlet, ...]
    streams: tuple[Stream, ...]
    target: Target
    identity: Mapping[str, Any]
    pinned: Pinned
    sizes: Sizes
    split: Split | None
    lent: Pinned | None = None
    """What staged work was pinned to, where this plan has it from there."""
    fresh: bool = False
    """Whether staged work is thrown away, whatever it is."""
    settings: Settings | None = None
    """What another process makes its plugin manager of; None where plugins were registered in this one."""

    @property
    def title(self) -> str:
        """What is read, for a person."""
        return " + ".join(inlet.info.title for inlet in self.inlets)

    @property
    def rows(self) -> int | None:
        """About how many records there are; None where nobody knows."""
        counts = [inlet.info.rows for inlet in self.inlets]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None

    @property
    def digest(self) -> str:
        """SHA-256 of identity and pinned facts: what staged work is bound to."""
        return sha256(self.document()).hexdigest()

    @property
    def resumable(self) -> bool:
        """Whether a killed run can be taken up again: its sources can be read twice, and tell when they changed."""
        return self.target.kind != "stdout" and all(stream.info.revision is not None for stream in self.streams)

    def reads(self, number: int) -> frozenset[str] | None:
        """The fields to read of an inlet, those that name a record or its subject included; None for all."""
        reads, inlet = self.compiled.preparations[number].reads, self.inlets[number]
        if reads is None:
            return None
        subject = () if inlet.subject is None else (inlet.subject,)
        return reads | frozenset((*(("pk", "id") if inlet.key is None else inlet.key), *subject))

    @property
    def waits(self) -> tuple[str, ...]:
        """Why no verdict can be given before all samples have been seen; empty where verdicts come part by part."""
        reasons = [f"{stage.qualified} needs the values of all samples" for stage, _ in self.compiled.deferred]
        named = ", ".join(stage.qualified for stage, _ in self.compiled.fingerprints)
        reasons += [f"{named}: near-duplicates may stand anywhere in the source"] if named else []
        if self.split is not None and self.split.waits:
            reasons.append(self.split.waits)
        if self.averages:
            copied = [name for name, one in self.compiled.carried().items() if one.weights == "replicate"]
            asking = ["mean_one", *copied] if self.pipeline.mean_one else copied
            reasons.append(f"{', '.join(asking)}: weights are taken over their mean")
        return tuple(reasons)

    @property
    def mean(self) -> float | None:
        """The mean of all weights, where it is known before any is: all are the same."""
        factor, (least, most) = self.compiled.factor, self.pipeline.bounds
        return None if factor is None else min(max(factor, least), most)

    @property
    def averages(self) -> bool:
        """Whether the mean of the weights is asked for, and all samples have to be seen for it."""
        asked = self.pipeline.mean_one or any(one.weights == "replicate" for one in self.compiled.carried().values())
        return asked and self.mean is None

    def cut(self, name: str) -> Cut:
        """Where a file of a format ends: as the recipe says, else as its target likes best."""
        output, traits = self.recipe.output, self.pipeline.traits()[name]
        size, rows = int(output.shard_size), output.shard_rows
        if traits.shard_size is not None and "shard_size" not in output.model_fields_set:
            size = min(traits.shard_size, size)
        if "shard_rows" not in output.model_fields_set:
            rows = traits.shard_rows
        return Cut(size, rows)

    @property
    def deferred(self) -> bool:
        """Whether samples wait in a spool until all have been seen."""
        return bool(self.waits) or self.sizes.defer

    @property
    def indexed(self) -> bool:
        """Whether the output says of every record what became of it."""
        if self.target.kind != "folder":
            return False
        asked = self.recipe.output.index
        named = any(section.key or section.subject for section in self.recipe.source)
        per_sample = any(one.per_sample for one in self.compiled.metrics)
        return (named or per_sample) if asked is None else asked

    def place(self, stream: int, ordinal: int) -> str:
        """Where a record stands, for a person; `ordinal` counts lines or rows of its stream, from 0."""
        one = self.streams[stream]
        try:
            place = one.source.locate(ordinal)
            if sum(other.inlet == one.inlet for other in self.streams) > 1:
                # Of several files, two may have the same name in different folders.
                file = Path(one.name).name
                place = f"{one.name}{place.removeprefix(file)}" if file and place.startswith(file) else place
            return self.recipe.references.masked(sound(place))
        except Exception:  # noqa: BLE001  -- where a third party's source cannot say it, the number will do
            return f"record {ordinal + 1}"

    def document(self) -> bytes:
        """Identity and pinned facts as canonical JSON."""
        return canonical({"identity": self.identity, "pinned": self.pinned})

    def noted(self) -> bytes:
        """The same as `plan.json` holds it: with how many records there were, for whoever compares plans."""
        rows = {inlet.name: inlet.info.rows for inlet in self.inlets}
        return canonical({"identity": self.identity, "pinned": self.pinned, "rows": rows})

    def shown(self) -> bytes:
        """The same for others to see: without what values that stand elsewhere could be guessed from."""
        identity = {name: part for name, part in self.identity.items() if name != "values"}
        return canonical({"identity": identity, "pinned": self.pinned})
