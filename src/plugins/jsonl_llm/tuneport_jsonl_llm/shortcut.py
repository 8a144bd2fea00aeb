"""The short way: a style and the stages after it as one function, for records that are nothing out of the ordinary.

Plain calls of a style, two filters and three weightings cost more than what they do. So each stage that can also has
its work as lines of Python, which are put together to one function for a run's configuration:

    def shortcut(entity):
        get = entity.get
        instruction = get('question')
        if type(instruction) is not str: return None
        ...
        if not 50 <= len(output) <= 8192: return None
        weight = 1.0
        ...
        return Instruction(instruction=instruction, output=output, weight=weight)

Where a stage would reject, count or convert something, its lines return None, and the record goes through the plain
calls instead: they alone say what is wrong. Both ways give the same sample, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile
from logging import getLogger
from math import inf
from typing import Any, NamedTuple, TypeVar
from weakref import ref

from tuneport import Entity, Sample

log = getLogger("tuneport.jsonl_llm")

Stage = TypeVar("Stage", bound=Callable[..., Any])
Shortcut = Callable[[Entity], Sample | None]


class Inline(NamedTuple):
    """A stage's work as lines of Python.

    `stage` is the one that it is the work of: a wrapper, which may do more, looks as if it had it, too.

    They may use `entity`, `get` (the entity's), `text` (what is trained), `weight` (so far), and `{name}` for each of
    `names`, values that are bound to them.
    """

    text: str
    names: dict[str, object]
    stage: Callable[[], object] = lambda: None


def inlined(stage: Stage, text: str, **names: object) -> Stage:
    """The stage, with its work as lines of Python."""
    vars(stage)["inline"] = Inline(text, names, ref(stage))
    return stage


def shortened(style: Stage, parts: Sequence[Inline | None], trained: str, made: str, kind: type[Sample]) -> Stage:
    """The style, with a shortcut where all of its parts have one.

    Args:
        style: the plain one.
        parts: what finds the parts of a sample; None for one that plain calls have to find.
        trained: the name of the part that is trained.
        made: the sample, as an expression.
        kind: the sample's class, `{kind}` in it.
    """
    first = [part for part in parts if part is not None]
    if len(first) < len(parts):
        return style

    # Neither keeps the other: what a style holds, be it a source that is open, goes with it at once.
    known = ref(style)

    def shortcut(asked: object, stages: Sequence[Callable[..., Any]]) -> tuple[Shortcut | None, int]:
        if asked is not known():
            return None, 0
        inline: list[Any] = [*takewhile(bool, map(_inline, stages))]
        middle = [Inline(f"text = {trained}\nweight = 1.0", {}), *inline]
        # A weight that is not finite is for the plain calls to blame on somebody.
        last = Inline(f"if not weight < {{inf}}: return None\nreturn {made}", {"inf": inf, "kind": kind})
        return _compiled([*first, *middle, last]), len(inline)

    vars(style)["shortcut"] = shortcut
    return style


def _inline(stage: object) -> Inline | None:
    found = getattr(stage, "inline", None)
    return found if isinstance(found, Inline) and found.stage() is stage else None


def _compiled(pieces: Sequence[Inline]) -> Shortcut:
    names: dict[str, Any] = {"__name__": __name__}
    lines = ["def shortcut(entity):", "get = entity.get"]
    for number, piece in enumerate(pieces):
        own = {name: f"{name}_{number}" for name in piece.names}
        names |= {own[name]: value for name, value in piece.names.items()}
        lines += piece.text.format_map(own).splitlines()
    source = "\n    ".join(lines)
    log.debug("the short way for ordinary records:\n%s", source)
    exec(compile(source, "<shortcut>", "exec"), names)  # noqa: S102  -- lines of this package; values are bound, not pasted
    made: Shortcut = names["shortcut"]
    return made
