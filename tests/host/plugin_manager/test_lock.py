"""Lock files: what they say, and what locking tells."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from host.plugin_manager.dropping import manifest, package, wheel, write
from tuneport import PluginManager
from tuneport.errors import NotPermittedError, PluginError, StorageError
from tuneport.plugin_manager import Locked, lock_directory


def said(locked: Locked) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Plugin to its change and files."""
    return {one.name: (one.change, one.files) for one in locked.plugins}


def test_a_lock_file_names_every_file_of_every_plugin(tmp_path: Path) -> None:
    """Readable, sorted, beside the directory; nothing is written into it."""
    folder = write(tmp_path / "plugins", {**package(version="1.2"), **package("b")})
    before = sorted(folder.rglob("*"))
    locked = lock_directory(folder)
    path = tmp_path / "plugins.lock.json"
    assert (locked.path, locked.changed) == (path, True)
    document = json.loads(path.read_text())
    assert document["version"] == 1
    one, other = document["plugins"]
    assert (one["name"], one["version"], one["path"]) == ("acme", "1.2", "plugins/acme/plugin.json")
    assert list(one["files"]) == ["acme/__init__.py", "acme/plugin.json"]
    assert (other["name"], len(other["digest"])) == ("b", 64)
    assert path.read_bytes().endswith(b"}\n")
    assert b"\n  " in path.read_bytes()
    assert sorted(folder.rglob("*")) == before


def test_locking_tells_what_changed(tmp_path: Path) -> None:
    """Against the last lock: added, changed with its files, unchanged, removed."""
    folder = write(tmp_path / "plugins", {**package(), **package("b"), **package("c")})
    assert set(said(lock_directory(folder)).values()) == {("added", ())}
    write(folder, {"acme/more.py": "", "acme/__init__.py": "", **package("d")})
    for file in (folder / "b").iterdir():
        file.unlink()
    (folder / "b").rmdir()
    locked = lock_directory(folder)
    assert said(locked) == {
        "acme": ("changed", ("acme/__init__.py", "acme/more.py")),
        "b": ("removed", ()),
        "c": ("unchanged", ()),
        "d": ("added", ()),
    }
    assert {one.name for one in PluginManager([folder], discover=False).list(state="ready")} == {"acme", "c", "d"}


def test_locking_again_changes_nothing(tmp_path: Path) -> None:
    """The same plugins make the same bytes, and the file is not written."""
    folder = write(tmp_path / "plugins", package())
    wheel(folder, package("b"), name="b")
    lock_directory(folder)
    path = tmp_path / "plugins.lock.json"
    status, data = path.stat(), path.read_bytes()
    assert not lock_directory(folder).changed
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (status.st_ino, status.st_mtime_ns)
    path.unlink()
    lock_directory(folder)
    assert path.read_bytes() == data


def test_a_directory_and_its_lock_file_may_move_together(tmp_path: Path) -> None:
    """Paths in it start from its own folder."""
    folder = write(tmp_path / "one/plugins", package())
    lock_directory(folder)
    (tmp_path / "one").rename(tmp_path / "two")
    assert PluginManager([tmp_path / "two/plugins"], discover=False).get("acme").usable


def test_one_lock_file_may_pin_several_directories(tmp_path: Path) -> None:
    """Locking one of them keeps what it says of the others."""
    one, two = write(tmp_path / "one", package()), write(tmp_path / "two", package("b"))
    lock = tmp_path / "etc/lock.json"
    lock.parent.mkdir()
    lock_directory(one, lock)
    assert said(lock_directory(two, lock)) == {"b": ("added", ())}
    assert not lock_directory(one, lock).changed
    manager = PluginManager([one, two], discover=False, lock=lock)
    assert {record.name: record.state for record in manager.list()} == {"acme": "ready", "b": "ready"}
    assert PluginManager([one], discover=False).get("acme").refusal == "untrusted"


def test_a_named_lock_file_is_part_of_the_hint(tmp_path: Path) -> None:
    """The command that pins it is complete."""
    folder = write(tmp_path / "plugins", package())
    record = PluginManager([folder], discover=False, lock=tmp_path / "x.json").get("acme")
    assert record.reason == f"untrusted: there is no lock file {tmp_path}/x.json"
    assert record.hint == f"tuneport plugins lock {folder} --plugin-lock {tmp_path}/x.json"


def test_what_cannot_be_pinned_is_left_out_and_told(tmp_path: Path) -> None:
    """Unsafe and broken plugins are never in a lock file; pointers to installed modules need none."""
    folder = write(tmp_path / "plugins", {**package(), **package("b"), "c.json": "{"})
    write(folder, {"quality.json": '{"name": "quality", "module": "tuneport_quality"}'})
    (folder / "b/x").symlink_to("/etc")
    locked = lock_directory(folder)
    assert list(said(locked)) == ["acme"]
    assert [(name, why.partition(":")[0]) for name, _, why in locked.left_out] == [
        ("c", "unreadable manifest"),
        ("b", f"{folder}/b/x is a symbolic link that leads out of {folder}"),
    ]
    assert PluginManager([folder], discover=False).get("quality").usable


@pytest.mark.parametrize("inside", ["plugins/lock.json", "plugins/acme/lock.json", "link/lock.json"])
def test_a_lock_file_never_stands_in_its_directory(tmp_path: Path, inside: str) -> None:
    """There a plugin could change it."""
    folder = write(tmp_path / "plugins", package())
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(PluginError, match="would stand in"):
        lock_directory(folder, tmp_path / inside)


def test_what_is_no_lock_file_is_not_overwritten(tmp_path: Path) -> None:
    """Whatever stands there may be somebody's."""
    folder = write(tmp_path / "plugins", package())
    (tmp_path / "plugins.lock.json").write_text('{"name": "npm"}')
    with pytest.raises(PluginError, match="cannot be read"):
        lock_directory(folder)
    assert (tmp_path / "plugins.lock.json").read_text() == '{"name": "npm"}'


def test_locking_where_nothing_can_be_written_or_read_is_an_error(tmp_path: Path) -> None:
    """The path is named."""
    with pytest.raises(PluginError, match="nowhere does not exist"):
        lock_directory(tmp_path / "nowhere")
    folder = write(tmp_path / "plugins", package())
    with pytest.raises((StorageError, NotPermittedError), match=r"gone/lock\.json"):
        lock_directory(folder, tmp_path / "gone/lock.json")


def test_lock_files_of_folders_below_are_no_manifests(tmp_path: Path) -> None:
    """A folder of the directory may have been locked by itself."""
    folder = write(tmp_path / "plugins", package())
    lock_directory(folder / "acme")
    assert (folder / "acme.lock.json").exists()
    assert [record.name for record in PluginManager([folder], discover=False).list()] == ["acme"]


def test_a_lock_file_may_be_mounted_as_a_link(tmp_path: Path) -> None:
    """What counts is who may write to what it leads to."""
    folder = write(tmp_path / "plugins", {"acme.json": manifest(), "acme.py": ""})
    lock_directory(folder, tmp_path / "real.json")
    (tmp_path / "plugins.lock.json").symlink_to("real.json")
    assert PluginManager([folder], discover=False).get("acme").usable
