"""PluginManager: a lazy registry of plugins on top of pluggy."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from logging import getLogger
from pathlib import Path
from typing import Any

from tuneport.errors import PluginError
from tuneport.plugin_manager.contributions import Contribution
from tuneport.plugin_manager.finding.found import Found
from tuneport.plugin_manager.finding.installed import installed
from tuneport.plugin_manager.hooks import Hooks
from tuneport.plugin_manager.loading import Loader
from tuneport.plugin_manager.manifest import Manifest
from tuneport.plugin_manager.names import Names, is_path
from tuneport.plugin_manager.records import PluginRecord, State
from tuneport.plugin_manager.registering import Registered
from tuneport.plugin_manager.registry import Registry
from tuneport.plugin_manager.settings import Scan, Settings, known_trust, several
from tuneport.plugin_manager.trust.files import absolute
from tuneport.plugin_manager.updates import updated

log = getLogger("tuneport")


class PluginManager:
    """Finds plugins without importing them, loads each on first use, and keeps a broken one to itself.

    Any thread may use a manager. Python cannot unload code: for a changed directory make a new manager.

    Args:
        dirs: a directory of plugins, or several, as for `scan_plugin_directory`.
        discover: look at the installed distributions' entry points.
        auto_load: import the plugins that ask for it in their manifest.
        trust: which code of a directory may run. `pinned`: what its lock file pins. `any`: all that nobody else
            could have changed, with a warning.
        lock: the lock file of these directories; None means `DIR.lock.json` beside each.
        allow: globs of names; plugins of other names are refused. None allows all.
        deny: globs of names; plugins of these names are refused.
        strict: raise for the first plugin that is broken or refused, unless it is shadowed or refused by its name.

    Raises:
        PluginError: there is no such directory, or, where `strict`, a plugin cannot be used.
        UnknownNameError: `trust` is no such word.
    """

    def __init__(
        self,
        dirs: str | Path | Iterable[str | Path] = (),
        *,
        discover: bool = True,
        auto_load: bool = True,
        trust: str = "pinned",
        lock: str | Path | None = None,
        allow: Iterable[str] | None = None,
        deny: Iterable[str] = (),
        strict: bool = False,
    ) -> None:
        scans = tuple(Scan.of(directory, trust, lock) for directory in several(dirs))
        names = Names().narrowed(allow, deny)
        own = None if lock is None else absolute(lock)
        self._start(Settings(scans, discover, auto_load, known_trust(trust), own, names, strict), ())
        if auto_load:
            self.auto_load()

    def _start(self, settings: Settings, registered: Iterable[tuple[object, str]]) -> None:
        self.hooks = Hooks()
        self._registry = Registry()
        self._loader = Loader(self.hooks, self._registry, strict=settings.strict)
        self._settings = settings
        self._registered = Registered(self._registry, self._loader, self._block)
        self._add(installed() if settings.discover else ())
        self._registered.take_over(registered)
        for scan in settings.scans:
            self._add(_found_at(scan))
        self._loader.check()

    def extended(
        self,
        dirs: str | Path | Iterable[str | Path] = (),
        *,
        lock: str | Path | None = None,
        allow: Iterable[str] | None = None,
        deny: Iterable[str] = (),
    ) -> PluginManager:
        """A new manager with this one's settings and registered plugins, and directories that a recipe names.

        Naming a directory grants nothing: its code runs if this manager's own `lock` pins it. A lock file beside
        the directory, and `trust="any"`, count only for directories that this manager looks into already.

        Args:
            dirs: one more directory, or several.
            lock: the lock file that the recipe expects this manager to have: a hint where it has none.
            allow: globs of names; of the plugins this manager allows, others are refused.
            deny: globs of names that are refused as well.

        Raises:
            PluginError: as for a new manager.
        """
        made = self.unloaded(self._settings.extended(several(dirs), lock, allow, deny), self._registered.kept)
        if made.settings.auto_load:
            made.auto_load()
        return made

    @property
    def settings(self) -> Settings:
        """What it was made with, and the directories that were added since."""
        return self._settings

    @property
    def portable(self) -> Settings | None:
        """Its settings, where another process finds the same plugins by them; None once one was registered here."""
        return None if self._registered.kept else self._settings

    @classmethod
    def unloaded(cls, settings: Settings, registered: Iterable[tuple[object, str]] = ()) -> PluginManager:
        """A manager of these settings that has imported nothing yet, not even what asks for it."""
        self = cls.__new__(cls)
        self._start(settings, registered)
        return self

    def scan_plugin_directory(
        self, directory: str | Path, *, trust: str | None = None, lock: str | Path | None = None
    ) -> int:
        """Add the plugins of a directory; nothing is imported.

        A plugin is a manifest `*.json` whose module stands beside it or is installed, a `plugin.json` at any depth,
        a wheel, or a distribution that `pip install --target` put there. What lacks a manifest is listed as failed.

        Args:
            directory: where they are.
            trust: `pinned` or `any`; None means the manager's own.
            lock: the lock file; None means the manager's own, else `DIR.lock.json` beside the directory.

        Returns:
            How many usable plugins this added; one that is known already counts as none.

        Raises:
            PluginError: there is no such directory, or, where the manager is strict, a plugin cannot be used.
        """
        scan = Scan.of(directory, trust or self._settings.trust, lock or self._settings.lock)
        added = self._add(_found_at(scan), scan)
        self._loader.check()
        return len(added)

    def register(self, plugin: object, name: str) -> None:
        """Add a plugin that exists already, as a module or an object with hook implementations, and load it.

        Such a plugin is known by the source of its modules, and of what these import that is not installed: what else
        its answers depend on, such as data that its functions hold, has to be in its config or its version. Otherwise
        a run that was stopped is taken up although it changed.

        Raises:
            PluginError: the name is taken or not allowed, or the plugin is broken; nothing is kept of it then.
        """
        self._registered.add(plugin, name)

    def auto_load(self) -> None:
        """Load the plugins that ask for it in their manifest, lower `load_priority` first.

        What they require is loaded before them. One that is broken is logged and listed with its reason, and stops
        nobody, unless the manager is strict.
        """
        asking = [(record.manifest, record) for record in self.list(state="ready") if record.manifest is not None]
        asking = [(manifest, record) for manifest, record in asking if manifest.auto_load]
        for _, record in sorted(asking, key=lambda pair: (pair[0].load_priority, pair[1].name)):
            self._loader.load(record)
            if not record.usable:
                log.warning("%s", record.error())

    def list(self, kind: str | None = None, state: State | None = None) -> Sequence[PluginRecord]:
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

    def load(self, name: str | Path, config: Any = None) -> Any:
        """A new exporter (an `Exporter`) or importer (a `Source`) of this name, configured.

        Each is independent of any loaded before, but for a plugin that implements IExporter as its own hooks:
        that is one object. Where one plugin has both under the name, it is the exporter.

        Args:
            name: an exporter, an importer, or a plugin that implements IExporter; qualified (`plugin:name`)
                where several provide it. Or the path of one plugin's folder, manifest or wheel, as a Path or a text
                with a separator: it is added as from a directory, and has to be trusted as such.
            config: a mapping, or an instance of the configuration model.

        Raises:
            PluginError: nobody provides the name, several do, or the plugin cannot be loaded.
            RecipeError: the configuration is wrong; each problem names its path.
        """
        from tuneport.exporter import load

        return load(self, self._at(Path(name)) if is_path(name) else str(name), config)

    def resolve(self, kind: str, name: str, prefer: str = "") -> Contribution:
        """The one contribution of this kind and name, its plugin loaded.

        A format has its traits as other plugins have changed them.

        Args:
            kind: one of KINDS.
            name: bare, an alias, or `plugin:name`.
            prefer: the plugin whose contribution a bare name means if it has one.

        Raises:
            UnknownNameError: nobody provides it.
            PluginError: several provide it, or the plugin is broken; or two plugins change one trait of a format.
        """
        record, called = self._registry.find(kind, name, prefer, self._loader.load)
        self.load_plugin(record)
        found = record.contributions[kind, called]
        return updated(found, self._registry.records(), self._loader.load) if kind == "formats" else found

    def names(self, kind: str) -> Sequence[str]:
        """What can be asked for: bare where one plugin provides it, `plugin:name` where several do."""
        return self._registry.names(kind)

    def load_plugin(self, record: PluginRecord) -> object:
        """Import a plugin if it is not; its instance.

        Raises:
            PluginError: it is refused, or broken.
        """
        self._loader.load(record)
        if not record.usable:
            raise record.error()
        if record.state != "loaded":
            raise PluginError(
                f"plugin {record.name} is asked for while it is being imported", "load plugins later, not at import"
            )
        return record.instance

    def _at(self, path: Path) -> str:
        """What to load for a path: its plugin is added, loaded, and has one exporter or importer."""
        scan = dataclasses.replace(Scan.of(path, self._settings.trust, self._settings.lock), alone=True)
        from tuneport.plugin_manager.finding import paths

        found = paths.found_at(scan)
        self._add(found, scan)
        one = paths.only([paths.recorded(self._registry, each) for each in found], scan.path)
        self.load_plugin(one)
        return paths.loaded_name(one)

    def _add(self, found: Iterable[Found], scan: Scan | None = None) -> Sequence[PluginRecord]:
        """Add what was found, and keep in mind where; the records that are new and can be used."""
        records = [PluginRecord.of(one) for one in found]
        for record in records:
            self._block(record)
        with self._registry.lock:
            if scan is not None and scan not in self._settings.scans:
                self._settings = dataclasses.replace(self._settings, scans=(*self._settings.scans, scan))
            return self._registry.add(records)

    def _block(self, record: PluginRecord) -> None:
        if why := self._settings.names.complaint(record.name):
            record.refuse("blocked", why, "name it in allow, or take it out of deny")


def _found_at(scan: Scan) -> Sequence[Found]:
    # Most hosts have no directory, and do without all that it takes to judge one.
    from tuneport.plugin_manager.finding.paths import found_at

    return found_at(scan)
