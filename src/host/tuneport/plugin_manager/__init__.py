"""The plugin host: finds plugins, loads them one by one, and answers who provides what."""

from tuneport.plugin_manager.contributions import Contribution
from tuneport.plugin_manager.manager import PluginManager, default_manager
from tuneport.plugin_manager.manifest import API_VERSION, KINDS, Manifest
from tuneport.plugin_manager.records import PluginRecord

__all__ = ["API_VERSION", "KINDS", "Contribution", "Manifest", "PluginManager", "PluginRecord", "default_manager"]
