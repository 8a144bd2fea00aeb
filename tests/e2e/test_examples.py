"""The examples, installed as anybody would install them."""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import sqlite3
import tomllib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tools import rows

from e2e.packaging_tools import EXAMPLES, TOOLS, Site, site

ACME = EXAMPLES / "acme"

# Factors 2.0 and 0.5 in tiers.csv have customers 1023 and 1126; 7 is not in it.
RECORDS = [
    {"id": 1, "customer_id": 1023, "question": "Why?", "context": "A", "answer": "x" * 250, "upvotes": 50},
    {"id": 2, "customer_id": 7, "question": "How?", "context": "", "answer": "y" * 500, "upvotes": 1000},
    {"id": 3, "customer_id": 1126, "question": "Who?", "context": None, "answer": "z" * 1000, "upvotes": None},
    {"id": 4, "customer_id": 7, "question": "W" * 161, "context": "", "answer": "n" * 250, "upvotes": -3},
]
# length x votes x tier
ROWS = [
    {"q": "Why?\n\nA", "a": "x" * 250, "w": 3.375},  # 1.125 x 1.5 x 2.0
    {"q": "How?", "a": "y" * 500, "w": 2.5},  # 1.25 x 2.0 x 1.0
    {"q": "Who?", "a": "z" * 1000, "w": 0.75},  # 1.5 x 1.0 x 0.5
]
LAST_WEIGHT = 1.125


CARRIED = {"left_out": 0, "copies": 0, "weights": "column", "not_carried": {}}
"""What is said of a format that holds all there is, weights too."""


@pytest.fixture
def installed(needs: Callable[[str], None], tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The environment with everything in it, made once per session."""
    for tool in TOOLS:
        needs(tool)
    return site(tmp_path_factory.getbasetemp() / "packaging")


@functools.cache
def _demo(installed: Site) -> tuple[Path, dict[str, Any]]:
    """A folder with the example's recipe, run on the sample database of 300 rows; and what the run said."""
    folder = installed.work / "acme"
    shutil.rmtree(folder, ignore_errors=True)  # of a test that failed here
    folder.mkdir()
    for name in ("recipe.toml", "tiers.csv"):
        shutil.copy(ACME / name, folder)
    made = installed.tuneport("demo", "--rows", "300", cwd=folder)
    assert made.returncode == 0, made.stderr
    done = installed.tuneport("export", "recipe.toml", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A folder with the example's recipe on a handful of records, as JSON."""
    recipe = tomllib.loads((ACME / "recipe.toml").read_text())
    recipe["source"] = {"path": "faq.jsonl"}
    recipe["output"] = {"path": "out"}
    recipe["export"]["metadata_fields"] = {}
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    (tmp_path / "faq.jsonl").write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    shutil.copy(ACME / "tiers.csv", tmp_path)
    return tmp_path


def _json(done: Any) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_plugins_are_found_by_entry_point_without_importing_them(installed: Site, tmp_path: Path) -> None:
    """All three distributions are listed with what their manifests say, the one that cannot be imported too."""
    found = {p["name"]: p for p in _json(installed.tuneport("plugins", "list", "--json", cwd=tmp_path))["plugins"]}
    assert found.keys() >= {"formats", "jsonl_llm", "lora_metadata", "quality", "sources", "acme", "markdown", "broken"}
    said = {name: (p["state"], p["origin"], p["provides"]) for name, p in found.items()}
    provides = {
        "weightings": ["tier", "votes"],
        "formats": ["inhouse"],
        "validators": ["no_internal_links"],
        "metrics": ["question_marks"],
    }
    assert said["acme"] == ("ready", "installed (tuneport-acme)", provides)
    assert said["markdown"] == ("ready", "installed (tuneport-markdown)", {"exporters": ["markdown"]})
    assert said["broken"] == ("ready", "installed (tuneport-broken)", None)


def test_every_row_of_the_demo_has_its_question_answer_and_weight(installed: Site) -> None:
    """The in-house rows are those of the kept records, in order, with the product of all factors."""
    folder, _ = _demo(installed)
    rejected = {int(reject["locator"].split()[-1]) for reject in rows(folder / "demo/acme/rejects/00000.jsonl")}
    factors = {key: float(value) for key, value in (x.split(",") for x in (ACME / "tiers.csv").read_text().split())}
    columns = "id, customer_id, question, context, answer, upvotes"
    expected, tiers, votes = [], set(), set()
    with closing(sqlite3.connect(folder / "demo/support.db")) as connection:
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        for number, customer, question, context, answer, upvotes in connection.execute(
            f"SELECT {columns} FROM faq ORDER BY id"  # noqa: S608  -- fixed names
        ):
            asked = f"{question}\n\n{context}" if context else question
            if number in rejected or len(asked) > 160:
                continue
            vote = 1.0 + min(max(upvotes, 0), 100) / 100 if isinstance(upvotes, int) else 1.0
            tier = factors.get(str(customer), 1.0)
            weight = (1.0 + min(0.5, len(answer) / 2000)) * vote * tier
            expected.append({"q": asked, "a": answer, "w": weight})
            tiers.add(tier)
            votes.add(vote)
    assert rows(folder / "demo/acme/data/inhouse/train/00000-of-00001.jsonl") == expected
    assert tiers == {0.5, 1.0, 1.5, 2.0}
    assert {1.0, 1.01, 2.0} < votes


def test_the_ledger_tells_each_format_apart(installed: Site) -> None:
    """Both formats start from the same samples, and what the in-house one refuses is its own affair."""
    folder, said = _demo(installed)
    assert (said["status"], said["path"], said["total_entities"]) == ("published", "demo/acme", 300)
    exported = said["exported_entities"]
    ours = said["formats"]["inhouse"]
    assert ours == {"rows": exported - ours["refused"], "refused": ours["refused"], **CARRIED}
    assert said["formats"]["tuneport"] == {"rows": exported, "refused": 0, **CARRIED}
    assert ours["refused"] > 0
    for name, ledger in said["formats"].items():
        assert len(rows(folder / f"demo/acme/data/{name}/train/00000-of-00001.jsonl")) == ledger["rows"]


def test_weights_multiply_and_votes_sees_a_field_nobody_declared(installed: Site, small: Path) -> None:
    """Rows worked out by hand: three factors, of which one reads a field that no stage has named."""
    said = _json(installed.tuneport("export", "recipe.json", "--json", cwd=small))
    assert rows(small / "out/data/inhouse/train/00000-of-00001.jsonl") == ROWS
    theirs = rows(small / "out/data/tuneport/train/00000-of-00001.jsonl")
    assert [row["weight"] for row in theirs] == [*(row["w"] for row in ROWS), LAST_WEIGHT]
    assert said["formats"] == {
        "tuneport": {"rows": 4, "refused": 0, **CARRIED},
        "inhouse": {"rows": 3, "refused": 1, **CARRIED},
    }
    assert said["rejects"] == {}


def test_a_sample_that_no_format_wrote_is_rejected_with_the_plugins_own_code(installed: Site, small: Path) -> None:
    """Chosen alone and by its bare name, the in-house format's refusal is the record's outcome."""
    setting = 'export.formats=["inhouse"]'
    said = _json(installed.tuneport("export", "recipe.json", "--json", "--set", setting, cwd=small))
    assert said["rejects"] == {"acme:question_too_long": 1}
    assert said["errors"] == ["Entity 4: Question too long (161 chars)"]
    assert (said["exported_entities"], said["filtered_entities"]) == (3, 1)


def test_a_third_partys_validator_and_metric_are_chosen_in_the_recipe(installed: Site, small: Path) -> None:
    """A row that links to the intranet is refused, and the share of answers that ask back is in the manifest."""
    more = [
        {**RECORDS[0], "id": 91, "answer": "See http://intranet.acme/x for all of that."},
        {**RECORDS[0], "id": 92, "answer": "Did that help you?"},
    ]
    with (small / "faq.jsonl").open("a") as file:
        file.writelines(f"{json.dumps(record)}\n" for record in more)
    said = _json(installed.tuneport("export", "recipe.json", "--json", cwd=small))
    manifest = json.loads((small / "out/manifest.json").read_text())

    assert said["rejects"] == {"acme:internal_link": 1}
    assert manifest["validators"]["no_internal_links"]["refused"] == 1
    assert manifest["metrics"] == {"question_marks": 1 / said["exported_entities"]}


def test_the_plan_says_who_wants_whole_records_and_pins_the_table(installed: Site) -> None:
    """Without the weighting that declares nothing only declared fields are read; the table's digest is pinned."""
    folder, _ = _demo(installed)
    whole = installed.tuneport("export", "recipe.toml", "--dry-run", cwd=folder).stdout
    assert "because acme:votes did not say which it needs" in whole
    tier = 'export.weightings=[{use="acme:tier",table="tiers.csv"}]'
    named = installed.tuneport("export", "recipe.toml", "--dry-run", "--set", tier, cwd=folder).stdout
    (reads,) = (line.split()[1:] for line in named.splitlines() if line.strip().startswith("reads"))
    fields = {name.rstrip(",") for name in reads}
    assert {"customer_id", "question", "answer"} <= fields
    assert "upvotes" not in fields
    plan = _json(installed.tuneport("export", "recipe.toml", "--dry-run", "--json", cwd=folder))
    digest = hashlib.sha256((ACME / "tiers.csv").read_bytes()).hexdigest()
    assert plan["identity"]["resources"] == {"tiers.csv": digest}


MARKDOWN = """
import json
from tuneport import ExportOptions, PluginManager
from tuneport.errors import TargetExistsError

plugins = PluginManager()
exporter = plugins.load("markdown", {"title": "FAQ", "adapter_id": "faq-1"})
other = plugins.load("markdown")
entities = [
    {"question": "Why?", "answer": "Because."},
    {"question": "How?", "answer": None},
    {"question": "Who?", "answer": "Zoë."},
]
seen = []
options = ExportOptions(output_path="faq.md", progress_callback=seen.append)
stats = exporter.exportEntities(iter(entities), options)
try:
    other.exportEntities(entities, options)
    again = "written over"
except TargetExistsError:
    again = "refused"
reports = [e.getQualityMetricsReport() for e in (exporter, other)]
adapters = [e.getAdapterMetadataJson() for e in (exporter, other)]
print(json.dumps([json.loads(stats.to_json()), len(seen), again, reports, adapters]))
"""


def test_the_exporter_of_its_own_is_loaded_by_name_and_writes_its_file(installed: Site, tmp_path: Path) -> None:
    """All three methods are answered by the plugin's own object, each load has one, and the file is exact."""
    stats, calls, again, reports, adapters = _json(installed.python("-c", MARKDOWN, cwd=tmp_path))
    text = "# FAQ\n\n## Why?\n\nBecause.\n\n## Who?\n\nZoë.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["faq.md"]
    assert (tmp_path / "faq.md").read_text(encoding="utf-8") == text
    assert (stats["total_entities"], stats["exported_entities"], stats["failed_entities"]) == (3, 2, 1)
    assert stats["bytes_written"] == len(text.encode())
    assert stats["rejects"] == {"missing_field": 1}
    assert (calls, again) == (1, "refused")
    assert reports == ['{"answers": 2, "characters": 12}', "{}"]
    assert adapters == ['{"adapter_id": "faq-1"}', "{}"]


def test_the_host_application_runs_as_printed(installed: Site, tmp_path: Path) -> None:
    """The snippet for host applications writes its rows and prints statistics, report and metadata."""
    done = installed.python(EXAMPLES / "host_app.py", "faq.jsonl", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    stats, end = json.JSONDecoder().raw_decode(done.stdout)
    assert (stats["total_entities"], stats["exported_entities"], stats["filtered_entities"]) == (3, 2, 1)
    assert done.stdout[end:] == "\n{}\n{}\n"
    assert done.stderr == "2 of 3 so far\n"
    assert (tmp_path / "faq.jsonl").read_text() == (
        '{"instruction":"How do I move a licence?","output":"Sign out on the old machine first.","weight":3.0}\n'
        '{"instruction":"Where are the logs?","output":"Under Help, in Show logs.","weight":1.5}\n'
    )


BROKEN = """
import json
from tuneport import PluginManager
from tuneport.errors import PluginError

plugins = PluginManager()
plugins.resolve("formats", "inhouse")
plugins.load("jsonl_llm")
try:
    plugins.load("broken")
    told = "loaded"
except PluginError as error:
    told = str(error)
print(json.dumps([{record.name: [record.state, record.reason] for record in plugins.list()}, told]))
"""


def test_a_plugin_that_cannot_be_imported_disturbs_nobody(installed: Site, tmp_path: Path) -> None:
    """Its manifest does not say what it provides, so it is tried and fails; others load, and it says why."""
    states, told = _json(installed.python("-c", BROKEN, cwd=tmp_path))
    assert states["broken"] == ["failed", "RuntimeError: broken on purpose"]
    assert states["acme"] == states["jsonl_llm"] == ["loaded", ""]
    assert "plugin broken (installed (tuneport-broken)) is failed: RuntimeError: broken on purpose" in told


@pytest.mark.parametrize("name", ["acme", "whole_exporter"])
def test_a_manifest_and_its_distribution_agree(name: str) -> None:
    """Version, description, module and entry point are the same in pyproject.toml and plugin.json."""
    project = tomllib.loads((EXAMPLES / name / "pyproject.toml").read_text())["project"]
    ((plugin, module),) = project["entry-points"]["tuneport.plugins"].items()
    manifest = json.loads((EXAMPLES / name / module / "plugin.json").read_text())
    said = (manifest["name"], manifest["module"], manifest["version"], manifest["description"])
    assert said == (plugin, module, project["version"], project["description"])
