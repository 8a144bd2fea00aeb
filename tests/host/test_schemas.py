"""A JSON Schema in a configuration: from a variable, and what cannot be one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tools import recipe, rows

from tuneport import ExportOptions, PluginManager, export
from tuneport.errors import RecipeError
from tuneport.schemas import KEYWORDS, without_keyword
from tuneport_jsonl_llm import JSONLLLMConfig
from tuneport_quality import keywords

JUDGES = {"enable_schema_validation": True}
CARRIES = {"include_schema_in_output": True}
SCHEMA = {"properties": {"output": {"pattern": "one$"}}}


def asked(folder: Path, schema: Any, **more: Any) -> dict[str, Any]:
    """A recipe with this schema, whose source has two records; one of them ends with `one`."""
    lines = [{"question": f"What is {word}?", "answer": f"A long answer: {word}"} for word in ("one", "two")]
    (folder / "faq.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    exporting = {"structured_gen": {"json_schema": schema, **more}}
    return recipe(folder / "faq.jsonl", folder / "out", export=exporting)


def test_a_schema_in_a_variable_judges_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its text is read and used; what is kept of the recipe shows the reference."""
    monkeypatch.setenv("ROW_SCHEMA", json.dumps(SCHEMA))
    stats = export(asked(tmp_path, {"env": "ROW_SCHEMA"}, **JUDGES)).stats
    kept = json.loads((tmp_path / "out/recipe.json").read_text())

    assert stats.rejects == {"schema_violation": 1}
    assert kept["export"]["structured_gen"]["json_schema"] == {"env": "ROW_SCHEMA"}
    assert "pattern" not in (tmp_path / "out/recipe.json").read_text()


def test_rows_carry_a_schema_in_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The schema itself stands in them, not the table that says where it is."""
    monkeypatch.setenv("ROW_SCHEMA", json.dumps(SCHEMA))
    export(asked(tmp_path, {"env": "ROW_SCHEMA"}, **CARRIES))

    assert [row["__schema__"] for row in rows(tmp_path / "out")] == [SCHEMA, SCHEMA]


def test_a_stage_of_its_own_reads_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A validator that the recipe lists, and an exporter that is loaded, take the same reference."""
    monkeypatch.setenv("ROW_SCHEMA", json.dumps(SCHEMA))
    data = asked(tmp_path, "")
    data["export"] = {"validators": [{"use": "quality:json_schema", "json_schema": {"env": "ROW_SCHEMA"}}]}
    config = {"structured_gen": {"json_schema": {"env": "ROW_SCHEMA"}, **JUDGES}}
    exporter: Any = PluginManager().load("jsonl_llm", config=config)
    records = [json.loads(line) for line in (tmp_path / "faq.jsonl").read_text().splitlines()]
    stats = exporter.exportEntities(records, ExportOptions(output_path=tmp_path / "all.jsonl"))

    assert export(data).stats.rejects == stats.rejects == {"schema_violation": 1}


@pytest.mark.parametrize(
    ("text", "use"),
    [
        *((text, use) for text in ("s3cret", '{"s3cret": 1}', '"s3cret"', "") for use in (JUDGES, CARRIES)),
        ('{"type": "s3cret"}', JUDGES),
    ],
)
def test_an_error_names_the_variable_and_not_its_text(
    text: str, use: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is wrong with the text, the place says where it comes from."""
    monkeypatch.setenv("ROW_SCHEMA", text)
    with pytest.raises(RecipeError) as caught:
        export(asked(tmp_path, {"env": "ROW_SCHEMA"}, **use))

    place = 'export.structured_gen.json_schema = { env = "ROW_SCHEMA" }'
    assert place in [problem.path for problem in caught.value.problems]
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("schema", "message", "hint"),
    [
        ({"use": 3}, 'none of its keys is a keyword of JSON Schema: "use"', 'such as { required = ["output"] }'),
        ({"reqired": ["a"]}, '"reqired"', 'did you mean "required"?'),
        ({"file": 3}, '"file"', "such as"),
        ({"env": "A", "file": "b"}, '"env", "file"', "such as"),
        ('{"path": "row.schema.json"}', '"path"', "such as"),
        ({f"k{number}": 1 for number in range(7)}, '"k4" and 2 more', "such as"),
    ],
)
@pytest.mark.parametrize("use", [JUDGES, CARRIES], ids=["judges", "carries"])
def test_a_table_without_a_keyword_is_refused(
    schema: Any, message: str, hint: str, use: dict[str, Any], tmp_path: Path
) -> None:
    """It would judge nothing, so it is a mistake: a problem that names its keys, before anything is written."""
    with pytest.raises(RecipeError) as caught:
        export(asked(tmp_path, schema, **use))
    (problem,) = caught.value.problems

    assert problem.path == "export.structured_gen.json_schema"
    assert message in problem.message
    assert problem.hint.startswith(hint)


def test_every_keyword_of_the_drafts_is_known() -> None:
    """Those that the judge of schemas treats on their own among them; a schema of nothing is one as well."""
    treated = {*keywords._KEYWORDS, *keywords._MAPS, *keywords.REFERENCES, *keywords.REGEXES, *keywords.UNEVALUATED}
    assert treated <= KEYWORDS
    assert without_keyword({}) is None
    assert all(without_keyword({keyword: 1, "x-ours": 2}) is None for keyword in KEYWORDS)


def test_a_model_alone_reads_no_variable() -> None:
    """Nobody would hide its text there: it is an error, not a schema that judges nothing."""
    with pytest.raises(ValidationError, match="variables are read for recipes"):
        JSONLLLMConfig.model_validate({"structured_gen": {"json_schema": {"env": "ROW_SCHEMA"}}})
