"""What is wrong with the plugins of a host."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from host.dropping import CODE, dropped, only
from host.plugin_manager.dropping import package, wheel, write
from host.plugin_manager.making import Site
from tuneport import PluginManager
from tuneport.plugin_manager import lock_directory
from tuneport.plugin_manager.diagnosis import diagnose, sound
from tuneport.plugin_manager.diagnosis.probe import probed


def host(*dirs: Path, **options: Any) -> PluginManager:
    """A host that has these plugins alone."""
    return PluginManager(dirs, discover=False, auto_load=False, **options)


def test_nothing_is_wrong_with_the_bundled_plugins() -> None:
    """As they are installed, and when each is imported in a process of its own."""
    assert diagnose(PluginManager(auto_load=False), imports=True) == []


def test_what_is_broken_or_refused_is_found(site: Site) -> None:
    """With its name, where it comes from, what it is, and the fix; none of it is imported."""
    site.plugin("unreadable", "1 / 0", "{")
    site.plugin("future", "1 / 0", {"name": "future", "api": ">=9"})
    site.plugin("needy", "1 / 0", {"name": "needy", "requires": ["no-such-distribution>=2"]})
    found = {finding.plugin: finding for finding in diagnose(PluginManager(auto_load=False))}
    assert not sound(list(found.values()))
    assert found["unreadable"].where == "installed (x-unreadable)"
    assert found["unreadable"].message.startswith("failed: unreadable manifest")
    assert found["future"].message == "refused: incompatible: needs plugin API >=9, this host speaks 1.0"
    assert "no-such-distribution" in found["needy"].message
    assert found["needy"].hint == "pip install 'no-such-distribution>=2'"
    assert all(finding.severity == "error" and finding.hint for finding in found.values())
    assert site.imported() == set()


def test_what_is_not_trusted_is_found_until_it_is_locked(tmp_path: Path) -> None:
    """The fix is the command that locks it; a file that changes afterwards is named."""
    folder = dropped(tmp_path / "plugins")
    finding = only(diagnose(host(folder)))
    assert finding.message.startswith("refused: untrusted: ")
    assert finding.hint == f"tuneport plugins lock {folder}"
    lock_directory(folder)
    assert diagnose(host(folder), imports=True) == []
    (folder / "acme/__init__.py").write_text("1 / 0")
    changed = only(diagnose(host(folder), imports=True))
    assert "acme/__init__.py" in changed.message


def test_what_somebody_chose_is_no_fault(site: Site, tmp_path: Path) -> None:
    """A blocked plugin, and a directory's that an installed one shadows, are notes: all is well."""
    site.plugin("acme", CODE, {"name": "acme", "provides": {"formats": ["acme"]}})
    site.plugin("legacy", "1 / 0", {"name": "legacy", "provides": {}})
    folder = dropped(tmp_path / "plugins")
    lock_directory(folder)
    found = diagnose(PluginManager([folder], auto_load=False, deny=["leg*"]))
    assert {finding.plugin: finding.severity for finding in found} == {"acme": "note", "legacy": "note"}
    assert "blocked" in "".join(finding.message for finding in found)
    assert sound(found)


def test_names_that_several_plugins_provide_are_found(site: Site) -> None:
    """A bare name and an alias; the fix lists the qualified names."""
    for name in ("one", "two"):
        manifest = {"name": name, "provides": {"formats": ["same"], "importers": [name]}, "aliases": {".x": name}}
        site.plugin(name, "", manifest)
    found = diagnose(PluginManager(auto_load=False))
    assert [finding.message for finding in found] == [
        "importer '.x' is ambiguous: several plugins provide it",
        "format 'same' is ambiguous: several plugins provide it",
    ]
    assert found[1].plugin == "one, two"
    assert "one:same, two:same" in found[1].hint
    assert "one:one, two:two" in found[0].hint
    assert not sound(found)


def test_a_plugin_that_says_nothing_is_noted(site: Site) -> None:
    """It works, and is imported by every look-up."""
    site.plugin("acme", CODE)
    found = diagnose(PluginManager(auto_load=False))
    assert only(found).severity == "note"
    assert sound(found)


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        (
            "import no_such",
            "ModuleNotFoundError: No module named 'no_such'",
            "pip install no_such",
        ),
        ("raise SystemExit(0)", "SystemExit: 0", ""),
        ("import os; os._exit(0)", "it ended the process that imported it (exit code 0)", "do not exit at import"),
        ("import os; os._exit(3)", "(exit code 3)", "do not exit at import"),
        ("import os; os.kill(os.getpid(), 9)", "(SIGKILL)", "do not exit at import"),
        ("raise KeyboardInterrupt", "SIGINT", ""),
        ("print('{}'); 1 / 0", "ZeroDivisionError: division by zero", ""),
        ("", "its manifest and its code disagree about formats acme", ""),
        ("class Bad:\n  def __repr__(self): 1 / 0\nraise ValueError(Bad())", "ValueError", ""),
    ],
)
def test_what_breaks_at_import_is_found(site: Site, code: str, message: str, hint: str) -> None:
    """Whatever it does there, the others are looked at, and the diagnosis comes to its end."""
    site.plugin("acme", code, {"name": "acme", "provides": {"formats": ["acme"]}})
    manager = PluginManager(auto_load=False)
    assert diagnose(manager) == []
    finding = only(diagnose(manager, imports=True))
    assert (finding.plugin, finding.where) == ("acme", "installed (x-acme)")
    assert message in finding.message
    assert hint in finding.hint
    assert site.imported() == set()
    assert manager.get("acme").state == "ready"


@pytest.mark.parametrize(
    "code",
    [
        "print('noise'); import sys; sys.stdout.flush()",
        "import os; os.write(1, b'noise')",
        "import threading, time; threading.Thread(target=lambda: time.sleep(600)).start()",
        "import sys; assert sys.stdin.read() == ''",
    ],
)
def test_what_does_not_break_is_no_finding(site: Site, code: str) -> None:
    """A plugin may print, start a thread or read its stdin: that is no fault."""
    site.plugin("acme", f"{code}\n{CODE}", {"name": "acme", "provides": {"formats": ["acme"]}})
    assert diagnose(PluginManager(auto_load=False), imports=True) == []


def test_an_import_without_an_end_is_ended(site: Site) -> None:
    """The child is killed when its time is over."""
    site.plugin("acme", "while True: pass", {"name": "acme", "provides": {}})
    reason, hint = probed("acme", "installed (x-acme)", seconds=2)
    assert reason == "its import did not end within 2 s"
    assert hint


def test_a_process_that_an_import_leaves_behind_holds_nobody_up(site: Site, tmp_path: Path) -> None:
    """Even one that left the group, and keeps every file open that it was given."""
    pid, alive = tmp_path / "pid", tmp_path / "alive"
    child = f"import os, time; os.setsid(); open({str(pid)!r}, 'w').write(str(os.getpid()))"
    leave = f"{child}; time.sleep(300); open({str(alive)!r}, 'w')"
    wait = f"import os, time\nwhile not os.path.exists({str(pid)!r}): time.sleep(0.01)"
    start = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {leave!r}])\n{wait}\n"
    try:
        for more, said in (("while True: pass", "its import did not end within"), (CODE, "")):
            site.module("acme_code", start + more)
            if said:
                site.distribution("x-acme", acme="acme_code")
            assert probed("acme", "installed (x-acme)", seconds=5 if said else 60)[0].startswith(said)
            assert not alive.exists()
            os.kill(int(pid.read_text()), signal.SIGKILL)
            pid.unlink()
    finally:
        if pid.exists():
            os.kill(int(pid.read_text()), signal.SIGKILL)


def test_what_a_plugin_writes_among_the_answer_is_told(site: Site) -> None:
    """It may find the file that the answer goes to."""
    code = "import os\nfor number in range(3, 20):\n    try: os.write(number, b'junk')\n    except OSError: pass\n"
    site.plugin("acme", code + CODE, {"name": "acme", "provides": {"formats": ["acme"]}})
    finding = only(diagnose(PluginManager(auto_load=False), imports=True))
    assert "it wrote among the answer" in finding.message
    assert finding.hint


@pytest.mark.parametrize("shape", ["wheel", "folder"])
def test_what_was_loaded_by_its_path_is_found_again(tmp_path: Path, shape: str) -> None:
    """The child looks where the manager does, and the others are not called broken."""
    whole = "from tuneport import hookimpl\n@hookimpl\ndef exportEntities(entities, options): ...\n"
    folder = tmp_path / "plugins"
    path = wheel(folder, package(code=whole)) if shape == "wheel" else write(folder, package(code=whole)) / "acme"
    lock_directory(folder)
    manager = PluginManager(auto_load=False)
    manager.load(path)
    assert [one for one in diagnose(manager, imports=True) if one.severity == "error"] == []
