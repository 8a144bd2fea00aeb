"""Bundled plugin: what tuneport reads, and a sample database to try it on.

Everything is imported inside the hooks, so that finding the plugin costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from tuneport import hookimpl


@hookimpl
def register_importers(register: Callable[..., None]) -> None:
    """Offer CSV, JSON and JSONL files and SQLite databases."""
    from tuneport_sources.csv_file import CsvConfig, CsvSource
    from tuneport_sources.json_document import JsonConfig, JsonSource
    from tuneport_sources.jsonl import JsonlConfig, JsonlSource
    from tuneport_sources.sqlite import SqliteConfig, SqliteSource

    register(
        "csv",
        lambda config, _ctx: CsvSource(config),
        config=CsvConfig,
        doc="A CSV file with the columns' names in its first line",
    )
    register(
        "json",
        lambda config, _ctx: JsonSource(config.path, config.at, config.max_ratio, config.duplicate_keys),
        config=JsonConfig,
        doc="A JSON file that holds an array of objects",
    )
    register(
        "jsonl",
        lambda config, _ctx: JsonlSource(config.path, config.max_ratio, config.duplicate_keys),
        config=JsonlConfig,
        doc="A file of JSON objects, one a line",
    )
    register(
        "sqlite",
        lambda config, _ctx: SqliteSource(config.path, config.table, config.query, config.params),
        config=SqliteConfig,
        doc="A table, a view or a query of a SQLite database",
    )


@hookimpl
def register_commands(register: Callable[..., None]) -> None:
    """Offer the command that writes a sample to start with."""
    from tuneport_sources.demo import demo

    register("demo", demo, doc="Write a sample database and a recipe into a folder")
