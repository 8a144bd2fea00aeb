"""The four checks: good values pass without a word, bad ones are told with a way out."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.lora_metadata.adapters import adapters
from plugins.lora_metadata.support import context
from tuneport import AdapterMetadata, Problem
from tuneport_lora_metadata import ids, language, ranks, register_validators, versions

NAMED = {"adapter_id": "legal-qa", "base_model_name": "mistralai/Mistral-7B-v0.1"}


def judged(name: str, **values: Any) -> list[Problem]:
    """What the check registered under this name says of metadata with these values."""
    found: dict[str, Any] = {}

    def register(name: str, factory: Any, *, on: str, doc: str, config: Any = None) -> None:
        assert on == "adapter"
        found[name] = factory(config, context())

    offer: Any = register_validators
    offer(register)
    return list(found[name](AdapterMetadata(**{**NAMED, **values})))


def one(name: str, **values: Any) -> tuple[str, str, str]:
    """Path, code and hint of the only problem, which is an error."""
    (problem,) = judged(name, **values)
    assert problem.severity == "error"
    return problem.path, problem.code, problem.hint


@given(adapters())
def test_good_adapters_pass_every_check(metadata: AdapterMetadata) -> None:
    """At most a warning for what is missing."""
    found = [one for check in (ids.check, versions.check, ranks.check, language.check) for one in check(metadata)]

    assert [problem for problem in found if problem.severity == "error"] == []


@pytest.mark.parametrize(
    "version",
    ["0.0.0", "1.2.3", "1.0.0-alpha.1", "1.0.0-0.3.7", "1.0.0+20130313", "1.0.0--", "99999999999999999999.0.0"],
)
def test_semantic_versions_pass(version: str) -> None:
    """Semantic Versioning 2.0.0, pre-releases and build metadata included."""
    assert judged("adapter_versions", adapter_version=version) == []


@pytest.mark.parametrize(
    ("version", "hint"),
    [
        ("v1.2.0", 'write "1.2.0"'),
        ("V1.2.0-rc.1", 'write "1.2.0-rc.1"'),
        ("1.2", 'write "1.2.0"'),
        ("v2", 'write "2.0.0"'),
        (" 1.2.0\n", 'write "1.2.0"'),
        ("", 'write it like "1.2.0"'),
        ("latest", 'write it like "1.2.0"'),
        ("1.2.3.4", 'write it like "1.2.0"'),
        ("01.2.3", 'write it like "1.2.0"'),
        ("1.0.0-01", 'write it like "1.2.0"'),
        ("1.0.0-", 'write it like "1.2.0"'),
        ("1.0.\u0663", 'write it like "1.2.0"'),
        ("1.0." + "9" * 5000, 'write it like "1.2.0"'),
    ],
)
def test_other_versions_are_refused_with_the_right_one(version: str, hint: str) -> None:
    """A leading v and a missing number are put right in the hint."""
    assert one("adapter_versions", adapter_version=version) == ("adapter_version", "version_not_semver", hint)


def test_versions_are_ordered_as_semver_orders_them() -> None:
    """The specification's own example of precedence."""
    ordered = [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.9.0",
        "1.10.0",
        "2.0.0",
    ]
    keys = [versions.precedence(version) for version in ordered]

    assert None not in keys
    assert all(low < high for low, high in pairwise(keys) if low and high)
    assert versions.precedence("1.0.0+a") == versions.precedence("1.0.0+b")


@pytest.mark.parametrize(
    "parent", ["legal-qa@1.1.0", "legal-qa@1.2.0-rc.1", "legal-qa-v1.1", "other@9.9.9", "legal-qa@"]
)
def test_a_parent_below_or_elsewhere_passes(parent: str) -> None:
    """Only another version of the same adapter is compared."""
    found = judged("adapter_versions", adapter_version="1.2.0", parent_adapter_id=parent)

    assert [problem.code for problem in found] == (["version_not_semver"] if parent == "legal-qa@" else [])


@pytest.mark.parametrize("parent", ["legal-qa@1.3.0", "legal-qa@1.2.0+other", "legal-qa@10.0.0"])
def test_no_adapter_goes_on_from_its_own_future(parent: str) -> None:
    """A version is above the one it goes on from."""
    path, code, hint = one("adapter_versions", adapter_version="1.2.0", parent_adapter_id=parent)

    assert (path, code) == ("adapter_version", "version_not_above_parent")
    assert hint.startswith("raise it: MAJOR for another base model")


def test_an_id_may_hold_an_at_sign_itself() -> None:
    """What follows the last one is the version."""
    found = one("adapter_versions", adapter_id="qa@legal", parent_adapter_id="qa@legal@1.1.0")

    assert found[:2] == ("adapter_version", "version_not_above_parent")


def test_a_parents_version_is_a_version() -> None:
    """`legal-qa@v1.1` names no version of this adapter."""
    found = one("adapter_versions", adapter_version="1.2.0", parent_adapter_id="legal-qa@v1.1")

    assert found == ("parent_adapter_id", "version_not_semver", 'write "1.1.0"')


@pytest.mark.parametrize(
    ("specifier", "hint"),
    [
        ("0.6.3", 'write "==0.6.3", or ">=0.6.3" for that one and later'),
        ("newest", 'write it like ">=0.4.0"'),
        (">=0.4.0 or later", 'write it like ">=0.4.0"'),
    ],
)
def test_versions_of_vllm_are_pep_440(specifier: str, hint: str) -> None:
    """Where the block is enabled; else nobody reads it."""
    vllm = {"enabled": True, "vllm_version": specifier}

    assert one("adapter_versions", vllm_config=vllm) == ("vllm_config.vllm_version", "vllm_version", hint)
    assert judged("adapter_versions", vllm_config={"vllm_version": specifier}) == []
    assert judged("adapter_versions", vllm_config={"enabled": True, "vllm_version": ">=0.4.0,<1"}) == []


@pytest.mark.parametrize("field", ["adapter_id", "parent_adapter_id"])
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a\nb", "id_control_character"),
        ("a\x00", "id_control_character"),
        ("a\u202eb", "id_control_character"),
        ("a\u200bb", "id_control_character"),
        (" a", "id_space"),
        ("a\u3000", "id_space"),
        ("../a", "id_path"),
        ("a/../b", "id_path"),
        ("/a", "id_path"),
        ("a/", "id_path"),
        ("a//b", "id_path"),
        (".", "id_path"),
        ("..", "id_path"),
        ("a\\b", "id_path"),
        ("a" * 201, "id_too_long"),
    ],
)
def test_ids_that_are_unsafe_as_names_are_refused(field: str, text: str, code: str) -> None:
    """An id becomes a folder, a URL and a line of a list."""
    path, found, hint = one("adapter_ids", **{field: text})

    assert (path, found) == (field, code)
    assert hint


@pytest.mark.parametrize("text", ["legal-qa", "team/legal-qa", "a@1.0.0", "Prüfung 2", "..a", "a" * 200, "日本語"])
def test_plain_ids_pass(text: str) -> None:
    """A team before the name, blanks inside and letters of any script."""
    assert judged("adapter_ids", adapter_id=text, parent_adapter_id=f"x{text[:100]}") == []


@pytest.mark.parametrize("model", ["mistral-7b-v0.1", "mistralai/Mistral-7B-v0.1", "/models/base", "C:\\models\\base"])
def test_base_models_may_be_names_and_paths(model: str) -> None:
    """Whatever a trainer loads."""
    assert judged("adapter_ids", base_model_name=model) == []


def test_what_is_missing_is_a_warning() -> None:
    """An adapter without id or base model can be written, and should not be."""
    found = judged("adapter_ids", adapter_id="", base_model_name="")

    assert [(one.path, one.code, one.severity) for one in found] == [
        ("adapter_id", "id_missing", "warning"),
        ("base_model_name", "base_model_missing", "warning"),
    ]


@pytest.mark.parametrize("parent", ["legal-qa", "legal-qa@1.2.0"])
def test_no_adapter_is_its_own_parent(parent: str) -> None:
    """By name, or by name and version: told once, by one check."""
    values = {"adapter_version": "1.2.0", "parent_adapter_id": parent}

    assert one("adapter_ids", **values)[:2] == ("parent_adapter_id", "own_parent")
    assert judged("adapter_versions", **values) == []


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("lora_rank", 0, "rank"),
        ("lora_rank", -8, "rank"),
        ("lora_alpha", 0.0, "alpha"),
        ("lora_alpha", -16.0, "alpha"),
        ("lora_dropout", 1.0, "dropout"),
        ("lora_dropout", -0.1, "dropout"),
        ("learning_rate", 1.0, "learning_rate"),
        ("learning_rate", -2e-4, "learning_rate"),
    ],
)
def test_numbers_that_cannot_train_are_refused(key: str, value: float, code: str) -> None:
    """Rank from 1, alpha above 0, dropout and learning rate from 0 to below 1."""
    path, found, hint = one("adapter_ranks", training_config={key: value})

    assert (path, found) == (f"training_config.{key}", code)
    assert hint


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_none_are_refused(value: float) -> None:
    """Also in metadata that never went through its types."""
    metadata = AdapterMetadata(**NAMED)
    for key in ("learning_rate", "lora_alpha", "lora_dropout"):
        metadata.training_config.__dict__[key] = value

    assert [problem.code for problem in ranks.check(metadata)] == ["alpha", "dropout", "learning_rate"]


def test_a_high_learning_rate_is_a_warning() -> None:
    """0.1 passes, what is above is more likely a slip."""
    (problem,) = judged("adapter_ranks", training_config={"learning_rate": 0.11})

    assert (problem.code, problem.severity) == ("learning_rate_high", "warning")
    assert judged("adapter_ranks", training_config={"learning_rate": 0.1}) == []


def test_modules_are_named_and_named_once() -> None:
    """Each that is not is told at its place."""
    found = judged("adapter_ranks", training_config={"target_modules": ["q_proj", "", "v_proj", "q_proj", " "]})

    assert [(one.path, one.code) for one in found] == [
        ("training_config.target_modules[1]", "module_empty"),
        ("training_config.target_modules[3]", "module_twice"),
        ("training_config.target_modules[4]", "module_empty"),
    ]


@pytest.mark.parametrize(
    ("rank", "most", "path", "code", "hint"),
    [
        (32, 16, "vllm_config.max_lora_rank", "max_rank_too_low", "set it to 32"),
        (17, 16, "vllm_config.max_lora_rank", "max_rank_too_low", "set it to 32"),
        (8, 24, "vllm_config.max_lora_rank", "max_rank", "set it to 32"),
        (8, 0, "vllm_config.max_lora_rank", "max_rank", "set it to 8"),
        (300, 24, "vllm_config.max_lora_rank", "max_rank", "set it to 320"),
        (8, 1024, "vllm_config.max_lora_rank", "max_rank", "set it to 512"),
        (513, 512, "training_config.lora_rank", "rank_not_served", "lower the rank to 512"),
    ],
)
def test_a_rank_that_vllm_does_not_serve_is_refused(rank: int, most: int, path: str, code: str, hint: str) -> None:
    """With the lowest value vLLM takes that is high enough; not enabled, nobody serves it."""
    vllm = {"enabled": True, "max_lora_rank": most}

    assert one("adapter_ranks", training_config={"lora_rank": rank}, vllm_config=vllm) == (path, code, hint)
    assert judged("adapter_ranks", training_config={"lora_rank": rank}, vllm_config={"max_lora_rank": most}) == []


@pytest.mark.parametrize(("rank", "most"), [(1, 1), (8, 16), (16, 16), (300, 320), (512, 512)])
def test_a_rank_that_vllm_serves_passes(rank: int, most: int) -> None:
    """Up to the server's own, which is one of those that vLLM takes."""
    vllm = {"enabled": True, "max_lora_rank": most}

    assert judged("adapter_ranks", training_config={"lora_rank": rank}, vllm_config=vllm) == []


@pytest.mark.parametrize(
    "tag",
    ["de", "en-US", "EN-us", "zh-Hans", "zh-Hans-CN", "es-419", "sl-rozaj-biske", "de-CH-1901", "zh-yue"],
)
def test_language_tags_pass(tag: str) -> None:
    """Language, script, region, variants, extended languages, private use."""
    assert judged("adapter_language", language=tag) == []


@pytest.mark.parametrize(
    ("tag", "hint"),
    [
        ("german", 'write "de"'),
        ("Deutsch", 'write "de"'),
        ("English ", 'write "en"'),
        ("en_US", 'write "en-US"'),
        ("de_DE.UTF-8", 'write "de-DE"'),
        ("multilingual", 'write "mul" where it is several languages'),
        ("", 'write "und" where it is not known'),
        ("d", 'write it like "de", "en-US" or "zh-Hans"'),
        ("en-", 'write it like "de", "en-US" or "zh-Hans"'),
        ("en, de", 'write it like "de", "en-US" or "zh-Hans"'),
        ("czech", 'write it like "de", "en-US" or "zh-Hans"'),
        ("klingonic", 'write it like "de", "en-US" or "zh-Hans"'),
    ],
)
def test_other_languages_are_refused_with_the_right_tag(tag: str, hint: str) -> None:
    """A language's name, a locale's name, several at once."""
    assert one("adapter_language", language=tag) == ("language", "language_tag", hint)


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_whatever_is_wrong_can_be_shown(name: str, version: str, tag: str, specifier: str) -> None:
    """No text makes a check fail or print what a terminal would obey."""
    metadata = AdapterMetadata(
        adapter_id=name, adapter_version=version, language=tag, vllm_config={"enabled": True, "vllm_version": specifier}
    )
    for check in (ids.check, versions.check, ranks.check, language.check):
        for problem in check(metadata):
            assert problem.message.isprintable()
            assert problem.code
