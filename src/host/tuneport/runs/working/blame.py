"""Rejects: whose record it was, and which stage is to blame."""

from __future__ import annotations

from logging import getLogger
from math import isfinite

import msgspec

from tuneport.errors import told
from tuneport.model import Reject
from tuneport.runs.codes import ERRORED, FILTERED, raised
from tuneport.runs.messages import Rejected, StageRef

log = getLogger("tuneport")

_SPARE = 16 << 20
"""Bytes that are still to be had where a stage ran out of memory by itself."""


class Whose(msgspec.Struct, frozen=True):
    """Which record a stage looks at: where it stands, what names it, and whose data it is."""

    ordinal: int
    key: str | None = None
    subject: str | None = None

    def reject(self, stage: str, code: str, reason: str, identity: bytes = b"") -> Rejected:
        """This record's reject."""
        return Rejected(self.ordinal, self.key, self.subject, stage, code, reason, identity)


def rejected_by(stage: StageRef, whose: Whose, reject: Reject) -> Rejected:
    """A stage's reject, with its code made unique to its plugin unless it is one of the shared codes."""
    return whose.reject(stage.qualified, own_code(stage, str(reject.code)), str(reject.reason))


def own_code(stage: StageRef, code: str) -> str:
    """A code as it is where it is one of the shared codes, else `plugin:code`."""
    if code in ERRORED or code in FILTERED or code.startswith(f"{stage.plugin}:"):
        return code
    return f"{stage.plugin}:{code}"


def rule_code(stage: StageRef, code: str) -> str:
    """The code of a rule that a row breaks: never one of those by which a record counts as an error."""
    return f"{stage.plugin}:{code}" if code in ERRORED else own_code(stage, code)


def of_a_plugin(error: BaseException) -> None:
    """Let what a stage raised pass, unless the whole run is meant.

    Raises:
        KeyboardInterrupt: a signal came while it worked.
        MemoryError: there is hardly any left, so that good records would be rejected from here on. One that asked for
            too much at once has only itself to blame.
    """
    if isinstance(error, KeyboardInterrupt):
        raise error
    if isinstance(error, MemoryError):
        try:
            bytearray(_SPARE)
        except MemoryError:
            raise error from None


def raised_by(stage: StageRef, whose: Whose, error: BaseException, warned: set[str]) -> Rejected:
    """The reject of a plugin that raised.

    What it said may hold the record's values: the reject does not repeat it, and the log does once per stage,
    for whoever has to mend the plugin.

    Raises:
        KeyboardInterrupt, MemoryError: the error is none of the plugin's, see `of_a_plugin`.
    """
    of_a_plugin(error)
    if isinstance(error, UnicodeEncodeError) and _at_a_surrogate(error):
        return whose.reject(stage.qualified, "bad_utf8", "Text holds a lone surrogate")
    reason = f"{stage.qualified} raised {raised(error)}"
    if stage.qualified not in warned:
        warned.add(stage.qualified)
        log.warning("%s, the first time with: %s", reason, " ".join(told(error).split())[:300])
    return whose.reject(stage.qualified, f"hook:{stage.plugin}", reason)


def _at_a_surrogate(error: UnicodeEncodeError) -> bool:
    """Whether half a character is to blame, and not an encoding that has no room for a whole one."""
    try:
        return "\ud800" <= error.object[error.start] <= "\udfff"
    except Exception:  # noqa: BLE001  -- one that a plugin made may hold anything, or nothing
        return False


def bad_weight(stage: StageRef, whose: Whose, weight: float, warned: set[str]) -> Rejected:
    """The reject of a weight that is negative or not finite; a negative one is told once, for its plugin's author."""
    if weight < 0.0 and isfinite(weight):
        text = f"{stage.qualified} gave a negative factor"
        if stage.qualified not in warned:
            warned.add(stage.qualified)
            log.warning("%s: a weighting answers a number of at least 0, or a Reject", text)
        return whose.reject(stage.qualified, f"hook:{stage.plugin}", text)
    return whose.reject(stage.qualified, "weight_not_finite", f"Weight is {weight}, not a finite number")
