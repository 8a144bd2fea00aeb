"""What the host knows of each plugin, whatever became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tuneport.errors import PluginError
from tuneport.plugin_manager.contributions import Contribution
from tuneport.plugin_manager.discovery import Found
from tuneport.plugin_manager.manifest import Manifest, incompatible

State = Literal["ready", "loaded", "refused", "failed"]


@dataclass
class PluginRecord:
    """A plugin and its state. Records are never thrown away.

    Attributes:
        name: the plugin's name.
        origin: where it comes from.
        target: what is imported.
        state: `ready` (not imported yet), `loaded`, `refused` by the host, or `failed` by its own fault.
        reason: why it is refused or failed; "" otherwise.
        hint: how to mend that.
        manifest: what it says of itself.
        installed: whether a distribution brought it.
        dist_version: that distribution's version.
        loading: it is being imported right now.
        cause: the exception that made it fail to load.
        instance: the imported plugin, once loaded.
        contributions: what it offers, once loaded.
    """

    name: str
    origin: str
    target: str
    state: State = "ready"
    reason: str = ""
    hint: str = ""
    manifest: Manifest | None = None
    installed: bool = False
    dist_version: str = ""
    loading: bool = False
    cause: BaseException | None = field(default=None, repr=False)
    instance: Any = field(default=None, repr=False)
    contributions: Mapping[tuple[str, str], Contribution] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, found: Found) -> PluginRecord:
        """The record of something just found."""
        record = cls(
            found.name,
            found.origin,
            found.target,
            manifest=found.manifest,
            installed=found.installed,
            dist_version=found.version,
        )
        if found.error:
            record.fail(found.error, found.hint)
        elif found.manifest is not None and (why := incompatible(found.manifest.api)):
            record.refuse(f"incompatible: {why}", "install a version of the plugin made for this host")
        return record

    @property
    def module(self) -> str:
        """The module that is imported, without the attribute."""
        return self.target.partition(":")[0]

    @property
    def version(self) -> str:
        """Its own version, else its distribution's; "" where neither is known."""
        return (self.manifest.version if self.manifest is not None else "") or self.dist_version

    @property
    def usable(self) -> bool:
        """Whether it can be used: loaded, or ready to be."""
        return self.state in {"ready", "loaded"}

    @property
    def provides(self) -> Mapping[str, tuple[str, ...]] | None:
        """Kind to names; None where only loading would tell."""
        if self.state == "loaded":
            kinds: dict[str, tuple[str, ...]] = {}
            for kind, name in self.contributions:
                kinds[kind] = (*kinds.get(kind, ()), name)
            return kinds
        return self.manifest.provides if self.manifest is not None else None

    @property
    def aliases(self) -> Mapping[str, str]:
        """Other names for what it provides."""
        return self.manifest.aliases if self.manifest is not None else {}

    def called(self, kind: str, name: str) -> str:
        """The name of what it provides under a name or an alias; "" where it provides no such thing."""
        names = (self.provides or {}).get(kind, ())
        return next((one for one in (name, self.aliases.get(name, "")) if one in names), "")

    def refuse(self, reason: str, hint: str) -> None:
        """Note that the host will not use it."""
        self.state, self.reason, self.hint = "refused", reason, hint

    def fail(self, reason: str, hint: str = "", cause: BaseException | None = None) -> None:
        """Note that it is broken."""
        self.state, self.reason, self.cause = "failed", reason, cause
        self.hint = hint or ("mend, upgrade or uninstall it" if self.installed else "mend it, or take it away")

    def error(self) -> PluginError:
        """The error of someone who asked for it by name."""
        error = PluginError(f"plugin {self.name} ({self.origin}) is {self.state}: {self.reason}", self.hint)
        error.__cause__ = self.cause
        return error
