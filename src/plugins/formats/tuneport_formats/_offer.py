"""What the plugin says of one format when it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from tuneport import Config, FormatTraits

if TYPE_CHECKING:
    from tuneport.hookspecs import Check, RegisterFormat, SideFiles


class Late:
    """A function of a module of this package, which is imported when it is first called: a run uses few of them."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    @cached_property
    def _function(self) -> Callable[..., Any]:
        found: Callable[..., Any] = getattr(import_module(f"tuneport_formats.{self._module}"), self._name)
        return found

    def __call__(self, *given: Any) -> Any:
        """What the function answers."""
        return self._function(*given)


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
