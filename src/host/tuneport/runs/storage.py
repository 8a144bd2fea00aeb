"""What is done on the disk, in steps that a crash may fall between."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from tuneport.errors import TargetExistsError, TuneportError
from tuneport.runs.disk import Disk
from tuneport.runs.failures import translated
from tuneport.runs.locks import Held, take


class Storage:
    """Disk operations that fail with errors of ours. All that this package writes goes through one.

    Args:
        disk: what they are made of; the real one unless a test gives another.
    """

    def __init__(self, disk: Disk | None = None) -> None:
        self._disk = disk or Disk()

    @property
    def is_real(self) -> bool:
        """Whether it writes on the real disk, as one in another process would."""
        return type(self) is Storage and type(self._disk) is Disk

    # Folders and files

    def mkdir(self, path: Path, *, durable: bool = False) -> None:
        """Make a folder and its parents; it may exist. `durable` makes the entries of those that it made durable.

        So it does for one that is there and empty: whoever made it a moment ago may have died before that.
        """
        there = next((folder for folder in (path, *path.parents) if folder.is_dir()), path)
        if durable and _empty(there):
            self.sync(there.parent)
        for folder in (*reversed(path.parents), path):
            if not folder.is_dir():
                self._folder(folder)
                if durable:
                    self.sync(folder.parent)

    def _folder(self, path: Path) -> None:
        with translated("mkdir", path):
            with contextlib.suppress(FileExistsError):  # another process may be making it
                self._disk.mkdir(path)
            if not path.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))

    def write(self, path: Path, data: bytes) -> None:
        """Write a file. It is not durable before `sync`."""
        made = False
        try:
            with self._written(path, durable=False) as file:
                made = True
                file.write(data)
        except TuneportError:
            if made and path.is_file():  # neither somebody's, nor a device
                with contextlib.suppress(OSError):  # room for what vouches for the files before it
                    self._disk.unlink(path)
            raise

    def put(self, path: Path, data: bytes, mode: int | None = None) -> None:
        """Write a file that is there whole or not at all, and durable; with these permissions, where they are given."""
        part = path.with_name(path.name + ".part")
        with self._written(part, durable=True) as file:
            file.write(data)
            if mode is not None:
                with translated("permit", part):
                    self._disk.chmod(part, mode)
        self.rename(part, path)
        self.sync(path.parent)

    def writer(self, path: Path) -> contextlib.AbstractContextManager[Writer]:
        """Write a file piece by piece; durable when the block ends without an error."""
        return self._written(path, durable=True)

    @contextlib.contextmanager
    def _written(self, path: Path, *, durable: bool) -> Iterator[Writer]:
        with translated("create", path):
            descriptor = self._disk.create(path)
        try:
            yield Writer(self._disk, path, descriptor)
            if durable:
                # Not tried again where it fails: the system may have forgotten what it could not write.
                with translated("sync", path):
                    self._disk.sync_file(path, descriptor)
        except BaseException:
            with contextlib.suppress(OSError):
                self._disk.close(path, descriptor)
            raise
        with translated("close", path):  # where a quota, or a disk behind a network, says what it could not take
            self._disk.close(path, descriptor)

    def sync(self, path: Path) -> None:
        """Make a file's bytes, or a folder's entries, durable."""
        self.could_sync(path)

    def could_sync(self, path: Path) -> bool:
        """The same; whether the file system could: some cannot for folders, and nothing more can be done then."""
        with translated("sync", path):
            try:
                self._disk.sync(path)
            except OSError as error:
                if error.errno not in {errno.EINVAL, errno.ENOTSUP} or not path.is_dir():
                    raise
                return False
        return True

    def permit_like(self, path: Path, other: Path) -> None:
        """Give a file or folder the permissions of another, durably."""
        with translated("permit", path):
            mode = stat.S_IMODE(other.stat().st_mode)
            if mode == stat.S_IMODE(path.stat().st_mode):
                return
            self._disk.chmod(path, mode)
        self.sync(path)

    def remove(self, path: Path) -> None:
        """Remove a file or a folder with all it holds; it may be gone already."""
        if not os.path.lexists(path):
            return
        with translated("remove", path):
            self._removed(path)

    def _removed(self, path: Path) -> None:
        with contextlib.suppress(FileNotFoundError):  # somebody removes it, too
            if path.is_symlink() or not path.is_dir():
                self._disk.unlink(path)
                return
            for one in sorted(path.iterdir()):
                self._removed(one)
            self._disk.rmdir(path)

    # What is read again

    def read(self, path: Path) -> bytes:
        """All of a file.

        Raises:
            StorageError: it cannot be read.
        """
        with translated("read", path):
            return path.read_bytes()

    @contextlib.contextmanager
    def reader(self, path: Path) -> Iterator[IO[bytes]]:
        """Read a file piece by piece."""
        with translated("read", path), path.open("rb") as file:
            yield file

    # What makes others see something

    def rename(self, source: Path, target: Path) -> None:
        """Rename within a file system, over what stands at the target."""
        with translated("rename", target):
            self._disk.rename(source, target)

    def publish(self, source: Path, target: Path, *, durable: bool = True) -> None:
        """Rename a file or folder to a place where nothing stands, in one step.

        Raises:
            TargetExistsError: something stands there.
        """
        with translated("publish", target):
            try:
                self._disk.rename_new(source, target)
            except FileExistsError:
                raise TargetExistsError(f"{target} exists") from None
        if durable:
            self.sync(target.parent)

    def exchange(self, source: Path, target: Path, *, durable: bool = True) -> None:
        """Let two files or two folders change places, in one step. What stood at the target stands at the source then.

        Raises:
            StorageError: the system cannot.
        """
        with translated("exchange", target):
            self._disk.exchange(source, target)
        if durable:
            self.sync(target.parent)

    def point(self, link: Path, target: str) -> None:
        """Let a symbolic link point to `target`, whatever it pointed to before, in one step.

        Raises:
            TargetExistsError: what stands at the name under which it is made is no link.
        """
        part = link.with_name(f".{link.name}.part")
        if part.is_symlink():  # a run died at it; anything else is somebody's
            self.remove(part)
        with translated("link", part):
            self._disk.symlink(part, target)
        self.rename(part, link)
        self.sync(link.parent)

    @contextlib.contextmanager
    def lock(self, path: Path) -> Iterator[Held]:
        """Hold a lock file for the length of a block. The system lets go of it when the process dies.

        Raises:
            TryAgainError: another process holds it.
        """
        held = take(path, self._disk)
        try:
            yield held
        finally:
            try:
                # Only a holder may remove it; whoever opened the old file meanwhile finds out in `take`.
                if held.unused():
                    with contextlib.suppress(TuneportError):  # one that stays does no harm, and no error hides another
                        self.remove(path)
            finally:
                held.close()

    # Temporary space

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder of the system's temporary space for the length of a block."""
        with translated("scratch", Path(tempfile.gettempdir())):
            folder = Path(tempfile.mkdtemp(prefix="tuneport-"))
        try:
            yield folder
        finally:
            with contextlib.suppress(TuneportError):  # the system clears it in time, and no error hides another
                self.remove(folder)

    @contextlib.contextmanager
    def unnamed(self, folder: Path | None = None) -> Iterator[IO[bytes]]:
        """A file that has no name: gone with the block, and with the process.

        It takes space of a folder's disk; of the system's temporary space where none is given.
        """
        with translated("unnamed", folder or Path(tempfile.gettempdir())):
            file = tempfile.TemporaryFile(buffering=1 << 14, dir=folder)  # noqa: SIM115  -- closed below, whatever happens
        try:
            yield file
        finally:
            with contextlib.suppress(OSError):  # what a full disk does not take is told where it is read
                file.close()


class Writer:
    """A file that is being written."""

    def __init__(self, disk: Disk, path: Path, descriptor: int) -> None:
        self._disk = disk
        self._path = path
        self._descriptor = descriptor

    def write(self, data: bytes | memoryview) -> int:
        """Write all of it, in as many calls as the system wants; how many bytes that is."""
        left = memoryview(data)
        with translated("write", self._path):
            while left:
                left = left[self._disk.write(self._path, self._descriptor, left) :]
        return len(data)


def _empty(path: Path) -> bool:
    """Whether it is a folder with nothing in it, as far as can be seen."""
    try:
        with os.scandir(path) as entries:
            return next(entries, None) is None
    except OSError:
        return False
