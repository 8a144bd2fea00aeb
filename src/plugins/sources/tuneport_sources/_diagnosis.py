"""Why a line could not be read, as a code and a sentence that shows nothing of the record."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from tuneport.nesting import TOO_DEEP, is_deep_text


class DuplicateKeyError(ValueError):
    """A key stands twice in one object."""


def diagnose(line: bytes, error: Exception) -> tuple[str, str]:
    """Return code and reason for a line that `error` came of."""
    try:
        text = line.decode()
    except UnicodeDecodeError as found:
        return "bad_utf8", f"Not UTF-8: {found.reason} (byte {found.start})"
    if isinstance(error, RecursionError) or is_deep_text(line):
        return "bad_json", TOO_DEEP
    if isinstance(error, DuplicateKeyError):
        return "bad_json", "A key stands twice in one object"
    if isinstance(error, msgspec.ValidationError):
        return "bad_json", _invalid(str(error).partition(" - at ")[0])
    if "\\u" in text and _has_lone_surrogate(text):
        return "bad_utf8", "Not Unicode text: an escape is half of a surrogate pair"
    return "bad_json", f"Not JSON: {_syntax(line, error)}"


def _invalid(detail: str) -> str:
    # The decoder asks for one thing only, an object at the top; all else it refuses is a number's size.
    found, at_top, kind = detail.partition(", got ")
    return f"Not a JSON object, but {kind.strip('`')}" if at_top else f"Not readable JSON: {found.lower()}"


def _syntax(line: bytes, error: Exception) -> str:
    # within a string that is never closed, the line's own ending would be called an invalid character
    try:
        msgspec.json.decode(line.rstrip(b"\r\n"))
    except msgspec.DecodeError as found:
        error = found
    text = str(error).removeprefix("JSON is malformed: ")
    return "the line ends too early" if text == "Input data was truncated" else text


def _has_lone_surrogate(text: str) -> bool:
    """Say whether the line is JSON but for escapes that are no character, as half a surrogate pair is."""
    try:
        json.dumps(json.loads(text, parse_constant=_refuse), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    except (ValueError, RecursionError):
        return False
    return False


def _refuse(name: str) -> Any:
    raise ValueError(name)
