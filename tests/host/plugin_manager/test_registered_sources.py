"""A plugin registered in this process is known by the code that its rules run, wherever that stands."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tuneport import PluginManager
from tuneport.plugin_manager.trust.digest import code_digest

PLUGIN = """
from functools import partial
from tuneport import hookimpl
import x_rules
from x_more import made

class Plugin:
    @hookimpl
    def register_filters(self, register):
        register("f", lambda config, context: x_rules.check, doc="f")
        register("g", partial(made, x_rules.check), doc="g")
"""
RULES = "import x_words\n\ndef check(entity, sample):\n    return x_words.WORDS and None\n"
FILES = {"x_plugin": PLUGIN, "x_rules": RULES, "x_words": "WORDS = 1\n", "x_more": "def made(*_): pass\n", "x_none": ""}
TYPED = """
from tuneport import PluginManager, hookimpl
class Plugin:
    @hookimpl
    def register_filters(self, register):
        register("f", lambda config, context: lambda entity, sample: entity["id"] in {"a", "b", "c"}, doc="f")
manager = PluginManager(discover=False)
manager.register(Plugin(), "acme")
print(manager.get("acme").digest)
"""


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of modules that can be imported."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for name, text in FILES.items():
        (tmp_path / f"{name}.py").write_text(text)
    yield tmp_path
    _forget()


def _forget() -> None:
    for name in FILES:
        sys.modules.pop(name, None)
    importlib.invalidate_caches()
    code_digest.cache_clear()


def _digest() -> str:
    _forget()
    manager = PluginManager(discover=False)
    manager.register(importlib.import_module("x_plugin").Plugin(), "acme")
    return manager.get("acme").digest


@pytest.mark.parametrize("name", ["x_plugin", "x_rules", "x_words", "x_more"])
def test_another_source_is_another_plugin(name: str, modules: Path) -> None:
    """Of the plugin's own module, of one whose function it registered, and of one that this one imports."""
    before = _digest()
    assert _digest() == before
    (modules / f"{name}.py").write_text(FILES[name] + "\nOTHER = 2\n")
    assert _digest() != before


def test_what_it_does_not_use_is_not_looked_at(modules: Path) -> None:
    """Not even when somebody else imported it."""
    before = _digest()
    (modules / "x_none.py").write_text("OTHER = 2\n")
    importlib.import_module("x_none")
    assert _digest() == before


@pytest.mark.parametrize("typed", [True, False], ids=["typed in", "a script"])
def test_it_is_the_same_in_each_process(typed: bool, tmp_path: Path) -> None:
    """Code that no file has counts as it is compiled; where it stands, and how sets are ordered, do not count."""

    def digest(text: str, seed: int) -> str:
        script = tmp_path / f"{seed}" / "script.py"
        script.parent.mkdir(exist_ok=True)
        script.write_text(text)
        command = [sys.executable, "-"] if typed else [sys.executable, str(script)]
        environment = {"PYTHONHASHSEED": str(seed)}
        return subprocess.run(command, input=text, text=True, capture_output=True, env=environment, check=True).stdout

    assert digest(TYPED, 1) == digest(TYPED, 2)
    assert digest(TYPED, 1) != digest(TYPED.replace('"c"', '"d"'), 1)
