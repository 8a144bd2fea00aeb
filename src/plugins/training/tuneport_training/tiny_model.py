"""A tiny language model that is made on the spot: for tests, and for trying a training script.

A Llama of two layers with random weights and a byte-level tokenizer that knows any text. It has learnt nothing and
says nonsense; everything around it is as with a real model: files, tokens, chat template, gradients.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tuneport.errors import StorageError, TargetExistsError
from tuneport_training.chat_template import CHATML, END, PAD, SPECIAL
from tuneport_training.libraries import needs
from tuneport_training.words import TEXT

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

VOCABULARY = 512
CONTEXT = 2048


def build(folder: str | Path, *, seed: int = 0) -> Path:
    """Make a tiny model in a new folder, as `AutoModelForCausalLM.from_pretrained(folder)` reads it.

    Nothing is downloaded, and the same seed and library versions make the same files. They appear all at once.

    Args:
        folder: where to; it must not exist, or be empty.
        seed: another seed gives other weights.

    Returns:
        The folder.

    Raises:
        MissingLibraryError: torch, transformers or tokenizers is not installed.
        TargetExistsError: the folder holds something.
        StorageError: it cannot be written.
    """
    folder = Path(folder)
    needs("a tiny model", "torch", "transformers", "tokenizers")
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise TargetExistsError(f"{folder} exists already", "choose another folder for the model")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as scratch:
            made = Path(scratch) / "model"
            tokenizer = _tokenizer()
            model = _model(len(tokenizer), tokenizer.pad_token_id, tokenizer.eos_token_id, seed)
            with _no_bars():
                tokenizer.save_pretrained(made)
                model.save_pretrained(made)
            made.replace(folder)
    except OSError as error:
        raise StorageError(f"{folder} cannot be written: {error.strerror or error}") from error
    return folder


@contextmanager
def _no_bars() -> Iterator[None]:
    """Without the bars that transformers draws; they are there again afterwards, where they were."""
    from transformers.utils import logging

    drawn = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if drawn:
            logging.enable_progress_bar()


def _tokenizer() -> PreTrainedTokenizerFast:
    """Byte pairs of the built-in text; what is not in it is spelt in bytes."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator(TEXT.splitlines(keepends=True), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token=PAD,
        eos_token=END,
        chat_template=CHATML,
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )


def _model(vocabulary: int, pad: int, eos: int, seed: int) -> Any:
    """The model with random weights; the process's own random numbers stay what they are."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT,
        pad_token_id=pad,
        bos_token_id=None,
        eos_token_id=eos,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return LlamaForCausalLM(config)
