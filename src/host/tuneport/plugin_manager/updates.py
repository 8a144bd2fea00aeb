"""What plugins change of the traits of other plugins' formats: a limit that was raised, a service that ends."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from logging import getLogger
from typing import TYPE_CHECKING, Any, NamedTuple

from tuneport.config import closest, suggest
from tuneport.errors import PluginError, UnknownNameError
from tuneport.plugin_manager.trait_values import FIELDS, checked

if TYPE_CHECKING:
    from tuneport.plugin_manager.contributions import Contribution
    from tuneport.plugin_manager.records import PluginRecord

log = getLogger("tuneport")


class Changer(NamedTuple):
    """A plugin that changed a format's traits: its name, its version, and SHA-256 over its code."""

    plugin: str
    version: str
    digest: str


def changed(target: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes of traits, checked as those that a format comes with.

    Raises:
        ValueError: one cannot be so, or `target` is not `plugin:format`.
    """
    plugin, colon, name = target.partition(":")
    if not (plugin and colon and name):
        raise ValueError(f"it changes traits of {target!r}: write plugin:format, such as formats:openai")
    if not changes:
        raise ValueError(f"it changes traits of {target}, and says nothing of them: name a field, {', '.join(FIELDS)}")
    made = checked(target, changes)
    # Whoever says that a service goes on takes back the day on which it would have ended.
    return {"sunset": None, **made} if made.get("status") == "active" else made


def must_exist(contributions: Iterable[tuple[str, str]], records: Iterable[PluginRecord]) -> None:
    """Check that the formats whose traits a plugin changes are there, as far as that is known without loading them.

    Args:
        contributions: kind and name of each thing it offers.
        records: all plugins.

    Raises:
        UnknownNameError: one is not.
    """
    everyone = list(records)
    for target in (name for kind, name in contributions if kind == "traits"):
        plugin, _, name = target.partition(":")
        owners = [record for record in everyone if record.name == plugin]
        if not owners:
            hint = suggest(plugin, {record.name for record in everyone})
            raise UnknownNameError(f"it changes traits of {target}, and there is no plugin {plugin!r}", hint)
        known = [provides.get("formats", ()) for one in owners if (provides := one.provides) is not None]
        if len(known) == len(owners) and not any(name in names for names in known):
            names = [one for of_one in known for one in of_one]
            hint = closest(name, names) or f"it has {', '.join(names) or 'none'}"
            raise UnknownNameError(f"it changes traits of {target}, and {plugin} has no format {name!r}", hint)


def updated(found: Contribution, records: Sequence[PluginRecord], load: Callable[[PluginRecord], None]) -> Contribution:
    """A format with its traits as other plugins have changed them; these are loaded.

    One that cannot be loaded changes nothing, and is logged and listed with its reason.

    Args:
        found: the format.
        records: all plugins.
        load: imports a plugin that is not.

    Raises:
        PluginError: two plugins change the same field.
    """
    changing = [record for record in records if record.usable and _may_change(record, found.qualified)]
    for record in changing:
        load(record)
        if not record.usable:
            log.warning("%s; %s is used without it", record.error().message, found.qualified)
    by = [record for record in changing if ("traits", found.qualified) in record.contributions]
    whose: dict[str, PluginRecord] = {}
    traits = found.traits
    for record in by:
        changes = record.contributions["traits", found.qualified].changes
        for field in changes:
            if field in whose:
                text = f"the plugins {whose[field].name} and {record.name} both change {field} of {found.qualified}"
                raise PluginError(text, "use one of them: deny or uninstall the other")
            whose[field] = record
        traits = dataclasses.replace(traits, **changes)
    if not by:
        return found
    changed_by = tuple(Changer(record.name, record.version, record.digest) for record in by)
    return dataclasses.replace(found, traits=traits, changed_by=changed_by)


def _may_change(record: PluginRecord, target: str) -> bool:
    """Whether a plugin changes the traits of a format, or does not say what it does."""
    provides = record.provides
    return provides is None or target in provides.get("traits", ())
