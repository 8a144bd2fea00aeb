"""What the tests of packages share: this checkout and its examples, built, and one clean environment with them."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
TOOLS = ("build", "hatchling", "pip")

_BROKEN_PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "tuneport-broken"
version = "0.1.0"
[project.entry-points."tuneport.plugins"]
broken = "tuneport_broken"
[tool.hatch.build.targets.wheel]
only-include = ["tuneport_broken.py"]
"""


@dataclass(frozen=True)
class Site:
    """A clean environment in which tuneport, both examples and a plugin that cannot be imported are installed.

    Attributes:
        home: the environment.
        wheel: tuneport's wheel, built from the checkout.
        sdist: tuneport's source distribution.
        wheel_of_sdist: the wheel built from that.
        work: a folder for whatever a test keeps for others.
    """

    home: Path
    wheel: Path
    sdist: Path
    wheel_of_sdist: Path
    work: Path

    def tuneport(self, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run the installed command."""
        return _run([self.home / "bin" / "tuneport", *arguments], cwd)

    def python(self, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run the environment's Python, warnings as errors."""
        return _run([self.home / "bin" / "python", "-W", "error", *arguments], cwd)


@functools.cache
def site(base: Path) -> Site:
    """Build and install everything once; `base` is the session's own folder."""
    assert not base.exists(), "building or installing failed before: see the first test that needed it"
    work, wheels, again = (base / name for name in ("work", "wheels", "again"))
    work.mkdir(parents=True)
    broken = base / "broken"
    broken.mkdir()
    (broken / "pyproject.toml").write_text(_BROKEN_PYPROJECT)
    (broken / "tuneport_broken.py").write_text('raise RuntimeError("broken on purpose")\n')
    for project in (ROOT, EXAMPLES / "acme", EXAMPLES / "whole_exporter", broken):
        _checked([sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", wheels, project], base)
    _checked([sys.executable, "-m", "build", "--no-isolation", "--outdir", again, ROOT], base)
    home = base / "venv"
    _checked([sys.executable, "-m", "venv", "--without-pip", home], base)
    constraints = ROOT / "constraints.txt"
    pins: list[str | Path] = ["-c", constraints] if constraints.exists() else []
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", home / "bin" / "python", "--no-input"]
    # Not compiled: what is imported compiles itself, once, and the rest need not.
    _checked([*pip, "install", "--quiet", "--no-compile", *pins, *sorted(wheels.glob("*.whl"))], base)
    return Site(home, _one(wheels, "tuneport-*.whl"), _one(again, "*.tar.gz"), _one(again, "*.whl"), work)


def _one(folder: Path, pattern: str) -> Path:
    (path,) = folder.glob(pattern)
    return path


def _checked(command: list[str | Path], cwd: Path) -> None:
    done = _run(command, cwd)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


def _run(command: list[str | Path], cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as if nothing of this test run were set."""
    ours = ("PYTHON", "TUNEPORT_", "COVERAGE", "COV_", "VIRTUAL_ENV", "SOURCE_DATE_EPOCH")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
