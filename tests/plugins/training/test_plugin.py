"""The plugin as the host sees it: manifest, hook, laziness, and what it says where libraries are missing."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

import tuneport_training
from tuneport.errors import MissingLibraryError
from tuneport_training.libraries import needs

ROOT = Path(__file__).parents[3]


def test_the_manifest_says_what_the_hook_registers() -> None:
    """plugin.json lists exactly the commands that the plugin registers."""
    manifest = json.loads((files(tuneport_training) / "plugin.json").read_text("utf-8"))
    commands: dict[str, Any] = {}
    tuneport_training.register_commands(lambda name, _run, doc: commands.update({name: doc}))
    assert manifest["provides"] == {"commands": list(commands)} == {"commands": ["tiny-model"]}
    assert all(commands.values())


def test_asking_for_help_imports_nothing_heavy() -> None:
    """Neither finding the plugin nor its command's help imports a library that trains."""
    code = (
        "import sys; from tuneport.commands.main import run; code = run(['tiny-model', '--help']);"
        "print(code, sorted({'torch', 'transformers', 'tokenizers', 'trl', 'peft'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[0] == "Usage: tuneport tiny-model [OPTIONS] FOLDER"
    assert done.stdout.splitlines()[-1] == "0 []"


@pytest.mark.parametrize(
    ("modules", "said"),
    [
        (("json", "not_here"), "a tiny model needs not_here, which is not installed"),
        (("a_b", "json", "c_d", "e_f"), "a tiny model needs a_b, c_d and e_f, which are not installed"),
    ],
)
def test_what_is_missing_is_one_line_with_the_way_to_install_it(modules: tuple[str, ...], said: str) -> None:
    """All that is missing is named at once; as a wrong recipe, it is for the one who asks to mend."""
    with pytest.raises(MissingLibraryError) as caught:
        needs("a tiny model", *modules)
    assert (caught.value.message, caught.value.hint) == (said, "pip install 'tuneport[train]'")
    assert caught.value.exit_code == 78


def test_the_extra_is_pinned_where_we_test_it() -> None:
    """Each library of the extra `train` has a version in constraints.txt that the extra allows."""
    from packaging.requirements import Requirement

    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["train"]
    pins = [Requirement(line) for line in (ROOT / "constraints.txt").read_text().splitlines()]
    versions = {pin.name: next(iter(pin.specifier)).version for pin in pins}
    assert {one.name for one in map(Requirement, extra)} >= {"torch", "transformers", "trl", "peft", "datasets"}
    assert all(one.specifier.contains(versions[one.name]) for one in map(Requirement, extra))
