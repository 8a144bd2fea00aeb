"""A plugin in a directory, as somebody drops it there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from host.plugin_manager.making import FORMAT
from tuneport.plugin_manager.diagnosis import Finding

ACME = {"name": "acme", "module": "acme", "api": ">=1.0,<2", "provides": {"formats": ["acme"]}}
CODE = FORMAT.format(name="acme")


def dropped(folder: Path, manifest: Mapping[str, Any] | str = ACME, code: str = CODE) -> Path:
    """A plugin directory with the package `acme`, its manifest in it."""
    package = folder / "acme"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(code)
    (package / "plugin.json").write_text(manifest if isinstance(manifest, str) else json.dumps(manifest))
    return folder


def only(findings: list[Finding]) -> Finding:
    """The one finding that there is."""
    (finding,) = findings
    return finding
