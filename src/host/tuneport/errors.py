"""What can go wrong, as one tree.

TuneportError
├── RecipeError                78  the recipe or a plugin's configuration is wrong; `problems` lists all of it
│                                  (77 where nothing is wrong but that plugins are not trusted)
├── UsageError                  2  the command line is wrong
├── SourceNotFoundError        66  what should be read is not there
├── SourceError                69  what should be read is there and cannot be read
├── DataError                  65  the records themselves: too many errors, or none left to publish
├── TargetExistsError          73  what should be written is there already
├── StorageError               74  reading or writing failed
├── TryAgainError              75  no space or memory, or another run holds the lock: the same may work later
├── NotPermittedError          77  the system does not let us write there
├── StoppedError              130  stopped on request (by a signal: 128 and its number)
├── StreamClosedError           0  whoever reads our rows has seen enough
└── PluginError                70  a plugin is broken, ambiguous or refused
    ├── UntrustedPluginError   77  its code may not run: not pinned, changed, or in an unsafe place
    ├── MissingLibraryError    78  it needs a library that is not installed; the text says how to install it
    └── UnknownNameError       78  nothing of this name; the text names the closest

The numbers are the exit codes of the command line (sysexits.h where it has one).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from tuneport.model import Problem


def told(error: BaseException) -> str:
    """An exception in one line; one of ours, or a plain ValueError, without its type."""
    try:
        text = " ".join(str(error).split())
    except BaseException:  # noqa: BLE001  -- an exception of a plugin may fail at that too
        text = ""
    if type(error) is ValueError and text:
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class TuneportError(Exception):
    """The root of every error this package raises on purpose.

    Attributes:
        message: what went wrong, with names and values.
        hint: what to do about it; "" where nothing helps.
        code: a stable name, the same in every version.
        exit_code: what the command line ends with.
    """

    code: ClassVar[str] = "error"
    exit_code: int = 70

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class RecipeError(TuneportError):
    """A recipe or configuration with one problem or more; nothing was read or written."""

    code = "recipe"
    exit_code = 78

    def __init__(self, problems: Sequence[Problem], origin: str = "recipe") -> None:
        self.problems = tuple(problems)
        self.origin = origin
        if self.problems and all(problem.code == UntrustedPluginError.code for problem in self.problems):
            self.exit_code = UntrustedPluginError.exit_code
        super().__init__(f"{self.summary()}\n\n{_lines(self.problems)}" if self.problems else self.summary())

    def summary(self) -> str:
        """One line: whose problems, and how many."""
        count = len(self.problems)
        return f"{self.origin}: {count} problem{'' if count == 1 else 's'}, nothing read or written"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems, self.origin)


def _lines(problems: Sequence[Problem]) -> str:
    """All problems: in two columns where a text has places for them, else one below the other."""
    if not any(problem.line for problem in problems):
        return "\n\n".join(_one_below(problem) for problem in problems)
    places = [_place(problem) for problem in problems]
    width = max(len(place) for place, _ in places)
    margin = " " * (width + 4)
    return "\n".join(
        f"  {place:<{width}}  {path}\n{margin}{_told(problem)}" if path else f"  {place:<{width}}  {_told(problem)}"
        for problem, (place, path) in zip(problems, places, strict=True)
    )


def _one_below(problem: Problem) -> str:
    return f"  {problem.path}\n    {_told(problem)}" if problem.path else f"  {_told(problem)}"


def _place(problem: Problem) -> tuple[str, str]:
    """Where a problem is, and its path: in the text, or `--set` where a command line gave the value."""
    if problem.line:
        return f"{problem.line}:{problem.column}", problem.path
    option, _, path = problem.path.partition(" ")
    return (option, path) if option.startswith("--") and path else ("", problem.path)


def _told(problem: Problem) -> str:
    return f"{problem.message}; {problem.hint}" if problem.hint else problem.message


class UsageError(TuneportError):
    """A command line that cannot be understood."""

    code = "usage"
    exit_code = 2


class SourceNotFoundError(TuneportError):
    """The file, table or query to read does not exist."""

    code = "source_not_found"
    exit_code = 66


class SourceError(TuneportError):
    """The source exists and could not be read to its end."""

    code = "source"
    exit_code = 69


class DataError(TuneportError):
    """The records do not make a dataset: too many errors among them, or no row left."""

    code = "data"
    exit_code = 65


class TargetExistsError(TuneportError):
    """Something stands where the dataset should be published."""

    code = "target_exists"
    exit_code = 73


class StorageError(TuneportError):
    """The disk, or whatever stands behind a path, failed."""

    code = "storage"
    exit_code = 74


class TryAgainError(TuneportError):
    """Nothing is wrong with the request: run it again when there is space, or memory, or the other run has ended."""

    code = "try_again"
    exit_code = 75


def out_of_memory(error: MemoryError, hint: str = "give it more memory") -> TryAgainError:
    """The error of a process that got no more memory. What its frames held is let go of, so that this can be told."""
    import traceback

    traceback.clear_frames(error.__traceback__)
    short = TryAgainError("out of memory", hint)
    short.__cause__ = error
    return short


class NotPermittedError(TuneportError):
    """The system does not let us read or write there."""

    code = "not_permitted"
    exit_code = 77


class StoppedError(TuneportError):
    """Stopped on request."""

    code = "stopped"
    exit_code = 130


class Interrupted(KeyboardInterrupt):
    """A signal ends the process in good order. The command line raises it; the library installs no handler.

    Attributes:
        signal: the signal's name: `SIGTERM`.
    """

    def __init__(self, signal: str) -> None:
        super().__init__(signal)
        self.signal = signal


def interruption(error: BaseException | None) -> Interrupted | None:
    """The signal behind an error; None where there is none. Libraries put errors of their own in its place."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, Interrupted):
            return error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None


class StreamClosedError(TuneportError):
    """Whoever reads our rows has closed the stream: no failure on a command line."""

    code = "stream_closed"
    exit_code = 0


class PluginError(TuneportError):
    """A plugin that was asked for by name cannot be used."""

    code = "plugin"
    exit_code = 70


class UntrustedPluginError(PluginError):
    """A plugin that was asked for by name may not run: nothing pins its code, or anybody could have changed it."""

    code = "untrusted"
    exit_code = 77


class MissingLibraryError(PluginError):
    """What was asked for needs a library that a plain install does not bring."""

    code = "missing_library"
    exit_code = 78


class UnknownNameError(PluginError):
    """No plugin provides what was asked for."""

    code = "unknown_name"
    exit_code = 78
