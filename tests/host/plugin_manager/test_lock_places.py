"""Where a lock file may stand, and who may write to it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from host.plugin_manager.dropping import only, package, plugins, write
from host.plugin_manager.making import FORMAT
from tuneport import PluginManager
from tuneport.errors import PluginError
from tuneport.plugin_manager import lock_directory


@pytest.fixture
def forged(tmp_path: Path) -> Path:
    """A locked directory; later somebody changed a plugin, and put a lock file beside its folder."""
    folder = write(tmp_path / "plugins", package())
    lock_directory(folder)
    pinned = Path(f"{folder}.lock.json").read_bytes()
    write(folder, {"acme/__init__.py": f"open({str(tmp_path / 'ran')!r}, 'w')\n" + FORMAT.format(name="acme")})
    lock_directory(folder)
    forgery = Path(f"{folder}.lock.json").read_text().replace('"plugins/acme', '"acme')
    Path(f"{folder}.lock.json").write_bytes(pinned)
    (folder / "acme.lock.json").write_text(forgery)
    return folder


def test_a_lock_file_in_a_locked_directory_counts_for_nothing(forged: Path, tmp_path: Path) -> None:
    """However a folder in it is reached: what is beside the directory decides."""
    with pytest.raises(PluginError, match=r"changed: acme/__init__\.py differs since it was locked"):
        PluginManager(discover=False).load(forged / "acme")
    for folder in (forged, forged / "acme"):
        assert only(plugins(folder)).refusal == "changed"
    assert not (tmp_path / "ran").exists()


def test_nor_does_one_deeper_in_it(tmp_path: Path) -> None:
    """The outermost lock file is that of every folder below."""
    folder = write(tmp_path / "plugins", {f"group/{name}": text for name, text in package().items()})
    lock_directory(folder / "group")
    lock_directory(folder)
    Path(f"{folder}.lock.json").write_text('{"version": 1, "plugins": []}')
    assert only(plugins(folder / "group")).reason == "untrusted: not in the lock file"
    assert only(plugins(folder / "group/acme")).reason == "untrusted: not in the lock file"


def test_locking_a_folder_of_a_locked_directory_changes_that_lock_file(tmp_path: Path) -> None:
    """So the command that a refusal names mends it; what the lock file says of others stays."""
    folder = write(tmp_path / "plugins", {**package(), **package("b")})
    lock_directory(folder)
    write(folder, {"acme/more.py": ""})
    hint = only(plugins(folder / "acme")).hint
    assert hint == f"look at it, then: tuneport plugins lock {folder}/acme"
    locked = lock_directory(folder / "acme")
    assert locked.path == Path(f"{folder}.lock.json")
    assert [(one.name, one.change) for one in locked.plugins] == [("acme", "changed")]
    assert {one.name: one.state for one in plugins(folder).list()} == {"acme": "ready", "b": "ready"}
    assert not (folder / "acme.lock.json").exists()


@pytest.mark.parametrize("named", ["plugins/in.lock.json", "plugins/acme/in.lock.json", "link.json", "folder/in.json"])
def test_a_lock_file_that_plugins_could_change_is_refused(tmp_path: Path, named: str) -> None:
    """One in the directory, or one that a link leads to there."""
    folder = write(tmp_path / "plugins", package())
    lock = lock_directory(folder).path.read_text()
    for path in ("in.lock.json", "acme/in.lock.json", "in.json"):
        write(folder, {path: lock.replace('"plugins/acme', '"acme')})
    (tmp_path / "link.json").symlink_to(folder / "in.lock.json")
    (tmp_path / "folder").symlink_to(folder)
    record = plugins(folder, lock=tmp_path / named).get("acme")
    assert record.refusal == "untrusted"
    assert f"the lock file {tmp_path / named} stands in {folder}" in record.reason


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("loose", ["lock", "folder"])
def test_a_lock_file_that_a_group_may_write_to_pins_nothing(tmp_path: Path, loose: str) -> None:
    """A member of the group could pin anything, which the owner would run; his private group is nobody else."""
    folder = write(tmp_path / "way/plugins", package())
    lock = lock_directory(folder).path
    place = {"lock": lock, "folder": lock.parent}[loose]
    place.chmod(place.stat().st_mode | 0o020)
    assert only(plugins(folder)).usable
    os.chown(place, -1, 12345)
    record = only(plugins(folder))
    assert record.refusal == "unsafe"
    assert record.reason.startswith(f"unsafe: its group may write to {place}, ")
    assert record.hint == f"chmod g-w {place}"
    with pytest.raises(PluginError, match="its group may write to"):
        lock_directory(folder)
    place.chmod(place.stat().st_mode & ~0o020)
    assert only(plugins(folder)).usable


def test_a_lock_file_is_writable_for_its_owner_alone(tmp_path: Path) -> None:
    """Whatever the umask is, so that it pins something."""
    folder = write(tmp_path / "plugins", package())
    before = os.umask(0o002)
    try:
        lock = lock_directory(folder).path
    finally:
        os.umask(before)
    assert lock.stat().st_mode & 0o777 == 0o644
