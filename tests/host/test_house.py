"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
OPEN = {
    f"tuneport.{name}" for name in ("config", "errors", "expressions", "hookspecs", "nesting", "schemas", "storage")
}
"""Modules that plugins may import, beside the public names of `tuneport`."""
WRITING = {"write_bytes", "write_text", "rename", "unlink", "rmdir", "mkdir", "touch", "symlink_to", "rmtree"}


def test_only_storage_writes_to_the_disk() -> None:
    """In the host, no other file opens for writing, renames or removes."""
    for path in (ROOT / "src/host").rglob("*.py"):
        if path.name in {"disk.py", "storage.py"} and path.parent.name == "runs":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            place = f"{path}:{node.lineno} {ast.unparse(node.func)}"
            of_storage = "storage" in ast.unparse(node.func.value)
            modes = {argument.value for argument in node.args if isinstance(argument, ast.Constant)}

            assert node.func.attr not in WRITING or of_storage, place
            assert node.func.attr != "open" or not modes & {"w", "wb", "a", "ab", "x", "xb"}, place


def test_files_are_small() -> None:
    """One idea a file: none of the sources is longer than 300 lines."""
    lengths = {path: path.read_text().count("\n") for path in (ROOT / "src").rglob("*.py")}

    assert len(lengths) > 60
    assert {path: length for path, length in lengths.items() if length > 300} == {}


def test_each_module_of_the_host_is_open_to_plugins_or_closed() -> None:
    """What stands at the top of the host is forbidden to plugins, but for what is named here."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (closed,) = (one["forbidden_modules"] for one in contracts if "inner module" in one["name"])
    there = {f"tuneport.{path.stem}" for path in (ROOT / "src/host/tuneport").iterdir() if path.suffix == ".py"}
    there |= {f"tuneport.{path.parent.name}" for path in (ROOT / "src/host/tuneport").glob("*/__init__.py")}

    assert len(closed) == len(set(closed))
    assert set(closed) == there - OPEN - {"tuneport.__init__", "tuneport.__main__"}


def test_every_bundled_plugin_is_pointed_to() -> None:
    """plugin_manifests/ holds one pointer per bundled plugin, and each resolves to the installed one."""
    import json

    from tuneport import PluginManager

    manager = PluginManager()
    known = {record.name for record in manager.list() if record.target.startswith("tuneport_")}
    pointers = {path.stem: json.loads(path.read_text()) for path in (ROOT / "plugin_manifests").glob("*.json")}

    assert set(pointers) == known == {"formats", "jsonl_llm", "lora_metadata", "quality", "sources", "training"}
    assert manager.scan_plugin_directory(ROOT / "plugin_manifests") == 0
    assert {record.state for record in manager.list()} == {"ready"}


def test_what_is_asked_without_a_run_loads_no_engine() -> None:
    """Loading an exporter, validating a file and listing plugins cost none of what a run needs."""
    import subprocess
    import sys

    code = """
import sys
from tuneport import PluginManager, validate
PluginManager().load("jsonl_llm")
import tuneport.validation.schema, tuneport.commands.validate, tuneport.commands.plugins
print([name for name in sys.modules if name.startswith("tuneport.runs")])
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"


def test_a_run_loads_nothing_that_checks_files() -> None:
    """Reading an earlier dataset for its splits needs a reader of lines, and no validation."""
    import subprocess
    import sys

    code = """
import sys
import tuneport.runs.engine, tuneport.runs.splitting.against, tuneport.runs.splitting.exclude
print([name for name in sys.modules if name.startswith("tuneport.validation")])
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"


def test_a_run_imports_what_it_uses(tmp_path: Path) -> None:
    """Of the formats that one that is asked for; of splits nothing where there is none; no threads for a small run."""
    import subprocess
    import sys

    (tmp_path / "in.jsonl").write_text('{"question": "What is it?", "answer": "A long enough answer."}\n')
    code = """
import sys
from tuneport import export
export({"source": "in.jsonl", "export": {"formats": ["alpaca"]}, "output": "out", "run": {"workers": 1}})
writers = {name for name in sys.modules if name.startswith("tuneport_formats.") and "._" not in name}
unused = {"concurrent.futures", "tuneport.runs.splitting.exact", "tuneport.runs.splitting.against"}
print(sorted(writers), sorted(unused & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == "['tuneport_formats.alpaca', 'tuneport_formats.card'] []\n"
