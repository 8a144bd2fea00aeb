"""What a manager keeps of plugins: which records, of what is registered, and what each error ends a command with."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from host.plugin_manager.dropping import package, write
from host.plugin_manager.making import FORMAT, Site
from tuneport import PluginManager, hookimpl
from tuneport.commands.main import run
from tuneport.errors import PluginError, RecipeError, UntrustedPluginError
from tuneport.model import Problem
from tuneport.plugin_manager import lock_directory


class Formats:
    """A plugin with one format; it raises as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures

    @hookimpl
    def register_formats(self, register: Callable[..., None]) -> None:
        register("acme", lambda _config, _ctx: lambda _sample: {})
        if self.failures:
            self.failures -= 1
            raise ValueError("not yet")


def test_what_could_not_be_registered_leaves_nothing(site: Site) -> None:
    """Neither a record nor the object stays: the same object is registered once it works, and extended with."""
    manager = PluginManager(discover=False)
    plugin = Formats(failures=2)
    for _ in range(2):
        with pytest.raises(PluginError, match="is failed: not yet"):
            manager.register(plugin, "acme")
        assert manager.list() == manager.extended().list() == []
    manager.register(plugin, "acme")
    assert manager.extended().get("acme").instance is plugin


def test_what_is_denied_cannot_be_registered_and_is_not_kept() -> None:
    """Its code is not called, and an extended manager does not know of it."""
    manager = PluginManager(discover=False, deny=["acme"])
    plugin = Formats(failures=1)
    with pytest.raises(PluginError, match="is refused: blocked: denied by 'acme'"):
        manager.register(plugin, "acme")
    assert plugin.failures == 1
    assert manager.list() == manager.extended().list() == []


def test_an_unchanged_directory_keeps_its_records(tmp_path: Path) -> None:
    """Looked at again, what is there is the same plugin, refused or not; what was mended replaces what it was."""
    folders = [write(tmp_path / name, package("twin", f"A = '{name}'")) for name in ("one", "two")]
    needy = write(tmp_path / "three", package("needy", requires=["not-there-at-all"]))
    manager = PluginManager([*folders, needy], trust="any", discover=False)
    before = manager.list()
    for folder in (*folders, needy):
        assert manager.scan_plugin_directory(folder) == 0
    assert all(one is other for one, other in zip(before, manager.list(), strict=True))
    write(tmp_path / "three", package("needy"))
    assert manager.scan_plugin_directory(needy) == 1
    assert (manager.get("needy").state, len(manager.list())) == ("ready", 3)


@pytest.mark.parametrize("shape", [str, Path], ids=["text", "path"])
def test_one_directory_needs_no_list(tmp_path: Path, shape: type) -> None:
    """A text is a path, and not a list of letters."""
    folder = write(tmp_path / "plugins", package())
    lock = tmp_path / "plugins.lock.json"
    lock_directory(folder)
    assert PluginManager(shape(folder), discover=False).get("acme").usable
    assert PluginManager(discover=False, lock=lock).extended(shape(folder)).get("acme").usable


def test_a_manifest_and_code_that_disagree_say_which_side_lacks_what(site: Site) -> None:
    """So that one knows which of the two to mend."""
    site.plugin("acme", FORMAT.format(name="code"), {"name": "acme", "provides": {"formats": ["said"]}})
    manager = PluginManager()
    text = "about formats code (the manifest lacks it), formats said (the code lacks it)"
    with pytest.raises(PluginError) as caught:
        manager.resolve("formats", "acme:said")
    assert text in caught.value.message


def refused(folder: Path, refusal: str) -> PluginManager:
    """A manager with a plugin `acme` that is refused for want of trust."""
    write(folder, package(provides={"formats": ["acme"]}))
    if refusal == "changed":
        lock_directory(folder)
        (folder / "acme/__init__.py").write_text("A = 1")
    if refusal == "unsafe":
        (folder / "acme/inner.so").write_bytes(b"")
    return PluginManager(folder, discover=False)


@pytest.mark.parametrize("refusal", ["untrusted", "changed", "unsafe"])
def test_code_that_is_not_trusted_has_an_error_of_its_own(tmp_path: Path, refusal: str) -> None:
    """By the plugin's name, that of what it provides, or its path."""
    manager = refused(tmp_path / "plugins", refusal)
    assert manager.get("acme").refusal == refusal
    asks: list[Callable[[], object]] = [
        lambda: manager.load_plugin(manager.get("acme")),
        lambda: manager.resolve("formats", "acme"),
        lambda: manager.load("acme"),
        lambda: manager.load(tmp_path / "plugins/acme"),
    ]
    for ask in asks:
        with pytest.raises(UntrustedPluginError) as caught:
            ask()
        assert (caught.value.code, caught.value.exit_code) == ("untrusted", 77)


def test_other_refusals_are_plain_plugin_errors(tmp_path: Path) -> None:
    """Who is denied, shadowed or lacks something is no matter of trust."""
    folder = write(tmp_path / "plugins", package(requires=["not-there-at-all"]))
    for manager in (
        PluginManager(folder, trust="any", discover=False),
        PluginManager(folder, trust="any", discover=False, deny=["acme"]),
    ):
        with pytest.raises(PluginError) as caught:
            manager.load_plugin(manager.get("acme"))
        assert (type(caught.value), caught.value.exit_code) == (PluginError, 70)


def test_a_recipe_with_nothing_but_untrusted_plugins_ends_with_77() -> None:
    """One other problem, and it is the recipe that is wrong."""
    untrusted = Problem("formats[0]", "refused", code="untrusted")
    assert RecipeError([untrusted, untrusted]).exit_code == 77
    assert RecipeError([untrusted, Problem("seed", "no number")]).exit_code == RecipeError([]).exit_code == 78


def test_a_command_of_an_untrusted_plugin_ends_with_77(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And says why, and what to do."""
    write(tmp_path / "plugins", package(provides={"commands": ["hello"]}))
    assert run(["hello", "--plugin-dir", str(tmp_path / "plugins")]) == 77
    assert "is refused: untrusted: there is no lock file" in capsys.readouterr().err


JUDGING = {"packaging.requirements", "tuneport.plugin_manager.trust.lock", "tuneport.plugin_manager.finding.directory"}


@pytest.mark.parametrize("directory", [False, True])
def test_what_judges_directories_is_imported_for_directories(tmp_path: Path, directory: bool) -> None:
    """A host without any starts without it."""
    folder = write(tmp_path / "plugins", package())
    arguments = repr(str(folder)) if directory else ""
    code = f"import sys; from tuneport import PluginManager; PluginManager({arguments}); print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert JUDGING & set(ran.stdout.split()) == (JUDGING if directory else set())
