"""The filter `decontamination`: what stands in an evaluation set is found, however it is written."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tools import recipe

from plugins.quality.near_texts import WORDS
from plugins.quality.support import context
from tuneport import Chat, Instruction, Message, Preference, Reject, Sample, Text
from tuneport.errors import RecipeError
from tuneport.runs import execute, plan_export
from tuneport_quality.config import DecontaminationConfig
from tuneport_quality.decontamination import Decontamination, decontamination
from tuneport_quality.words import spelt

QUESTION = "Which of the following bodies of water is the largest one by volume, and why is that so?"
SHORT = "What is the capital of France?"


def judge(*texts: str, **config: Any) -> Callable[[Any, Sample], Reject | None]:
    """The filter against these texts."""
    data = "\n".join(json.dumps({"question": text}) for text in texts).encode()
    return decontamination(DecontaminationConfig(against=["a.jsonl"], **config), context({"a.jsonl": data}))


def hit(one: Callable[[Any, Sample], Reject | None], text: str) -> bool:
    """Whether a sample that says this is left out."""
    reject = one({}, Text(text=text))
    assert reject is None or reject.code == "contaminated"
    return reject is not None


def test_every_planted_sentence_is_found(figure: Callable[[str, object], None]) -> None:
    """In the middle of other words, in another case, with other punctuation; and nothing else is."""
    drawn = random.Random(4)  # noqa: S311
    evaluation = [" ".join(drawn.choices(WORDS, k=drawn.randint(13, 40))) for _ in range(2000)]
    one = judge(*evaluation)
    for sentence in evaluation:
        around = drawn.choices(WORDS, k=60)
        said = drawn.choice((sentence, sentence.upper(), sentence.replace(" ", ",\n"), f"({sentence.title()}!)"))
        assert hit(one, " ".join([*around[:30], said, *around[30:]]))
        assert not hit(one, " ".join(around))
    figure("planted sentences found", len(evaluation))


@pytest.mark.parametrize(("count", "found"), [(13, True), (12, False)])
def test_thirteen_words_in_a_row(count: int, found: bool) -> None:
    """No fewer are enough of a text that has as many."""
    assert hit(judge(QUESTION), " ".join(["before", *QUESTION.split()[2 : 2 + count], "after"])) is found


def test_a_shorter_text_is_looked_for_whole() -> None:
    """Wherever it stands; but a part of it is none, and what has fewer than five words is passed over."""
    one = judge(SHORT, "Yes", "Paris, France")
    assert hit(one, "Tell me: what is the capital of France? I forgot.")
    assert hit(one, "what is what is the CAPITAL of france")
    assert not hit(one, "What is the capital of Spain?")
    assert not hit(one, "the capital of France")
    assert not hit(one, "Yes")
    assert not hit(one, "Paris, France")
    assert hit(judge("Paris, France", min_words=2), "It is in Paris (France).")


@pytest.mark.parametrize(
    "sample",
    [
        Instruction(instruction=QUESTION, output="x"),
        Instruction(instruction="x", input=QUESTION, output="x"),
        Instruction(instruction="x", output="x", reasoning=QUESTION),
        Chat(messages=[Message("user", "x"), Message("assistant", QUESTION), Message("user", "x")]),
        Preference(
            prompt=[Message("user", "x")],
            chosen=[Message("assistant", "x")],
            rejected=[Message("assistant", QUESTION)],
        ),
    ],
)
def test_every_text_of_a_sample_counts(sample: Sample) -> None:
    """Prompt, answers, and what is thought before them."""
    assert judge(QUESTION)({}, sample) is not None
    assert judge("Another text of as many words as there have to be in one to be looked for")({}, sample) is None


def test_how_much_has_to_be_found() -> None:
    """A part of a text's n-grams."""
    half = " ".join([*QUESTION.split(), *WORDS[: len(QUESTION.split()) - 4]])
    assert hit(judge(QUESTION), half)
    assert hit(judge(QUESTION, overlap=0.2), half)
    assert not hit(judge(QUESTION, overlap=0.5), half)
    assert hit(judge(QUESTION, overlap=1), QUESTION)


@given(st.text())
def test_words_do_not_depend_on_how_they_are_written(text: str) -> None:
    """Case, white space, punctuation and compatible forms; and doing it twice changes nothing."""
    words = spelt(text)
    assert spelt(" ".join(words)) == words
    assert spelt(f"  {text}!\n") == words
    assert spelt(text.replace(" ", " ,. ")) == words


@given(st.lists(st.from_regex(r"[a-zà-öа-я0-9]{1,8}", fullmatch=True), min_size=13, max_size=30), st.data())
def test_a_text_is_found_in_any_spelling(words: list[str], data: st.DataObject) -> None:
    """Of letters and digits, whatever stands between them and in whatever case."""
    gaps = data.draw(st.lists(st.sampled_from([" ", "\n", ", ", " - ", "… "]), min_size=30, max_size=30))
    cased = [data.draw(st.sampled_from([word, word.upper(), word.title()])) for word in words]
    said = "".join(word + gap for word, gap in zip(cased, gaps, strict=False))
    assert hit(judge(" ".join(words)), f"Well. {said}So it is.")


def test_scripts_without_blanks() -> None:
    """Thirteen characters in a row."""
    asked = "次のうち、体積が最も大きい水域はどれですか"
    assert hit(judge(asked), f"質問:{asked}。答え")
    assert not hit(judge(asked), "次のうち、面積が最も小さい島はどれですか")


def test_hostile_texts() -> None:
    """No text, half a character, emoji and eight MiB."""
    one = judge(QUESTION, SHORT)
    for text in ("", " ", "\ud800 half of it", "👩‍👩‍👧‍👦" * 50, "what " * (8 << 18)):
        assert not hit(one, text)
    assert hit(one, "what " * (8 << 18) + QUESTION)


# Files


def made(files: dict[str, bytes], **config: Any) -> Decontamination:
    """The filter against files."""
    one = decontamination(DecontaminationConfig(against=[*files], **config), context(files))
    assert isinstance(one, Decontamination)
    return one


def test_fields_and_files() -> None:
    """Rows at any depth, chosen fields of them, and lines of plain text."""
    row = json.dumps({"question": QUESTION, "choices": [{"text": SHORT}], "id": 7}).encode()
    lines = f"\n{QUESTION}\r\n{SHORT}\n".encode()
    assert made({"a.jsonl": row}).texts == made({"a.txt": lines}).texts == 2
    assert made({"a.jsonl": row}, fields=["question", "none"]).texts == 1
    assert made({"a.jsonl": row + b"\n\n" + json.dumps(SHORT).encode(), "b.txt": lines}).texts == 5


@pytest.mark.parametrize(
    ("files", "config", "said"),
    [
        ({"a.jsonl": b'{"a": "b"}\n{no'}, {}, "a.jsonl, line 2: no JSON"),
        ({"a.jsonl": b'{"a": "b"}'}, {"fields": ["question"]}, "a.jsonl has no text in question"),
        ({"a.jsonl": b""}, {}, "a.jsonl has no text"),
        ({"a.txt": b"\xff\xfe"}, {}, "a.txt is not UTF-8"),
    ],
)
def test_files_that_cannot_be_used(files: dict[str, bytes], config: dict[str, Any], said: str) -> None:
    """Each says which file, and where."""
    with pytest.raises(RecipeError) as caught:
        made(files, **config)
    (problem,) = caught.value.problems
    assert (problem.path, problem.message) == ("against[0]", said)


def test_an_export(tmp_path: Path) -> None:
    """A contaminated sample is filtered, and the file is part of the plan."""
    (tmp_path / "mmlu.jsonl").write_text(json.dumps({"question": QUESTION}))
    rows = [
        {"question": "What?", "answer": "Something else, and a little more"},
        {"question": QUESTION, "answer": "An ocean, and a large one"},
    ]
    (tmp_path / "faq.jsonl").write_text("\n".join(map(json.dumps, rows)))
    stage = {"use": "quality:decontamination", "against": [str(tmp_path / "mmlu.jsonl")]}
    data = recipe(tmp_path / "faq.jsonl", tmp_path / "out", export={"filters": [stage]})
    plan = plan_export(data)
    assert execute(plan).stats.rejects == {"contaminated": 1}
    (tmp_path / "mmlu.jsonl").write_text(json.dumps({"question": SHORT}))
    data["output"]["path"] = str(tmp_path / "again")
    assert plan_export(data).identity["resources"] != plan.identity["resources"]
    stage["against"] = [str(tmp_path / "none.jsonl")]
    with pytest.raises(RecipeError, match=r"filters\[0\].against\[0\]"):
        plan_export(data)
