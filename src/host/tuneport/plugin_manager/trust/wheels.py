"""Reading a wheel without unpacking it."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from pathlib import Path

from tuneport.plugin_manager.refusals import RefusedError
from tuneport.plugin_manager.trust.files import MAX_FILE, MAX_FILES, MAX_TREE, NEVER_READ, Contents, clean, read_file


def read_wheel(path: Path) -> Contents:
    """The files of a pure Python wheel.

    Raises:
        RefusedError: a name leads out of it or stands in it twice, it holds a link or compiled code, or is too large.
        ValueError: it is no wheel.
        OSError: it cannot be read.
    """
    data, loose = read_file(path)
    contents = Contents(loose=loose)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check(archive)
            for entry in archive.infolist():
                if not entry.is_dir() and not NEVER_READ & set(entry.filename.split("/")):
                    contents.add(entry.filename, _bytes(archive, entry))
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise ValueError(f"{path.name} is no wheel that can be read: {error}") from None
    return contents


def _check(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_TREE:
        bounds = f"{MAX_TREE >> 20} MiB or {MAX_FILES:,} files"
        raise RefusedError("unsafe", f"it is larger than {bounds}", "install it with pip instead")
    seen: set[str] = set()
    for entry in entries:
        # The name as it stands there: Python cuts it off at a NUL.
        name = clean(entry.orig_filename.removesuffix("/"))
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise RefusedError("unsafe", f"{name} is a symbolic link", "put what it points to there")
        if name in seen:
            raise RefusedError("unsafe", f"{name} stands in it twice", "build it again")
        if ".data/purelib/" in name or ".data/platlib/" in name:
            raise RefusedError(
                "unsafe", f"{name} belongs elsewhere once it is installed", "install it with pip instead"
            )
        seen.add(name)


def _bytes(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as file:
        # What an entry says of its size may be a lie.
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise RefusedError("unsafe", f"{entry.filename} is larger than {MAX_FILE >> 20} MiB")
    return data
