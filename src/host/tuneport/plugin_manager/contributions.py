"""What a plugin offers, collected when it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from tuneport.config import Config
from tuneport.plugin_manager.hooks import Hooks
from tuneport.plugin_manager.manifest import KINDS
from tuneport.plugin_manager.trait_values import checked
from tuneport.plugin_manager.updates import Changer, changed
from tuneport.traits import NO_TRAITS, FormatTraits

JUDGED = ("row", "adapter", "dataset")
"""What a validator may judge."""


@dataclass(frozen=True)
class Contribution:
    """One thing of one plugin: `plugin:name` is unique within a kind.

    Attributes:
        kind: one of KINDS.
        plugin: the plugin's name.
        name: what it is called.
        factory: makes the working callable from a configuration and a context. Exporters take the
            configuration alone; a command is called as it is; traits make changed ones of a format's own.
        config: the model of its configuration.
        doc: one line.
        traits: for formats.
        check: for formats, their rules for a row; None where they have none.
        side_files: for formats, what makes the files beside their rows; None where there are none.
        on: for validators, what they judge.
        changes: for traits, what they change of the format they are named after.
        changed_by: for formats, the plugins that changed their traits.
    """

    kind: str
    plugin: str
    name: str
    factory: Callable[..., Any]
    config: type[Any] = Config
    doc: str = ""
    traits: FormatTraits = NO_TRAITS
    check: Callable[[Any], Any] | None = None
    side_files: Callable[[Any, str], Any] | None = None
    on: str = "row"
    changes: Mapping[str, Any] = field(default_factory=dict, hash=False)
    changed_by: tuple[Changer, ...] = ()

    @property
    def qualified(self) -> str:
        """`plugin:name`."""
        return f"{self.plugin}:{self.name}"


def collect(hooks: Hooks, plugin: str, instance: object) -> dict[tuple[str, str], Contribution]:
    """Call the plugin's `register_*` hooks, each on its own.

    A plugin that implements exportEntities itself is an exporter of the plugin's name.

    Raises:
        ValueError: it registers one name twice within a kind.
        Exception: whatever the plugin raises.
    """
    found: dict[tuple[str, str], Contribution] = {}
    for kind in KINDS:
        register = _traits_registrar(plugin, found) if kind == "traits" else _registrar(kind, plugin, found)
        for implementation in getattr(hooks.hook, f"register_{kind}").get_hookimpls():
            if implementation.plugin is instance:
                implementation.function(*[register for _ in implementation.argnames])
    if "exportEntities" in hooks.answers(instance):
        if ("exporters", plugin) in found:
            raise ValueError(f"it registers an exporter {plugin!r}, and implements exportEntities itself")
        found["exporters", plugin] = Contribution("exporters", plugin, plugin, lambda _config: instance)
    return found


def _registrar(kind: str, plugin: str, found: dict[tuple[str, str], Contribution]) -> Callable[..., None]:
    def register(
        name: str,
        factory: Callable[..., Any],
        *,
        config: type[Any] | None = None,
        doc: str = "",
        traits: FormatTraits | None = None,
        check: Callable[[Any], Any] | None = None,
        side_files: Callable[[Any, str], Any] | None = None,
        on: str = "row",
    ) -> None:
        if (kind, name) in found:
            raise ValueError(f"it registers {kind} {name!r} twice")
        if not name.replace("_", "").replace("-", "").isalnum():
            raise ValueError(f"{name!r} is no name: letters, digits, _ and - only")
        if on not in JUDGED:
            raise ValueError(f"validator {name!r} judges {on!r}, not one of {', '.join(JUDGED)}")
        expressed = _checked_traits(f"{plugin}:{name}", NO_TRAITS if traits is None else traits)
        found[kind, name] = Contribution(
            kind, plugin, name, factory, config or Config, doc, expressed, check, side_files, on
        )

    return register


def _checked_traits(target: str, traits: object) -> FormatTraits:
    if not isinstance(traits, FormatTraits):
        raise ValueError(f"traits of {target} are {traits!r}: write traits=FormatTraits(...)")
    return replace(traits, **checked(target, vars(traits)))


def _traits_registrar(plugin: str, found: dict[tuple[str, str], Contribution]) -> Callable[..., None]:
    def register(target: str, **changes: Any) -> None:
        if ("traits", target) in found:
            raise ValueError(f"it changes traits of {target!r} twice: name all fields together")
        made = changed(target, changes)
        found["traits", target] = Contribution("traits", plugin, target, partial(replace, **made), changes=made)

    return register
