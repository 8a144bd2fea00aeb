"""The command line as people and scripts meet it: texts, streams and exit codes."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from tools import NOW, rows, tree

TUNEPORT = [sys.executable, "-m", "tuneport"]


def tuneport(*arguments: str, cwd: Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run one command line."""
    return subprocess.run(
        [*TUNEPORT, *arguments], cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False, **options
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample database and its recipe."""
    place = tmp_path_factory.mktemp("cli")
    assert tuneport("demo", "--rows", "600", cwd=place).returncode == 0
    return place / "demo"


def test_demo_recipe_says_what_it_did(demo: Path, tmp_path: Path) -> None:
    """The demo's recipe ends with a dataset folder, and a summary whose sum adds up."""
    ran = tuneport("export", "faq.toml", "--to", str(tmp_path / "faq"), cwd=demo)
    stats = json.loads((tmp_path / "faq/stats.json").read_text())

    assert ran.returncode == 0
    assert ran.stderr == ""
    assert ran.stdout.startswith(f"support.db, table faq  ->  {tmp_path / 'faq'}")
    assert (
        f"600 read = {stats['exported_entities']} exported + {stats['filtered_entities']} filtered"
        f" + {stats['duplicate_entities']} duplicate + {stats['errored_entities']} errors"
    ) in ran.stdout
    assert len([line for line in ran.stdout.splitlines() if not line.startswith("note  ")]) <= 15
    assert len(rows(tmp_path / "faq")) == stats["exported_entities"] > 400
    for line in ran.stdout.splitlines():
        if "head -1" in line:
            assert Path(line.split()[-1]).is_file()


def test_flags_on_a_table_need_no_recipe(demo: Path, tmp_path: Path) -> None:
    """A table, a mapping and a file name are enough."""
    out = tmp_path / "out.jsonl"
    mapping = "instruction=question,output=answer"
    ran = tuneport("export", "support.db", "--table", "faq", "--map", mapping, "--to", str(out), cwd=demo)

    assert ran.returncode == 0
    assert list(rows(out)[0]) == ["instruction", "input", "output", "weight", "metadata"]


def test_stdout_holds_rows_and_nothing_else(demo: Path) -> None:
    """`--to -` pipes: rows on stdout, the summary on stderr."""
    ran = tuneport("export", "support.db", "--to", "-", "--limit", "50", cwd=demo)

    assert ran.returncode == 0
    assert all(json.loads(line)["instruction"] for line in ran.stdout.splitlines())
    assert "50 read =" in ran.stderr


def test_a_reader_that_has_seen_enough_is_no_error(demo: Path) -> None:
    """`| head -1` ends quietly."""
    command = f"{sys.executable} -m tuneport export support.db --to - --quiet | head -1"
    ran = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=demo, capture_output=True, check=False)

    assert (ran.returncode, ran.stderr) == (0, b"")
    assert json.loads(ran.stdout)["instruction"]


def test_templates_paths_and_chat_from_flags(tmp_path: Path) -> None:
    """A mapping may be a path or a template; targets of a chat choose the chat style."""
    record = {"id": 1, "a": {"q": "What?"}, "title": "T", "body": "Because it is so."}
    (tmp_path / "in.jsonl").write_text(json.dumps(record) + "\n")
    ran = tuneport("export", "in.jsonl", "--map", "user=a.q,assistant={title}: {body}", "--to", "-", cwd=tmp_path)

    assert json.loads(ran.stdout)["messages"] == [
        {"role": "user", "content": "What?"},
        {"role": "assistant", "content": "T: Because it is so."},
    ]


def test_json_is_one_document(demo: Path, tmp_path: Path) -> None:
    """--json prints the statistics with status, path and digest, and on failure the error; nothing else."""
    done = tuneport("export", "faq.toml", "--to", str(tmp_path / "faq"), "--json", cwd=demo)
    document = json.loads(done.stdout)
    again = tuneport("export", "faq.toml", "--to", str(tmp_path / "faq"), "--json", cwd=demo)
    failure = json.loads(again.stdout)

    assert document["status"] == "published"
    assert document["path"] == str(tmp_path / "faq")
    assert document["digest"] == json.loads((tmp_path / "faq/manifest.json").read_text())["digest"]
    assert document["total_entities"] == 600
    assert again.returncode == 73
    assert failure["status"] == "failed"
    assert failure["error"]["code"] == "target_exists"
    for arguments, code in ((["--too", "x"], 2), (["--to", "-"], 2), (["--limit", "0", "--to", "x"], 78)):
        wrong = tuneport("export", "support.db", *arguments, "--json", cwd=demo)
        assert wrong.returncode == code
        assert json.loads(wrong.stdout)["error"]["message"]


def test_common_options_may_stand_before_the_command(demo: Path) -> None:
    """`tuneport --json plugins list` is `tuneport plugins list --json`."""
    before = tuneport("--json", "--plugin-dir", str(demo), "plugins", "list", cwd=demo)
    after = tuneport("plugins", "list", "--json", "--plugin-dir", str(demo), cwd=demo)

    assert before.stdout == after.stdout
    assert len(json.loads(before.stdout)["plugins"]) == 6


def test_dry_run_prints_the_plan_and_writes_nothing(demo: Path, tmp_path: Path) -> None:
    """--dry-run names stages and fields, and leaves no trace."""
    before = sorted(demo.iterdir())
    ran = tuneport("export", "faq.toml", "--dry-run", cwd=demo)
    document = json.loads(tuneport("export", "faq.toml", "--dry-run", "--json", cwd=demo).stdout)

    assert ran.returncode == 0
    assert "answer" in ran.stdout
    assert "jsonl_llm:instruction_tuning" in ran.stdout
    assert "nothing read or written" in ran.stdout
    assert document["pinned"]["now"] == NOW
    assert sorted(demo.iterdir()) == before


def test_all_problems_of_a_recipe_at_once(demo: Path) -> None:
    """A recipe with four mistakes is told all four, each with its place, the closest name and the fix."""
    (demo / "bad.toml").write_text(
        """
source = { path = "support.db", table = "faq", limmit = 3 }
output = { path = "bad", shard_size = "many" }
"""
    )
    first = tuneport("export", "bad.toml", cwd=demo)
    (demo / "bad.toml").write_text(
        """
source = { path = "support.db", tabel = "faq" }
[export]
stile = "x"
formats = ["tuneprot"]
field_mapping = { output_field = "anwser" }
[output]
path = "bad.csv"
"""
    )
    second = tuneport("export", "bad.toml", cwd=demo)
    (demo / "bad.toml").write_text(
        """
source = { path = "support.db", table = "faq" }
output = "bad"
[export]
stile = "x"
formats = ["tuneprot"]
field_mapping = { output_field = "anwser" }
"""
    )
    third = tuneport("export", "bad.toml", cwd=demo)

    assert (first.returncode, second.returncode, third.returncode) == (78, 78, 78)
    assert first.stderr == (
        "bad.toml: 2 problems, nothing read or written\n\n"
        "  2:48  source.limmit\n"
        '        unknown key; did you mean "limit"?\n'
        '  3:39  output.shard_size = "many"\n'
        '        a size, as 1048576 or "256MiB", is wanted\n\nexit 78\n'
    )
    assert 'did you mean "table"?' in second.stderr
    assert "rows are JSON lines, not .csv" in second.stderr
    assert third.stderr == (
        "bad.toml: 3 problems, nothing read or written\n\n"
        "  5:1   export.stile\n"
        '        unknown key; did you mean "style"?\n'
        '  6:12  export.formats[0] = "tuneprot"\n'
        '        no such format; did you mean "tuneport"? All 19: tuneport plugins list --kind format\n'
        "  7:19  export.field_mapping.output_field\n"
        '        the source has no field "anwser"; did you mean "answer"? It has id, thread_id, customer_id, question,'
        " context, answer, created_at, product, category, tags, upvotes\n\n"
        "exit 78\n"
    )
    assert not (demo / "bad").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["exprot"], 2, "no command 'exprot'; did you mean \"export\"?"),
        (["export"], 2, "Missing argument"),
        (["export", "support.db", "--too", "x"], 2, "--to"),
        (["export", "support.db", "--map", "answer", "--to", "x"], 2, "expected target=column"),
        (["export", "support.db", "--map", "outptu=answer", "--to", "x"], 2, 'did you mean "output"?'),
        (["export", "support.db", "--map", "output=answer", "--map", "output=id", "--to", "x"], 2, "mapped twice"),
        (["export", "support.db", "--set", "export.metadata_fields.produt=string", "--to", "x"], 78, '"product"?'),
        (["export", "support.db", "--now", "2026-01-01", "--to", "x"], 78, "with its zone"),
        (["export", "support.db", "--set", "novalue", "--to", "x"], 2, "expected key=value"),
        (["export", "support.db"], 78, "output.path"),
        (["export", "missing.db", "--to", "x"], 66, "missing.db"),
        (["export", "missing.toml"], 66, "missing.toml"),
        (["export", "support.db", "--table", "fqa", "--to", "x"], 66, "faq"),
        (["export", "support.xls", "--to", "x"], 78, "cannot tell from the name"),
        (["export", "support.db", "--query", "DELETE FROM faq", "--to", "x"], 69, "read"),
        (["export", "support.db", "--now", "yesterday", "--to", "x"], 78, "run.now"),
        (["export", "support.db", "--limit", "0", "--to", "x"], 78, "source.limit"),
        (["export", "support.db", "--key", "nokey", "--to", "x"], 78, 'source.key = "nokey"'),
        (["export", "support.db", "--set", "output.exclude_fields=['answer']", "--to", "x"], 78, "is excluded"),
        (["export", "support.db", "--set", "export.weighting.normalize='sqrt'", "--to", "x"], 78, '"minmax" or'),
        (["export", "support.db", "--set", "export.quality.min_text_length=9000", "--to", "x"], 78, "max"),
        (["export", "support.db", "--map", "output={answer!r}", "--to", "x"], 78, "answer!r"),
        (["export", "support.db", "--set", "output.min_rows=5000", "--to", "x"], 65, "fewer than output.min_rows"),
        (["export", "support.db", "--plugin-dir", "nowhere", "--to", "x"], 70, "nowhere"),
        (["export", "support.db", "--format", "tuneport", "--format", "tuneport", "--to", "x.jsonl"], 78, "one file"),
        (["plugins", "show", "jsonl"], 78, "jsonl_llm"),
        (["plugins", "list", "--kind", "formatt"], 78, "formats"),
        (["schema", "recipes"], 2, "recipe"),
    ],
)
def test_wrong_commands_say_what_and_how(arguments: list[str], code: int, text: str, demo: Path) -> None:
    """Each mistake has its exit code, names what is wrong and how to mend it, and shows no traceback."""
    ran = tuneport(*arguments, cwd=demo)

    assert ran.returncode == code, ran.stderr
    assert text in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""
    assert not list(demo.glob("x*"))
    if code == 65:
        shutil.rmtree(demo / ".x.staging")  # the work is kept: the same run goes on where the limit is accepted
    assert not list(demo.glob(".x*"))


def test_a_locked_output_is_try_again(demo: Path, tmp_path: Path) -> None:
    """Of two runs to one output the second ends with 75 and changes nothing."""
    import fcntl

    lock = tmp_path / ".out.lock"
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        ran = tuneport("export", "faq.toml", "--to", str(tmp_path / "out"), cwd=demo)

    assert ran.returncode == 75
    assert "another run" in ran.stderr
    assert not (tmp_path / "out").exists()


def test_a_changed_source_starts_afresh_and_says_why(demo: Path, tmp_path: Path) -> None:
    """Staged work of another plan is discarded, and the reason is told."""
    (tmp_path / "in.jsonl").write_text('{"question": "Q", "answer": "An answer that is long enough."}\n')
    asked = ("export", "in.jsonl", "--to", "out")
    assert tuneport(*asked, "--set", "output.min_rows=2", cwd=tmp_path).returncode == 65
    (tmp_path / "in.jsonl").write_text('{"question": "Q", "answer": "Another that is long enough, and longer."}\n')
    ran = tuneport(*asked, cwd=tmp_path)

    assert ran.returncode == 0
    changed, discarded = ran.stderr.splitlines()
    assert changed == "note  .out.staging belongs to another plan: source: bytes 62 -> 72. Starting afresh."
    assert re.fullmatch(r"note  discarded [0-9.]+ kB of \.out\.staging", discarded)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out"]


def test_paths_in_a_recipe_start_from_its_folder(demo: Path, tmp_path: Path) -> None:
    """A recipe runs from anywhere: its relative paths start from its own folder."""
    folder = tmp_path / "recipes"
    folder.mkdir()
    (folder / "in.jsonl").write_text('{"question": "Q", "answer": "An answer that is long enough."}\n')
    (folder / "r.json").write_text('{"source": "in.jsonl", "output": "out/faq"}')
    ran = tuneport("export", "recipes/r.json", cwd=tmp_path)

    assert ran.returncode == 0, ran.stderr
    assert (folder / "out/faq/manifest.json").is_file()
    assert "recipes/out/faq" in ran.stdout


def test_the_recipe_in_the_folder_makes_the_dataset_again(demo: Path, tmp_path: Path) -> None:
    """recipe.json, run from inside the folder and from anywhere, publishes the same bytes, itself included."""
    (tmp_path / "support.db").write_bytes((demo / "support.db").read_bytes())
    (tmp_path / "faq.toml").write_text((demo / "faq.toml").read_text())
    assert tuneport("export", "faq.toml", cwd=tmp_path).returncode == 0
    first = tree(tmp_path / "faq")
    (tmp_path / "faq").rename(tmp_path / "old")

    assert tuneport("export", "old/recipe.json", cwd=tmp_path).returncode == 0
    assert tree(tmp_path / "faq") == first
    (tmp_path / "faq").rename(tmp_path / "older")
    assert tuneport("export", str(tmp_path / "older/recipe.json"), cwd=demo).returncode == 0
    assert tree(tmp_path / "faq") == first


def test_schemas_judge_as_we_do(demo: Path, tmp_path: Path) -> None:
    """The schemas accept the recipes we ship and what we print and publish, and refuse what we refuse."""
    schema = json.loads(tuneport("schema", "recipe", cwd=demo).stdout)
    judge = jsonschema_rs.validator_for(schema, offline=True)
    root = Path(__file__).parents[2]
    readme = re.findall(r"```toml\n(.*?)```", (root / "README.md").read_text(), re.DOTALL)[0]
    good = [(demo / "faq.toml").read_text(), (root / "examples/acme/recipe.toml").read_text(), readme]
    good += ['source = "a.db"\noutput = "x"', 'source = "a.db"\noutput = { output_path = "x", compress = true }']
    for text in good:
        assert judge.is_valid(tomllib.loads(text)), [str(error) for error in judge.iter_errors(tomllib.loads(text))]
    for text in ('source = "a.db"', 'output = "x"\nsorce = "a.db"', 'output = "x"\n[export]\nstile = "x"'):
        assert not judge.is_valid(tomllib.loads(text))

    told = tuneport("export", "faq.toml", "--to", str(tmp_path / "out"), "--json", cwd=demo).stdout
    again = tuneport("export", "faq.toml", "--to", str(tmp_path / "out"), "--json", cwd=demo).stdout
    result = jsonschema_rs.validator_for(json.loads(tuneport("schema", "result", cwd=demo).stdout), offline=True)
    assert [result.is_valid(json.loads(text)) for text in (told, again, "{}")] == [True, True, False]
    manifest = jsonschema_rs.validator_for(json.loads(tuneport("schema", "manifest", cwd=demo).stdout), offline=True)
    assert manifest.is_valid(json.loads((tmp_path / "out/manifest.json").read_text()))


def test_the_schema_knows_every_key(demo: Path) -> None:
    """The recipe schema holds the keys of the exporter and of every importer, and no others."""
    schema = json.loads(tuneport("schema", "recipe", cwd=demo).stdout)
    export = schema["$defs"]["ExportSection"]

    assert {"style", "field_mapping", "weighting", "quality", "metadata_fields", "formats"} <= set(export["properties"])
    assert export["additionalProperties"] is False
    assert {"path", "table", "query", "key", "limit"} <= set(schema["$defs"]["SourceSection"]["properties"])


def test_help_is_a_static_table_that_matches_the_plugins(tmp_path: Path) -> None:
    """Each command of the help runs, and each command that a bundled plugin brings is in the help."""
    from tuneport import PluginManager
    from tuneport.commands.main import COMMANDS

    text = tuneport("--help", cwd=tmp_path).stdout
    brought = {name: owner for name, (owner, _) in COMMANDS.items() if owner}

    assert set(PluginManager().names("commands")) == set(brought)
    for name, (owner, line) in COMMANDS.items():
        assert f"  {name:<12}{line}" in text
        assert tuneport(name, "--help", cwd=tmp_path).returncode == 0
        if owner:
            assert name in (PluginManager().get(owner).provides or {})["commands"]


def test_control_characters_never_reach_the_terminal(tmp_path: Path) -> None:
    """A name with escape sequences is shown without them."""
    ran = tuneport("export", "a\x1b[31mb.db", "--to", "x", cwd=tmp_path)

    assert ran.returncode == 66
    assert "\x1b" not in ran.stderr


def test_interrupted_runs_keep_their_work(tmp_path: Path) -> None:
    """Ctrl-C ends with 130 and says so; what was done stays in staging."""
    driver = """
import os, signal
from tools import Watched
from tuneport.runs import storage

def before(call, path):
    if path.name == "manifest.json":
        os.kill(os.getpid(), signal.SIGINT)

storage.Disk = lambda: Watched(before)
from tuneport.commands.main import main
main(["export", "in.jsonl", "--to", "out"])
"""
    (tmp_path / "in.jsonl").write_text('{"question": "Q", "answer": "An answer that is long enough."}\n')
    command = [sys.executable, "-c", driver]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)

    assert ran.returncode == 130
    assert "stopped by SIGINT" in ran.stderr
    assert (tmp_path / ".out.staging/plan.json").exists()
    assert tuneport("export", "in.jsonl", "--to", "out", cwd=tmp_path).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out"]
