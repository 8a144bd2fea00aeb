"""The plugin host: finds plugins, loads them one by one, and answers who provides what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tuneport.plugin_manager.contributions import Contribution
from tuneport.plugin_manager.default import default_manager
from tuneport.plugin_manager.manager import PluginManager
from tuneport.plugin_manager.manifest import API_VERSION, KINDS, Manifest
from tuneport.plugin_manager.records import PluginRecord

if TYPE_CHECKING:
    from tuneport.plugin_manager.trust.lock import Locked, LockedPlugin, lock_directory

__all__ = [
    "API_VERSION",
    "KINDS",
    "Contribution",
    "Locked",
    "LockedPlugin",
    "Manifest",
    "PluginManager",
    "PluginRecord",
    "default_manager",
    "lock_directory",
]


def __getattr__(name: str) -> Any:
    # Only who pins a directory needs these.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from tuneport.plugin_manager.trust import lock

    return getattr(lock, name)
