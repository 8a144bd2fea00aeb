"""What third parties' stages do to a sample is found out at once: they are blamed for it, and nobody else."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tools import rows

from tuneport import Chat, Instruction, Message, PluginManager, Preference, Sample, Stages, Text, Unpaired, hookimpl
from tuneport.errors import PluginError
from tuneport.runs import ExportResult, execute, plan_export
from tuneport.runs.working import foreign

COUNT = 4


class Third:
    """Stages of a third party; what its kind of stage does is told by a test."""

    def __init__(self, kind: str, act: Callable[..., Any]) -> None:
        self._acts: dict[str, Callable[..., Any]] = {
            "style": lambda entity: Text(text=entity["answer"]),
            "filter": lambda _entity, _sample: None,
            "weighting": lambda _entity, _sample: 1.0,
            "format": lambda sample: {"t": sample.text},
            kind: act,
        }

    @hookimpl
    def register_exporters(self, register: Any) -> None:
        own = ["third:first", "third:second"]
        register("exporter", lambda _config: Stages("third:style", ["third:filter"], ["third:weighting"], own))

    @hookimpl
    def register_styles(self, register: Any) -> None:
        register("style", lambda _config, _ctx: self._acts["style"])

    @hookimpl
    def register_filters(self, register: Any) -> None:
        register("filter", lambda _config, _ctx: self._acts["filter"])

    @hookimpl
    def register_weightings(self, register: Any) -> None:
        register("weighting", lambda _config, _ctx: self._acts["weighting"])

    @hookimpl
    def register_formats(self, register: Any) -> None:
        register("first", lambda _config, _ctx: self._acts["format"])
        register("second", lambda _config, _ctx: lambda sample: {"t": sample.text, "n": len(sample.metadata)})


def through(path: Path, third: Third, export: dict[str, Any], count: int = COUNT) -> ExportResult:
    """Some questions and answers through a third party's stages."""
    manager = PluginManager()
    manager.register(third, "third")
    entities = [{"id": n, "question": f"Wie groß ist {n}?", "answer": f"Die Größe {n}, genau."} for n in range(count)]
    data = {"export": export, "output": {"path": str(path)}}
    return execute(plan_export(data, manager=manager, entities=entities))


SPOILT: list[tuple[str, Any]] = [
    ("output", 5),
    ("output", None),
    ("output", b"x"),
    ("instruction", 5),
    ("input", 5),
    ("weight", "x"),
]
SPOILT += [("weight", -1.0), ("weight", float("nan")), ("metadata", None), ("structured", 5)]


@pytest.mark.parametrize("kind", ["filter", "weighting"])
@pytest.mark.parametrize(("name", "value"), SPOILT, ids=lambda value: str(value))
def test_a_stage_that_spoils_a_sample_is_blamed_for_it(name: str, value: Any, kind: str, tmp_path: Path) -> None:
    """Its record is its failure, neither the style's nor a row whose column holds two types."""

    def spoil(entity: dict[str, Any], sample: Any) -> float | None:
        if entity["id"] % 2:
            setattr(sample, name, value)
        return 1.0 if kind == "weighting" else None

    export = {"style": "jsonl_llm:instruction_tuning", f"{kind}s": [f"third:{kind}"]}
    stats = through(tmp_path / "out", Third(kind, spoil), export).stats
    assert (stats.exported_entities, stats.rejects) == (2, {"hook:third": 2})
    assert {entry["stage"] for entry in rows(tmp_path / "out/rejects/00000.jsonl")} == {f"third:{kind}"}


def test_what_a_style_makes_of_a_record_is_looked_at(tmp_path: Path) -> None:
    """A text that is none is the style's failure, whatever its format would write of it."""
    odd = Third("style", lambda entity: Text(text=5 if entity["id"] == 1 else "A text."))  # type: ignore[arg-type]
    stats = through(tmp_path / "out", odd, {"use": "third:exporter"}).stats
    assert stats.rejects == {"hook:third": 1, "duplicate": 2}


TURN = Message("user", "Hi")


@pytest.mark.parametrize(
    "sample",
    [
        Instruction(instruction="a", output="b", reasoning=5),  # type: ignore[arg-type]
        Instruction(instruction="a", output="b", reasoning_weight="1"),  # type: ignore[arg-type]
        Chat(messages=5),  # type: ignore[arg-type]
        Chat(messages=["Hi"]),  # type: ignore[list-item]
        Chat(messages=[Message(None, "Hi")]),  # type: ignore[arg-type]
        Chat(messages=[Message("user", 5)]),  # type: ignore[arg-type]
        Chat(messages=[Message("user", "Hi", weight="1")]),  # type: ignore[arg-type]
        Preference(prompt=[TURN], chosen=[TURN], rejected=None),  # type: ignore[arg-type]
        Unpaired(prompt=[TURN], completion="Hi", label=True),  # type: ignore[arg-type]
        Unpaired(prompt=[TURN], completion=TURN, label=1),  # type: ignore[arg-type]
    ],
    ids=lambda _sample: "",
)
def test_every_kind_of_sample_is_looked_at(sample: Sample) -> None:
    """A field of another type than its class says is told."""
    with pytest.raises(TypeError, match="of a sample is"):
        foreign.check(sample)


@pytest.mark.parametrize(
    "sample",
    [
        Instruction(instruction="a", output="b", input=None, weight=1),
        Text(text="a", metadata={"n": 1}),
        Chat(messages=(TURN, Message("assistant", "", weight=0, reasoning_weight=0.5))),
        Preference(prompt=[TURN], chosen=[TURN], rejected=[]),
        Unpaired(prompt=[], completion=TURN, label=False),
    ],
    ids=lambda _sample: "",
)
def test_a_sample_that_is_what_it_says_passes(sample: Sample) -> None:
    """Nothing is said of it."""
    foreign.check(sample)


def test_a_format_changes_its_own_sample_alone(tmp_path: Path) -> None:
    """What one format does to the sample it is shown is not in the rows of the next."""

    def spoil(sample: Any) -> dict[str, Any]:
        sample.text = "spoilt"
        sample.metadata["more"] = 1
        return {"t": "mine"}

    formats = [{"use": f"third:{name}", "weights": "ignore"} for name in ("first", "second")]
    through(tmp_path / "out", Third("format", spoil), {"use": "third:exporter", "formats": formats})
    (first,) = (tmp_path / "out/data/first/train").iterdir()
    (second,) = (tmp_path / "out/data/second/train").iterdir()
    assert [row["t"] for row in rows(first)] == ["mine"] * COUNT
    assert rows(second) == [{"t": f"Die Größe {n}, genau.", "n": 0} for n in range(COUNT)]


def test_an_encoding_without_room_is_the_fault_of_whoever_chose_it(tmp_path: Path) -> None:
    """A filter that encodes to ASCII fails at every record, which ends the run: no record has broken text."""
    third = Third("filter", lambda entity, _sample: entity["answer"].encode("ascii") and None)
    export = {"style": "jsonl_llm:instruction_tuning", "filters": ["third:filter"]}
    with pytest.raises(PluginError, match="filter third:filter failed at 100 records in a row"):
        through(tmp_path / "out", third, export, 200)


def test_the_bundled_packages_are_known() -> None:
    """Samples of these are not looked at, which would cost time at every record."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    bundled = {target.partition(".")[0] for target in project["entry-points"]["tuneport.plugins"].values()}
    assert bundled | {"tuneport"} == foreign._OURS

    weighting = {"auto_weight_by_length": True, "weight_field": "id"}
    data = {"export": {"use": "jsonl_llm", "weighting": weighting}, "output": {"path": "unused"}}
    compiled = plan_export(data, manager=PluginManager(), entities=[{"question": "Q", "answer": "A"}]).compiled
    (one,) = compiled.preparations
    stages = [one.style, *one.filters, *one.weightings, *one.deferred]
    assert len(stages) > 3
    assert not any(foreign.is_foreign(stage) for _, stage in stages)
    assert not any(foreign.is_foreign(named.write) for named in compiled.formats)
