"""Threads that compress and hash while the run's own thread reads and writes. Only that one touches the disk."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, Protocol, Self, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

Item = TypeVar("Item")
Made = TypeVar("Made")
Made_co = TypeVar("Made_co", covariant=True)


class Answer(Protocol[Made_co]):
    """What a thread was asked for."""

    def result(self) -> Made_co:
        """It, once it is there."""


class _Done(Generic[Made]):
    """An answer that is there."""

    def __init__(self, made: Made) -> None:
        self._made = made

    def result(self) -> Made:
        return self._made


class Helpers:
    """As many threads as a run may have workers; none where that is one, and whoever asks does it then.

    Args:
        workers: how many.
    """

    def __init__(self, workers: int = 1) -> None:
        self._workers = workers
        self._pool: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        if self._workers > 1:
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(self._workers, "tuneport-seal")
        return self

    def __exit__(self, *_error: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def start(self, work: Callable[..., Made], *asked: Any) -> Answer[Made]:
        """Have something done meanwhile."""
        return _Done(work(*asked)) if self._pool is None else self._pool.submit(work, *asked)

    def each(self, work: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
        """What work makes of each item, in order; few are taken ahead of what is asked for."""
        ahead = 0 if self._pool is None else self._workers + 1
        waiting: deque[Answer[Made]] = deque()
        for item in items:
            waiting.append(self.start(work, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
