"""What the disk promises: durable writes, one exclusive rename, one holder of a lock, errors that say what to do."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tools import watched

from tuneport.errors import StorageError, TargetExistsError, TryAgainError
from tuneport.runs.disk import Disk
from tuneport.runs.storage import Storage


def test_put_is_whole_and_in_order(tmp_path: Path) -> None:
    """A put file is written beside its name, synced, renamed, and its folder synced, in that order."""
    steps: list[tuple[str, str]] = []
    watched(lambda call, path: steps.append((call, path.name))).put(tmp_path / "a", b"1")

    assert (tmp_path / "a").read_bytes() == b"1"
    part = [(call, "a.part") for call in ("create", "write", "sync_file", "close")]
    assert steps == [*part, ("rename", "a"), ("sync", tmp_path.name)]


@pytest.mark.parametrize(
    ("there", "steps"),
    [
        ("", [("mkdir", "a"), ("sync", "."), ("mkdir", "a/b"), ("sync", "a")]),
        ("a", [("sync", "."), ("mkdir", "a/b"), ("sync", "a")]),
        ("a/x", [("mkdir", "a/b"), ("sync", "a")]),
        ("a/b", [("sync", "a")]),
        ("a/b/x", []),
    ],
)
def test_a_durable_folder(there: str, steps: list[tuple[str, str]], tmp_path: Path) -> None:
    """Each folder is durable before the next is made in it; an empty one may be a moment old, and not durable yet."""
    Storage().mkdir(tmp_path / there)
    (tmp_path / "other").touch()
    done: list[tuple[str, str]] = []
    storage = watched(lambda call, path: done.append((call, os.path.relpath(path, tmp_path))))
    storage.mkdir(tmp_path / "a/b", durable=True)

    assert (tmp_path / "a/b").is_dir()
    assert done == steps


def test_permissions_that_are_given_are_durable(tmp_path: Path) -> None:
    """Those that are there already cost nothing."""
    (tmp_path / "one").mkdir(mode=0o750)
    (tmp_path / "other").mkdir(mode=0o700)
    calls: list[str] = []
    storage = watched(lambda call, _path: calls.append(call))
    storage.permit_like(tmp_path / "one", tmp_path / "other")
    storage.permit_like(tmp_path / "one", tmp_path / "other")

    assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o700
    assert calls == ["chmod", "sync"]


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    """All at once, or piece by piece."""
    with pytest.raises(StorageError, match=r"cannot read .*gone: No such file"):
        Storage().read(tmp_path / "gone")
    with pytest.raises(StorageError, match=r"cannot read .*: Is a directory"), Storage().reader(tmp_path):
        pass


@pytest.mark.parametrize("kind", ["file", "full folder", "empty folder", "dangling link"])
def test_publish_never_replaces(kind: str, tmp_path: Path) -> None:
    """Whatever stands at the target, even an empty folder, publishing fails and both are left as they are."""
    source, target = tmp_path / "made", tmp_path / "target"
    source.mkdir()
    (source / "rows").write_text("new")
    if kind == "file":
        target.write_text("old")
    elif kind == "dangling link":
        target.symlink_to(tmp_path / "nowhere")
    else:
        target.mkdir()
        if kind == "full folder":
            (target / "rows").write_text("old")

    with pytest.raises(TargetExistsError):
        Storage().publish(source, target)
    assert (source / "rows").read_text() == "new"
    assert os.path.lexists(target)
    assert not (target / "rows").exists() or (target / "rows").read_text() == "old"


@pytest.mark.parametrize("folder", [True, False])
def test_publish_moves_a_file_or_a_folder(folder: bool, tmp_path: Path) -> None:
    """Publishing is one rename."""
    source = tmp_path / "made"
    if folder:
        source.mkdir()
    else:
        source.write_text("x")
    inode = source.stat().st_ino
    Storage().publish(source, tmp_path / "target")

    assert (tmp_path / "target").stat().st_ino == inode
    assert not source.exists()


def test_without_exclusive_rename_publishing_still_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no exclusive rename, a look comes first."""
    monkeypatch.setattr(sys, "platform", "other")
    (tmp_path / "made").mkdir()
    (tmp_path / "target").mkdir()
    with pytest.raises(TargetExistsError):
        Storage().publish(tmp_path / "made", tmp_path / "target")
    (tmp_path / "target").rmdir()
    Storage().publish(tmp_path / "made", tmp_path / "target")

    assert (tmp_path / "target").is_dir()


def test_one_holder_of_a_lock(tmp_path: Path) -> None:
    """While a process holds the lock another gets TryAgainError; when it dies, the lock is free."""
    lock = tmp_path / ".lock"
    code = (
        "import sys, pathlib; from tuneport.storage import Storage\n"
        "with Storage().lock(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdin is not None
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    with pytest.raises(TryAgainError, match="another run"), Storage().lock(lock):
        pass
    holder.kill()
    holder.wait()
    holder.stdin.close()
    holder.stdout.close()
    with Storage().lock(lock):
        assert lock.exists()

    assert not lock.exists()


def test_a_lock_that_is_removed_meanwhile_is_not_shared(tmp_path: Path) -> None:
    """Many threads in turn each hold the lock alone, although each removes its file."""
    inside, most, failures = 0, 0, 0
    guard = threading.Lock()

    def work() -> None:
        nonlocal inside, most, failures
        for _ in range(50):
            try:
                with Storage().lock(tmp_path / ".lock"):
                    with guard:
                        inside += 1
                        most = max(most, inside)
                    with guard:
                        inside -= 1
            except TryAgainError:
                with guard:
                    failures += 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert most == 1
    assert failures < 400


@pytest.mark.parametrize("again", [False, True])
def test_a_lock_that_another_removed_before_it_was_locked(again: bool, tmp_path: Path) -> None:
    """Between opening and locking, the last holder removes it, and one may make it anew: what is there now counts."""

    class Overtaken(Disk):
        opened = 0

        def lock_file(self, path: Path) -> int:
            descriptor = super().lock_file(path)
            self.opened += 1
            if self.opened == 1:
                path.unlink()
                if again:
                    path.touch()
            return descriptor

    disk, lock = Overtaken(), tmp_path / ".lock"
    with Storage(disk).lock(lock):
        assert disk.opened == 2
        with pytest.raises(TryAgainError, match="another run"), Storage().lock(lock):
            pass


def test_a_disk_that_knows_no_locks_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the name of the file; nothing stays open."""

    def none_left(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", none_left)
    before = len([*Path("/proc/self/fd").iterdir()])
    with (
        pytest.raises(StorageError, match=r"cannot lock .*\.lock: No locks available"),
        Storage().lock(tmp_path / ".lock"),
    ):
        pass

    assert len([*Path("/proc/self/fd").iterdir()]) == before


def test_no_cleanup_hides_what_went_wrong() -> None:
    """Temporary space that cannot be removed is no error of whoever worked there."""

    def failing(call: str, _path: Path) -> None:
        if call == "rmdir":
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    with pytest.raises(KeyError, match="first"), watched(failing).scratch() as folder:
        raise KeyError("first")
    folder.rmdir()


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    """Where somebody put a link, what it points to is left alone."""
    (tmp_path / "theirs").write_text("precious")
    for name in ("a", "b.part"):
        (tmp_path / name).symlink_to("theirs")
    with pytest.raises(TargetExistsError, match=r"/a is in the way: it is a link"):
        Storage().write(tmp_path / "a", b"x")
    with pytest.raises(TargetExistsError, match=r"/b\.part is in the way: it is a link"):
        Storage().put(tmp_path / "b", b"x")

    assert (tmp_path / "theirs").read_text() == "precious"
    assert (tmp_path / "a").is_symlink()


def test_a_link_is_made_over_none_but_links(tmp_path: Path) -> None:
    """One that a run left half-made goes; a file of that name is somebody's."""
    (tmp_path / ".link.part").symlink_to("old")
    Storage().point(tmp_path / "link", "new")
    (tmp_path / ".link.part").write_text("precious")
    with pytest.raises(TargetExistsError, match=r"\.link\.part is in the way: it is no link"):
        Storage().point(tmp_path / "link", "newer")

    assert (tmp_path / "link").readlink() == Path("new")
    assert (tmp_path / ".link.part").read_text() == "precious"


@pytest.mark.parametrize(
    ("number", "kind"),
    [(errno.ENOSPC, TryAgainError), (errno.EDQUOT, TryAgainError), (errno.EIO, StorageError)],
)
def test_errors_of_the_system_say_what_to_do(number: int, kind: type[Exception], tmp_path: Path) -> None:
    """No space is try again, a failing disk is not; both name the path."""

    def failing(call: str, _path: Path) -> None:
        if call == "write":
            raise OSError(number, os.strerror(number))

    with pytest.raises(kind, match="target") as caught:
        watched(failing).write(tmp_path / "target", b"x")

    assert os.strerror(number) in str(caught.value)


def test_no_space_is_told_by_a_real_device() -> None:
    """Writing to a full device is TryAgainError."""
    with pytest.raises(TryAgainError, match="No space left"):
        Storage().write(Path("/dev/full"), b"x")
    assert Path("/dev/full").is_char_device()


def test_remove_follows_no_link(tmp_path: Path) -> None:
    """Removing a link leaves what it points to; removing nothing is fine."""
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    Storage().remove(tmp_path / "link")
    Storage().remove(tmp_path / "nothing")

    assert (tmp_path / "kept/file").read_text() == "x"
    assert not (tmp_path / "link").is_symlink()
