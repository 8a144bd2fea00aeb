"""The check `adapter_language`: a well-formed BCP 47 tag (RFC 5646)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tuneport import AdapterMetadata, Problem
from tuneport_lora_metadata.words import shown

TAG = (
    "(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}"
    "(?:-[A-Za-z]{4})?"
    "(?:-(?:[A-Za-z]{2}|[0-9]{3}))?"
    "(?:-(?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*"
    "(?:-[0-9A-WY-Za-wy-z](?:-[A-Za-z0-9]{2,8})+)*"
    "(?:-[xX](?:-[A-Za-z0-9]{1,8})+)?"
    "|[xX](?:-[A-Za-z0-9]{1,8})+)"
)
"""Language, script, region, variants, extensions, private use, in RFC 5646's order.

Without the registered names of before 2005 (`i-klingon`) and without languages of four to eight letters, of which
there are none: so that "english" is not taken for one.
"""

_TAG = re.compile(TAG)
_NAMED = {
    "": "und",
    "unknown": "und",
    "multi": "mul",
    "multilingual": "mul",
    "arabic": "ar",
    "chinese": "zh",
    "dutch": "nl",
    "english": "en",
    "french": "fr",
    "german": "de",
    "deutsch": "de",
    "hindi": "hi",
    "italian": "it",
    "japanese": "ja",
    "korean": "ko",
    "polish": "pl",
    "portuguese": "pt",
    "russian": "ru",
    "spanish": "es",
    "turkish": "tr",
}


def check(adapter: AdapterMetadata) -> Iterator[Problem]:
    """What is wrong with the language."""
    tag = adapter.language
    if not _TAG.fullmatch(tag):
        yield Problem("language", f"{shown(tag)} is no BCP 47 language tag", _hint(tag), "language_tag")


def _hint(tag: str) -> str:
    plain = tag.strip()
    dashed = plain.replace("_", "-").partition(".")[0]
    better = _NAMED.get(plain.lower()) or (dashed if _TAG.fullmatch(dashed) else "")
    if better in ("und", "mul"):
        return f'write "{better}" where it is {"not known" if better == "und" else "several languages"}'
    return f'write "{better}"' if better else 'write it like "de", "en-US" or "zh-Hans"'
