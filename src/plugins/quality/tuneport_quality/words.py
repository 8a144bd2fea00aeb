"""The words of a text, where writing it in another way leaves them as they are."""

from __future__ import annotations

import re
import unicodedata

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u0f00-\u0fff"  # Tibetan
    "\u1000-\u109f\uaa60-\uaa7f"  # Burmese
    "\u1780-\u17ff"  # Khmer
    "\u2e80-\u2fdf\u3005-\u3007\u3031-\u303f\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9d"  # radicals, kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese characters
)
"""Scripts that write no blanks between words: each of their characters counts as one."""

_SPACED_OR_NOT = re.compile(f"[{_UNSPACED}]|[^\\s{_UNSPACED}]+")
_SPELT = re.compile(f"[{_UNSPACED}]|[^\\W_{_UNSPACED}]+")
_SPELT_ASCII = re.compile(r"[a-z0-9]+")


def spaced(text: str) -> list[str]:
    """Lower-cased, what stands between white space; each character of a script that has none."""
    text = text.lower()
    return text.split() if text.isascii() else _SPACED_OR_NOT.findall(text)


def spelt(text: str) -> list[str]:
    """In one case and in normal form (NFKC), runs of letters and digits; punctuation and white space are left out."""
    if text.isascii():
        return _SPELT_ASCII.findall(text.lower())
    # Folding may leave what NFKC writes in another way.
    return _SPELT.findall(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()))
