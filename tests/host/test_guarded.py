"""What must not happen: data of others lost, a damaged dataset called the same, a plugin in the way of another."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from tools import faq_lines, put_staged_plan, recipe, rows, staged_plan, tree

from tuneport import Artifact, Problem, Sample, export, hookimpl
from tuneport.errors import DataError, PluginError, RecipeError, SourceError, TargetExistsError
from tuneport.plugin_manager import PluginManager
from tuneport.runs import Sizes, execute, plan_export


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """Sixty records."""
    path = tmp_path / "in.jsonl"
    path.write_bytes(faq_lines(60))
    return path


def replacing(source: Path, target: Path, **sections: Any) -> dict[str, Any]:
    """A recipe that replaces what stands at the target."""
    asked = recipe(source, target, **sections)
    asked["output"]["on_exists"] = "replace"
    return asked


# Data of others


def test_the_source_is_not_replaced(lines: Path, tmp_path: Path) -> None:
    """Neither by its own path, nor by a link to it, nor with the folder it stands in."""
    before = lines.read_bytes()
    (tmp_path / "link.jsonl").symlink_to(lines)
    for source, target in ((lines, lines), (tmp_path / "link.jsonl", lines), (lines, tmp_path)):
        with pytest.raises((RecipeError, TargetExistsError)) as caught:
            export(replacing(source, target))
        assert "replace" in str(caught.value)
    assert lines.read_bytes() == before


def test_what_no_export_wrote_keeps_a_folder_from_being_replaced(lines: Path, tmp_path: Path) -> None:
    """A checkpoint, a database, a link: the error names the first, and nothing is touched."""
    out = tmp_path / "out"
    export(replacing(lines, out))
    (out / "checkpoint-100").mkdir()
    (out / "checkpoint-100/model.bin").write_bytes(b"weights")
    (out / "here").symlink_to(tmp_path)
    before = tree(out)
    with pytest.raises(TargetExistsError, match=r"holds checkpoint-100/model.bin and 1 more, which no export wrote"):
        export(replacing(lines, out))
    assert tree(out) == before


@pytest.mark.parametrize("name", ["out", "out.jsonl"])
def test_permissions_stay_as_they_are(name: str, lines: Path, tmp_path: Path) -> None:
    """What only its owner may read is not opened to everybody by being replaced."""
    out = tmp_path / name
    export(recipe(lines, out))
    mode = 0o700 if out.is_dir() else 0o600
    out.chmod(mode)
    lines.write_bytes(faq_lines(50))

    assert export(replacing(lines, out)).status == "published"
    assert stat.S_IMODE(out.stat().st_mode) == mode


# Unchanged


@pytest.mark.parametrize("damage", ["cut", "gone", "changed"])
@pytest.mark.parametrize("on_exists", ["replace", "version"])
def test_a_damaged_dataset_is_not_unchanged(damage: str, on_exists: str, lines: Path, tmp_path: Path) -> None:
    """Running again makes it whole, whatever its manifest says."""
    asked = recipe(lines, tmp_path / "out")
    asked["output"]["on_exists"] = on_exists
    first = export(asked)
    (file,) = (first.dataset.path / "data/tuneport/train").iterdir()
    whole = file.read_bytes()
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(whole[:-1] if damage == "cut" else whole[:-2] + b"!\n")

    again = export(asked)
    assert again.status == "published"
    assert (again.dataset.path / "data/tuneport/train" / file.name).read_bytes() == whole


def test_unchanged_mends_the_link_to_the_newest_version(lines: Path, tmp_path: Path) -> None:
    """A link that points nowhere points to the version that is the same."""
    asked = recipe(lines, tmp_path / "out")
    asked["output"]["on_exists"] = "version"
    export(asked)
    (tmp_path / "out/latest").unlink()
    (tmp_path / "out/latest").symlink_to("v0009")

    assert export(asked).status == "unchanged"
    assert (tmp_path / "out/latest").readlink() == Path("v0001")


def test_what_cannot_be_read_is_not_compared_with(lines: Path, tmp_path: Path) -> None:
    """A manifest that is torn does not switch max_shrink off."""
    asked = recipe(lines, tmp_path / "out")
    asked["output"] |= {"on_exists": "version", "max_shrink": 0.1}
    export(asked)
    (tmp_path / "out/v0001/manifest.json").write_text("{torn")
    lines.write_bytes(faq_lines(5))
    with pytest.raises(SourceError, match=r"manifest\.json"):
        export(asked)


# Plugins in each other's way


class Judge:
    """A plugin with one validator of rows."""

    def __init__(self, judge: Any, on: str = "row") -> None:
        self.judge, self.on = judge, on

    @hookimpl
    def register_validators(self, register: Any) -> None:
        register("v", lambda _config, _ctx: self.judge, on=self.on)


def test_a_validator_changes_nothing_that_is_written(lines: Path, tmp_path: Path) -> None:
    """Not the row, not the metadata in it, not what another format writes of the same sample."""

    def judge(row: dict[str, Any]) -> list[Problem]:
        row["output"] = "changed"
        row.get("metadata", {})["category"] = "changed"
        row.pop("weight")
        return []

    manager = PluginManager()
    manager.register(Judge(judge), "acme")
    plain, judged = recipe(lines, tmp_path / "plain"), recipe(lines, tmp_path / "judged", export={"validators": ["v"]})

    assert export(judged, manager=manager).stats.exported_entities > 10
    export(plain)
    assert rows(tmp_path / "judged") == rows(tmp_path / "plain")


def test_what_is_published_is_not_what_a_validator_or_artifact_made_of_it(lines: Path, tmp_path: Path) -> None:
    """Each is given a copy of the manifest."""

    class Liar(Judge):
        @hookimpl
        def register_artifacts(self, register: Any) -> None:
            register("lie", lambda _config, _ctx: self.lie)

        def lie(self, dataset: Any) -> list[Artifact]:
            dataset.manifest.counts["exported"] = 10**9
            return [Artifact("lie.txt", b"a lie")]

    def judge(dataset: Any) -> list[Problem]:
        dataset.manifest.counts["exported"] = 10**9
        return []

    manager = PluginManager()
    manager.register(Liar(judge, "dataset"), "acme")
    made = export(recipe(lines, tmp_path / "out", export={"validators": ["v"], "artifacts": ["lie"]}), manager=manager)

    published = json.loads((tmp_path / "out/manifest.json").read_text())
    assert published["counts"]["exported"] == made.stats.exported_entities


def test_names_that_nobody_wrote_cannot_become_ambiguous(lines: Path, tmp_path: Path) -> None:
    """Another plugin may call its things as the bundled ones do: what runs by default is named in full."""

    class Twin:
        @hookimpl
        def register_artifacts(self, register: Any) -> None:
            for name in ("dataset_card", "quality_report", "adapter_metadata"):
                register(name, lambda _config, _ctx: lambda _dataset: [])

        @hookimpl
        def register_validators(self, register: Any) -> None:
            register("json_schema", lambda _config, _ctx: lambda _row: [])
            register("adapter_ids", lambda _config, _ctx: lambda _row: [])

        @hookimpl
        def register_metrics(self, register: Any) -> None:
            register("length_distribution", lambda _config, _ctx: None)

        @hookimpl
        def register_formats(self, register: Any) -> None:
            register("tuneport", lambda _config, _ctx: lambda _sample: {})

    manager = PluginManager()
    manager.register(Twin(), "twin")
    asked = {
        "structured_gen": {"enable_schema_validation": True, "json_schema": "{}"},
        "quality_metrics": {"enable_metrics": True},
        "adapter_metadata": {"enable_tracking": True},
    }
    made = export(recipe(lines, tmp_path / "out", export=asked), manager=manager)

    assert made.status == "published"
    assert json.loads((tmp_path / "out/quality_report.json").read_text())["schema_validation"]["violations"] == 0


def test_a_metric_that_fails_tells_no_values(lines: Path, tmp_path: Path) -> None:
    """What it raised may hold a record's text; the error says where, and the log the rest."""

    class Tells:
        @hookimpl
        def register_metrics(self, register: Any) -> None:
            register("m", lambda _config, _ctx: self)

        def new(self) -> dict[str, int]:
            return {}

        def add(self, state: dict[str, int], sample: Sample, _split: str) -> None:
            state[sample.completion.content] += 1

        merge = result = new

    manager = PluginManager()
    manager.register(Tells(), "acme")
    with pytest.raises(PluginError) as caught:
        export(recipe(lines, tmp_path / "out", export={"metrics": ["m"]}), manager=manager)
    assert "raised KeyError at test_guarded.py" in caught.value.message
    assert "stands for number" not in str(caught.value)


class Own(Sample, tag="own", kw_only=True):
    """A kind of sample that only its plugin knows."""

    said: str

    @property
    def messages(self) -> Any:
        from tuneport import Message

        return (Message("user", "?"), Message("assistant", self.said))

    def content(self) -> bytes:
        return self.said.encode()


def test_a_kind_of_sample_of_somebody_else_waits_as_well(lines: Path, tmp_path: Path) -> None:
    """Deferred or not, its rows are the same."""

    class Styled:
        @hookimpl
        def register_styles(self, register: Any) -> None:
            register("own", lambda _config, _ctx: lambda entity: Own(said=str(entity.get("answer"))))

    manager = PluginManager()
    manager.register(Styled(), "acme")
    for name, sizes in (("streamed", Sizes()), ("deferred", Sizes(defer=True))):
        asked = recipe(lines, tmp_path / name, export={"style": "acme:own"})
        execute(plan_export(asked, manager=manager, sizes=sizes))
    assert rows(tmp_path / "deferred") == rows(tmp_path / "streamed") != []


@pytest.mark.parametrize("weight", [None, float("nan"), -1.0, "heavy"])
def test_a_style_that_makes_no_weight_costs_its_records(weight: Any, lines: Path, tmp_path: Path) -> None:
    """With weights on or off: a reject each, and no error that is not ours."""

    class Styled:
        @hookimpl
        def register_styles(self, register: Any) -> None:
            from tuneport import Text

            register("own", lambda _config, _ctx: lambda _entity: Text(text="a text of some length", weight=weight))

    manager = PluginManager()
    manager.register(Styled(), "acme")
    for enabled in (True, False):
        asked = recipe(lines, tmp_path / "out", export={"style": "acme:own", "weighting": {"enable_weights": enabled}})
        with pytest.raises(DataError, match=r"hook:acme|weight_not_finite"):
            export(asked, manager=manager)


# Runs that are taken up


def test_a_resource_of_an_importer_is_part_of_the_plan(tmp_path: Path) -> None:
    """What an importer reads beside its source decides what the plan is."""

    class Imports:
        @hookimpl
        def register_importers(self, register: Any) -> None:
            register("mapped", lambda _config, ctx: [{"question": "Why?", "answer": ctx.resource("map.txt").decode()}])

    manager = PluginManager()
    manager.register(Imports(), "acme")
    asked = {"source": {"importer": "acme:mapped"}, "output": str(tmp_path / "out"), "run": {"base": str(tmp_path)}}
    plans = []
    for text in ("an old text of some length", "a new text of some length"):
        (tmp_path / "map.txt").write_text(text)
        plans.append(plan_export(asked, manager=manager).identity["resources"])
    assert list(plans[0]) == list(plans[1]) == ["map.txt"]
    assert plans[0] != plans[1]


def test_a_run_that_starts_afresh_has_a_time_of_its_own(lines: Path, tmp_path: Path) -> None:
    """Where a file of a stage changed after a kill, the staged run's time is not taken over."""
    schema = tmp_path / "row.schema.json"
    schema.write_text("{}")
    asked = {
        "source": str(lines),
        "export": {"structured_gen": {"enable_schema_validation": True, "json_schema": {"file": str(schema)}}},
        "output": {"path": str(tmp_path / "out"), "min_rows": 10**6},
    }
    with pytest.raises(DataError):
        export(asked)
    plan = staged_plan(tmp_path / ".out.staging")
    plan["pinned"]["now"] = "2001-01-01T00:00:00Z"
    put_staged_plan(tmp_path / ".out.staging", plan)
    same = plan_export(asked).pinned.now.year
    schema.write_text('{"type": "object"}')

    assert (same, plan_export(asked).pinned.now.year > 2001) == (2001, True)


# Files that never end, and names that are none


def test_a_pipe_is_not_waited_for(lines: Path, tmp_path: Path) -> None:
    """As schema, recipe or manifest: told at once."""
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    schema = {"enable_schema_validation": True, "json_schema": {"file": str(pipe)}}
    with pytest.raises(RecipeError, match="regular file"):
        export(recipe(lines, tmp_path / "out", export={"structured_gen": schema}))
    from tuneport.errors import SourceNotFoundError

    with pytest.raises(SourceNotFoundError, match="regular file"):
        export(pipe)
    (tmp_path / "out").mkdir()
    os.mkfifo(tmp_path / "out/manifest.json")
    with pytest.raises(TargetExistsError):
        export(replacing(lines, tmp_path / "out"))


@pytest.mark.parametrize("section", ["source", "run", "output"])
def test_a_nul_in_a_name_is_a_problem_of_the_recipe(section: str, lines: Path, tmp_path: Path) -> None:
    """And not a fault of ours, wherever it stands."""
    asked = recipe(lines, tmp_path / "out")
    asked[section] = {"source": "a\0.jsonl", "run": {"base": "\0"}, "output": "a\0"}[section]
    with pytest.raises(RecipeError, match="NUL"):
        export(asked)


def test_a_pattern_that_speaks_of_nul_is_none(lines: Path, tmp_path: Path) -> None:
    """A schema's text may exclude the character by its escape."""
    schema = r'{"properties": {"output": {"pattern": "^[^\u0000]*$"}}}'
    asked = {"structured_gen": {"enable_schema_validation": True, "json_schema": schema}}
    assert export(recipe(lines, tmp_path / "out", export=asked)).status == "published"


def test_dataset_validators_want_a_folder(lines: Path, tmp_path: Path) -> None:
    """They are not passed over in silence where rows alone are written."""
    manager = PluginManager()
    manager.register(Judge(lambda _dataset: [], "dataset"), "acme")
    with pytest.raises(RecipeError, match="judges datasets, and rows alone are none"):
        export(recipe(lines, tmp_path / "out.jsonl", export={"validators": ["v"]}), manager=manager)


# What is told


def test_when_nothing_is_published_the_first_reason_is_told(tmp_path: Path) -> None:
    """The text of the first reject, and what stages counted: no need to look for a hidden folder."""
    (tmp_path / "in.jsonl").write_text('{"id": 7, "question": "Why is it so?", "answer": "It is so.", "score": 3}\n')
    asked = recipe(tmp_path / "in.jsonl", tmp_path / "out", export={"where": "score > '3'"})
    with pytest.raises(DataError) as caught:
        export(asked)
    assert "the first: Entity 7: Does not hold: score > '3'" in caught.value.hint
    assert "counted: 1 where_kinds_differ" in caught.value.hint


def test_a_validator_that_yields_no_problem_is_told_so(lines: Path, tmp_path: Path) -> None:
    """The reject names what it did wrong, and not a place in our code alone."""
    manager = PluginManager()
    manager.register(Judge(lambda _row: ["wrong"]), "acme")
    with pytest.raises(DataError, match="acme:v raised NoProblemError"):
        export(recipe(lines, tmp_path / "out", export={"validators": ["v"]}), manager=manager)


def test_what_is_given_and_not_switched_on_is_told(
    lines: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A schema that nobody applies, and an adapter that nobody tracks, are no silent successes."""
    asked = {"structured_gen": {"json_schema": '{"required": ["nope"]}'}, "adapter_metadata": {"adapter_id": "x"}}
    export(recipe(lines, tmp_path / "out", export=asked))
    assert "enable_schema_validation is off" in caplog.text
    assert "enable_tracking is off" in caplog.text


@pytest.mark.parametrize(("entities", "options"), [({"question": "?"}, None), ("hello", None), ([], {"path": "x"})])
def test_wrong_arguments_are_type_errors(entities: Any, options: Any, tmp_path: Path) -> None:
    """One record alone, a text, or options as a mapping are told before anything is read."""
    from tuneport import ExportOptions

    exporter = PluginManager().load("jsonl_llm")
    with pytest.raises(TypeError, match=r"entities are|options are"):
        exporter.exportEntities(entities, options or ExportOptions(output_path=tmp_path / "x.jsonl"))
