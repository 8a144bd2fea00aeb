"""Values that stand in an environment variable or a file: read late, shown nowhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import ByteSize, Field, field_validator, model_validator

from tuneport import Config, PluginManager, Problem
from tuneport.config import validate
from tuneport.recipes import Recipe, load_recipe
from tuneport.references import MOST_BYTES, Reference, References, reference_in
from tuneport.runs import execute, plan_export

SECRET = "s3cr3t-of-acme"


class Bounds(Config):
    """A section whose parts are compared."""

    least: int = 0
    most: int = 10

    @model_validator(mode="after")
    def _ordered(self) -> Bounds:
        if self.least > self.most:
            raise ValueError(f"least = {self.least} is more than most = {self.most}")
        return self


class Stage(Config):
    """A stage of many kinds of values."""

    text: str = ""
    number: int = 0
    flag: bool = False
    size: ByteSize = ByteSize(1)
    mode: Literal["fast", "slow"] = "fast"
    tags: list[str] = []
    either: int | list[int] = 1
    types: dict[str, str] = {}
    schema_text: str | dict[str, Any] = ""
    bounds: Bounds = Field(default_factory=Bounds)
    picky: str = ""
    path: Path = Path()

    @field_validator("picky")
    @classmethod
    def _quotes(cls, value: str) -> str:
        if value:
            raise ValueError(f"{value[:6]} is nothing I like")
        return value


def validated(data: Any, base: Path = Path()) -> tuple[Stage | None, list[Problem], References]:
    """The model, what was wrong, and what was read."""
    problems: list[Problem] = []
    references = References(base)
    return validate(Stage, data, "export", problems, references=references), problems, references


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("text", SECRET, SECRET),
        ("text", "", ""),
        ("number", "20", 20),
        ("flag", "yes", True),
        ("size", "64MiB", 64 << 20),
        ("mode", "slow", "slow"),
        ("either", "7", 7),
        ("path", "/x", Path("/x")),
        ("schema_text", "unread", {"env": "VALUE"}),
    ],
)
def test_a_reference_becomes_its_value(key: str, text: str, value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its text is converted as the field wants it; a table that the field takes as it is stays one."""
    monkeypatch.setenv("VALUE", text)
    model, problems, references = validated({key: {"env": "VALUE"}})

    assert not problems
    assert getattr(model, key) == value
    assert model is not None
    dumped = model.model_dump(mode="json", exclude_unset=True)
    assert references.hidden(dumped) == ({key: {"env": "VALUE"}} if text else {key: ""})


def test_tables_that_mean_themselves_are_not_read(tmp_path: Path) -> None:
    """Field types, a schema's file, and the keys of a section keep their meaning, even if nothing stands there."""
    data = {"types": {"env": "string"}, "schema_text": {"file": "row.schema.json"}}
    model, problems, references = validated(data)

    assert not problems
    assert model is not None
    assert (model.types, model.schema_text) == ({"env": "string"}, {"file": "row.schema.json"})
    assert references.fingerprints() == {}
    assert [one.path for one in validated({"bounds": {"env": "X"}})[1]] == ["export.bounds.env"]
    assert [one.path for one in validated({"env": "X"})[1]] == ["export.env"]
    assert reference_in({"env": "A", "file": "b"}) is reference_in({"env": ""}) is reference_in("env") is None


def test_files_start_from_the_base_and_lose_one_line_end(tmp_path: Path) -> None:
    """A trailing newline is an editor's, a second one is the value's."""
    (tmp_path / "s").mkdir()
    for name, text in {"one": "a\nb\n", "two": "a\n\n", "dos": "a\r\n", "none": "a"}.items():
        (tmp_path / "s" / name).write_bytes(text.encode())
    names = ("one", "two", "dos", "none")
    model, problems, _ = validated({"tags": [{"file": f"s/{name}"} for name in names]}, tmp_path)

    assert not problems
    assert model is not None
    assert model.tags == ["a\nb", "a\n", "a", "a"]
    absolute, _, _ = validated({"text": {"file": str(tmp_path / "s/none")}})
    assert absolute is not None
    assert absolute.text == "a"


@pytest.mark.parametrize(
    ("reference", "message", "hint"),
    [
        ({"env": "MISSING"}, "the environment variable MISSING is not set", "export MISSING=..."),
        ({"env": "BYTES"}, "the environment variable BYTES is not UTF-8 text", ""),
        ({"file": "missing"}, "missing: No such file or directory", "it starts from "),
        ({"file": "."}, ".: Is a directory", ""),
        ({"file": "large"}, "large: it is larger than 1,048,576 bytes", ""),
        ({"file": "bytes"}, "bytes is not UTF-8 text", ""),
        ({"file": "nul"}, "what stands there holds a NUL character", ""),
    ],
)
def test_what_cannot_be_read(
    reference: dict[str, str], message: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One problem at the reference, which it shows and names; the other keys are checked all the same."""
    monkeypatch.delenv("MISSING", raising=False)
    monkeypatch.setenv("BYTES", "\udcff")
    (tmp_path / "large").write_bytes(b"x" * (MOST_BYTES + 1))
    (tmp_path / "bytes").write_bytes(b"\xff")
    (tmp_path / "nul").write_bytes(b"a\0b")
    model, problems, _ = validated({"number": reference, "flag": "maybe", "text": "kept"}, tmp_path)

    assert model is not None
    assert (model.number, model.text) == (0, "kept")
    assert problems[0].path == f"export.number = {Reference(*next(iter(reference.items())))}"
    assert problems[0].message == message
    assert problems[0].hint.startswith(hint)
    assert [one.path for one in problems[1:]] == ['export.flag = "maybe"']


@pytest.mark.parametrize(
    ("data", "text", "path", "message"),
    [
        ({"number": {"env": "V"}}, SECRET, 'export.number = { env = "V" }', "a whole number"),
        ({"mode": {"env": "V"}}, SECRET, 'export.mode = { env = "V" }', '"fast" or "slow" is wanted'),
        ({"either": {"env": "V"}}, SECRET, 'export.either = { env = "V" }', "a whole number or a"),
        ({"tags": {"env": "V"}}, SECRET, 'export.tags = { env = "V" }', "a list is wanted"),
        ({"tags": ["a", {"env": "V"}], "x": 1}, SECRET, "export.x", "unknown key"),
        ({"size": {"env": "V"}}, "12s3cr3t", 'export.size = { env = "V" }', "a size, as 1048576"),
        ({"picky": {"env": "V"}}, SECRET, 'export.picky = { env = "V" }', "what it stands for cannot be used here"),
        ({"bounds": {"least": {"env": "V"}}}, "1234567", "export.bounds", 'least = { env = "V" } is more than most'),
    ],
)
def test_what_was_read_is_never_shown(
    data: Any, text: str, path: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A value that is wrong is shown as its reference, and so is one that a message of others would quote."""
    monkeypatch.setenv("V", text)
    _, problems, _ = validated(data)

    assert [one.path for one in problems] == [path]
    assert problems[0].message.startswith(message)
    assert "s3cr3t" not in repr(problems)
    assert text not in repr(problems)


def test_dumps_of_other_stages_hide_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exporter hands values on: under the same key all are hidden, under other keys those that tell something."""
    monkeypatch.setenv("V", SECRET)
    monkeypatch.setenv("N", "20")
    _, _, references = validated({"text": {"env": "V"}, "number": {"env": "N"}})
    told = {"use": "x", "other": SECRET, "deep": [{"number": 20, "same": 20, "flag": True, "text": "20"}]}

    assert references.hidden(told) == {
        "use": "x",
        "other": {"env": "V"},
        "deep": [{"number": {"env": "N"}, "same": 20, "flag": True, "text": "20"}],
    }
    assert references.hidden({"other": SECRET}, anywhere=False) == {"other": SECRET}
    assert References().hidden(told) is told


def test_messages_are_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is, as JSON and as Python would write it; a short text between quotes only."""
    monkeypatch.setenv("V", 'pass"word\n')
    monkeypatch.setenv("S", "id")
    references = References()
    for name in ("V", "S"):
        assert references.opened({"env": name}, "source.key", []) in {'pass"word\n', "id"}

    assert references.masked(r'a pass"word b') == 'a { env = "V" } b'
    assert references.masked('a "pass\\"word\\n"') == 'a "{ env = "V" }"'
    assert references.masked('did "id" or idle') == 'did { env = "S" } or idle'
    assert references.hidden({"key": ["id", "other"]}) == {"key": [{"env": "S"}, "other"]}
    assert references.opened("plain", "source.key", []) == "plain"


def test_fingerprints_tell_values_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same value the same number, another value or another reference another, and never the value itself."""

    def fingerprint(name: str, text: str) -> str:
        monkeypatch.setenv(name, text)
        references = References()
        references.read(Reference("env", name), "x", [])
        ((shown, number),) = references.fingerprints().items()
        assert shown == f'{{ env = "{name}" }}'
        return number

    first = fingerprint("A", SECRET)
    assert fingerprint("A", SECRET) == first
    assert len({first, fingerprint("A", "other"), fingerprint("B", SECRET)}) == 3
    assert SECRET not in first


RECIPE = """
[source]
path = "a.jsonl"
dsn = { env = "V" }
limit = { env = "N" }
[params]
token = { file = "secret" }
[export]
where = { env = "V" }
style = { use = "x", word = { env = "V" } }
[output]
output_path = { env = "OUT" }
min_rows = { env = "N" }
[run]
seed = { env = "BAD" }
"""


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """A recipe that refers to others in all its sections."""
    for name, text in {"V": SECRET, "N": "4711", "OUT": "o", "BAD": "not a number at all"}.items():
        monkeypatch.setenv(name, text)
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner/secret").write_text("token-7788\n")
    (tmp_path / "r.toml").write_text(RECIPE + 'base = "inner"\n')
    return load_recipe(tmp_path / "r.toml")


def test_a_recipe_shows_references_and_not_values(recipe: Recipe) -> None:
    """Its own keys are read, those of importers and exporters wait for their stages; no dump shows either."""
    assert recipe.source[0].limit == recipe.output.min_rows == 4711
    assert recipe.params == {"token": "token-7788"}
    assert recipe.export.where == SECRET
    assert recipe.output.path == Path("o")
    assert recipe.source[0].settings["dsn"] == {"env": "V"}

    for dumped in (recipe.model_dump(mode="json"), json.loads(recipe.model_dump_json(exclude_none=True))):
        text = json.dumps(dumped)
        assert not any(secret in text for secret in (SECRET, "4711", "token-7788"))
        assert dumped["source"][0]["limit"] == dumped["output"]["min_rows"] == {"env": "N"}
        assert dumped["params"] == {"token": {"file": "secret"}}
        assert dumped["output"]["path"] == {"env": "OUT"}


def test_a_refusal_shows_no_value(recipe: Recipe) -> None:
    """Not of its own problems, and not of those that a plugin words."""
    hostile = Problem(f'source.dsn = "{SECRET}"', f"cannot reach {SECRET}", f"try {SECRET!r}")
    text = str(recipe.refused([*recipe.problems, hostile]))

    assert SECRET not in text
    assert "not a number" not in text
    assert '  15:8  run.seed = { env = "BAD" }\n' in text
    assert '  4:7   source.dsn = "{ env = "V" }"\n        cannot reach { env = "V" }; try \'{ env = "V" }\'' in text


RUN = """
source = { path = { env = "WHERE" }, limit = { env = "LIMIT" } }
output = "out"
[export]
where = { file = "where.txt" }
quality = { max_text_length = { env = "LONGEST" } }
weighting = { auto_weight_by_freshness = true, freshness_half_life_days = { env = "DAYS" } }
[run]
now = "2026-11-22T00:00:00Z"
"""


def test_a_run_leaves_no_trace_of_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in the dataset, its recipe and manifest, nor in the plan; another value is another plan all the same."""
    values = {"LIMIT": "77123", "LONGEST": "8191733", "DAYS": "4711.25"}
    for name, text in {**values, "WHERE": "in.jsonl"}.items():
        monkeypatch.setenv(name, text)
    lines = [
        {"id": n, "question": f"What is {n}?", "answer": f"It is the number {n}, says the book."} for n in range(9)
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (tmp_path / "where.txt").write_text("id < 90210833\n")
    (tmp_path / "r.toml").write_text(RUN)
    plan = plan_export(tmp_path / "r.toml", manager=PluginManager())
    told = plan.document()
    result = execute(plan)
    monkeypatch.setenv("DAYS", "4711.5")
    other = plan_export(tmp_path / "r.toml", manager=PluginManager(), to_run=False)

    assert result.stats.exported_entities == 9
    written = b"".join(file.read_bytes() for file in (tmp_path / "out").rglob("*") if file.is_file())
    for value in (*values.values(), "90210833"):
        assert value.encode() not in told
        assert value.encode() not in written
    assert other.digest != plan.digest
    monkeypatch.setenv("DAYS", "4711.25")
    (tmp_path / "out").rename(tmp_path / "old")
    assert execute(plan_export(tmp_path / "old/recipe.json", manager=PluginManager())).digest == result.digest
