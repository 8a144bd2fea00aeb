"""A folder on sys.path for fake distributions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from host.plugin_manager.making import Site, new_site


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty site."""
    with new_site(tmp_path / "site", monkeypatch) as made:
        yield made
