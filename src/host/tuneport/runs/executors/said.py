"""What stages log in a worker process, and how it is said once in the process that has all workers."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import msgspec

from tuneport.runs.codes import sound


class Said(msgspec.Struct, frozen=True):
    """A line of the log; `stage` is the one that raised, where the line warns of that."""

    logger: str
    level: int
    text: str
    stage: str = ""


class Listening(logging.Handler):
    """Collects what is logged while a part is worked on.

    Args:
        warned: the stages of which was warned: each adds itself before it is.
    """

    def __init__(self, warned: set[str]) -> None:
        super().__init__()
        self._warned = warned
        self._known: set[str] = set()
        self._said: list[Said] = []

    def begin(self) -> None:
        """Begin a part: its own first failures are told, for it may turn out to be the first of all."""
        self._warned.clear()
        self._known.clear()
        self._said.clear()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        try:
            text = sound(self.format(record))
        except Exception:  # noqa: BLE001  -- as with other handlers, what cannot be said ends nothing
            self.handleError(record)
            return
        stage = next(iter(self._warned - self._known), "")
        self._known |= self._warned
        self._said.append(Said(record.name, record.levelno, text, stage))

    def taken(self) -> list[Said]:
        """What was said since the part began."""
        return self._said.copy()


def levels() -> dict[str, int]:
    """Name of a logger to the level from which on anybody listens."""
    return {name: logging.getLogger(name).getEffectiveLevel() for name in ("", "tuneport")}


def listen(handler: logging.Handler, heard: dict[str, int]) -> None:
    """Let a handler have all that is logged, from these levels on."""
    logging.getLogger().addHandler(handler)
    for name, level in heard.items():
        logging.getLogger(name).setLevel(level)


class Saying:
    """Says each line once per run, whichever workers it came from.

    Args:
        warned: the stages of which was warned in this run.
    """

    def __init__(self, warned: set[str]) -> None:
        self._warned = warned
        self._told: set[int] = set()

    def say(self, lines: Iterable[Said]) -> None:
        """Say what was not said before; of a stage that raised, the first failure only."""
        for line in lines:
            mark = hash((line.logger, line.level, line.text))
            known = line.stage in self._warned if line.stage else mark in self._told
            if line.stage:
                self._warned.add(line.stage)
            self._told.add(mark)
            if not known:
                logging.getLogger(line.logger).log(line.level, "%s", line.text)
