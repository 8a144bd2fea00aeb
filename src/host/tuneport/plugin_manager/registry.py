"""Records by name, and who provides what: the rules of names and conflicts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from tuneport.config import closest, suggest
from tuneport.errors import PluginError, UnknownNameError
from tuneport.plugin_manager import dependencies
from tuneport.plugin_manager.records import PluginRecord
from tuneport.plugin_manager.refusals import BESIDE


class Registry:
    """All records, the winners and the losers of every conflict.

    Any thread may read it, at any time: records are settled aside, and appear together.

    Attributes:
        lock: held to change records or what is here, and never while a plugin's code runs.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._records: tuple[PluginRecord, ...] = ()

    def records(self) -> list[PluginRecord]:
        """All records by name."""
        return sorted(self._records, key=lambda record: (record.name, record.origin))

    def named(self, name: str) -> list[PluginRecord]:
        """The records of this name, in the order they were found."""
        return [record for record in self._records if record.name == name]

    def plugin(self, name: str) -> PluginRecord:
        """The record that stands for a name or alias: a usable one where there is one.

        Raises:
            UnknownNameError: there is none.
        """
        everyone = self._records
        records = [record for record in everyone if record.name == name]
        records = records or [record for record in everyone if name in record.aliases]
        if not records:
            raise UnknownNameError(f"no plugin {name!r}", suggest(name, {record.name for record in everyone}))
        believed = [record for record in records if record.contends] or records
        return next((record for record in records if record.usable), believed[0])

    def add(self, records: Iterable[PluginRecord]) -> list[PluginRecord]:
        """Add records, and settle who may bear a name and who lacks what it requires; those that can be used.

        The same name and code is the same plugin, and not added again; nor is another state of the same folder, but
        for one that can be used in place of one that could not.
        """
        with self.lock:
            everyone, added = list(self._records), list[PluginRecord]()
            for record in records:
                rivals = [one for one in everyone if one.name == record.name]
                mended = {one for one in rivals if _mends(record, one)}
                if any(_one_place(record, one) or _same(record, one) for one in rivals if one not in mended):
                    continue
                everyone = [*(one for one in everyone if one not in mended), record]
                added.append(record)
            for name in dict.fromkeys(record.name for record in added if record.contends):
                _settle([one for one in everyone if one.name == name and one.contends])
            dependencies.settle(everyone)
            self._records = tuple(everyone)
            return [record for record in added if record.usable]

    def find(self, kind: str, name: str, prefer: str, load: Callable[[PluginRecord], None]) -> tuple[PluginRecord, str]:
        """The record that provides `name`, and what it calls it.

        Args:
            kind: one of KINDS.
            name: bare, an alias, or `plugin:name`.
            prefer: the plugin that comes first where the name is bare.
            load: imports a plugin that does not say what it provides.

        Raises:
            UnknownNameError: nobody provides the name.
            PluginError: several do, or the only one that does cannot be used.
        """
        plugin, colon, bare = name.rpartition(":")
        usable = [record for record in self._records if record.usable]
        groups = [[record for record in usable if record.name == prefer], usable]
        if colon:
            groups = [[self.plugin(plugin)]]
        for group in groups:
            providers = _providers(group, kind, bare, load)
            if len(providers) > 1:
                choices = ", ".join(f"{record.name}:{called}" for record, called in providers)
                raise PluginError(f"several plugins provide {kind} {bare!r}", f"name one of them: {choices}")
            if providers:
                return providers[0]
        if colon and not groups[0][0].usable:
            raise groups[0][0].error()
        raise self._unknown(kind, bare)

    def names(self, kind: str) -> list[str]:
        """Bare names where unique, qualified ones where not."""
        providers: dict[str, list[str]] = {}
        for record in self._records:
            for name in (record.provides or {}).get(kind, ()) if record.usable else ():
                providers.setdefault(name, []).append(record.name)
        return sorted(
            name if len(plugins) == 1 else f"{plugin}:{name}"
            for name, plugins in providers.items()
            for plugin in plugins
        )

    def _unknown(self, kind: str, name: str) -> PluginError:
        """The error for a name that nobody provides, or nobody who can be used."""
        for record in self._records:
            if not record.usable and record.called(kind, name):
                return record.error()
        known = self.names(kind)
        listed = f"tuneport plugins list --kind {kind.removesuffix('s')}"
        near = closest(name, known) or (f"known: {', '.join(known)}." if known else "")
        return UnknownNameError(f"no such {kind.removesuffix('s')}", f"{near} All {len(known)}: {listed}".strip())


def _providers(
    records: list[PluginRecord], kind: str, name: str, load: Callable[[PluginRecord], None]
) -> list[tuple[PluginRecord, str]]:
    for record in records:
        if record.provides is None:
            load(record)
    found = [(record, record.called(kind, name)) for record in records if record.usable]
    return [(record, called) for record, called in found if called]


def _one_place(record: PluginRecord, other: PluginRecord) -> bool:
    return record.origin == other.origin and not (record.installed or other.installed)


def _mends(record: PluginRecord, other: PluginRecord) -> bool:
    """Whether a record is the other plugin mended, or pinned, since it was found."""
    if not _one_place(record, other) or other.usable or not record.usable:
        return False
    unchanged = record.manifest == other.manifest and record.needed == other.needed and _same(record, other)
    return not (unchanged and other.refusal in BESIDE)


def _same(record: PluginRecord, other: PluginRecord) -> bool:
    if record.bundle is not None and other.bundle is not None:
        alike = record.contends == other.contends and record.bundle.digest == other.bundle.digest
        return alike and record.target == other.target
    if record.bundle is not None or other.bundle is not None:
        return False
    return record.module == other.module and (bool(record.module) or record.origin == other.origin)


def _settle(records: list[PluginRecord]) -> None:
    """Decide who may bear a name, whatever else is wrong with them.

    What is installed beats a directory, what is pinned there beats what is not; of two distributions, or two
    directories, neither is used. What is loaded cannot be unloaded: it stays.
    """
    highest = max(one.rank for one in records)
    rivals = [one for one in records if one.rank == highest]
    loaded = [one for one in records if one.state == "loaded" or one.loading]
    origins = " and ".join(one.origin for one in rivals)
    for one in records:
        if one in loaded or one.state == "failed":
            continue
        if one not in rivals or loaded:
            winner = (loaded or rivals)[0].origin
            one.refuse("shadowed", f"{winner} has a plugin of the same name", "rename it, or uninstall the other")
        elif len(rivals) > 1:
            one.refuse("duplicate", f"{origins} bring a plugin of the same name", "uninstall or rename all but one")
