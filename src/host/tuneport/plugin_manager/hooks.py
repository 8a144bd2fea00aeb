"""pluggy, with the exporter contract's names in either spelling."""

from __future__ import annotations

from typing import Any

import pluggy

from tuneport.hookspecs import Contributions, IExporter

EXPORTER_HOOKS = {
    "export_entities": "exportEntities",
    "get_adapter_metadata_json": "getAdapterMetadataJson",
    "get_quality_metrics_report": "getQualityMetricsReport",
}
"""snake_case twin to the name of the hook."""


class Hooks(pluggy.PluginManager):
    """A pluggy manager that carries the whole contract."""

    def __init__(self) -> None:
        super().__init__("tuneport")
        self._wrappers_only = False
        self.add_hookspecs(Contributions)
        self.add_hookspecs(IExporter)

    def parse_hookimpl_opts(self, plugin: object, name: str) -> Any:
        """Let `export_entities` implement `exportEntities`, and so on."""
        options = super().parse_hookimpl_opts(plugin, name)
        if options is not None and self._wrappers_only and not (options["wrapper"] or options["hookwrapper"]):
            return None
        if options is not None and options.get("specname") is None and name in EXPORTER_HOOKS:
            options["specname"] = EXPORTER_HOOKS[name]
        return options

    def add(self, plugin: object, name: str) -> None:
        """Register a plugin, or nothing of it where it implements a hook that does not exist.

        Raises:
            ValueError: it is registered already, or its hooks are not those of the contract.
        """
        self.register(plugin, name)
        try:
            self.check_pending()
        except BaseException:
            self.unregister(name=name)
            raise

    def register_wrappers(self, plugin: object, name: str) -> None:
        """Register a plugin's wrappers, and nothing else of it."""
        self._wrappers_only = True
        try:
            self.register(plugin, name)
        finally:
            self._wrappers_only = False

    def answers(self, instance: object) -> set[str]:
        """The exporter hooks that this plugin answers itself, wrappers not counted."""
        return {
            name
            for name in EXPORTER_HOOKS.values()
            for implementation in getattr(self.hook, name).get_hookimpls()
            if implementation.plugin is instance and not (implementation.wrapper or implementation.hookwrapper)
        }
