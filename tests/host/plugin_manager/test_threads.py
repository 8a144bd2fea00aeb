"""Threads that use one manager at once: nobody waits for ever, and nobody sees what is half done."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from host.plugin_manager.dropping import package, write
from host.plugin_manager.making import FORMAT, Site
from tuneport import PluginManager, hookimpl
from tuneport.errors import PluginError

LONG = 30.0
"""Seconds after which a thread hangs."""

STEP = """
import host_steps
host_steps.come({name!r})
"""
"""A module's code that says that it is being imported, and waits until it may go on."""


class Steps:
    """Where modules are, while they are imported, and when they may go on."""

    def __init__(self) -> None:
        self.here: dict[str, threading.Event] = {}
        self.further: dict[str, threading.Event] = {}
        self.asked: list[object] = []
        self.seen: list[str] = []
        self.manager: PluginManager | None = None

    def stop_at(self, *names: str) -> None:
        """Make these modules wait."""
        for name in names:
            self.here[name], self.further[name] = threading.Event(), threading.Event()

    def come(self, name: str) -> None:
        """Called by a module."""
        self.seen.append(name)
        if name in self.here:
            self.here[name].set()
            assert self.further[name].wait(LONG)

    def ask(self, kind: str, name: str) -> None:
        """Called by a module: look something up, and note what came of it."""
        assert self.manager is not None
        try:
            self.asked.append(self.manager.resolve(kind, name).plugin)
        except PluginError as error:
            self.asked.append(error.message)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    """As the module `host_steps`."""
    made = Steps()
    monkeypatch.setitem(sys.modules, "host_steps", made)
    return made


def run(function: Callable[..., Any], *arguments: Any) -> Future[Any]:
    """Run something in a thread of its own, which keeps no test from ending."""
    future: Future[Any] = Future()

    def work() -> None:
        try:
            future.set_result(function(*arguments))
        except BaseException as error:  # noqa: BLE001  -- told to whoever asks for the result
            future.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return future


def stepping(site: Site, name: str, more: str = "", **manifest: Any) -> None:
    """Install a plugin with a format of its name, that may be stopped while it is imported."""
    code = STEP.format(name=name) + more + FORMAT.format(name=name)
    site.plugin(name, code, {"name": name, "provides": {"formats": [name]}, **manifest})


def asks(name: str) -> str:
    """Code that looks a format up."""
    return f"host_steps.ask('formats', {name!r})\n"


def waits(future: Future[Any]) -> bool:
    """Whether a thread has no answer after a while."""
    try:
        future.exception(0.2)
    except TimeoutError:
        return True
    return False


def test_an_import_holds_nobody_up_but_those_who_want_it(site: Site, steps: Steps) -> None:
    """Meanwhile others are loaded, listed, registered and scanned for; who wants the same one waits, and gets it."""
    stepping(site, "slow")
    stepping(site, "other")
    manager = PluginManager()
    manager.load("jsonl_llm")
    steps.stop_at("slow")
    first = run(manager.resolve, "formats", "slow")
    assert steps.here["slow"].wait(LONG)
    second = run(manager.resolve, "formats", "slow")
    assert run(manager.load, "jsonl_llm").result(LONG)
    assert run(manager.resolve, "formats", "other").result(LONG).plugin == "other"
    assert run(lambda: manager.get("slow").state).result(LONG) == "ready"
    assert "slow" in run(manager.names, "formats").result(LONG)
    assert run(manager.register, Nothing, "mine").result(LONG) is None
    assert waits(second)
    steps.further["slow"].set()
    assert first.result(LONG) is second.result(LONG)
    assert steps.seen.count("slow") == 1


def test_a_broken_plugin_is_tried_once_and_told_to_all_who_waited(site: Site, steps: Steps) -> None:
    """Who waited has the same error as who imported it."""
    stepping(site, "slow", "1 / 0\n")
    manager = PluginManager()
    steps.stop_at("slow")
    first = run(manager.resolve, "formats", "slow")
    assert steps.here["slow"].wait(LONG)
    others = [run(manager.resolve, "formats", "slow") for _ in range(3)]
    assert all(waits(one) for one in others)
    steps.further["slow"].set()
    for one in (first, *others):
        with pytest.raises(PluginError, match="ZeroDivisionError"):
            one.result(LONG)
    assert steps.seen == ["slow"]


def test_two_plugins_that_look_each_other_up_do_not_wait_for_ever(site: Site, steps: Steps) -> None:
    """Imported by two threads, one of them is told that the other is being imported; both are loaded."""
    stepping(site, "a", asks("b"))
    stepping(site, "b", asks("a"))
    manager = steps.manager = PluginManager()
    steps.stop_at("a", "b")
    both = [run(manager.resolve, "formats", name) for name in ("a", "b")]
    for name in ("a", "b"):
        assert steps.here[name].wait(LONG)
    for name in ("a", "b"):
        steps.further[name].set()
    assert [one.result(LONG).plugin for one in both] == ["a", "b"]
    told = [text for text in map(str, steps.asked) if "is asked for while it is being imported" in text]
    assert len(told) == 1
    assert len(steps.asked) == 2


def test_a_plugin_and_what_requires_it_do_not_wait_for_ever(site: Site, steps: Steps) -> None:
    """One that looks its user up, while another thread imports the user, ends, and so does that one."""
    stepping(site, "user", requires=["base"])
    stepping(site, "base", asks("user"))
    manager = steps.manager = PluginManager()
    steps.stop_at("base")
    base = run(manager.resolve, "formats", "base")
    assert steps.here["base"].wait(LONG)
    user = run(manager.resolve, "formats", "user")
    assert waits(user)
    steps.further["base"].set()
    assert (base.result(LONG).plugin, user.result(LONG).plugin) == ("base", "user")


@pytest.mark.parametrize("wanted", ["own", "other", "tuneport"])
def test_a_module_that_is_imported_by_somebody_else_may_look_things_up(site: Site, steps: Steps, wanted: str) -> None:
    """While a manager waits for Python's import of it: what it asks for is found, and its own is an error."""
    stepping(site, "own", asks(wanted))
    stepping(site, "other")
    manager = steps.manager = PluginManager()
    steps.stop_at("own")
    plain = run(importlib.import_module, "own_code")
    assert steps.here["own"].wait(LONG)
    through = run(manager.resolve, "formats", "own")
    assert waits(through)
    steps.further["own"].set()
    assert plain.result(LONG).__name__ == "own_code"
    assert through.result(LONG).plugin == "own"
    known = {"other": "other", "tuneport": "jsonl_llm"}
    message = "plugin own is asked for while it is being imported"
    assert steps.asked == [known.get(wanted, message)]
    assert manager.resolve("formats", "tuneport").plugin == "jsonl_llm"


def test_a_manager_is_read_while_others_scan(tmp_path: Path) -> None:
    """No reader misses a plugin, or sees one ready that is refused, whether a directory is known already or new."""
    gone = "not-there-at-all"
    folder = write(tmp_path / "plugins", {**package("sound"), **package("needy", requires=[gone])})
    pair = [write(tmp_path / name, package("twin", f"A = '{name}'")) for name in ("one", "two")]
    new = [write(tmp_path / str(n), package(f"needy{n}", requires=[gone])) for n in range(20)]
    manager = PluginManager([folder, *pair], trust="any", discover=False)
    expected = {"sound": "ready", "needy": "refused", "twin": "refused"}
    done = threading.Event()

    def read() -> list[object]:
        odd: list[object] = []
        while not done.is_set():
            odd += [name for name, state in expected.items() if manager.get(name).state != state]
            listed = manager.list()
            odd += [len(listed)] if len(listed) < 4 else []
            odd += [one.name for one in listed if one.state != expected.get(one.name, "refused")]
        return odd

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(3) as threads:
            readers = [threads.submit(read) for _ in range(3)]
            try:
                for one in new:
                    for path in (folder, *pair, one):
                        assert manager.scan_plugin_directory(path) == 0
            finally:
                done.set()
            assert [reader.result(LONG) for reader in readers] == [[], [], []]
    finally:
        sys.setswitchinterval(before)
    assert len(manager.list()) == 4 + len(new)


class Misspelled:
    """A plugin with a hook that does not exist."""

    @hookimpl
    def register_spells(self) -> None: ...


class Nothing:
    """A plugin that offers nothing."""


def test_of_those_who_register_under_one_name_one_succeeds() -> None:
    """The others are told that the name is taken; a broken plugin beside them is nobody else's fault."""
    manager = PluginManager(discover=False)
    barrier = threading.Barrier(12)

    def work(number: int) -> str:
        barrier.wait()
        try:
            manager.register(*((Nothing(), "mine") if number % 2 else (Misspelled(), f"bad{number}")))
        except PluginError as error:
            return error.message.partition(" in plugin")[0]
        return "registered"

    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(work, range(12)))
    assert sorted(answers[1::2]) == sorted(["registered", *["there is a plugin mine already"] * 5])
    told = "plugin bad{} (registered) is failed: PluginValidationError: unknown hook 'register_spells'"
    assert answers[::2] == [told.format(number) for number in range(0, 12, 2)]
    assert [(one.name, one.state) for one in manager.list()] == [("mine", "loaded")]


def test_a_name_is_taken_while_its_plugin_is_registered() -> None:
    """Before it is known whether that works; and free again where it did not."""
    here, further = threading.Event(), threading.Event()

    class Slow:
        @hookimpl
        def register_formats(self) -> None:
            here.set()
            assert further.wait(LONG)
            raise ValueError("not today")

    manager = PluginManager(discover=False)
    first = run(manager.register, Slow(), "mine")
    assert here.wait(LONG)
    with pytest.raises(PluginError, match="there is a plugin mine already"):
        manager.register(Nothing(), "mine")
    further.set()
    with pytest.raises(PluginError, match="not today"):
        first.result(LONG)
    manager.register(Nothing(), "mine")
