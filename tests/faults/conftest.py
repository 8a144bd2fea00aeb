"""What tests of running again share: a plugin that is installed, and a folder with what their recipe reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.again import SECRET, TIER, write_sources
from faults.starting import Starter
from host.plugin_manager.making import Site, new_site


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A place where plugins are installed, with one."""
    with new_site(tmp_path / "site", monkeypatch) as made:
        made.plugin("acme", TIER)
        yield made


@pytest.fixture
def place(tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the recipe reads."""
    folder = tmp_path / "place"
    folder.mkdir()
    write_sources(folder)
    monkeypatch.setenv("ACME_DB", "more.db")
    monkeypatch.setenv("ACME_AUTHOR", SECRET)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="module")
def starter() -> Iterator[Starter]:
    """What starts processes."""
    with Starter() as one:
        yield one
