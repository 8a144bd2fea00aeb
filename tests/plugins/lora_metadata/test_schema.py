"""The JSON Schema: what is written keeps to it, what is wrong does not."""

from __future__ import annotations

import copy
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from plugins.lora_metadata.adapters import adapters
from plugins.lora_metadata.support import DIGEST, dataset, document, tracked
from tuneport import AdapterMetadata
from tuneport_lora_metadata import ids, language, versions
from tuneport_lora_metadata.schema import adapter_schema

SCHEMA = jsonschema_rs.validator_for(adapter_schema(), offline=True)


def whole() -> dict[str, Any]:
    """A document with all its parts."""
    full = tracked(
        adapter_id="team/legal-qa",
        custom_metadata={"a": "b"},
        vllm_config={"enabled": True, "serving_config": {"max_loras": "4"}},
        training_config={"target_modules": ["q_proj"]},
    )
    return document(full, dataset(digest=DIGEST, exported=5))


def test_it_is_a_schema_of_its_dialect() -> None:
    """Draft 2020-12, valid itself, each part described, the documented keys required."""
    schema = adapter_schema()

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert jsonschema_rs.meta.is_valid(schema)
    assert schema["required"] == [
        "adapter_id",
        "adapter_version",
        "base_model",
        "task",
        "training",
        "provenance",
        "exported_at",
    ]
    assert "serving_config" not in schema["properties"]["vllm"]["required"]
    described = [schema, *(schema["properties"][key] for key in schema["properties"] if key != "$schema")]
    assert all(part["description"] for part in described)


@given(adapters(), st.integers(0, 10**9), st.sampled_from(["", DIGEST]))
def test_every_document_that_is_written_keeps_to_it(metadata: AdapterMetadata, exported: int, digest: str) -> None:
    """Before a run and after one, with every part there may be."""
    assert SCHEMA.is_valid(document(metadata, dataset(digest=digest, exported=exported)))


@given(st.text(max_size=8) | st.from_regex(r"\A[a./\\ \t\u202e]{0,6}\Z"))
def test_it_refuses_the_ids_that_the_check_refuses(text: str) -> None:
    """One rule, written twice."""
    errors = any(problem.severity == "error" for problem in ids.check(AdapterMetadata(adapter_id=text)))
    assume(text.strip() == text.strip("\x1c\x1d\x1e\x1f") or errors)

    assert SCHEMA.is_valid(whole() | {"adapter_id": text}) != errors


@given(st.text("0123.vrc-+", max_size=12), st.text("adeDE-x0_", max_size=9))
def test_it_refuses_the_versions_and_languages_that_the_checks_refuse(version: str, tag: str) -> None:
    """The same expressions, as another engine reads them."""
    metadata = AdapterMetadata(adapter_version=version, language=tag)
    written = whole() | {"adapter_version": version}
    spoken = whole()
    spoken["task"]["language"] = tag

    assert SCHEMA.is_valid(written) == (not list(versions.check(metadata)))
    assert SCHEMA.is_valid(spoken) == (not list(language.check(metadata)))


def test_keys_of_others_may_stand_beside_ours() -> None:
    """`$schema` and `x_*`, at the top."""
    assert SCHEMA.is_valid(whole() | {"$schema": "adapter_metadata.schema.json", "x_team": [1, {"a": None}]})


@pytest.mark.parametrize("key", ["adapter_id", "adapter_version", "base_model", "task", "training", "exported_at"])
def test_a_document_without_a_documented_key_is_refused(key: str) -> None:
    """Only `custom`, `vllm` and `dataset` may be absent."""
    written = whole()
    del written[key]

    assert not SCHEMA.is_valid(written)
    assert SCHEMA.is_valid({name: part for name, part in whole().items() if name not in ("custom", "vllm", "dataset")})


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("adapter_id", 5),
        ("adapter_id", None),
        ("adapter_id", "../up"),
        ("adapter_id", " a"),
        ("adapter_id", "a "),
        ("adapter_id", "a" * 201),
        ("adapter_version", "1.2"),
        ("adapter_version", "v1.2.0"),
        ("adapter_version", "1.2.0\n"),
        ("unknown", 1),
        ("base_model", "mistral"),
        ("base_model.unknown", ""),
        ("task.language", "german"),
        ("training.num_samples", -1),
        ("training.num_samples", 1.5),
        ("training.num_samples", "5"),
        ("training.epochs", True),
        ("training.learning_rate", 1),
        ("training.lora_rank", 0),
        ("training.lora_alpha", 0),
        ("training.lora_dropout", 1.0),
        ("training.target_modules", "q_proj"),
        ("training.target_modules", ["q_proj", "q_proj"]),
        ("training.target_modules", [" "]),
        ("training.x_team", 1),
        ("provenance.parent_adapter_id", "a/../b"),
        ("custom", {"a": 1}),
        ("custom", []),
        ("vllm.enabled", False),
        ("vllm.max_lora_rank", 24),
        ("vllm.serving_config", {"n": 4}),
        ("exported_at", "2024-11-21"),
        ("exported_at", 1732177800),
        ("dataset.digest", "d"),
        ("dataset.samples", -1),
        ("dataset.unknown", ""),
        ("dataset", {}),
    ],
)
def test_hostile_documents_are_refused(place: str, value: Any) -> None:
    """One wrong value in an otherwise good document."""
    written = copy.deepcopy(whole())
    assert SCHEMA.is_valid(written)
    section, _, key = place.rpartition(".")
    (written[section] if section else written)[key] = value

    assert not SCHEMA.is_valid(written)
