"""A dataset folder, whole: what its sums, its manifest and its rows say of each other."""

from __future__ import annotations

from pathlib import Path

from tuneport.dataset import DataFile, Dataset, FormatInfo
from tuneport.errors import SourceError
from tuneport.validation.counts import check_counts
from tuneport.validation.lines import DamagedError, Lines
from tuneport.validation.report import Findings, Report
from tuneport.validation.rows import Counted, Judge, RowChecker
from tuneport.validation.sums import SUMS, compared, digest_of, listed, regular_files

MANIFEST = "manifest.json"


def check_folder(root: Path, findings: Findings, judge: Judge | None) -> Report:
    """Check a published dataset."""
    files = regular_files(root, findings)
    sums: dict[str, str] = {}
    digests: dict[str, str] = {}
    if SUMS in files:
        sums = listed((root / SUMS).read_bytes(), findings)
        digests = compared(root, sums, files, findings)
    else:
        findings.add("missing", "is not there: nothing says what was written", file=SUMS)
    report = Report(path=str(root), kind="dataset", files=len(files), formats=0)
    if MANIFEST not in files:
        return report
    try:
        dataset = Dataset.open(root)
    except (SourceError, UnicodeDecodeError, RecursionError) as error:
        findings.add("manifest", f"is no manifest: {_short(error)}", "export the dataset again", file=MANIFEST)
        return report
    check = _Check(dataset, files, sums, digests, findings)
    report.digest = dataset.digest
    report.formats = len(dataset.formats)
    report.rows = sum(check.format(info, judge) for info in dataset.formats.values())
    check.index()
    check.unknown()
    check_counts(dataset, files, sums, findings)
    return report


def _short(error: Exception) -> str:
    text = error.message if isinstance(error, SourceError) else str(error)
    return text.rpartition(f"{MANIFEST}: ")[2]


class _Check:
    """Checks the files that a manifest lists.

    Args:
        dataset: the dataset.
        files: the files of its folder that may be opened.
        sums: what SHA256SUMS says.
        digests: what the listed files' digests are.
        findings: what is wrong is added here.
    """

    def __init__(
        self, dataset: Dataset, files: set[str], sums: dict[str, str], digests: dict[str, str], findings: Findings
    ) -> None:
        self._dataset = dataset
        self._files = files
        self._sums = sums
        self._digests = digests
        self._findings = findings
        self._known: set[str] = set()

    def format(self, info: FormatInfo, judge: Judge | None) -> int:
        """Check one format's files; how many rows they hold."""
        # The card is what tells loaders the types that the manifest knows.
        declared = info.features is not None and "README.md" in self._sums
        checker = RowChecker(self._findings, judge, declared=declared)
        rows = 0
        for data in (data for files in info.splits.values() for data in files):
            if self._there(data):
                self._findings.file = data.path
                counted = checker.check(self._dataset.path / data.path)
                self._compare(data, counted)
                rows += counted.rows
        self._findings.file = ""
        return rows

    def index(self) -> None:
        """Check the files that say what became of each record."""
        for data in self._dataset.manifest.index:
            if not self._there(data):
                continue
            lines = Lines(self._dataset.path / data.path)
            try:
                rows = sum(1 for _ in lines)
            except DamagedError as error:
                self._findings.add("damaged", str(error), file=data.path)
            else:
                self._compare(data, Counted(rows, lines.size))

    def unknown(self) -> None:
        """Tell the files that stand where only the manifest's may."""
        for name in sorted(self._sums.keys() & self._files - self._known):
            # Beside a format's splits may stand what its trainer wants to be given.
            if name.startswith("index/") or (name.startswith("data/") and name.count("/") > 2):
                message = "stands among the rows, and the manifest has no such file"
                self._findings.add("not_in_manifest", message, file=name)

    def _there(self, data: DataFile) -> bool:
        """Whether a file can be looked at; that it is another one than the manifest says is told."""
        name = data.path
        if name in self._known:
            self._findings.add("listed_twice", f"lists {name} twice", file=MANIFEST)
            return False
        self._known.add(name)
        if name not in self._files:
            if name not in self._sums:
                self._findings.add("missing", "is listed in the manifest, and not there", file=name)
            return False
        digest = self._digests.get(name) or digest_of(self._dataset.path / name)
        if digest != data.sha256 and digest == self._sums.get(name, digest):
            self._findings.add("manifest_differs", "has another digest in the manifest", file=name)
        self._digests[name] = digest
        if not name.endswith((".jsonl", ".jsonl.gz", ".jsonl.zst")):
            self._findings.add("misplaced", "is listed with the files of rows", file=name)
            return False
        return True

    def _compare(self, data: DataFile, counted: Counted) -> None:
        """Compare how much a file holds with what the manifest says of it, where it is that file."""
        if self._digests[data.path] != data.sha256:
            return
        on_disk = (self._dataset.path / data.path).stat().st_size
        pairs = (
            ("rows", counted.rows, data.rows),
            ("bytes before compression", counted.size, data.size),
            ("bytes", on_disk, data.bytes),
        )
        for what, found, said in pairs:
            if found != said:
                message = f"holds {found:,} {what}, and {said:,} in the manifest"
                self._findings.add("miscounted", message, file=data.path, path=what)
