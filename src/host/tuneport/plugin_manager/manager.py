"""PluginManager: a lazy registry of plugins on top of pluggy."""

from __future__ import annotations

import functools
import importlib
import inspect
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuneport.config import suggest
from tuneport.errors import PluginError, UnknownNameError
from tuneport.plugin_manager import discovery
from tuneport.plugin_manager.contributions import Contribution, collect
from tuneport.plugin_manager.discovery import Found
from tuneport.plugin_manager.hooks import Hooks
from tuneport.plugin_manager.manifest import Manifest, incompatible
from tuneport.plugin_manager.records import PluginRecord, State
from tuneport.plugin_manager.registry import Registry

if TYPE_CHECKING:
    from tuneport.exporter import Exporter
    from tuneport.source import Source


class PluginManager:
    """Finds plugins without importing them, loads each on first use, and keeps a broken one to itself.

    Any thread may use a manager. Python cannot unload code: for a changed directory make a new manager.

    Args:
        dirs: directories of plugin manifests, as for `scan_plugin_directory`.
        discover: look at the installed distributions' entry points.
    """

    def __init__(self, dirs: Iterable[str | Path] = (), *, discover: bool = True) -> None:
        self.hooks = Hooks()
        self._registry = Registry()
        self._lock = threading.RLock()
        if discover:
            for found in discovery.installed():
                self._add(found)
        for directory in dirs:
            self.scan_plugin_directory(directory)

    # What is there

    def scan_plugin_directory(self, directory: str | Path) -> int:
        """Add the plugins that the manifests in a directory name; nothing is imported.

        Returns:
            How many plugins this added; one that is known already counts as none.

        Raises:
            PluginError: there is no such directory.
        """
        return sum(self._add(found) for found in discovery.in_directory(Path(directory)))

    def register(self, plugin: object, name: str) -> None:
        """Add a plugin that exists already, as a module or an object with hook implementations, and load it.

        Raises:
            PluginError: the name is taken, or the plugin is broken.
        """
        with self._lock:
            if self._registry.named(name):
                raise PluginError(f"there is a plugin {name} already", "register it under another name")
            record = PluginRecord(name, "registered", getattr(plugin, "__name__", type(plugin).__module__))
            self._registry.add(record)
            self._admit(record, lambda: plugin)
            if not record.usable:
                raise record.error()

    def list(self, kind: str | None = None, state: State | None = None) -> list[PluginRecord]:
        """The plugins by name, whatever their state; those that provide a `kind`, or are in a `state`."""
        return [
            record
            for record in self._registry.records()
            if (state is None or record.state == state) and (kind is None or kind in (record.provides or {}))
        ]

    def get(self, name: str) -> PluginRecord:
        """The plugin of this name or alias.

        Raises:
            PluginError: there is none; the message lists the known names.
        """
        record = self._registry.plugin(name)
        if record is None:
            known = [record.name for record in self._registry.records()]
            raise UnknownNameError(f"no plugin {name!r}", suggest(name, known))
        return record

    def manifest(self, name: str) -> Manifest | None:
        """The manifest of the plugin of this name; None where it has none."""
        return self.get(name).manifest

    # What it provides

    def load(self, name: str, config: Any = None) -> Exporter | Source:
        """A new exporter or source of this name, configured.

        Args:
            name: an exporter, an importer, or a plugin that implements IExporter; qualified (`plugin:name`)
                where several provide it.
            config: a mapping, or an instance of the configuration model.

        Raises:
            PluginError: nobody provides the name, several do, or the plugin cannot be loaded.
            RecipeError: the configuration is wrong; each problem names its path.
        """
        from tuneport.exporter import load

        return load(self, name, config)

    def resolve(self, kind: str, name: str, prefer: str = "") -> Contribution:
        """The one contribution of this kind and name, its plugin loaded.

        Args:
            kind: one of KINDS.
            name: bare, an alias, or `plugin:name`.
            prefer: the plugin whose contribution a bare name means if it has one.

        Raises:
            UnknownNameError: nobody provides it.
            PluginError: several provide it, or the plugin is broken.
        """
        with self._lock:
            record, bare = self._registry.find(kind, name, prefer, self._load)
            if record is None:
                raise self._registry.unknown(kind, name)
            self.load_plugin(record)
            contribution = record.contributions.get((kind, bare))
            if contribution is None:
                raise self._registry.unknown(kind, name)
            return contribution

    def names(self, kind: str) -> Sequence[str]:
        """What can be asked for: bare where one plugin provides it, `plugin:name` where several do."""
        return self._registry.names(kind)

    def load_plugin(self, record: PluginRecord) -> object:
        """Import a plugin if it is not; its instance.

        Raises:
            PluginError: it is refused, or broken.
        """
        self._load(record)
        if not record.usable:
            raise record.error()
        return record.instance

    def _add(self, found: Found) -> bool:
        with self._lock:
            record = PluginRecord.of(found)
            if found.manifest is not None and (why := incompatible(found.manifest.api)):
                record.refuse(f"incompatible: {why}", "install a version of the plugin made for this host")
            return self._registry.add(record)

    def _load(self, record: PluginRecord) -> None:
        with self._lock:
            if record.state == "ready":
                self._admit(record, functools.partial(_import, record.target))

    def _admit(self, record: PluginRecord, make: Any) -> None:
        """Bring a plugin in whole, or not at all: whatever it raises is its own affair."""
        instance: object = None
        try:
            instance = make()
            self.hooks.register(instance, record.name)
            self.hooks.check_pending()
            contributions = collect(self.hooks, record.name, instance)
            _agree(record.manifest, contributions)
        except Exception as error:  # noqa: BLE001  -- a broken plugin never breaks the host
            if instance is not None and self.hooks.is_registered(instance):
                self.hooks.unregister(instance)
            record.fail(_told(error), _mend(error))
            return
        record.instance, record.contributions, record.state = instance, contributions, "loaded"


def _import(target: str) -> object:
    module_name, _, attribute = target.partition(":")
    plugin: object = importlib.import_module(module_name)
    for step in attribute.split(".") if attribute else ():
        plugin = getattr(plugin, step)
    return plugin() if inspect.isclass(plugin) else plugin


def _agree(manifest: Manifest | None, contributions: Mapping[tuple[str, str], Contribution]) -> None:
    if manifest is None or manifest.provides is None:
        return
    said = {(kind, name) for kind, names in manifest.provides.items() for name in names}
    if said != set(contributions):
        differ = ", ".join(f"{kind} {name}" for kind, name in sorted(said ^ set(contributions)))
        raise ValueError(f"its manifest and its code disagree about {differ}")


def _told(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _mend(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"pip install {error.name.partition('.')[0]}"
    return ""


@functools.cache
def default_manager() -> PluginManager:
    """The process's own manager, made on first use from what is installed."""
    return PluginManager()
