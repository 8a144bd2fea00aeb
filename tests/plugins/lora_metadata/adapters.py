"""Metadata that passes the four checks, for property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tuneport import AdapterMetadata
from tuneport.adapter import TrainingConfig, VllmConfig
from tuneport_lora_metadata.ranks import VLLM_RANKS

_text = st.text(max_size=12)
_texts = st.dictionaries(_text, _text, max_size=3)
_count = st.integers(0, 10**20)
_module = st.text("qkvo_. ", min_size=1, max_size=8).filter(str.strip)


def ids() -> st.SearchStrategy[str]:
    """Names, with a team before them or without."""
    part = st.text("aZ09-_@ é日.", min_size=1, max_size=8).filter(lambda text: text == text.strip())
    named = st.lists(part.filter(lambda text: set(text) != {"."}), min_size=1, max_size=2).map("/".join)
    return st.just("") | named


def versions() -> st.SearchStrategy[str]:
    """Semantic versions."""
    core = st.tuples(_count, _count, _count).map(lambda numbers: ".".join(map(str, numbers)))
    return st.tuples(core, st.sampled_from(["", "-rc.1", "-0.a-b", "+build.007", "-x+y"])).map("".join)


def _training() -> st.SearchStrategy[TrainingConfig]:
    return st.builds(
        TrainingConfig,
        dataset_name=_text,
        num_samples=_count,
        epochs=_count,
        learning_rate=st.floats(0, 1, exclude_max=True),
        lora_rank=st.integers(1, 512),
        lora_alpha=st.floats(0, exclude_min=True, allow_infinity=False),
        lora_dropout=st.floats(0, 1, exclude_max=True),
        target_modules=st.lists(_module, unique=True, max_size=4),
    )


def _vllm(rank: int) -> st.SearchStrategy[VllmConfig]:
    served = st.builds(
        VllmConfig,
        enabled=st.just(True),
        adapter_path=_text,
        vllm_version=st.sampled_from([">=0.4.0", "==0.6.3", "", ">=0.5,!=0.5.1,<1"]),
        max_lora_rank=st.sampled_from([one for one in VLLM_RANKS if one >= rank]),
        enable_multi_lora=st.booleans(),
        serving_config=_texts,
    )
    return st.just(VllmConfig()) | served


@st.composite
def adapters(draw: st.DrawFn) -> AdapterMetadata:
    """Metadata with tracking on, of which a document holds everything."""
    training = draw(_training())
    values: dict[str, Any] = {
        name: draw(_text)
        for name in ("base_model_name", "base_model_version", "task_type", "domain", "created_by", "data_source_uri")
    }
    name = draw(ids())
    return AdapterMetadata(
        enable_tracking=True,
        adapter_id=name,
        adapter_version=draw(versions()),
        language=draw(st.sampled_from(["en", "de-AT", "zh-Hans-CN", "mul", "sl-rozaj-biske", "x-klingon"])),
        parent_adapter_id=draw(ids().filter(lambda parent: name not in (parent, parent.rpartition("@")[0]))),
        training_config=training,
        vllm_config=draw(_vllm(training.lora_rank)),
        custom_metadata=draw(_texts),
        **values,
    )
