"""What tests share. TUNEPORT_REQUIRE turns a skip for a missing tool into a failure."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings
from tools import faq_lines

# A busy machine is no failure; and what CI tries is the same each time.
settings.register_profile("tuneport", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("tuneport")

_REQUIRED = {name for name in os.environ.get("TUNEPORT_REQUIRE", "").split(",") if name}


@pytest.fixture
def needs() -> Callable[[str], None]:
    """Skip a test that needs a module or program which is not here, or fail if it is required."""

    def check(name: str) -> None:
        if importlib.util.find_spec(name) is not None or shutil.which(name) is not None:
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
