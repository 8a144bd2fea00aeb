r"""polars: one lazy plan with a schema of the fields it needs. Its threads are set by POLARS_MAX_THREADS.

polars has no JSON Schema: the schema's rules are conditions here, written by hand. Words of the metrics are what
`\S+` finds.
"""

from __future__ import annotations

import polars as pl
from benchmarks.racers.answer import Task, answer, tell, written
from benchmarks.workloads import CATEGORIES, FLOOR, HALF_LIFE, LONGEST, NOW, SHORTEST, WORDS

TEXTS = {"question": pl.String, "answer": pl.String}
WEIGHED = TEXTS | {"context": pl.String, "importance": pl.Float64, "created_at": pl.String}
FIELDS = {
    "W1": WEIGHED,
    "W2": WEIGHED | {"source": pl.String, "category": pl.String, "tags": pl.List(pl.String)},
    "W3": TEXTS | {"system_prompt": pl.String},
}
DAY = 86_400_000
"""Milliseconds."""


def wanted(task: Task) -> pl.LazyFrame:
    """The records with a question, and an answer that is neither blank nor too short or too long."""
    records = pl.scan_ndjson(task.source, schema=FIELDS[task.workload])
    given = pl.col("answer")
    return records.filter(
        pl.col("question").is_not_null(),
        given.str.len_chars().is_between(SHORTEST, LONGEST),
        given.str.strip_chars() != "",
    )


def instruction(task: Task) -> pl.LazyFrame:
    """The rows of W1 and W2."""
    created = pl.col("created_at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.3f%:z", time_zone="UTC")
    days = (pl.lit(NOW) - created).dt.total_milliseconds() / DAY
    freshness = pl.max_horizontal(pl.lit(FLOOR), pl.lit(0.5).pow(days / HALF_LIFE))
    length = 1 + pl.min_horizontal(pl.lit(0.5), pl.col("answer").str.len_chars() / 2000)
    columns = [
        pl.col("question").alias("instruction"),
        pl.col("context").fill_null("").alias("input"),
        pl.col("answer").alias("output"),
        (pl.col("importance") * length * freshness).alias("weight"),
    ]
    if task.workload == "W2":
        columns.append(pl.struct("source", "category", "tags").alias("metadata"))
    rows = wanted(task).select(columns)
    texts = ["instruction", "input", "output"]
    if task.workload == "W2":
        rows, texts = rows.with_columns(lawful().alias("lawful")), [*texts, "lawful"]
    return rows.unique(texts, keep="first", maintain_order=True)


def lawful() -> pl.Expr:
    """The rules of the JSON Schema that the types and bounds of these rows leave open."""
    metadata = pl.col("metadata").struct
    return (
        pl.col("instruction").str.len_chars().is_between(1, 2000)
        & (pl.col("input").str.len_chars() <= 2000)
        & (pl.col("weight") >= 0)
        & (metadata.field("source").str.len_chars() >= 1)
        & metadata.field("category").is_in(CATEGORIES)
        & (metadata.field("tags").list.len() <= 5)
    )


def chat(task: Task) -> pl.LazyFrame:
    """The rows of W3."""
    texts = wanted(task).with_columns(pl.col("system_prompt").fill_null(""))
    texts = texts.unique(["system_prompt", "question", "answer"], keep="first", maintain_order=True)
    turns = pl.concat_list(
        message("system", "system_prompt"), message("user", "question"), message("assistant", "answer")
    )
    # slicing is faster than choosing between two lists, of which polars would make both
    return texts.select(turns.list.slice((pl.col("system_prompt") == "").cast(pl.Int64)).alias("messages"))


def message(role: str, field: str) -> pl.Expr:
    """One turn."""
    return pl.struct(pl.lit(role).alias("role"), pl.col(field).alias("content"))


def convert(task: Task) -> tuple[int, str]:
    """Run the plan, and write what comes of it."""
    plan = chat(task) if task.workload == "W3" else instruction(task)
    if task.workload == "W2":
        rows = plan.collect(engine="streaming")
        compliance = rows["lawful"].mean()
        rows = rows.filter("lawful").drop("lawful")
        tell(task, metrics(rows) | {"compliance_rate": compliance})
        rows.write_ndjson(task.output)
    else:
        plan.sink_ndjson(task.output, maintain_order=True, engine="streaming")
    return written(task.output)


def metrics(rows: pl.DataFrame) -> dict[str, object]:
    """What is said of the rows written."""
    steps = rows.group_by(pl.col("output").str.len_chars() // 100 * 100).len().sort("output")
    words = rows.lazy().head(WORDS // 8).select(pl.col("output").str.extract_all(r"\S+")).with_row_index("row")
    words = words.explode("output").head(WORDS)
    pair = pl.struct("output", pl.col("output").shift().over("row").alias("before"))
    pairs = words.select(pair.alias("pair")).filter(pl.col("pair").struct.field("before").is_not_null())
    total = words.select(pl.len(), pl.col("output").n_unique().alias("words")).collect().row(0)
    return {
        "lengths": {str(step): count for step, count in steps.rows()},
        "distinct_words": total[1] / total[0],
        "distinct_pairs": pairs.select(pl.col("pair").n_unique()).collect().item() / total[0],
    }


if __name__ == "__main__":
    answer(convert)
