"""Reading recipes: files, overrides, and where paths start."""

from __future__ import annotations

import copy
import re
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tuneport import PluginManager, Recipe
from tuneport.errors import RecipeError, SourceNotFoundError, UsageError
from tuneport.recipes import load_recipe, parse_recipe
from tuneport.recipes.overriding import override
from tuneport.recipes.schema import recipe_schema

TOML = """
source = "a.db"
output = "out/faq"
[export]
style = "chat_completion"
"""


@pytest.mark.parametrize("name", ["r.toml", "r.json", "R.JSON"])
def test_toml_and_json_say_the_same(name: str, tmp_path: Path) -> None:
    """A recipe is TOML or JSON; a path alone stands for its section; relative paths start from its folder."""
    json = '{"source": "a.db", "output": "out/faq", "export": {"style": "chat_completion"}}'
    (tmp_path / name).write_text(TOML if name.endswith("toml") else json, encoding="utf-8-sig")
    recipe = load_recipe(tmp_path / name)

    assert recipe.source[0].settings == {"path": "a.db"}
    assert recipe.export.settings == {"style": "chat_completion"}
    assert recipe.resolve(Path("a.db")) == tmp_path / "a.db"
    assert recipe.resolve(Path("/a.db")) == Path("/a.db")
    assert not recipe.problems


@pytest.mark.parametrize(
    ("setting", "path", "value"),
    [
        ("output.min_rows=10", "output.min_rows", 10),
        ("output.shard_size=64MiB", "output.shard_size", "64MiB"),
        ("run.memory=2 GB", "run.memory", "2 GB"),
        ("export.metadata_fields=['a', 'b']", "export.metadata_fields", ["a", "b"]),
        ("run.now=2026-01-01T00:00:00Z", "run.now", None),
        ("source.table = faq", "source.table", "faq"),
        ('source.table="1"', "source.table", "1"),
        ("export.quality.skip_duplicates=false", "export.quality.skip_duplicates", False),
        ("export.text==", "export.text", "="),
    ],
)
def test_settings_are_toml_or_text(setting: str, path: str, value: Any) -> None:
    """--set takes any key by its path; its value is TOML where it can be, and text otherwise."""
    data: dict[str, Any] = {"source": "a.db", "output": "x"}
    override(data, [setting], {})
    found: Any = data
    for step in path.split("."):
        found = found[step]

    assert found == value or value is None
    assert data["source"] in ("a.db", {"path": "a.db", **({"table": value} if "table" in path else {})})


SOURCES: dict[str, Any] = {
    "path": "a.db",
    "table": {"path": "a.db", "limit": 1},
    "one": [{"path": "a.db"}],
    "two": ["a.db", {"path": "b.db"}],
}


@pytest.mark.parametrize(
    ("source", "setting", "given", "after"),
    [
        ("path", "source.limit=5", "source.limit", {"path": "a.db", "limit": 5}),
        ("path", "source[0].limit=5", "source.limit", {"path": "a.db", "limit": 5}),
        ("table", "source.limit=5", "source.limit", {"path": "a.db", "limit": 5}),
        ("one", "source.limit=5", "source.limit", [{"path": "a.db", "limit": 5}]),
        ("one", "source[0].limit=5", "source.limit", [{"path": "a.db", "limit": 5}]),
        ("one", "source=x.db", "source", "x.db"),
        ("two", "source[0].limit=5", "source[0].limit", [{"path": "a.db", "limit": 5}, {"path": "b.db"}]),
        ("two", "source[1]=c.db", "source[1]", ["a.db", "c.db"]),
        ("two", "source[1].style.use=x", "source[1].style.use", ["a.db", {"path": "b.db", "style": {"use": "x"}}]),
    ],
)
def test_settings_of_sources(source: str, setting: str, given: str, after: Any) -> None:
    """One source is `source`, however it is written; of several each has its number."""
    data = copy.deepcopy({"source": SOURCES[source]})

    assert override(data, [setting], {}) == {given: "--set"}
    assert data == {"source": after}


def test_settings_go_into_lists_and_stages() -> None:
    """An index picks an entry; a stage that is a name alone becomes a table."""
    data: dict[str, Any] = {"export": {"formats": ["trl", {"use": "axolotl"}], "style": "chat", "names": [["a"]]}}
    override(data, ["export.formats[0].weights=ignore", "export.formats[1]=openai", "export.names[0][0]=b"], {})
    override(data, [], {"export.style.system": "s"})

    assert data["export"]["formats"] == [{"use": "trl", "weights": "ignore"}, "openai"]
    assert data["export"]["style"] == {"use": "chat", "system": "s"}
    assert data["export"]["names"] == [["b"]]


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("novalue", "expected key=value"),
        ("=3", "expected key=value"),
        ("output.path.inner=3", "output.path is no section"),
        ("source.limit=3", "the recipe has 2 sources\nsay which: --set source[0].limit=..."),
        ("source[2].limit=3", "source has 2 entries"),
        ("export.formats[1].weights=ignore", "export.formats has 1 entry"),
        ("export.metrics[0]=x", "export.metrics has 0 entries"),
        ("output[0]=3", "output is no list"),
        ("export.formats[0][1]=x", "export.formats[0] is no list"),
        ("export.formats.use=x", "export.formats is no section"),
        ("output..path=3", "no key of a recipe"),
        ("export.formats[x]=3", "no key of a recipe"),
    ],
)
def test_settings_that_make_no_sense(setting: str, told: str) -> None:
    """A setting without a value, or into something that is not there, is an error of usage that says what is there."""
    data = {"output": {"path": "x"}, "source": SOURCES["two"], "export": {"formats": ["trl"]}}
    with pytest.raises(UsageError, match=re.escape(told)):
        override(copy.deepcopy(data), [setting], {})


def test_a_single_source_has_no_second() -> None:
    """An index beyond the only source is an error, as is replacing it by its number."""
    for setting in ("source[1].limit=3", "source[0]=b.db"):
        with pytest.raises(UsageError, match="has one source"):
            override({"source": "a.db"}, [setting], {})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = ", "not TOML"),
        ("a = 1\na = 2", "not TOML"),
        ("x = " + "9" * 5000, "not TOML"),
        ("x=" + "[" * 3000, "TOML"),
    ],
)
def test_files_that_are_no_recipes(text: str, told: str, tmp_path: Path) -> None:
    """What cannot be read is a RecipeError with the reader's own words."""
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(RecipeError, match=told):
        load_recipe(tmp_path / "r.toml")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A missing file, one that is no text, and one that is far too large are told apart."""
    with pytest.raises(SourceNotFoundError, match="No such file"):
        load_recipe(tmp_path / "r.toml")
    (tmp_path / "r.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RecipeError, match="not UTF-8"):
        load_recipe(tmp_path / "r.toml")
    (tmp_path / "r.toml").write_bytes(b"#" * (1 << 21))
    with pytest.raises(RecipeError, match="larger than"):
        load_recipe(tmp_path / "r.toml")
    (tmp_path / "r.json").write_text("[1]")
    with pytest.raises(RecipeError, match="not an object"):
        load_recipe(tmp_path / "r.json")


def test_a_wrong_recipe_keeps_its_problems_for_the_plan() -> None:
    """Wrong keys are left out and remembered, so that a plan can tell them with the others."""
    recipe = parse_recipe({"source": "a.db", "output": {"path": "x", "min_rows": -1}, "run": {"sed": 1}})

    assert isinstance(recipe, Recipe)
    assert recipe.output.min_rows == 1
    assert [problem.path for problem in recipe.problems] == ["output.min_rows = -1", "run.sed"]


def problems_of(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Path and message of what is wrong with a recipe's own keys."""
    return [(one.path, one.message) for one in parse_recipe(data).problems]


def test_params_are_single_values() -> None:
    """Texts, numbers, truth values and nothing; a date or time of TOML is ISO text."""
    moment = datetime.fromisoformat("2026-01-02T03:04:05+00:00")
    params = {"a": "x", "b": 1, "c": 1.5, "d": True, "e": None, "f": moment, "g": moment.date(), "h": moment.time()}
    recipe = parse_recipe({"params": params})

    assert not recipe.problems
    assert recipe.params == {
        **{name: params[name] for name in "abcde"},
        "f": "2026-01-02T03:04:05+00:00",
        "g": "2026-01-02",
        "h": "03:04:05",
    }
    assert recipe.params["d"] is True
    assert recipe.resolved(moment, Path())["params"] == recipe.params


@pytest.mark.parametrize(
    ("params", "path", "told"),
    [
        ({"a": [1]}, "params.a", "one value that a query can be given"),
        ({"a": {"b": 1}}, "params.a", "one value that a query can be given"),
        ({"a": float("nan")}, "params.a = nan", "finite"),
        ({"a-b": 1}, "params.a-b", "no name a query could use"),
        ({"1a": 1}, "params.1a", "no name a query could use"),
    ],
)
def test_params_that_cannot_be_bound(params: dict[str, Any], path: str, told: str) -> None:
    """A list, a table, or a name that no query could use is a problem, and the others stay."""
    ((where, message),) = problems_of({"params": {**params, "kept": 1}})

    assert (where, told in message) == (path, True)
    assert parse_recipe({"params": {**params, "kept": 1}}).params == {"kept": 1}


def test_a_recipe_names_plugins_and_grants_no_trust() -> None:
    """Directories, a lock and globs; `pinned` is all it may say of trust."""
    plugins = {"dirs": ["plugins"], "lock": "p.lock.json", "allow": ["acme*"], "deny": ["x"], "trust": "pinned"}
    recipe = parse_recipe({"run": {"plugins": plugins}})
    ((path, message),) = problems_of({"run": {"plugins": {**plugins, "trust": "any"}}})

    assert recipe.run.plugins is not None
    assert recipe.run.plugins.model_dump(mode="json") == plugins
    assert path == 'run.plugins.trust = "any"'
    assert "pass --trust any" in message
    assert parse_recipe({}).run.plugins is None


LARGE = """
[[source]]
name     = "faq"
table    = "faq"
path     = { file = "dsn" }
key      = ["tenant_id", "id"]
subject  = "customer_id"

[[source]]
path     = "chats.jsonl"
style    = { use = "chat_completion" }
limit    = 200_000

[params]
since = 2024-01-01
least = { env = "LEAST" }

[export]
style = "instruction_tuning"
formats = ["tuneport", { use = "acme:inhouse", weights = "replicate" }]
where = "rating >= 4"
weighting = { weight_field = { env = "FIELD" } }

[output]
path = "out"
shard_size = "256MiB"

[run]
seed = 7
plugins = { dirs = ["plugins"], trust = "pinned", lock = "plugins.lock.json", deny = ["legacy*"] }
"""


def test_a_large_recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several sources, parameters, references and plugins load, and the schema for editors takes the same text."""
    monkeypatch.setenv("LEAST", "3")
    (tmp_path / "r.toml").write_text(LARGE)
    recipe = load_recipe(tmp_path / "r.toml", ["source[1].limit=5"])
    judge = jsonschema_rs.validator_for(recipe_schema(PluginManager()), offline=True)

    assert not recipe.problems
    assert [source.limit for source in recipe.source] == [None, 5]
    assert recipe.params == {"since": "2024-01-01", "least": "3"}
    written = LARGE.replace("2024-01-01", '"2024-01-01"')
    assert judge.is_valid(tomllib.loads(written)), [str(one) for one in judge.iter_errors(tomllib.loads(written))]


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ('source = ["a.db", { path = "b.db" }]', True),
        ('source = { path = { env = "A" }, limit = { file = "b" } }', True),
        ('[[source]]\npath = "a"\nkey = "id"', True),
        ("[export.quality]\nmin_text_length = { env = 'N' }", True),
        ("run.seed = { env = 'N' }", True),
        ("run.seed = { env = 3 }", False),
        ("run.seed = { evn = 'N' }", False),
        ("run.plugins = { trust = 'any' }", False),
        ("params.a = [1]", False),
        ("source = 3", False),
    ],
)
def test_the_schema_takes_what_a_recipe_may_be(text: str, good: bool) -> None:
    """Sources in every form, and a reference wherever one value stands, and no other table."""
    judge = jsonschema_rs.validator_for(recipe_schema(PluginManager()), offline=True)

    assert judge.is_valid({**tomllib.loads(text), "output": "x"}) is good
