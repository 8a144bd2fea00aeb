"""The process's own manager."""

from __future__ import annotations

import threading

from tuneport.plugin_manager.manager import PluginManager
from tuneport.plugin_manager.settings import Settings


class Own:
    """A manager that is made when it is first asked for, once, even by a plugin that it is just loading."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: PluginManager | None = None
        self._complete = False
        self._loading: set[int] = set()

    def manager(self) -> PluginManager:
        """The manager, with all that is loaded unasked; less where a plugin asks that is being loaded so."""
        with self._lock:
            if self._made is None:
                self._made = PluginManager.unloaded(Settings())
        me = threading.get_ident()
        if not self._complete and me not in self._loading:
            # No lock is held meanwhile: a module that another thread imports may ask as well.
            self._loading.add(me)
            try:
                self._made.auto_load()
                self._complete = True
            finally:
                self._loading.discard(me)
        return self._made


_own = Own()


def default_manager() -> PluginManager:
    """The process's own manager, made on first use from what is installed."""
    return _own.manager()
