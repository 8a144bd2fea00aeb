"""`tuneport`: the top of the command line.

The help is a static table, so that it imports no plugin and none of the libraries that a run needs.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any

import click

from tuneport.commands.settings import VALUED, PluginSettings, settings, settings_of

COMMANDS = {
    "demo": ("sources", "Write a sample database and a recipe into a folder"),
    "explain": ("", "Explain a reject, error or exit code"),
    "export": ("", "Run a recipe, or export a source directly"),
    "inspect": ("", "Show what a source holds; --write FILE suggests a recipe"),
    "plugins": ("", "List, diagnose, check and lock plugins"),
    "preview": ("", "Show the plan, and records beside the rows they become; writes nothing"),
    "schema": ("", "Print the JSON Schema of recipe, manifest or result"),
    "tiny-model": ("training", "Make a small model with random weights, to try a trainer with"),
    "validate": ("", "Check a file line by line against a trainer's rules, or a dataset folder whole"),
}
"""Command to the bundled plugin that brings it ("" for the host's own), and its line in the help."""

HELP = """Turn database rows into fine-tuning files your trainer accepts.

Usage: tuneport COMMAND [OPTIONS]

Start here
  demo        {demo}
  inspect     {inspect}
  preview     {preview}
  export      {export}

Check
  validate    {validate}
  explain     {explain}

Extend
  plugins     {plugins}
  schema      {schema}
  tiny-model  {tiny_model}

Options for every command
  --plugin-dir DIR          also look for plugins here, repeatable   [env: TUNEPORT_PLUGIN_PATH]
  --plugin-lock FILE        what pins the plugins there              [env: TUNEPORT_PLUGIN_LOCK]
  --trust pinned|any        which code of a directory may run        [env: TUNEPORT_TRUST]
  --json                    one JSON document on stdout              [env: TUNEPORT_JSON]
  -q, --quiet               say nothing but errors                   [env: TUNEPORT_QUIET]
  -h, --help     -V, --version

Examples
  tuneport demo --to . && tuneport export faq.toml
  tuneport inspect support.db --write mine.toml
  tuneport export support.db --table faq --map instruction=question,output=answer --to faq.jsonl
  tuneport export support.db --to - | head -1

Exit codes: 0 done, 1 the answer is no, 2 usage, 65 data, 66/69 source, 70 plugin or our fault,
            73 exists, 74/75 disk, 77 permission or trust, 78 recipe, 130/143 stopped. All: tuneport explain exit
"""


class Commands(click.Group):
    """Commands by name, each imported when it is called; unknown names are looked for among plugins."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The commands of the static table."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command of the host, or one that a plugin brings."""
        if COMMANDS.get(cmd_name, ("plugin",))[0] == "":
            command: click.Command = getattr(importlib.import_module(f"tuneport.commands.{cmd_name}"), cmd_name)
            return command
        from tuneport.commands.plugged import plugin_command

        return plugin_command(cmd_name, _settings(ctx))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[Any, Any, list[str]]:
        """As click does, with the closest name for one that nobody knows."""
        if self.get_command(ctx, args[0]) is None:
            from tuneport.config import suggest

            known = {*COMMANDS, *_settings(ctx).manager().names("commands")}
            raise click.UsageError(f"no command {args[0]!r}; {suggest(args[0], known)}")
        return super().resolve_command(ctx, args)

    def get_help(self, _ctx: click.Context) -> str:
        """The static table."""
        lines = {name.replace("-", "_"): line for name, (_, line) in COMMANDS.items()}
        return HELP.format(**lines).rstrip()


def _settings(ctx: click.Context) -> PluginSettings:
    return ctx.obj if isinstance(ctx.obj, PluginSettings) else settings()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]}, no_args_is_help=False)
@click.option("--version", "-V", is_flag=True, is_eager=True)
def cli(version: bool) -> None:
    """Turn database rows into fine-tuning files your trainer accepts."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line, and exit."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] in (["-V"], ["--version"]):
        from tuneport import __version__

        click.echo(f"tuneport {__version__}")
        sys.exit(0)
    if not arguments:
        arguments = ["--help"]
    sys.exit(run(arguments))


def _command_first(arguments: list[str]) -> list[str]:
    """The same command line with options that stand before the command moved behind everything else."""
    leading = 0
    while leading < len(arguments) and arguments[leading].partition("=")[0] in {"--json", "-q", "--quiet", *VALUED}:
        leading += 2 if arguments[leading] in VALUED else 1
    return [*arguments[leading:], *arguments[:leading]]


def run(arguments: list[str]) -> int:
    """Run one command line; its exit code. A signal ends it in good order."""
    from tuneport.commands.signals import stoppable
    from tuneport.commands.terminal import failed, wants_json
    from tuneport.errors import StreamClosedError, TuneportError

    arguments = _command_first(arguments)
    with stoppable() as stop:
        try:
            code = _answered(arguments)
            stop.over = True
            return code
        except (StreamClosedError, BrokenPipeError):
            stop.over = True
            # Whoever read our stdout has seen enough. Python would complain once more when it flushes.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ended = stop.explained(StreamClosedError("nobody reads our stdout any more"))
            return failed(ended, as_json=False) if stop.signal is not None else 0
        except SystemExit as error:
            stop.over = True
            fault = TuneportError(f"something ended the process with {error.code!r}")
            return failed(stop.explained(fault), as_json=wants_json(arguments))
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  -- the last place that can say what happened
            stop.over = True
            return failed(stop.explained(error), as_json=wants_json(arguments))


def _answered(arguments: list[str]) -> int:
    try:
        # A command may come from a directory that the command line names: look for it before anything is parsed.
        code = cli.main(arguments, prog_name="tuneport", standalone_mode=False, obj=settings_of(arguments))
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.exceptions.Exit as done:
        return done.exit_code
    return code if isinstance(code, int) else 0
