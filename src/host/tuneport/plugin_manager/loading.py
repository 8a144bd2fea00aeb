"""Bringing plugins in: what they require first, each whole or not at all."""

from __future__ import annotations

import functools
from collections.abc import Callable

from tuneport.plugin_manager import dependencies
from tuneport.plugin_manager.code import importing
from tuneport.plugin_manager.contributions import collect
from tuneport.plugin_manager.hooks import Hooks
from tuneport.plugin_manager.records import PluginRecord
from tuneport.plugin_manager.refusals import RefusedError
from tuneport.plugin_manager.registry import Registry


class Loader:
    """Loads the plugins of a registry. Whoever calls it sees to it that one thread does at a time."""

    def __init__(self, hooks: Hooks, registry: Registry, *, strict: bool) -> None:
        self._hooks = hooks
        self._registry = registry
        self._strict = strict

    def load(self, record: PluginRecord) -> None:
        """Import a plugin that is ready; what comes of it stands in its record.

        Raises:
            PluginError: a plugin cannot be used, where the manager is strict.
        """
        # A plugin may look others up while it is imported, and so come back to itself.
        if record.state == "ready" and not record.loading:
            self.admit(record, functools.partial(self._imported, record))
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
        """Bring a plugin in whole, or not at all: whatever it raises is its own affair."""
        instance: object = None
        record.loading = True
        try:
            instance = make()
            self._hooks.register(instance, record.name)
            self._hooks.check_pending()
            contributions = collect(self._hooks, record.name, instance)
            importing.agree(record.manifest, contributions)
        except RefusedError as error:
            record.refuse(error.refusal, error.reason, error.hint)
        except (Exception, SystemExit) as error:  # noqa: BLE001  -- a broken plugin never breaks the host
            if self._hooks.get_plugin(record.name) is instance is not None:
                self._hooks.unregister(instance)
            record.fail(importing.reason(error), importing.mend(error, record), error)
        else:
            record.instance, record.contributions, record.state = instance, contributions, "loaded"
        finally:
            record.loading = False

    def _imported(self, record: PluginRecord) -> object:
        if record.requires:
            for one in dependencies.needed(record, self._registry.records()):
                self.load(one)
            # Once more: one that is required may have turned out to be broken.
            dependencies.needed(record, self._registry.records())
        return importing.imported(record)
