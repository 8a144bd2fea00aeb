"""One believable forum post at a time, from a seeded random generator."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tuneport_sources import _phrases as phrases

_LAST_DAY = datetime(2026, 11, 15, 18, 0, 0)  # noqa: DTZ001  -- text without a zone, as forums store it
_DAYS = 912
_FOREIGN_SHARE = 0.08
_SPICE_SHARE = 0.12
_NO_CONTEXT_SHARE = 0.2
_ZERO_VOTES_SHARE = 0.45
_TAIL = 1.1
_MOST_VOTES = 5000

Row = dict[str, Any]


def post(rng: Random) -> Row:
    """Make one post with a question, a context and an answer, and nothing wrong with it."""
    words = _words(rng)
    if rng.random() < _FOREIGN_SHARE:
        question, context, answer = rng.choice(phrases.FOREIGN)
    else:
        question, context, answer = rng.choice(phrases.QUESTIONS), rng.choice(phrases.CONTEXTS), _answer(rng)
    if rng.random() < _SPICE_SHARE:
        context = f"{context} {rng.choice(phrases.SPICE)}"
    if rng.random() < _NO_CONTEXT_SHARE:
        context = ""
    return {
        "thread_id": 0,
        "customer_id": rng.randint(1000, 1899),
        "question": _fill(question, words),
        "context": _fill(context, words),
        "answer": _fill(answer, words),
        "created_at": day(rng),
        "product": words["product"],
        "category": rng.choice(phrases.CATEGORIES),
        "tags": json.dumps(sorted(rng.sample(phrases.TAGS, rng.randint(0, 3)))),
        "upvotes": votes(rng),
    }


def day(rng: Random) -> str:
    """Pick a time within the two and a half years before the sample's last day."""
    moment = _LAST_DAY - timedelta(days=rng.random() * _DAYS)
    return moment.replace(microsecond=0).isoformat()


def votes(rng: Random) -> int:
    """Pick a count of votes: none for almost half of the posts, very many for a few."""
    if rng.random() < _ZERO_VOTES_SHARE:
        return 0
    return min(_MOST_VOTES, int(rng.paretovariate(_TAIL)))


def long_answer(rng: Random, length: int) -> str:
    """Make an answer of at least `length` characters."""
    parts: list[str] = []
    while sum(map(len, parts)) < length:
        parts.append(_fill(_answer(rng), _words(rng)))
    return "\n\n".join(parts)


def _answer(rng: Random) -> str:
    parts = [rng.choice(phrases.OPENINGS)]
    steps = rng.sample(phrases.STEPS, rng.choice((0, 1, 1, 2, 2, 3, 4, 6, 9)))
    if len(steps) > 2 and rng.random() < 0.6:
        parts.append("\n" + "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1)) + "\n")
    else:
        parts.extend(steps)
    parts.append(rng.choice(phrases.CLOSINGS))
    text = " ".join(part for part in parts if part).strip()
    return text.replace(" \n", "\n").replace("\n ", "\n")


def _words(rng: Random) -> dict[str, str]:
    product = rng.choice(list(phrases.PRODUCTS))
    words = {
        "product": product,
        "command": product.lower(),
        "feature": rng.choice(phrases.PRODUCTS[product]),
        "version": f"{rng.randint(1, 6)}.{rng.randint(0, 14)}.{rng.randint(0, 9)}",
        "code": str(rng.randint(1000, 9999)),
        "number": str(rng.randint(2, 480)),
        "year": str(rng.randint(2021, 2025)),
        "plan": rng.choice(phrases.PLANS),
        "system": rng.choice(phrases.SYSTEMS),
    }
    words["action"] = rng.choice(phrases.ACTIONS).format_map(words)
    words["past"] = rng.choice(phrases.PASTS).format_map(words)
    return words


def _fill(text: str, words: dict[str, str]) -> str:
    return text.format_map(words)
