"""Wheels and folders as real tools make them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from host.plugin_manager.dropping import locked
from host.plugin_manager.exporting import ENTITIES
from tuneport import ExportOptions, PluginManager
from tuneport.plugin_manager import lock_directory

EXAMPLE = Path(__file__).parents[3] / "examples" / "whole_exporter"


@pytest.fixture
def built(needs: Callable[[str], None], tmp_path: Path) -> Path:
    """A wheel of an example, built by its own build backend."""
    for tool in ("build", "hatchling", "pip"):
        needs(tool)
    run("build", "--no-isolation", "--wheel", "--outdir", str(tmp_path / "wheels"), str(EXAMPLE))
    (wheel,) = (tmp_path / "wheels").glob("*.whl")
    return wheel


def run(*arguments: str) -> None:
    """Run a module of Python's."""
    done = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wheel_and_what_pip_makes_of_it_run_the_same(built: Path, tmp_path: Path) -> None:
    """A wheel as it is, and `pip install --target` with the bytecode it compiles, export the same bytes."""
    target = tmp_path / "target"
    run("pip", "install", "--quiet", "--no-input", "--no-index", "--no-deps", "--target", str(target), str(built))
    assert list(target.rglob("*.pyc"))
    texts = []
    for number, folder in enumerate((built.parent, target)):
        manager = locked(folder)
        record = manager.get("markdown")
        assert (record.reason, record.version, record.deployed) == ("", "0.1.0", True)
        one = manager.load("markdown")
        one.exportEntities(iter(ENTITIES), ExportOptions(output_path=tmp_path / f"{number}.md"))
        texts.append((tmp_path / f"{number}.md").read_text())
    assert texts[0] == texts[1]
    assert "What is 3?" in texts[0]


def test_what_pip_upgrades_has_to_be_locked_again(built: Path, tmp_path: Path) -> None:
    """Installing the same again changes nothing that counts; a changed file does."""
    target = tmp_path / "target"
    install = ("pip", "install", "--quiet", "--no-input", "--no-index", "--no-deps", "--upgrade", "--target")
    run(*install, str(target), str(built))
    lock_directory(target)
    run(*install, str(target), str(built))
    assert PluginManager([target], discover=False).get("markdown").usable
    (target / "tuneport_markdown/__init__.py").write_text("")
    record = PluginManager([target], discover=False).get("markdown")
    assert record.reason == "changed: tuneport_markdown/__init__.py differs since it was locked"
