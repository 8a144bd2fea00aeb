"""Plugins that exist already, as modules or objects: added at run time, and kept for managers made of this one."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable

from tuneport.errors import PluginError
from tuneport.plugin_manager.code.importing import instance_of
from tuneport.plugin_manager.loading import Loader
from tuneport.plugin_manager.records import REGISTERED, PluginRecord
from tuneport.plugin_manager.registry import Registry


class Registered:
    """The plugins that were registered with a manager.

    Args:
        registry: where their records are added.
        loader: what admits them.
        block: refuses a record whose name is not allowed.

    Attributes:
        kept: each instance and its name, in order.
    """

    def __init__(self, registry: Registry, loader: Loader, block: Callable[[PluginRecord], None]) -> None:
        self._registry = registry
        self._loader = loader
        self._block = block
        self._arriving: set[str] = set()
        self.kept: tuple[tuple[object, str], ...] = ()

    def add(self, plugin: object, name: str) -> None:
        """Add a plugin, and load it.

        Raises:
            PluginError: the name is taken or not allowed, or the plugin is broken; nothing is kept of it then.
        """
        with self._registry.lock:
            if name in self._arriving or self._registry.named(name):
                raise PluginError(f"there is a plugin {name} already", "register it under another name")
            self._arriving.add(name)
        try:
            record, instance = self._admitted(plugin, name)
            if not record.usable:
                raise record.error()
            self._keep(record, instance)
        finally:
            self._arriving.discard(name)

    def take_over(self, kept: Iterable[tuple[object, str]]) -> None:
        """Add the plugins that another manager has; one that cannot be used is listed with its reason."""
        for plugin, name in kept:
            self._keep(*self._admitted(plugin, name))

    def _admitted(self, plugin: object, name: str) -> tuple[PluginRecord, object]:
        """The record of a plugin, loaded if it can be, and its instance."""
        instance = instance_of(plugin)
        module = plugin.__name__ if inspect.ismodule(plugin) else type(instance).__module__
        record = PluginRecord(name, REGISTERED, module)
        self._block(record)
        if record.usable:
            self._loader.admit(record, lambda: instance)
        return record, instance

    def _keep(self, record: PluginRecord, instance: object) -> None:
        with self._registry.lock:
            self._registry.add([record])
            if record.usable:
                self.kept = (*self.kept, (instance, record.name))
