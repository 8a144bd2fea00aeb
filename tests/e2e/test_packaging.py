"""What we ship: wheel and source distribution, and how they behave where they are installed."""

from __future__ import annotations

import ast
import json
import tarfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from pathlib import Path, PurePosixPath

import pytest
from tools import rows

import tuneport
from e2e.packaging_tools import ROOT, TOOLS, Site, site

BUNDLED = ("formats", "jsonl_llm", "lora_metadata", "quality", "sources", "training")
PLUGINS = {name: f"tuneport_{name}" for name in BUNDLED}
PACKAGES = {"tuneport": "src/host/tuneport"} | {p: f"src/plugins/{name}/{p}" for name, p in PLUGINS.items()}
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
OPTIONAL = {
    "benchmarks",
    "docs",
    "constraints.txt",
    "requirements-dev.txt",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
}
CACHES = {"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}


@pytest.fixture
def installed(needs: Callable[[str], None], tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The environment with everything in it, made once per session."""
    for tool in TOOLS:
        needs(tool)
    return site(tmp_path_factory.getbasetemp() / "packaging")


def _files(folder: Path) -> set[str]:
    """Every file below a folder that is not a cache's, relative to it."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix() for path in found if not CACHES & set(path.parts)}


def _members(wheel: Path) -> dict[str, int]:
    """Path to checksum of everything in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {member.filename: member.CRC for member in archive.infolist()}


def _parts(sdist: Path) -> set[PurePosixPath]:
    """The files of a source distribution, below its one folder."""
    with tarfile.open(sdist) as archive:
        paths = {PurePosixPath(member.name) for member in archive if member.isfile()}
    assert {path.parts[0] for path in paths} == {f"tuneport-{VERSION}"}
    return {PurePosixPath(*path.parts[1:]) for path in paths}


def test_the_wheel_holds_the_packages_and_nothing_else(installed: Site) -> None:
    """Four packages, file by file those of the tree, and the distribution's own records."""
    names = set(_members(installed.wheel))
    info = f"tuneport-{VERSION}.dist-info"
    records = {f"{info}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE")}
    packaged = {f"{package}/{file}" for package, folder in PACKAGES.items() for file in _files(ROOT / folder)}
    assert names == packaged | records
    assert {name.split("/")[0] for name in names} == {*PACKAGES, info}


def test_the_wheel_holds_modules_markers_and_manifests_only(installed: Site) -> None:
    """Each package is typed, each plugin has its manifest, and no file is of any other kind, tests among them."""
    inside = [PurePosixPath(name) for name in _members(installed.wheel) if ".dist-info/" not in name]
    others = {str(path) for path in inside if path.suffix != ".py"}
    assert others == {f"{p}/py.typed" for p in PACKAGES} | {f"{p}/plugin.json" for p in PLUGINS.values()}
    assert not [path for path in inside if path.name.startswith(("test_", "conftest")) or "tests" in path.parts]


def test_every_plugin_folder_is_packaged() -> None:
    """A plugin that is added to the tree has to be added to the wheel, and to this list."""
    folders = {path.name for path in (ROOT / "src/plugins").iterdir() if path.is_dir() and path.name not in CACHES}
    assert folders == set(PLUGINS)


def test_the_wheel_announces_the_command_and_each_plugin(installed: Site) -> None:
    """One console script, and one entry point per plugin under the manifest's own name."""
    with zipfile.ZipFile(installed.wheel) as archive:
        text = archive.read(f"tuneport-{VERSION}.dist-info/entry_points.txt").decode()
        manifests = {name: json.loads(archive.read(f"{package}/plugin.json")) for name, package in PLUGINS.items()}
    parser = ConfigParser()
    parser.read_string(text)
    announced = {section: dict(parser[section]) for section in parser.sections()}
    assert announced == {"console_scripts": {"tuneport": "tuneport.commands.main:main"}, "tuneport.plugins": PLUGINS}
    said = {name: (manifest["name"], manifest["module"], manifest["version"]) for name, manifest in manifests.items()}
    assert said == {name: (name, package, VERSION) for name, package in PLUGINS.items()}
    assert tuneport.__version__ == VERSION


def test_the_sdist_holds_what_it_takes_to_work_on_it(installed: Site) -> None:
    """Sources, tests, examples and the files around them, and no caches or results."""
    paths = _parts(installed.sdist)
    expected = {"README.md", "LICENSE", "Makefile", "pyproject.toml", "src", "tests", "examples", "plugin_manifests"}
    # A folder without a file in it is in no archive.
    here = {name for name in expected if (ROOT / name).is_file() or _files(ROOT / name)}
    tops = {path.parts[0] for path in paths}
    assert here >= {"README.md", "LICENSE", "pyproject.toml", "src", "tests", "examples"}
    assert tops >= here
    assert tops - expected <= {"PKG-INFO", ".gitignore", *OPTIONAL}
    assert {str(path.relative_to("src")) for path in paths if path.parts[0] == "src"} == _files(ROOT / "src")
    assert PurePosixPath("examples/acme/tuneport_acme/plugin.json") in paths
    assert PurePosixPath("tests/e2e/test_packaging.py") in paths
    unwanted = {".pyc", ".db", ".whl", ".gz"}
    assert not [path for path in paths if CACHES & set(path.parts) or path.suffix in unwanted or "demo" in path.parts]


def test_the_sdist_builds_the_same_wheel(installed: Site) -> None:
    """What is built from the source distribution is, file by file, what is built from the checkout."""
    assert _members(installed.wheel_of_sdist) == _members(installed.wheel)


def test_the_demo_runs_beside_a_users_own_plugins_and_host_folders(installed: Site, tmp_path: Path) -> None:
    """Packages named `plugins` and `host` in the working directory are not taken for ours, nor imported."""
    beside, alone = tmp_path / "beside", tmp_path / "alone"
    for name in ("plugins", "host"):
        (beside / name).mkdir(parents=True)
        (beside / name / "__init__.py").write_text("raise RuntimeError('a folder of the user')\n")
    alone.mkdir()
    command = ("-c", "from tuneport.commands.main import main; main()")  # puts the working directory on sys.path
    made = installed.python(*command, "demo", "--rows", "300", cwd=beside)
    assert made.returncode == 0, made.stderr
    done = installed.python(*command, "export", "demo/faq.toml", "--json", cwd=beside)
    assert done.returncode == 0, done.stderr
    assert installed.tuneport("demo", "--rows", "300", cwd=alone).returncode == 0
    said, same = json.loads(done.stdout), installed.tuneport("export", "demo/faq.toml", "--json", cwd=alone)
    assert (said["status"], said["total_entities"]) == ("published", 300)
    assert said["exported_entities"] > 200
    assert said["digest"] == json.loads(same.stdout)["digest"]
    written = rows(beside / "demo/faq")
    assert len(written) == said["formats"]["tuneport"]["rows"] == said["exported_entities"]


@pytest.mark.parametrize("arguments", ["--help", "--version", "export --help", "plugins --help", "plugins list --help"])
def test_help_imports_no_library_of_a_run_and_no_plugin(installed: Site, tmp_path: Path, arguments: str) -> None:
    """The installed command answers for help from click and a static table."""
    script = str(installed.home / "bin" / "tuneport")
    done = installed.python("-X", "importtime", script, *arguments.split(), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    imported = _imported(done.stderr)
    assert "tuneport.commands.main" in imported
    assert _heavy(imported) == set()


def test_importing_tuneport_imports_nothing_heavy(installed: Site, tmp_path: Path) -> None:
    """`import tuneport` is nothing but names; asking for one of them imports what it needs."""
    done = installed.python("-X", "importtime", "-c", "import tuneport", cwd=tmp_path)
    imported = _imported(done.stderr)
    assert "tuneport" in imported
    assert {name for name in imported if name.startswith("tuneport.")} == set()
    assert _heavy(imported) == set()
    asked = _imported(installed.python("-X", "importtime", "-c", "from tuneport import Config", cwd=tmp_path).stderr)
    assert "pydantic" in _heavy(asked)


def test_a_command_whose_libraries_are_missing_says_how_to_install_them(installed: Site, tmp_path: Path) -> None:
    """Where tuneport is installed without the extra, it names what is missing, in one line, and makes nothing."""
    done = installed.tuneport("tiny-model", "tiny", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.splitlines()[:2] == [
        "a tiny model needs torch, transformers and tokenizers, which are not installed",
        "pip install 'tuneport[train]'",
    ]
    assert list(tmp_path.iterdir()) == []


def _imported(importtime: str) -> set[str]:
    """The modules that `-X importtime` lists."""
    lines = (line for line in importtime.splitlines() if line.startswith("import time:"))
    return {line.rpartition("|")[2].strip() for line in lines}


def _heavy(modules: set[str]) -> set[str]:
    """Those that `--help` has no use for: a run's libraries, the search for plugins, plugins."""
    libraries = {"pydantic", "msgspec", "jsonschema_rs", "pluggy", "rich", "xxhash", "zstandard"}
    plugins = {name for name in modules if name.startswith("tuneport_")}
    return {name for name in modules if name.split(".")[0] in libraries or name == "importlib.metadata"} | plugins


def test_every_public_name_is_listed_in_order_and_resolves() -> None:
    """`__all__` is sorted, without repetition, is what `dir` shows, and each name can be had."""
    assert list(tuneport.__all__) == sorted(set(tuneport.__all__))
    assert dir(tuneport) == list(tuneport.__all__)
    for name in tuneport.__all__:
        assert getattr(tuneport, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Exporters'"):
        getattr(tuneport, "Exporters")  # noqa: B009  -- mypy knows that it is not there


@pytest.mark.parametrize("package", list(PLUGINS.values()))
def test_a_bundled_plugin_imports_what_any_plugin_may(package: str) -> None:
    """The bundled plugins have no privileged path: public names of tuneport, and their own package."""
    modules = sorted((ROOT / PACKAGES[package]).rglob("*.py"))
    found = {path.name: list(private_imports(path.read_text(encoding="utf-8"), package)) for path in modules}
    assert found["__init__.py"] == []
    assert {name: imports for name, imports in found.items() if imports} == {}


@pytest.mark.parametrize(
    ("line", "allowed"),
    [
        ("from tuneport import Config, Sample", True),
        ("from tuneport import storage", True),
        ("from tuneport.errors import SourceError", True),
        ("from tuneport_mine.rows import Rows", True),
        ("import json, msgspec.json", True),
        ("if TYPE_CHECKING:\n    from tuneport.hookspecs import Register", True),
        ("from tuneport.hookspecs import Register", False),
        ("if TYPE_CHECKING:\n    pass\nelse:\n    from tuneport.hookspecs import Register", False),
        ("from tuneport import FormatInfo", False),
        ("from tuneport import Config, runs", False),
        ("def f():\n    from tuneport.runs import export", False),
        ("if TYPE_CHECKING:\n    from tuneport.runs import export", False),
        ("from tuneport.storage import _private", False),
        ("import tuneport.runs.storage as s", False),
        ("from tuneport_formats import card", False),
        ("import tuneport_formats", False),
    ],
)
def test_the_check_of_imports_sees_what_it_should(line: str, allowed: bool) -> None:
    """An inner module, a private name or another plugin is found wherever it is imported."""
    assert (not list(private_imports(line, "tuneport_mine"))) is allowed


OPEN = ("config", "errors", "expressions", "nesting", "schemas", "testing", "storage")


def private_imports(source: str, package: str) -> Iterator[str]:
    """The imports of a plugin's module that no plugin may make."""
    yield from _private(ast.parse(source), package, typing=False)


def _private(node: ast.AST, package: str, *, typing: bool) -> Iterator[str]:
    if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
        for inner in node.body:
            yield from _private(inner, package, typing=True)
        for inner in node.orelse:
            yield from _private(inner, package, typing=typing)
        return
    if isinstance(node, ast.Import):
        yield from (f"import {a.name}" for a in node.names if _of_ours(a.name) and a.name.split(".")[0] != package)
    if isinstance(node, ast.ImportFrom) and node.level == 0 and _of_ours(node.module or ""):
        names = [alias.name for alias in node.names]
        if not _may(node.module or "", names, package, typing=typing):
            yield ast.unparse(node)
    for child in ast.iter_child_nodes(node):
        yield from _private(child, package, typing=typing)


def _of_ours(module: str) -> bool:
    top = module.split(".")[0]
    return top == "tuneport" or top.startswith("tuneport_")


def _may(module: str, names: list[str], package: str, *, typing: bool) -> bool:
    if module.split(".")[0] == package:
        return True
    if module == "tuneport":
        return set(names) <= {*tuneport.__all__, *OPEN}
    if module == "tuneport.hookspecs":
        return typing
    return module in {f"tuneport.{name}" for name in OPEN} and not any(name.startswith("_") for name in names)
