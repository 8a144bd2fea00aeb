"""Runs to be killed: into every kind of target, from every kind of source, and over whatever may stand there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools import recipe

from faults.kill_child import Dies, died, run
from tuneport.dataset import Dataset

Asked = Callable[[Path], dict[str, Any]]
"""A recipe, for the folder that holds its output. What it reads stands beside that folder."""


@dataclass(frozen=True)
class Case:
    """What stands in a folder before, and the run that is killed there; all are given the folder.

    Attributes:
        asked: the run.
        before: makes what stands there.
        again: the run that comes afterwards, where it is not the same.
        holds: whether a whole run was what the case is about.
    """

    asked: Asked
    before: Callable[[Path], object] = lambda _place: None
    again: Asked | None = None
    holds: Callable[[Path], bool] = lambda _place: True

    @property
    def following(self) -> Asked:
        """The run that comes afterwards."""
        return self.again or self.asked


def asking(export: Mapping[str, Any], name: str = "out", source: Any = "faq.jsonl", **output: Any) -> Asked:
    """A recipe that reads a file beside the folder, or sources whose paths start there."""

    def asked(place: Path) -> dict[str, Any]:
        data = recipe(Path(), place / name, export=export)
        data["source"] = _below(place.parent, {"path": source} if isinstance(source, str) else source)
        data["output"] |= {"shard_size": 20_000, **_below(place.parent, output)}
        return data

    return asked


def remembering(asked: Asked, memory: int) -> Asked:
    """The same, with so little memory for what duplicates are known by."""

    def less(place: Path) -> dict[str, Any]:
        data = asked(place)
        data["run"] = {**data["run"], "memory": memory}
        return data

    return less


def _below(root: Path, asked: Any, key: str = "") -> Any:
    """The same, what it reads below a folder."""
    if isinstance(asked, list):
        return [_below(root, one, key) for one in asked]
    if isinstance(asked, dict):
        return {name: _below(root, one, name) for name, one in asked.items()}
    return str(root / asked) if key in {"path", "exclude", "against"} else asked


def published(asked: Asked) -> Callable[[Path], object]:
    """Stands there before: another dataset."""
    return lambda place: run(asked(place))


def killed(asked: Asked, dies: Dies) -> Callable[[Path], object]:
    """Stands there before: what a run that was killed has left."""
    return lambda place: died(asked(place), dies)


def both(*steps: Callable[[Path], object]) -> Callable[[Path], object]:
    """One after the other."""
    return lambda place: [step(place) for step in steps]


def at(name: str) -> Dies:
    """Ahead of the first call of this name."""
    return lambda _count, call, _path: call == name


WAITING = {"weighting": {"normalize": "minmax"}}
RANKED = {"weighting": {"normalize": "percentile", "auto_weight_by_length": True}}
JUDGED = {
    "formats": ["tuneport"],
    "structured_gen": {
        "enable_schema_validation": True,
        "json_schema": {"properties": {"output": {"maxLength": 300}}},
    },
    "quality_metrics": {"enable_metrics": True, "track_per_sample": True},
}
DROPPED = {"fingerprints": [{"use": "quality:near_duplicates", "action": "drop"}], **WAITING}
REPORTED = {"fingerprints": ["quality:near_duplicates"]}
LOG = {"weighting": {"normalize": "log"}}

TABLE = {"path": "faq.db", "query": "SELECT * FROM faq ORDER BY pk"}
TEXTS = {"use": "text_completion", "field_mapping": {"text_field": "answer"}}
SEVERAL = [
    {"path": ["first.jsonl", "second.jsonl.gz"], "limit": 80},
    {"path": "first.jsonl", "limit": 25, "style": TEXTS},
]
GROUP = {"by": "chat_id", "order_by": "sent_at", "role_field": "author", "content_field": "text"}
CHATS = {"path": "chats.jsonl", "style": "chat_completion", "group": GROUP}

STABLE = {"validation": 0.2, "test": 0.1, "group_by": "thread", "exclude": "golden.jsonl", "against": "old"}
EXACT = {"validation": 0.2, "mode": "exact", "stratify_by": "kind", "against": "plain"}


def splitting(split: Mapping[str, Any], *, moves: bool) -> Case:
    """A split that goes by an earlier dataset, beside the folder."""
    name = split["against"]
    shares = {"validation": 0.3, **({"group_by": "thread"} if moves else {})}

    def before(place: Path) -> None:
        run(asking({}, f"../{name}", "before.jsonl", split=shares, index=True)(place))

    def holds(place: Path) -> bool:
        info = Dataset.open(place / "out").manifest.split
        assert info is not None
        assert (info.groups_on_both_sides, info.moved) == (0, 0)
        enough = info.groups > 50 and info.stayed > 20 and info.prompts_on_both_sides > 5
        return enough and (info.samples_moved > 5) == moves

    return Case(asking({}, source="threads.jsonl", split=split, index=True), before, holds=holds)


def near(asked: Asked, left_out: int) -> Case:
    """A run that looks for near-duplicates, which a split does not part."""

    def holds(place: Path) -> bool:
        found = Dataset.open(place / "out").manifest.near_duplicates
        assert found is not None
        assert (found.left_out, found.clusters_on_both_sides) == (left_out, 0)
        return found.clusters == 80 and found.largest == 3

    return Case(asked, holds=holds)


def same(asked: Asked) -> Case:
    """A run that changes nothing, where its output stands."""
    return Case(asked, published(asked), holds=lambda place: not list(place.rglob("v0002")))


CASES = {
    "folder": Case(asking(LOG)),
    "file": Case(asking({}, "out.jsonl")),
    "more than memory holds": Case(remembering(asking(LOG), 32 * 20)),
    "stream": Case(asking(LOG, source=TABLE)),
    "several sources": Case(asking({}, source=SEVERAL)),
    "several sources, deferred": Case(asking(RANKED, source=SEVERAL)),
    "conversations": Case(asking({}, source=CHATS)),
    "conversations, deferred and split": Case(asking(WAITING, source=CHATS, split={"validation": 0.3})),
    "deferred folder": Case(asking(RANKED)),
    "deferred file": Case(asking(WAITING, "out.jsonl")),
    "judged": Case(asking(JUDGED)),
    "judged, deferred and compressed": Case(asking({**JUDGED, **WAITING}, compression="gzip", index=True)),
    "split": splitting(STABLE, moves=True),
    "exact split": splitting(EXACT, moves=False),
    "near-duplicates left out": near(asking(DROPPED, source="near.jsonl", split={"validation": 0.2}, index=True), 160),
    "near-duplicates in groups": near(
        asking(REPORTED, source="near.jsonl", split={"validation": 0.3, "group_by": "thread"}, index=True), 0
    ),
    "replace": Case(asking(JUDGED, on_exists="replace"), published(asking(WAITING))),
    "replace, deferred": Case(asking(WAITING, on_exists="replace"), published(asking({}))),
    "replace a file": Case(asking(WAITING, "out.jsonl", on_exists="replace"), published(asking({}, "out.jsonl"))),
    "first version": Case(asking(WAITING, on_exists="version")),
    "second version": Case(asking(JUDGED, on_exists="version"), published(asking({}, on_exists="version"))),
    "the same again": same(asking(JUDGED, on_exists="replace")),
    "the same file again": same(asking({}, "out.jsonl", on_exists="replace")),
    "the same version again": same(asking(WAITING, on_exists="version")),
    "taken up just before the exchange": Case(
        asking(WAITING, on_exists="replace"),
        both(published(asking({})), killed(asking(WAITING, on_exists="replace"), at("exchange"))),
    ),
    "taken up just before a version appears": Case(
        asking({}, on_exists="version"),
        both(
            published(asking(WAITING, on_exists="version")), killed(asking({}, on_exists="version"), at("rename_new"))
        ),
    ),
    "over the staged work of another": Case(
        asking(WAITING, on_exists="replace"),
        both(published(asking(RANKED)), killed(asking({}, on_exists="replace"), lambda count, *_: count == 40)),
    ),
    "over staged work that is wanted again": Case(
        asking(WAITING, on_exists="replace"),
        both(published(asking(RANKED)), killed(asking({}, on_exists="replace"), at("exchange"))),
        again=asking({}, on_exists="replace"),
    ),
}
