"""What never runs, whatever is pinned or trusted."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from host.plugin_manager.dropping import locked, manifest, only, package, plugins, write
from tuneport.plugin_manager import lock_directory

UNSAFE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a file anybody may write to": (lambda f: (f / "acme/__init__.py").chmod(0o666), "anybody may write to"),
    "a folder anybody may write to": (lambda f: (f / "acme/inner").chmod(0o777), "anybody may write to"),
    "a sticky folder of code": (lambda f: (f / "acme").chmod(0o1777), "anybody may write to"),
    "a directory anybody may write to": (lambda f: f.chmod(0o777), "anybody may write to"),
    "a parent anybody may write to": (lambda f: f.parent.chmod(0o777), "anybody may write to"),
    "a link to a file elsewhere": (lambda f: (f / "acme/x.py").symlink_to("/etc/hostname"), "leads out of"),
    "a link to a folder elsewhere": (lambda f: (f / "acme/x").symlink_to("/etc"), "leads out of"),
    "a link beside the directory": (lambda f: (f / "acme/x").symlink_to("../.."), "leads out of"),
    "a broken link": (lambda f: (f / "acme/x").symlink_to("nowhere"), "is a symbolic link that leads nowhere"),
    "a link to itself": (lambda f: (f / "acme/x").symlink_to("x"), "is a symbolic link that leads nowhere"),
    "links without an end": (lambda f: (f / "acme/x").symlink_to("."), "folders deep"),
    "bytecode": (lambda f: (f / "acme/x.pyc").write_bytes(b""), "is compiled, or runs unasked"),
    "a native module": (lambda f: (f / "acme/x.cpython-311-x86_64-linux-gnu.so").write_bytes(b""), "is compiled"),
    "a native module of Windows": (lambda f: (f / "acme/x.PYD").write_bytes(b""), "is compiled"),
    "a .pth file": (lambda f: (f / "acme/x.pth").write_text("import os"), "is compiled, or runs unasked"),
    "a pipe": (lambda f: os.mkfifo(f / "acme/x.py"), "is no regular file"),
    "a name with a line break": (lambda f: (f / "acme/a\nb.py").write_text(""), "is no path below"),
    "a backslash": (lambda f: (f / "acme/a\\b.py").write_text(""), "is no path below"),
    "a file that is too large": (lambda f: os.truncate(f / "acme/inner/big", (16 << 20) + 1), "is larger than 16 MiB"),
    "folders that are too deep": (
        lambda f: (f / "acme" / "/".join(["d"] * 60)).mkdir(parents=True),
        "stands more than 50 folders deep",
    ),
}


@pytest.mark.parametrize("trust", ["pinned", "any"])
@pytest.mark.parametrize(("spoil", "reason"), UNSAFE.values(), ids=UNSAFE)
def test_what_is_unsafe_is_refused_whatever_is_trusted(
    tmp_path: Path, spoil: Callable[[Path], object], reason: str, trust: str
) -> None:
    """A lock file that was written before does not help, nor does trusting any code."""
    folder = write(tmp_path / "way/plugins", {**package(), "acme/inner/big": ""})
    lock_directory(folder)
    spoil(folder)
    try:
        record = plugins(folder, trust).get("acme")
        assert (record.state, record.refusal) == ("refused", "unsafe")
        assert reason in record.reason
    finally:
        folder.parent.chmod(0o755)


def test_too_many_files_are_refused(tmp_path: Path) -> None:
    """A tree has a bound."""
    folder = write(tmp_path / "plugins", package())
    for number in range(5000):
        (folder / f"acme/{number}.txt").touch()
    assert "larger than 64 MiB or 5,000 files" in only(plugins(folder)).reason


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_belongs_to_somebody_else_is_refused(tmp_path: Path) -> None:
    """A foreign owner of a file, or of a folder on the way, could change it at any time."""
    folder = write(tmp_path / "way/plugins", package())
    lock_directory(folder)
    for place in (folder / "acme/__init__.py", folder / "acme", folder, folder.parent):
        os.chown(place, 12345, -1)
        record = plugins(folder, "any").get("acme")
        assert record.reason == f"unsafe: {place} belongs to another user (12345)"
        os.chown(place, 0, -1)
    assert plugins(folder).get("acme").usable


def test_a_group_may_write_to_what_is_pinned_only(tmp_path: Path) -> None:
    """What a group changes no longer is what is pinned; under `trust="any"` nothing would notice."""
    folder = write(tmp_path / "plugins", package())
    (folder / "acme/__init__.py").chmod(0o664)
    assert only(plugins(folder, "any")).reason.startswith(f"unsafe: its group may write to {folder}/acme/__init__.py")
    assert only(locked(folder)).usable
    assert only(plugins(folder, "any")).usable
    (folder / "acme/__init__.py").chmod(0o644)
    folder.chmod(0o775)
    Path(f"{folder}.lock.json").unlink()
    assert "its group may write to" in only(plugins(folder, "any")).reason


@pytest.mark.parametrize(("name", "owner"), [("json", "Python's own"), ("tuneport", "tuneport's own")])
@pytest.mark.parametrize("shape", ["package", "module"])
def test_a_module_that_would_shadow_another_is_refused(tmp_path: Path, name: str, owner: str, shape: str) -> None:
    """No plugin may bring a module of the standard library's or the host's name."""
    files = package(name) if shape == "package" else {f"{name}.py": "", "x.json": manifest("x", module=name)}
    folder = write(tmp_path / "plugins", files)
    assert only(plugins(folder, "any")).reason == f"unsafe: it brings a module {name}, which is {owner}"


@pytest.mark.parametrize("path", ["../x.py", "/etc/passwd", "a\\b", "a//b", "./a", "a/../b", "a\0b", ""])
def test_paths_in_a_manifest_stay_in_its_folder(tmp_path: Path, path: str) -> None:
    """`files` may not name anything outside."""
    folder = write(tmp_path / "plugins", package(files={path: "0" * 64}))
    assert "is no path below the plugin's folder" in only(plugins(folder, "any")).reason
