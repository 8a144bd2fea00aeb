"""The last steps of a run, any of which a crash may fall between: the move, the newest version's link, the tidying."""

from __future__ import annotations

import shlex
from logging import getLogger
from pathlib import Path

from tuneport.errors import TuneportError
from tuneport.runs.planning.target import LATEST, Target
from tuneport.runs.publishing.again import file_digest
from tuneport.runs.publishing.staging import Sealed, Staging
from tuneport.runs.storage import Storage

log = getLogger("tuneport")


class Commit:
    """Lets what a staging folder holds become visible, and finds out whether an earlier run came so far.

    Args:
        target: where it is to be visible.
        staging: where it was made.
        storage: what does it.
    """

    def __init__(self, target: Target, staging: Staging, storage: Storage) -> None:
        self._target = target
        self._staging = staging
        self._storage = storage

    @property
    def made(self) -> Path:
        """What is moved to the target when all of it is there."""
        out = self._staging.out
        return out if self._target.kind == "folder" else out / self._target.path.name

    def place(self, sealed: Sealed) -> Path:
        """Where a sealed run is published."""
        return self._target.path.parent / sealed.place

    def name_of(self, place: Path) -> str:
        """A place, as `Sealed` has it."""
        return place.relative_to(self._target.path.parent).as_posix()

    def stands(self, sealed: Sealed) -> bool:
        """Whether the output of a sealed run is visible, and whole as far as its sums are."""
        proof = self.place(sealed)
        if self._target.kind == "folder":
            proof = proof / "SHA256SUMS"
        return file_digest(proof) == sealed.proof

    def done(self, sealed: Sealed) -> bool:
        """Whether a run that died after sealing came so far that its output was visible, and still is: durably then."""
        if not self.stands(sealed):
            return False
        self._storage.sync(self.place(sealed).parent)  # it may have died before it did so
        return True

    def move(self, place: Path) -> None:
        """Let what was made become visible, in one step."""
        self._storage.mkdir(place.parent, durable=True)
        if self._target.on_exists != "replace" or not place.exists():
            self._storage.publish(self.made, place)
            return
        self._storage.permit_like(self.made, place)
        if self._target.kind == "folder":
            self._storage.exchange(self.made, place)
        else:
            self._storage.rename(self.made, place)
            self._storage.sync(place.parent)

    def tidied(self, sealed: Sealed) -> None:
        """Do what is left to do once it is visible; a run that died meanwhile leaves it to the next one."""
        place = self.place(sealed)
        if place.parent == self._target.path and place.exists():
            self._storage.point(place.parent / LATEST, place.name)
        try:
            self._staging.remove()
        except TuneportError as error:
            # The output stands, and lacks nothing.
            path = str(self._staging.path)
            log.warning("%s is left over (%s): rm -r %s", path, error.message, shlex.quote(path))

    def points_to(self, place: Path) -> None:
        """Let the link to the newest version point to this one, where it does not."""
        link = place.parent / LATEST
        if self._target.on_exists == "version" and not (link.exists() and link.samefile(place)):
            self._storage.point(link, place.name)
