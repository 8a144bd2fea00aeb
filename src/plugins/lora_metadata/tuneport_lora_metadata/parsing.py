"""The text of a document as JSON, read more strictly than `json.loads` does."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn

from tuneport import Problem
from tuneport.config import join
from tuneport.errors import RecipeError
from tuneport_lora_metadata.words import key_in_path, shown

ORIGIN = "adapter metadata"
MOST_BYTES = 1024 * 1024


class Object(dict[str, Any]):
    """A JSON object that knows which of its keys stood there more than once."""

    repeated: tuple[str, ...] = ()


def parse(text: str) -> Object:
    """The document's object.

    Raises:
        RecipeError: it is no JSON object, or is too large or too deep to look at.
    """
    if len(text.encode(errors="surrogatepass")) > MOST_BYTES:
        _refuse("too_large", f"larger than {MOST_BYTES // 1024} KiB", "adapter metadata is a few hundred bytes")
    try:
        document = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        _refuse("bad_json", f"not JSON: {error}")
    except ValueError:
        _refuse("bad_json", "a number with more digits than anybody reads")
    except RecursionError:
        _refuse("too_deep", "objects or lists nested too deeply", "adapter metadata is two levels deep")
    if not isinstance(document, Object):
        _refuse("bad_type", f"is {shown(document)}, not an object")
    return document


def repeated(path: str, value: Any) -> Iterator[Problem]:
    """The keys that stand more than once in the object at `path`; none where it is no object."""
    for key in value.repeated if isinstance(value, Object) else ():
        place = join(path, [key_in_path(key)])
        yield Problem(place, "stands there more than once", "keep one of them", "repeated_key")


def _object(pairs: list[tuple[str, Any]]) -> Object:
    made = Object(pairs)
    if len(made) < len(pairs):
        made.repeated = tuple(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
    return made


def _constant(name: str) -> NoReturn:
    _refuse("bad_json", f"not JSON: {name}", "a number that is not known stays 0")


def _refuse(code: str, message: str, hint: str = "") -> NoReturn:
    raise RecipeError([Problem("", message, hint, code)], ORIGIN) from None
