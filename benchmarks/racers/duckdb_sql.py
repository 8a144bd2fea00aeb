"""DuckDB: SQL over JSON lines of declared columns, copied to JSON lines in the order of the records.

DuckDB has no JSON Schema: the schema's rules are conditions here, written by hand.
"""

from __future__ import annotations

import duckdb
from benchmarks.racers.answer import Task, answer, tell, written
from benchmarks.workloads import CATEGORIES, FLOOR, HALF_LIFE, LONGEST, NOW, SHORTEST, WORDS

TEXTS = {"question": "VARCHAR", "answer": "VARCHAR"}
WEIGHED = TEXTS | {"context": "VARCHAR", "importance": "DOUBLE", "created_at": "TIMESTAMPTZ"}
FIELDS = {
    "W1": WEIGHED,
    "W2": WEIGHED | {"source": "VARCHAR", "category": "VARCHAR", "tags": "VARCHAR[]"},
    "W3": TEXTS | {"system_prompt": "VARCHAR"},
}
BLANKS = " || ".join(f"chr({code})" for code in range(0x3001) if chr(code).isspace())
WANTED = f"question IS NOT NULL AND length(answer) BETWEEN {SHORTEST} AND {LONGEST} AND trim(answer, {BLANKS}) <> ''"
DAYS = f"(epoch_ms(TIMESTAMPTZ '{NOW.isoformat()}') - epoch_ms(created_at)) / 86400000"
WEIGHT = f"importance * (1 + least(0.5, length(answer) / 2000)) * greatest({FLOOR}, pow(0.5, {DAYS} / {HALF_LIFE}))"
INSTRUCTION = f"question AS instruction, coalesce(context, '') AS input, answer AS output, {WEIGHT} AS weight"
METADATA = "{'source': source, 'category': category, 'tags': tags} AS metadata"
TURNS = "{'role': 'user', 'content': question}, {'role': 'assistant', 'content': answer}"
CHAT = (
    f"CASE WHEN coalesce(system_prompt, '') <> '' THEN [{{'role': 'system', 'content': system_prompt}}, {TURNS}] "
    f"ELSE [{TURNS}] END AS messages"
)
LAWFUL = (
    "length(instruction) BETWEEN 1 AND 2000 AND length(input) <= 2000 AND weight >= 0 "
    f"AND length(metadata.source) >= 1 AND metadata.category IN {CATEGORIES} AND len(metadata.tags) <= 5"
)
FIRST = """
    WITH wanted AS MATERIALIZED (SELECT * FROM (SELECT row_number() OVER () AS n, * FROM {records}) WHERE {wanted})
    SELECT n, {row} FROM wanted WHERE n IN (SELECT min(n) FROM wanted GROUP BY {key})
"""
"""The first record of those with the same texts, under its number."""
VALID = """
    WITH made AS MATERIALIZED (SELECT *, {lawful} AS lawful FROM (SELECT n, {row} FROM
        (SELECT row_number() OVER () AS n, * FROM {records}) WHERE {wanted}))
    SELECT * FROM made WHERE n IN (SELECT min(n) FROM made GROUP BY instruction, input, output, lawful)
"""
"""The same among the rows that obey the schema, and among those that do not."""


def records(task: Task) -> str:
    """The records, with the fields that are needed."""
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in FIELDS[task.workload].items())
    return f"read_ndjson('{task.source}', columns = {{{columns}}})"


def convert(task: Task) -> tuple[int, str]:
    """Run the query, and copy what comes of it."""
    database = duckdb.connect()
    database.execute(f"SET threads = {task.threads}; SET preserve_insertion_order = true; SET TimeZone = 'UTC'")
    if task.workload == "W2":
        row = f"{INSTRUCTION}, {METADATA}"
        query = VALID.format(lawful=LAWFUL, row=row, records=records(task), wanted=WANTED)
        database.execute(f"CREATE TEMP TABLE made AS {query}")
        query = "SELECT * FROM made WHERE lawful"
        tell(task, metrics(database))
    else:
        row, third = (INSTRUCTION, "context") if task.workload == "W1" else (CHAT, "system_prompt")
        key = f"question, coalesce({third}, ''), answer"
        query = FIRST.format(row=row, records=records(task), wanted=WANTED, key=key)
    columns = {"W1": "", "W2": ", lawful", "W3": ""}[task.workload]
    database.execute(
        f"COPY (SELECT * EXCLUDE (n{columns}) FROM ({query}) ORDER BY n) TO '{task.output}' (FORMAT json)"  # noqa: S608
    )
    return written(task.output)


def metrics(database: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """What is said of the rows written."""
    steps = database.execute(
        "SELECT length(output) // 100 * 100, count(*) FROM made WHERE lawful GROUP BY 1 ORDER BY 1"
    )
    lengths = {str(step): count for step, count in steps.fetchall()}
    (compliance,) = database.execute("SELECT avg(lawful::INT) FROM made").fetchone() or (None,)
    words = rf"""
        WITH texts AS (SELECT n, regexp_extract_all(output, '\S+') AS words FROM made WHERE lawful
            ORDER BY n LIMIT {WORDS // 8}),
        words AS (SELECT n, unnest(words) AS word, generate_subscripts(words, 1) AS place FROM texts
            ORDER BY n, place LIMIT {WORDS}),
        pairs AS (SELECT word, lag(word) OVER (PARTITION BY n ORDER BY place) AS before FROM words)
        SELECT count(DISTINCT word) / count(*), count(DISTINCT (before, word)) FILTER (before IS NOT NULL) / count(*)
        FROM pairs
    """  # noqa: S608
    distinct = database.execute(words).fetchone() or (None, None)
    return {
        "lengths": lengths,
        "compliance_rate": compliance,
        "distinct_words": distinct[0],
        "distinct_pairs": distinct[1],
    }


if __name__ == "__main__":
    answer(convert)
