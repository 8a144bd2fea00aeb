"""A worker process as its run sees it: started, written to and read from without ever waiting, and ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import suppress

from tuneport.errors import TryAgainError
from tuneport.runs.executors.protocol import LENGTH, Answer, answer

# What is on the path of this process stands before anything is imported, so that both import the same;
# and nobody's `__main__` is imported at all.
_CODE = "import sys; sys.path[:] = sys.argv[3:]; from tuneport.runs.executors.worker import main; main(*sys.argv[1:3])"
STOPPING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
"""Signals that ask a run to end. Its workers are given them blocked."""

_CHUNK = 1 << 18
_PATIENCE = 5.0
"""Seconds that a worker without work has to end by itself."""


class Process:
    """One worker process, and our end of the line to it.

    Args:
        number: what messages call it, from 1 on.

    Attributes:
        line: our end.
        alive: whether it still answers.
        parts: the parts that it has.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self.alive = True
        self.parts: set[int] = set()
        self._out: deque[memoryview] = deque()
        self._in = bytearray()
        self.line, theirs = socket.socketpair()
        try:
            self.line.setblocking(False)
            self._process = _started(theirs.fileno())
        except BaseException as error:
            self.line.close()
            if not isinstance(error, OSError):
                raise
            text = f"no worker process can be started: {error.strerror or error}"
            raise TryAgainError(text, "run it with --workers 1") from error
        finally:
            theirs.close()

    @property
    def writes(self) -> bool:
        """Whether something waits to be written."""
        return bool(self._out)

    def send(self, frame: bytes) -> None:
        """Send a frame, as much of it as the line takes; the rest is written by `flush`."""
        self._out.append(memoryview(frame))
        self.flush()

    def flush(self) -> None:
        """Write what waits, as far as the line takes it."""
        try:
            while self._out:
                sent = self.line.send(self._out[0])
                self._out[0] = self._out[0][sent:]
                if not self._out[0]:
                    self._out.popleft()
        except BlockingIOError:
            return
        except OSError:
            self._out.clear()  # it is gone: that is found out where it is read from

    def answers(self) -> Iterator[Answer]:
        """The answers that have come. Once all of a worker that is gone are read, it is not `alive` any more."""
        while True:
            try:
                data = self.line.recv(_CHUNK)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                self.alive = False
                break
            self._in += data
        while len(self._in) >= LENGTH.size:
            (size,) = LENGTH.unpack_from(self._in)
            if len(self._in) < LENGTH.size + size:
                break
            frame = bytes(memoryview(self._in)[LENGTH.size : LENGTH.size + size])
            del self._in[: LENGTH.size + size]
            yield answer(frame)

    def ended(self) -> int:
        """The exit code of one that does not answer any more; less than 0 for a signal."""
        self.end()
        return self._process.returncode

    def dismiss(self) -> None:
        """Tell it that there is no more to do; at once, where it is still at something that nobody wants any more."""
        if self.parts:
            self._process.kill()
        with suppress(OSError):
            # A copy of this end may be open in a process that was forked meanwhile: closing alone is not enough.
            self.line.shutdown(socket.SHUT_RDWR)
        self.line.close()

    def end(self) -> None:
        """Wait until one that was dismissed has ended, but not for long. Afterwards nothing is left of it."""
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._process.kill()
            self._process.wait()


def _started(line: int) -> subprocess.Popen[bytes]:
    path = [one for one in sys.path if isinstance(one, str)]
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # noqa: SLF001  -- as multiprocessing
    command = [sys.executable, *flags, "-c", _CODE, str(line), str(os.getpid()), *path]
    # Whoever interrupts the whole group means the run: a worker hears nothing of it before it knows what to do then.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
    try:
        return subprocess.Popen(  # noqa: S603  -- this interpreter, with code of ours
            command, stdin=subprocess.DEVNULL, stdout=_stderr(), pass_fds=(line,)
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _stderr() -> int:
    """Where what a plugin prints goes: stdout may be carrying the answer."""
    try:
        os.fstat(2)
    except OSError:
        return subprocess.DEVNULL
    return 2


def why_it_ended(number: int, code: int, parts: str) -> tuple[str, str, bool]:
    """Text and hint for a worker that is gone, and whether it is worth trying again.

    Args:
        number: the worker's.
        code: its exit code; less than 0 for a signal.
        parts: what it was working on.
    """
    fewer = "run it again, with fewer workers (--workers 1)"
    if code == -signal.SIGKILL:
        return f"worker {number} was killed (signal 9), most likely for want of memory", fewer, True
    how = f"by signal {-code} ({signal.strsignal(-code)})" if code < 0 else f"with exit code {code}"
    text = f"worker {number} ended {how}, while it worked on {parts}"
    return text, "a plugin, or a library that it uses, ended the process: mend it, or leave it out", False
