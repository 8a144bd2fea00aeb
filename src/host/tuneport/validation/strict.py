"""One line, judged exactly: strict JSON, and one object."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from tuneport.lines import MAX_LINE
from tuneport.nesting import DEEPEST, is_deep_text

BOM = b"\xef\xbb\xbf"


class FaultError(Exception):
    """What is wrong with a line.

    Attributes:
        code: a stable name.
        message: what is wrong.
        hint: how to mend it.
        path: the key it is about, or "".
    """

    def __init__(self, code: str, message: str, hint: str = "", path: str = "") -> None:
        super().__init__(code, message, hint, path)
        self.code = code
        self.message = message
        self.hint = hint
        self.path = path


def parsed(line: bytes) -> dict[str, Any]:
    """The object on a line.

    Raises:
        FaultError: the line is not one object in strict JSON.
    """
    if len(line) > MAX_LINE:
        raise FaultError("line_too_long", f"a line is longer than {MAX_LINE >> 20} MiB", "cut the record into several")
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        message = f"not UTF-8: byte 0x{line[error.start]:02x} at position {error.start + 1}"
        raise FaultError("bad_utf8", message, "write the file as UTF-8") from None
    if not line.strip():
        raise FaultError("blank_line", "a line is blank", "leave blank lines out")
    if is_deep_text(line):
        raise too_deep()
    row = _decoded(text.rstrip())
    if not isinstance(row, dict):
        raise FaultError("not_object", f"a line holds {_word(row)}, an object is wanted", "one {...} on each line")
    if not row:
        raise FaultError("empty_object", "a line holds an object without keys", "leave the line out")
    if "\\ud" in text or "\\uD" in text:
        _no_surrogates(row)
    return row


def _decoded(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        message = f"not JSON: {error.msg[:1].lower()}{error.msg[1:]} at column {error.colno}"
        raise FaultError("bad_json", message) from None
    except RecursionError:
        raise too_deep() from None
    except ValueError:
        # The only other one is Python's limit on the digits of a number.
        raise int_range() from None


def int_range() -> FaultError:
    """A number that no loader keeps exactly."""
    return FaultError("int_range", "an integer does not fit 64 bits", "write it as text")


def too_deep(name: str = "") -> FaultError:
    """A line, or the value of a key of it, that may end the process which reads it."""
    return FaultError("too_deep", f"nested deeper than {DEEPEST} levels", "write it flatter, or as text", name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise FaultError("duplicate_key", f'key "{twice}" stands twice in one object', "keep one of them", twice)
    return found


def _no_number(name: str) -> NoReturn:
    raise FaultError("not_finite", f"{name} is no JSON number", "write null, or leave the record out")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number)


def _no_surrogates(row: dict[str, Any]) -> None:
    for name, value in row.items():
        try:
            json.dumps({name: value}, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            hint = "replace it before writing: no loader reads it"
            raise FaultError("lone_surrogate", "a text holds half a surrogate pair", hint, name) from None
        except RecursionError:
            raise too_deep(name) from None


def _word(value: Any) -> str:
    words = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return words.get(type(value), "a number")
