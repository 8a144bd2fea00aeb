"""Plugins of a directory as an operator meets them: refused, locked, run, changed, diagnosed."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
from pathlib import Path
from tuneport import hookimpl

Path({mark!r}).write_text("imported")

def greet(name: str):
    return f"hello {{name}}"

@hookimpl
def register_commands(register):
    register("greet", greet, doc="Greet somebody")
"""


def tuneport(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one command line in an environment that says nothing of plugins but this."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("TUNEPORT_")}
    command = [sys.executable, "-W", "error", "-m", "tuneport", *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, env={**own, **environment}, capture_output=True, text=True, encoding="utf-8", check=False
    )


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    """A plugin directory; its one plugin leaves a mark when it is imported."""
    package = tmp_path / "plugins/greeter"
    package.mkdir(parents=True)
    manifest = {"name": "greeter", "version": "1.0", "module": "greeter", "provides": {"commands": ["greet"]}}
    manifest |= {"api": ">=1.0,<2", "codes": {"shy": "Nobody was there to greet."}}
    (package / "plugin.json").write_text(json.dumps(manifest))
    (package / "__init__.py").write_text(CODE.format(mark=str(tmp_path / "mark")))
    return tmp_path / "plugins"


def test_a_plugin_is_refused_locked_run_and_refused_again(plugins: Path, tmp_path: Path) -> None:
    """The list says how to lock it; locked, its command runs; changed, it is refused, and the file is named."""
    here = ("--plugin-dir", plugins)
    listed = tuneport("plugins", "list", *here, cwd=tmp_path)
    assert listed.returncode == 0
    assert "untrusted" in listed.stdout
    fix = next(line for line in listed.stdout.splitlines() if "tuneport plugins lock" in line).partition("tuneport ")[2]
    assert tuneport("greet", "Ann", *here, cwd=tmp_path).returncode == 77
    assert not (tmp_path / "mark").exists()

    locked = tuneport(*shlex.split(fix), cwd=tmp_path)
    lock = tmp_path / "plugins.lock.json"
    assert (locked.returncode, locked.stderr) == (0, "")
    assert locked.stdout == f"{lock.name} pins 1 plugin of {plugins.name}\n\n  added      greeter 1.0\n"
    assert lock.is_file()
    ran = tuneport("greet", "Ann", *here, cwd=tmp_path)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "hello Ann\n", "")

    code = plugins / "greeter/__init__.py"
    code.write_text(code.read_text().replace("hello", "goodbye"))
    doctor = tuneport("plugins", "doctor", *here, cwd=tmp_path)
    assert doctor.returncode == 1
    assert "greeter/__init__.py differs" in doctor.stdout
    assert tuneport("greet", "Ann", *here, cwd=tmp_path).returncode == 77
    again = tuneport("plugins", "lock", plugins, cwd=tmp_path)
    assert "changed    greeter 1.0   greeter/__init__.py\n" in again.stdout
    assert "the same as before" in tuneport("plugins", "lock", plugins, cwd=tmp_path).stdout
    assert tuneport("greet", "Ann", *here, cwd=tmp_path).stdout == "goodbye Ann\n"


def test_only_imports_import(plugins: Path, tmp_path: Path) -> None:
    """List, show, doctor, validate, lock and explain run no code of a plugin; `--imports` does, in a child."""
    here, mark = ("--plugin-dir", plugins), tmp_path / "mark"
    assert tuneport("plugins", "lock", plugins, cwd=tmp_path).returncode == 0
    silent: list[tuple[object, ...]] = [
        ("plugins", "list", *here),
        ("plugins", "list", "--kind", "command", *here),
        ("plugins", "show", "greeter", *here),
        ("plugins", "doctor", *here),
        ("plugins", "validate", plugins),
        ("explain", "greeter:shy", *here),
    ]
    for asked in silent:
        ran = tuneport(*asked, cwd=tmp_path)
        assert (ran.returncode, ran.stderr) == (0, ""), asked
        assert not mark.exists(), asked
    loud: list[tuple[object, ...]] = [
        ("plugins", "doctor", "--imports", *here),
        ("plugins", "validate", plugins, "--imports"),
    ]
    for asked in loud:
        assert tuneport(*asked, cwd=tmp_path).returncode == 0, asked
        mark.unlink()


def test_trust_is_asked_for_on_the_command_line_or_in_the_environment(plugins: Path, tmp_path: Path) -> None:
    """`any` runs what nothing pins; anything behind `--` is no option."""
    here = ("--plugin-dir", plugins)
    ran = tuneport("--trust", "any", "greet", "Ann", *here, cwd=tmp_path)
    assert ran.stdout == "hello Ann\n"
    assert "UNPINNED CODE RUNS: plugin greeter" in ran.stderr
    assert tuneport("greet", "Ann", *here, cwd=tmp_path, TUNEPORT_TRUST="any").stdout == "hello Ann\n"
    assert tuneport("greet", "Ann", *here, "--trust", "pinned", cwd=tmp_path, TUNEPORT_TRUST="any").returncode == 77
    assert tuneport("greet", *here, "--", "--trust=any", cwd=tmp_path).returncode == 77


def test_the_lock_may_stand_elsewhere(plugins: Path, tmp_path: Path) -> None:
    """`--plugin-lock`, or its variable, names it for locking and for running."""
    lock = tmp_path / "etc.json"
    said = json.loads(tuneport("plugins", "lock", plugins, "--plugin-lock", lock, "--json", cwd=tmp_path).stdout)
    assert (said["lock"], said["left_out"]) == (str(lock), [])
    assert [(one["name"], one["change"]) for one in said["plugins"]] == [("greeter", "added")]
    ran = tuneport("greet", "Ann", cwd=tmp_path, TUNEPORT_PLUGIN_PATH=str(plugins), TUNEPORT_PLUGIN_LOCK=str(lock))
    assert ran.stdout == "hello Ann\n"
    assert tuneport("greet", "Ann", "--plugin-dir", plugins, cwd=tmp_path).returncode == 77


def test_names_may_be_allowed_and_denied(plugins: Path, tmp_path: Path) -> None:
    """By globs in the environment: what is blocked does not run, and is no fault."""
    here = ("--plugin-dir", plugins)
    tuneport("plugins", "lock", plugins, cwd=tmp_path)
    assert tuneport("greet", "Ann", *here, cwd=tmp_path, TUNEPORT_PLUGIN_DENY="greet*").returncode == 70
    assert tuneport("greet", "Ann", *here, cwd=tmp_path, TUNEPORT_PLUGIN_ALLOW="jsonl_llm, sources").returncode == 70
    assert tuneport("greet", "Ann", *here, cwd=tmp_path, TUNEPORT_PLUGIN_ALLOW="gre*").returncode == 0
    doctor = tuneport("plugins", "doctor", "--json", *here, cwd=tmp_path, TUNEPORT_PLUGIN_DENY="greet*")
    said = json.loads(doctor.stdout)
    assert (doctor.returncode, said["ok"]) == (0, True)
    assert [(one["plugin"], one["severity"]) for one in said["findings"]] == [("greeter", "note")]
    assert set(said["findings"][0]) == {"severity", "plugin", "where", "message", "hint"}


def test_doctor_and_validate_say_no_with_exit_code_1(plugins: Path, tmp_path: Path) -> None:
    """What is wrong, where, and the fix; as text and as JSON. What takes the process down ends neither."""
    (plugins / "greeter/__init__.py").write_text("import pyarrow_of_old")
    tuneport("plugins", "lock", plugins, cwd=tmp_path)
    doctor = tuneport("plugins", "doctor", "--imports", "--plugin-dir", plugins, cwd=tmp_path)
    assert (doctor.returncode, doctor.stderr) == (1, "")
    assert doctor.stdout.splitlines()[0].endswith(" plugins: 1 thing to mend")
    assert "  cannot be imported: ModuleNotFoundError: No module named 'pyarrow_of_old'\n" in doctor.stdout
    assert doctor.stdout.endswith("    pip install pyarrow_of_old\n")
    (plugins / "greeter/__init__.py").write_text("import os; os._exit(0)")
    assert tuneport("plugins", "validate", plugins, cwd=tmp_path).returncode == 0
    checked = tuneport("plugins", "validate", plugins / "greeter", "--imports", "--json", cwd=tmp_path)
    said = json.loads(checked.stdout)
    assert (checked.returncode, said["ok"]) == (1, False)
    assert "ended the process" in said["findings"][0]["message"]
    assert tuneport("plugins", "validate", tmp_path / "nowhere", cwd=tmp_path).returncode == 70


def test_show_says_why_code_may_run(plugins: Path, tmp_path: Path) -> None:
    """Trust, digest, codes and requirements; nothing of trust where it may not."""
    shown = ("plugins", "show", "greeter", "--plugin-dir", plugins, "--json")
    assert json.loads(tuneport(*shown, cwd=tmp_path).stdout)["trust"] == ""
    assert json.loads(tuneport(*shown, "--trust", "any", cwd=tmp_path).stdout)["trust"] == "any"
    locked = json.loads(tuneport("plugins", "lock", plugins, "--json", cwd=tmp_path).stdout)
    said = json.loads(tuneport(*shown, cwd=tmp_path).stdout)
    assert (said["trust"], said["requires"], said["codes"]) == ("pinned", [], {"shy": "Nobody was there to greet."})
    assert said["digest"] == locked["plugins"][0]["digest"]
