"""One format's rows of one part: written, checked, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec.json

from tuneport.lines import MAX_LINE
from tuneport.model import Problem, Reject
from tuneport.options import FormatStats
from tuneport.problems import errors_in, problems_of, sentence
from tuneport.runs.messages import SPLITS, TRAIN, Rejected
from tuneport.runs.planning.compiled import NamedFormat
from tuneport.runs.planning.formats import fits
from tuneport.runs.weights.copies import copies
from tuneport.runs.weights.losses import Aspects, in_order, lost
from tuneport.runs.working.blame import Whose, raised_by, rejected_by, rule_code
from tuneport.runs.working.breaker import Chain
from tuneport.runs.working.features import Observer, declared_feature, unwritable
from tuneport.runs.working.foreign import is_foreign, secluded
from tuneport.sample import Sample, kind_of

_encode = msgspec.json.Encoder().encode
_TRAIN = SPLITS[TRAIN]


class AtHand(Protocol):
    """The sample at hand."""

    def whose(self) -> Whose:
        """Whose it is."""

    def identity(self) -> bytes:
        """What draws for it."""


@dataclass
class Lines:
    """One format's rows of one part.

    Attributes:
        format: the format.
        columns: what its rows are made of, once the first one is there; None before, and where rows may differ.
        seed: the run's.
        notes: what is worth a line of the run's summary is counted here.
        warned: stages that raised, and were warned of.
        chain: the format by itself, to be told when it fails.
    """

    format: NamedFormat
    columns: list[str] | None
    seed: int
    notes: Counter[str]
    warned: set[str]
    chain: Chain
    ledger: FormatStats = field(default_factory=FormatStats)
    aspects: dict[Aspects, int] = field(default_factory=dict)
    rows: dict[str, list[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        one = self.format
        self.name, self.stage = one.name, one.stage
        self.observer = None if one.features else Observer()
        # A type that a format declares is its promise; where it cannot, each value is looked at.
        self._untyped = one.features is None or None in map(declared_feature, one.features.values())
        self._write, self._check, self._carries = secluded(one.write), one.needed_check, one.carries
        self._replicates = one.carriage.weights == "replicate"
        self._refuses = one.carriage.weights == "refuse"
        self._picky = self._refuses or one.unsure
        self._uniform = one.traits.uniform
        # Of a bundled format that declares its columns, and breaks no rule, one row is as good as all.
        plain = self._check is None and not self._untyped and not is_foreign(one.write)
        self._checks = not (plain and self._uniform)
        self._made: bytes | Rejected | None = None
        self._row: dict[str, Any] = {}
        self._times = 1

    @property
    def plain(self) -> bool:
        """Whether nobody has to look at the row of an ordinary sample."""
        return not (self._checks or self._picky or self._replicates or self.observer)

    def short(self, sample: Sample, split: str, aspects_of: Callable[[Sample], Aspects]) -> bool:
        """Make and keep the row of an ordinary sample at once; False where it is none, and nothing was done."""
        if self.columns is None:
            return False
        try:
            row = self._write(sample)
            data = _encode(row) if type(row) is dict else b""
            aspects = aspects_of(sample)
        except Exception:  # noqa: BLE001  -- the long way will say what it is
            return False
        if not 0 < len(data) < MAX_LINE:
            return False
        self.chain.passed += 1
        self._add(data, split, 1, aspects)
        return True

    def make(self, sample: Sample, split: str, mean: float | None, at: AtHand) -> bytes | Rejected | None:
        """A sample's row, not kept yet; why there is none, or None where its weight leaves it out.

        Args:
            sample: the sample.
            split: where it stands; only what is trained on is left out or copied.
            mean: of the weights of all samples that are trained on.
            at: tells whose it is.
        """
        self._made = None
        if self._replicates and split == _TRAIN and mean is not None:
            self._times = copies(sample.weight, mean, at.identity(), self.seed, self.format.carriage.max_copies)
            if not self._times:
                return None
        else:
            self._times = 1
        try:
            made = self._line(sample)
            self._made = made if isinstance(made, bytes) else rejected_by(self.stage, at.whose(), made)
        except BaseException as error:  # noqa: BLE001  -- one record, one reject: the run goes on
            self._made = raised_by(self.stage, at.whose(), error, self.warned)
            self.chain.ended(0, self._made)
        else:
            self.chain.passed += 1
        return self._made

    def _line(self, sample: Sample) -> bytes | Reject:
        row: Any = (self._unfit(sample) if self._picky else None) or self._write(sample)
        if isinstance(row, Reject):
            return self._ruled(row.code, row.reason)
        reject = self._checked(row) if self._checks or self.columns is None else None
        if reject is not None:
            return reject
        if self.observer is not None:
            # A copy, for whoever looks at the row next may change it.
            self._row = dict(row)
        data = _encode(row)
        if len(data) >= MAX_LINE:
            # With its newline, no reader takes it: what `validate` refuses is not written.
            return Reject("row_too_long", f"The row is longer than {MAX_LINE >> 20} MiB")
        return data

    def keep(self, split: str, aspects: Aspects, refused: list[Rejected]) -> None:
        """Keep the row that was just made, as often as it is to stand there; a refusal goes into `refused`."""
        made, times = self._made, self._times
        if type(made) is bytes:
            if self.observer is not None:
                self.observer.add(self._row)
            self._add(made, split, times, aspects)
        elif isinstance(made, Rejected):
            self.ledger.refused += 1
            self.notes[f"{made.code} refused by {self.name}"] += 1
            refused.append(made)
        else:
            self.ledger.left_out += 1

    def _add(self, data: bytes, split: str, times: int, aspects: Aspects) -> None:
        self.ledger.rows += times
        self.ledger.copies += times - 1
        rows = self.rows.get(split)
        if rows is None:
            rows = self.rows[split] = []
        rows.append(data) if times == 1 else rows.extend([data] * times)
        if aspects:
            # Most samples of a run have the same: what is lost of them is worked out once, at the end.
            self.aspects[aspects] = self.aspects.get(aspects, 0) + 1

    def wrote(self) -> list[str]:
        """The name of the format, as often as the row that was just made stands there."""
        return [self.name] * self._times if type(self._made) is bytes else []

    def losses(self) -> dict[str, int]:
        """What its rows do not hold of their samples, and of how many."""
        counts: Counter[str] = Counter()
        for aspects, count in self.aspects.items():
            for aspect in lost(aspects, self._carries):
                counts[aspect] += count
        return {aspect: counts[aspect] for aspect in in_order(counts)}

    def _unfit(self, sample: Sample) -> Reject | None:
        """Why this format cannot have a sample at all."""
        if sample.weight != 1.0 and not self._weighs(sample):
            return Reject("weight_not_carried", f"Weight is {sample.weight:.6g}, and this format carries none")
        takes = self.format.traits.kinds
        if self.format.unsure and takes is not None and not fits(type(sample), takes):
            return Reject("kind", f"It cannot hold {kind_of(type(sample))} samples")
        return None

    def _weighs(self, sample: Sample) -> bool:
        """Whether a weight may come to this format; what becomes of it where the style said its kind is planned."""
        kinds = self.format.traits.weighs
        written = self.format.unsure and self.format.carriage.weights == "column"
        return not self._refuses and (not written or kinds is None or fits(type(sample), kinds))

    def _checked(self, row: Any) -> Reject | None:
        """Why a row cannot stand in this file; a row that breaks the contract is an error of its plugin."""
        if not isinstance(row, dict) or not row:
            raise TypeError(f"a row is a dict with something in it, not {type(row).__name__}")
        if self._uniform:
            names = list(row)
            if self.columns is None:
                self.columns = names
            elif names != self.columns:
                raise ValueError(f"columns {names}, where the first row has {self.columns}")
        if self._untyped and (reject := unwritable(row)) is not None:
            return reject
        problems = problems_of(self._check, row) if self._check is not None else []
        return self._refusal(problems) if problems else None

    def _refusal(self, problems: list[Problem]) -> Reject | None:
        """The reject that a target's own rules ask for; what they only warn of is counted."""
        errors = errors_in(problems)
        if errors:
            return self._ruled(errors[0].code or "invalid", "; ".join(map(sentence, errors)))
        self.notes.update(f"{problem.code or 'warning'} warned of by {self.name}" for problem in problems)
        return None

    def _ruled(self, code: str, reason: str) -> Reject:
        """A reject of the format itself, whose codes do not make errors of records."""
        return Reject(rule_code(self.stage, str(code)), reason)
