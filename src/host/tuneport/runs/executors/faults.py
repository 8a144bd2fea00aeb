"""Errors on their way from one process to another: the same type, the same text, the same exit code."""

from __future__ import annotations

import builtins
import os
import traceback

import msgspec

from tuneport import errors
from tuneport.errors import RecipeError, TuneportError, told
from tuneport.runs.codes import sound


class Fault(msgspec.Struct, frozen=True):
    """An error as plain data.

    Attributes:
        kind: the name of its class, one of `tuneport.errors` or of Python's own.
        message: what went wrong.
        hint: what to do about it; "" for one that is none of ours.
        exit_code: what the command line ends with; 0 for one that is none of ours.
        number: the system's number of the error behind it; None where that was none of the system's.
        memory: whether it was for want of memory.
        trace: where it was raised, for one that is none of ours.
    """

    kind: str
    message: str
    hint: str = ""
    exit_code: int = 0
    number: int | None = None
    memory: bool = False
    trace: str = ""

    @classmethod
    def of(cls, error: BaseException) -> Fault:
        """An error, to be sent."""
        cause = error.__cause__
        number = cause.errno if isinstance(cause, OSError) else None
        if isinstance(error, TuneportError):
            kind = next(one.__name__ for one in type(error).__mro__ if one.__module__ == errors.__name__)
            # Its problems have been told of where the run was planned.
            kind = TuneportError.__name__ if isinstance(error, RecipeError) else kind
            memory = isinstance(cause, MemoryError)
            return cls(kind, sound(error.message), sound(error.hint), error.exit_code, number, memory)
        kind = next(one.__name__ for one in type(error).__mro__ if one.__module__ == builtins.__name__)
        trace = "" if isinstance(error, MemoryError) else sound("".join(traceback.format_exception(error)))
        return cls(kind, sound(told(error)), memory=isinstance(error, MemoryError), trace=trace)

    def error(self) -> BaseException:
        """The error again."""
        if self.exit_code:
            ours: TuneportError = getattr(errors, self.kind)(self.message, self.hint)
            ours.exit_code = self.exit_code
            if self.number is not None:
                ours.__cause__ = OSError(self.number, os.strerror(self.number))
            elif self.memory:
                ours.__cause__ = MemoryError()
            return ours
        if self.memory:
            return MemoryError()
        if self.kind == KeyboardInterrupt.__name__:
            return KeyboardInterrupt()
        other = RuntimeError(self.message)
        other.add_note(f"in a worker process:\n{self.trace}")
        return other
