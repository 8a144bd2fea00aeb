"""Whose code may run: what is pinned, and what never may."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from host.plugin_manager.dropping import locked, manifest, only, package, plugins, write
from host.plugin_manager.making import FORMAT
from tuneport import PluginManager
from tuneport.errors import PluginError, UnknownNameError
from tuneport.plugin_manager import lock_directory

RAN = "open({path!r}, 'w').close()\n"


def test_code_that_nothing_pins_is_listed_and_does_not_run(tmp_path: Path) -> None:
    """It is refused as untrusted, with the command that pins it; asking for it by name says so, and runs nothing."""
    ran = tmp_path / "ran"
    folder = write(tmp_path / "plugins", package(code=RAN.format(path=str(ran)), auto_load=True))
    manager = plugins(folder)
    record = only(manager)
    assert (record.state, record.refusal) == ("refused", "untrusted")
    assert record.reason == f"untrusted: there is no lock file {folder}.lock.json"
    assert record.hint == f"tuneport plugins lock {folder}"
    with pytest.raises(PluginError, match=r"plugin acme .* is refused: untrusted"):
        manager.load_plugin(record)
    assert not ran.exists()


def test_what_is_pinned_runs(tmp_path: Path) -> None:
    """After `lock_directory` the plugin is ready, and what it provides can be had."""
    folder = write(tmp_path / "plugins", package())
    manager = locked(folder)
    assert only(manager).state == "ready"
    assert manager.resolve("formats", "acme").plugin == "acme"
    assert not [path for path in folder.rglob("*") if path.name == "__pycache__"]


def test_a_plugin_that_came_later_is_not_in_the_lock_file(tmp_path: Path) -> None:
    """The others are not disturbed."""
    folder = write(tmp_path / "plugins", package())
    lock_directory(folder)
    write(folder, package("newcomer"))
    manager = plugins(folder)
    assert manager.get("newcomer").reason == "untrusted: not in the lock file"
    assert manager.resolve("formats", "acme").plugin == "acme"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: (f / "acme/__init__.py").write_text("print()"), "acme/__init__.py differs since it was locked"),
        (lambda f: (f / "acme/util.py").unlink(), "acme/util.py is gone since it was locked"),
        (lambda f: (f / "acme/more.py").write_text(""), "acme/more.py is new since it was locked"),
        (lambda f: (f / "acme/data.txt").write_text("2"), "acme/data.txt differs since it was locked"),
        (
            lambda f: (f / "acme/plugin.json").write_text(manifest(version="2")),
            "acme/plugin.json differs since it was locked",
        ),
        (
            lambda f: [(f / "acme/a.py").write_text(""), (f / "acme/b.py").write_text("")],
            "acme/a.py is new, and 1 more since it was locked",
        ),
    ],
)
def test_what_changed_since_it_was_locked_is_refused(
    tmp_path: Path, change: Callable[[Path], object], reason: str
) -> None:
    """The first file that was changed, added or taken away is named; the others still work."""
    folder = write(tmp_path / "plugins", {**package(), "acme/util.py": "", "acme/data.txt": "1", **package("sound")})
    lock_directory(folder)
    change(folder)
    manager = plugins(folder)
    record = manager.get("acme")
    assert (record.refusal, record.reason) == ("changed", f"changed: {reason}")
    assert record.hint == f"look at it, then: tuneport plugins lock {folder}"
    assert manager.resolve("formats", "sound").plugin == "sound"


def test_pinned_code_may_move_within_its_directory(tmp_path: Path) -> None:
    """What counts is the name and the bytes."""
    folder = write(tmp_path / "plugins", package())
    lock_directory(folder)
    (folder / "deeper").mkdir()
    (folder / "acme").rename(folder / "deeper/acme")
    assert only(plugins(folder)).state == "ready"


def test_pinned_bytes_do_not_serve_under_another_name(tmp_path: Path) -> None:
    """The lock file pins a name to bytes."""
    folder = write(tmp_path / "plugins", {"acme.py": FORMAT.format(name="acme"), "acme.json": manifest()})
    lock_directory(folder)
    lock = json.loads(Path(f"{folder}.lock.json").read_text())
    lock["plugins"][0]["name"] = "other"
    Path(f"{folder}.lock.json").write_text(json.dumps(lock))
    assert only(plugins(folder)).reason == "untrusted: not in the lock file"


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("digest", "0" * 64, "the lock file contradicts itself: its digest is not that of its files"),
        ("files", {"acme/x.py": "0" * 64}, "acme/__init__.py is new, and 2 more since it was locked"),
    ],
)
def test_a_lock_file_has_to_say_one_thing(tmp_path: Path, key: str, value: object, reason: str) -> None:
    """Digest and files both have to fit: what a reader sees in it is what counts."""
    folder = write(tmp_path / "plugins", package())
    lock_directory(folder)
    path = Path(f"{folder}.lock.json")
    document = json.loads(path.read_text())
    document["plugins"][0][key] = value
    path.write_text(json.dumps(document))
    assert only(plugins(folder)).reason == f"changed: {reason}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "cannot be read"),
        ('{"version": 2, "plugins": []}', "has version 2; this host knows 1"),
        ('{"version": 1, "plugins": [], "more": 1}', "unknown field `more`"),
    ],
)
def test_a_lock_file_that_cannot_be_read_pins_nothing(tmp_path: Path, text: str, reason: str) -> None:
    """Every plugin says why, and none runs."""
    folder = write(tmp_path / "plugins", package())
    Path(f"{folder}.lock.json").write_text(text)
    record = only(plugins(folder))
    assert record.refusal == "untrusted"
    assert reason in record.reason


def test_a_lock_file_that_anybody_may_write_to_pins_nothing(tmp_path: Path) -> None:
    """Whoever may change the lock file could run anything."""
    folder = write(tmp_path / "plugins", package())
    lock_directory(folder)
    Path(f"{folder}.lock.json").chmod(0o666)
    assert only(plugins(folder)).reason == f"unsafe: anybody may write to {folder}.lock.json"


def test_any_code_runs_where_that_is_asked_for_and_is_told_loudly(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """`trust="any"` runs what nothing pins, with a warning that names plugin, place and digest when it does."""
    folder = write(tmp_path / "plugins", package())
    manager = plugins(folder, "any")
    assert not caplog.records
    assert manager.resolve("formats", "acme").plugin == "acme"
    (said,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert said.startswith(
        f"UNPINNED CODE RUNS: plugin acme from {folder}/acme/plugin.json, SHA-256 {only(manager).digest}"
    )


def test_pinned_code_is_no_news(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Under `trust="any"`, too, what is pinned runs without a warning."""
    folder = write(tmp_path / "plugins", package())
    lock_directory(folder)
    plugins(folder, "any").resolve("formats", "acme")
    assert not caplog.records


def test_an_unknown_trust_is_an_error(tmp_path: Path) -> None:
    """A misspelt word is never taken for one that trusts."""
    with pytest.raises(UnknownNameError, match='did you mean "pinned"'):
        plugins(tmp_path, "pined")
    with pytest.raises(UnknownNameError):
        PluginManager(discover=False).scan_plugin_directory(tmp_path, trust="all")


def test_files_that_a_manifest_lists_have_to_be_what_it_says(tmp_path: Path) -> None:
    """A listed file that differs, is missing or has no real digest refuses the plugin; one that fits grants nothing."""
    digest = hashlib.sha256(FORMAT.format(name="acme").encode()).hexdigest()
    for files, reason in (
        ({"__init__.py": "0" * 64}, "changed: __init__.py differs; plugin.json lists its SHA-256"),
        ({"gone.py": digest}, "changed: gone.py is missing; plugin.json lists its SHA-256"),
        ({"__init__.py": "x"}, "changed: files.__init__.py of plugin.json is no SHA-256"),
    ):
        folder = write(tmp_path / "plugins", package(code=FORMAT.format(name="acme"), files=files))
        assert only(plugins(folder, "any")).reason == reason
    write(folder, package(files={"__init__.py": digest.upper()}))
    assert only(plugins(folder)).refusal == "untrusted"
    assert only(plugins(folder, "any")).usable


def test_a_signature_of_the_manifest_is_no_trust(tmp_path: Path) -> None:
    """`plugin.json.sig` has to be the manifest's SHA-256; where it is, the plugin has to be pinned all the same."""
    folder = write(tmp_path / "plugins", {**package(), "acme/plugin.json.sig": "0" * 64 + "\n"})
    assert only(plugins(folder, "any")).reason == "changed: plugin.json is not what plugin.json.sig says"
    digest = hashlib.sha256((folder / "acme/plugin.json").read_bytes()).hexdigest()
    (folder / "acme/plugin.json.sig").write_text(f"{digest}\n")
    assert only(plugins(folder)).refusal == "untrusted"
    assert only(plugins(folder, "any")).usable


def test_one_bad_plugin_never_harms_the_others(tmp_path: Path) -> None:
    """Not even by claiming their name: what cannot be trusted is not believed."""
    folder = write(tmp_path / "plugins", package())
    lock_directory(folder)
    write(folder, {"evil/plugin.json": manifest(module="evil"), "evil/__init__.py": ""})
    write(folder, {"broken.json": "{", "big.json": b"{" * (2 << 20), "lost.json": manifest("lost", module="nowhere")})
    manager = plugins(folder)
    assert manager.resolve("formats", "acme").plugin == "acme"
    refused = {Path(record.origin).parent.name: record.refusal for record in manager.list(state="refused")}
    assert refused == {"evil": "untrusted"}
    assert {record.name for record in manager.list(state="failed")} == {"broken", "big", "lost"}
