"""What the host knows of each plugin, whatever became of it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

from tuneport.errors import PluginError, UntrustedPluginError
from tuneport.plugin_manager.contributions import Contribution
from tuneport.plugin_manager.finding.found import Found, legible, top_of
from tuneport.plugin_manager.manifest import Manifest, incompatible
from tuneport.plugin_manager.refusals import UNSURE, UNTRUSTED, Refusal
from tuneport.plugin_manager.trust.digest import code_digest, sha256

if TYPE_CHECKING:
    from tuneport.plugin_manager.trust.bundle import Bundle

State = Literal["ready", "loaded", "refused", "failed"]
REGISTERED = "registered"
"""The origin of what was registered in this process."""


@dataclass(eq=False)
class PluginRecord:
    """A plugin and its state, kept whatever becomes of it.

    Only one of a directory that could not be used gives way: to what is found in its place, and can be used.

    Attributes:
        name: the plugin's name.
        origin: where it comes from.
        target: what is imported.
        state: `ready` (not imported yet), `loaded`, `refused` by the host, or `failed` by its own fault.
        refusal: the first word of `reason` where it is refused; "" otherwise.
        reason: why it is refused or failed; "" otherwise.
        hint: how to mend that.
        manifest: what it says of itself.
        installed: whether a distribution brought it.
        dist_version: that distribution's version.
        bundle: its files, where they come from a directory.
        needed: what it requires beside what its manifest says.
        rank: how much its name counts against others of that name: what is installed or registered before what is
            pinned, that before anything else of a directory. 0 where nothing that it says can be believed.
        unpinned: its code runs though nothing pins it.
        loading: it is being imported right now.
        cause: the exception that made it fail to load.
        instance: the imported plugin, once loaded.
        contributions: what it offers, once loaded.
    """

    name: str
    origin: str
    target: str
    state: State = "ready"
    refusal: Refusal = ""
    reason: str = ""
    hint: str = ""
    manifest: Manifest | None = None
    installed: bool = False
    dist_version: str = ""
    bundle: Bundle | None = None
    needed: tuple[str, ...] = ()
    rank: int = 3
    unpinned: bool = False
    loading: bool = False
    cause: BaseException | None = field(default=None, repr=False)
    instance: Any = field(default=None, repr=False)
    contributions: Mapping[tuple[str, str], Contribution] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, found: Found) -> PluginRecord:
        """The record of something just found."""
        record = cls(
            legible(found.name),
            legible(found.origin),
            found.target,
            manifest=found.manifest,
            installed=found.installed,
            dist_version=found.version,
            bundle=found.bundle,
            needed=found.requires,
            rank=3 if found.installed else 2 if found.pinned else 0 if found.error else 1,
            unpinned=found.unpinned,
        )
        if found.refusal:
            record.refuse(found.refusal, found.error, found.hint)
        elif found.error:
            record.fail(found.error, found.hint)
        elif found.manifest is not None and (why := incompatible(found.manifest.api)):
            record.refuse("incompatible", why, "install a version of the plugin made for this host")
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
    def digest(self) -> str:
        """SHA-256 over its files; over the sources of what it offers, where it was registered; "" if it has none."""
        if self.deployed and self.bundle is not None:
            return self.bundle.digest
        if self.origin == REGISTERED:
            return self._sources
        return code_digest(self.module) if self.module else ""

    @functools.cached_property
    def _sources(self) -> str:
        from tuneport.plugin_manager.trust.sources import sources_digest

        offered = ((one.factory, one.check, one.side_files, one.config) for one in self.contributions.values())
        sources = sources_digest((self.instance, *chain.from_iterable(offered)))
        return sha256(f"{code_digest(self.module)} {sources}".encode())

    @property
    def deployed(self) -> bool:
        """Whether its code is run from a directory's files, and not imported from what is installed."""
        return self.bundle is not None and top_of(self.target) in self.bundle.tops

    @property
    def requires(self) -> tuple[str, ...]:
        """The plugins and distributions it needs, as PEP 508 writes them."""
        said = self.manifest.requires if self.manifest is not None else ()
        return tuple(dict.fromkeys([*said, *self.needed]))

    @property
    def contends(self) -> bool:
        """Whether its name counts against others of that name: not where nothing it says can be believed."""
        return self.rank > 0 and self.refusal not in UNTRUSTED

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

    def refuse(self, refusal: Refusal, reason: str, hint: str) -> None:
        """Note that the host will not use it."""
        # Who reads it meanwhile finds the reason where it finds the state.
        self.reason, self.hint = legible(f"{refusal}: {reason}"), legible(hint)
        self.refusal, self.state = refusal, "refused"

    def readmit(self) -> None:
        """Note that what stood in its way is gone."""
        self.state, self.refusal, self.reason, self.hint = "ready", "", "", ""

    def fail(self, reason: str, hint: str = "", cause: BaseException | None = None) -> None:
        """Note that it is broken."""
        self.hint = legible(hint) or ("mend, upgrade or uninstall it" if self.installed else "mend it, or take it away")
        self.refusal, self.reason, self.cause, self.state = "", legible(reason), cause, "failed"

    def error(self) -> PluginError:
        """The error of someone who asked for it by name."""
        kind = UntrustedPluginError if self.refusal in UNSURE else PluginError
        error = kind(f"plugin {self.name} ({self.origin}) is {self.state}: {self.reason}", self.hint)
        error.__cause__ = self.cause
        return error
