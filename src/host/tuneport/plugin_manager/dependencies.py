"""What plugins require: other plugins, which are loaded first, and installed distributions."""

from __future__ import annotations

import importlib.metadata
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from tuneport.plugin_manager.records import PluginRecord
from tuneport.plugin_manager.refusals import RefusedError

if TYPE_CHECKING:
    from packaging.requirements import Requirement


def settle(records: Iterable[PluginRecord]) -> None:
    """Refuse each plugin that lacks something it requires, and readmit those that lack nothing any more.

    All is decided before a record is touched: who reads one meanwhile sees how it was, or how it is.
    """
    everyone = list(records)
    judged = [one for one in everyone if one.requires and _is_open(one)]
    if not judged:
        return
    view = _View(everyone, judged)
    for record, refusal in _refused(judged, view).items():
        record.refuse(refusal.refusal, refusal.reason, refusal.hint)
    for record in judged:
        if record.state == "refused" and record not in view.refused:
            record.readmit()


def needed(record: PluginRecord, records: Iterable[PluginRecord]) -> list[PluginRecord]:
    """The plugins that have to be loaded before this one.

    Where a plugin answers to a name that is required, it alone decides: one that is broken or refused is missing, even
    where pip installed it. One of another version leaves it to the installed distribution of that name, if that fits.
    A plugin's own name means the distribution.

    Raises:
        RefusedError: something it requires is neither a plugin here nor installed, or has another version.
    """
    return _found(record, _wanted(record), _View(records))


class _View:
    """The plugins as they would stand, while it is decided who lacks something.

    Attributes:
        refused: those that lack something, so far.
    """

    def __init__(self, records: Iterable[PluginRecord], judged: Iterable[PluginRecord] = ()) -> None:
        self.refused: dict[PluginRecord, RefusedError] = {}
        self._judged = frozenset(judged)
        self._called: dict[str, list[PluginRecord]] = {}
        for record in records:
            # One that is denied is that plugin all the same; in a directory, anybody may call anything so.
            if record.contends or (record.installed and record.refusal == "blocked"):
                self._called.setdefault(canonicalize_name(record.name), []).append(record)

    def usable(self, record: PluginRecord) -> bool:
        return record not in self.refused and (record.usable or record in self._judged)

    def plugin(self, need: Requirement, record: PluginRecord) -> PluginRecord | None:
        """The other plugin of the name that is required: one that can be used, where there is one."""
        called = [one for one in self._called.get(canonicalize_name(need.name), ()) if one.name != record.name]
        return next((one for one in called if self.usable(one)), called[0] if called else None)

    def missing(self, plugin: PluginRecord) -> RefusedError:
        """Why a plugin that is required cannot be used."""
        state, reason, hint = plugin.state, plugin.reason, plugin.hint
        if plugin in self.refused:
            why = self.refused[plugin]
            state, reason, hint = "refused", f"{why.refusal}: {why.reason}", why.hint
        return RefusedError("requires", f"needs plugin {plugin.name}, which is {state}: {reason}", hint)


def _is_open(record: PluginRecord) -> bool:
    """Whether what it requires decides about a plugin; of one that is being imported, its import does."""
    return not record.loading and (record.state == "ready" or record.refusal == "requires")


def _refused(judged: Sequence[PluginRecord], view: _View) -> dict[PluginRecord, RefusedError]:
    wanted: dict[PluginRecord, list[Requirement]] = {}
    for record in judged:
        try:
            wanted[record] = _wanted(record)
        except RefusedError as error:
            view.refused[record] = error
    view.refused.update(_circles(wanted, view))
    changed = True
    while changed:
        # A plugin that is refused is missing to those that require it.
        changed = False
        for record, needs in wanted.items():
            try:
                if record not in view.refused:
                    _found(record, needs, view)
            except RefusedError as error:
                view.refused[record] = error
                changed = True
    return view.refused


def _found(record: PluginRecord, needs: Iterable[Requirement], view: _View) -> list[PluginRecord]:
    found = []
    for need in needs:
        plugin = view.plugin(need, record)
        if plugin is not None and not view.usable(plugin):
            raise view.missing(plugin)
        if plugin is not None and _fits(need, plugin.version):
            found.append(plugin)
        elif not _fits(need, _version(need)):
            raise _lacking(need, plugin)
    return found


def _wanted(record: PluginRecord) -> list[Requirement]:
    """What a plugin requires here: not what is marked as other systems' affair."""
    if not record.requires:
        return []
    from tuneport.plugin_manager.finding.requirements import required

    needs = []
    for line in record.requires:
        try:
            need = required(line)
        except ValueError:
            text = f"{textwrap.shorten(repr(line), 100)} is no requirement such as acme>=1.2"
            raise RefusedError("requires", text, "mend its manifest") from None
        if need is not None:
            needs.append(need)
    return needs


def _fits(need: Requirement, version: str | None) -> bool:
    """Whether a version is what is required; "" is one that nobody knows, None says that there is nothing."""
    try:
        return version is not None and (not need.specifier or need.specifier.contains(version, prereleases=True))
    except ValueError:
        return False


def _version(need: Requirement) -> str | None:
    try:
        return importlib.metadata.version(need.name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _lacking(need: Requirement, plugin: PluginRecord | None) -> RefusedError:
    wanted, version = f"{need.name}{need.specifier}", _version(need)
    hint = f"pip install '{wanted}'"
    if plugin is not None:
        return RefusedError("requires", f"needs {wanted}, and plugin {plugin.name} has version {plugin.version}", hint)
    if version is not None:
        return RefusedError("requires", f"needs {wanted}, and the installed {need.name} has version {version}", hint)
    return RefusedError("requires", f"needs {wanted}, which is neither a plugin here nor installed", hint)


def _circles(wanted: dict[PluginRecord, list[Requirement]], view: _View) -> dict[PluginRecord, RefusedError]:
    """The plugins that require themselves, through others, and how."""
    after = {record: [view.plugin(need, record) for need in needs] for record, needs in wanted.items()}
    hint = "one of them has to do without the next"
    found = {}
    for record in wanted:
        if path := _circle(record, after):
            names = " -> ".join(one.name for one in path)
            found[record] = RefusedError("requires", f"plugins that require each other in a circle: {names}", hint)
    return found


def _circle(start: PluginRecord, after: dict[PluginRecord, list[PluginRecord | None]]) -> list[PluginRecord]:
    """The shortest way from a plugin back to itself, through what it requires; [] where there is none."""
    ways, seen = [[start]], set[PluginRecord]()
    for way in ways:
        for one in after.get(way[-1], ()):
            if one is start:
                return [*way, start]
            if one is not None and one not in seen:
                seen.add(one)
                ways.append([*way, one])
    return []
