"""A recipe may name a directory of plugins; it cannot say that its code may run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from host.plugin_manager.dropping import package, write
from host.plugin_manager.making import FORMAT
from tuneport import PluginManager
from tuneport.errors import TuneportError
from tuneport.plugin_manager import lock_directory
from tuneport.runs import plan_export


@pytest.fixture
def downloaded(tmp_path: Path) -> Path:
    """A folder from somewhere: a source, code that leaves a mark, a lock file of its own, and a recipe."""
    folder = write(tmp_path / "downloaded", {"a.jsonl": '{"question": "What is it?", "answer": "It is a thing."}\n'})
    code = f"open({str(tmp_path / 'ran')!r}, 'w').close()\n" + FORMAT.format(name="evil")
    write(folder / "plugins", package("evil", code, auto_load=True, provides={"formats": ["evil"]}))
    lock_directory(folder / "plugins")
    return folder


def recipe(folder: Path, **plugins: Any) -> Path:
    """The recipe, which names the plugins and writes with one of them."""
    path = folder / "recipe.json"
    document = {
        "source": {"path": "a.jsonl"},
        "export": {"formats": ["evil"], "field_mapping": {"instruction_field": "question", "output_field": "answer"}},
        "output": {"path": "out"},
        "run": {"plugins": {"dirs": ["plugins"], **plugins}},
    }
    path.write_text(json.dumps(document))
    return path


def tuneport(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command line in an environment that says nothing of plugins but this."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("TUNEPORT_")}
    command = [sys.executable, "-m", "tuneport", *map(str, arguments)]
    return subprocess.run(command, env={**own, **environment}, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("verb", [("export", "--dry-run"), ("preview",)])
@pytest.mark.parametrize("plugins", [{}, {"lock": "plugins.lock.json"}], ids=["beside", "named"])
@pytest.mark.parametrize("environment", [{}, {"TUNEPORT_TRUST": "any"}], ids=["pinned", "any"])
def test_a_downloaded_recipe_runs_no_code_of_its_own(
    downloaded: Path, tmp_path: Path, verb: tuple[str, ...], plugins: dict[str, str], environment: dict[str, str]
) -> None:
    """Neither a lock file that came with it, nor trust that was meant for the operator's own directories, counts."""
    ran = tuneport(verb[0], recipe(downloaded, **plugins), *verb[1:], **environment)
    assert ran.returncode != 0
    assert "is refused: untrusted: only the recipe names" in ran.stderr
    assert "a recipe cannot vouch for code" in ran.stderr
    assert f"run it with --plugin-lock {downloaded}/plugins.lock.json" in ran.stderr
    assert not (tmp_path / "ran").exists()


def test_the_lock_file_of_the_operator_decides(downloaded: Path, tmp_path: Path) -> None:
    """An empty one runs nothing; one that pins the code runs it; one that the recipe contradicts is an error."""
    empty, own = tmp_path / "empty.json", tmp_path / "own.json"
    empty.write_text('{"version": 1, "plugins": []}')
    lock_directory(downloaded / "plugins", own)
    ran = tuneport("export", recipe(downloaded), "--dry-run", TUNEPORT_PLUGIN_LOCK=str(empty))
    assert "untrusted: not in the lock file" in ran.stderr
    named = recipe(downloaded, lock="plugins.lock.json")
    for lock in (empty, own):
        ran = tuneport("export", named, "--dry-run", TUNEPORT_PLUGIN_LOCK=str(lock))
        assert ran.returncode == 78
        assert f"the lock file of this host is {lock}" in ran.stderr
        assert 'run.plugins.lock = "plugins.lock.json"' in ran.stderr
    assert not (tmp_path / "ran").exists()
    assert tuneport("export", recipe(downloaded), "--dry-run", "--plugin-lock", own).returncode == 0
    (tmp_path / "ran").unlink()
    assert tuneport("export", named, "--dry-run", "--plugin-lock", downloaded / "plugins.lock.json").returncode == 0
    assert (tmp_path / "ran").exists()


def test_a_directory_that_the_host_names_as_well_keeps_its_own_rules(downloaded: Path, tmp_path: Path) -> None:
    """It is named by two, and pinned by the lock file beside it; the names may be different paths to it."""
    assert tuneport("export", recipe(downloaded), "--dry-run", "--plugin-dir", downloaded / "plugins").returncode == 0
    (tmp_path / "link").symlink_to(downloaded)
    ran = tuneport("export", recipe(downloaded), "--dry-run", TUNEPORT_PLUGIN_PATH=str(tmp_path / "link/plugins"))
    assert (ran.returncode, ran.stderr.count("untrusted")) == (0, 0)


def test_allow_and_deny_of_a_recipe_only_narrow(downloaded: Path, tmp_path: Path) -> None:
    """What the host denies, no recipe allows."""
    own = tmp_path / "own.json"
    lock_directory(downloaded / "plugins", own)
    manager = PluginManager(lock=own, deny=["evil"])
    with pytest.raises(TuneportError, match="blocked: denied by 'evil'"):
        plan_export(recipe(downloaded, allow=["*"]), manager=manager)
