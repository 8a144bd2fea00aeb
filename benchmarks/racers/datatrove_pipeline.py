"""datatrove: a reader, a step that makes rows, and a writer, run by one task or two, each with a file of its own.

A task knows nothing of what others have seen: with two, what stands in both halves of the records is written twice.
The records are cut in two first, which counts, and so does joining what the tasks wrote.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.racers.answer import Task, answer, tell, written
from benchmarks.racers.by_hand import MAKE, Admission, wanted
from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter


class Rows(PipelineStep):  # type: ignore[misc]
    """The rows worth writing, each as the metadata of a document."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self._task = task

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:  # noqa: ARG002
        """Make the rows of one task."""
        make, admission = MAKE[self._task.workload], Admission(self._task.workload)
        for document in data:
            if not wanted(document.metadata):
                continue
            key, document.metadata = make(document.metadata)
            if admission.admits(key, document.metadata):
                yield document
        if admission.quality is not None:
            tell(
                self._task._replace(output=self._task.output.with_suffix(f".{rank}.jsonl")), admission.quality.report()
            )


def document(_reader: JsonlReader, record: dict[str, Any], _path: str, place: int | str) -> dict[str, Any]:
    """A record as a document, which has to have a text."""
    return {"text": record.get("answer") or " ", "id": str(place), "metadata": record}


def row(_writer: JsonlWriter, document: Document) -> dict[str, Any]:
    """A document as a row."""
    made: dict[str, Any] = document.metadata
    return made


def convert(task: Task) -> tuple[int, str]:
    """Run the pipeline, and join what its tasks wrote."""
    folder = task.output.with_suffix(".tasks")
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "in").mkdir(parents=True)
    cut(task.source, folder / "in", task.threads)
    LocalPipelineExecutor(
        [
            JsonlReader(str(folder / "in"), adapter=document, add_file_path=False),
            Rows(task),
            JsonlWriter(str(folder / "out"), compression=None, adapter=row),
        ],
        tasks=task.threads,
        workers=task.threads,
        logging_dir=str(folder / "logs"),
    ).run()
    with task.output.open("wb") as joined:
        for part in sorted((folder / "out").iterdir()):
            with part.open("rb") as file:
                shutil.copyfileobj(file, joined, 1 << 20)
    shutil.rmtree(folder)
    return written(task.output)


def cut(source: Path, folder: Path, parts: int) -> None:
    """Cut a file of lines into as many as there are tasks; one is linked to as it is."""
    if parts == 1:
        (folder / "0.jsonl").symlink_to(source.resolve())
        return
    size = source.stat().st_size // parts + 1
    with source.open("rb") as file:
        for part in range(parts):
            with (folder / f"{part}.jsonl").open("wb") as piece:
                while (left := size - piece.tell()) > 0 and (data := file.read(min(left, 1 << 20))):
                    piece.write(data)
                piece.write(file.readline())


if __name__ == "__main__":
    answer(convert)
