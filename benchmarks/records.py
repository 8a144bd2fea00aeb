"""Made-up records of about 1 KB as JSON lines: the same count and seed give the same bytes.

    python -m benchmarks.records FILE [--records 100000] [--seed 1]

Of 100 records about 5 repeat an earlier one's texts, 3 have an empty or blank answer, 3 one of fewer than 50
characters, 3 lack the question or the answer, and 2 have the category `misc`. Texts come in several scripts, with
quotes, tabs, line breaks, backslashes and emoji; one line in ten writes whatever is not ASCII as an escape. No
question is blank, no date is in the future, and four records in ten have no `system_prompt`.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

LONGEST = 2000
REMEMBERED = 4096
NEWEST = datetime(2026, 11, 21, tzinfo=UTC)

ALPHABETS = (
    "aeiourstnlmdkpbg" * 6,
    "aeiouäöüéèñçßrstnlmdk" * 2,
    "абвгдежзиклмнопрстуя",
    "αβγδεζηθικλμνοπρστυω",
    "のはをにが日本語東京検索設定保存",
    "数据库查询索引表行列事务提交",
    "अआइईकखगघचजटडतदनपबम",
    "ابتثجحخدرسشعفقكلمن",
    "가나다라마바사아자차카타파하",
)
MARKS = (*".....?!…", " 🙂", " 👩‍💻", ".\n", ":\t", '"', " \\")
SYSTEMS = ("", "Answer in one paragraph.", "You are a patient librarian.", 'Say "I do not know" where you do not.')
CATEGORIES = ("billing", "delivery", "account", "search", "returns", "privacy", "other")
TAGS = ("howto", "bug", "api", "mobile", "urgent", "beta")


def phrases(chosen: Random, count: int = 6000) -> list[str]:
    """Short runs of words, each in one script, each ending in some mark."""
    made = []
    for _ in range(count):
        alphabet = chosen.choice(ALPHABETS[:2] * 4 + ALPHABETS[2:])
        words = ["".join(chosen.choices(alphabet, k=chosen.randint(2, 9))) for _ in range(chosen.randint(2, 9))]
        made.append(" ".join(words) + chosen.choice(MARKS))
    return made


class Maker:
    """Makes one record after the other."""

    def __init__(self, seed: int) -> None:
        self._chosen = Random(seed)
        self._phrases = phrases(self._chosen)
        self._originals: list[dict[str, Any]] = []

    def record(self, number: int) -> dict[str, Any]:
        """The record of this number, which has to follow the one before."""
        chosen, lot = self._chosen, self._chosen.random()
        if lot < 0.05 and self._originals:
            shared = chosen.choice(self._originals)
        else:
            shared = self._shared()
            _spoil(shared, lot, chosen)
            self._remember(shared)
        updated = NEWEST - timedelta(seconds=chosen.randrange(4 * 365 * 86400))
        created = updated - timedelta(seconds=chosen.randrange(90 * 86400), milliseconds=chosen.randrange(1000))
        return {
            "pk": f"e{number:08}",
            "customer_id": chosen.randrange(100_000),
            "created_at": created.isoformat(timespec="milliseconds"),
            "updated_at": updated.isoformat(timespec="milliseconds"),
            **shared,
            "importance": round(chosen.random() * 2, 4),
            "url": f"https://support.example.com/threads/{chosen.getrandbits(48):012x}",
            "upvotes": chosen.randrange(500),
            "resolved": chosen.random() < 0.7,
            "agent": {"id": chosen.randrange(900), "team": chosen.choice(CATEGORIES)},
        }

    def _shared(self) -> dict[str, Any]:
        """What a repeat has in common with its original."""
        chosen = self._chosen
        shared: dict[str, Any] = {
            "question": self._text(3.9, 0.5),
            "context": self._text(4.3, 0.7) if chosen.random() < 0.8 else None,
            "answer": self._text(5.3, 0.7).ljust(60, "."),
            "source": chosen.choice(("forum", "mail", "chat", "phone")),
            "category": "misc" if chosen.random() < 0.02 else chosen.choice(CATEGORIES),
            "tags": chosen.sample(TAGS, k=chosen.randrange(4)),
        }
        if chosen.random() < 0.8:
            shared["system_prompt"] = chosen.choice(SYSTEMS)
        return shared

    def _text(self, mu: float, sigma: float) -> str:
        size = min(LONGEST, max(10, int(self._chosen.lognormvariate(mu, sigma))))
        return " ".join(self._chosen.choices(self._phrases, k=size // 25 + 1))[:size].rstrip()

    def _remember(self, shared: dict[str, Any]) -> None:
        if len(self._originals) < REMEMBERED:
            self._originals.append(shared)
        else:
            self._originals[self._chosen.randrange(REMEMBERED)] = shared


def _spoil(shared: dict[str, Any], lot: float, chosen: Random) -> None:
    """Give 9 records in 100 what keeps them out."""
    if lot < 0.08:
        shared["answer"] = chosen.choice(("", " ", "\n\t", "\u3000"))
    elif lot < 0.11:
        shared["answer"] = shared["answer"][: chosen.randrange(1, 50)]
    elif lot < 0.14:
        name = chosen.choice(("question", "answer"))
        if chosen.random() < 0.5:
            shared[name] = None
        else:
            del shared[name]


def write_records(path: Path, count: int, seed: int) -> None:
    """Write `count` records."""
    maker = Maker(seed)
    with path.open("w", encoding="utf-8") as file:
        for number in range(count):
            file.write(json.dumps(maker.record(number), ensure_ascii=number % 10 == 0) + "\n")


def main() -> None:
    """Write the records somebody asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    write_records(options.file, options.records, options.seed)


if __name__ == "__main__":
    main()
