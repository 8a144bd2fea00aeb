"""A dataset folder, whole: what its sums, its manifest and its rows say of each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tuneport.dataset import DataFile, Dataset
from tuneport.errors import SourceError
from tuneport.lines import DamagedError, Lines
from tuneport.validation.card import CARD, check_card
from tuneport.validation.counts import check_counts
from tuneport.validation.index import check_index
from tuneport.validation.judges import Judge
from tuneport.validation.kinds import Kind
from tuneport.validation.limits import Limits
from tuneport.validation.report import Findings, Loads, Report
from tuneport.validation.rows import Counted, RowChecker
from tuneport.validation.sums import SUMS, compared, digest_of, listed, regular_files
from tuneport.validation.targets import Target, target_as_written

if TYPE_CHECKING:
    from tuneport.plugin_manager import PluginManager

MANIFEST = "manifest.json"


def check_folder(root: Path, findings: Findings, judge: Judge | None, manager: PluginManager, *, load: bool) -> Report:
    """Check a published dataset.

    Args:
        root: its folder.
        findings: what is wrong is added here.
        judge: looks at every row as well.
        manager: has the formats that wrote it.
        load: ask `load_dataset` too, where nothing is wrong so far.
    """
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
    targets = {
        name: target_as_written(name, info.plugin, manager, report.notes) for name, info in dataset.formats.items()
    }
    report.rows = sum(check.format(name, judge, target) for name, target in targets.items())
    check.index()
    check.unknown()
    check_counts(dataset, files, sums, findings)
    # What was added, taken away or changed later is told as that, and not once more by the card.
    sound = CARD in files and digests.get(CARD) == sums.get(CARD)
    configs = check_card(dataset, check.columns, set(sums) or files, findings) if sound else []
    if load:
        lenient = {name for name, target in targets.items() if target is not None and not target.traits.uniform}
        report.load = _loads(dataset, configs, lenient, findings)
    return report


def _loads(dataset: Dataset, configs: list[str], lenient: set[str], findings: Findings) -> Loads:
    """What `load_dataset` says, where it makes sense to ask."""
    from tuneport.validation.loading import check_loading

    if findings.errors:
        return Loads(note="not tried, for there are problems")
    if not configs:
        return Loads(note="not tried, for no card says what to load")
    return check_loading(dataset, configs, lenient, findings)


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

    Attributes:
        columns: format to what the columns of its rows are.
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
        self.columns: dict[str, Mapping[str, Kind]] = {}

    def format(self, name: str, judge: Judge | None, target: Target | None) -> int:
        """Check one format's files; how many rows they hold."""
        info = self._dataset.formats[name]
        # The card is what tells loaders the types that the manifest knows.
        untyped = info.features is None
        declared = not untyped and CARD in self._sums
        checker = RowChecker(self._findings, judge, target, declared=declared, untyped=untyped)
        total = 0
        for split, files in info.splits.items():
            rows = 0
            for data in filter(self._there, files):
                self._findings.file = data.path
                counted = checker.check(self._dataset.path / data.path)
                self._compare(data, counted)
                rows += counted.rows
            self._findings.file = ""
            if target is not None:
                where = f"data/{name}/{split}"
                Limits(target, self._findings).rows(rows, where, trained=split == "train")
            total += rows
        self.columns[name] = checker.columns
        return total

    def index(self) -> None:
        """Check the files that say what became of each record."""
        sound = True
        files = self._dataset.manifest.index
        for data in files:
            if not self._there(data):
                sound = False
                continue
            lines = Lines(self._dataset.path / data.path)
            try:
                rows = sum(1 for _ in lines)
            except DamagedError as error:
                sound = False
                self._findings.add("damaged", str(error), file=data.path)
            else:
                sound = self._compare(data, Counted(rows, lines.size)) and sound
        if files and sound:
            check_index(self._dataset, [data.path for data in files], self._findings)

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

    def _compare(self, data: DataFile, counted: Counted) -> bool:
        """Compare how much a file holds with what the manifest says of it, where it is that file; if it agrees."""
        if self._digests[data.path] != data.sha256:
            return False
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
        return all(found == said for _, found, said in pairs)
