"""The calls of the system that change a disk, one method each: a crash, or an error, falls between two of them."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from pathlib import Path

_NOREPLACE, _EXCHANGE = 1, 2
_AT_FDCWD = -100


class Disk:
    """The real one. A test puts another in its place, to see each call, to let it fail, or never to return from it.

    Each raises OSError. Paths of links are the links themselves.
    """

    def create(self, path: Path) -> int:
        """Open a file for writing, empty; its descriptor. ELOOP where a link stands: another file would be emptied."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)

    def write(self, path: Path, descriptor: int, data: memoryview) -> int:  # noqa: ARG002  -- the path is for tests
        """Write as much as the system takes; how many bytes that was."""
        return os.write(descriptor, data)

    def sync_file(self, path: Path, descriptor: int) -> None:  # noqa: ARG002
        """Make what was written to a file durable."""
        os.fsync(descriptor)

    def close(self, path: Path, descriptor: int) -> None:  # noqa: ARG002
        """Close a file. Its bytes are as durable as they were."""
        os.close(descriptor)

    def sync(self, path: Path) -> None:
        """Make a file's bytes, or a folder's entries, durable."""
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def lock_file(self, path: Path) -> int:
        """Open a lock file, which may be there; its descriptor."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def mkdir(self, path: Path) -> None:
        """Make one folder, in one that is there."""
        path.mkdir()

    def chmod(self, path: Path, mode: int) -> None:
        """Set permissions."""
        path.chmod(mode)

    def symlink(self, path: Path, target: str) -> None:
        """Make a symbolic link at `path`."""
        path.symlink_to(target)

    def rename(self, source: Path, target: Path) -> None:
        """Rename over what stands at the target."""
        source.rename(target)

    def rename_new(self, source: Path, target: Path) -> None:
        """Rename to where nothing stands; FileExistsError where something does, be it an empty folder."""
        if _renameat2(source, target, _NOREPLACE):
            return
        if os.path.lexists(target):  # no exclusive rename here: a moment remains in which another may come first
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        source.rename(target)

    def exchange(self, source: Path, target: Path) -> None:
        """Let two files or two folders change places; ENOSYS where the system cannot."""
        if not _renameat2(source, target, _EXCHANGE):
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), str(target))

    def unlink(self, path: Path) -> None:
        """Remove a file or a link."""
        path.unlink()

    def rmdir(self, path: Path) -> None:
        """Remove an empty folder."""
        path.rmdir()


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
