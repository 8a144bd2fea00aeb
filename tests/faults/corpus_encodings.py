"""Texts between quotes, as the bytes of a file: escapes, surrogates, and what is no UTF-8."""

from __future__ import annotations

_CHARACTERS = (
    *("\u0080", "\u00a0", "\u00ad", "\u0085", "\u07ff", "\u0800", "\u200b", "\u2028", "\u2029", "\u202e", "\ufeff"),
    *("\ud7ff", "\ue000", "\ufdd0", "\ufffc", "\ufffd", "\ufffe", "\uffff", "\U00010000", "\U0001fffe", "\U0010ffff"),
    *("é", "e\u0301", "ß", "\U0001f468\u200d\U0001f469", "\u0600", "\x7f"),
)
_ESCAPES = (
    *(rb"\"", rb"\\", rb"\/", rb"\b", rb"\f", rb"\n", rb"\r", rb"\t", rb"\u0000", rb"\u001f", rb"\u0022", rb"\u005c"),
    *(rb"\u002F", rb"\u00e9", rb"\u00E9", rb"\u2028", rb"\uffff", rb"\uFFFE", rb"\ufdd0", rb"\ufeff", rb"\u007f"),
    *(rb"\ud83d\ude00", rb"\uD83D\uDE00", rb"\ud800\udc00", rb"\udbff\udfff", rb"\\u0061", rb"\\ud800", rb"\\\\"),
    *(rb"a\\\"b", rb"\\\n", rb"\u00e9\u0301", rb"\n\n", rb"\u0061\u0062", rb"\"\"", rb"/", b"'", b"`", b"a b"),
)
_NO_ESCAPES = (
    *(rb"\a", rb"\v", rb"\0", rb"\x41", rb"\e", rb"\'", rb"\ ", rb"\U00000041", rb"\u", rb"\u0", rb"\u00", rb"\u004"),
    *(rb"\u{41}", rb"\uZZZZ", rb"\u00G0", rb"\u 041", rb"\u+041", rb"\u-041", rb"\u0x41", rb"\N{DIGIT ONE}", rb"\1"),
    *(b"\\\xc3\xa9", b"\\\t", b"\\\0", rb"\u00e", rb"\ud83d\u", rb"\ud83d\u00", rb"\B", rb"\T", rb"\u00\u0061", b"\\"),
)
_CONTROLS = tuple(bytes([byte]) for byte in range(0x20) if byte not in b"\n")
_HALVES = (
    *(rb"\ud800", rb"\udbff", rb"\udc00", rb"\udfff", rb"\uD83D", rb"a\ud83db", rb"\ud83d\ud83d", rb"\ude00\ud83d"),
    *(rb"\ud83d\u0041", rb"\ud83d\n", rb"\ud83d\\ude00", rb"\ud83dude00", rb"\ud83d \ude00", rb"\udc00\udc00"),
    *(rb"\ud800\ud800\udc00", rb"\ud800\udc00\udc00", rb"\ud83d\"", rb"\\\ud800"),
)
_NO_UTF8 = (
    *(b"\x80", b"\xbf", b"\xc0", b"\xc1", b"\xf5", b"\xf8", b"\xfc", b"\xfe", b"\xff", b"a\xffb", b"\xc3", b"\xe2\x82"),
    *(b"\xf0\x9f\x98", b"\xc3\xc3", b"\xe2\x28\xa1", b"\xf0\x28\x8c\xbc", b"\xc0\x80", b"\xc0\xaf", b"\xc1\xbf"),
    *(b"\xe0\x80\x80", b"\xe0\x80\xaf", b"\xe0\x9f\xbf", b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf", b"\xf4\x90\x80\x80"),
    *(
        b"\xf8\x88\x80\x80\x80",
        b"\xfc\x84\x80\x80\x80\x80",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xed\xa0\xbd\xed\xb8\x80",
    ),
    *(b"\xe9", b"caf\xe9", b"\x93a\x94", b"\xff\xfe", b"\xfe\xff", b"\xa4\xa2", b"\x82\xa0", b"\xf7\xbf\xbf\xbf"),
)

TEXTS: tuple[tuple[bytes, str], ...] = (
    *((character.encode(), "") for character in _CHARACTERS),
    *((escape, "") for escape in _ESCAPES),
)
REFUSED_BYTES: tuple[tuple[bytes, str], ...] = (
    *((text, "bad_json") for text in (*_NO_ESCAPES, *_CONTROLS)),
    *((text, "bad_utf8") for text in (*_HALVES, *_NO_UTF8)),
)

_OTHERS = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "latin-1", "cp1252")
_RECORD = '{"n": 1, "v": "é"}'
ENCODED: dict[str, tuple[bytes, str]] = {
    **{name: (_RECORD.encode(name), "bad_utf8") for name in _OTHERS},
    "utf-8-sig": (_RECORD.encode("utf-8-sig"), ""),
    "two marks": (b"\xef\xbb\xbf" + _RECORD.encode("utf-8-sig"), "bad_json"),
    "half a mark": (b"\xef\xbb" + _RECORD.encode(), "bad_utf8"),
    "ascii in utf-16": ('{"n": 1}'.encode("utf-16-le"), "bad_json"),
    "ascii in utf-32": ('{"n": 1}'.encode("utf-32-be"), "bad_json"),
}
"""Whole files of one line; a mark may begin a file, and nothing else."""
