"""Records by name, and who provides what: the rules of names and conflicts."""

from __future__ import annotations

from collections.abc import Callable

from tuneport.config import closest
from tuneport.errors import PluginError, UnknownNameError
from tuneport.plugin_manager.records import PluginRecord


class Registry:
    """All records, the winners and the losers of every conflict."""

    def __init__(self) -> None:
        self._records: list[PluginRecord] = []

    def records(self) -> list[PluginRecord]:
        """All records by name."""
        return sorted(self._records, key=lambda record: (record.name, record.origin))

    def named(self, name: str) -> list[PluginRecord]:
        """The records of this name, in the order they were found."""
        return [record for record in self._records if record.name == name]

    def plugin(self, name: str) -> PluginRecord | None:
        """The record that stands for a name or alias: a usable one where there is one."""
        records = self.named(name) or [record for record in self._records if name in record.aliases]
        return next((record for record in records if record.usable), records[0] if records else None)

    def add(self, record: PluginRecord) -> bool:
        """Add a record, and settle it against those of the same name.

        The same name and module is the same plugin. Otherwise what is installed beats a directory; of two
        distributions, or two directories, neither is used. Returns whether a plugin was added.
        """
        others = self.named(record.name)
        if any(record.module == other.module for other in others):
            return False
        self._records.append(record)
        rivals = [other for other in others if other.usable or other.reason.startswith("duplicate")]
        if not rivals or not record.usable:
            return True
        if rivals[0].installed and not record.installed:
            record.refuse(f"shadowed: {rivals[0].origin} has a plugin of the same name")
            return True
        for one in (*rivals, record):
            origins = " and ".join(other.origin for other in (*rivals, record))
            one.refuse(f"duplicate: {origins} bring a plugin of the same name", "uninstall or rename one of them")
        return True

    def find(
        self, kind: str, name: str, prefer: str, load: Callable[[PluginRecord], None]
    ) -> tuple[PluginRecord | None, str]:
        """The record that provides `name`, and the bare name.

        Raises:
            PluginError: the named plugin cannot be used, or several provide the name.
        """
        plugin, colon, bare = name.rpartition(":")
        if colon:
            record = self.plugin(plugin)
            if record is not None and not record.usable:
                raise record.error()
            return record, bare
        usable = [record for record in self._records if record.usable]
        preferred = [record for record in usable if record.name == prefer]
        for record in preferred:
            if name in self._provided(record, kind, load):
                return record, name
        for record in usable:
            # A plugin that does not say what it provides has to be asked.
            self._provided(record, kind, load)
        bare = next((record.aliases[name] for record in usable if name in record.aliases), name)
        providers = [r for r in usable if r.usable and {name, bare} & set((r.provides or {}).get(kind, ()))]
        if len(providers) > 1:
            choices = ", ".join(f"{record.name}:{bare}" for record in providers)
            raise PluginError(f"several plugins provide {kind} {bare!r}", f"name one of them: {choices}")
        return (providers[0], bare) if providers else (None, bare)

    def names(self, kind: str) -> list[str]:
        """Bare names where unique, qualified ones where not."""
        providers: dict[str, list[str]] = {}
        for record in self.records():
            for name in (record.provides or {}).get(kind, ()) if record.usable else ():
                providers.setdefault(name, []).append(record.name)
        return sorted(
            name if len(plugins) == 1 else f"{plugin}:{name}"
            for name, plugins in providers.items()
            for plugin in plugins
        )

    def unknown(self, kind: str, name: str) -> PluginError:
        """The error for a name that nobody provides, or nobody who can be used."""
        broken = [
            record
            for record in self.records()
            if not record.usable
            and record.manifest is not None
            and name.rpartition(":")[2] in (record.manifest.provides or {}).get(kind, ())
        ]
        if broken:
            return broken[0].error()
        known = self.names(kind)
        listed = f"tuneport plugins list --kind {kind.removesuffix('s')}"
        near = closest(name, known) or f"known: {', '.join(known)}."
        hint = f"{near} All {len(known)}: {listed}"
        return UnknownNameError(f"no such {kind.removesuffix('s')}", hint)

    @staticmethod
    def _provided(record: PluginRecord, kind: str, load: Callable[[PluginRecord], None]) -> tuple[str, ...]:
        if record.provides is None:
            load(record)
        return (record.provides or {}).get(kind, ())
