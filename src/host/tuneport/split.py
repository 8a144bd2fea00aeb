"""The `split` key of `[output]`: what is kept apart from training, and what belongs together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tuneport.config import Config, Names

Ratio = Annotated[float, Field(gt=0, lt=1)]


class SplitSection(Config):
    """`output.split`: which share of the samples is kept apart from training, and how it is chosen."""

    validation: Ratio | None = None
    """The share of samples that stands in `validation`, such as 0.1."""
    test: Ratio | None = None
    """The share of samples that stands in `test`."""
    group_by: Names = []
    """Fields of a record: samples that agree in all of them stand on one side. A sample that has none of them is on
    its own."""
    stratify_by: Names = []
    """Fields of a record: each combination of their values has its own share on each side. Goes with `exact`."""
    mode: Literal["stable", "exact"] = "stable"
    """`stable`: each sample or group is drawn by itself, so shares are about what is asked, and nothing moves from one
    side to another in a later export while groups keep their keys and shares stay as they are. `exact`: the shares are
    those that are asked, as nearly as whole groups allow, and a few samples move when others come and go, unless
    `against` names the earlier dataset."""
    against: Path | None = None
    """An earlier dataset, or a folder of versions for the newest of them: what stood in a split there stays in it. A
    group that is new stays where its samples stood, in `train` if any of them did; a sample that comes into a group
    from elsewhere moves to the group's side, and is counted."""
    exclude: Path | None = None
    """A `.jsonl[.gz|.zst]` file of rows to evaluate with: samples that have one of their prompts are left out. A row
    says what it asks in messages, conversations, contents, prompt, instruction (and input), question, query, problem,
    input or text; an instruction's input alone, and what is asked before each answer, are prompts of it too."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if not self.asked:
            raise ValueError("say which share is kept apart, such as validation = 0.1")
        if sum(self.asked.values()) >= 1:
            raise ValueError("validation and test together leave nothing to train on: they have to be less than 1")
        if self.stratify_by and self.mode == "stable":
            raise ValueError('stratify_by wants mode = "exact": stable draws give each value about its share anyway')
        return self

    @property
    def asked(self) -> dict[str, float]:
        """Split to the share that is asked of it, `validation` first."""
        ratios = {"validation": self.validation, "test": self.test}
        return {name: ratio for name, ratio in ratios.items() if ratio is not None}
