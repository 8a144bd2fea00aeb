"""Bringing plugins in: what they require first, each whole or not at all."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

from tuneport.plugin_manager import dependencies
from tuneport.plugin_manager.claims import Claims
from tuneport.plugin_manager.code import importing
from tuneport.plugin_manager.code.containing import stdout_aside
from tuneport.plugin_manager.contributions import Contribution, collect
from tuneport.plugin_manager.hooks import Hooks
from tuneport.plugin_manager.records import PluginRecord
from tuneport.plugin_manager.refusals import RefusedError
from tuneport.plugin_manager.registry import Registry
from tuneport.plugin_manager.updates import must_exist


class Loader:
    """Loads the plugins of a registry. Any thread may: each plugin is imported once, and no lock is held meanwhile."""

    def __init__(self, hooks: Hooks, registry: Registry, *, strict: bool) -> None:
        self._hooks = hooks
        self._registry = registry
        self._strict = strict
        self._claims = Claims(registry.lock)

    def load(self, record: PluginRecord) -> None:
        """Import a plugin that is ready; what comes of it stands in its record.

        It is still `ready` where it is being imported by this very thread, or by one that waits for this thread.

        Raises:
            PluginError: a plugin cannot be used, where the manager is strict.
        """
        if record.state != "ready" or not self._claims.take(record):
            return
        try:
            self.admit(record, functools.partial(self._imported, record))
        finally:
            self._claims.give_back(record)
        self.check()

    def check(self) -> None:
        """Where the manager is strict, raise for the first plugin that cannot be used.

        Raises:
            PluginError: there is one.
        """
        for record in self._registry.records() if self._strict else ():
            if not record.usable and record.refusal not in {"blocked", "shadowed"}:
                raise record.error()

    def admit(self, record: PluginRecord, make: Callable[[], object]) -> None:
        """Bring a plugin in whole, or not at all: whatever it raises is its own affair.

        Raises:
            KeyboardInterrupt: somebody pressed Ctrl-C meanwhile.
        """
        try:
            with stdout_aside():
                instance = make()
                contributions = self._plugged(record, instance)
        except RefusedError as error:
            record.refuse(error.refusal, error.reason, error.hint)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001
            # A broken plugin never breaks the host, be it with SystemExit, CancelledError or worse.
            record.fail(importing.reason(error), importing.mend(error, record), error)
        else:
            record.instance, record.contributions, record.state = instance, contributions, "loaded"

    def _plugged(self, record: PluginRecord, instance: object) -> Mapping[tuple[str, str], Contribution]:
        """What a plugin offers, its hooks registered; they are not where that fails."""
        with self._registry.lock:
            self._hooks.add(instance, record.name)
        try:
            contributions = collect(self._hooks, record.name, instance)
            importing.agree(record.manifest, contributions)
            must_exist(contributions, [record, *self._registry.records()])
        except BaseException:
            with self._registry.lock:
                self._hooks.unregister(name=record.name)
            raise
        return contributions

    def _imported(self, record: PluginRecord) -> object:
        if record.requires:
            for one in dependencies.needed(record, self._registry.records()):
                self.load(one)
            # Once more: one that is required may have turned out to be broken.
            dependencies.needed(record, self._registry.records())
        return importing.imported(record)
