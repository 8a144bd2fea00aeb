"""Links that stay in a directory, as in a mounted ConfigMap, and file systems that nobody can write to."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from host.plugin_manager.dropping import Files, asked, code, locked, manifest, only, package, plugins, wheel, write
from tuneport.plugin_manager import lock_directory
from tuneport.plugin_manager.trust.bundle import Reader


def mounted(folder: Path, files: Files, *links: str) -> Path:
    """A directory as Kubernetes mounts a ConfigMap: the files in a hidden folder, and links to them."""
    write(folder / "..2026_11_22", files)
    (folder / "..data").symlink_to("..2026_11_22")
    for name in links:
        (folder / name).symlink_to(f"..data/{name}")
    return folder


@pytest.mark.parametrize(
    ("files", "links"),
    [
        ({"acme.json": manifest(), "acme.py": code("return 7")}, ("acme.json", "acme.py")),
        ({"acme.json": manifest(), "acme/__init__.py": code("return 7")}, ("acme.json", "acme")),
        (package(code=code("return 7")), ("acme",)),
    ],
    ids=["module", "package", "folder"],
)
def test_a_mounted_config_map_is_a_directory_of_plugins(tmp_path: Path, files: Files, links: tuple[str, ...]) -> None:
    """What is pinned are the bytes that the links lead to; a new version of them has to be locked again."""
    folder = mounted(tmp_path / "plugins", files, *links)
    assert only(plugins(folder)).refusal == "untrusted"
    assert asked(locked(folder)) == 7
    new = {name: text if name.endswith(".json") else code("return 8") for name, text in files.items()}
    write(folder / "..2026_11_23", new)
    (folder / "..new").symlink_to("..2026_11_23")
    (folder / "..new").rename(folder / "..data")
    assert only(plugins(folder)).refusal == "changed"
    assert asked(locked(folder)) == 8


def test_a_wheel_may_be_mounted_so(tmp_path: Path) -> None:
    """As binary data."""
    made = wheel(tmp_path / "built", package(code=code("return 7")))
    folder = mounted(tmp_path / "plugins", {made.name: made.read_bytes()}, made.name)
    assert asked(locked(folder)) == 7


def test_where_a_link_leads_through_is_guarded(tmp_path: Path) -> None:
    """A folder on the way that anybody may write to could lead anywhere."""
    folder = mounted(
        tmp_path / "plugins", {"acme.json": manifest(), "acme.py": code("return 7")}, "acme.json", "acme.py"
    )
    lock_directory(folder)
    (folder / "..2026_11_22").chmod(0o777)
    assert only(plugins(folder)).reason == f"unsafe: anybody may write to {folder}/..2026_11_22"
    assert "anybody may write to" in only(plugins(folder, "any")).reason


READ_ONLY = """
set -e
mount -t tmpfs -o mode=0777 tmpfs "$1"
cp -a "$2/." "$1"
chmod 0777 "$1/etc" "$1/plugins"
chmod 0666 "$1/etc/lock.json" "$1/plugins/acme/__init__.py"
"$3" -m tuneport plugins list --plugin-dir "$1/plugins" --plugin-lock "$1/etc/lock.json" > "$1/before"
mount -o remount,ro "$1"
cat "$1/before"
echo ---
"$3" -m tuneport plugins list --plugin-dir "$1/plugins" --plugin-lock "$1/etc/lock.json"
"""


def test_on_a_read_only_file_system_write_bits_do_not_matter(tmp_path: Path) -> None:
    """Nobody can use them there."""
    alone = ["unshare", "--user", "--map-root-user", "--mount"]
    made, place = write(tmp_path / "made/plugins", package()), tmp_path / "place"
    place.mkdir()
    mount = [*alone, "mount", "-t", "tmpfs", "x", str(place)]
    if not shutil.which("unshare") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs a mount of its own")
    (tmp_path / "made/etc").mkdir()
    lock_directory(made, tmp_path / "made/etc/lock.json")
    command = [*alone, "sh", "-c", READ_ONLY, "sh", str(place), str(made.parent), sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    before, after = (text.split("acme", 1)[1].split("\n")[0] for text in done.stdout.split("---"))
    assert "anybody may write to" in before
    assert after.split()[0] == "ready"


def test_a_tree_that_several_plugins_share_is_read_once(tmp_path: Path) -> None:
    """Otherwise each manifest in a large folder would cost as much as the folder."""
    folder = write(tmp_path, package())
    reader = Reader(folder)
    first, _ = reader.bundle(folder / "one.json", folder, ("acme",))
    write(folder, {"acme/__init__.py": "changed"})
    second, files = reader.bundle(folder / "two.json", folder, ("acme",))
    assert second.digest == first.digest
    assert files["acme/__init__.py"] != b"changed"
    assert Reader(folder).bundle(folder / "one.json", folder, ("acme",))[0].digest != first.digest
