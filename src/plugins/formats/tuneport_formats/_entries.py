"""Names under which a trainer is told a dataset."""

from __future__ import annotations

import re

from tuneport import Dataset


def entry_names(dataset: Dataset, name: str) -> dict[str, str]:
    """A name for each split of a format: the dataset's, its digest's first digits, and the split's where not `train`.

    Trainers keep what they made of a dataset under its name, and do not look whether its rows are the same: the digest
    gives other rows another name.
    """
    start = f"{re.sub('[^A-Za-z0-9_-]+', '_', dataset.name) or 'dataset'}_{dataset.digest[:8]}"
    return {split: start if split == "train" else f"{start}_{split}" for split in dataset.formats[name].splits}
