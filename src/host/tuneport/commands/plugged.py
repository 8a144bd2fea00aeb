"""Commands that plugins bring: a typed function becomes a command."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import click

from tuneport.commands.settings import PluginSettings
from tuneport.commands.terminal import Terminal, with_terminal

_TYPES: dict[Any, Any] = {str: str, int: int, float: float, Path: click.Path(path_type=Path)}
_TAKEN = frozenset({"plugin_dir", "plugin_lock", "trust", "json", "as_json", "quiet", "help"})
"""What every command has already."""


def plugin_command(name: str, settings: PluginSettings) -> click.Command | None:
    """The command of this name that a plugin brings; None where none does.

    Raises:
        PluginError: several plugins bring it, or the one that does is broken.
    """
    from tuneport.errors import PluginError, UnknownNameError

    if settings.trust == "any":
        # That unpinned code runs is said whatever the options are, which nobody has parsed yet.
        Terminal(settings, json=False, quiet=False).listen()
    try:
        contribution = settings.manager().resolve("commands", name)
    except UnknownNameError:
        return None
    try:
        return command_of(contribution.factory, contribution.name, contribution.doc, contribution.plugin)
    except Exception as error:
        text = f"command {contribution.qualified} cannot be set up: {type(error).__name__}: {error}"
        raise PluginError(text) from error


def command_of(function: Callable[..., object], name: str, doc: str = "", plugin: str = "") -> click.Command:
    """A command whose options are the function's parameters, and whose answer is what it returns.

    Raises:
        TypeError: a parameter cannot be given on a command line.
    """

    def run(terminal: Terminal, **options: Any) -> None:
        answer = _called(function, options, f"{plugin}:{name}")
        if answer is not None:
            terminal.answer(answer, lambda: str(answer))

    hints = get_type_hints(function)
    about, helps = _documented(inspect.getdoc(function) or doc)
    parameters = [
        _parameter(parameter, hints.get(parameter.name, str), helps.get(parameter.name, ""))
        for parameter in inspect.signature(function).parameters.values()
    ]
    command = click.command(name, help=about)(with_terminal(run))
    command.params = [*parameters, *command.params]
    return command


def _called(function: Callable[..., object], options: dict[str, Any], name: str) -> object:
    from tuneport.errors import PluginError, TuneportError

    try:
        return function(**options)
    except (TuneportError, click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
        raise
    except Exception as error:
        raise PluginError(f"command {name} failed: {type(error).__name__}: {error}") from error


def _parameter(parameter: inspect.Parameter, hint: Any, help_text: str) -> click.Parameter:
    name, flag = parameter.name, f"--{parameter.name.replace('_', '-')}"
    required = parameter.default is inspect.Parameter.empty
    if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY}:
        raise TypeError(f"parameter {parameter} is not one that can be named")
    if name in _TAKEN:
        raise TypeError(f"parameter {name} is an option of every command")
    hint = _without_none(hint)
    if hint is bool:
        default = False if required else parameter.default
        # What is not off to begin with has to be switched off.
        flags = flag if default is False else f"{flag}/--no-{flag[2:]}"
        return click.Option([name, flags], is_flag=True, default=default, help=help_text)
    kind, many = _click_type(name, hint)
    if required:
        return click.Argument([name], type=kind, nargs=-1 if many else 1, required=True)
    return click.Option(
        [name, flag], type=kind, multiple=many, default=parameter.default, show_default=True, help=help_text
    )


def _without_none(hint: Any) -> Any:
    others = [one for one in get_args(hint) if one is not type(None)]
    return others[0] if get_origin(hint) in {Union, types.UnionType} and len(others) == 1 else hint


def _click_type(name: str, hint: Any) -> tuple[Any, bool]:
    """The type click knows for an annotation, and whether it takes several."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal and all(isinstance(one, str) for one in inner):
        return click.Choice(inner), False
    if origin in {list, tuple} and inner and inner[0] in _TYPES and inner[1:] in {(), (Ellipsis,)}:
        return _TYPES[inner[0]], True
    if hint not in _TYPES:
        known = "str, int, float, bool, Path, Literal of texts, a list of these, or None beside one of them"
        raise TypeError(f"parameter {name} is of type {hint}, not {known}")
    return _TYPES[hint], False


def _documented(text: str) -> tuple[str, dict[str, str]]:
    """A docstring's text for people, and what its `Args:` say of each parameter."""
    about, _, rest = text.partition("\nArgs:\n")
    for section in ("\nReturns:\n", "\nRaises:\n"):
        about = about.partition(section)[0]
        rest = rest.partition(section)[0]
    helps: dict[str, str] = {}
    last = ""
    for line in rest.splitlines():
        name, colon, said = line.strip().partition(": ")
        if colon and name.isidentifier():
            last, helps[name] = name, said
        elif last and line.strip():
            helps[last] += f" {line.strip()}"
    return about.strip(), helps
