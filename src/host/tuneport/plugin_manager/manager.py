"""PluginManager: a lazy registry of plugins on top of pluggy."""

from __future__ import annotations

import functools
import importlib
import inspect
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from logging import getLogger
from pathlib import Path
from typing import Any

from tuneport.errors import PluginError, TuneportError
from tuneport.plugin_manager import discovery
from tuneport.plugin_manager.contributions import Contribution, collect
from tuneport.plugin_manager.discovery import Found, told
from tuneport.plugin_manager.hooks import Hooks
from tuneport.plugin_manager.manifest import Manifest
from tuneport.plugin_manager.records import PluginRecord, State
from tuneport.plugin_manager.registry import Registry

log = getLogger("tuneport")


class PluginManager:
    """Finds plugins without importing them, loads each on first use, and keeps a broken one to itself.

    Any thread may use a manager. Python cannot unload code: for a changed directory make a new manager.

    Args:
        dirs: directories of plugin manifests, as for `scan_plugin_directory`.
        discover: look at the installed distributions' entry points.
        auto_load: import the plugins that ask for it in their manifest.
    """

    def __init__(self, dirs: Iterable[str | Path] = (), *, discover: bool = True, auto_load: bool = True) -> None:
        self.hooks = Hooks()
        self._registry = Registry()
        self._lock = threading.RLock()
        if discover:
            for found in discovery.installed():
                self._add(found)
        for directory in dirs:
            self.scan_plugin_directory(directory)
        if auto_load:
            self.auto_load()

    # What is there

    def scan_plugin_directory(self, directory: str | Path) -> int:
        """Add the plugins that the manifests in a directory name; nothing is imported.

        Returns:
            How many usable plugins this added; one that is known already counts as none.

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
            instance = _instance(plugin)
            module = plugin.__name__ if inspect.ismodule(plugin) else type(instance).__module__
            record = PluginRecord(name, "registered", module)
            self._registry.add(record)
            self._admit(record, lambda: instance)
            if not record.usable:
                raise record.error()

    def auto_load(self) -> None:
        """Load the plugins that ask for it in their manifest, lower `load_priority` first.

        One that is broken is logged and listed with its reason, and stops nobody.
        """
        asking = [(record.manifest, record) for record in self.list(state="ready") if record.manifest is not None]
        asking = [(manifest, record) for manifest, record in asking if manifest.auto_load]
        for _, record in sorted(asking, key=lambda pair: (pair[0].load_priority, pair[1].name)):
            self._load(record)
            if not record.usable:
                log.warning("%s", record.error())

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
            UnknownNameError: there is none; the hint names the closest.
        """
        return self._registry.plugin(name)

    def manifest(self, name: str) -> Manifest | None:
        """The manifest of the plugin of this name; None where it has none."""
        return self.get(name).manifest

    # What it provides

    def load(self, name: str, config: Any = None) -> Any:
        """A new exporter (an `Exporter`) or importer (a `Source`) of this name, configured.

        Each is independent of any loaded before, but for a plugin that implements IExporter as its own hooks:
        that is one object. Where one plugin has both under the name, it is the exporter.

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
            record, called = self._registry.find(kind, name, prefer, self._load)
            self.load_plugin(record)
            return record.contributions[kind, called]

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
        if record.state != "loaded":
            raise PluginError(
                f"plugin {record.name} is asked for while it is being imported", "load plugins later, not at import"
            )
        return record.instance

    def _add(self, found: Found) -> bool:
        with self._lock:
            return self._registry.add(PluginRecord.of(found))

    def _load(self, record: PluginRecord) -> None:
        with self._lock:
            # A plugin may look others up while it is imported, and so come back to itself.
            if record.state == "ready" and not record.loading:
                self._admit(record, functools.partial(_import, record.target))

    def _admit(self, record: PluginRecord, make: Callable[[], object]) -> None:
        """Bring a plugin in whole, or not at all: whatever it raises is its own affair."""
        instance: object = None
        record.loading = True
        try:
            instance = make()
            self.hooks.register(instance, record.name)
            self.hooks.check_pending()
            contributions = collect(self.hooks, record.name, instance)
            _agree(record.manifest, contributions)
        except (Exception, SystemExit) as error:  # noqa: BLE001  -- a broken plugin never breaks the host
            if self.hooks.get_plugin(record.name) is instance is not None:
                self.hooks.unregister(instance)
            record.fail(_reason(error), _mend(error, record.module), error)
        else:
            record.instance, record.contributions, record.state = instance, contributions, "loaded"
        finally:
            record.loading = False


def _import(target: str) -> object:
    module_name, _, attribute = target.partition(":")
    plugin: object = importlib.import_module(module_name)
    for step in attribute.split(".") if attribute else ():
        plugin = getattr(plugin, step)
    return _instance(plugin)


def _instance(plugin: object) -> object:
    return plugin() if inspect.isclass(plugin) else plugin


def _agree(manifest: Manifest | None, contributions: Mapping[tuple[str, str], Contribution]) -> None:
    if manifest is None or manifest.provides is None:
        return
    said = {(kind, name) for kind, names in manifest.provides.items() for name in names}
    if said != set(contributions):
        differ = ", ".join(f"{kind} {name}" for kind, name in sorted(said ^ set(contributions)))
        raise ValueError(f"its manifest and its code disagree about {differ}")


def _reason(error: BaseException) -> str:
    return error.message if isinstance(error, TuneportError) else told(error)


def _mend(error: BaseException, module: str) -> str:
    if isinstance(error, TuneportError):
        return error.hint
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return ""
    missing, own = error.name.partition(".")[0], module.partition(".")[0]
    return "install it again: its own module is missing" if missing == own else f"pip install {missing}"


_default_lock = threading.RLock()


def default_manager() -> PluginManager:
    """The process's own manager, made on first use from what is installed."""
    with _default_lock:
        return _default_manager()


@functools.cache
def _default_manager() -> PluginManager:
    return PluginManager()
