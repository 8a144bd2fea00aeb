"""Where keys and values of a recipe stand in its text."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuneport.config import join
from tuneport.recipes.positions import json_spots, line_and_column, toml_spots

TOML = """\
# a = 1, [b]
source = "a.db"  # no [table]
"quoted.key" = '''
[not.a.table]
x = 1'''
'a "b"'.c = 1979-05-27 07:32:00

[export] # comment ] with brackets
formats = [ # [
  "tuneport",
  { use = "axolotl", weights = "repli,cate" }, [1, [2]]  # tail ]
]
a.b . c = { x.y = "}", "z" = [ ] }
text = \"\"\"\\
  say \\\"\"\" \\\\ \"\"\"\"\"

[[ source2 ]]
name = "one"
[source2.deep.er]
k = +inf
[[source2]]
[source2.deep.er]
k = 0x1f
[[source2.parts]]
[[source2.parts]]
p = true
"""

PLACES = {
    "source": "2:1 2:10",
    "quoted.key": "3:1 3:16",
    'a "b".c': "6:9 6:13",
    "export": "8:2 8:2",
    "export.formats[0]": "10:3 10:3",
    "export.formats[1]": "11:3 11:3",
    "export.formats[1].weights": "11:22 11:32",
    "export.formats[2][1][0]": "11:53 11:53",
    "export.a": "13:1 13:1",
    "export.a.b.c": "13:7 13:11",
    "export.a.b.c.x.y": "13:15 13:19",
    "export.a.b.c.z": "13:24 13:30",
    "export.text": "14:1 14:8",
    "source2[0]": "17:4 17:4",
    "source2[0].name": "18:1 18:8",
    "source2[0].deep": "19:10 19:10",
    "source2[0].deep.er.k": "20:1 20:5",
    "source2[1].deep.er.k": "23:1 23:5",
    "source2[1].parts[1].p": "26:1 26:5",
}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_way_of_writing_toml(end: str) -> None:
    """Keys and values are found in tables, arrays, strings of all kinds and dotted keys, whatever comments hold."""
    text = TOML.replace("\n", end)
    tomllib.loads(text)
    spots = {join("", place): spot for place, spot in toml_spots(text).items()}
    found = {
        path: " ".join("{}:{}".format(*line_and_column(text, offset)) for offset in spots[path]) for path in PLACES
    }

    assert found == PLACES


KEYS = st.text(st.sampled_from("ab-1.\"'# [{=é"), min_size=0, max_size=4)
VALUES = st.recursive(
    st.one_of(
        st.integers(-(2**63), 2**63 - 1),
        st.booleans(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(codec="utf-8"), max_size=8),
        st.text(st.sampled_from("\"'\\#[]{}=,.\n\t "), max_size=8),
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=5)


class Writer:
    """Writes a document in one of the many ways in which TOML can, and keeps the text of every leaf."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.leaves: dict[tuple[str | int, ...], str] = {}

    def one(self, *ways: str) -> str:
        way: str = self.draw(st.sampled_from(ways))
        return way

    def key(self, key: str) -> str:
        ways = [json.dumps(key)]
        if "'" not in key:
            ways.append(f"'{key}'")
        if key and all(sign.isascii() and (sign.isalnum() or sign in "-_") for sign in key):
            ways.append(key)
        return self.one(*ways)

    def text(self, text: str) -> str:
        escaped = json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
        ways = [escaped, f'"""{escaped[1:-1]}"""', '"""\n' + escaped[1:-1].replace("\\n", "\n") + '"""']
        if all(sign == "\t" or (sign >= " " and sign != "\x7f") for sign in text) and "'" not in text:
            ways += [f"'{text}'", f"'''{text}'''"]
        # A backslash before the sign n is no line end, and json writes both with one more.
        return self.one(*(way for way in ways if tomllib.loads(f"v = {way}")["v"] == text))

    def gap(self) -> str:
        return self.one("", " ", "\n", " # ], }\n\t", "\r\n")

    def value(self, place: tuple[str | int, ...], value: Any) -> str:
        if isinstance(value, list):
            items = [f"{self.gap()}{self.value((*place, number), item)}" for number, item in enumerate(value)]
            return f"[{','.join(items)}{self.gap()}]"
        if isinstance(value, dict):
            pairs = [f" {self.key(key)} ={self.value((*place, key), item)}" for key, item in value.items()]
            return "{" + ",".join(pairs) + " }"
        leaf = self.text(value) if isinstance(value, str) else json.dumps(value)
        self.leaves[place] = leaf
        return leaf

    def pair(self, place: tuple[str | int, ...], key: str, value: Any) -> str:
        dotted = [key]
        while isinstance(value, dict) and len(value) == 1 and self.one("dotted", "inline") == "dotted":
            ((inner, value),) = value.items()
            dotted.append(inner)
        keys = self.one(".", " . ").join(self.key(one) for one in dotted)
        return f"{keys} {self.one('=', '= ', '=  ')}{self.value((*place, *dotted), value)}{self.one('', ' # x = [')}\n"

    def table(self, place: tuple[str | int, ...], names: tuple[str, ...], table: dict[str, Any]) -> str:
        tables = {key for key, value in table.items() if isinstance(value, dict) and self.one("table", "") == "table"}
        arrays = {
            key
            for key, value in table.items()
            if isinstance(value, list) and value and all(isinstance(one, dict) for one in value)
        }
        arrays = {key for key in arrays if self.one("tables", "") == "tables"}
        text = "".join(self.pair(place, key, table[key]) for key in table if key not in tables | arrays)
        for key in table:
            header = ".".join(self.key(one) for one in (*names, key))
            if key in tables:
                text += f"[ {header} ]\n" + self.table((*place, key), (*names, key), table[key])
            for number, one in enumerate(table[key] if key in arrays else ()):
                text += f"[[{header}]]\n" + self.table((*place, key, number), (*names, key), one)
        return text


@given(st.data(), DOCUMENTS)
def test_every_leaf_of_any_toml_is_found(data: Any, document: dict[str, Any]) -> None:
    """However a document is written, the text at a value's place is what was written for it."""
    writer = Writer(data.draw)
    text = writer.table((), (), document)
    assert tomllib.loads(text) == document
    text = text.replace("\r\n", "\n")

    spots = toml_spots(text)
    for place, leaf in writer.leaves.items():
        assert text.startswith(leaf.replace("\r\n", "\n"), spots[place].value), place
        assert isinstance(place[-1], int) or text[spots[place].key] in f"\"'{place[-1][:1]}"


def leaves(data: Any, place: tuple[str | int, ...] = ()) -> dict[tuple[str | int, ...], Any]:
    """Location to value of everything that holds nothing."""
    if not isinstance(data, dict | list):
        return {place: data}
    inside = data.items() if isinstance(data, dict) else enumerate(data)
    return {where: value for key, one in inside for where, value in leaves(one, (*place, key)).items()}


@given(DOCUMENTS, st.sampled_from([None, 0, 2, "\t"]), st.booleans())
def test_every_leaf_of_any_json_is_found(document: dict[str, Any], indent: Any, ascii_only: bool) -> None:
    """The text at a value's place is the value's JSON."""
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    spots = json_spots(text)

    for place, value in leaves(document).items():
        assert json.JSONDecoder().raw_decode(text, spots[place].value)[0] == value
