"""validate: right is what loaders read and what was written; each kind of damage is told, and nothing else."""

from __future__ import annotations

import gzip
import hashlib
import importlib
import json
import os
import shutil
import sys
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from tools import faq_lines, recipe

from tuneport import Config, Context, ExportOptions, PluginManager, Problem, export, validate
from tuneport.errors import PluginError, RecipeError, SourceError, SourceNotFoundError, UnknownNameError, UsageError
from tuneport.hookspecs import hookimpl
from tuneport.validation import Report

ACME = Path(__file__).parents[2] / "examples/acme"
SHARD = "data/tuneport/train/00000-of-00004.jsonl"
OTHER = "data/tuneport/train/00001-of-00004.jsonl"


def told(report: Report) -> set[tuple[str, str]]:
    """Code and file of all that was found."""
    return {(finding.code, finding.file) for finding in report.problems}


def codes(path: Path, *lines: bytes) -> list[tuple[str, list[int]]]:
    """Code and first lines of what is wrong with a file of these lines."""
    path.write_bytes(b"".join(lines))
    return [(finding.code, finding.lines) for finding in validate(path).problems]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A dataset of four shards, with rejects; not to be changed."""
    place = tmp_path_factory.mktemp("published")
    (place / "faq.jsonl").write_bytes(faq_lines(600))
    asked = recipe(place / "faq.jsonl", place / "out")
    asked["output"]["shard_size"] = 60_000
    export(asked)
    assert len(list((place / "out/data/tuneport/train").iterdir())) == 4
    return place / "out"


@pytest.fixture
def copy(published: Path, tmp_path: Path) -> Path:
    """A copy of that dataset, to be damaged."""
    shutil.copytree(published, tmp_path / "copy")
    return tmp_path / "copy"


STYLES: dict[str, dict[str, Any]] = {
    "instruction_tuning": {"question": "Q {n}?", "answer": "The answer to {n}, at length."},
    "chat_completion": {"system_prompt": "Be kind.", "user_message": "Q {n}?", "assistant_response": "It is {n}, ö."},
    "text_completion": {"content": "A text about {n}, at length."},
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_what_export_writes_is_right(style: str, compression: str, tmp_path: Path) -> None:
    """Folders and single files of every style and compression have no problem, and all their rows are counted."""
    records = [{name: text.format(n=n) for name, text in STYLES[style].items()} for n in range(100)]
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(record) + "\n" for record in records))
    sections: dict[str, Any] = {"export": {"style": style}}
    asked = recipe(source, tmp_path / "out", **sections)
    asked["output"] |= {"compression": compression, "shard_size": 2000}
    export(asked)
    file = tmp_path / ("out.jsonl" + {"none": "", "gzip": ".gz", "zstd": ".zst"}[compression])
    export(recipe(source, file, **sections))

    folder, alone = validate(tmp_path / "out"), validate(file)
    assert (folder.ok, folder.problems, folder.rows, folder.kind) == (True, [], 100, "dataset")
    assert (alone.ok, alone.problems, alone.rows, alone.kind) == (True, [], 100, "file")
    assert folder.files > 7
    assert folder.digest == json.loads((tmp_path / "out/manifest.json").read_text())["digest"]


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> Iterator[PluginManager]:
    """A manager that has the example plugin as well."""
    monkeypatch.syspath_prepend(ACME)
    manager = PluginManager()
    manager.register(importlib.import_module("tuneport_acme"), "acme")
    yield manager
    del sys.modules["tuneport_acme"]


def test_records_of_every_outcome_leave_a_right_folder(faq: Path, acme: PluginManager, tmp_path: Path) -> None:
    """Rejects, duplicates and errors are counted the same everywhere; rows that only one format wrote, too."""
    formats = ["tuneport", {"use": "acme:inhouse", "max_question": 60}]
    result = export(recipe(faq, tmp_path / "out", export={"formats": formats}), manager=acme)
    report = validate(tmp_path / "out")

    assert result.stats.formats["inhouse"].refused > 100
    assert report.problems == []
    assert report.formats == 2
    assert report.rows == sum(ledger.rows for ledger in result.stats.formats.values())


ENTITIES = st.fixed_dictionaries(
    {"question": st.text(), "answer": st.text(min_size=1)},
    optional={"tags": st.lists(st.text(max_size=4), max_size=3), "n": st.one_of(st.integers(), st.floats(), st.none())},
)


@given(st.lists(ENTITIES, min_size=1, max_size=40))
def test_whatever_the_records_hold_the_rows_are_right(
    tmp_path_factory: pytest.TempPathFactory, entities: list[dict[str, Any]]
) -> None:
    """A file made of any texts and numbers has no problem, unless it is empty."""
    path = tmp_path_factory.mktemp("any") / "a.jsonl"
    config = {"quality": {"min_text_length": 1}, "metadata_fields": ["tags", "n"]}
    options = ExportOptions(output_path=path, min_rows=0)
    stats = PluginManager().load("jsonl_llm", config).exportEntities(entities, options)
    report = validate(path)

    assert report.rows == stats.exported_entities
    assert {finding.code for finding in report.problems} == (set() if report.rows else {"no_rows"})


GOOD = {"a": "text", "n": 1, "w": 1.0, "m": {"x": None, "l": ["y"]}}
LINE = json.dumps(GOOD).encode() + b"\n"
HOSTILE: dict[str, tuple[bytes, str]] = {
    "nan": (b'{"a": "t", "n": 1, "w": NaN, "m": {"x": null, "l": []}}\n', "not_finite"),
    "infinity": (b'{"a": "t", "n": 1, "w": -Infinity, "m": {"x": null, "l": []}}\n', "not_finite"),
    "huge float": (b'{"a": "t", "n": 1, "w": 1e999, "m": {"x": null, "l": []}}\n', "not_finite"),
    "huge integer": (LINE.replace(b'"n": 1', b'"n": 9223372036854775808'), "int_range"),
    "low integer": (LINE.replace(b'"n": 1', b'"n": -9223372036854775809'), "int_range"),
    "endless integer": (LINE.replace(b'"n": 1', b'"n": ' + b"9" * 5000), "int_range"),
    "key twice": (LINE.replace(b'"n": 1', b'"n": 1, "n": 1'), "duplicate_key"),
    "key twice, compact": (b'{"a":"t","n":1,"w":1.0,"m":{"x":null,"l":[]},"a":"t"}\n', "duplicate_key"),
    "key twice, spaced": (LINE.replace(b'"n": 1', b'"n" : 1, "n" : 1'), "duplicate_key"),
    "key twice, tabbed": (LINE.replace(b'"n": 1', b'"n"\t: 1, "n"\t: 1'), "duplicate_key"),
    "inner key twice": (LINE.replace(b'"x"', b'"x": null, "x"'), "duplicate_key"),
    "key twice, hidden by an escape": (
        b'{"a": "\\u0022:\\u0022:", "n": 1, "n": 1, "w": 1.0, "m": {"x": null, "l": []}}\n',
        "duplicate_key",
    ),
    "key twice, once escaped": (LINE.replace(b'"n": 1', b'"n": 1, "\\u006e": 1'), "duplicate_key"),
    "half a pair": (LINE.replace(b"text", b"\\ud83d"), "lone_surrogate"),
    "half a pair within": (LINE.replace(b'"y"', b'"\\uDE00"'), "lone_surrogate"),
    "bytes": (LINE.replace(b"text", b"\xff"), "bad_utf8"),
    "encoded half": (LINE.replace(b"text", b"\xed\xa0\x80"), "bad_utf8"),
    "blank": (b"\n", "blank_line"),
    "spaces": (b" \t \n", "blank_line"),
    "list": (b"[1]\n", "not_object"),
    "text": (b'"a"\n', "not_object"),
    "no keys": (b"{}\n", "empty_object"),
    "two objects": (LINE.strip() + LINE, "bad_json"),
    "cut off": (LINE[:20] + b"\n", "bad_json"),
    "control character": (LINE.replace(b"text", b"a\x01b"), "bad_json"),
    "comma": (LINE.replace(b"}}", b"},}"), "bad_json"),
    "a mark within": (b"\xef\xbb\xbf" + LINE, "bad_json"),
    "too deep": (LINE.replace(b'"y"', b"[" * 100_000), "too_deep"),
    "too long": (LINE.replace(b"text", b"x" * (8 << 20)), "line_too_long"),
    "integer weight": (LINE.replace(b"1.0", b"1"), "integer_among_floats"),
    "float": (LINE.replace(b'"n": 1', b'"n": 1.5'), "float_after_integers"),
    "other type": (LINE.replace(b'"n": 1', b'"n": "1"'), "type_changed"),
    "truth for a number": (LINE.replace(b'"n": 1', b'"n": true'), "type_changed"),
    "other type in a list": (LINE.replace(b'"y"', b"1"), "type_changed"),
    "list of several types": (LINE.replace(b'"y"', b'"y", 1'), "mixed_list"),
    "object after null": (LINE.replace(b"null", b'{"z": 1}'), "object_after_null"),
    "key missing": (LINE.replace(b'"n": 1, ', b""), "missing_key"),
    "key more": (LINE.replace(b'"n": 1', b'"n": 1, "o": 2'), "extra_key"),
    "other order": (b'{"n": 1, "a": "t", "w": 1.0, "m": {"x": null, "l": []}}\n', "key_order"),
    "other inner keys": (LINE.replace(b'"x": null, ', b""), "keys_differ"),
}


FOLLOWS = {"float": {"integer_among_floats"}, "list of several types": {"type_changed"}}


@pytest.mark.parametrize("before", [1, 100])
@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_lines(case: str, before: int, tmp_path: Path) -> None:
    """Each kind of bad line is told as what it is, on its line, early in a file and late."""
    line, code = HOSTILE[case]
    report = codes(tmp_path / "a.jsonl", LINE * before, line, LINE)

    assert code in dict(report)
    assert dict(report)[code] == [before + 1]
    assert {other for other, _ in report} <= {code, *FOLLOWS.get(case, ())}


RIGHT = {
    "null": b'{"a": null, "n": null, "w": null, "m": null}\n',
    "empty list": LINE.replace(b'["y"]', b"[]"),
    "inner order": LINE.replace(b'"x": null, "l": ["y"]', b'"l": ["y"], "x": null'),
    "a scalar after null": LINE.replace(b"null", b'"z"'),
    "escapes": LINE.replace(b"text", rb"\u0022: \u00fc \"\: ".replace(rb"\:", b":")),
    "pair": LINE.replace(b"text", rb"\ud83d\ude00 \\ud83d"),
    "spaces": LINE.replace(b":", b" :  "),
    "a return": LINE.replace(b"\n", b"\r\n"),
    "separators": LINE.replace(b"text", "\u2028\x85".encode()),
    "spelling of a float": LINE.replace(b"1.0", b"10.50e-1"),
    "bounds": LINE.replace(b'"n": 1', b'"n": -9223372036854775808'),
}


@pytest.mark.parametrize("case", RIGHT)
def test_right_lines(case: str, tmp_path: Path) -> None:
    """What loaders read is no problem, however it is spelled."""
    for before in (1, 100):
        assert codes(tmp_path / "a.jsonl", LINE * before, RIGHT[case], LINE) == []


TEXTS = st.text(alphabet='a":\\ \u00e9,{}\t', max_size=8)
ROWS = st.fixed_dictionaries(
    {"a": TEXTS, "k": st.lists(TEXTS, max_size=2), "w": st.one_of(st.integers(-3, 3), st.floats(-3, 3))}
)


def _pairs(text: str, found: list[str]) -> Any:
    def hook(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found.extend(name for name, _ in pairs)
        return dict(pairs)

    return json.loads(text, object_pairs_hook=hook)


@given(ROWS, st.booleans(), st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", "\t: "), (",", " :")]), st.data())
def test_fast_and_exact_agree(
    tmp_path_factory: pytest.TempPathFactory,
    row: dict[str, Any],
    ascii_only: bool,
    separators: tuple[str, str],
    data: st.DataObject,
) -> None:
    """However a row is spelled, and whichever key is repeated, the compiled check says what a plain reader says."""
    first = {"a": "x", "k": ["y"], "w": 1.5}
    written = {name: row[name] for name in first}
    names = data.draw(st.permutations(list(written))) + data.draw(st.lists(st.sampled_from(list(written)), max_size=1))
    spelled = [
        json.dumps({name: written[name]}, ensure_ascii=ascii_only, separators=separators)[1:-1] for name in names
    ]
    line = "{" + separators[0].join(spelled) + "}\n"
    seen: list[str] = []
    _pairs(line, seen)
    right = seen == list(first) and type(written["w"]) is float
    path = tmp_path_factory.mktemp("spelled") / "a.jsonl"

    found = codes(path, (json.dumps(first) + "\n").encode() * 50, line.encode())
    assert (found == []) == right
    assert all(lines == [51] for _, lines in found)


def test_the_first_and_the_last_line(tmp_path: Path) -> None:
    """A byte order mark and a missing newline are told; an empty file is a problem."""
    path = tmp_path / "a.jsonl"

    assert codes(path, b"\xef\xbb\xbf" + LINE, LINE) == [("bom", [1])]
    assert codes(path, LINE * 50, LINE.strip()) == [("no_newline", [51])]
    assert codes(path, LINE * 50, LINE.strip() + b" ") == [("no_newline", [51])]
    assert codes(path, b"") == [("no_rows", [])]


def test_conversations(tmp_path: Path) -> None:
    """Turns have a role and content, and there is one at least; a last turn of the user's is a warning."""
    path = tmp_path / "a.jsonl"
    user, assistant = {"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}
    good = [user, assistant]
    for turns, code in (
        ([], "no_turns"),
        ("text", "no_turns"),
        ([{"role": None, "content": "Q"}, assistant], "bad_turn"),
        ([user, {"content": "A"}], "bad_turn"),
        (["Q", assistant], "bad_turn"),
        ([assistant, user], "last_turn"),
    ):
        for before in (0, 40):
            lines = [json.dumps({"messages": one}).encode() + b"\n" for one in [good] * before + [turns]]
            assert (code, [before + 1]) in codes(path, *lines), turns
    assert validate(path).ok
    assert validate(path).warnings_total == 1


def test_a_column_that_is_null_for_long_fails_later(tmp_path: Path) -> None:
    """Loaders settle types after 10 MiB: what is set for the first time after that is told, before it is not."""
    null, value = b'{"a":null,"t":"%s"}\n' % (b"x" * 5000), b'{"a":"v","t":""}\n'

    assert codes(tmp_path / "a.jsonl", null * 2000, value) == []
    assert codes(tmp_path / "a.jsonl", null * 2200, value) == [("late_type", [2201])]


def test_equal_problems_are_one(tmp_path: Path) -> None:
    """Twenty thousand equal problems are one, with the first lines; what is not kept is counted all the same."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(LINE + b'{"a": 1, "n": 1, "w": 1, "m": null}\n' * 20_000)
    whole, short = validate(path), validate(path, most=1)

    assert [(one.path, one.count, one.lines) for one in whole.problems] == [
        ("a", 20_000, [2, 3, 4]),
        ("w", 20_000, [2, 3, 4]),
    ]
    assert [one.path for one in short.problems] == ["a"]
    assert whole.problems_total == short.problems_total == 40_000
    assert whole.problems[1].hint == "write them all as floats: 1.0"


def test_an_error_takes_the_place_of_a_warning(tmp_path: Path) -> None:
    """Where only so many problems are kept, warnings go first."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"messages": [{"role": "user", "content": "Q"}]}\n[]\n')

    assert [one.code for one in validate(path, most=1).problems] == ["not_object"]


def test_problems_can_always_be_written(tmp_path: Path) -> None:
    """Keys of any length and without any sense make a report that is JSON, and short."""
    import msgspec.json

    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a": 1}\n{"' + b"k" * 100_000 + b'": 1}\n{"\\ud83d": 1}\n')

    assert len(msgspec.json.encode(validate(path))) < 3000


def _gzip(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", _gzip), (".zst", zstandard.ZstdCompressor().compress)])
def test_damaged_compression(suffix: str, pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """A compressed file that is cut off, or is none, is a problem and no crash; parts one after the other are one."""
    path, data = tmp_path / f"a.jsonl{suffix}", os.urandom(20_000).hex().encode()
    rows = b"".join(b'{"a":"%s"}\n' % data[n : n + 100] for n in range(0, len(data), 100))

    assert codes(path, pack(rows)) == []
    assert codes(path, pack(rows), pack(rows)) == []
    for damaged in (pack(rows)[:-3], pack(rows)[: len(pack(rows)) // 2], pack(rows) + b"junk", b"{}\n"):
        assert "damaged" in dict(codes(path, damaged)), damaged[:10]
    assert codes(path, b"") == [("no_rows", [])]


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", _gzip), (".zst", zstandard.ZstdCompressor().compress)])
def test_a_bomb_takes_little_memory(suffix: str, pack: Callable[[bytes], bytes], tmp_path: Path) -> None:
    """One line of 400 MiB in a small file is passed over in a fraction of that."""
    path = tmp_path / f"a.jsonl{suffix}"
    path.write_bytes(pack(LINE) + pack(b"a" * (400 << 20)) + pack(b"\n" + LINE))
    tracemalloc.start()
    report = validate(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert [(one.code, one.lines) for one in report.problems] == [("line_too_long", [2])]
    assert report.rows == 3
    assert peak < 80 << 20


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_memory_does_not_grow_with_rows(separators: tuple[str, str], tmp_path: Path) -> None:
    """Thirty thousand rows leave nothing behind, whichever way they were checked."""
    path = tmp_path / "a.jsonl"
    path.write_text((json.dumps(GOOD, separators=separators) + "\n") * 30_000)
    validate(path)
    tracemalloc.start()
    report = validate(path)
    left, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert report.rows == 30_000
    assert left < 300_000
    assert peak < 4 << 20


def _flip(folder: Path) -> None:
    data = bytearray((folder / SHARD).read_bytes())
    data[data.index(b"meaning")] ^= 1
    (folder / SHARD).write_bytes(data)


def _drop_line(folder: Path) -> None:
    (folder / SHARD).write_bytes((folder / SHARD).read_bytes().partition(b"\n")[2])


def _swap(folder: Path) -> None:
    one, other = (folder / SHARD).read_bytes(), (folder / OTHER).read_bytes()
    (folder / SHARD).write_bytes(other)
    (folder / OTHER).write_bytes(one)


def _link(folder: Path) -> None:
    (folder / SHARD).rename(folder.parent / "elsewhere.jsonl")
    (folder / SHARD).symlink_to(folder.parent / "elsewhere.jsonl")


def _sums(folder: Path, edit: Callable[[str], str]) -> None:
    (folder / "SHA256SUMS").write_text(edit((folder / "SHA256SUMS").read_text()))


def _resum(folder: Path, name: str) -> None:
    """Give a file that was changed its new digest in the sums, as a careful forger would."""
    digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    _sums(folder, lambda text: "".join(f"{digest if n == name else d}  {n}\n" for d, n in _entries(text)))


def _rewrite(folder: Path, name: str) -> None:
    (folder / name).write_text("{}\n")
    _resum(folder, name)


def _entries(text: str) -> Iterable[list[str]]:
    return (line.split("  ", 1) for line in text.splitlines())


def _manifest(folder: Path, edit: Callable[[Any], object]) -> None:
    """Edit the manifest, sums and all."""
    data = json.loads((folder / "manifest.json").read_text())
    edit(data)
    (folder / "manifest.json").write_text(json.dumps(data))
    _resum(folder, "manifest.json")


def _file(data: Any) -> Any:
    return data["formats"]["tuneport"]["splits"]["train"][0]


def _stats(folder: Path) -> None:
    data = json.loads((folder / "stats.json").read_text())
    (folder / "stats.json").write_text(json.dumps({**data, "exported_entities": 1}))


DAMAGE: dict[str, tuple[Callable[[Path], object], set[tuple[str, str]]]] = {
    "a byte flipped": (_flip, {("changed", SHARD)}),
    "a line dropped": (_drop_line, {("changed", SHARD)}),
    "two files swapped": (_swap, {("changed", SHARD), ("changed", OTHER)}),
    "a file added": (
        lambda f: (f / "data/tuneport/train/x.jsonl").touch(),
        {("unlisted", "data/tuneport/train/x.jsonl")},
    ),
    "a note added": (lambda f: (f / "note.txt").touch(), {("unlisted", "note.txt")}),
    "a file removed": (lambda f: (f / SHARD).unlink(), {("missing", SHARD)}),
    "a file replaced by a link": (_link, {("link", SHARD), ("missing", SHARD)}),
    "a link added": (lambda f: (f / "data/x").symlink_to(f), {("link", "data/x")}),
    "a pipe added": (lambda f: os.mkfifo(f / "pipe"), {("no_file", "pipe")}),
    "no statistics": (lambda f: (f / "stats.json").unlink(), {("missing", "stats.json")}),
    "other statistics": (_stats, {("stats_differ", "stats.json")}),
    "broken statistics": (lambda f: (f / "stats.json").write_text("{"), {("stats", "stats.json")}),
    "no sums": (lambda f: (f / "SHA256SUMS").unlink(), {("missing", "SHA256SUMS")}),
    "a sum that is none": (lambda f: _sums(f, lambda t: f"{t}x\n"), {("bad_sum", "SHA256SUMS")}),
    "a sum of something outside": (
        lambda f: _sums(f, lambda t: f"{t}{'0' * 64}  ../secret\n{'0' * 64}  /etc/passwd\n"),
        {("outside", "SHA256SUMS")},
    ),
    "a file listed twice": (
        lambda f: _sums(f, lambda t: t + t.splitlines()[0] + "\n"),
        {("listed_twice", "SHA256SUMS")},
    ),
    "a broken manifest": (
        lambda f: (f / "manifest.json").write_text("{"),
        {("changed", "manifest.json"), ("manifest", "manifest.json")},
    ),
    "a manifest that is no UTF-8": (
        lambda f: (f / "manifest.json").write_bytes(b'{"name": "\xff"}'),
        {("changed", "manifest.json"), ("manifest", "manifest.json")},
    ),
    "a count edited": (
        lambda f: _manifest(f, lambda m: m["counts"].update(exported=m["counts"]["exported"] + 1)),
        {("counts", "manifest.json"), ("ledger", "manifest.json"), ("stats_differ", "stats.json")},
    ),
    "a reason edited": (
        lambda f: _manifest(f, lambda m: m["rejects"].popitem()),
        {("reasons", "manifest.json"), ("rejects", "rejects"), ("stats_differ", "stats.json")},
    ),
    "rows edited": (
        lambda f: _manifest(f, lambda m: _file(m).update(rows=1)),
        {("miscounted", SHARD), ("ledger_files", "manifest.json"), ("card", "README.md")},
    ),
    "bytes edited": (
        lambda f: _manifest(f, lambda m: _file(m).update(bytes=1)),
        {("miscounted", SHARD), ("stats_differ", "stats.json")},
    ),
    "a digest edited": (
        lambda f: _manifest(f, lambda m: _file(m).update(sha256="0" * 64)),
        {("manifest_differs", SHARD), ("digest", "manifest.json")},
    ),
    "the digest edited": (lambda f: _manifest(f, lambda m: m.update(digest="0" * 64)), {("digest", "manifest.json")}),
    "the recipe exchanged": (
        lambda f: _rewrite(f, "recipe.json"),
        {("recipe", "manifest.json")},
    ),
    "rejects cut": (
        lambda f: _rewrite(f, "rejects/00000.jsonl"),
        {("rejects", "rejects")},
    ),
    "a file taken out of the manifest": (
        lambda f: _manifest(f, lambda m: m["formats"]["tuneport"]["splits"]["train"].pop()),
        {
            ("not_in_manifest", "data/tuneport/train/00003-of-00004.jsonl"),
            ("card", "README.md"),
            ("ledger_files", "manifest.json"),
            ("digest", "manifest.json"),
            ("stats_differ", "stats.json"),
        },
    ),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_damage_is_told_as_what_it_is(case: str, copy: Path) -> None:
    """Whatever is done to a published folder is found, and nothing that was not done."""
    os.mkfifo(copy.parent / "secret")  # whoever opens it waits for ever
    damage, expected = DAMAGE[case]
    assert validate(copy).problems == []
    damage(copy)
    report = validate(copy)

    assert told(report) == expected
    assert not report.ok


def test_every_byte_counts(copy: Path) -> None:
    """A byte changed anywhere but in the statistics is found."""
    for path in sorted(path for path in copy.rglob("*") if path.is_file() and path.name != "stats.json"):
        data = path.read_bytes()
        for place in (0, len(data) // 2, len(data) - 1):
            path.write_bytes(data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :])
            assert not validate(copy).ok, (path, place)
        path.write_bytes(data)
    assert validate(copy).ok


def test_a_forger_of_rows_is_found_line_by_line(copy: Path) -> None:
    """Where digests were forged as well, what stands in the rows still has to be right."""
    data = (copy / SHARD).read_bytes().replace(b'"weight":', b'"weight":1,"weight":', 1)
    (copy / SHARD).write_bytes(data)
    _resum(copy, SHARD)
    report = validate(copy)

    assert ("duplicate_key", SHARD) in told(report)
    assert ("manifest_differs", SHARD) in told(report)


def test_keys_and_types_hold_for_a_whole_format(copy: Path) -> None:
    """A later file is held against the first one; where the card declares the columns, some of it is a warning."""
    path = copy / OTHER
    path.write_bytes(path.read_bytes().replace(b'"weight":1.0', b'"weight":1'))
    declared = {one.code: one.severity for one in validate(copy).problems}
    (copy / "README.md").unlink()
    _sums(copy, lambda text: "".join(f"{d}  {n}\n" for d, n in _entries(text) if n != "README.md"))
    plain = {one.code: one.severity for one in validate(copy).problems}

    assert declared == {"changed": "error", "integer_among_floats": "warning"}
    assert plain == {"changed": "error", "integer_among_floats": "error"}


def test_a_folder_of_versions_means_the_latest(copy: Path, tmp_path: Path) -> None:
    """PATH may be the folder of versions; a link to nothing is no dataset."""
    (tmp_path / "faq").mkdir()
    copy.rename(tmp_path / "faq/v0001")
    (tmp_path / "faq/latest").symlink_to("v0001")
    report = validate(tmp_path / "faq")

    assert (report.ok, report.path) == (True, str(tmp_path / "faq/latest"))
    (tmp_path / "faq/v0001").rename(tmp_path / "gone")
    with pytest.raises(SourceNotFoundError, match=r"no manifest\.json, and no latest/manifest\.json"):
        validate(tmp_path / "faq")


def test_what_cannot_be_checked_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing there, something else there, and what cannot be read are errors of their own."""
    (tmp_path / "a.csv").touch()
    os.mkfifo(tmp_path / "a.jsonl")
    with pytest.raises(SourceNotFoundError, match="does not exist"):
        validate(tmp_path / "missing.jsonl")
    with pytest.raises(UsageError, match=r"a\.csv"):
        validate(tmp_path / "a.csv")
    with pytest.raises(UsageError, match="neither a file nor a folder"):
        validate(tmp_path / "a.jsonl")
    with pytest.raises(UsageError, match="most = -1"):
        validate(tmp_path / "missing.jsonl", most=-1)
    with pytest.raises(SourceError, match="cannot read"):
        validate(tmp_path / f"{'n' * 300}.jsonl")


class SchemaConfig(Config):
    """As the validator of this name is configured."""

    json_schema: dict[str, str]


class Judges:
    """A plugin whose schema is a list of wanted keys."""

    def __init__(self, on: Any = "row") -> None:
        self.on = on

    @hookimpl
    def register_validators(self, register: Any) -> None:
        """Offer the validator."""
        register("json_schema", self.make, config=SchemaConfig, on=self.on)

    def make(self, config: SchemaConfig, ctx: Context) -> Callable[[dict[str, Any]], Iterable[Problem]]:
        """Read the keys."""
        try:
            wanted = json.loads(ctx.resource(config.json_schema["file"]))
        except ValueError as error:
            raise RecipeError([Problem("json_schema.file", f"is no JSON: {error}")]) from None

        def judge(row: dict[str, Any]) -> Iterable[Problem]:
            if row.get("a") == "raise":
                raise RuntimeError("judge broke")
            return [Problem(f"/{key}", "is wanted", "add it", "lacking") for key in wanted if key not in row]

        return judge


@pytest.fixture
def judged() -> PluginManager:
    """A manager that has that plugin and no other."""
    manager = PluginManager(discover=False)
    manager.register(Judges(), "judges")
    return manager


def test_a_schema_judges_every_row(judged: PluginManager, tmp_path: Path, published: Path) -> None:
    """Every row is judged, whichever way it was checked; what is wrong stands beside what else was found."""
    (tmp_path / "s.json").write_text('["a", "b"]')
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": "x"}\n' * 50 + '{"b": 1}\n' + '{"a":"x"}\n' * 50)
    found = {(one.code, one.path): one for one in validate(path, schema=tmp_path / "s.json", manager=judged).problems}

    assert found["lacking", "/b"].count == 100
    assert found["lacking", "/a"].lines == [51]
    assert found["lacking", "/a"].hint == "add it"
    assert {code for code, _ in found} == {"lacking", "missing_key", "extra_key"}
    whole = validate(published, schema=tmp_path / "s.json", manager=judged)
    assert sum(one.count for one in whole.problems if one.path == "/a") == whole.rows


def test_a_wrong_schema_is_told_before_anything_is_read(judged: PluginManager, tmp_path: Path) -> None:
    """A schema that is missing or wrong, and a plugin that is missing or judges something else."""
    path, schema = tmp_path / "a.jsonl", tmp_path / "s.json"
    path.write_text('{"a": "raise"}\n')
    with pytest.raises(RecipeError, match="cannot be read"):
        validate(path, schema=schema, manager=judged)
    schema.write_text("{")
    with pytest.raises(RecipeError, match="is no JSON"):
        validate(path, schema=schema, manager=judged)
    schema.write_text("[]")
    with pytest.raises(UnknownNameError):
        validate(path, schema=schema, manager=PluginManager(discover=False))
    others = PluginManager(discover=False)
    others.register(Judges(on="dataset"), "judges")
    with pytest.raises(PluginError, match="judges no rows"):
        validate(path, schema=schema, manager=others)


def test_a_judge_that_fails_costs_its_line(judged: PluginManager, tmp_path: Path) -> None:
    """The finding says whose fault it is, and the lines after it are judged."""
    path, schema = tmp_path / "a.jsonl", tmp_path / "s.json"
    path.write_text('{"a": "raise"}\n{"a": "b"}\n')
    schema.write_text('["b"]')
    report = validate(path, schema=schema, manager=judged)

    assert [(one.code, one.lines) for one in report.problems] == [("hook:judges", [1]), ("lacking", [2])]
    assert report.problems[0].message == "validator judges:json_schema failed: RuntimeError: judge broke"


def test_the_bundled_validator_judges_by_json_schema(tmp_path: Path, published: Path) -> None:
    """With what is installed, a JSON Schema holds for every row of a dataset."""
    schema = tmp_path / "s.json"
    schema.write_text('{"type": "object", "required": ["output"], "properties": {"weight": {"minimum": 0}}}')
    assert validate(published, schema=schema).ok
    schema.write_text('{"properties": {"output": {"maxLength": 3}}}')
    report = validate(published, schema=schema)

    assert sum(one.count for one in report.problems) == report.rows
    assert {one.severity for one in report.problems} == {"error"}
    schema.write_text('{"type": "nothing"}')
    with pytest.raises(RecipeError):
        validate(published, schema=schema)


def test_the_index_and_versions_are_checked_too(faq: Path, tmp_path: Path) -> None:
    """What says where records stand is a file like the others; a version is found where exports put it."""
    asked = recipe(faq, tmp_path / "out")
    asked["source"] = {"path": str(faq), "key": "pk"}
    asked["output"]["on_exists"] = "version"
    export(asked)
    assert validate(tmp_path / "out").problems == []
    folder = tmp_path / "out/v0001"
    index = folder / "index/00000.jsonl.gz"
    index.write_bytes(_gzip(gzip.decompress(index.read_bytes()).partition(b"\n")[2]))
    assert told(validate(folder)) == {("changed", "index/00000.jsonl.gz")}
    _resum(folder, "index/00000.jsonl.gz")
    digest = hashlib.sha256(index.read_bytes()).hexdigest()
    _manifest(folder, lambda manifest: manifest["index"][0].update(sha256=digest, bytes=index.stat().st_size))

    assert [(one.code, one.path) for one in validate(folder).problems] == [
        ("miscounted", "rows"),
        ("miscounted", "bytes before compression"),
    ]


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_file_that_is_compressed_under_a_plain_name_is_read(compression: str, tmp_path: Path) -> None:
    """An export may be told to compress a file whose name does not say so: its first bytes do."""
    (tmp_path / "in.jsonl").write_bytes(faq_lines(50))
    asked = recipe(tmp_path / "in.jsonl", tmp_path / "out.jsonl")
    asked["output"]["compression"] = compression
    made = export(asked)

    report = validate(tmp_path / "out.jsonl")
    assert (report.ok, report.rows) == (True, made.stats.exported_entities)
