"""A plugin that is imported keeps to itself what it raises and what it prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from host.plugin_manager.making import FORMAT, Site
from tuneport import PluginManager
from tuneport.plugin_manager.code.containing import stdout_aside


@pytest.mark.parametrize(
    "code",
    [
        "import asyncio\nraise asyncio.CancelledError",
        "raise BaseException('all')",
        "raise GeneratorExit",
        "class Odd(Exception):\n    def __str__(self):\n        raise BaseException\nraise Odd",
    ],
)
def test_whatever_a_plugin_raises_at_import_is_its_own_affair(site: Site, code: str) -> None:
    """A manager comes to be, the plugin is listed with what it raised, and others load."""
    site.plugin("acme", code, {"name": "acme", "auto_load": True})
    manager = PluginManager()
    assert manager.get("acme").state == "failed"
    assert manager.resolve("formats", "tuneport").plugin == "jsonl_llm"


def test_ctrl_c_stops_the_host_all_the_same(site: Site) -> None:
    """While a plugin is imported, too; the plugin is not to blame, and may be loaded later."""
    site.plugin(
        "acme",
        "import os, signal\nif 'SENT' not in os.environ:\n    os.environ['SENT'] = ''\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n" + FORMAT.format(name="acme"),
    )
    manager = PluginManager()
    try:
        with pytest.raises(KeyboardInterrupt):
            manager.resolve("formats", "acme:acme")
        assert manager.get("acme").state == "ready"
        assert manager.resolve("formats", "acme:acme").plugin == "acme"
    finally:
        os.environ.pop("SENT", None)


def test_what_a_plugin_prints_at_import_goes_to_stderr(site: Site, tmp_path: Path) -> None:
    """Rows on stdout, and a JSON document there, stay what they are."""
    site.plugin(
        "acme",
        "print('HELLO')\n" + FORMAT.format(name="acme") + "    print('HOOK')\n",
        {"name": "acme", "auto_load": True},
    )
    (tmp_path / "a.jsonl").write_text('{"question": "What is it?", "answer": "It is a thing."}\n')
    map_ = ("--map", "instruction=question,output=answer")
    environment = {**os.environ, "PYTHONPATH": str(site.path)}
    for more in (("--to", "-"), ("--to", tmp_path / "out", "--json")):
        done = subprocess.run(
            [sys.executable, "-m", "tuneport", "export", tmp_path / "a.jsonl", *map_, *more],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert isinstance(json.loads(done.stdout), dict)
        assert "HELLO\nHOOK\n" in done.stderr


def test_stdout_is_put_back_by_the_last_of_several(capsys: pytest.CaptureFixture[str]) -> None:
    """Threads that import at once leave it as it was, and so does one that put another there."""
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with stdout_aside():
            inside.set()
            leave.wait()

    stdout = sys.stdout
    other = threading.Thread(target=hold)
    other.start()
    inside.wait()
    with stdout_aside():
        print("aside")  # noqa: T201
        leave.set()
        other.join()
        print("still")  # noqa: T201
    assert sys.stdout is stdout
    print("back")  # noqa: T201
    assert capsys.readouterr() == ("back\n", "aside\nstill\n")
