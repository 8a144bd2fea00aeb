"""What every code means: of rejects, errors and exits, of problems, notes and findings; the host's and plugins'."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import structs

from tuneport.codes.files import FINDINGS
from tuneport.codes.meaning import KINDS, Kind, Meaning
from tuneport.codes.records import NOTES, REJECTS
from tuneport.codes.runs import ERRORS, EXITS, PROBLEMS

if TYPE_CHECKING:
    from tuneport.plugin_manager import PluginManager, PluginRecord

__all__ = ["KINDS", "MEANINGS", "Kind", "Meaning", "explain", "shared"]

MEANINGS: tuple[Meaning, ...] = (*REJECTS, *ERRORS, *EXITS, *PROBLEMS, *NOTES, *FINDINGS)
"""The host's own codes, kind by kind in the order of KINDS; patterns have their variable part in capitals."""


def explain(code: str, manager: PluginManager | None = None) -> list[Meaning]:
    """What a code means; several things where it stands for several. No plugin is imported.

    Args:
        code: as it is shown: `text_too_short`, `acme:internal_link`, `hook:acme`, `73`; `exit` means all exit codes.
        manager: whose plugins are asked; by default the installed ones.

    Raises:
        UnknownNameError: nobody knows the code; the hint names the closest.
    """
    return shared(code) or _of_plugins(code, manager)


def shared(code: str) -> list[Meaning]:
    """What a code of the host means; nothing where it is not the host's."""
    found = [one for one in MEANINGS if one.code == code or (code == "exit" and one.kind == "exit")]
    fitting = (one for one in _patterns() if _pattern(one.code).fullmatch(code))
    return found or [structs.replace(one, code=code) for one in fitting]


def _patterns() -> Iterator[Meaning]:
    """The host's codes that have a variable part, but `PLUGIN:CODE`: the plugin itself knows what that means."""
    return (one for one in MEANINGS if re.search("[A-Z]", one.code) and one.code != "PLUGIN:CODE")


def _pattern(code: str) -> re.Pattern[str]:
    return re.compile(re.sub("[A-Z]+", ".+", code))


def _of_plugins(code: str, manager: PluginManager | None) -> list[Meaning]:
    """The meanings of a plugin's code, qualified or bare."""
    from tuneport.errors import UnknownNameError
    from tuneport.plugin_manager import PluginManager

    manager = manager or PluginManager(auto_load=False)
    plugin, colon, bare = code.rpartition(":")
    records = [manager.get(plugin)] if colon else manager.list()
    found = [one for record in records for one in _told_by(record) if one.code == f"{record.name}:{bare}"]
    if found:
        return found
    if colon and not any(_told_by(records[0])):
        text = f"A rule of the plugin {plugin} left the record out; its manifest does not explain its codes."
        return [Meaning(code=code, kind="plugin", outcome="filtered", text=text, plugin=plugin)]
    raise UnknownNameError(f"no code {code!r}", _nearest(code, records, qualified=bool(colon)))


def _told_by(record: PluginRecord) -> Iterator[Meaning]:
    for code, text in (record.manifest.codes if record.manifest is not None else {}).items():
        yield Meaning(code=f"{record.name}:{code}", kind="plugin", text=text, plugin=record.name)


def _nearest(code: str, records: Sequence[PluginRecord], *, qualified: bool) -> str:
    from tuneport.config import closest, suggest

    theirs = [one.code for record in records for one in _told_by(record)]
    if qualified:
        return suggest(code, theirs)
    known = [one.code for one in MEANINGS] + [name.rpartition(":")[2] for name in theirs]
    return f"{closest(code, known)} All of them: tuneport explain".strip()
