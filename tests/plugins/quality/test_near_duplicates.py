"""The fingerprint `near_duplicates`, against the Jaccard similarity of shingles, counted."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from tools import recipe, tree

from plugins.quality.near_texts import components, edited, jaccard, planted
from plugins.quality.support import context
from tuneport import Chat, Instruction, Message, Sample, Text
from tuneport.commands.summary import result_lines
from tuneport.dataset import Dataset, NearInfo
from tuneport.errors import RecipeError
from tuneport.runs import ExportResult, Sizes, execute, plan_export
from tuneport_quality.config import NearDuplicatesConfig
from tuneport_quality.near_duplicates import NearDuplicates, near_duplicates, rows_of
from tuneport_quality.words import spaced

Figure = Callable[[str, object], None]
MARGIN = 0.05
"""How far from the threshold a pair has to be to be sure of."""


@pytest.fixture(autouse=True)
def library(needs: Callable[[str], None]) -> None:
    """What makes the fingerprints."""
    needs("rensa")


def fingerprint(kind: type[Sample] = Text, **config: Any) -> NearDuplicates:
    """The fingerprint of a run with samples of this kind."""
    return near_duplicates(NearDuplicatesConfig(**config), context(kind=kind))


def found(texts: Sequence[str], **config: Any) -> set[tuple[int, int]]:
    """The pairs that it takes for near-duplicates."""
    one = fingerprint(**config)
    samples = [Text(text=text) for text in texts]
    having: defaultdict[int, list[int]] = defaultdict(list)
    sketches = []
    for number, sample in enumerate(samples):
        for band in one(sample):
            having[band].append(number)
        sketches.append(one.sketch(sample))
    pairs = {(a, b) for numbers in having.values() for place, a in enumerate(numbers) for b in numbers[place + 1 :]}
    return {(a, b) for a, b in pairs if one.alike(sketches[a], sketches[b])}


def test_recall_and_precision_over_planted_edits(tmp_path: Path, figure: Figure) -> None:
    """Of 10,000 texts nearly all pairs are told rightly; and an export connects exactly those."""
    texts = planted(10_000)
    real, pairs = jaccard(texts), found(texts)
    alike = {pair for pair, value in real.items() if value >= 0.8}
    sure = {pair for pair, value in real.items() if value >= 0.8 + MARGIN}
    far = {pair for pair in pairs if real.get(pair, 0.0) < 0.8 - MARGIN}
    assert len(sure) > 2000
    recall, precision = len(sure & pairs) / len(sure), 1 - len(far) / len(pairs)
    figure("recall of pairs at 0.85 and more, with threshold 0.8", f"{recall:.2%}")
    figure("precision against pairs below 0.75, with threshold 0.8", f"{precision:.2%}")
    figure("recall at the threshold itself", f"{len(alike & pairs) / len(alike):.2%} of {len(alike):,}")
    figure("precision at the threshold itself", f"{len(alike & pairs) / len(pairs):.2%} of {len(pairs):,}")
    assert recall >= 0.98
    assert precision >= 0.99

    result = run(tmp_path, texts)
    assert clusters(result) == components(pairs)


@pytest.mark.parametrize("threshold", [0.5, 0.65, 0.9])
def test_any_threshold(threshold: float) -> None:
    """Bands are chosen for it."""
    texts = planted(2000, seed=round(100 * threshold))
    real, pairs = jaccard(texts), found(texts, threshold=threshold)
    sure = {pair for pair, value in real.items() if value >= threshold + MARGIN}
    assert len(sure & pairs) / len(sure) >= 0.95
    assert sum(real.get(pair, 0.0) >= threshold - MARGIN for pair in pairs) / len(pairs) >= 0.95


@pytest.mark.parametrize(("threshold", "rows"), [(0.3, 2), (0.5, 3), (0.8, 8), (0.9, 14), (1.0, 256)])
def test_rows_of_a_band(threshold: float, rows: int) -> None:
    """As many as leave 99 % to share one of the bands at the threshold."""
    assert rows_of(threshold, 256) == rows


def test_what_does_not_matter() -> None:
    """Case and white space; what is asked; and in which run, with which hash seed, the text is looked at."""
    one = fingerprint(Instruction)
    plain = Instruction(instruction="a", output="one two three four five six")
    other = Instruction(instruction="b", output=" One  two\tTHREE four\n five six ")
    assert one(plain) == one(other)
    assert one.sketch(plain) == one.sketch(other)
    assert one(plain) != one(Instruction(instruction="a", output="one two three four five seven"))
    chat = Chat(messages=[Message("user", "x"), Message("assistant", plain.output)])
    assert fingerprint(Chat)(chat) == one(plain)


def test_the_same_everywhere() -> None:
    """A fingerprint is a matter of the text and the configuration alone: these are its bytes."""
    one, text = fingerprint(), Text(text="the quick brown fox jumps over the lazy dog")
    bands = [one(text)[0], one(text)[-1], one.sketch(text).hex()[:16]]
    code = (
        "from tuneport import Text; from plugins.quality.test_near_duplicates import fingerprint;"
        "one = fingerprint(); text = Text(text='the quick brown fox jumps over the lazy dog');"
        "print([one(text)[0], one(text)[-1], one.sketch(text).hex()[:16]])"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": ":".join(sys.path)},
    )
    assert said.stdout.strip() == str(bands)
    assert bands == [1352362031703266591, 2531567803971997754, "3062949ed5a5eb86"]


def test_scripts_that_write_no_blanks() -> None:
    """Their characters are words: an edit of one in sixty is small."""
    drawn = random.Random(2)  # noqa: S311
    chars = [chr(0x4E00 + number) for number in range(2000)]
    words = drawn.choices(chars, k=120)
    near, far = "".join([*words[:60], "丁", *words[61:]]), "".join(drawn.choices(chars, k=120))
    assert found(["".join(words), near, far]) == {(0, 1)}
    assert spaced("GPT-4は、東京 tower") == ["gpt-4", "は", "、", "東", "京", "tower"]
    assert spaced("ภาษา ไทย") == list("ภาษาไทย")


def test_shingles_of_characters() -> None:
    """A word that is spelt in another way costs a few of them."""
    text = " ".join(planted(1))
    assert found([text, text.replace("w1", "W1"), text[:300] + "x" + text[300:]], unit="characters") == {
        (0, 1),
        (0, 2),
        (1, 2),
    }


@pytest.mark.parametrize("size", [1, 5, 64])
def test_shingles_are_those_of_the_book(size: int) -> None:
    """However a long text is cut into chunks, and where it is shorter than a shingle."""
    one = fingerprint(size=size)
    for count in (1, 2, size - 1, size, size + 1, 4095, 4096, 4097, 4100, 9000):
        words = [str(number) for number in range(count)]
        made = [shingle for chunk in one._shingles(words) for shingle in chunk]
        assert made == [" ".join(words[at : at + size]) for at in range(max(1, count - size + 1))][: len(made)]
        assert len(made) == (max(1, count - size + 1) if count else 0)


def test_hostile_texts() -> None:
    """No text, blanks, a word, emoji, and eight MiB: bands or none, and never an error."""
    one = fingerprint()
    for text in ("", " \n\u3000", "\u200b"):
        assert len(one.sketch(Text(text=text))) == 128
    assert list(one(Text(text=" \n"))) == []
    for text in ("word", "👩‍👩‍👧‍👦 🏳️‍🌈", "\x00", "a " * (4 << 20)):
        assert len(one(Text(text=text))) == one.bands == 32
    assert one(Text(text="a " * 100)) == one(Text(text="a " * (4 << 20)))


@pytest.mark.parametrize("wrong", [{"threshold": 0}, {"threshold": 1.1}, {"num_perm": 65}, {"action": "keep"}])
def test_what_it_may_not_be_told(wrong: dict[str, Any]) -> None:
    """A threshold from 0.3 to 1, hash functions by twos, and two actions."""
    with pytest.raises(ValidationError):
        NearDuplicatesConfig(**wrong)


def test_without_the_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The recipe's problem says what is missing, and how it is installed."""
    monkeypatch.setitem(sys.modules, "rensa", None)
    with pytest.raises(RecipeError) as caught:
        plan_export(asked(tmp_path, ["a text"], "out", "report", None))
    (problem,) = caught.value.problems
    assert problem.path == "export.fingerprints[0]"
    assert problem.message == "quality:near_duplicates needs rensa, which is not installed"
    assert problem.hint == "pip install 'tuneport[near-dup]'"


# Exports

SMALL = Sizes(part_bytes=9_000, savepoint_bytes=30_000)


def written(tmp_path: Path, texts: Sequence[str]) -> Path:
    """A source of these texts, and a thread for each two that stand far from each other."""
    path = tmp_path / "texts.jsonl"
    half = max(1, len(texts) // 2)
    lines = (json.dumps({"id": n, "thread": n % half, "question": "?", "answer": t}) for n, t in enumerate(texts))
    path.write_text("\n".join(lines))
    return path


def asked(tmp_path: Path, texts: Sequence[str], name: str, action: str, split: Any, **run: Any) -> dict[str, Any]:
    """A recipe."""
    stage = {"use": "quality:near_duplicates", "action": action}
    data = recipe(tmp_path, tmp_path / name, export={"fingerprints": [stage]})
    source = {"path": str(written(tmp_path, texts)), "key": "id"}
    output = {**data["output"], **({"split": split} if split else {})}
    return {**data, "source": source, "output": output, "run": {**data["run"], **run}}


def run(tmp_path: Path, texts: Sequence[str], action: str = "report", split: Any = None) -> ExportResult:
    """One export."""
    return execute(plan_export(asked(tmp_path, texts, "out", action, split), sizes=SMALL))


def index(result: ExportResult) -> list[dict[str, Any]]:
    """The lines of the index, in source order."""
    (file,) = (result.dataset.path / "index").iterdir()
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def clusters(result: ExportResult) -> set[frozenset[int]]:
    """Samples of one cluster, by what the index says."""
    groups: defaultdict[str, set[int]] = defaultdict(set)
    for line in index(result):
        if "cluster" in line:
            groups[line["cluster"]].add(int(line["key"]))
    return {frozenset(group) for group in groups.values()}


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Texts with near-duplicates and exact ones."""
    made = planted(400)
    return [*made, *made[5:25]]


def test_the_first_of_each_cluster_is_kept(tmp_path: Path, texts: list[str]) -> None:
    """The others are rejected with their code, and the ledger balances; the reject says nothing of the text."""
    result = run(tmp_path, texts, "drop")
    together, lines = components(found(texts)), index(result)
    later = {number for group in together for number in group if number != min(group)}
    exact = set(range(400, 420))
    assert {int(one["key"]) for one in lines if one["outcome"] == "filtered"} == later - exact
    assert {int(one["key"]) for one in lines if one["outcome"] == "duplicate"} == exact
    assert result.stats.rejects == {"near_duplicate": len(later - exact), "duplicate": 20}
    assert result.stats.total_entities == 420 == result.stats.exported_entities + sum(result.stats.rejects.values())
    rejects = [json.loads(line) for line in (result.dataset.path / "rejects/00000.jsonl").read_text().splitlines()]
    assert {one["reason"] for one in rejects if one["code"] == "near_duplicate"} == {
        "Nearly the same content as an earlier record"
    }
    sizes = [len(group - exact) for group in together if len(group - exact) > 1]
    said = result_lines(result)
    assert f"near        {len(sizes)} clusters of {sum(sizes)} samples, the largest of {max(sizes)}: " in said
    assert f"{len(later - exact)} left out" in said
    near = NearInfo(len(sizes), sum(sizes), max(sizes), len(later - exact), 0)
    assert Dataset.open(tmp_path / "out").manifest.near_duplicates == near
    firsts = {lines[min(group)]["id"] for group in together if len(group - exact) > 1}
    assert {one["cluster"] for one in lines if "cluster" in one} == firsts


@pytest.mark.parametrize("mode", ["stable", "exact"])
@pytest.mark.parametrize("group_by", [[], ["thread"]])
def test_no_cluster_crosses_a_split(tmp_path: Path, texts: list[str], mode: str, group_by: list[str]) -> None:
    """What near-duplicates and groups connect stands on one side, and both sides have samples."""
    split = {"validation": 0.3, "mode": mode, "group_by": group_by}
    result = run(tmp_path, texts[:400], split=split)
    sides = {int(line["key"]): line["split"] for line in index(result)}
    joined = set(found(texts[:400])) | ({(n, n + 200) for n in range(200)} if group_by else set())
    for group in components(joined):
        assert len({sides[number] for number in group}) == 1
    assert set(sides.values()) == {"train", "validation"}
    near = Dataset.open(tmp_path / "out").manifest.near_duplicates
    assert near is not None
    assert near.clusters > 50
    assert near.clusters_on_both_sides == 0


def test_what_comes_later_moves_nothing_that_it_does_not_connect(tmp_path: Path, texts: list[str]) -> None:
    """In a stable split samples stand where they stood, when others are added behind them."""
    drawn = random.Random(1)  # noqa: S311
    split = {"validation": 0.3}
    (tmp_path / "a").mkdir()
    before = {line["key"]: line["split"] for line in index(run(tmp_path / "a", texts[:300], split=split))}
    (tmp_path / "b").mkdir()
    more = [*texts[:300], *(" ".join(edited(text.split(), drawn)) for text in texts[:300])]
    after = {line["key"]: line["split"] for line in index(run(tmp_path / "b", more, split=split))}
    assert {key: after[key] for key in before} == before


def test_the_same_bytes_however_the_work_is_cut(tmp_path: Path, texts: list[str]) -> None:
    """Parts of any size, one worker and two."""
    cuts = [(SMALL, 1), (Sizes(part_bytes=3_000), 1), (Sizes(), 1), (SMALL, 2), (Sizes(part_bytes=30_000), 2)]
    made = []
    for number, (sizes, workers) in enumerate(cuts):
        (tmp_path / str(number)).mkdir()
        split = {"validation": 0.2, "group_by": "thread"}
        data = asked(tmp_path, texts, f"{number}/out", "report", split, workers=workers)
        execute(plan_export(data, sizes=sizes))
        made.append(tree(tmp_path / f"{number}/out"))
    for one in made:
        # A recipe and its sum say where the dataset stands.
        assert {name for name in one if one[name] != made[0][name]} <= {"recipe.json", "manifest.json", "SHA256SUMS"}
    manifests = [Dataset.open(tmp_path / str(number) / "out").manifest for number in range(len(cuts))]
    assert len({(one.digest, one.near_duplicates) for one in manifests}) == 1
