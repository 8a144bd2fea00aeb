"""What a plugin says of itself, or is called on the disk, never breaks or forges what is shown."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from host.plugin_manager.dropping import manifest, package, wheel, write

Said = Callable[..., tuple[int, str, str]]

FORGED = "harmless\ntrust         pinned\x1b[31m\u202e"


def test_a_plugin_writes_no_lines_of_its_own(said: Said, tmp_path: Path) -> None:
    """Not in any of its fields; as JSON they are what they are."""
    more: dict[str, Any] = {"requires": [FORGED], "aliases": {FORGED: FORGED}, "codes": {FORGED: FORGED}}
    forged = manifest(description=FORGED, version=FORGED, type=FORGED, **more)
    folder = write(tmp_path / "plugins", {**package(), "acme/plugin.json": forged})
    plugins = ("--plugin-dir", folder)
    shown = said("plugins", "show", "acme", *plugins)[1]
    assert not [line for line in shown.splitlines() if line.startswith("trust")]
    assert shown.count("harmless trust pinned?[31m?") == 8
    assert json.loads(said("plugins", "show", "acme", *plugins, "--json")[1])["description"] == FORGED
    for asked in (("list", *plugins), ("doctor", *plugins), ("validate", folder), ("lock", folder)):
        out = said("plugins", *asked)[1]
        assert not [line for line in out.splitlines() if line.startswith("trust")], asked
        assert "\x1b" not in out


def test_names_on_the_disk_write_no_lines_either(said: Said, tmp_path: Path) -> None:
    """A folder may be called as it likes."""
    folder = write(tmp_path / "plugins", {"a\nb/x.py": "", "c\nd.json": "{"})
    for command in ("list", "doctor"):
        out = said("plugins", command, "--plugin-dir", folder)[1]
        assert not [line for line in out.splitlines() if line[:1] in {"b", "d"}]


def test_a_name_that_is_no_utf_8_is_shown_with_escapes(said: Said, tmp_path: Path) -> None:
    """In every document: bytes that no text can hold are no reason to say nothing."""
    folder = write(tmp_path / "plugins", {})
    for name, files in ((b"bad\xff", package()), (b"lost\xff", {"x.py": ""}), (b"broken\xff", {"plugin.json": "{"})):
        place = Path(os.fsdecode(bytes(folder) + b"/" + name))
        write(place, files)
    Path(os.fsdecode(bytes(folder) + b"/z\xff.json")).write_text(manifest("z", module="z"))
    plugins = ("--plugin-dir", folder, "--json")
    rows = json.loads(said("plugins", "list", *plugins)[1])["plugins"]
    origins = {row["name"]: row["origin"] for row in rows if str(folder) in row["origin"]}
    assert origins == {
        "acme": f"{folder}/bad\\udcff/acme/plugin.json",
        "broken\\udcff": f"{folder}/broken\\udcff/plugin.json",
        "lost\\udcff": f"{folder}/lost\\udcff",
        "z": f"{folder}/z\\udcff.json",
    }
    assert not json.loads(said("plugins", "doctor", *plugins)[1])["ok"]
    assert said("plugins", "validate", folder, "--json")[0] == 1
    first, second = (json.loads(said("plugins", "lock", folder, "--json")[1]) for _ in range(2))
    assert [one["path"] for one in first["plugins"]] == ["plugins/bad\\udcff/acme/plugin.json"]
    assert (first["changed"], second["changed"]) == (True, False)
    rows = json.loads(said("plugins", "list", *plugins)[1])["plugins"]
    assert [row["state"] for row in rows if row["name"] == "acme"] == ["ready"]


def test_a_directory_whose_name_is_no_utf_8_can_be_locked(said: Said, tmp_path: Path) -> None:
    """Again and again, and its wheels run."""
    folder = Path(os.fsdecode(bytes(tmp_path) + b"/plug\xffins"))
    write(folder, package())
    wheel(folder, package("b"), name="b")
    for changed in (True, False):
        document = json.loads(said("plugins", "lock", folder, "--json")[1])
        assert document["changed"] == changed
        assert document["lock"] == f"{tmp_path}/plug\\udcffins.lock.json"
    rows = json.loads(said("plugins", "list", "--plugin-dir", folder, "--json")[1])["plugins"]
    assert {row["name"]: row["state"] for row in rows if row["name"] in {"acme", "b"}} == {
        "acme": "ready",
        "b": "ready",
    }
