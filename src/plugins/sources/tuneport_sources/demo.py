"""The command that writes something to try tuneport on."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec

from tuneport.errors import StorageError, TargetExistsError, UsageError

_RECIPE = """\
# Turns the sample forum's answers into instruction-tuning rows.

[source]
path = "support.db"
table = "faq"
key = "id"

[export]
style = "instruction_tuning"
field_mapping = { instruction_field = "question", input_field = "context", output_field = "answer" }
metadata_fields = { product = "string", category = "string", created_at = "string", tags = "list[string]" }
weighting = { weight_field = "upvotes", normalize = "log", auto_weight_by_length = true, \
auto_weight_by_freshness = true }
quality = { min_text_length = 10 }
quality_metrics = { enable_metrics = true }

[output]
path = "faq"

[run]
seed = 7
now = "2026-11-22T00:00:00Z"
"""


class DemoResult(msgspec.Struct, frozen=True):
    """What was written, and the command to run next."""

    database: str
    recipe: str
    rows: int
    next: str

    def __str__(self) -> str:
        return f"{self.database}  {self.rows:,} rows, table faq\n{self.recipe}\nnext  {self.next}"


def demo(to: Path = Path("demo"), rows: int = 3000, seed: int = 7) -> DemoResult:
    """Write a sample database and a recipe into a folder.

    Args:
        to: the folder, made where it does not exist.
        rows: how many rows the sample has.
        seed: another seed gives another sample.

    Raises:
        TargetExistsError: the folder holds a sample already.
    """
    from tuneport.storage import Storage
    from tuneport_sources.sample import write_sample

    if rows < 1:
        raise UsageError(f"--rows {rows}: a sample has at least one row")
    database, recipe = to / "support.db", to / "faq.toml"
    for path in (database, recipe):
        if path.exists():
            raise TargetExistsError(f"{path} exists already", "choose another folder with --to")
    storage = Storage()
    storage.mkdir(to)
    try:
        with tempfile.TemporaryDirectory(prefix=".support.", dir=to) as scratch:
            made = Path(scratch) / database.name
            write_sample(made, rows, seed)
            made.rename(database)
    except OSError as error:
        raise StorageError(f"{database} cannot be written: {error.strerror or error}") from error
    storage.put(recipe, _RECIPE.encode())
    return DemoResult(str(database), str(recipe), rows, f"tuneport export {recipe}")
