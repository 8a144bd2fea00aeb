"""`inspect`: what a source holds, and a suggested recipe that runs as it is."""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tools import rows

from tuneport import Batch, Source, SourceInfo, export
from tuneport.errors import DataError, SourceError, SourceNotFoundError, TargetExistsError, UsageError
from tuneport.inspection import FieldFacts, Inspection, inspect
from tuneport.inspection.columns import Column
from tuneport.inspection.opening import look, tables_of
from tuneport.inspection.suggestion import suggested
from tuneport.inspection.toml import key, quoted
from tuneport.recipes import load_recipe

PROSE = "Open the settings, choose a version, and press the button of number"


def jsonl(path: Path, records: Iterable[Mapping[str, Any]]) -> Path:
    """A file of these records."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def database(path: Path, *statements: str) -> Path:
    """A database made by these statements."""
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return path


def exported(path: Path, **options: Any) -> dict[str, Any]:
    """The suggested recipe as data; it has been exported from another folder, and gave rows."""
    recipe = path.parent / "recipes" / "suggested.toml"
    found = inspect(path, write=recipe, **options)
    assert recipe.read_text() == found.recipe
    result = export(load_recipe(recipe))
    assert result.status == "published"
    assert rows(Path(result.path))
    return tomllib.loads(found.recipe)


def fields(found: Inspection) -> dict[str, FieldFacts]:
    """The facts by name."""
    return {field.name: field for field in found.fields}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample database."""
    place = tmp_path_factory.mktemp("demo")
    from tuneport_sources.sample import write_sample

    write_sample(place / "support.db", 600)
    return place / "support.db"


def test_the_demo_database(demo: Path) -> None:
    """Style, mapping, key and metadata are those of the recipe that comes with it; errors among weights are told."""
    recipe = exported(demo, table="faq")
    text = (demo.parent / "recipes/suggested.toml").read_text()

    assert recipe["source"] == {"path": str(demo), "table": "faq", "key": "id"}
    assert recipe["export"]["style"] == "instruction_tuning"
    mapping = {"instruction_field": "question", "input_field": "context", "output_field": "answer"}
    assert recipe["export"]["field_mapping"] == mapping
    assert recipe["export"]["metadata_fields"] == {
        "created_at": "string",
        "product": "string",
        "category": "string",
        "tags": "list[string]",
    }
    assert recipe["export"]["weighting"] == {}
    assert '# weight_field = "upvotes"' in text
    assert 'values of "upvotes" are no numbers' in text
    assert '# timestamp_field = "created_at"' in text
    assert "a guess" not in text
    assert recipe["output"] == {"path": "faq"}


def test_the_facts_of_the_demo_database(demo: Path) -> None:
    """Types from the catalogue or the values, nulls, lengths, and what could be a key."""
    found = inspect(demo)
    said = fields(found)

    assert (found.title, found.rows, found.looked_at) == ("support.db, table faq", 600, 600)
    assert found.unreadable > 0
    assert list(said)[:4] == ["id", "thread_id", "customer_id", "question"]
    assert said["id"].unique
    assert not said["thread_id"].unique
    assert (said["id"].type, said["id"].median_length, said["upvotes"].type) == ("integer", None, "string")
    answer = said["answer"]
    assert 0 < answer.nulls < 0.1
    assert answer.median_length is not None
    assert answer.max_length is not None
    assert 50 < answer.median_length < answer.max_length
    assert said["category"].distinct == 6
    assert json.loads(found.to_json()).keys() == {
        *("title", "rows", "looked_at", "unreadable", "fields", "tables", "recipe")
    }


def test_a_csv_file_plain_and_compressed(tmp_path: Path) -> None:
    """All values are texts there: numbers among them are a weight all the same."""
    lines = ["id,question,answer,votes,lang", *(f'{n},"What, {n}?","{PROSE} {n}",{n},de' for n in range(20))]
    data = "\n".join(lines).encode()
    (tmp_path / "faq.csv").write_bytes(data)
    (tmp_path / "faq.csv.gz").write_bytes(gzip.compress(data))
    for name in ("faq.csv", "faq.csv.gz"):
        recipe = exported(tmp_path / name)
        assert recipe["source"]["key"] == "id"
        assert recipe["export"]["weighting"] == {"weight_field": "votes", "normalize": "log"}
        assert recipe["export"]["metadata_fields"] == {"lang": "string"}
        (tmp_path / "recipes/suggested.toml").unlink()
    assert [row["weight"] for row in rows(tmp_path / "recipes/faq-2")][:2] == [1.0, pytest.approx(1.6931471805599454)]


INSTRUCTIONS = ("instruction_tuning", ("instruction_field", "input_field", "output_field"))
CHAT = ("chat_completion", ("system_field", "user_field", "assistant_field"))
TEXT = ("text_completion", ("text_field",))


@pytest.mark.parametrize(
    ("names", "style", "mapping"),
    [
        (("question", "context", "answer"), *INSTRUCTIONS),
        (("instruction", "input", "output"), *INSTRUCTIONS),
        (("title", "body", "reply"), *INSTRUCTIONS),
        (("prompt", "context", "completion"), *INSTRUCTIONS),
        (("Prompt", "Completion"), "prompt_completion", ("prompt_field", "completion_field")),
        (("question", "chosen", "rejected"), "preference", ("prompt_field", "chosen_field", "rejected_field")),
        (("question_text", "-", "answer_text"), *INSTRUCTIONS),
        (("userQuestion", "-", "bestAnswer"), *INSTRUCTIONS),
        (("input", "-", "output"), *INSTRUCTIONS),
        (("document", "-", "summary"), *INSTRUCTIONS),
        (("system_prompt", "user_message", "assistant_response"), *CHAT),
        (("-", "user", "assistant"), *CHAT),
        (("body",), *TEXT),
        (("article_text",), *TEXT),
    ],
)
def test_well_known_names_say_the_style(
    tmp_path: Path, names: tuple[str, ...], style: str, mapping: tuple[str, ...]
) -> None:
    """Columns are found by name, wherever they stand and however they are spelt."""
    wanted = {part: name for part, name in zip(mapping, names, strict=True) if name != "-"}
    records = [
        {"id": n, "note": f"{PROSE} {n}", **{name: f"{name}: {PROSE} {n}" for name in reversed(wanted.values())}}
        for n in range(9)
    ]
    recipe = exported(jsonl(tmp_path / "in.jsonl", records))

    assert recipe["export"]["style"] == style
    assert recipe["export"]["field_mapping"] == wanted
    assert recipe["source"]["key"] == "id"


def talk(number: int, answer: str = PROSE) -> list[dict[str, Any]]:
    """A conversation."""
    return [{"role": "user", "content": f"What is {number}?"}, {"role": "assistant", "content": f"{answer} {number}"}]


def sharegpt(number: int) -> list[dict[str, Any]]:
    """A conversation in other words."""
    return [{"from": "human", "value": f"What is {number}?"}, {"from": "gpt", "value": f"{PROSE} {number}"}]


TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {}}}]
Made = Callable[[int], dict[str, Any]]
SPOKEN: dict[str, tuple[Made, dict[str, Any]]] = {
    "turns": (
        lambda n: {"id": n, "messages": talk(n)},
        {"style": "chat_completion", "field_mapping": {"messages_field": "messages"}},
    ),
    "ShareGPT with tools and a system prompt": (
        lambda n: {"system": "Be kind.", "conversations": sharegpt(n), "tools": TOOLS},
        {
            "style": "chat_completion",
            "field_mapping": {"system_field": "system", "messages_field": "conversations", "tools_field": "tools"},
        },
    ),
    "a name that says nothing, and tools that are none": (
        lambda n: {"blob": talk(n), "tools": "hammer", "question": f"What is {n}?", "answer": PROSE},
        {"style": "chat_completion", "field_mapping": {"messages_field": "blob", "tools_field": ""}},
    ),
    "conversations that go on": (
        lambda n: {"messages": talk(n) + talk(n)[:1]},
        {
            "style": "chat_completion",
            "trailing_turns": "drop",
            "field_mapping": {"messages_field": "messages"},
        },
    ),
    "prompts and completions": (
        lambda n: {"prompt": talk(n)[:1], "completion": talk(n)[1:]},
        {
            "style": "prompt_completion",
            "field_mapping": {"prompt_field": "prompt", "completion_field": "completion"},
        },
    ),
    "pairs without a prompt": (
        lambda n: {"chosen": talk(n), "rejected": talk(n, "Or not, which is longer than ten characters")},
        {"style": "preference", "field_mapping": {"chosen_field": "chosen", "rejected_field": "rejected"}},
    ),
    "pairs with their prompt twice": (
        lambda n: {"prompt": f"What is {n}?", "chosen": talk(n), "rejected": talk(n, PROSE[::-1])},
        {
            "style": "preference",
            "field_mapping": {"prompt_field": "prompt", "chosen_field": "chosen", "rejected_field": "rejected"},
        },
    ),
    "labels": (
        lambda n: {"prompt": f"What is {n}?", "completion": f"{PROSE} {n}", "label": n % 2 == 0},
        {
            "style": "unpaired_preference",
            "field_mapping": {"prompt_field": "prompt", "completion_field": "completion", "label_field": "label"},
        },
    ),
    "words for good and bad, in a column of any name": (
        lambda n: {"prompt": f"What is {n}?", "response": f"{PROSE} {n}", "said": ("Thumbs up", "thumbs_down")[n % 2]},
        {
            "style": "unpaired_preference",
            "field_mapping": {"prompt_field": "prompt", "completion_field": "response", "label_field": "said"},
        },
    ),
    "one and minus one": (
        lambda n: {"prompt": f"What is {n}?", "completion": f"{PROSE} {n}", "mark": 1 - n % 2 * 2},
        {
            "style": "unpaired_preference",
            "field_mapping": {"prompt_field": "prompt", "completion_field": "completion", "label_field": "mark"},
        },
    ),
    "feedback as text": (
        lambda n: {"prompt": f"What is {n}?", "completion": f"{PROSE} {n}", "feedback": ("true", "false")[n % 2]},
        {
            "style": "unpaired_preference",
            "field_mapping": {"prompt_field": "prompt", "completion_field": "completion", "label_field": "feedback"},
        },
    ),
    "a flag of another kind": (
        lambda n: {"prompt": f"What is {n}?", "completion": f"{PROSE} {n}", "public": 1, "paid": n % 2 == 0},
        {
            "style": "prompt_completion",
            "field_mapping": {"prompt_field": "prompt", "completion_field": "completion"},
        },
    ),
}


@pytest.mark.parametrize("case", SPOKEN)
@pytest.mark.parametrize("kind", ["jsonl", "sqlite"])
def test_conversations_and_preferences(tmp_path: Path, case: str, kind: str) -> None:
    """As lists in a file, and as JSON text in a database: the style is found, and every record becomes a row."""
    make, wanted = SPOKEN[case]
    records = [make(n) for n in range(5)]
    path = jsonl(tmp_path / "in.jsonl", records) if kind == "jsonl" else stored(tmp_path / "in.db", records)
    recipe = exported(path)

    export_section = {name: value for name, value in recipe["export"].items() if name != "metadata_fields"}
    assert export_section == wanted
    (folder,) = {found.parent.parent.parent.parent for found in tmp_path.rglob("00000-of-00001.jsonl")}
    assert len(rows(folder)) == 5


def message(number: int, role: str, names: Sequence[str]) -> dict[str, Any]:
    """A row that is one turn of three; rows stand in the opposite of their order."""
    by, order, who, text = names
    asks = number % 2 == 0
    said = f"What is {number}?" if asks else f"{PROSE} {number}"
    return {by: f"c{number // 3}", order: -number, who: "user" if asks else role, text: said, "lang": "en"}


@pytest.mark.parametrize(
    ("names", "role"),
    [
        (("conversation_id", "turn", "role", "content"), "assistant"),
        (("chatId", "sent_at", "sender", "text"), "Agent"),
        (("ticket_id", "created_at", "author_type", "body"), "support"),
    ],
)
@pytest.mark.parametrize("kind", ["jsonl", "sqlite", "csv"])
def test_rows_of_messages_are_grouped(tmp_path: Path, names: Sequence[str], role: str, kind: str) -> None:
    """A row for each message: the recipe groups them in order, and says what roles mean that nobody knows."""
    records = [message(n, role, names) for n in range(12)]
    if kind == "csv":
        path = tmp_path / "in.csv"
        cells = [",".join(f'"{value}"' for value in one.values()) for one in records]
        path.write_text("\n".join([",".join(records[0]), *cells]))
    else:
        make = jsonl if kind == "jsonl" else stored
        path = make(tmp_path / f"in.{kind}", records)
    recipe = exported(path)

    by, order, who, text = names
    assert recipe["source"]["group"] == {"by": by, "order_by": order, "role_field": who, "content_field": text}
    assert "key" not in recipe["source"]
    wanted = {"style": "chat_completion", "trailing_turns": "drop", "field_mapping": {"messages_field": "messages"}}
    meant = {} if role == "assistant" else {"roles": {role.lower(): "assistant"}}
    assert recipe["export"] == {**wanted, **meant, "metadata_fields": {"lang": "string"}}
    (folder,) = {found.parent.parent.parent.parent for found in tmp_path.rglob("00000-of-00001.jsonl")}
    assert [len(row["messages"]) for row in rows(folder)] == [2, 3, 2, 3], "in order, up to the last answer"


@pytest.mark.parametrize(
    "change",
    [{"role": "admin"}, {"role": "user"}, {"conversation_id": None}, {"role": 3}, {"messages": "m"}],
)
def test_what_only_looks_like_messages(tmp_path: Path, change: dict[str, Any]) -> None:
    """A role that says nothing, no assistant, nothing in common: rows are no turns then."""
    names = ("conversation_id", "turn", "role", "content")
    records = [{**message(n, "assistant", names), **change} for n in range(12)]
    recipe = tomllib.loads(inspect(jsonl(tmp_path / "in.jsonl", records)).recipe)
    assert "group" not in recipe["source"]


def stored(path: Path, records: Sequence[Mapping[str, Any]]) -> Path:
    """A database of these records, lists as JSON text."""
    names = ", ".join(records[0])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"CREATE TABLE faq ({names})")
        marks = ", ".join("?" for _ in records[0])
        values = [[json.dumps(one) if isinstance(one, list) else one for one in record.values()] for record in records]
        connection.executemany(f"INSERT INTO faq VALUES ({marks})", values)  # noqa: S608
        connection.commit()
    return path


@pytest.mark.parametrize(
    "record",
    [
        {"messages": [{"role": "customer", "content": "Hello"}], "text": PROSE},
        {"messages": [{"text": "Hello"}], "text": PROSE},
        {"messages": "[broken", "text": PROSE},
        {"chosen": PROSE, "rejected": PROSE, "text": PROSE},
        {"prompt": "p", "text": PROSE},
    ],
)
def test_what_only_looks_like_a_conversation(tmp_path: Path, record: dict[str, Any]) -> None:
    """Another column is trained then."""
    recipe = tomllib.loads(inspect(jsonl(tmp_path / "in.jsonl", [record])).recipe)
    assert recipe["export"]["field_mapping"]["text_field" if "chosen" not in record else "output_field"]


def test_odd_columns_are_guessed_by_their_texts(tmp_path: Path) -> None:
    """The two of the longest texts, in their order; a label, a number, bytes and a list are none of them."""
    records = [
        {"n": n, "Frage": f"Was ist {PROSE} {n}?", "kat": "eins", "Rede": f"{PROSE} {PROSE} {n}", "l": [PROSE * 9]}
        for n in range(30)
    ]
    recipe = exported(jsonl(tmp_path / "in.jsonl", records))

    assert recipe["export"]["field_mapping"] == {"instruction_field": "Frage", "output_field": "Rede"}
    assert recipe["export"]["metadata_fields"] == {"kat": "string", "l": "list[string]"}
    assert "# a guess" in (tmp_path / "recipes/suggested.toml").read_text()


def test_one_text_column(tmp_path: Path) -> None:
    """A table with one column of texts is trained whole, and one without any as JSON."""
    made = [f"INSERT INTO notes VALUES ({n}, '{PROSE} {n}')" for n in range(5)]  # noqa: S608
    notes = database(tmp_path / "a.db", "CREATE TABLE notes (id INTEGER PRIMARY KEY, remark TEXT)", *made)
    recipe = exported(notes)
    assert recipe["source"]["table"] == "notes"
    assert recipe["export"] == {"style": "text_completion", "field_mapping": {"text_field": "remark"}}

    (tmp_path / "b").mkdir()
    numbers = exported(jsonl(tmp_path / "b/in.jsonl", [{"n": n} for n in range(5)]))
    assert numbers["export"]["field_mapping"] == {"text_field": "n"}
    assert numbers["export"]["quality"] == {"min_text_length": 1}


@pytest.mark.parametrize(
    ("answers", "quality"),
    [
        (["yes", "no", "perhaps"], {"min_text_length": 1}),
        (["yes", PROSE], None),
        (["x " * 5000, "x " * 5001], {"max_text_length": 10002}),
        (["yes", "x " * 5001], {"min_text_length": 1}),
    ],
)
def test_the_bounds_of_length_are_moved_where_nothing_would_be_left(
    tmp_path: Path, answers: list[str], quality: dict[str, int] | None
) -> None:
    """And stay where they are otherwise."""
    records = [{"question": f"What {n}?", "answer": answer} for n, answer in enumerate(answers)]
    recipe = exported(jsonl(tmp_path / "in.jsonl", records))
    assert recipe["export"].get("quality") == quality


def test_names_count_only_where_records_have_both(tmp_path: Path) -> None:
    """A column of answers that are all null does not make a dataset of nothing."""
    records = [{"question": f"What {n}?", "answer": None, "notes": f"{PROSE} {n}"} for n in range(5)]
    recipe = exported(jsonl(tmp_path / "in.jsonl", records))
    assert recipe["export"]["field_mapping"] == {"text_field": "notes"}


@pytest.mark.parametrize(
    ("name", "values", "weighting"),
    [
        ("upvotes", [0, 3, None], {"weight_field": "upvotes", "normalize": "log"}),
        ("score", ["1", "2.5", ""], {}),
        ("rating", [1, -1, 5], {}),
        ("importance", [0.5, 1, 2], {"weight_field": "importance"}),
        ("importance", ["high", "low", None], {"enable_weights": False}),
    ],
)
def test_a_weight_is_named_where_it_is_plain(
    tmp_path: Path, name: str, values: list[Any], weighting: dict[str, Any]
) -> None:
    """Else a comment says why not; and no default field spoils the run."""
    records = [{"question": f"What {n}?", "answer": f"{PROSE} {n}", name: value} for n, value in enumerate(values)]
    recipe = exported(jsonl(tmp_path / "in.jsonl", records))
    assert recipe["export"]["weighting"] == weighting
    assert f'weight_field = "{name}"' in (tmp_path / "recipes/suggested.toml").read_text()
    assert len(rows(tmp_path / "recipes/in")) == 3


def test_defaults_that_a_row_could_not_hold_are_switched_off(tmp_path: Path) -> None:
    """Bytes in `context`, and null in a list of `tags`, which would be taken without being asked for."""
    table = "CREATE TABLE faq (question TEXT, context BLOB, answer TEXT)"
    made = [f"INSERT INTO faq VALUES ('What {n}?', x'00', '{PROSE} {n}')" for n in range(3)]  # noqa: S608
    blobs = exported(database(tmp_path / "a.db", table, *made))
    assert blobs["export"]["field_mapping"]["input_field"] == ""
    assert len(rows(tmp_path / "recipes/faq")) == 3

    (tmp_path / "b").mkdir()
    records = [{"question": f"What {n}?", "answer": f"{PROSE} {n}", "tags": ["a", None]} for n in range(3)]
    recipe = exported(jsonl(tmp_path / "b/in.jsonl", records))
    assert recipe["export"]["include_metadata"] is False
    assert len(rows(tmp_path / "b/recipes/in")) == 3


HOSTILE = [
    'a "quoted" name',
    "it's",
    "two\nlines",
    "a.b.c",
    "tab\there",
    "back\\slash",
    "# comment",
    "]\n[output]\npath='x'",
    "ünïcödé \u202e\u001b[31m",
    "   ",
    "😀",
    "${x}",
    "{braces}",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_column_names(tmp_path: Path, name: str) -> None:
    """As text, label and day: the recipe names them exactly, and no more is in it than was meant."""
    records = [{name: f"{PROSE} {n}", f"{name} kind": "k", f"{name} on": "2024-11-21"} for n in range(4)]
    recipe = exported(jsonl(tmp_path / "in.jsonl", [*records, {"rest": f"{PROSE} 5"}]))

    assert recipe.keys() == {"source", "export", "output"}
    mappable = not set("{}") & set(name)
    assert recipe["export"]["field_mapping"] == {"text_field": name if mappable else "rest"}
    assert recipe["export"]["metadata_fields"] == {f"{name} kind": "string", f"{name} on": "string"}
    text = (tmp_path / "recipes/suggested.toml").read_text()
    assert all(sign.isprintable() or sign == "\n" for sign in text)


def test_columns_named_like_secrets_are_not_shown_and_not_taken(tmp_path: Path) -> None:
    """Neither an example nor a mapping nor metadata; and nothing may look at them."""
    records = [
        {"password": f"{PROSE} hunter2", "apiKey": "k", "user_token": "t", "token_count": 7, "text": f"{PROSE} {n}"}
        for n in range(20)
    ]
    recipe = exported(jsonl(tmp_path / "in.jsonl", records))
    said = fields(inspect(tmp_path / "in.jsonl"))

    assert recipe["output"]["exclude_fields"] == ["password", "apiKey", "user_token"]
    assert recipe["export"]["field_mapping"] == {"text_field": "text"}
    assert recipe["export"]["metadata_fields"] == {"token_count": "integer"}
    assert [said[name].example for name in ("password", "apiKey", "user_token", "token_count")] == ["", "", "", "7"]


def test_an_example_is_short_and_printable(tmp_path: Path) -> None:
    """Whatever the value is."""
    record = {"a": "\u001b[31mred\n\n" + "x" * 500, "b": {"k": [1, None]}, "c": [], "d": "", "e": 1.5}
    said = fields(inspect(jsonl(tmp_path / "in.jsonl", [record])))
    assert said["a"].example == " [31mred " + "x" * 51 + "..."
    assert [said[name].example for name in "bcde"] == ['{"k":[1,null]}', "[]", "", "1.5"]


def test_tables_to_choose_from_are_listed_and_not_read(tmp_path: Path) -> None:
    """Where there are several and none is named; a recipe needs one of them."""
    path = database(
        tmp_path / "a.db",
        "CREATE TABLE faq (id INTEGER PRIMARY KEY, question TEXT, answer TEXT)",
        f"INSERT INTO faq VALUES (1, 'What?', '{PROSE}')",  # noqa: S608
        "CREATE TABLE customer (name TEXT)",
    )
    found = inspect(path)

    assert (found.title, list(found.fields), found.recipe) == ("a.db", [], "")
    assert [table.name for table in found.tables] == ["customer", "faq"]
    assert (found.tables[1].key, list(found.tables[1].fields)) == (("id",), ["id", "question", "answer"])
    with pytest.raises(UsageError, match="several tables") as caught:
        inspect(path, write=tmp_path / "a.toml")
    assert "customer, faq" in caught.value.hint
    assert exported(path, table="faq")["source"]["table"] == "faq"


def test_only_the_first_records_are_looked_at(tmp_path: Path) -> None:
    """Ten thousand of them, or less where they are large; how many there are is not counted."""
    small = inspect(jsonl(tmp_path / "in.jsonl", ({"text": f"{PROSE} {n}"} for n in range(10_500))))
    large = inspect(jsonl(tmp_path / "large.jsonl", ({"text": f"{PROSE} {n}" * 20_000} for n in range(40))))
    assert (small.looked_at, small.rows) == (10_000, None)
    assert 20 < large.looked_at < 40
    assert large.rows is None


def test_an_empty_source(tmp_path: Path) -> None:
    """With columns there is a recipe for the day there are records; without, there is none."""
    empty = database(tmp_path / "a.db", "CREATE TABLE faq (id INTEGER PRIMARY KEY, question TEXT, answer TEXT)")
    found = inspect(empty)
    assert (found.rows, found.looked_at) == (0, 0)
    assert tomllib.loads(found.recipe)["export"]["field_mapping"] == {
        "instruction_field": "question",
        "output_field": "answer",
    }
    nothing = jsonl(tmp_path / "in.jsonl", [])
    assert inspect(nothing).recipe == ""
    with pytest.raises(DataError, match="nothing to train on"):
        inspect(nothing, write=tmp_path / "a.toml")
    assert not (tmp_path / "a.toml").exists()


def test_a_recipe_is_never_written_over_anything(tmp_path: Path) -> None:
    """A file, a folder or a dangling link stays; nothing else is left behind."""
    source = jsonl(tmp_path / "in.jsonl", [{"text": PROSE}])
    (tmp_path / "file.toml").write_text("mine")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "link.toml").symlink_to("gone")
    before = sorted(tmp_path.iterdir())
    for name in ("file.toml", "folder.toml", "link.toml"):
        with pytest.raises(TargetExistsError, match=name):
            inspect(source, write=tmp_path / name)
    with pytest.raises(UsageError, match=r"ends in \.toml") as caught:
        inspect(source, write=tmp_path / "recipe.txt")
    assert "recipe.toml" in caught.value.hint
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "file.toml").read_text() == "mine"


def test_paths_start_from_where_the_recipe_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the working directory where it is printed, from its own folder where it is written, through links too."""
    jsonl(tmp_path / "in.jsonl", [{"text": PROSE}])
    (tmp_path / "real/deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real/deep")
    monkeypatch.chdir(tmp_path)

    assert tomllib.loads(inspect("in.jsonl").recipe)["source"]["path"] == "in.jsonl"
    written = inspect("in.jsonl", write="link/a.toml")
    assert tomllib.loads(written.recipe)["source"]["path"] == "../../in.jsonl"
    assert export(Path("link/a.toml")).status == "published"
    absolute = inspect(tmp_path / "in.jsonl").recipe
    assert tomllib.loads(absolute)["source"]["path"] == str(tmp_path / "in.jsonl")


def test_the_output_is_a_folder_that_nobody_has(tmp_path: Path) -> None:
    """So that the recipe can be run, and once more where it was suggested once more."""
    source = jsonl(tmp_path / "My Records (2).jsonl", [{"text": PROSE}])
    outputs = []
    for number in range(3):
        recipe = tmp_path / f"{number}.toml"
        found = inspect(source, write=recipe)
        assert export(load_recipe(recipe)).status == "published"
        outputs.append(tomllib.loads(found.recipe)["output"]["path"])
    assert outputs == ["my-records-2", "my-records-2-2", "my-records-2-3"]


def test_what_cannot_be_looked_at_is_told(tmp_path: Path) -> None:
    """No file, no importer, a recipe, a table of a file that has none."""
    source = jsonl(tmp_path / "in.jsonl", [{"text": PROSE}])
    (tmp_path / "a.toml").touch()
    with pytest.raises(SourceNotFoundError):
        inspect(tmp_path / "gone.jsonl")
    with pytest.raises(UsageError, match="cannot tell from the name"):
        inspect(tmp_path / "in.docx")
    with pytest.raises(UsageError, match="is a recipe, no source"):
        inspect(tmp_path / "a.toml")
    with pytest.raises(UsageError, match="has no tables"):
        inspect(source, table="faq")
    with pytest.raises(SourceError, match="not UTF-8"):
        inspect(os.fsdecode(bytes(tmp_path) + b"/\xff.jsonl"))


class Shop(Source):
    """A source whose values are no JSON."""

    def info(self) -> SourceInfo:
        return SourceInfo(title="shop", key=("token",), rows=1_000_000)

    def partitions(self, target_bytes: int) -> tuple[()]:  # noqa: ARG002
        return ()

    def read(self, partition: Any, fields: Any) -> Any:  # noqa: ARG002
        held = {"token": "t", "text": PROSE, 3: "x", "bad\ud800": "x", "set": {1}, "big": 2**80, "nan": float("nan")}
        yield Batch([held, "no record"], [0, 1], 2)  # type: ignore[list-item]


class Broken(Source):
    """A source that cannot say what it has."""

    def info(self) -> SourceInfo:
        return SourceInfo(title="broken")

    def partitions(self, target_bytes: int) -> tuple[()]:  # noqa: ARG002
        return ()

    def read(self, partition: Any, fields: Any) -> Any:  # noqa: ARG002
        raise AssertionError

    def tables(self) -> Any:
        raise ZeroDivisionError


def test_a_third_partys_source(tmp_path: Path) -> None:
    """Its values are what they are, and its faults become errors."""
    source = Shop()
    looked = look(source, source.info())
    assert [(column.name, column.type) for column in looked.columns] == [
        ("token", "string"),
        ("text", "string"),
        ("set", "string"),
        ("big", "integer"),
        ("nan", "number"),
    ]
    recipe = tomllib.loads(suggested(tmp_path / "a.shop", None, source.info(), looked, tmp_path))
    assert recipe["export"] == {"style": "text_completion", "field_mapping": {"text_field": "text"}}
    assert "key" not in recipe["source"]
    with pytest.raises(SourceError, match="ZeroDivisionError"):
        tables_of(Broken())


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.lists(st.none() | st.text(max_size=5) | st.integers(), max_size=3),
    st.just(PROSE),
)
NAMES = st.sampled_from(
    ["id", "question", "answer", "context", "text", "tags", "source", "importance", "user", "assistant", "created_at"]
) | st.text(max_size=8)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(NAMES, VALUES, max_size=5), max_size=6))
def test_a_suggestion_runs_whatever_the_records_are(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]]
) -> None:
    """Where any value that can be named and trained on is there, the recipe leaves a row. A list is no text."""
    folder = tmp_path_factory.mktemp("any")
    source = folder / "in.jsonl"
    source.write_text("".join(json.dumps(record) + "\n" for record in records))
    found = inspect(source, write=folder / "a.toml") if inspect(source).recipe else None
    listed = {name for record in records for name, value in record.items() if isinstance(value, list)}
    trainable = any(
        value is not None and str(value).strip()
        for record in records
        for name, value in record.items()
        if name and name not in listed and not set("{}\0") & set(name) and not Column(name, "").secret
    )
    if found is None:
        assert not trainable
    elif trainable:
        assert rows(Path(export(load_recipe(folder / "a.toml")).path))


@given(st.text())
def test_texts_and_keys_are_what_toml_reads(text: str) -> None:
    """On one line, whatever they are."""
    assert tomllib.loads(f"{key(text)} = {quoted(text)}  # c") == {text: text}
    assert quoted(text).isprintable()
