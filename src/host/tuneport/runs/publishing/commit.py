"""The last steps of a run, any of which a crash may fall between: the move, the newest version's link, the tidying."""

from __future__ import annotations

import itertools
import os
import shlex
from logging import getLogger
from pathlib import Path

from tuneport.errors import TuneportError
from tuneport.runs.locks import Held
from tuneport.runs.planning.target import LATEST, Target, strangers
from tuneport.runs.publishing.again import file_digest, whole
from tuneport.runs.publishing.staging import Sealed, Staging
from tuneport.runs.storage import Storage

log = getLogger("tuneport")


class Commit:
    """Lets what a staging folder holds become visible, and finds out whether an earlier run came so far.

    Args:
        target: where it is to be visible.
        staging: where it was made.
        storage: what does it.
        held: the run's lock; None for one that only asks.
    """

    def __init__(self, target: Target, staging: Staging, storage: Storage, held: Held | None = None) -> None:
        self._target = target
        self._staging = staging
        self._storage = storage
        self._held = held

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
        """Whether the output of a sealed run is visible, and whole.

        A dataset that was damaged, and is to be replaced for that, may have the same sums.
        """
        place = self.place(sealed)
        if self._target.kind == "folder":
            return file_digest(place / "SHA256SUMS") == sealed.proof and whole(place)
        return file_digest(place) == sealed.proof

    def done(self, sealed: Sealed) -> bool:
        """Whether a run that died after sealing came so far that its output was visible, and still is: durably then."""
        if not self.stands(sealed):
            return False
        self._storage.sync(self.place(sealed).parent)  # it may have died before it did so
        return True

    def may_go_on(self) -> None:
        """Look again, before it counts: hours may have passed since the run began.

        Raises:
            TryAgainError: another run may be writing here.
            TargetExistsError: something that is not ours came to stand at the target.
        """
        if self._held is not None:
            self._held.check()
        if self._target.on_exists == "replace":
            self._target.must_be_free()

    def move(self, place: Path) -> None:
        """Let what was made become visible, in one step."""
        self.may_go_on()
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
        if self._held is not None and not self._held.ours():
            return  # what is staged is another run's by now
        self.keep_others(sealed)
        self.cleared()

    def cleared(self) -> None:
        """Remove the staging folder."""
        try:
            self._staging.remove()
        except TuneportError as error:
            # The output stands, and lacks nothing.
            path = str(self._staging.path)
            log.warning("%s is left over (%s): rm -r %s", path, error.message, shlex.quote(path))

    def keep_others(self, sealed: Sealed) -> None:
        """Let nothing go with what was replaced but a dataset of ours: files may have come after the last look."""
        path = self._staging.out_of(sealed)
        if self._target.kind != "folder" or not os.path.lexists(path):
            return
        try:
            strange = strangers(path)
        except (OSError, TuneportError):
            strange = ["files"]
        if strange:
            kept = self._beside()
            self._storage.publish(path, kept)
            more = f" and {len(strange) - 1:,} more" if len(strange) > 1 else ""
            text = "%s held %s%s, which no export wrote; what stood there is kept in %s"
            log.warning(text, self._target.shown, strange[0], more, kept)

    def _beside(self) -> Path:
        """A name beside the target that nothing has."""
        path = self._target.path
        names = (path.with_name(f".{path.name}.replaced-{number}") for number in itertools.count(1))
        return next(name for name in names if not os.path.lexists(name))

    def points_to(self, place: Path) -> None:
        """Let the link to the newest version point to this one, where it does not."""
        link = place.parent / LATEST
        if self._target.on_exists == "version" and not (link.exists() and link.samefile(place)):
            self._storage.point(link, place.name)
