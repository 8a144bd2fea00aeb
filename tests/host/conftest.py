"""What tests of the host share: a folder for fake distributions, and the command line in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from host.plugin_manager.making import Site, new_site
from tuneport.commands.main import run


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty folder on sys.path."""
    with new_site(tmp_path / "site", monkeypatch) as made:
        yield made


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command line: exit code, stdout, stderr."""

    def call(*arguments: object) -> tuple[int, str, str]:
        code = run([str(one) for one in arguments])
        return code, *capsys.readouterr()

    return call
