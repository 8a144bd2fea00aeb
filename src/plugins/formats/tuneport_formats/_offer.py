"""What the plugin says of one format when it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from tuneport import Config, FormatTraits

if TYPE_CHECKING:
    from tuneport.hookspecs import Check, RegisterFormat, SideFiles


class Offer(NamedTuple):
    """A format: its name, what makes its writer, a line on it, what its target can, and its target's rules."""

    name: str
    factory: Callable[[Any, Any], Any]
    doc: str
    traits: FormatTraits
    check: Check
    config: type[Config] = Config
    side_files: SideFiles | None = None

    def to(self, register: RegisterFormat) -> None:
        """Register it."""
        register(
            self.name,
            self.factory,
            config=self.config,
            doc=self.doc,
            traits=self.traits,
            check=self.check,
            side_files=self.side_files,
        )
