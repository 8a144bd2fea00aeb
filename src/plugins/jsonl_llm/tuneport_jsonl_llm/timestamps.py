"""Dates and times: read from what databases hold, written as RFC 3339 with milliseconds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from tuneport_jsonl_llm.values import finite

MILLISECONDS_FROM = 1e11
"""Numbers above are milliseconds since 1970, others seconds: the year 5138 in seconds, 1973 in ms."""
EARLIEST_EPOCH = 1e8
"""Numbers below (3 March 1973) are no time of a record but a year, a day's number, or a 0 for none."""


def parse_iso(text: str) -> datetime | None:
    """The moment an ISO 8601 text names, or None where it is none.

    The date is `YYYY-MM-DD`; a time may follow after `T` or a blank, and an offset after the time.
    """
    if len(text) < 10 or text[4] != "-" or text[7] != "-" or text[10:11] not in ("", "T", "t", " "):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def rfc3339(moment: date) -> str | None:
    """The moment with milliseconds and offset, `2024-11-21T08:30:00.000Z`; without an offset it is UTC.

    Returns:
        None where an offset with seconds, which RFC 3339 has not, cannot be turned into UTC.
    """
    if not isinstance(moment, datetime):
        return f"{moment.isoformat()}T00:00:00.000Z"
    offset = moment.utcoffset()
    if offset and offset % timedelta(minutes=1):
        try:
            moment, offset = moment.astimezone(UTC), None
        except OverflowError:
            return None
    if offset:
        return moment.isoformat(timespec="milliseconds")
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def to_moment(value: object) -> datetime | None:
    """The moment a value names, with its offset: UTC where it has none. None where it names no moment.

    Reads ISO 8601 text, dates, and seconds or milliseconds since 1970 as a number or as text.
    """
    if isinstance(value, str):
        text = value.strip()
        moment = parse_iso(text)
        if moment is None:
            return _from_epoch(text)
    elif isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
    elif isinstance(value, (int, float, Decimal)):
        return _from_epoch(value)
    else:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _from_epoch(value: str | float | Decimal) -> datetime | None:
    try:
        number = finite(float(value))
    except (ValueError, OverflowError):
        return None
    if number is None or number < EARLIEST_EPOCH:
        return None
    try:
        return datetime.fromtimestamp(number / 1000 if number > MILLISECONDS_FROM else number, UTC)
    except (ValueError, OverflowError, OSError):
        return None
