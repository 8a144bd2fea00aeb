"""Every block of the README is run: commands with their output, the recipe, the Python."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import io
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from tools import rows

from tuneport.errors import StoppedError

ROOT = Path(__file__).parents[2]
RUN = 7
"""How many commands the README shows."""
README = (ROOT / "README.md").read_text(encoding="utf-8")


def fenced(language: str) -> list[str]:
    """The README's blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the README's recipe in it."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "weekly.toml").write_text(fenced("toml")[0], encoding="utf-8")
    (folder / "plugins/acme").mkdir(parents=True)
    (folder / "plugins/acme/acme.py").write_text(fenced("python")[3], encoding="utf-8")
    (folder / "plugins/acme/plugin.json").write_text(fenced("json")[0], encoding="utf-8")
    return folder


def told(text: str) -> list[str]:
    """Lines without what differs from run to run: seconds, and a plan's digest."""
    steady = re.sub(r"\d+\.\d s$", "0.0 s", text, flags=re.MULTILINE)
    steady = re.sub(r"(plan +)[0-9a-f]{16}", r"\1digest", steady)
    return [line.rstrip() for line in steady.strip().splitlines()]


def test_commands_print_what_the_readme_says(place: Path) -> None:
    """Each command, run in order in one folder, prints the lines below it."""
    binary = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    ran = 0
    for block in fenced("console"):
        for command, expected in re.findall(r"^\$ (.*?)\n(.*?)(?=^\$ |\Z)", block, re.MULTILINE | re.DOTALL):
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=place,
                env={**os.environ, "PATH": binary},
                capture_output=True,
                text=True,
                encoding="utf-8",
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert told(done.stdout) == told(expected)
            ran += 1
    assert ran == RUN


def test_the_recipe_runs_as_it_stands(place: Path) -> None:
    """The README's recipe makes a dataset."""
    from tuneport import export

    assert tomllib.loads(fenced("toml")[0])["export"]["weighting"]["normalize"] == "log"
    if not (place / "support.db").exists():
        from tuneport_sources.sample import write_sample

        write_sample(place / "support.db")
    stats = export(place / "weekly.toml").stats
    assert stats.exported_entities > 2000
    assert all(row["input"].count(": ") for row in rows(place / "out/weekly/latest") if row["input"])


def test_the_host_application_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The README's host application writes its file, prints statistics, and both documents once they are asked for."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(fenced("python")[0], "README", "exec"), names)  # noqa: S102

    assert rows(tmp_path / "faq.jsonl") == [
        {"instruction": "What is the capital of France?", "output": "Paris, on the Seine.", "weight": 3.0}
    ]
    assert '"exported_entities": 1' in printed.getvalue()
    assert printed.getvalue().endswith("{} {}\n")

    again = io.StringIO()
    with contextlib.redirect_stdout(again):
        exec(compile(fenced("python")[1], "README", "exec"), names)  # noqa: S102
    assert '"compliance_rate": 1.0' in again.getvalue()
    assert '"lora_rank": 16' in again.getvalue()
    assert again.getvalue().endswith("False ['Missing required field: output']\n")
    assert (tmp_path / "faq/quality_report.json").is_file()
    assert (tmp_path / "faq/adapter_metadata.json").is_file()


def test_the_service_runs_as_it_stands(tmp_path: Path) -> None:
    """The README's service exports off its event loop, and leaves nothing behind where it is stopped."""
    names: dict[str, Any] = {}
    exec(compile(fenced("python")[2], "README", "exec"), names)  # noqa: S102
    entities = [{"question": f"What is {n}?", "answer": f"It is the number {n}.", "votes": n} for n in range(9)]

    stats = asyncio.run(names["export"](entities, tmp_path / "faq.jsonl"))
    assert (stats.exported_entities, len(rows(tmp_path / "faq.jsonl"))) == (9, 9)
    names["stop"].set()
    with pytest.raises(StoppedError):
        asyncio.run(names["export"](entities, tmp_path / "again.jsonl"))
    assert [path.name for path in tmp_path.iterdir()] == ["faq.jsonl"]


def test_several_sources_run_as_they_stand(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The README's recipe with two sources makes one dataset, whose rows are conversations."""
    from tuneport import export
    from tuneport_sources.sample import write_sample

    if not (place / "support.db").exists():
        write_sample(place / "support.db")
    (place / "chats").mkdir()
    turns = [{"user_message": f"Tell me about {n}.", "assistant_response": f"It is number {n}."} for n in range(6)]
    (place / "chats/a.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, turns)).encode()))
    (place / "both.toml").write_text(fenced("toml")[2], encoding="utf-8")
    monkeypatch.setenv("SUPPORT_DB", "support.db")
    made = export(place / "both.toml").dataset

    assert [(one.name, one.title) for one in made.manifest.sources] == [
        ("faq", '{ env = "SUPPORT_DB" }, query'),
        ("chats", "a.jsonl.gz"),
    ]
    written = rows(place / "out/both")
    assert {tuple(row) for row in written} == {("messages", "weight", "metadata")}
    assert all(0.1 <= row["weight"] <= 3.0 for row in written)
    assert written[-1]["messages"][-1]["content"] == "It is number 5."


def test_conversations_run_as_they_stand(place: Path) -> None:
    """The README's recipe groups rows into chats, writes three formats, and parts customers."""
    from tuneport import export

    rows_ = [
        {
            "chat_id": chat,
            "customer_id": chat % 40,
            "sent_at": turn,
            "author": author,
            "text": f"{chat}, {turn}: so be it.",
        }
        | {"stars": chat % 5 + 1}
        for turn, author in enumerate(("customer", "agent", "customer", "agent", "customer"))
        for chat in range(200)
    ]
    (place / "messages.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows_))
    (place / "chats.toml").write_text(fenced("toml")[1], encoding="utf-8")
    made = export(place / "chats.toml")

    trl, swift = (rows(next((place / f"out/chats/data/{name}/train").iterdir())) for name in ("trl", "ms_swift"))
    assert made.stats.total_entities == made.stats.exported_entities == 200
    assert [turn["role"] for turn in trl[0]["prompt"]] == ["user", "assistant", "user"]
    assert [turn["role"] for turn in swift[0]["messages"]] == ["user", "assistant", "user", "assistant"]
    assert made.dataset.manifest.split is not None
    assert made.dataset.manifest.split.groups == 40
    assert (place / "out/chats/data/axolotl/axolotl.yaml").is_file()


def test_the_host_applications_type_check(tmp_path: Path) -> None:
    """The README's host application and the example pass mypy --strict as a stranger's code, without a plugin."""
    (tmp_path / "readme.py").write_text("".join(fenced("python")[:2]))
    (tmp_path / "service.py").write_text(fenced("python")[2])
    (tmp_path / "host_app.py").write_text((ROOT / "examples/host_app.py").read_text())
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file",
        os.devnull,
        "readme.py",
        "service.py",
        "host_app.py",
    ]
    checked = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout


def test_the_format_is_ten_lines_and_works(tmp_path: Path) -> None:
    """The README's plugin is at most ten lines, and writes its rows."""
    import types

    from tuneport import PluginManager, export

    source = fenced("python")[3]
    module = types.ModuleType("acme")
    exec(compile(source, "README", "exec"), module.__dict__)  # noqa: S102
    manager = PluginManager()
    manager.register(module, "acme")
    (tmp_path / "in.jsonl").write_text('{"question": "Why?", "context": "Here", "answer": "Because it is so."}\n')
    recipe = {
        "source": str(tmp_path / "in.jsonl"),
        "export": {"formats": ["acme:inhouse"]},
        "output": str(tmp_path / "out"),
    }
    export(recipe, manager=manager)

    assert len([line for line in source.splitlines() if line.strip()]) <= 10
    assert rows(tmp_path / "out") == [{"q": "Why?\n\nHere", "a": "Because it is so.", "w": 1.0}]


def test_the_validator_and_the_metric_are_ten_lines_and_work(tmp_path: Path) -> None:
    """The README's validator refuses a row, and its metric counts what was written; each is about ten lines."""
    import types

    from tuneport import PluginManager, export

    source = fenced("python")[4]
    module = types.ModuleType("acme")
    exec(compile(source, "README", "exec"), module.__dict__)  # noqa: S102
    manager = PluginManager()
    manager.register(module, "acme")
    answers = ["See http://intranet/faq for that.", "Is it not plain to see?", "It is plain to see."]
    (tmp_path / "in.jsonl").write_text("".join(f'{{"question": "Why?", "answer": "{a}"}}\n' for a in answers))
    recipe = {
        "source": str(tmp_path / "in.jsonl"),
        "export": {"validators": ["no_links"], "metrics": ["questions"]},
        "output": str(tmp_path / "out"),
    }
    made = export(recipe, manager=manager)

    assert len([line for line in source.splitlines() if line.strip()]) <= 22
    assert made.stats.rejects == {"acme:internal_link": 1}
    assert made.stats.errors == ["Entity in.jsonl:1: 'output' links to the intranet (at /output)"]
    assert made.dataset.manifest.metrics == {"questions": 1}


def test_traits_are_updated_as_they_stand() -> None:
    """The README's plugin changes what it names of another plugin's format, in three lines, and nothing else."""
    import types

    from tuneport import PluginManager

    source = fenced("python")[5]
    module = types.ModuleType("acme")
    exec(compile(source, "README", "exec"), module.__dict__)  # noqa: S102
    manager = PluginManager()
    before = vars(manager.resolve("formats", "openai").traits)
    manager.register(module, "acme")
    after = vars(manager.resolve("formats", "openai").traits)

    assert len([line for line in source.splitlines() if line.strip()]) == 4
    assert {name: after[name] for name in after if after[name] != before[name]} == {
        "max_bytes": 1 << 30,
        "note": "The limit of our contract",
    }


def test_the_tree_of_a_run_is_what_a_run_leaves(place: Path) -> None:
    """The files that the README lists are the files that a run leaves."""
    from tuneport import export

    if not (place / "out/tree").exists():
        (place / "in.jsonl").write_text('{"question": "Why?", "answer": "Because it is so."}\n{"a": 1}\n')
        asked = {"quality_metrics": {"enable_metrics": True}, "adapter_metadata": {"enable_tracking": True}}
        source = {"path": str(place / "in.jsonl"), "key": "id"}
        export({"source": source, "export": asked, "output": str(place / "out/tree")})
    listed = re.findall(r"^  (\S+?)/?(?: .*)?$", fenced("text")[0], re.MULTILINE)

    left = [path.name for path in (place / "out/tree").iterdir()]
    assert sorted(name.partition("/")[0] for name in listed) == sorted(left)


def test_the_first_screen_is_short() -> None:
    """What the README says first fits a screen."""
    assert README.index("## ") < len("\n".join(README.splitlines()[:42]))


def test_make_targets_exist() -> None:
    """The make commands that the README names are in the Makefile, and every link leads to a file."""
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^    make ([a-z]+)|`make ([a-z]+)`", README, re.MULTILINE):
        assert re.search(rf"^{''.join(target)}:", makefile, re.MULTILINE), target
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / link).exists(), link
