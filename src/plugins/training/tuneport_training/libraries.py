"""What training needs and a plain install does not bring."""

from __future__ import annotations

from importlib.util import find_spec

from tuneport.errors import MissingLibraryError

INSTALL = "pip install 'tuneport[train]'"


def needs(what: str, *modules: str) -> None:
    """Stop with the line that installs them where modules are missing. None of them is imported.

    Args:
        what: what needs them, as the error's subject: "a tiny model".
        modules: names of top-level modules.

    Raises:
        MissingLibraryError: at least one of them is not installed.
    """
    missing = [name for name in modules if find_spec(name) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise MissingLibraryError(f"{what} needs {_listed(missing)}, which {verb} not installed", INSTALL)


def _listed(names: list[str]) -> str:
    *before, last = names
    return f"{', '.join(before)} and {last}" if before else last
