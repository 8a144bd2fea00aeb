"""Who imports which plugin, and who waits for that."""

from __future__ import annotations

import sys
import threading

from tuneport.plugin_manager.records import PluginRecord

_GLANCE = 0.05
"""Seconds until a waiting thread looks again: nobody is told when another begins to wait for a lock of Python's."""


class Claims:
    """Each plugin is imported by one thread; others wait for that plugin alone, unless they waited for themselves.

    Args:
        lock: what is held to look at records and to change them, and never while a plugin's code runs.
    """

    def __init__(self, lock: threading.RLock) -> None:
        self._changed = threading.Condition(lock)
        self._loaders: dict[PluginRecord, int] = {}
        self._waits: dict[int, PluginRecord] = {}

    def take(self, record: PluginRecord) -> bool:
        """Whether the calling thread is to import this plugin now; it gives it back afterwards.

        Another thread's import of it is waited for. Not where that thread waits for this one in turn, through plugins
        or through Python's own import locks, and not where it is this thread: the plugin is still `ready` then.
        """
        me = threading.get_ident()
        with self._changed:
            try:
                while record.state == "ready" and record in self._loaders:
                    if self._waits_for(self._loaders[record], me):
                        return False
                    self._waits[me] = record
                    self._changed.wait(_GLANCE)
            finally:
                self._waits.pop(me, None)
            if record.state != "ready":
                return False
            self._loaders[record] = me
            record.loading = True
            return True

    def give_back(self, record: PluginRecord) -> None:
        """End an import, whatever came of it."""
        with self._changed:
            del self._loaders[record]
            record.loading = False
            self._changed.notify_all()

    def _waits_for(self, thread: int | None, other: int) -> bool:
        """Whether a thread is another one, or waits for it through any number of steps."""
        seen: set[int] = set()
        while thread is not None and thread not in seen:
            if thread == other:
                return True
            seen.add(thread)
            record = self._waits.get(thread)
            thread = _importer(thread) if record is None else self._loaders.get(record)
        return False


def _importer(thread: int) -> int | None:
    """The thread whose import of a module this one waits for, as Python's import system has it; None where none."""
    blocked = getattr(sys.modules["_frozen_importlib"], "_blocking_on", {}).get(thread)
    # One lock; since Python 3.12, a list of them.
    lock = (blocked or [None])[-1] if isinstance(blocked, list) else blocked
    return getattr(lock, "owner", None)
