"""Whether a plugin can be deployed: its folder, manifest or wheel."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from host.dropping import ACME, CODE, dropped, only
from tuneport.errors import PluginError
from tuneport.plugin_manager.diagnosis import validate_plugin

ROOT = Path(__file__).parents[2]
DEPLOYABLE = [
    *sorted(path for path in (ROOT / "src/plugins").iterdir() if path.is_dir()),
    ROOT / "examples/acme",
    ROOT / "examples/whole_exporter",
    ROOT / "plugin_manifests",
    *sorted((ROOT / "plugin_manifests").glob("*.json")),
]


@pytest.mark.parametrize("path", DEPLOYABLE, ids=lambda path: path.name)
def test_our_own_plugins_can_be_deployed(path: Path) -> None:
    """Folders, pointers and examples alike: not even a note."""
    assert validate_plugin(path) == []


@pytest.mark.parametrize("folder", ["examples/acme", "src/plugins/jsonl_llm"])
def test_our_own_code_and_manifests_agree(folder: str) -> None:
    """Imported from where they stand."""
    assert validate_plugin(ROOT / folder, imports=True) == []


@pytest.mark.parametrize(
    ("change", "where", "message", "hint"),
    [
        ({"provide": {}}, "provide", "unknown key", 'did you mean "provides"?'),
        ({"api": ">=9"}, "api", "needs plugin API >=9, this host speaks 1.0", ">=1.0,<2"),
        ({"api": "one"}, "api", "no version specifier", ">=1.0,<2"),
        ({"provides": {"format": ["acme"]}}, "provides.format", "unknown kind", 'did you mean "formats"?'),
        ({"provides": {"formats": ["a b"]}}, "provides.formats", "'a b' is no name", "letters"),
        ({"provides": {"formats": ["a", "a"]}}, "provides.formats", "a name stands there twice", "keep one"),
        ({"aliases": {"x": "acne"}}, "aliases.x", "stands for 'acne'", 'did you mean "acme"?'),
        ({"requires": ["acme >> 2"]}, "requires", "'acme >> 2' is no requirement", "acme>=1.2"),
        ({"name": "a:b"}, "", "'a:b' is no name for a plugin", ""),
        ({"load_priority": "first"}, "", "load_priority", ""),
        ({"module": "elsewhere"}, "", "elsewhere", ""),
        ({"module": "a b"}, "", "neither module nor module:attribute", ""),
        ({"files": {"__init__.py": "0" * 64}}, "", "__init__.py differs", ""),
        ({"files": {"gone.py": "0" * 64}}, "", "gone.py is missing", ""),
    ],
)
def test_a_wrong_manifest_is_told(tmp_path: Path, change: dict[str, Any], where: str, message: str, hint: str) -> None:
    """Each with the key it stands at; what is told exactly is not told a second time."""
    folder = dropped(tmp_path / "plugins", {**ACME, **change})
    finding = only([one for one in validate_plugin(folder) if one.severity == "error"])
    assert str(folder / "acme") in finding.where
    assert finding.where.endswith(f": {where}" if where else "")
    assert message in finding.message
    assert hint in finding.hint


def test_all_that_is_wrong_with_a_manifest_is_told_at_once(tmp_path: Path) -> None:
    """Errors first, then what is merely worth knowing."""
    manifest = {"name": "acme", "module": "acme", "api": "?", "requires": ["?"], "provides": {"?": []}, "colour": "red"}
    found = validate_plugin(dropped(tmp_path / "plugins", manifest))
    assert [finding.severity for finding in found] == ["error", "error", "error", "note"]
    assert [finding.where.rpartition(": ")[2] for finding in found] == ["api", "provides.?", "requires", "colour"]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("acme/fast.so", b"", "acme/fast.so is compiled"),
        ("acme/run.pth", b"import os", "acme/run.pth is compiled, or runs unasked"),
        ("acme/plugin.json.sig", b"0" * 64, "plugin.json is not what plugin.json.sig says"),
    ],
)
def test_forbidden_and_forged_files_are_told(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    """What could never be trusted is told before it is deployed."""
    folder = dropped(tmp_path / "plugins")
    (folder / name).write_bytes(data)
    assert message in only(validate_plugin(folder)).message


def test_a_link_and_a_name_of_pythons_own_are_told(tmp_path: Path) -> None:
    """A link may lead anywhere; a module called json would stand in for Python's."""
    linked = dropped(tmp_path / "linked")
    (linked / "acme/data.txt").symlink_to("/etc/hostname")
    assert "is a symbolic link" in only(validate_plugin(linked)).message
    shadowing = tmp_path / "shadowing"
    shadowing.mkdir()
    (shadowing / "json.py").write_text("")
    (shadowing / "own.json").write_text('{"name": "own", "module": "json", "api": "", "provides": {}}')
    assert "json" in next(one for one in validate_plugin(shadowing) if one.severity == "error").message


def test_code_without_a_manifest_is_told(tmp_path: Path) -> None:
    """With the manifest that it lacks; an empty folder holds no plugin."""
    (tmp_path / "tool.py").write_text(CODE)
    finding = only(validate_plugin(tmp_path))
    assert "without a manifest" in finding.message
    assert '"module": "tool"' in finding.hint
    (tmp_path / "tool.py").unlink()
    assert only(validate_plugin(tmp_path)).message == "no plugin is there"


def wheel(path: Path, manifest: Mapping[str, Any] = ACME, code: str = CODE, *files: str) -> Path:
    """A wheel with the plugin acme."""
    made = path / "acme-1.0-py3-none-any.whl"
    info = "acme-1.0.dist-info"
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("acme/__init__.py", code)
        archive.writestr("acme/plugin.json", json.dumps(manifest))
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
        archive.writestr(f"{info}/entry_points.txt", "[tuneport.plugins]\nacme = acme\n")
        for name in files:
            archive.writestr(name, "")
    return made


def test_a_wheel_is_checked_like_a_folder(tmp_path: Path) -> None:
    """Its manifest, its files, and what its code says when it is imported."""
    assert validate_plugin(wheel(tmp_path), imports=True) == []
    assert only(validate_plugin(wheel(tmp_path, {**ACME, "api": ">=9"}))).where.endswith("acme/plugin.json: api")
    assert "compiled" in only(validate_plugin(wheel(tmp_path, ACME, CODE, "acme/fast.so"))).message
    broken = only(validate_plugin(wheel(tmp_path, code="1 / 0"), imports=True))
    assert broken.message == "it cannot be imported: ZeroDivisionError: division by zero"


@pytest.mark.parametrize(("code", "message"), [("import os; os._exit(0)", "ended the process"), ("", "disagree")])
def test_code_that_breaks_or_disagrees_is_told(tmp_path: Path, code: str, message: str) -> None:
    """Only where imports are asked for."""
    folder = dropped(tmp_path / "plugins", code=code)
    for path in (folder, folder / "acme", folder / "acme/plugin.json"):
        assert validate_plugin(path) == []
        assert message in only(validate_plugin(path, imports=True)).message


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A wrong path is no wrong plugin."""
    with pytest.raises(PluginError, match="nowhere does not exist"):
        validate_plugin(tmp_path / "nowhere")
