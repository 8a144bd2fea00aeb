"""How far a run is: one line redrawn on a terminal, one line every half minute in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tuneport.runs.result import OnProgress, Progress

_LOG_SECONDS = 30.0


@contextmanager
def progress(quiet: bool) -> Iterator[OnProgress]:
    """A callback for the engine; what it drew is gone when the block ends."""
    started = time.monotonic()
    if quiet:
        yield lambda _progress: None
    elif sys.stderr is not None and sys.stderr.isatty():
        from rich.console import Console

        with Console(stderr=True).status("") as status:
            yield lambda now: status.update(line(now, time.monotonic() - started))
    else:
        yield _logging(started)


def _logging(started: float) -> Callable[[Progress], None]:
    last = started

    def log(now: Progress) -> None:
        nonlocal last
        moment = time.monotonic()
        if moment - last >= _LOG_SECONDS:
            last = moment
            stats = now.stats
            stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            rate = now.read / (moment - started)
            click.echo(
                f"{stamp} export parts={_parts(now)} read={now.read} exported={stats.exported_entities}"
                f" errors={stats.errored_entities} rate={rate:.0f}/s",
                err=True,
            )

    return log


def line(now: Progress, seconds: float) -> str:
    """`41,000 of ~90,000 read   38,102 exported   61,000/s   part 3/9`."""
    stats = now.stats
    of = f" of ~{now.rows:,}" if now.rows is not None else ""
    rate = now.read / max(seconds, 0.001)
    return f"{now.read:,}{of} read   {stats.exported_entities:,} exported   {rate:,.0f}/s   part {_parts(now)}"


def _parts(now: Progress) -> str:
    return f"{now.parts}/{now.parts_total}" if now.parts_total is not None else str(now.parts)
