"""Commands that plugins bring: a typed function becomes a command."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

import click

from tuneport.commands.terminal import Terminal, named_dirs, with_terminal

_TYPES: dict[Any, Any] = {str: str, int: int, float: float, bool: bool, Path: click.Path(path_type=Path)}


def plugin_command(name: str) -> click.Command | None:
    """The command of this name that a plugin brings; None where none does."""
    from tuneport.errors import UnknownNameError
    from tuneport.plugin_manager import PluginManager

    try:
        contribution = PluginManager(named_dirs()).resolve("commands", name)
    except UnknownNameError:
        return None
    return command_of(contribution.factory, contribution.name, contribution.doc)


def command_of(function: Callable[..., object], name: str, doc: str) -> click.Command:
    """A command whose options are the function's parameters, and whose answer is what it returns."""

    def run(terminal: Terminal, **options: Any) -> None:
        answer = function(**options)
        if answer is not None:
            terminal.answer(answer, lambda: str(answer))

    hints = get_type_hints(function)
    parameters = [_option(parameter, hints) for parameter in inspect.signature(function).parameters.values()]
    command = click.command(name, help=inspect.getdoc(function) or doc)(with_terminal(run))
    command.params = [*parameters, *command.params]
    return command


def _option(parameter: inspect.Parameter, hints: dict[str, Any]) -> click.Parameter:
    kind = hints.get(parameter.name, str)
    flag = f"--{parameter.name.replace('_', '-')}"
    if kind is bool:
        return click.Option([flag], is_flag=True, default=bool(parameter.default), show_default=False)
    if parameter.default is inspect.Parameter.empty:
        return click.Argument([parameter.name], type=_TYPES.get(kind, str))
    return click.Option([flag], type=_TYPES.get(kind, str), default=parameter.default, show_default=True)
