"""The process's own manager."""

from __future__ import annotations

import functools
import threading

from tuneport.plugin_manager.manager import PluginManager

_default_lock = threading.RLock()


def default_manager() -> PluginManager:
    """The process's own manager, made on first use from what is installed."""
    with _default_lock:
        return _default_manager()


@functools.cache
def _default_manager() -> PluginManager:
    return PluginManager()
