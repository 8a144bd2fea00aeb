"""How much a target takes, and how it may be packed."""

from __future__ import annotations

from pathlib import Path

from tuneport.lines import Compression
from tuneport.validation.report import Findings
from tuneport.validation.targets import Target

_MORE = "export more records"
_WORDS = {"none": "plain files", "gzip": ".gz", "zstd": ".zst"}


class Limits:
    """Holds files against what their target takes.

    Args:
        target: the target.
        findings: what is wrong is added here.
    """

    def __init__(self, target: Target, findings: Findings) -> None:
        self._target = target
        self._traits = target.traits
        self._findings = findings

    def file(self, path: Path, compression: Compression) -> None:
        """Look at one file."""
        most = self._traits.max_bytes
        size = path.stat().st_size
        if most is not None and size > most:
            message = f"has {size:,} bytes, and {self._target.name} takes {most:,}"
            self._tell("too_large", "max_bytes", message, "export with a smaller output.shard_size")
        if compression not in self._traits.compressions:
            opened = " and ".join(word for kind, word in _WORDS.items() if kind in self._traits.compressions)
            message = f"is compressed with {compression}, and what reads {self._target.name} opens {opened} only"
            self._findings.add("compression", message, "unpack it, or export without output.compression")

    def rows(self, count: int, where: str, *, trained: bool) -> None:
        """Look at how many rows there are.

        Args:
            count: rows in all files together.
            where: which files, for what is told; "" for the only ones.
            trained: these rows are trained on, so that there is a least number.
        """
        least, most = self._traits.min_rows, self._traits.max_rows
        told = f"{count:,} row{'' if count == 1 else 's'}{f' of {where}' if where else ''}"
        if trained and least is not None and count < least:
            self._tell("too_few_rows", "min_rows", f"{told}, and {self._target.name} wants {least:,} at least", _MORE)
        if most is not None and count > most:
            message = f"{told}, and {self._target.name} takes {most:,}"
            self._tell("too_many_rows", "max_rows", message, "leave some out, or train on part of them")

    def _tell(self, code: str, limit: str, message: str, hint: str) -> None:
        """Tell that a limit is passed. What nobody has verified only warns."""
        doubtful = limit in self._traits.unverified
        self._findings.add(code, message, hint, path=limit, severity="warning" if doubtful else "error")
