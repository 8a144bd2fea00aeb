"""What tests share. TUNEPORT_REQUIRE turns a skip for a missing tool into a failure.

A tool is a module, a program, or what `make test` puts beside the environment: one folder in `consumers` for each file
of tests/consumers/beside.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from tools import faq_lines

# A busy machine is no failure; and what CI tries is the same each time.
settings.register_profile("tuneport", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("tuneport")

# Whoever runs tests in the background makes them ignore Ctrl-C, and some of them send it.
signal.signal(signal.SIGINT, signal.default_int_handler)

if "PYTEST_XDIST_WORKER" in os.environ:
    # Coverage has started in this process. In those that tests start it would double their time, and find little more.
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)

CONSUMERS = Path(sys.prefix) / "consumers"
"""Where versions beside the environment's own stand, each below its name."""

_MODULES = {"mistral": "mistral_common"}
"""Tools that are not called what is imported."""

_REQUIRED = {name for name in os.environ.get("TUNEPORT_REQUIRE", "").split(",") if name}


def here(name: str) -> bool:
    """Whether a tool is installed. Nothing is imported."""
    module = _MODULES.get(name, name)
    return (CONSUMERS / name).is_dir() or importlib.util.find_spec(module) is not None or shutil.which(name) is not None


@pytest.fixture(scope="session")
def needs() -> Callable[[str], None]:
    """Skip a test that needs a tool which is not here, or fail if it is required."""

    def check(name: str) -> None:
        if here(name):
            return
        if name in _REQUIRED:
            pytest.fail(f"{name} is required and missing")
        pytest.skip(f"{name} is not installed")

    return check


@pytest.fixture
def faq(tmp_path: Path) -> Path:
    """2,000 records as JSON lines: every outcome, with lines that cannot be read among them."""
    path = tmp_path / "faq.jsonl"
    path.write_bytes(faq_lines(2000))
    return path


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str, object], None]:
    """Say how much a test did: `figure("kills survived", 1204)`. All are shown when the tests are done."""
    return lambda what, much: record_property(f"figure: {what}", much)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show the figures of tests that passed."""
    told = [
        (report.nodeid, what.removeprefix("figure: "), much)
        for report in terminalreporter.getreports("passed")
        if report.when == "call"
        for what, much in report.user_properties
        if what.startswith("figure: ")
    ]
    if told:
        terminalreporter.section("figures")
    for test, what, much in sorted(told, key=lambda one: one[:2]):
        number = f"{much:,}" if isinstance(much, int) else str(much)
        terminalreporter.line(f"{number:>14}  {what}  ({test.rpartition('/')[2]})")
