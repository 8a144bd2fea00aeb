"""`tuneport plugins`: what is there, what is wrong with it, and what may run. Nothing is imported unasked."""

from __future__ import annotations

import click

from tuneport.commands.plugins.checking import doctor_command, validate_command
from tuneport.commands.plugins.listing import list_command, show_command
from tuneport.commands.plugins.locking import lock_command


@click.group(no_args_is_help=True)
def plugins() -> None:
    """List, diagnose, check and lock plugins. Nothing is imported unless --imports is given.

    \b
    Environment
      TUNEPORT_PLUGIN_ALLOW    globs of the only plugins that may be used, as jsonl_llm,acme*; empty allows none
      TUNEPORT_PLUGIN_DENY     globs of plugins that may not be used
    """  # noqa: D301  -- the backspace tells click to leave the lines as they are


for _command in (list_command, show_command, doctor_command, validate_command, lock_command):
    plugins.add_command(_command)
