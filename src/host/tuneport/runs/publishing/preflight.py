"""What a run looks at before it reads anything: whether its output could be published in the end, and will last.

A file system that cannot do what is needed is told now, and not after an hour's work.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from contextlib import suppress
from logging import getLogger
from pathlib import Path

from tuneport.errors import NotPermittedError, StorageError, TargetExistsError, TuneportError
from tuneport.runs.amounts import bytes_in, size
from tuneport.runs.planning.mounts import is_mount, mount_of
from tuneport.runs.planning.plan import Plan
from tuneport.runs.planning.target import Target
from tuneport.runs.reading.streams import Stream
from tuneport.runs.storage import Storage

log = getLogger("tuneport")

PROBE = "probe"
"""The folder in staging with which it is tried out what the file system can do, and with `.part` the name it takes."""

_TABLE_RECORD = 4096
"""What a record of a table counts for at most: a database file holds more than the one table that is read."""
_PACKED = re.compile(r"\.(gz|zst)\b", re.IGNORECASE)
_SLACK = 1.1


def look_ahead(plan: Plan, storage: Storage) -> None:
    """Look before the run begins; the caller holds the lock, and the staging folder is ours.

    Raises:
        TargetExistsError: what is made could not be renamed to its place.
        StorageError: the file system cannot do what publishing needs, or fails.
        NotPermittedError: we may not write here.
        TryAgainError: there is no space for a folder.
    """
    target = plan.target
    within_one_mount(target)
    may_replace(target)
    fresh = not target.staging.exists()
    try:
        storage.mkdir(target.staging)
        _try_out(target, storage)
    except TuneportError:
        with suppress(TuneportError):  # what went wrong first is told
            if fresh:
                storage.remove(target.staging)
            else:
                _tidied(target, storage)
        raise
    warn_of_space(plan)


def within_one_mount(target: Target) -> None:
    """Check that staging and the place of publishing are parts of one mounted file system.

    Raises:
        TargetExistsError: they are not.
    """
    if is_mount(target.staging):
        text = f"{target.staging} is a mount point, and nothing can be renamed out of it"
        raise TargetExistsError(text, "unmount it: the staging folder is made where the output will stand")
    if target.on_exists == "version" and target.path.is_dir():
        if mount_of(target.path) == mount_of(target.path.parent):
            return
        text = f"{target.shown} lies on another file system than the folder it stands in"
        raise TargetExistsError(f"{text}, and nothing can be renamed there", f"name {os.path.realpath(target.path)}")


def may_replace(target: Target) -> None:
    """Check that what stands at the target may be moved away.

    Raises:
        NotPermittedError: it belongs to somebody else.
    """
    if target.on_exists != "replace" or not target.path.exists() or os.geteuid() == 0:
        return
    stands, folder = target.path.stat(), target.path.parent.stat()
    # In a folder like /tmp only the owners of both may; and a folder that moves is written to, for its parent's name.
    sticky = folder.st_mode & stat.S_ISVTX and os.geteuid() not in (stands.st_uid, folder.st_uid)
    if sticky or (target.path.is_dir() and not os.access(target.path, os.W_OK, effective_ids=True)):
        text = f"{target.shown} belongs to another user, and may not be replaced"
        raise NotPermittedError(text, "name another path, or run it as its owner")


def _try_out(target: Target, storage: Storage) -> None:
    """Do with empty folders what publishing will do: a rename, an exchange, and once for all of it a sync.

    Whether files can be written the plan tells, which is noted next.
    """
    _tidied(target, storage)  # a run that died here has left them
    probe, moved = _probes(target)
    storage.mkdir(probe)
    storage.publish(probe, moved, durable=False)
    if target.on_exists == "replace" and target.kind == "folder" and target.path.is_dir():
        storage.mkdir(probe)
        _exchange(target, storage)
    if not storage.could_sync(target.staging):
        text = "%s: this file system cannot make folders durable: a power cut may take what was just published"
        log.warning(text, target.path.parent)
    _tidied(target, storage)


def _probes(target: Target) -> tuple[Path, Path]:
    return target.staging / PROBE, target.staging / f"{PROBE}.part"


def _tidied(target: Target, storage: Storage) -> None:
    for path in _probes(target):
        storage.remove(path)


def _exchange(target: Target, storage: Storage) -> None:
    try:
        storage.exchange(*_probes(target), durable=False)
    except StorageError as error:
        cause = error.__cause__
        if not isinstance(cause, OSError) or cause.errno not in {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP}:
            raise
        text = f"{target.shown}: this file system cannot let two folders change places"
        raise StorageError(text, f"--on-exists version, in another folder; or remove {target.shown} first") from cause


def warn_of_space(plan: Plan) -> None:
    """Warn where there is less space than the run may need, by a tenth to spare. It goes on all the same."""
    needed = needed_bytes(plan)
    if needed is None:
        return
    place = plan.target.path.parent
    found = os.statvfs(place)
    free, staged = found.f_bavail * found.f_frsize, bytes_in(plan.target.staging)
    if free + staged < needed * _SLACK:
        log.warning(
            "%s: up to about %s more are needed while it is made, and %s are free",
            plan.target.shown,
            size(max(0, needed - staged)),
            size(free),
        )


def needed_bytes(plan: Plan) -> int | None:
    """About how much space a run takes at most while it works; None where nobody can say.

    Rows are taken to be as large as records: source bytes, once for each format as they are rendered, once more as
    they are copied into the files of the output, and once where samples wait for all others. Nothing is known of
    compressed sources, of those that do not tell their size, and of those of which only some records are read.
    """
    if any(inlet.limit is not None for inlet in plan.inlets):
        return None
    known = [_bytes_of(stream) for stream in plan.streams]
    total = sum(one for one in known if one is not None)
    copies = 2 * len(plan.pipeline.formats) + plan.deferred
    return None if None in known else total * copies


def _bytes_of(stream: Stream) -> int | None:
    """The size of what a stream reads, as its files tell it."""
    revision, rows = stream.info.revision or {}, stream.info.rows
    if _PACKED.search(" ".join([stream.name, stream.info.title, *revision])):
        return None
    # Of rows that are grouped, each file has its own facts, after its name.
    sizes = [int(value) for fact, value in revision.items() if fact.rpartition(": ")[2] == "size"]
    if not sizes:
        return None
    return sum(sizes) if rows is None else min(sum(sizes), rows * _TABLE_RECORD)
