"""Symbolic links: one may be followed where it stays within the directory that was named."""

from __future__ import annotations

from pathlib import Path

from tuneport.plugin_manager.refusals import RefusedError
from tuneport.plugin_manager.trust.ownership import guard_place


def followed(path: Path, within: Path) -> tuple[Path, str]:
    """Where a link leads, as in a mounted ConfigMap: `acme.json -> ..data/acme.json`.

    Args:
        path: the link.
        within: the folder that it may not lead out of.

    Returns:
        The real path, and the first place on the way that its group may write to; "" where there is none.

    Raises:
        RefusedError: it leads nowhere or out of the folder, or somebody else could change where it leads.
    """
    try:
        real = path.resolve(strict=True)
    except (OSError, RuntimeError):
        raise RefusedError("unsafe", f"{path} is a symbolic link that leads nowhere", "take it away") from None
    if not real.is_relative_to(within.resolve()):
        text = f"{path} is a symbolic link that leads out of {within}"
        raise RefusedError("unsafe", text, "put what it points to there")
    return real, guard_place(path)
