"""Running again: what stands at the target is kept, replaced, followed by a version, or found to be the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tools import NOW, faq_lines, recipe, rows, tree

from tuneport import ExportOptions, PluginManager, export
from tuneport.dataset import Dataset
from tuneport.errors import DataError, RecipeError, TargetExistsError
from tuneport.recipes import load_recipe
from tuneport.runs import ExportResult, Sizes, execute, plan_export

SMALL = Sizes(part_bytes=3_000, savepoint_bytes=6_000)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A few records, in a folder beside that of the outputs."""
    path = tmp_path / "in.jsonl"
    path.write_bytes(faq_lines(90))
    return path


def records(path: Path, count: int, answer: str = "Long enough, surely.") -> None:
    """Write so many records, all of which are exported."""
    path.write_text("".join(f'{{"id": {n}, "question": "Q{n}", "answer": "{answer}"}}\n' for n in range(count)))


def run(records: Path, target: Path, on_exists: str = "replace", /, **sections: Any) -> ExportResult:
    """One run over what may stand there; `output` adds to the section."""
    data = recipe(records, target) | {name: section for name, section in sections.items() if name != "output"}
    data["output"] |= {"on_exists": on_exists, **sections.get("output", {})}
    return execute(plan_export(data, sizes=SMALL))


def touched(path: Path) -> dict[str, tuple[Any, ...]]:
    """Every file, folder and link at a path: content, and what changes when it is written, moved or made anew."""
    found = {}
    for one in sorted([path, *path.rglob("*")]):
        stat = one.lstat()
        data = one.readlink() if one.is_symlink() else one.read_bytes() if one.is_file() else b""
        found[str(one)] = (data, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_mode)
    return found


def hidden(folder: Path) -> list[str]:
    """What a run left beside its target."""
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


# fail


@pytest.mark.parametrize("name", ["out", "out.jsonl"])
def test_what_exists_is_left_alone_and_nothing_is_read(name: str, tmp_path: Path) -> None:
    """Without on_exists the target is looked at before the source is, which need not even be there."""
    (tmp_path / name).write_text("mine")
    before = touched(tmp_path / name)
    with pytest.raises(TargetExistsError, match=r"exists\. Nothing read") as caught:
        run(tmp_path / "not there.jsonl", tmp_path / name, "fail")

    assert caught.value.exit_code == 73
    assert touched(tmp_path / name) == before
    assert hidden(tmp_path) == []


# replace


@pytest.mark.parametrize("export", [{}, {"weighting": {"normalize": "minmax"}}])
def test_a_dataset_is_replaced(export: dict[str, Any], source: Path, tmp_path: Path) -> None:
    """The new folder is what it would have been on its own, and nothing of the old one is left."""
    run(source, tmp_path / "out", export={"formats": ["tuneport"], "weighting": {"enable_weights": False}})
    result = run(source, tmp_path / "out", export=export)
    replaced = tree(tmp_path / "out")
    shutil.rmtree(tmp_path / "out")
    run(source, tmp_path / "out", export=export)

    assert (result.status, result.path) == ("published", str(tmp_path / "out"))
    assert tree(tmp_path / "out") == replaced
    assert hidden(tmp_path) == []


def test_a_file_is_replaced_whatever_it_held(source: Path, tmp_path: Path) -> None:
    """One file is swapped for another; what points to the old one keeps it."""
    (tmp_path / "out.jsonl").write_text("anything")
    os.link(tmp_path / "out.jsonl", tmp_path / "other")
    assert run(source, tmp_path / "out.jsonl").status == "published"

    assert len(rows(tmp_path / "out.jsonl")) > 50
    assert (tmp_path / "other").read_text() == "anything"
    assert hidden(tmp_path) == []


def test_an_empty_folder_is_replaced(source: Path, tmp_path: Path) -> None:
    """Nothing is lost with it."""
    (tmp_path / "out").mkdir()

    assert run(source, tmp_path / "out").status == "published"
    assert len(rows(tmp_path / "out")) > 50


def _thesis(place: Path) -> None:
    place.mkdir()
    (place / "thesis.txt").write_text("precious")


def _extension(place: Path) -> None:
    place.mkdir()
    (place / "manifest.json").write_text('{"manifest_version": 3, "name": "A browser extension", "version": "1.0"}')
    (place / "background.js").write_text("precious")


def _torn(place: Path) -> None:
    place.mkdir()
    (place / "manifest.json").write_text('{"manifest_version": 1, "name"')


def _link_to_dataset(place: Path) -> None:
    run(place.parent / "in.jsonl", place.parent / "elsewhere")
    place.symlink_to("elsewhere")


def _dangling(place: Path) -> None:
    place.symlink_to("nowhere")


def _link_to_file(place: Path) -> None:
    (place.parent / "elsewhere").write_text("precious")
    place.symlink_to("elsewhere")


def _file(place: Path) -> None:
    place.write_text("precious")


@pytest.mark.parametrize("stands", [_thesis, _extension, _torn, _link_to_dataset, _dangling, _file])
def test_a_folder_of_somebody_elses_is_not_replaced(stands: Any, source: Path, tmp_path: Path) -> None:
    """Only a dataset of ours is: not what merely has a file of that name, and not what a link points to."""
    stands(tmp_path / "out")
    before = touched(tmp_path)
    with pytest.raises(TargetExistsError, match="holds no dataset of ours, and is not replaced"):
        run(source, tmp_path / "out")

    assert touched(tmp_path) == before


@pytest.mark.parametrize("stands", [_thesis, _link_to_file, _dangling, os.mkfifo, Path.mkdir])
def test_what_is_no_regular_file_is_not_replaced(stands: Any, source: Path, tmp_path: Path) -> None:
    """A folder, a link or a pipe in the place of a file is somebody's."""
    stands(tmp_path / "out.jsonl")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    with pytest.raises(TargetExistsError, match="is no regular file, and is not replaced"):
        run(source, tmp_path / "out.jsonl")

    assert sorted(path.name for path in tmp_path.rglob("*")) == before


# version


def test_versions_follow_each_other(source: Path, tmp_path: Path) -> None:
    """v0001, v0002, ...; `latest` is a relative link; a gap is not filled; what else stands there is not touched."""
    root = tmp_path / "out"
    first = run(source, root, "version")
    one = touched(root / "v0001")
    (root / "notes").mkdir()
    (root / "notes/mine.txt").write_text("mine")
    (root / "v12").write_text("no version")
    notes = touched(root / "notes")
    second = run(source, root, "version", export={"weighting": {"normalize": "log"}})
    (root / "v0009").mkdir()
    third = run(source, root, "version", export={"weighting": {"normalize": "minmax"}})

    assert [result.path for result in (first, second, third)] == [f"{root}/v0001", f"{root}/v0002", f"{root}/v0010"]
    assert {result.status for result in (first, second, third)} == {"published"}
    assert [result.dataset.path for result in (first, second, third)] == [
        root / "v0001", root / "v0002", root / "v0010",
    ]  # fmt: skip
    assert sorted(path.name for path in root.iterdir()) == [
        "latest", "notes", "v0001", "v0002", "v0009", "v0010", "v12",
    ]  # fmt: skip
    assert str((root / "latest").readlink()) == "v0010"
    assert touched(root / "v0001") == one
    assert touched(root / "notes") == notes
    assert Dataset.open(root / "latest").digest == third.digest
    assert Dataset.open(root / "latest").name == "out"
    assert hidden(tmp_path) == []


def test_a_version_is_what_a_folder_would_be(source: Path, tmp_path: Path) -> None:
    """Rows, card and manifest of a version are those of the same export to a folder of that name."""
    run(source, tmp_path / "a/out", "version")
    run(source, tmp_path / "b/out", "fail")
    version, folder = tree(tmp_path / "a/out/v0001"), tree(tmp_path / "b/out")

    # The recipe says where it writes, and manifest and sums hold its digest.
    differ = {name for name in folder if version.get(name) != folder[name]}
    assert version.keys() == folder.keys()
    assert differ == {"recipe.json", "manifest.json", "SHA256SUMS"}


def test_what_has_a_versions_name_has_taken_it(source: Path, tmp_path: Path) -> None:
    """A file, or a link to nothing, at the name of a version: the next one has a name of its own."""
    run(source, tmp_path / "out", "version")
    (tmp_path / "out/v0002").write_text("somebody's")
    (tmp_path / "out/v0003").symlink_to(tmp_path / "nowhere")
    (tmp_path / "out/.latest.part").symlink_to("v0001")  # a run died at it
    again = run(source, tmp_path / "out", "version", export={"weighting": {"normalize": "log"}})

    assert again.path == str(tmp_path / "out/v0004")
    assert (tmp_path / "out/latest").readlink() == Path("v0004")
    assert (tmp_path / "out/v0002").read_text() == "somebody's"


def test_the_ten_thousandth_version(source: Path, tmp_path: Path) -> None:
    """Numbers are ordered as numbers."""
    for name in ("v9999", "v0010"):
        (tmp_path / "out" / name).mkdir(parents=True)

    assert run(source, tmp_path / "out", "version").path.endswith("/v10000")
    assert run(
        source, tmp_path / "out", "version", export={"style": "chat_completion", "field_mapping": CHAT}
    ).path == (f"{tmp_path}/out/v10001")


CHAT = {"user_field": "question", "assistant_field": "answer"}


def test_where_versions_cannot_stand(source: Path, tmp_path: Path) -> None:
    """In a dataset, in a file's place, or where `latest` is no link: the run says so and touches nothing."""
    run(source, tmp_path / "out")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full/latest").mkdir(parents=True)
    (tmp_path / "full/latest/mine.txt").write_text("mine")
    (tmp_path / "part").mkdir()
    (tmp_path / "part/.latest.part").write_text("mine")
    before = touched(tmp_path)
    for name, says in (
        ("out", "is a dataset itself, and holds no versions"),
        ("file", "is no folder that could hold versions"),
        ("full", "/latest is no link that could be moved"),
        ("part", r"/\.latest\.part is no link that could be moved"),
    ):
        with pytest.raises(TargetExistsError, match=says):
            run(source, tmp_path / name, "version")
    assert touched(tmp_path) == before


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "-"])
def test_files_and_streams_have_no_versions(name: str, source: Path, tmp_path: Path) -> None:
    """on_exists = "version" with anything but a folder is a problem of the recipe."""
    path = Path("-") if name == "-" else tmp_path / name
    with pytest.raises(RecipeError, match="versions stand in a folder"):
        run(source, path, "version")


def test_a_version_that_was_taken_away_is_not_compared_with(source: Path, tmp_path: Path) -> None:
    """Where `latest` points to nothing, the newest version that is there counts; where none is, a first one is made."""
    for normalize in ("none", "log"):
        run(source, tmp_path / "out", "version", export={"weighting": {"normalize": normalize}})
    shutil.rmtree(tmp_path / "out/v0002")
    again = run(source, tmp_path / "out", "version", export={"weighting": {"normalize": "none"}})
    assert (again.status, again.path) == ("unchanged", f"{tmp_path}/out/v0001")
    shutil.rmtree(tmp_path / "out/v0001")

    assert run(source, tmp_path / "out", "version").path == f"{tmp_path}/out/v0001"
    assert str((tmp_path / "out/latest").readlink()) == "v0001"


# unchanged


@pytest.mark.parametrize("on_exists", ["replace", "version"])
@pytest.mark.parametrize("export", [{}, {"weighting": {"normalize": "percentile"}}])
def test_the_same_again_writes_nothing(on_exists: str, export: dict[str, Any], source: Path, tmp_path: Path) -> None:
    """Same rows, same index, same recipe: `unchanged`, with the statistics of a run, and not a time stamp moved."""
    output = {"index": True, "shard_size": 3_000}
    first = run(source, tmp_path / "out", on_exists, export=export, output=output)
    before = touched(tmp_path / "out")
    again = run(source, tmp_path / "out", on_exists, export=export, output=output)

    assert (first.status, again.status) == ("published", "unchanged")
    assert (again.path, again.digest, again.weights) == (first.path, first.digest, first.weights)
    assert again.dataset.path == first.dataset.path
    first.stats.duration_ms = again.stats.duration_ms = 0
    assert again.stats == first.stats
    assert touched(tmp_path / "out") == before
    assert hidden(tmp_path) == []


def test_another_time_alone_changes_nothing(source: Path, tmp_path: Path) -> None:
    """A different `now` is no change, unless rows carry it: freshness does."""
    later = {"now": "2027-01-01T00:00:00Z"}
    run(source, tmp_path / "out")
    assert run(source, tmp_path / "out", run=later).status == "unchanged"
    assert json.loads((tmp_path / "out/manifest.json").read_text())["now"] == "2026-11-22T00:00:00.000Z"

    (tmp_path / "dated.jsonl").write_text('{"question": "Q", "answer": "Long enough.", "created_at": "2026-10-01"}\n')
    fresh = {"weighting": {"auto_weight_by_freshness": True}}
    run(tmp_path / "dated.jsonl", tmp_path / "dated", export=fresh)
    assert run(tmp_path / "dated.jsonl", tmp_path / "dated", export=fresh).status == "unchanged"
    assert run(tmp_path / "dated.jsonl", tmp_path / "dated", export=fresh, run=later).status == "published"


@pytest.mark.parametrize(
    ("source_keys", "sections"),
    [
        ({}, {"export": {"quality": {"max_text_length": 8000}}}),
        ({}, {"output": {"index": True}}),
        ({"key": "question"}, {}),
        ({}, {"run": {"now": NOW, "seed": 1}}),
        ({}, {"output": {"pretty_print": True}}),
    ],
)
def test_another_recipe_is_a_change(
    source_keys: dict[str, Any], sections: dict[str, Any], source: Path, tmp_path: Path
) -> None:
    """A key of the recipe, or an index, makes a new dataset even where its rows are the same."""
    first = run(source, tmp_path / "out")
    given: Any = {"path": str(source), **source_keys} if source_keys else str(source)
    again = run(source, tmp_path / "out", **({"source": given} | sections))

    assert again.digest == first.digest
    assert again.status == "published"


def test_other_data_are_a_change(source: Path, tmp_path: Path) -> None:
    """One record more, or one outcome that only the index knows."""
    run(source, tmp_path / "out")
    run(source, tmp_path / "indexed", output={"index": True})
    with source.open("a") as file:
        file.write('{"pk": "new", "question": "Q", "answer": "short"}\n')
    assert run(source, tmp_path / "out").status == "unchanged"
    assert run(source, tmp_path / "indexed", output={"index": True}).status == "published"
    with source.open("a") as file:
        file.write('{"pk": "newer", "question": "Q", "answer": "Long enough, surely."}\n')

    assert run(source, tmp_path / "out").status == "published"


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst"])
def test_the_same_file_again_is_not_written(name: str, source: Path, tmp_path: Path) -> None:
    """A file with these very bytes stays, whoever wrote it; a loaded exporter says so by leaving it alone."""
    run(source, tmp_path / name)
    before = touched(tmp_path / name)
    again = run(source, tmp_path / name)
    assert (again.status, touched(tmp_path / name)) == ("unchanged", before)
    manager = PluginManager()
    entities = manager.load("jsonl", {"path": source}).importEntities()
    options = ExportOptions(output_path=tmp_path / name, on_exists="replace")
    stats = manager.load("jsonl_llm").exportEntities(entities, options)

    assert stats.exported_entities == again.stats.exported_entities
    assert touched(tmp_path / name) == before
    assert run(source, tmp_path / name, export={"weighting": {"normalize": "log"}}).status == "published"
    assert hidden(tmp_path) == []


def test_a_dataset_that_was_damaged_is_made_again(source: Path, tmp_path: Path) -> None:
    """Without its recipe a folder is not known to be the same."""
    run(source, tmp_path / "out")
    (tmp_path / "out/recipe.json").unlink()

    assert run(source, tmp_path / "out").status == "published"
    assert (tmp_path / "out/recipe.json").exists()


# fewer than before


def test_too_few_rows_publish_nothing(source: Path, tmp_path: Path) -> None:
    """Below min_rows what stands there stays; the work is kept, and goes on when fewer are accepted."""
    run(source, tmp_path / "out")
    before = touched(tmp_path / "out")
    with pytest.raises(DataError, match=r"of 90 records exported, fewer than\s+output.min_rows = 1,000") as caught:
        run(source, tmp_path / "out", output={"min_rows": 1000})

    assert "what was done is kept in" in caught.value.hint
    assert touched(tmp_path / "out") == before
    assert hidden(tmp_path) == [".out.staging"]
    assert run(source, tmp_path / "out", output={"min_rows": 10}).status == "published"


@pytest.mark.parametrize("on_exists", ["replace", "version"])
def test_shrinking_too_much_publishes_nothing(on_exists: str, tmp_path: Path) -> None:
    """More missing than max_shrink: both counts are told, the old stays; accepted, the same work is published."""
    source = tmp_path / "in.jsonl"
    records(source, 1200)
    run(source, tmp_path / "out", on_exists)
    before, size = touched(tmp_path / "out"), {"max_shrink": 0.2}
    records(source, 900)
    with pytest.raises(DataError) as caught:
        run(source, tmp_path / "out", on_exists, output=size)

    name = "out" if on_exists == "replace" else "v0001"
    assert caught.value.exit_code == 65
    assert caught.value.message == (
        f"900 samples, 25 % fewer than {name} (1,200); output.max_shrink is 20 %; nothing published"
    )
    assert "900 records were read, 1,200 last time; accept it: --set output.max_shrink=1" in caught.value.hint
    assert touched(tmp_path / "out") == before
    assert hidden(tmp_path) == [".out.staging"]

    data = recipe(source, tmp_path / "out")
    data["output"] |= {"on_exists": on_exists, "max_shrink": 1}
    parts: list[int] = []
    result = execute(plan_export(data, sizes=SMALL), on_progress=lambda now: parts.append(now.parts))
    assert (result.status, result.stats.exported_entities) == ("published", 900)
    assert parts == []
    assert len(rows(tmp_path / "out" / ("v0002" if on_exists == "version" else ""))) == 900


@pytest.mark.parametrize(("then", "now", "most"), [(10, 3, 0.7), (100, 71, 0.29), (10, 10, 0.0), (50, 0, 1.0)])
def test_max_shrink_is_the_share_that_may_be_missing(then: int, now: int, most: float, tmp_path: Path) -> None:
    """Exactly so many may be missing, and not one more."""
    source, output = tmp_path / "in.jsonl", {"max_shrink": most, "min_rows": 0}
    records(source, then)
    run(source, tmp_path / "out", output=output)
    if now:
        records(source, now - 1)
        with pytest.raises(DataError, match="nothing published"):
            run(source, tmp_path / "out", output=output)
    records(source, now)

    assert run(source, tmp_path / "out", output=output).stats.exported_entities == now


def test_entities_that_shrink_leave_nothing_behind(tmp_path: Path) -> None:
    """Where the work could not be taken up again it is not kept."""
    entities = [{"question": f"Q{n}", "answer": "Long enough."} for n in range(10)]
    options = ExportOptions(output_path=tmp_path / "out", on_exists="replace", max_shrink=0.5)
    exporter = PluginManager().load("jsonl_llm")
    exporter.exportEntities(entities, options)
    with pytest.raises(DataError) as caught:
        exporter.exportEntities(entities[:3], options)

    assert "kept" not in caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert len(rows(tmp_path / "out")) == 10


@pytest.mark.parametrize(
    ("name", "on_exists", "says"),
    [("out", "fail", "there is nothing to compare with"), ("out.jsonl", "replace", "rows alone do not say")],
)
def test_max_shrink_where_nothing_is_known(name: str, on_exists: str, says: str, source: Path, tmp_path: Path) -> None:
    """It is a problem of the recipe where there is nothing to compare with."""
    with pytest.raises(RecipeError, match=says):
        run(source, tmp_path / name, on_exists, output={"max_shrink": 0.5})


# recipe.json


def project(place: Path, on_exists: str) -> Path:
    """A recipe in one folder, its records in another, its output in a third."""
    (place / "recipes").mkdir(parents=True)
    (place / "data").mkdir()
    (place / "data/faq.jsonl").write_bytes(faq_lines(80))
    (place / "data/schema.json").write_text('{"properties": {"output": {"maxLength": 200}}}')
    path = place / "recipes/faq.toml"
    path.write_text(
        f"""source = "../data/faq.jsonl"
        [output]
        path = "../out/faq"
        on_exists = "{on_exists}"
        index = true
        [export.structured_gen]
        enable_schema_validation = true
        json_schema = {{ file = "../data/schema.json" }}
        [export.weighting]
        normalize = "percentile"
        """
    )
    return path


@pytest.mark.parametrize("on_exists", ["replace", "version"])
def test_recipe_json_makes_the_dataset_again(on_exists: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From any working directory, in place or after the whole tree has moved, to the last byte."""
    first = export(project(tmp_path / "here", on_exists))
    folder = "out/faq/v0001" if on_exists == "version" else "out/faq"
    published = tree(tmp_path / "here" / folder)
    (tmp_path / "away").mkdir()
    assert first.stats.rejects["schema_violation"] > 5

    for cwd in (tmp_path, tmp_path / "away", tmp_path / "here" / folder):
        monkeypatch.chdir(cwd)
        again = export(Path(os.path.relpath(tmp_path / "here" / folder / "recipe.json")))
        assert (again.status, again.digest) == ("unchanged", first.digest)
    monkeypatch.chdir(tmp_path)
    shutil.move(tmp_path / "here", tmp_path / "away/there")
    moved = tmp_path / "away/there" / folder
    assert export(moved / "recipe.json").status == "unchanged"

    # Other records for a while, and then the first ones again.
    faq = tmp_path / "away/there/data/faq.jsonl"
    faq.write_bytes(faq_lines(70))
    assert export(moved / "recipe.json").status == "published"
    faq.write_bytes(faq_lines(80))
    third = export(moved / "recipe.json")
    assert third.status == "published"
    assert tree(moved.with_name("v0003") if on_exists == "version" else moved) == published


def test_recipe_json_to_another_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With another output the rows are the same, and the new folder's recipe makes them again as well."""
    first = export(project(tmp_path / "here", "replace"))
    made = tmp_path / "here/out/faq"
    elsewhere = tmp_path / "else/where/entirely"
    other = export(load_recipe(made / "recipe.json", [f"output.path={json.dumps(str(elsewhere))}"]))
    differ = {name for name, digest in tree(made).items() if tree(elsewhere).get(name) != digest}

    assert other.digest == first.digest
    assert "README.md" not in differ or "faq" in (made / "README.md").read_text()
    assert differ <= {"recipe.json", "manifest.json", "SHA256SUMS", "README.md"}
    monkeypatch.chdir("/")
    assert export(elsewhere / "recipe.json").status == "unchanged"


# the command line


def tuneport(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run one command line."""
    command = [sys.executable, "-m", "tuneport", "export", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False)


def test_exit_codes_of_running_again(tmp_path: Path) -> None:
    """0 published, 0 unchanged, 65 shrunk with the way out, which works, and 73."""
    records(tmp_path / "in.jsonl", 40)
    again = ["in.jsonl", "--to", "out", "--set", "output.on_exists=replace", "--set", "output.max_shrink=0.1", "--json"]
    export({"source": str(tmp_path / "in.jsonl"), "output": str(tmp_path / "out")})
    first = tuneport(*again, cwd=tmp_path)
    assert (first.returncode, json.loads(first.stdout)["status"]) == (0, "published")
    same = tuneport(*again, cwd=tmp_path)
    assert (same.returncode, json.loads(same.stdout)["status"]) == (0, "unchanged")
    records(tmp_path / "in.jsonl", 10)
    shrunk = tuneport(*again, cwd=tmp_path)
    assert shrunk.returncode == 65
    error = json.loads(shrunk.stdout)["error"]
    assert "10 samples, 75 % fewer than out (40)" in error["message"]
    assert "--set output.max_shrink=1" in error["hint"]
    accepted = tuneport(*again[:-1], "--set", "output.max_shrink=1", "--json", cwd=tmp_path)
    assert json.loads(accepted.stdout)["status"] == "published"

    assert tuneport("in.jsonl", "--to", "out", cwd=tmp_path).returncode == 73
