"""Importing one plugin, installed or from a directory, and what its errors mean."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Mapping
from logging import getLogger
from pathlib import Path
from typing import TYPE_CHECKING

from tuneport.errors import TuneportError, told
from tuneport.plugin_manager.contributions import Contribution
from tuneport.plugin_manager.manifest import Manifest
from tuneport.plugin_manager.records import PluginRecord

if TYPE_CHECKING:
    from tuneport.plugin_manager.trust.bundle import Bundle

log = getLogger("tuneport")


def imported(record: PluginRecord) -> object:
    """The instance of a plugin, imported for the first time or not.

    Raises:
        RefusedError: its files are not what they were when it was found.
        Exception: whatever its code raises.
    """
    module_name, _, attribute = record.target.partition(":")
    if record.bundle is not None:
        module_name = _from_directory(record, record.bundle, module_name)
    plugin: object = importlib.import_module(module_name)
    for step in attribute.split(".") if attribute else ():
        plugin = getattr(plugin, step)
    return instance_of(plugin)


def _from_directory(record: PluginRecord, bundle: Bundle, module_name: str) -> str:
    """Read a plugin's files once more, and make them importable; the name its module has then."""
    files = bundle.read()
    if record.unpinned:
        log.warning(
            "UNPINNED CODE RUNS: plugin %s from %s, SHA-256 %s: any code there is trusted",
            record.name,
            record.origin,
            bundle.digest,
        )
    if not record.deployed:
        return module_name
    from tuneport.plugin_manager.code.deployed import deploy

    return deploy(bundle, files).private(module_name)


def instance_of(plugin: object) -> object:
    """What has the hooks: a class is called without arguments."""
    return plugin() if inspect.isclass(plugin) else plugin


def agree(manifest: Manifest | None, contributions: Mapping[tuple[str, str], Contribution]) -> None:
    """Check that a plugin offers what its manifest says.

    Raises:
        ValueError: it does not.
    """
    if manifest is None or manifest.provides is None:
        return
    said = {(kind, name) for kind, names in manifest.provides.items() for name in names}
    if said != set(contributions):
        lacking = {True: "the code lacks it", False: "the manifest lacks it"}
        differ = [(*one, lacking[one in said]) for one in sorted(said ^ set(contributions))]
        listed = ", ".join(f"{kind} {name} ({where})" for kind, name, where in differ)
        raise ValueError(f"its manifest and its code disagree about {listed}")


def reason(error: BaseException) -> str:
    """What went wrong while a plugin was loaded, in one line."""
    text = error.message if isinstance(error, TuneportError) else told(error)
    # A plugin's author knows its modules by their own names.
    return re.sub(r"tuneport_deployed\.d[0-9a-f]{16}\.", "", text)


def mend(error: BaseException, record: PluginRecord) -> str:
    """What to do about it; "" where nothing can be said."""
    if isinstance(error, TuneportError):
        return error.hint
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return ""
    missing, own = error.name.partition(".")[0], record.module.partition(".")[0]
    if record.deployed and missing in {own, "tuneport_deployed"}:
        return "put the module into the plugin's package"
    if record.deployed and (Path(record.origin).parent / f"{missing}.py").is_file():
        return (
            f"{missing}.py is no part of {own}: make them one package, {own}/__init__.py, and from . import {missing}"
        )
    return "install it again: its own module is missing" if missing == own else f"pip install {missing}"
