"""A preview: the first records of a source beside the rows they become. The code of a run, and nothing written."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import msgspec.json

from tuneport.errors import UsageError
from tuneport.model import Batch, Entity, Outcome
from tuneport.options import Cancel
from tuneport.recipes import Recipe, load_recipe, parse_recipe
from tuneport.runs import plan_export
from tuneport.runs.choosing import Chosen
from tuneport.runs.limits import must_go_on
from tuneport.runs.messages import Candidates, Part, Piece, Prepared, Segment, Verdict
from tuneport.runs.plain import plain_value
from tuneport.runs.planning.facts import PlanFacts, plan_facts
from tuneport.runs.planning.plan import Plan
from tuneport.runs.reading.parts import rebatch
from tuneport.runs.reading.sources import readable
from tuneport.runs.working.admit import Reducer
from tuneport.runs.working.prepare import Preparer
from tuneport.runs.working.records import visibility, within
from tuneport.runs.working.render import Renderer
from tuneport.traits import FormatTraits

if TYPE_CHECKING:
    from tuneport.plugin_manager import PluginManager

_UNNAMED = Path("unnamed output")
"""Stands for the folder of a recipe that names none. Nothing is ever made there."""


class Refusal(msgspec.Struct, frozen=True):
    """Why a record became no row: the stage that said so, a stable code, and a sentence."""

    stage: str
    code: str
    reason: str


class PreviewItem(msgspec.Struct, kw_only=True):
    """One record, and what becomes of it.

    Attributes:
        key: what names it; None where it has no key.
        locator: where it stands in its source.
        entity: the record as it was read, without what `output.exclude_fields` hides; None where it could not be.
        outcome: what becomes of it.
        rows: format name to its rows.
        weight: as it is trained; None where it is not.
        split: where it stands; None where it is not exported.
        reject: why it is not exported; None where it is.
        refusals: format name to why this format does not write what another one does.
    """

    key: str | None
    locator: str
    entity: Entity | None
    outcome: Outcome
    rows: dict[str, list[Any]]
    weight: float | None
    split: str | None
    reject: Refusal | None
    refusals: dict[str, Refusal]


class Preview(msgspec.Struct):
    """The first records of a source, in its order.

    Attributes:
        plan: what a run would do.
        items: one per record.
        notes: in what a run over all records would differ from this, and records that `where` left out unasked.
    """

    plan: PlanFacts
    items: list[PreviewItem]
    notes: list[str]

    def to_json(self) -> str:
        """The preview as JSON text, indented by two; values that JSON cannot hold become texts."""
        items = [msgspec.structs.replace(item, entity=plain_value(item.entity)) for item in self.items]
        traits = {name: _ordered(one) for name, one in self.plan.traits.items()}
        plan = {**msgspec.structs.asdict(self.plan), "traits": traits}
        data = msgspec.json.encode({"plan": plan, "items": items, "notes": self.notes})
        return msgspec.json.format(data, indent=2).decode()


def _ordered(traits: FormatTraits) -> dict[str, Any]:
    """What a target can express, the same text in every process: sets have no order."""
    return {name: sorted(one) if isinstance(one, frozenset) else one for name, one in vars(traits).items()}


def preview(
    recipe: Recipe | Mapping[str, Any] | str | Path,
    *,
    count: int = 5,
    where: str = "",
    manager: PluginManager | None = None,
    cancel: Cancel | None = None,
) -> Preview:
    """Show what a recipe makes of the first records, and write nothing. No output has to be named.

    Args:
        recipe: a Recipe, the same as a mapping, or the path of a `.toml` or `.json` file.
        count: how many records to show, of each source.
        where: show only records for which this condition holds; the source is read until there are enough.
        manager: where plugins come from; default `default_manager()`.
        cancel: asked between records whether to go on, as a run does.

    Raises:
        RecipeError: the recipe is wrong; all problems at once.
        StoppedError: somebody asked it to stop.
        TuneportError: see `tuneport.errors`.
    """
    if count < 1:
        raise UsageError(f"count is {count}: a preview shows at least one record")
    recipe = _read(recipe)
    named = recipe.output.path is not None
    if not named:
        # A folder: whatever a recipe may ask for can be asked of one.
        recipe = recipe.model_copy(update={"output": recipe.output.model_copy(update={"path": _UNNAMED})})
    plan = plan_export(recipe, manager=manager, to_run=False)
    facts = plan_facts(plan)
    if not named:
        facts = msgspec.structs.replace(facts, target=None, digest=None)
    chosen = Chosen(plan, where) if where else None
    items = list(_items(plan, count, chosen, cancel))
    return Preview(facts, items, [*(chosen.notes() if chosen else ()), *_notes(plan, count, items)])


def _notes(plan: Plan, count: int, items: list[PreviewItem]) -> list[str]:
    """In what a run would differ: its weights, where they need records that are not shown."""
    limits = [inlet.limit for inlet in plan.inlets]
    cut = len(items) >= count and any(limit is None or limit > count for limit in limits)
    if not plan.waits or not cut:
        return []
    over = "this record" if len(items) == 1 else f"these {len(items):,} records"
    split = plan.split is not None and plan.split.waits is not None
    what = "weights and splits are" if split else "weights are"
    if plan.compiled.fingerprints:
        what = "weights, splits and near-duplicates are"
    return [f"{what} over {over} only: {'; '.join(plan.waits)}"]


def _read(recipe: Recipe | Mapping[str, Any] | str | Path) -> Recipe:
    if isinstance(recipe, Recipe):
        return recipe
    return load_recipe(Path(recipe)) if isinstance(recipe, str | Path) else parse_recipe(recipe)


class _Memory:
    """Keeps what parts rendered, in memory.

    Attributes:
        rows: part to format name to its rows.
        rejects: part to its entries.
    """

    def __init__(self) -> None:
        self.rows: defaultdict[int, dict[str, list[Any]]] = defaultdict(dict)
        self.rejects: dict[int, list[dict[str, Any]]] = {}

    def save(self, part: int, name: str, split: str, data: bytes, rows: int) -> Segment:
        self.rows[part].setdefault(name, []).extend(json.loads(line) for line in data.splitlines())
        return Segment("", "", name, split, rows, len(data))

    def save_rejects(self, part: int, entries: list[dict[str, Any]]) -> Piece | None:
        self.rejects[part] = entries
        return None

    def save_index(self, _part: int, _lines: list[bytes]) -> Piece | None:
        return None


class _Shown(msgspec.Struct):
    """One record between prepare and render."""

    entity: Entity | None
    ordinal: int
    candidates: Candidates
    prepared: Prepared


def _items(plan: Plan, most: int, chosen: Chosen | None, cancel: Cancel | None) -> Iterator[PreviewItem]:
    """Every record through the stages of a run, as a part of its own."""
    preparer = Preparer(plan)
    shown = []
    for part, record in _parts(plan, most, chosen):
        must_go_on(cancel)
        shown.append(_Shown(*record, *preparer.prepare(part)))
    memory = _Memory()
    renderer = Renderer(plan, {}, memory)
    formats = {one.stage.qualified: one.name for one in plan.compiled.formats}
    verdicts = Reducer(plan).decide(lambda: (one.candidates for one in shown))
    for one, verdict in zip(shown, verdicts, strict=True):
        must_go_on(cancel)
        yield _item(plan, one, verdict, renderer, memory, formats)


def _parts(plan: Plan, most: int, chosen: Chosen | None) -> Iterator[tuple[Part, tuple[Entity | None, int]]]:
    """The first records of each source as parts, each with the record as it was read and its ordinal."""
    output = plan.recipe.output
    visible = visibility(output.include_fields, output.exclude_fields) or dict
    left = [most if inlet.limit is None else min(most, inlet.limit) for inlet in plan.inlets]
    index = 0
    for number, stream in enumerate(plan.streams):
        if left[stream.inlet] == 0:
            continue
        # Whole records: what nothing reads is shown all the same. And a copy of each: a stage may change its own.
        batches: Iterable[Batch] = readable(stream.source, None, None)
        if chosen is not None:
            batches = map(chosen.of, batches)
        for batch in rebatch(within(batches, left[stream.inlet]), 1, plan.pinned.part_bytes):
            if batch.entities or batch.malformed:
                yield Part(index, number, None, [batch]), _record(batch, visible)
                left[stream.inlet] -= 1
            index += 1


def _record(batch: Batch, visible: Callable[[Entity], Entity]) -> tuple[Entity | None, int]:
    if batch.malformed:
        return None, batch.malformed[0].ordinal
    entity: object = batch.entities[0]
    return visible(entity) if isinstance(entity, dict) else None, batch.ordinals[0]


def _item(
    plan: Plan, one: _Shown, verdict: Verdict, renderer: Renderer, memory: _Memory, formats: Mapping[str, str]
) -> PreviewItem:
    prepared, part = one.prepared, one.candidates.part
    key = prepared.keys[0] if prepared.keys else prepared.rejected[0].key
    result = renderer.render(one.candidates, prepared, verdict)
    exported = result.exported == 1
    refusals = [(entry["stage"], _refusal(entry)) for entry in memory.rejects.get(part, [])]
    return PreviewItem(
        key=key,
        locator=plan.place(one.candidates.stream, verdict.base + one.ordinal),
        entity=one.entity,
        outcome=Outcome.EXPORTED if exported else Outcome(next(iter(result.outcomes))),
        rows=memory.rows[part],
        weight=result.weights.low if result.weights.count else None,
        split=next(iter(result.splits), None),
        reject=None if exported else refusals[0][1],
        refusals={formats[stage]: refusal for stage, refusal in refusals} if exported else {},
    )


def _refusal(entry: Mapping[str, Any]) -> Refusal:
    return Refusal(entry["stage"], entry["code"], entry["reason"])
