"""The metric `length_distribution`: a histogram of the trained texts' lengths."""

from __future__ import annotations

from tuneport import Context, Metric, Sample
from tuneport_quality.config import LengthDistributionConfig
from tuneport_quality.trained import trained_text

STEP = 100
"""Characters from one bucket to the next."""

Buckets = dict[int, int]


class LengthDistribution:
    """Counts samples by the length of their trained text, in characters (code points), in buckets of 100.

    The result maps each bucket that is not empty, by its least length and in order, to its number of samples:
    `{"0": 150, "100": 2500}` are 150 samples of 0 to 99 characters and 2,500 of 100 to 199.
    """

    def __init__(self, ctx: Context) -> None:
        self._read = trained_text(ctx)

    def new(self) -> Buckets:
        """No buckets."""
        return {}

    def add(self, state: Buckets, sample: Sample, split: str) -> None:  # noqa: ARG002  -- all splits count alike
        """Count one sample."""
        bucket = len(self._read(sample)) // STEP
        state[bucket] = state.get(bucket, 0) + 1

    def merge(self, left: Buckets, right: Buckets) -> Buckets:
        """The sum of both."""
        merged = dict(left)
        for bucket, count in right.items():
            merged[bucket] = merged.get(bucket, 0) + count
        return merged

    def result(self, state: Buckets) -> dict[str, int]:
        """Least length to number of samples."""
        return {str(bucket * STEP): state[bucket] for bucket in sorted(state)}


class MeasuredLengthDistribution(LengthDistribution):
    """The same, which also says each sample's length."""

    def of(self, sample: Sample) -> int:
        """The characters of this sample's trained text."""
        return len(self._read(sample))


def length_distribution(config: LengthDistributionConfig, ctx: Context) -> Metric[Buckets]:
    """Compile the metric."""
    return MeasuredLengthDistribution(ctx) if config.per_sample else LengthDistribution(ctx)
