"""What else stands in a directory neither disables a pinned plugin, nor hides it, nor stops the host."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host.plugin_manager.dropping import manifest, package, plugins, wheel, write
from host.plugin_manager.making import FORMAT
from tuneport.errors import PluginError
from tuneport.plugin_manager import lock_directory
from tuneport.plugin_manager.diagnosis import diagnose

EVIL = "evil-1.dist-info"
META = "Metadata-Version: 2.1\nName: {name}\nVersion: 1\n"
ENTRY = "[tuneport.plugins]\n{name} = acme\n"

DEBRIS: dict[str, tuple[Callable[[Path], object], set[str]]] = {
    "a manifest that leads nowhere": (lambda f: write(f, {"zzz.json": manifest(module="nosuch")}), {"acme"}),
    "a manifest of a newer plugin": (lambda f: write(f, {"zzz.json": manifest(module="nosuch", api=">=9")}), {"acme"}),
    "a wheel for another Python": (
        lambda f: wheel(f, {"acme/__init__.py": ""}, entry="acme", metadata="Requires-Python: >=9\n"),
        {"acme"},
    ),
    "a manifest that claims its folder": (lambda f: write(f, {"zzz.json": manifest("zzz", module="acme")}), {"zzz"}),
    "one that also claims its name": (lambda f: write(f, {"zzz.json": manifest()}), {"acme"}),
    "a pointer to what is installed": (
        lambda f: write(f, {"acme.json": manifest(module="tuneport_quality")}),
        {"acme"},
    ),
    "a distribution that claims its folder": (
        lambda f: write(f, {f"{EVIL}/METADATA": META.format(name="evil"), f"{EVIL}/RECORD": "acme/__init__.py,,\n"}),
        set(),
    ),
    "a distribution that announces it": (
        lambda f: write(
            f,
            {
                f"{EVIL}/METADATA": META.format(name="evil"),
                f"{EVIL}/RECORD": "acme/__init__.py,,\nacme/plugin.json,,\n",
                f"{EVIL}/entry_points.txt": ENTRY.format(name="acme"),
            },
        ),
        {"acme"},
    ),
    "a distribution of two names": (
        lambda f: write(f, {f"{EVIL}/METADATA": META.format(name="acme"), f"{EVIL}/RECORD": "acme/__init__.py,,\n"}),
        {"evil"},
    ),
    "a RECORD of another shape": (
        lambda f: write(f, {f"{EVIL}/METADATA": META.format(name="evil"), f"{EVIL}/RECORD": "x,sha256=a,1,2,3\n"}),
        set(),
    ),
    "a link to itself": (lambda f: (f / "acme.json").symlink_to("acme.json"), {"acme"}),
    "a link to the plugin": (lambda f: (f / "aaa").symlink_to("acme"), set()),
}


@pytest.mark.parametrize(("leave", "told"), DEBRIS.values(), ids=DEBRIS)
def test_a_pinned_plugin_stays_usable_and_listed(
    tmp_path: Path, leave: Callable[[Path], object], told: set[str]
) -> None:
    """What is neither pinned nor sound has no say in who bears a name; where it claims to be a plugin, it is told."""
    folder = write(tmp_path / "plugins", package())
    lock_directory(folder)
    leave(folder)
    manager = plugins(folder)
    assert manager.get("acme").usable
    assert manager.resolve("formats", "acme").plugin == "acme"
    assert {one.name for one in manager.list() if not one.usable} == told
    assert {one.plugin for one in diagnose(manager) if one.severity == "error"} == told


def test_locking_keeps_a_plugin_whose_folder_is_claimed(tmp_path: Path) -> None:
    """By a distribution that announces nothing."""
    folder = write(tmp_path / "plugins", package())
    lock_directory(folder)
    DEBRIS["a distribution that claims its folder"][0](folder)
    assert [(one.name, one.change) for one in lock_directory(folder).plugins] == [("acme", "unchanged")]


def test_a_manifest_beside_a_package_with_a_whole_one_is_one_plugin(tmp_path: Path) -> None:
    """Locked together they are pinned together, and listed once."""
    folder = write(tmp_path / "plugins", {**package(), "acme.json": manifest()})
    assert [one.name for one in plugins(folder).list()] == ["acme"]
    assert [one.name for one in lock_directory(folder).plugins] == ["acme"]
    assert [(one.origin, one.state) for one in plugins(folder).list()] == [(f"{folder}/acme.json", "ready")]


def test_pinned_plugins_of_one_name_in_two_places_are_an_error_as_ever(tmp_path: Path) -> None:
    """Both can be believed, so neither is used."""
    files = {**package(), "other/acme/plugin.json": manifest(), "other/acme/__init__.py": ""}
    folder = write(tmp_path / "plugins", files)
    lock_directory(folder)
    assert [one.refusal for one in plugins(folder).list()] == ["duplicate", "duplicate"]


@pytest.fixture
def nobody() -> Iterator[Path]:
    """A directory that an unprivileged user owns, who this process is then."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    user = os.geteuid()
    if user == 0:
        os.chown(folder, 65534, -1)
        os.seteuid(65534)
    try:
        yield folder
    finally:
        os.seteuid(user)
        shutil.rmtree(folder)


def test_a_folder_that_cannot_be_read_is_told_and_harms_no_other(nobody: Path) -> None:
    """As lost+found, or a plugin whose folder is private."""
    folder = write(nobody / "plugins", {**package(), **package("b"), "lost+found/x": "", "group/c/x": ""})
    lock_directory(folder)
    closed = [folder / "lost+found", folder / "b", folder / "group/c"]
    for one in closed:
        one.chmod(0)
    try:
        manager = plugins(folder)
        told = {one.name: one.reason for one in manager.list(state="failed")}
        assert told == dict.fromkeys(["lost+found", "b", "c"], "it cannot be looked into: Permission denied")
        assert manager.resolve("formats", "acme").plugin == "acme"
    finally:
        for one in closed:
            one.chmod(0o755)


def test_folders_without_number_are_told_and_harm_no_other(tmp_path: Path) -> None:
    """The bound is on each thing in the directory, and a plugin may not have so many either."""
    folder = write(tmp_path / "plugins", {**package(), **package("big")})
    lock_directory(folder)
    for number in range(20_001):
        (folder / "big" / str(number)).mkdir()
    manager = plugins(folder)
    assert manager.resolve("formats", "acme").plugin == "acme"
    assert {one.reason for one in manager.list() if one.name == "big"} == {
        "it holds more than 20,000 folders",
        "unsafe: it has more than 5,000 folders",
    }


def test_a_path_too_long_for_the_system_is_told_and_harms_no_other(tmp_path: Path) -> None:
    """Folders can be nested deeper than a path can name."""
    folder = write(tmp_path / "plugins", {**package(), "long/x": ""})
    lock_directory(folder)
    here = os.open(folder / "long", os.O_RDONLY)
    for _ in range(25):
        os.mkdir("n" * 200, dir_fd=here)
        here, before = os.open("n" * 200, os.O_RDONLY, dir_fd=here), here
        os.close(before)
    os.close(here)
    manager = plugins(folder)
    assert manager.resolve("formats", "acme").plugin == "acme"
    (told,) = manager.list(state="failed")
    assert told.reason == "it cannot be looked into: File name too long"


@pytest.mark.parametrize(
    "requires", ["x; os_name ~= 'x'", "x; " + "(" * 3000 + "os_name == 'x'" + ")" * 3000, "x" * 2000]
)
def test_a_requirement_that_nobody_can_judge_refuses_its_plugin_alone(tmp_path: Path, requires: str) -> None:
    """It is told before it is deployed, too."""
    from tuneport.plugin_manager.diagnosis import validate_plugin

    folder = write(tmp_path / "plugins", {**package(), **package("needy", requires=[requires])})
    lock_directory(folder)
    manager = plugins(folder)
    assert manager.resolve("formats", "acme").plugin == "acme"
    assert manager.get("needy").refusal == "requires"
    assert "is no requirement such as acme>=1.2" in manager.get("needy").reason
    assert len(manager.get("needy").reason) < 200
    (told,) = [one for one in validate_plugin(folder / "needy") if one.severity == "error"]
    assert told.where.endswith(": requires")
    assert "is no requirement" in told.message


@pytest.mark.parametrize("value", ["a" + "[" * 200_000, "a" * 200_000])
def test_an_entry_point_of_any_length_is_judged_at_once(tmp_path: Path, value: str) -> None:
    """What stands behind a bracket says nothing here; a name that long is told by its length."""
    folder = tmp_path / "plugins"
    wheel(folder, {"a/__init__.py": FORMAT.format(name="a")}, entry=value)
    record = plugins(folder, "any").get("acme")
    assert len(record.reason) < 100
    assert record.usable == ("[" in value)
    with pytest.raises(PluginError):
        plugins(folder).load_plugin(plugins(folder).get("acme"))
