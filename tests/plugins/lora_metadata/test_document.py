"""The document: ThemisDB's layout, number for number, and what a run adds to it."""

from __future__ import annotations

import json

import pytest

from plugins.lora_metadata.support import DIGEST, RECIPE, dataset, document, maker, text, tracked
from tuneport import AdapterMetadata

DOCUMENTED = """{
  "adapter_id": "themis-legal-qa-v1",
  "adapter_version": "1.2.0",
  "base_model": {
    "name": "mistral-7b-v0.1",
    "version": "v0.1"
  },
  "task": {
    "type": "question-answering",
    "domain": "legal",
    "language": "de"
  },
  "training": {
    "dataset_name": "themis_legal_corpus_2024",
    "num_samples": 150000,
    "epochs": 3,
    "learning_rate": 0.0002,
    "lora_rank": 8,
    "lora_alpha": 16.0,
    "lora_dropout": 0.1,
    "target_modules": ["q_proj", "v_proj", "k_proj", "o_proj"]
  },
  "provenance": {
    "created_by": "themis-ml-team",
    "data_source_uri": "themisdb://prod/legal_corpus?version=2024.11",
    "parent_adapter_id": "themis-legal-qa-v1.1"
  },
  "custom": {
    "compliance": "GDPR-compliant",
    "quality_score": "0.92",
    "use_case": "legal-document-qa"
  },
  "exported_at": "2024-11-21T08:30:00Z"
}"""


def documented() -> AdapterMetadata:
    """The documented example, attribute by attribute."""
    config = AdapterMetadata()
    config.enable_tracking = True
    config.adapter_id = "themis-legal-qa-v1"
    config.adapter_version = "1.2.0"
    config.base_model_name = "mistral-7b-v0.1"
    config.base_model_version = "v0.1"
    config.task_type = "question-answering"
    config.domain = "legal"
    config.language = "de"
    config.training_config.dataset_name = "themis_legal_corpus_2024"
    config.training_config.num_samples = 150000
    config.training_config.epochs = 3
    config.training_config.learning_rate = 2e-4
    config.training_config.lora_rank = 8
    config.training_config.lora_alpha = 16
    config.training_config.lora_dropout = 0.1
    config.training_config.target_modules = ["q_proj", "v_proj", "k_proj", "o_proj"]
    config.created_by = "themis-ml-team"
    config.data_source_uri = "themisdb://prod/legal_corpus?version=2024.11"
    config.parent_adapter_id = "themis-legal-qa-v1.1"
    config.custom_metadata["compliance"] = "GDPR-compliant"
    config.custom_metadata["quality_score"] = "0.92"
    config.custom_metadata["use_case"] = "legal-document-qa"
    return config


def test_the_documented_example_comes_out_key_for_key_in_its_order() -> None:
    """Names, order, numbers and their kinds (16.0, not 16) are those of the documentation."""
    written = text(documented())

    assert json.dumps(json.loads(written)) == json.dumps(json.loads(DOCUMENTED))
    assert '\n    "lora_alpha": 16.0,\n' in written


def test_the_defaults_are_the_documented_ones() -> None:
    """Metadata of which nothing was said: rank 8, alpha 16, dropout 0.1, version 1.0.0, English."""
    assert json.dumps(document(tracked())) == json.dumps(
        {
            "adapter_id": "",
            "adapter_version": "1.0.0",
            "base_model": {"name": "", "version": ""},
            "task": {"type": "", "domain": "", "language": "en"},
            "training": {
                "dataset_name": "",
                "num_samples": 0,
                "epochs": 0,
                "learning_rate": 0.0,
                "lora_rank": 8,
                "lora_alpha": 16.0,
                "lora_dropout": 0.1,
                "target_modules": [],
            },
            "provenance": {"created_by": "", "data_source_uri": "", "parent_adapter_id": ""},
            "exported_at": "2024-11-21T08:30:00Z",
        }
    )


def test_two_domains_are_two_adapters_that_share_nothing() -> None:
    """Two configurations side by side keep apart, training and custom metadata included."""
    legal, medical = tracked(), tracked()
    legal.adapter_id, legal.domain, legal.task_type = "themis-legal-v1", "legal", "question-answering"
    medical.adapter_id, medical.domain, medical.task_type = "themis-medical-v1", "medical", "diagnosis-support"
    legal.training_config.lora_rank = 16
    legal.custom_metadata["court"] = "BGH"

    assert document(legal)["task"] == {"type": "question-answering", "domain": "legal", "language": "en"}
    assert document(medical)["task"] == {"type": "diagnosis-support", "domain": "medical", "language": "en"}
    assert (document(legal)["training"]["lora_rank"], document(medical)["training"]["lora_rank"]) == (16, 8)
    assert "custom" not in document(medical)


def test_an_adapter_grows_from_version_to_version() -> None:
    """Version, parent and changelog of three releases, changed in place, the last on another base model."""
    config = tracked(adapter_id="themis-legal-qa", base_model_name="mistral-7b-v0.1")
    first = document(config)
    config.adapter_version = "1.1.0"
    config.parent_adapter_id = "themis-legal-qa-v1.0"
    config.custom_metadata["changelog"] = "Added 20k recent court decisions"
    second = document(config)
    config.adapter_version = "2.0.0"
    config.base_model_name = "mistral-7b-v0.2"
    config.parent_adapter_id = "themis-legal-qa-v1.1"
    third = document(config)

    assert [one["adapter_version"] for one in (first, second, third)] == ["1.0.0", "1.1.0", "2.0.0"]
    assert [one["provenance"]["parent_adapter_id"] for one in (first, second, third)] == [
        "",
        "themis-legal-qa-v1.0",
        "themis-legal-qa-v1.1",
    ]
    assert second["custom"] == {"changelog": "Added 20k recent court decisions"}
    assert third["base_model"]["name"] == "mistral-7b-v0.2"


def test_nothing_is_written_where_tracking_is_off() -> None:
    """No tracking, no file: neither before a run nor after one."""
    untracked = maker(AdapterMetadata(adapter_id="legal-qa"))

    assert list(untracked(dataset())) == []
    assert list(untracked(dataset(digest=DIGEST, exported=5))) == []


def test_num_samples_is_filled_from_the_run() -> None:
    """Where no number was given, it is the number of samples exported, never 0 for a dataset that has some."""
    assert document(tracked(), dataset(digest=DIGEST, exported=1234))["training"]["num_samples"] == 1234


def test_a_number_of_samples_and_a_name_that_were_given_stay() -> None:
    """The run fills gaps only; what it counted itself stands in `dataset`."""
    given = tracked(training_config={"num_samples": 150000, "dataset_name": "corpus"})
    written = document(given, dataset(digest=DIGEST, exported=7))

    assert (written["training"]["num_samples"], written["training"]["dataset_name"]) == (150000, "corpus")
    assert (written["dataset"]["samples"], written["dataset"]["name"]) == (7, "faq")


def test_the_data_is_named_by_digest_and_stands_last() -> None:
    """After a run the document says which rows, which recipe, which source and which tuneport."""
    written = document(tracked(), dataset(digest=DIGEST, exported=3))

    assert list(written)[-2:] == ["exported_at", "dataset"]
    assert list(written["dataset"].items()) == [
        ("name", "faq"),
        ("digest", DIGEST),
        ("samples", 3),
        ("recipe", RECIPE),
        ("source", "support.db"),
        ("tuneport", "0.1.0"),
    ]
    assert written["training"]["dataset_name"] == "faq"


def test_before_a_run_nothing_is_filled_in() -> None:
    """A dataset without a digest has no rows yet, whatever its name."""
    written = document(tracked())

    assert "dataset" not in written
    assert (written["training"]["num_samples"], written["training"]["dataset_name"]) == (0, "")


@pytest.mark.parametrize(
    ("now", "written"),
    [
        ("2024-11-21T08:30:00.000Z", "2024-11-21T08:30:00Z"),
        ("2024-11-21T08:30:59.999Z", "2024-11-21T08:30:59Z"),
        ("2024-11-21T00:30:00.000+02:00", "2024-11-20T22:30:00Z"),
        ("0099-01-01T00:00:00.000Z", "0099-01-01T00:00:00Z"),
    ],
)
def test_exported_at_is_the_runs_time_not_the_clocks(now: str, written: str) -> None:
    """UTC to the second, from the manifest, so that the same run writes the same bytes."""
    assert document(tracked(), dataset(now=now))["exported_at"] == written


def test_the_same_dataset_gives_the_same_bytes() -> None:
    """Writing does not change the metadata, and asks no clock."""
    make = maker(documented())

    assert list(make(dataset(digest=DIGEST))) == list(make(dataset(digest=DIGEST)))


def test_the_vllm_block_is_written_where_it_is_enabled() -> None:
    """In ThemisDB's order, before `exported_at`; `serving_config` only where it holds something."""
    config = tracked(vllm_config={"enabled": True, "adapter_path": "/models/legal-qa"})
    plain = document(config)
    config.vllm_config.serving_config["max_loras"] = "4"

    assert list(plain)[-2:] == ["vllm", "exported_at"]
    assert json.dumps(plain["vllm"]) == json.dumps(
        {
            "enabled": True,
            "adapter_path": "/models/legal-qa",
            "vllm_version": ">=0.4.0",
            "max_lora_rank": 16,
            "enable_multi_lora": True,
        }
    )
    assert list(document(config)["vllm"].items())[-1] == ("serving_config", {"max_loras": "4"})


def test_a_vllm_block_that_is_not_enabled_is_not_written() -> None:
    """Whatever else it holds."""
    assert "vllm" not in document(tracked(vllm_config={"max_lora_rank": 64, "serving_config": {"a": "b"}}))


def test_the_file_is_readable_text() -> None:
    """Two spaces a level, text as it is, a line end at the end."""
    written = text(tracked(created_by="Jürgen \u2028 \u65e5\u672c \U0001f600", custom_metadata={"note": 'a "b"\n'}))

    assert written.startswith('{\n  "adapter_id": "",\n')
    assert '    "created_by": "Jürgen \u2028 \u65e5\u672c \U0001f600",\n' in written
    assert '    "note": "a \\"b\\"\\n"\n' in written
    assert written.endswith('"exported_at": "2024-11-21T08:30:00Z"\n}\n')
