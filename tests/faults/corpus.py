"""JSON as it should not be written, as it may be, and as nobody agrees about: lines, and what becomes of each.

Values stand in a record `{"n": NUMBER, "v": VALUE}`, lines as they are. What is accepted has the value that Python's
own reader gives it; each of the others is a reject with the code beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from faults.corpus_encodings import REFUSED_BYTES, TEXTS
from faults.corpus_numbers import NO_NUMBERS, NUMBERS


class Case(NamedTuple):
    """One line without its ending, and the code of its reject; "" where it is a record."""

    line: bytes
    code: str


_SOUND = r"""
null true false [] {} "" [[]] [{}] {"a":[]} {"":0} {"a":{}} [null] [true,false,null] [""] [1,"a",null,[],{}]
[[[[[[[[1]]]]]]]] {"a":{"b":{"c":[{"d":null}]}}} {"a":1,"b":2} {"v":{"v":{"v":1}}} {"\u0061":1} {"true":true}
{"null":null} [0,-0,1e0] "null" "[1]" "{}" "//" "/*" "," ":" "a,b:c" {"a,b":1} {"a:b":1} {"[":1} {"}":1} ["]"]
{"\"":1} {"\\":1} {"\n":1} {"a":""} {"a":[1,[2,{"b":3}]]}
"""
_SPACED = (
    *("[ ]", "{ }", " 1 ", "\t1", "\r1", "[1 , 2]", '{ "a" : 1 }', '{\t"a"\r:\t[\r]}', "[\t\r ]", '  "a"  '),
    *("[ [ ] ]", "[\t1\t,\r2 ]"),
)

_WRONG = r"""
[ ] { } [1 [1, [,1] [,] [1,] [1,,2] [1,,] [[]]] [1]] {1:2} {a:1} {'a':1} {"a"} {"a":} {"a",1} {"a":1,} {,"a":1}
{"a"::1} {"a":1,,"b":2} {"a":1:2} {"a"=1} {null:1} {true:1} {[]:1} {{}:1} {"a":1"b":2} ["a""b"] [1;2] [1:2] (1)
<1> {"a":1] [1} [{] {[} [} {] ["a ["a] "a a" 'a' `a` a tru nul fals TRUE True NULL None nil undefined truee nulll
nullfalse [true,fals] truefalse "a"b "a"1 1"a" []1 {}1 1[] {}[] ]{ , : [,1,2] //1 /*1*/ 1//1 1/**/ #1 [1,#2] --1
& @ $ \ \\ \u0061 * 1,2 "a","b" []; null, {}} [{}]] {"a":[} {"a":{] [[[ }}} ]]] ["\"] "\" {"a":"b} ["a",]
["a",,"b"] {"a":"b",,} {"a":null:null} {"a"1} {"a":1"b"} ["a":1] {"a"} {1} {"a","b"} {:1} {"a":1;} [1]] {"a":1}}
"""
_ODD_SPACES = (
    *("\u00a01", "1\u00a0", "1\u2028", "[\u20282]", "1\u3000", "\u20031", "1\u0085", "[\x0b1]", "\x0c1", "[1\x1f]"),
    *("\ufeff1", "1\ufeff", "\u200b1", "\u201ca\u201d", "1\x1a", "[1\0]", "\x001"),
)
VALUES = (*_SOUND.split(), *_SPACED, *NUMBERS)
WRONG = (*_WRONG.split(), *_ODD_SPACES, *NO_NUMBERS)

LINES: tuple[tuple[bytes, str], ...] = (
    *((line, "bad_json") for line in (b"[]", b"[{}]", b"1", b"-1.5", b'"a"', b"null", b"true", b"false", b'["n", 1]')),
    *((line, "bad_json") for line in (b"}", b"{{", b"{]", b"{}}", b"{} {}", b"{},", b",{}", b"{};", b"{}{}")),
    *((line, "bad_json") for line in (b"n", b"{}#", b"#{}", b"//", b"/**/{}", b"{}x", b"x{}", b"()", b"{}null")),
    *((line, "bad_json") for line in (b'{"n":1', b'{"n":1,', b'{"n":1,"', b'{"n" 1}', b"{n:1}")),
    *((line, "bad_json") for line in (b"\0", b"\0{}", b"{}\0", b"{\0}", b"\x1b{}", b"\x08{}", b"{}\x0b", b"\x1e{}")),
    *((b"{}" + space, "bad_json") for space in ("\u00a0".encode(), "\u2028".encode(), "\u3000".encode())),
    (b'{"n":0,"v":1}\r', ""),
    (b' \t{"n":0,"v":1} \t', ""),
    (b'\r{"n":0,"v":1}\r\r', ""),
    (b'{"v":1,"n":0}', ""),
    (b'{"n":0,"v":1,"w":[{"x":[]}]}', ""),
    (b'{"n":7,"v":1,"n":0}', ""),
    (b'{"n":0,"v":1,"v":2}', ""),
    (b'{"n":0,"v":{"a":1,"a":2}}', ""),
    (b'{"n":0,"v":1,"\\u0076":[3]}', ""),
    (b'{"n":0}', ""),
    (b"{}", ""),
    (b"{ }", ""),
)

DEEP = 64


def cases() -> Iterator[Case]:
    """All of them; each line has another number."""
    values = chain(
        ((value.encode(), "") for value in VALUES),
        ((value.encode(), "bad_json") for value in WRONG),
        ((b'"' + text + b'"', code) for text, code in (*TEXTS, *REFUSED_BYTES)),
        ((b'{"' + text + b'":1}', code) for text, code in (*TEXTS, *REFUSED_BYTES)),
        ((b"[" * count + b"]" * count, "" if count < DEEP else "bad_json") for count in (60, 63, 64, 65, 200, 5000)),
        ((b'{"a":' * count + b"1" + b"}" * count, "" if count < DEEP else "bad_json") for count in (60, 63, 64, 5000)),
        ((b"[" * count, "bad_json") for count in (2, 63, 64, 100_000)),
        ((b'{"":' * count, "bad_json") for count in (2, 63, 64, 100_000)),
        ((b"]" * count, "bad_json") for count in (2, 100_000)),
    )
    for number, (value, code) in enumerate(values):
        yield Case(b'{"n":%d,"v":%b}' % (number, value), code)
    yield from (Case(line, code) for line, code in LINES)
    yield from truncated()


WHOLE = '{"n": -0.5e+1, "v": [true, null, {"k\\u00e9\\n": "é\U0001f600"}, false]}'.encode()


def truncated() -> Iterator[Case]:
    """A record that ends too early, at each of its bytes: in the middle of a character it is no text."""
    for end in range(1, len(WHOLE)):
        piece = WHOLE[:end]
        try:
            piece.decode()
        except UnicodeDecodeError:
            yield Case(piece, "bad_utf8")
        else:
            yield Case(piece, "bad_json")
