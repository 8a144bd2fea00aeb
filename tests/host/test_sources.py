"""Several files, and several sources with styles of their own: one dataset, every record in its place."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tools import NOW, faq_lines, rows, tree, watched

import tuneport
from tuneport import PluginManager, Reject, hookimpl
from tuneport.errors import RecipeError, SourceNotFoundError
from tuneport.runs import Sizes, execute, plan_export

ASKED = [{"id": n, "question": f"What is number {n} for?", "answer": f"It stands for number {n}."} for n in range(40)]
SAID = [{"id": n, "user_message": f"Tell me of {n}.", "assistant_response": f"Of {n} I know a lot."} for n in range(30)]


def write(path: Path, records: list[dict[str, Any]]) -> Path:
    """Records as JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records))
    return path


def asked(*sources: Mapping[str, Any], output: str = "out", **export: Any) -> dict[str, Any]:
    """A recipe over several sources."""
    return {"source": list(sources), "export": export, "output": {"path": output, "index": True}, "run": {"now": NOW}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with two kinds of records in it."""
    monkeypatch.chdir(tmp_path)
    write(Path("faq.jsonl"), ASKED)
    write(Path("chats.jsonl"), SAID)
    return tmp_path


FAQ = {"name": "faq", "path": "faq.jsonl", "key": "id"}
CHATS = {"name": "chats", "path": "chats.jsonl", "key": "id", "style": "chat_completion"}


def test_each_source_has_its_style(folder: Path) -> None:
    """Rows of two styles are conversations, in the order of the sources, and each can be traced to its record."""
    result = tuneport.export(asked(FAQ, CHATS))

    made = rows(Path("out"))
    said = [[(turn["role"], turn["content"]) for turn in row["messages"]] for row in made]
    assert said[:40] == [[("user", one["question"]), ("assistant", one["answer"])] for one in ASKED]
    assert said[40:] == [[("user", one["user_message"]), ("assistant", one["assistant_response"])] for one in SAID]
    assert {tuple(row) for row in made} == {("messages", "weight")}
    assert [(one.name, one.title, one.read) for one in result.dataset.manifest.sources] == [
        ("faq", "faq.jsonl", 40),
        ("chats", "chats.jsonl", 30),
    ]
    index = [json.loads(line) for line in gzip.decompress(Path("out/index/00000.jsonl.gz").read_bytes()).splitlines()]
    assert [(line["source"], line["key"]) for line in index] == [
        *(("faq", str(n)) for n in range(40)),
        *(("chats", str(n)) for n in range(30)),
    ]


def test_sources_of_one_style_keep_its_rows(folder: Path) -> None:
    """Where all sources make the same kind of sample, rows are what they are with one source."""
    write(Path("more.jsonl"), [{**one, "question": f"Once more: {one['question']}"} for one in ASKED])
    tuneport.export(asked(FAQ, {"path": "more.jsonl"}))

    made = rows(Path("out"))
    assert {tuple(row) for row in made} == {("instruction", "output", "weight")}
    assert [row["instruction"] for row in made[38:42]] == [
        "What is number 38 for?",
        "What is number 39 for?",
        "Once more: What is number 0 for?",
        "Once more: What is number 1 for?",
    ]


def test_a_style_of_a_source_has_its_own_mapping(folder: Path) -> None:
    """A source's style may be a table with its configuration; what it does not say is the exporter's."""
    write(Path("other.jsonl"), [{"q": "What is the other one?", "answer": "It is the other one."}])
    style = {"use": "instruction_tuning", "field_mapping": {"instruction_field": "q"}}
    tuneport.export(asked(FAQ, {"path": "other.jsonl", "style": style}))

    assert rows(Path("out"))[-1]["instruction"] == "What is the other one?"


def test_metadata_of_all_sources_is_in_every_row(folder: Path) -> None:
    """A field that only one source has is null in the rows of the others, and the order is the same."""
    write(Path("faq.jsonl"), [{**one, "topic": "signs", "level": 3} for one in ASKED])
    write(Path("chats.jsonl"), [{**one, "topic": "talk", "channel": "phone"} for one in SAID])
    tuneport.export(asked(FAQ, CHATS, metadata_fields=["topic", "level", "channel"]))

    found = [list(row["metadata"].items()) for row in rows(Path("out"))]
    assert found[0] == [("topic", "signs"), ("level", 3), ("channel", None)]
    assert found[-1] == [("topic", "talk"), ("level", None), ("channel", "phone")]


def test_metadata_of_two_types_is_a_problem(folder: Path) -> None:
    """One column cannot be a number here and a text there: the error names both, and how to say which."""
    write(Path("faq.jsonl"), [{**one, "level": 3} for one in ASKED])
    write(Path("chats.jsonl"), [{**one, "level": "high"} for one in SAID])

    with pytest.raises(RecipeError) as caught:
        tuneport.export(asked(FAQ, CHATS, metadata_fields=["level"]))
    (problem,) = caught.value.problems
    assert problem.message == '"level" is integer in faq.jsonl, and string in chats.jsonl'
    assert problem.hint == 'say which: metadata_fields = { level = "string" }'


def test_duplicates_are_found_across_sources(folder: Path) -> None:
    """The first one wins, whichever source it is in."""
    write(Path("again.jsonl"), [ASKED[3], {"id": 99, "question": "What else is there?", "answer": "This one is new."}])
    result = tuneport.export(asked(FAQ, {"name": "again", "path": "again.jsonl", "key": "id"}))

    assert (result.stats.exported_entities, result.stats.duplicate_entities) == (41, 1)
    (reject,) = [json.loads(line) for line in Path("out/rejects/00000.jsonl").read_text().splitlines()]
    assert (reject["source"], reject["key"], reject["locator"]) == ("again", "3", "again.jsonl:1")


def test_limits_are_each_sources_own(folder: Path) -> None:
    """A limit holds for the source it stands in; files of one source share it."""
    write(Path("d/a.jsonl"), ASKED[:15])
    write(Path("d/b.jsonl"), ASKED[15:])
    parted = {"path": ["d/a.jsonl", "d/b.jsonl"], "limit": 20}
    for sizes in (Sizes(), Sizes(part_bytes=300), Sizes(seek=False, part_entities=7)):
        result = execute(plan_export(asked(parted, {**CHATS, "limit": 4}), sizes=sizes))
        assert [one.read for one in result.dataset.manifest.sources] == [20, 4]
        shutil.rmtree("out")


def test_every_record_is_named_by_its_own_file(folder: Path) -> None:
    """Locators count the lines of the file a record stands in, however files are cut."""
    write(Path("d/a.jsonl"), [*ASKED[:9], {"question": "Where is the answer?"}])
    write(Path("d/b.jsonl"), [{"question": "Where is this one?"}, *ASKED[9:]])
    places = set()
    for sizes in (Sizes(), Sizes(part_bytes=120), Sizes(seek=False, part_entities=4), Sizes(defer=True)):
        execute(plan_export(asked({"path": "d/*.jsonl"}), sizes=sizes))
        lines = Path("out/rejects/00000.jsonl").read_text().splitlines()
        places.add(tuple(json.loads(line)["locator"] for line in lines))
        shutil.rmtree("out")

    assert places == {("d/a.jsonl:10", "d/b.jsonl:1")}


SIZES = {
    "whole": Sizes(),
    "small ranges": Sizes(part_bytes=700, savepoint_bytes=1),
    "read through": Sizes(seek=False, part_entities=7),
    "deferred": Sizes(defer=True, part_bytes=900),
}


def test_part_sizes_change_no_byte(folder: Path) -> None:
    """Files that can be read in ranges, compressed ones that cannot, and a table beside them: always the same."""
    Path("d").mkdir()
    lines = faq_lines(300)
    cut = lines.index(b"\n", len(lines) // 2) + 1
    Path("d/a.jsonl").write_bytes(lines[:cut])
    Path("d/b.jsonl.gz").write_bytes(gzip.compress(lines[cut:]))
    with sqlite3.connect("t.db") as database:
        database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, user_message TEXT, assistant_response TEXT)")
        database.executemany("INSERT INTO t VALUES (:id, :user_message, :assistant_response)", SAID)
    recipe = asked({"path": "d"}, {"path": "t.db", "style": "chat_completion"}, weighting={"normalize": "percentile"})
    made = {}
    for name, sizes in SIZES.items():
        result = execute(plan_export(recipe, sizes=sizes))
        assert [one.read for one in result.dataset.manifest.sources] == [300, 30]
        made[name] = tree(Path("out"))
        shutil.rmtree("out")

    assert all(contents == made["whole"] for contents in made.values())


def test_one_source_or_a_list_of_one_is_the_same(folder: Path) -> None:
    """`[source]`, a path alone and `[[source]]` once make the same dataset."""
    made = []
    for source in ("faq.jsonl", {"path": "faq.jsonl"}, [{"path": "faq.jsonl"}], {"path": ["faq.jsonl"]}):
        tuneport.export({"source": source, "output": "out", "run": {"now": NOW}})
        made.append(tree(Path("out"), frozenset({"stats.json", "recipe.json", "manifest.json", "SHA256SUMS"})))
        shutil.rmtree("out")

    assert made[0]
    assert all(contents == made[0] for contents in made)


def test_a_field_that_one_source_has(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A field counts as null in a source without it, where another source has it; it is said, and no problem."""
    with sqlite3.connect("one.db") as database:
        database.execute("CREATE TABLE t (id, question, answer, votes)")
        database.execute("INSERT INTO t VALUES (1, 'What is it?', 'It is the one.', 4)")
    with sqlite3.connect("two.db") as database:
        database.execute("CREATE TABLE t (id, question, answer)")
        database.execute("INSERT INTO t VALUES (2, 'What is it now?', 'It is the other.')")
    caplog.set_level("INFO", "tuneport")
    tuneport.export(asked({"path": "one.db"}, {"path": "two.db"}, weighting={"weight_field": "votes"}))

    assert [row["weight"] for row in rows(Path("out"))] == [4.0, 1.0]
    assert 'two.db, table t has no field "votes": it counts as null there' in caplog.messages


def test_a_field_that_no_source_has(folder: Path) -> None:
    """A field that is nowhere is a problem, named with each source that lacks it."""
    for name in ("one", "two"):
        with sqlite3.connect(f"{name}.db") as database:
            database.execute("CREATE TABLE t (id, question, answer)")
    with pytest.raises(RecipeError) as caught:
        tuneport.export(asked({"path": "one.db"}, {"path": "two.db"}, weighting={"weight_field": "votes"}))
    assert [problem.message for problem in caught.value.problems] == [
        'one.db, table t has no field "votes"',
        'two.db, table t has no field "votes"',
    ]


def wrong(folder: Path, *sources: Any, **export: Any) -> list[str]:
    """What is wrong with sources, and where."""
    with pytest.raises(RecipeError) as caught:
        tuneport.export(asked(*sources, **export))
    return [f"{problem.path}: {problem.message}" for problem in caught.value.problems]


def test_what_is_wrong_with_sources(folder: Path) -> None:
    """Each slip is named at the source it stands in, all of them at once."""
    write(Path("mixed/a.jsonl"), ASKED)
    Path("mixed/b.json").write_text("[]")
    Path("empty").mkdir()
    assert wrong(folder, {"path": "mixed"}) == ["source.path: mixed/a.jsonl and mixed/b.json are read by different importers"]  # fmt: skip  # noqa: E501
    assert wrong(folder, {"path": "empty"}) == ['source.path = "empty": no file in this folder can be read']
    assert wrong(folder, {"path": []}) == ["source.path: a path, or a list of paths, is wanted"]
    assert wrong(folder, {"path": [7]}) == ["source.path: a path, or a list of paths, is wanted"]
    assert wrong(folder, FAQ, {**CHATS, "name": "faq"}) == ['source[1].name = "faq": another source has this name']
    assert wrong(folder, FAQ, {**CHATS, "style": "chat_completoin"}, formats=["tuneprot"]) == [
        'export.formats[0] = "tuneprot": no such format',
        'source[1].style = "chat_completoin": no such style',
    ]
    assert wrong(folder, FAQ, {"path": "faq.jsonl", "tabel": "x"}) == ["source[1].tabel: unknown key"]


def test_a_pattern_that_matches_nothing(folder: Path) -> None:
    """It is said before anything is read, with the folder it starts from."""
    with pytest.raises(SourceNotFoundError, match=r"nothing/\*\.jsonl matches no file") as caught:
        tuneport.export(asked({"path": "nothing/*.jsonl"}))
    assert str(folder) in caught.value.hint


def test_a_name_that_looks_like_a_pattern(folder: Path) -> None:
    """A file of exactly this name is meant, whatever a pattern would match."""
    write(Path("part[1].jsonl"), ASKED[:3])
    write(Path("part1.jsonl"), ASKED)

    assert tuneport.export(asked({"path": "part[1].jsonl"})).stats.total_entities == 3


def test_a_dataset_is_no_source_by_itself(folder: Path) -> None:
    """The folder of a dataset holds more than rows: whoever wants its rows names them."""
    tuneport.export(asked(FAQ))
    assert wrong(folder, {"path": "out"}) == ['source.path = "out": this is a dataset that was exported, no source']


def test_what_a_folder_holds_besides(folder: Path) -> None:
    """Hidden files, folders and files of other kinds are not read."""
    write(Path("d/a.jsonl"), ASKED)
    write(Path("d/.hidden.jsonl"), SAID)
    write(Path("d/below/b.jsonl"), SAID)
    Path("d/notes.txt").write_text("nothing")

    assert tuneport.export(asked({"path": "d"})).stats.total_entities == 40
    assert tuneport.export(asked({"path": "d/**/*.jsonl"}, output="all")).stats.total_entities == 70


def test_a_changed_file_is_another_plan(folder: Path) -> None:
    """Each file's own facts are part of a run's identity, under the source's name."""
    write(Path("d/a.jsonl"), ASKED)
    write(Path("d/b.jsonl"), SAID)
    recipe = asked({"name": "both", "path": "d"})
    before = plan_export(recipe)
    write(Path("d/b.jsonl"), SAID[1:])
    after = plan_export(recipe)

    assert before.digest != after.digest
    assert before.identity["source"]["both"]["revision"]["d/a.jsonl"] == after.identity["source"]["both"]["revision"]["d/a.jsonl"]  # fmt: skip  # noqa: E501


def test_a_preview_shows_each_source(folder: Path) -> None:
    """The first records of every source, in the rows that a run writes."""
    shown = tuneport.preview(asked(FAQ, CHATS), count=2)

    assert [(item.locator, list(item.rows["tuneport"][0])) for item in shown.items] == [
        ("faq.jsonl:1", ["messages", "weight"]),
        ("faq.jsonl:2", ["messages", "weight"]),
        ("chats.jsonl:1", ["messages", "weight"]),
        ("chats.jsonl:2", ["messages", "weight"]),
    ]


def test_a_third_party_sees_each_source(folder: Path) -> None:
    """A filter is made once for each source, and told which it is made for."""
    made: list[tuple[str, set[str]]] = []

    class Plugin:
        @hookimpl
        def register_filters(self, register: Any) -> None:
            register("even", self.even)

        def even(self, _config: Any, ctx: Any) -> Any:
            made.append((ctx.title, set(ctx.fields)))
            return lambda entity, _sample: Reject("odd", "It is odd") if entity["id"] % 2 else None

    manager = PluginManager()
    manager.register(Plugin(), "third")
    result = tuneport.export(asked(FAQ, CHATS, filters=["even"]), manager=manager)

    assert made == [
        ("faq.jsonl", {"id", "question", "answer"}),
        ("chats.jsonl", {"id", "user_message", "assistant_response"}),
    ]
    assert result.stats.rejects == {"third:odd": 35}


def test_parameters_go_to_the_queries_that_name_them(folder: Path) -> None:
    """Each query is told of its own parameters; a source without a query of none. Who is in no query is a problem."""
    with sqlite3.connect("t.db") as database:
        database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, question, answer)")
        database.executemany("INSERT INTO t VALUES (:id, :question, :answer)", ASKED)
    early = {"path": "t.db", "query": "SELECT * FROM t WHERE id < :before"}
    late = {"path": "t.db", "query": "SELECT * FROM t WHERE id >= :since"}
    recipe = asked(early, late, {"path": "faq.jsonl", "limit": 1}) | {"params": {"before": 3, "since": 38}}

    assert [one.read for one in tuneport.export(recipe).dataset.manifest.sources] == [3, 2, 1]
    with pytest.raises(RecipeError, match="no query asks for :limit"):
        tuneport.export(recipe | {"params": {"before": 3, "since": 38, "limit": 1}})


def test_validators_of_two_styles_see_conversations(folder: Path) -> None:
    """A value that was an object in the record is judged as it was where the row has its column, and else as text."""
    write(Path("faq.jsonl"), [{"question": "What is it made of?", "answer": {"parts": ["wood", "iron", "rope"]}}])
    seen: list[Any] = []

    class Plugin:
        @hookimpl
        def register_validators(self, register: Any) -> None:
            register("look", lambda _config, _ctx: self.look)

        def look(self, row: Any) -> list[Any]:
            seen.append(row)
            return []

    manager = PluginManager()
    manager.register(Plugin(), "third")
    tuneport.export(asked({"path": "faq.jsonl"}, {**CHATS, "limit": 1}, validators=["look"]), manager=manager)

    assert [list(row) for row in seen] == [["messages", "weight"]] * 2
    assert seen[0]["messages"][1]["content"] == '{"parts":["wood","iron","rope"]}'


def test_files_are_read_once_however_they_are_named(folder: Path) -> None:
    """The same file by two ways is one file, and links in a loop lead nowhere."""
    write(Path("two/ok.jsonl"), ASKED[:5])
    Path("two/a").symlink_to(".")
    Path("two/b").symlink_to(".")
    for path in ("two/**/*.jsonl", ["two/ok.jsonl", "./two/ok.jsonl", "two/../two/ok.jsonl"]):
        assert tuneport.export(asked({"path": path})).stats.total_entities == 5
        shutil.rmtree("out")


def test_what_is_left_out_of_a_folder_is_told(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Files of other kinds, pipes, and links to nothing are named; what is hidden is not looked at."""
    write(Path("d/a.jsonl"), ASKED)
    write(Path("d/.b.jsonl"), ASKED)
    Path("d/b.parquet").write_bytes(b"PAR1")
    Path("d/c.jsonl").symlink_to("nowhere.jsonl")
    os.mkfifo("d/pipe.jsonl")
    tuneport.export(asked({"path": "d"}))
    tuneport.export(asked({"path": "d/*.jsonl"}, output="other"))

    assert [message for message in caplog.messages if "left out" in message] == [
        "d: left out what no importer reads: b.parquet and 2 more",
        "d/*.jsonl: left out what no importer reads: d/c.jsonl and 1 more",
    ]


@pytest.mark.parametrize("path", ["", [""], ["faq.jsonl", ""]])
def test_an_empty_path_names_nothing(folder: Path, path: Any) -> None:
    """A variable that is empty does not stand for the whole folder."""
    assert wrong(folder, {"path": path}) == ["source.path: a path, or a list of paths, is wanted"]


def test_many_small_files_are_few_savepoints(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is made durable together is a matter of how much was done, not of how many files it came from."""
    for number in range(60):
        write(Path(f"d/{number:02}.jsonl"), ASKED[number % 40 :][:1])
    records = 0

    def counted(operation: str, path: Path) -> None:
        nonlocal records
        records += operation == "rename" and path.parent.name == "done" and path.suffix == ".json"

    execute(plan_export(asked({"path": "d"})), storage=watched(counted))
    assert records == 1


def test_a_style_that_is_no_stage(folder: Path) -> None:
    """A slip in a source's style table is told, and not taken for the exporter's own style."""
    assert wrong(folder, {**FAQ, "style": {"usee": "chat_completion"}}) == [
        'source.style: a stage is a name, or a table with use = "name"'
    ]
