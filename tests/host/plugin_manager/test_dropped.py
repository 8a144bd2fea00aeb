"""What may stand in a plugin directory, and what only looks as if it did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from host.plugin_manager.dropping import Files, installed, locked, manifest, package, wheel, write
from host.plugin_manager.making import FORMAT
from tuneport import PluginManager
from tuneport.errors import PluginError

ACME = FORMAT.format(name="acme")

SHAPES: dict[str, Files] = {
    "a manifest beside its module": {"acme.json": manifest(), "acme.py": ACME},
    "a manifest beside its package": {"acme.json": manifest(), "acme/__init__.py": ACME},
    "a manifest of another name": {"x.json": manifest(), "acme.py": ACME},
    "a manifest beside a package that has one": {
        "acme.json": manifest(),
        "acme/__init__.py": ACME,
        "acme/plugin.json": '{"name": "acme", "version": "9"}',
    },
    "a manifest under the key plugin": {"acme.json": json.dumps({"plugin": json.loads(manifest())}), "acme.py": ACME},
    "a package that holds its manifest": package(),
    "a project that holds such a package": {**{f"project/{k}": v for k, v in package().items()}, "project/README": ""},
    "a folder with a manifest beside the module": {"drop/plugin.json": manifest(), "drop/acme.py": ACME},
    "a folder with a manifest beside the package": {"drop/plugin.json": manifest(), "drop/acme/__init__.py": ACME},
    "a folder of the package's name around it": {"acme/plugin.json": manifest(), "acme/acme/__init__.py": ACME},
    "a manifest deep in its package": {
        "top/__init__.py": "",
        "top/inner/__init__.py": ACME,
        "top/inner/plugin.json": manifest(module="top.inner"),
    },
    "an attribute": {
        "acme.json": manifest(module="acme.inner:plugin"),
        "acme/__init__.py": "",
        "acme/inner.py": f"{ACME}\nimport sys\nplugin = sys.modules[__name__]",
    },
}


@pytest.mark.parametrize("files", SHAPES.values(), ids=SHAPES)
def test_a_plugin_may_be_dropped_in_in_many_shapes(tmp_path: Path, files: Files) -> None:
    """Each is one plugin, runs once it is pinned, and leaves no trace among what is installed."""
    import sys

    folder = write(tmp_path / "plugins", files)
    path = list(sys.path)
    manager = locked(folder)
    (record,) = manager.list()
    assert (record.name, record.state, record.installed) == ("acme", "ready", False)
    assert manager.resolve("formats", "acme").plugin == "acme"
    assert manager.scan_plugin_directory(folder) == 0
    assert sys.path == path
    assert not {"acme", "top"} & set(sys.modules)


def test_the_directory_may_be_a_plugins_own_package(tmp_path: Path) -> None:
    """Then its files are no plugins that lack a manifest."""
    folder = write(tmp_path, {**package(), "acme/more.py": "", "acme/inner/__init__.py": ""}) / "acme"
    manager = locked(folder)
    assert [record.name for record in manager.list()] == ["acme"]
    assert manager.resolve("formats", "acme").plugin == "acme"


def test_a_wheel_is_read_where_it_stands(tmp_path: Path) -> None:
    """By its entry point, or by the plugin.json in it; its version is the distribution's."""
    folder = tmp_path / "plugins"
    wheel(folder, {"acme/__init__.py": ACME}, entry="acme")
    wheel(folder, package("other", version="3"), name="other")
    manager = locked(folder)
    assert [(one.name, one.version, one.state) for one in manager.list()] == [
        ("acme", "1.0", "ready"),
        ("other", "3", "ready"),
    ]
    assert [manager.resolve("formats", name).plugin for name in ("acme", "other")] == ["acme", "other"]
    assert sorted(path.name for path in folder.iterdir()) == ["acme-1.0-py3-none-any.whl", "other-1.0-py3-none-any.whl"]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"../evil.py": ""}, "unsafe: '../evil.py' is no path below the plugin's folder"),
        ({"/etc/evil.py": ""}, "unsafe: '/etc/evil.py' is no path below"),
        ({"acme\\evil.py": ""}, "is no path below the plugin's folder"),
        ({"acme/evil.so": ""}, "unsafe: acme/evil.so is compiled"),
        ({"acme/evil.pyc": ""}, "unsafe: acme/evil.pyc is compiled"),
        ({"acme-1.0.data/purelib/acme/x.py": ""}, "belongs elsewhere once it is installed"),
        ({"json.py": ""}, "unsafe: it brings a module json, which is Python's own"),
        ({"other-1.0.dist-info/METADATA": ""}, "it has 2 dist-info folders, not one"),
        ({"acme/big.txt": "x" * ((16 << 20) + 1)}, "acme/big.txt is larger than 16 MiB"),
    ],
)
def test_a_wheel_that_is_unsafe_is_refused(tmp_path: Path, files: Files, reason: str) -> None:
    """Names that lead out of it, compiled code and the like: whatever is trusted."""
    folder = tmp_path / "plugins"
    wheel(folder, {"acme/__init__.py": ACME, **files}, entry="acme")
    wheel(folder, package("sound"), name="sound")
    manager = PluginManager([folder], discover=False, trust="any")
    assert reason in manager.get("acme").reason
    assert manager.get("sound").usable


def test_a_wheel_may_not_hide_a_name_behind_a_nul_nor_hold_one_twice(tmp_path: Path) -> None:
    """Python's own reading of names is not relied on."""
    import warnings
    import zipfile

    folder = tmp_path / "plugins"
    path = wheel(folder, {"acme/__init__.py": ACME, "acme/xy.py": ""}, entry="acme")
    path.write_bytes(path.read_bytes().replace(b"acme/xy.py", b"acme/x\0.py"))
    assert "is no path below the plugin's folder" in PluginManager([folder], discover=False).get("acme").reason
    path = wheel(folder, {"acme/__init__.py": ACME}, entry="acme")
    with warnings.catch_warnings(), zipfile.ZipFile(path, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("acme/__init__.py", "")
    assert "stands in it twice" in PluginManager([folder], discover=False).get("acme").reason
    path.write_bytes(path.read_bytes()[:-40])
    assert "is no wheel that can be read" in PluginManager([folder], discover=False).get("acme").reason


def test_what_pip_installs_into_a_folder_is_found(tmp_path: Path) -> None:
    """A distribution that announces a plugin runs with the others of the folder that it needs, privately."""
    import sys

    folder = tmp_path / "plugins"
    code = f"import click, helper_lib\n{ACME}"
    installed(folder, "acme", {"acme_code/__init__.py": code}, "acme_code", ("helper-lib>=1", "tuneport>=0.1", "click"))
    installed(folder, "helper_lib", {"helper_lib/__init__.py": "import deepest", "helper_lib/data.json": "{}"})
    write(folder, {"helper_lib/plugin.json": "no manifest: a library's own file"})
    installed(folder, "deepest", {"deepest.py": ""})
    (folder / "helper_lib-1.0.dist-info/METADATA").write_text(
        "Metadata-Version: 2.1\nName: helper-lib\nVersion: 1.0\nRequires-Dist: deepest\n"
    )
    installed(folder, "native", {"native.cpython-311-x86_64-linux-gnu.so": ""})
    installed(folder, "click", {"click/__init__.py": "raise RuntimeError('the host has its own')"})
    write(folder, {"bin/tool.py": "", "acme_code/__pycache__/x.pyc": b"old"})
    manager = locked(folder)
    (record,) = manager.list()
    assert (record.name, record.version, record.reason) == ("acme", "1.0", "")
    assert manager.resolve("formats", "acme").plugin == "acme"
    assert not {"helper_lib", "deepest", "acme_code"} & set(sys.modules)
    (folder / "deepest.py").write_text("1/0")
    changed = PluginManager([folder], discover=False).get("acme")
    assert changed.reason == "changed: deepest.py differs since it was locked"


def test_a_native_library_that_a_plugin_needs_is_named(tmp_path: Path) -> None:
    """It has to be installed beside the host."""
    folder = tmp_path / "plugins"
    installed(folder, "acme", {"acme_code/__init__.py": ACME}, "acme_code", ("nativelib",))
    installed(folder, "nativelib", {"nativelib/__init__.py": "", "nativelib/core.so": ""})
    record = PluginManager([folder], discover=False, trust="any").get("acme")
    assert record.reason.startswith("unsafe: nativelib/core.so is compiled")
    assert "pip" in record.hint


def test_the_host_itself_among_what_pip_installed_is_no_plugin(tmp_path: Path) -> None:
    """Its copy would run nothing: this host runs already."""
    installed(tmp_path / "p", "tuneport", {"tuneport/__init__.py": ""}, "tuneport_code")
    assert PluginManager([tmp_path / "p"], discover=False).list() == []


@pytest.mark.parametrize(
    ("files", "name", "reason"),
    [
        ({"acme.py": ACME}, "acme", "it is a Python file without a manifest"),
        ({"acme/__init__.py": ACME}, "acme", "it is a folder with Python code and without a plugin.json"),
        ({"drop/src/acme/code.py": ACME}, "drop", "it is a folder with Python code and without a plugin.json"),
        ({"acme/plugin.json": manifest(module="gone")}, "acme", "its module gone is neither beside it nor installed"),
        ({"acme/plugin.json": manifest(), "acme/data.txt": ""}, "acme", "its module acme is neither beside it"),
        ({"a-1/__init__.py": "", "a-1/plugin.json": manifest()}, "acme", "its module acme is neither beside it nor"),
        ({"acme.whl": b"PK"}, "acme.whl", "acme.whl is no wheel that can be read"),
        ({"x-1.dist-info/METADATA": "", "x-1.dist-info/RECORD": "", "x.py": ""}, "x", "has no METADATA that names it"),
    ],
)
def test_what_looks_like_a_plugin_is_never_ignored(tmp_path: Path, files: Files, name: str, reason: str) -> None:
    """It is listed as failed, with what is missing."""
    manager = PluginManager([write(tmp_path / "plugins", files)], discover=False, trust="any")
    record = manager.get(name)
    assert record.state == "failed"
    assert reason in record.reason
    assert record.hint


def test_linked_plugins_are_refused_by_name(tmp_path: Path) -> None:
    """A link in the directory to a folder or a file of code is told."""
    write(tmp_path / "elsewhere", package())
    folder = write(tmp_path / "plugins", package("sound"))
    (folder / "acme").symlink_to(tmp_path / "elsewhere/acme")
    (folder / "b.py").symlink_to(tmp_path / "elsewhere/acme/__init__.py")
    wheel(tmp_path / "elsewhere", package("c"), name="c")
    (folder / "c-1.0-py3-none-any.whl").symlink_to(tmp_path / "elsewhere/c-1.0-py3-none-any.whl")
    manager = PluginManager([folder], discover=False, trust="any")
    assert {one.name: one.reason for one in manager.list(state="refused")} == {
        "acme": f"unsafe: {folder}/acme is a symbolic link that leads out of {folder}",
        "b": f"unsafe: {folder}/b.py is a symbolic link that leads out of {folder}",
        "c": f"unsafe: {folder}/c-1.0-py3-none-any.whl is a symbolic link that leads out of {folder}",
    }
    assert manager.get("sound").usable


def test_a_manifest_and_its_package_have_to_agree(tmp_path: Path) -> None:
    """Two names for one plugin are an error, and both are listed: either may be the wrong one."""
    files = {"acme.json": manifest(), "acme/__init__.py": "", "acme/plugin.json": '{"name": "other"}'}
    one, other = PluginManager([write(tmp_path / "p", files)], discover=False).list()
    assert one.reason == "it says its name is acme; the plugin it points to says other"
    assert (other.name, other.state) == ("other", "failed")


def test_two_plugins_of_one_package_have_one_tree(tmp_path: Path) -> None:
    """Both are found, and share what they import."""
    code = "from top.common import name\n" + FORMAT
    files = {"top/__init__.py": "", "top/common.py": "name = 1"}
    for name in ("one", "two"):
        files |= {f"top/{name}/__init__.py": code.format(name=name)}
        files |= {f"top/{name}/plugin.json": manifest(name, module=f"top.{name}")}
    manager = locked(write(tmp_path / "plugins", files))
    assert [manager.resolve("formats", name).plugin for name in ("one", "two")] == ["one", "two"]
    assert manager.get("one").digest == manager.get("two").digest


def test_a_directory_may_be_named_through_a_link(tmp_path: Path) -> None:
    """`current -> v2` is how folders are switched; its lock file is the link's."""
    write(tmp_path / "v2", package())
    (tmp_path / "current").symlink_to("v2")
    manager = locked(tmp_path / "current")
    assert manager.resolve("formats", "acme").plugin == "acme"
    assert (tmp_path / "current.lock.json").exists()


def test_a_manifest_that_points_to_what_is_installed_may_be_a_link(tmp_path: Path) -> None:
    """No code of the directory runs; so configuration may be mounted as links."""
    write(tmp_path / "mounted", {"quality.json": '{"name": "quality", "module": "tuneport_quality"}'})
    folder = write(tmp_path / "plugins", {})
    (folder / "quality.json").symlink_to(tmp_path / "mounted/quality.json")
    assert PluginManager([folder], discover=False).get("quality").usable


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    """The error names it."""
    (tmp_path / "file").touch()
    with pytest.raises(PluginError, match="file does not exist"):
        PluginManager([tmp_path / "file"])
