"""What becomes of a run's work where an error ends it, and what the error says of it."""

from __future__ import annotations

import errno
import os
import shlex
from contextlib import suppress
from types import TracebackType
from typing import Self

from tuneport.errors import (
    DataError,
    NotPermittedError,
    RecipeError,
    StoppedError,
    StorageError,
    TryAgainError,
    TuneportError,
    interruption,
    out_of_memory,
)
from tuneport.runs.amounts import size
from tuneport.runs.kept import Kept, missing_bytes, what_is_kept
from tuneport.runs.locks import Held
from tuneport.runs.planning.plan import Plan
from tuneport.runs.publishing.commit import Commit
from tuneport.runs.publishing.staging import Sealed, Staging
from tuneport.runs.storage import Storage

_NOTHING = "; nothing published"
_MORE_MEMORY = (
    "give it more memory, or leave out what has to remember every record: duplicates, exact splits, waiting weights"
)
_FULL = {errno.ENOSPC: "no space left", errno.EDQUOT: "the disk quota is used up"}


class Keeping:
    """The block of a run in which its work is kept, or thrown away where it could not be taken up again.

    An error that leaves the block says how far the run came, what is kept, and how to go on; a signal becomes such an
    error. What is no error of ours, Ctrl-C in a library among it, passes as it is.

    Args:
        plan: the run's plan.
        storage: what it writes with.

    Attributes:
        staging: the run's staging folder.
        held: the run's lock.
        total: how many parts there are; None as long as that is not known.
        sealed: what is about to be published; None as long as that is not made.
    """

    def __init__(self, plan: Plan, storage: Storage) -> None:
        self._plan = plan
        self.staging = Staging(plan.target.staging, storage)
        self._made = False
        self._commit = Commit(plan.target, self.staging, storage)
        self.held: Held | None = None
        self.total: int | None = None
        self.sealed: Sealed | None = None

    def __enter__(self) -> Self:
        self._made = not self.staging.path.exists()
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: TracebackType | None) -> None:
        """Let the error say so.

        Raises:
            StoppedError: a signal ended the block.
            TryAgainError: there was no more memory.
        """
        if error is None:
            return
        signal = None if isinstance(error, TuneportError) else interruption(error)
        if signal is not None:
            stopped = StoppedError(f"stopped by {signal.signal}")
            self._tell(stopped)
            raise stopped from error
        if isinstance(error, MemoryError):
            short = out_of_memory(error, _MORE_MEMORY)
            self._tell(short)
            raise short
        self._tell(error)

    def _tell(self, error: BaseException) -> None:
        published = self.sealed is not None and self._commit.stands(self.sealed)
        if not published and self.held is not None and not self.held.ours():
            if isinstance(error, TuneportError) and not isinstance(error, StoppedError):
                raise self.held.lost() from error
            return  # what is staged may be another run's by now
        if not published and self._of_no_use():
            with suppress(TuneportError):  # what went wrong first is told
                self.staging.remove()
        if not isinstance(error, TuneportError) or isinstance(error, RecipeError):
            return
        if published:
            text = _after_publishing(error, self._plan)
        elif self._plan.resumable:
            text = self._with_what_is_kept(error)
        elif _is_of_the_run(error):
            text = _lost(error, self._plan)
        else:
            return
        error.message, error.hint = error.args = text

    def _of_no_use(self) -> bool:
        """Whether what is staged is this run's, and nobody will ever take it up: another plan's work stays."""
        begun = self.staging.begun
        return (begun or self._made) and not (begun and self._plan.resumable)

    def _with_what_is_kept(self, error: TuneportError) -> tuple[str, str]:
        try:
            kept = what_is_kept(self._plan)
        except TuneportError:  # what went wrong first is told
            line = f"what was done is kept in {self._plan.target.staging}, for the next run to go on with"
            return f"{_what(error, self._plan)}{_NOTHING}", _lines(error.hint, line)
        if not kept.parts and self.staging.begun and _is_of_the_run(error):
            with suppress(TuneportError):  # what went wrong first is told
                self.staging.remove()
        return with_what_is_kept(error, self._plan, kept, self.total)


def with_what_is_kept(error: TuneportError, plan: Plan, kept: Kept, total: int | None) -> tuple[str, str]:
    """Message and hint of an error that ended a run before anything was published, with what is kept of its work."""
    place = plan.target.staging
    if not _is_of_the_run(error):
        if not kept.parts and not isinstance(error, DataError):
            return error.message, error.hint
        line = f"what was done is kept in {place}, for the next run to go on with"
        return error.message, _lines(error.hint, line)
    message = f"{_what(error, plan)}{so_far(plan, kept, total)}{_NOTHING}"
    if not kept.parts:
        return message, error.hint or "run the same command again"
    message += f", work kept in {place} ({size(kept.bytes)})"
    give_up = f"to give it up instead: rm -r {shlex.quote(str(place))}"
    if not _is_full(error, plan):
        hint = "" if isinstance(error, StoppedError) else error.hint
        return message, _lines(hint, f"the same command goes on from there; {give_up}")
    missing = missing_bytes(plan, kept, total, _free(error, plan))
    first = f"{missing} more are needed here. " if missing else ""
    return message, _lines(f"{first}Free some, then run the same command.", give_up)


def so_far(plan: Plan, kept: Kept, total: int | None) -> str:
    """` after 201 of 312 parts`; of a run whose samples wait for all others, after which step of each."""
    if not kept.parts:
        return ""
    step, done = "", kept.done
    if plan.deferred and not kept.sealing:
        writing = kept.complete and kept.done > 0
        step, done = (" writing", kept.done) if writing else (" reading", kept.waiting)
        total = kept.waiting if kept.complete else total
    if kept.sealing or total == done:
        return f" after{step} all {done:,} parts"
    of = f" of {total:,}" if total is not None else f" of ~{guess:,}" if (guess := kept.guessed(plan)) else ""
    return f" after{step} {done:,}{of} part{'' if done == 1 and not of else 's'}"


def _is_of_the_run(error: TuneportError) -> bool:
    """Whether it is the machine, or somebody who wants to stop: recipe and records have no part in it."""
    if isinstance(error, TryAgainError):
        return isinstance(error.__cause__, OSError | MemoryError)
    return isinstance(error, StoppedError | StorageError | NotPermittedError)


def _number(error: TuneportError) -> int | None:
    return error.__cause__.errno if isinstance(error.__cause__, OSError) else None


def _is_full(error: TuneportError, plan: Plan) -> bool:
    """Whether there is no space where the output is made, and not in the system's temporary folder, say."""
    here = str(plan.target.staging), str(plan.target.path)
    return _number(error) in _FULL and error.message.startswith(here)


def _free(error: TuneportError, plan: Plan) -> int:
    """Bytes that can still be written where the output is made; of a quota that is used up nobody knows."""
    if _number(error) == errno.EDQUOT:
        return 0
    try:
        found = os.statvfs(plan.target.path.parent)
    except OSError:
        return 0
    return found.f_bavail * found.f_frsize


def _what(error: TuneportError, plan: Plan) -> str:
    """What happened, without what comes after it."""
    if _is_full(error, plan):
        return f"{plan.target.shown}: {_FULL[_number(error) or 0]}"
    return error.message.removesuffix(_NOTHING)


def _lost(error: TuneportError, plan: Plan) -> tuple[str, str]:
    """Message and hint where nothing is kept, and why not."""
    why = "entities that are handed over cannot be read twice"
    if all(inlet.importer is not None for inlet in plan.inlets):
        fickle = next(stream.info.title for stream in plan.streams if stream.info.revision is None)
        why = f"{fickle} does not say whether it has changed since, so the next run starts over"
    hint = "" if isinstance(error, StoppedError) else error.hint
    return f"{_what(error, plan)}{_NOTHING}, nothing kept", _lines(hint, why)


def _after_publishing(error: TuneportError, plan: Plan) -> tuple[str, str]:
    text = f"{plan.target.shown} is published, but not all is tidied up: {error.message}"
    return text, _lines(error.hint, "the same command does what is left to do")


def _lines(*texts: str) -> str:
    return "\n".join(filter(None, texts))
