"""The plugin host: finds plugins, loads them one by one, and answers who provides what."""

from tuneport.plugin_manager.contributions import Contribution
from tuneport.plugin_manager.default import default_manager
from tuneport.plugin_manager.manager import PluginManager
from tuneport.plugin_manager.manifest import API_VERSION, KINDS, Manifest
from tuneport.plugin_manager.records import PluginRecord
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
