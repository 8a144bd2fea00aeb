"""The only code that writes to the disk. Every call is one step that a crash may fall before or after."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, BinaryIO

from tuneport.errors import NotPermittedError, StorageError, TargetExistsError, TryAgainError, TuneportError

_TRANSIENT = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_RENAME_NOREPLACE, _RENAME_EXCHANGE = 1, 2
_AT_FDCWD = -100
_WORDS = {
    "link": "make the link",
    "mkdir": "make the folder",
    "permit": "set the permissions of",
    "scratch": "make a folder in",
    "sync": "make durable",
    "unnamed": "make a file in",
}
"""Operations, where one word does not say it."""


class Storage:
    """Disk operations that fail with errors of ours.

    A test may replace `before`, which is called with the name and path of each operation.
    """

    def __init__(self, before: Callable[[str, Path], None] | None = None) -> None:
        self.before = before or (lambda _operation, _path: None)

    def mkdir(self, path: Path) -> None:
        """Make a folder and its parents; it may exist."""
        with self._step("mkdir", path):
            path.mkdir(parents=True, exist_ok=True)

    def write(self, path: Path, data: bytes) -> None:
        """Write a file. It is not durable before `sync`."""
        with self._step("write", path):
            path.write_bytes(data)

    def sync(self, path: Path) -> None:
        """Make a file's bytes, or a folder's entries, durable."""
        with self._step("sync", path):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def put(self, path: Path, data: bytes, mode: int | None = None) -> None:
        """Write a file that is there whole or not at all, and durable; with these permissions, where they are given."""
        part = path.with_name(path.name + ".part")
        self.write(part, data)
        if mode is not None:
            with self._step("permit", part):
                part.chmod(mode)
        self.sync(part)
        self.rename(part, path)
        self.sync(path.parent)

    def rename(self, source: Path, target: Path) -> None:
        """Rename within a file system, over what stands at the target."""
        with self._step("rename", target):
            source.rename(target)

    def publish(self, source: Path, target: Path) -> None:
        """Rename a file or folder to a place where nothing stands, in one step.

        Raises:
            TargetExistsError: something stands there.
        """
        with self._step("publish", target):
            try:
                _rename_exclusively(source, target)
            except FileExistsError:
                raise TargetExistsError(f"{target} exists") from None
        self.sync(target.parent)

    def exchange(self, source: Path, target: Path) -> None:
        """Let two files or two folders change places, in one step. What stood at the target stands at the source then.

        Raises:
            StorageError: the system cannot.
        """
        with self._step("exchange", target):
            if not _renameat2(source, target, _RENAME_EXCHANGE):
                raise OSError(errno.ENOSYS, "this system cannot exchange two folders in one step; --on-exists version")
        self.sync(target.parent)
        self.sync(source.parent)

    def permit_like(self, path: Path, other: Path) -> None:
        """Give a file or folder the permissions of another."""
        with self._step("permit", path):
            path.chmod(stat.S_IMODE(other.stat().st_mode))

    def point(self, link: Path, target: str) -> None:
        """Let a symbolic link point to `target`, whatever it pointed to before, in one step."""
        part = link.with_name(f".{link.name}.part")
        self.remove(part)
        with self._step("link", part):
            part.symlink_to(target)
        self.rename(part, link)
        self.sync(link.parent)

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder of the system's temporary space for the length of a block."""
        with self._step("scratch", Path(tempfile.gettempdir())):
            folder = Path(tempfile.mkdtemp(prefix="tuneport-"))
        try:
            yield folder
        finally:
            self.remove(folder)

    @contextlib.contextmanager
    def unnamed(self) -> Iterator[IO[bytes]]:
        """A file of the system's temporary space that has no name: gone with the block, and with the process."""
        with self._step("unnamed", Path(tempfile.gettempdir())):
            file = tempfile.TemporaryFile(buffering=1 << 14)  # noqa: SIM115  -- closed below, whatever happens
        try:
            yield file
        finally:
            with contextlib.suppress(OSError):  # what a full disk does not take is told where it is read
                file.close()

    def remove(self, path: Path) -> None:
        """Remove a file or a folder with all it holds; it may be gone already."""
        if not os.path.lexists(path):
            return
        with self._step("remove", path):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def writer(self, path: Path) -> Iterator[BinaryIO]:
        """Write a file piece by piece; durable when the block ends without an error."""
        with self._step("create", path), path.open("wb") as file:
            yield file
        self.sync(path)

    @contextlib.contextmanager
    def lock(self, path: Path) -> Iterator[None]:
        """Hold a lock file for the length of a block. The system lets go of it when the process dies.

        Raises:
            TryAgainError: another process holds it.
        """
        descriptor = self._locked(path)
        try:
            yield
        finally:
            try:
                # Only a holder may remove it; whoever opened the old file meanwhile finds out in _locked.
                # A file that somebody wrote to was not made by us.
                if os.fstat(descriptor).st_size == 0:
                    self.remove(path)
            finally:
                os.close(descriptor)

    def _locked(self, path: Path) -> int:
        while True:
            with self._step("lock", path):
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # The last holder may have removed the file between our opening and locking it.
                if path.stat().st_ino == os.fstat(descriptor).st_ino:
                    return descriptor
            except FileNotFoundError:
                pass
            except BlockingIOError:
                os.close(descriptor)
                raise TryAgainError(f"another run is writing here (it holds {path})") from None
            os.close(descriptor)

    @contextlib.contextmanager
    def _step(self, operation: str, path: Path) -> Iterator[None]:
        self.before(operation, path)
        try:
            yield
        except OSError as error:
            raise failure(error, operation, path) from error


def failure(error: OSError, operation: str, path: Path | str) -> TuneportError:
    """What an error of the system means to whoever asked for the run."""
    if error.errno in _TRANSIENT:
        return TryAgainError(f"{path}: {error.strerror}", "free some space and run it again")
    text = f"cannot {_WORDS.get(operation, operation)} {path}: {error.strerror or error}"
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return NotPermittedError(text, "check owner and permissions, or name another place")
    return StorageError(text)


def _rename_exclusively(source: Path, target: Path) -> None:
    if _renameat2(source, target, _RENAME_NOREPLACE):
        return
    if os.path.lexists(target):  # no exclusive rename here: a moment remains in which another may come first
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    source.rename(target)


def _renameat2(source: Path, target: Path, flag: int) -> bool:
    """Whether the kernel and the file system know a rename of this kind, and did it."""
    if sys.platform != "linux":
        return False
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is None:
        return False
    arguments = (_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), flag)
    if function(*arguments) == 0:
        return True
    number = ctypes.get_errno()
    if number in {errno.ENOSYS, errno.EINVAL}:
        return False
    raise OSError(number, os.strerror(number), str(target))
