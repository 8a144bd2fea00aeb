"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
WRITING = {"write_bytes", "write_text", "rename", "unlink", "rmdir", "mkdir", "touch", "symlink_to", "rmtree"}


def test_only_storage_writes_to_the_disk() -> None:
    """In the host, no other file opens for writing, renames or removes."""
    for path in (ROOT / "src/host").rglob("*.py"):
        if path.name == "storage.py" and path.parent.name == "runs":
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
