"""Reading a document: what it says, all or nothing, and nothing lost in silence."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.lora_metadata.adapters import adapters
from plugins.lora_metadata.support import DIGEST, brief, dataset, document, maker, text, tracked
from plugins.lora_metadata.test_document import DOCUMENTED, documented
from tuneport import AdapterMetadata
from tuneport.config import given as given_keys
from tuneport.errors import RecipeError


def problems(written: Any, own: AdapterMetadata | None = None) -> dict[str, str]:
    """Path to message of what is wrong with a document, its text or its data."""
    read = maker(own).read
    with pytest.raises(RecipeError) as caught:
        read(written if isinstance(written, str) else json.dumps(written))
    assert caught.value.origin == "adapter metadata"
    assert all(line.isprintable() for line in str(caught.value).split("\n"))
    return dict(brief(caught.value.problems))


def hints(written: Any) -> dict[str, str]:
    """Path to hint."""
    with pytest.raises(RecipeError) as caught:
        maker().read(json.dumps(written))
    return {problem.path: problem.hint for problem in caught.value.problems}


@given(adapters())
def test_what_was_written_is_read_again(metadata: AdapterMetadata) -> None:
    """Before a run, a document holds everything its metadata held, texts, numbers and their kinds."""
    assert maker().read(text(metadata)) == metadata


@given(adapters(), st.integers(0, 10**9))
def test_what_a_run_filled_in_is_left_for_the_next_run(metadata: AdapterMetadata, n: int) -> None:
    """After a run likewise; number and name that the run filled in do not become those of the next one."""
    read = maker().read(text(metadata, dataset(digest=DIGEST, exported=n)))
    expected = metadata.model_copy(deep=True)
    if expected.training_config.num_samples == n:
        expected.training_config.num_samples = 0
    if expected.training_config.dataset_name == "faq":
        expected.training_config.dataset_name = ""

    assert read == expected


@given(adapters(), adapters())
def test_a_whole_document_replaces_what_was_configured(before: AdapterMetadata, written: AdapterMetadata) -> None:
    """Read by any other maker, only the parts that a document may leave out are the maker's own."""
    before.vllm_config.max_lora_rank = 512
    read = maker(before).read(text(written))
    expected = written.model_copy(deep=True)
    expected.custom_metadata = written.custom_metadata or before.custom_metadata
    if not written.vllm_config.enabled:
        expected.vllm_config = before.vllm_config
    elif not written.vllm_config.serving_config:
        expected.vllm_config.serving_config = before.vllm_config.serving_config

    assert read == expected


def test_a_document_may_hold_some_of_the_keys_only() -> None:
    """What it says is taken, everything else stays as configured, and tracking is on."""
    own = AdapterMetadata(
        adapter_id="legal-qa", domain="legal", training_config={"epochs": 2}, custom_metadata={"kept": "yes"}
    )
    read = maker(own).read('{"adapter_version": "1.1.0", "training": {"lora_rank": 16}, "task": {"language": "de"}}')

    assert read == tracked(
        adapter_id="legal-qa",
        adapter_version="1.1.0",
        domain="legal",
        language="de",
        training_config={"epochs": 2, "lora_rank": 16},
        custom_metadata={"kept": "yes"},
    )
    assert maker(own).read("{}").enable_tracking


def test_the_documented_example_and_themisdbs_own_order_are_read() -> None:
    """Keys in any order, an integer where a float is meant, the block for vLLM."""
    themisdb = {
        "vllm": {"enabled": True, "max_lora_rank": 16, "serving_config": {"max_loras": "4"}},
        "exported_at": "2024-11-21T08:30:00Z",
        "training": {"target_modules": ["q_proj"], "lora_alpha": 16},
    }

    assert maker().read(DOCUMENTED) == documented()
    assert maker().read(json.dumps(themisdb)) == tracked(
        vllm_config={"enabled": True, "max_lora_rank": 16, "serving_config": {"max_loras": "4"}},
        training_config={"target_modules": ["q_proj"], "lora_alpha": 16.0},
    )


def test_what_was_never_said_stays_a_default() -> None:
    """Reading names the keys of the document and of the configuration, and no others."""
    read = maker(AdapterMetadata(domain="legal")).read('{"training": {"epochs": 3}, "adapter_version": "1.0.0"}')

    assert given_keys(read) == {
        "domain": "legal",
        "training_config": {"epochs": 3},
        "adapter_version": "1.0.0",
        "enable_tracking": True,
    }


def test_custom_metadata_of_a_document_is_taken_whole() -> None:
    """`custom` is one key: what it holds is all there is."""
    assert maker(tracked(custom_metadata={"old": "1"})).read('{"custom": {"new": "2"}}').custom_metadata == {"new": "2"}


def test_reading_leaves_the_makers_own_metadata_alone() -> None:
    """A maker goes on writing what it was made with; the metadata that was read is another."""
    own = tracked(adapter_id="legal-qa", custom_metadata={"a": "1"}, training_config={"target_modules": ["q_proj"]})
    make = maker(own)
    before = list(make(dataset()))
    read = make.read('{"adapter_id": "medical-qa"}')
    read.custom_metadata["b"] = "2"
    read.training_config.target_modules.append("v_proj")

    assert list(make(dataset())) == before
    assert (read.adapter_id, own.adapter_id) == ("medical-qa", "legal-qa")


def test_a_failed_import_changes_nothing() -> None:
    """The good keys before a bad one are not taken either."""
    own = AdapterMetadata(adapter_id="legal-qa", custom_metadata={"a": "1"})
    before = own.model_copy(deep=True)
    make = maker(own)

    assert problems({"adapter_id": "other", "custom": {"b": "2"}, "training": {"lora_rank": "8"}}, own) == {
        "training.lora_rank": "is '8', not an integer"
    }
    with pytest.raises(RecipeError):
        make.read('{"adapter_id": "other", "custom": {"b": 2}}')
    assert own == before
    assert list(make(dataset())) == []


def test_all_problems_are_told_at_once() -> None:
    """Wrong types, unknown keys and what the checks refuse, each at its path in the document."""
    wrong = {
        "adapter_version": "1.2",
        "adaptor_id": "x",
        "task": {"language": "german", "domains": "legal"},
        "training": {"lora_rank": 0, "lora_alpha": True, "target_modules": ["q_proj", 5, ""]},
        "custom": {"quality_score": 0.92},
        "provenance": [],
    }

    assert problems(wrong) == {
        "adapter_version": "'1.2' is not MAJOR.MINOR.PATCH",
        "adaptor_id": "unknown key",
        "task.language": "'german' is no BCP 47 language tag",
        "task.domains": "unknown key",
        "training.lora_rank": "0 is below 1",
        "training.lora_alpha": "is true, not a number",
        "training.target_modules[1]": "is 5, not text",
        "custom.quality_score": "is 0.92, not text",
        "provenance": "is a list, not an object",
    }
    assert hints(wrong)["adaptor_id"] == 'did you mean "adapter_id"?'
    assert hints(wrong)["task.domains"] == 'did you mean "domain"?'
    assert hints(wrong)["custom.quality_score"] == 'write "0.92"'


def test_an_unknown_key_is_never_dropped_in_silence() -> None:
    """At the top and in each section; where nothing is near, the known keys are named."""
    assert problems({"zzz": 1}) == {"zzz": "unknown key"}
    assert hints({"vllm": {"zzz": 1}}) == {
        "vllm.zzz": "known: adapter_path, enable_multi_lora, enabled, max_lora_rank, serving_config, vllm_version"
    }
    assert hints({"training_config": {}}) == {"training_config": 'did you mean "training"?'}
    assert problems({"enable_tracking": False, "base_model.name": "x"}) == {
        "enable_tracking": "unknown key",
        "base_model.name": "unknown key",
    }


def test_what_belongs_to_the_run_or_to_others_is_left_alone() -> None:
    """`exported_at` and `dataset` are the run's, `$schema` an editor's, `x_*` anybody's."""
    written = {"exported_at": 5, "dataset": [1], "$schema": "here", "x_team": {"anything": None}, "adapter_id": "a"}

    assert maker().read(json.dumps(written)) == tracked(adapter_id="a")
    assert document(maker().read(json.dumps(written)))["exported_at"] == "2024-11-21T08:30:00Z"
    assert problems({"training": {"x_team": 1}}) == {"training.x_team": "unknown key"}


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ({"adapter_id": 5}, {"adapter_id": "is 5, not text"}),
        ({"adapter_id": None}, {"adapter_id": "is null, not text"}),
        ({"adapter_id": "\ud800"}, {"adapter_id": "text with half a surrogate pair, which no file can hold"}),
        ({"custom": {"a\n": 5}}, {'custom."a\\n"': "is 5, not text"}),
        (
            {"custom": {"\udfff": ""}},
            {'custom."' + r"\ufffd" * 3 + '"': "text with half a surrogate pair, which no file can hold"},
        ),
        ({"base_model": "mistral"}, {"base_model": "is 'mistral', not an object"}),
        ({"training": {"epochs": 2.5}}, {"training.epochs": "is 2.5, not an integer"}),
        ({"training": {"epochs": True}}, {"training.epochs": "is true, not an integer"}),
        ({"training": {"epochs": -1}}, {"training.epochs": "is -1, not 0 or more"}),
        ({"training": {"learning_rate": "2e-4"}}, {"training.learning_rate": "is '2e-4', not a number"}),
        ({"training": {"target_modules": "q_proj"}}, {"training.target_modules": "is 'q_proj', not a list"}),
        ({"custom": []}, {"custom": "is a list, not an object"}),
        ({"custom": {"a": {"b": "c"}}}, {"custom.a": "is an object, not text"}),
        ({"custom": {"a": None}}, {"custom.a": "is null, not text"}),
        ({"vllm": {"enabled": "yes"}}, {"vllm.enabled": "is 'yes', not true or false"}),
        ({"vllm": {"serving_config": {"n": 4}}}, {"vllm.serving_config.n": "is 4, not text"}),
        ([], {"": "is a list, not an object"}),
        ("null", {"": "is null, not an object"}),
        ('{"training": {"learning_rate": 1e999}}', {"training.learning_rate": "is Infinity, not a finite number"}),
        ('{"training": {"learning_rate": NaN}}', {"": "not JSON: NaN"}),
        ('{"x_a": -Infinity}', {"": "not JSON: -Infinity"}),
        ("", {"": "not JSON: Expecting value: line 1 column 1 (char 0)"}),
        ('{"adapter_id": "a"', {"": "not JSON: Expecting ',' delimiter: line 1 column 19 (char 18)"}),
        ('{"adapter_id": "a"} {}', {"": "not JSON: Extra data: line 1 column 21 (char 20)"}),
        ('{"training": {"epochs": ' + "1" * 5000 + "}}", {"": "a number with more digits than anybody reads"}),
        ('{"adapter_id": "a", "adapter_id": "b"}', {"adapter_id": "stands there more than once"}),
        ('{"task": {"type": "a", "type": "b"}}', {"task.type": "stands there more than once"}),
        ('{"custom": {"a": "1", "a": "1"}}', {"custom.a": "stands there more than once"}),
        (
            '{"vllm": {"serving_config": {"a": "1", "a": "2"}}}',
            {"vllm.serving_config.a": "stands there more than once"},
        ),
        ("[" * 100_000, {"": "objects or lists nested too deeply"}),
        ('{"x_a": "' + "a" * 1024 * 1024 + '"}', {"": "larger than 1024 KiB"}),
        ('{"a b\\u0000\\ud800": 1}', {'"a b\\u0000\\ud800"': "unknown key"}),
        ('{"custom": {"' + "k" * 500 + '": 1}}', {f'custom."{"k" * 59}...': "is 1, not text"}),
    ],
)
def test_bad_documents_are_refused_in_plain_words(written: Any, found: dict[str, str]) -> None:
    """Types are strict, numbers finite, keys single, sizes bounded."""
    assert problems(written) == found


def test_a_document_is_checked_together_with_what_was_configured() -> None:
    """A version above the parent's is above the parent of either."""
    own = tracked(adapter_id="legal-qa", adapter_version="2.0.0")

    assert problems({"provenance": {"parent_adapter_id": "legal-qa@3.0.0"}}, own) == {
        "adapter_version": "goes on from 3.0.0, which is not below its own version 2.0.0"
    }


def test_a_warning_refuses_nothing() -> None:
    """An adapter without id and base model, with a high learning rate, is read."""
    assert maker().read('{"training": {"learning_rate": 0.5}}').training_config.learning_rate == 0.5


def test_configuration_that_is_wrong_itself_is_named() -> None:
    """A value put into a table in place, past its type, is found when a document is read."""
    own = tracked()
    own.custom_metadata["score"] = 0.92  # type: ignore[assignment]

    assert problems({"adapter_version": "1.1.0"}, own) == {"custom.score": "is 0.92, not text"}


def test_a_hostile_document_costs_little() -> None:
    """Sixty thousand unknown keys are a hundred problems and a count, in the time of a few."""
    start = time.process_time()
    found = problems({f"k{number}": 0 for number in range(60_000)})

    assert len(found) == 101
    assert found[""] == "and 59900 problems more"
    assert time.process_time() - start < 10
