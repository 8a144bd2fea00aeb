"""What every command shares: global options, errors, and the one JSON document."""

from __future__ import annotations

import functools
import logging
import os
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tuneport.commands.settings import TRUST, PluginSettings, settings

if TYPE_CHECKING:
    from tuneport.plugin_manager import PluginManager
    from tuneport.runs.result import OnProgress

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Terminal:
    """How to talk, and where plugins are: options that every command has."""

    plugins: PluginSettings
    json: bool
    quiet: bool

    def manager(self, *, auto_load: bool = True) -> PluginManager:
        """A plugin manager over what is installed and the directories that were named."""
        return self.plugins.manager(auto_load=auto_load)

    def plugins_aside(self) -> AbstractContextManager[None]:
        """Send to stderr what plugins print while they work: stdout is for the answer."""
        from tuneport.plugin_manager.code.containing import stdout_aside

        return stdout_aside()

    def listen(self) -> None:
        """Show what the library logs, as talk."""
        handler = logging.Handler()
        handler.emit = lambda record: self.say(f"note  {record.getMessage()}")  # type: ignore[method-assign]
        logger = logging.getLogger("tuneport")
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)

    def progress(self) -> AbstractContextManager[OnProgress]:
        """Show how far a run is, on stderr."""
        from tuneport.commands.progress import progress

        return progress(self.quiet)

    def say(self, text: str) -> None:
        """Talk, on stderr: not part of the result."""
        if not self.quiet:
            click.echo(plain(text), err=True)

    def answer(self, document: Any, text: Callable[[], str]) -> None:
        """The result, on stdout: a JSON document, or text. None where a plugin swallowed a signal while it was made."""
        from tuneport.commands.signals import STOP

        STOP.is_set()
        if self.json:
            import msgspec.json

            data = document if isinstance(document, bytes) else msgspec.json.encode(document)
            click.echo(msgspec.json.format(data, indent=2))
        elif not self.quiet:
            click.echo(plain(text()))


def with_terminal(command: F) -> F:
    """Give a command the options that every command has, as its first argument."""

    @click.option("--plugin-dir", multiple=True, metavar="DIR", help="Also look for plugins here.")
    @click.option("--plugin-lock", metavar="FILE", help="What pins them; DIR.lock.json if not given.")
    @click.option("--trust", type=click.Choice(TRUST), help="Run what is pinned (the default), or any code there.")
    @click.option("--json", "as_json", is_flag=True, envvar="TUNEPORT_JSON", help="One JSON document on stdout.")
    @click.option("--quiet", "-q", is_flag=True, envvar="TUNEPORT_QUIET", help="Say nothing but errors.")
    @functools.wraps(command)
    def wrapped(
        plugin_dir: tuple[str, ...],
        plugin_lock: str | None,
        trust: str | None,
        as_json: bool,
        quiet: bool,
        **options: Any,
    ) -> Any:
        return command(Terminal(settings(plugin_dir, trust, plugin_lock), as_json, quiet), **options)

    return wrapped  # type: ignore[return-value]


def plain(text: str) -> str:
    """Text without control characters, which could otherwise rewrite what a terminal shows."""
    return "".join(c if c in "\n\t" or (c.isprintable() or c == " ") else "?" for c in text)


def failed(error: BaseException, *, as_json: bool) -> int:
    """Say what went wrong; the exit code."""
    from tuneport.errors import RecipeError, StoppedError, StorageError, TuneportError, UsageError, out_of_memory

    if isinstance(error, click.UsageError):
        where = error.ctx.command_path if error.ctx is not None else "tuneport"
        error = UsageError(f"tuneport: {error.format_message()}", f"all options: {where} --help")
    elif isinstance(error, KeyboardInterrupt | click.Abort):
        error = StoppedError("stopped", "the same command goes on where it can, or starts again")
    elif isinstance(error, OSError) and error.filename is None:
        # Only our own streams have no name.
        error = StorageError(f"cannot write to stdout: {error.strerror}")
    elif isinstance(error, MemoryError):
        error = out_of_memory(error)
    elif not isinstance(error, TuneportError):
        click.echo("".join(traceback.format_exception(error)), err=True)
        error = TuneportError(f"a fault of ours: {type(error).__name__}: {error}", "please report it, with this text")
    if as_json:
        import json

        fault: dict[str, Any] = {"code": error.code, "message": error.message, "hint": error.hint}
        if isinstance(error, RecipeError):
            keys = ("path", "message", "hint", "line", "column")
            fault["problems"] = [{key: getattr(problem, key) for key in keys} for problem in error.problems]
        click.echo(json.dumps({"status": "failed", "error": fault}, indent=2))
    else:
        click.echo(plain(f"{error}\n\nexit {error.exit_code}"), err=True)
    return error.exit_code


def wants_json(arguments: list[str]) -> bool:
    """Whether a command line, which may not be understood otherwise, asks for JSON."""
    return "--json" in arguments or os.environ.get("TUNEPORT_JSON", "").lower() in {"1", "true", "t", "yes", "y", "on"}
