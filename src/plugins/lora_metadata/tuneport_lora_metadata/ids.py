"""The check `adapter_ids`: what an adapter, its parent and its base model are called."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tuneport import AdapterMetadata, Problem
from tuneport_lora_metadata.words import shown

LONGEST_ID = 200
UNSEEN = r"\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
"""Control characters and others that nobody sees, as ranges of a regular expression."""

_UNSEEN = re.compile(f"[{UNSEEN}]")


def check(adapter: AdapterMetadata) -> Iterator[Problem]:
    """What is wrong with the names: ids that are unsafe, or an adapter that is its own parent."""
    if adapter.adapter_id:
        yield from _id("adapter_id", adapter.adapter_id)
    else:
        hint = 'name it, such as "legal-qa"'
        yield Problem("adapter_id", "an adapter without an id is hard to find again", hint, "id_missing", "warning")
    if adapter.parent_adapter_id:
        yield from _id("parent_adapter_id", adapter.parent_adapter_id)
        yield from _own_parent(adapter)
    if not adapter.base_model_name:
        hint = 'name it, such as "mistralai/Mistral-7B-v0.1"'
        yield Problem("base_model_name", "an adapter fits one base model only", hint, "base_model_missing", "warning")


def _id(path: str, text: str) -> Iterator[Problem]:
    if _UNSEEN.search(text):
        yield Problem(path, f"{shown(text)} holds a control character", "take it out", "id_control_character")
    if text != text.strip():
        yield Problem(
            path, f"{shown(text)} begins or ends with white space", f"write {shown(text.strip())}", "id_space"
        )
    if "\\" in text or not {"", ".", ".."}.isdisjoint(text.split("/")):
        yield Problem(path, f"{shown(text)} is a path, not an id", 'write it like "name" or "team/name"', "id_path")
    if len(text) > LONGEST_ID:
        yield Problem(path, f"{len(text)} characters long", f"keep it to {LONGEST_ID}", "id_too_long")


def _own_parent(adapter: AdapterMetadata) -> Iterator[Problem]:
    itself = (adapter.adapter_id, f"{adapter.adapter_id}@{adapter.adapter_version}")
    if adapter.adapter_id and adapter.parent_adapter_id in itself:
        hint = f'name the version it goes on from, such as "{adapter.adapter_id}@1.0.0"; a first version has none'
        yield Problem("parent_adapter_id", "the adapter is its own parent", hint, "own_parent")
