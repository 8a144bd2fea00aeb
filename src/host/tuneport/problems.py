"""Calling a validator: what it finds, or an error where it answers something else than problems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tuneport.model import Problem

if TYPE_CHECKING:
    from tuneport.hookspecs import Validator


class NoProblemError(TypeError):
    """A validator yielded something that is no Problem."""


def problems_of(validate: Validator, thing: Any) -> list[Problem]:
    """What a validator says of a thing.

    Raises:
        NoProblemError: it yielded something that is no problem.
        Exception: whatever the validator raises.
    """
    answer = validate(thing)
    found: list[Problem] = []
    if (type(answer) is tuple or type(answer) is list) and not answer:
        return found  # as most validators say that all is well
    for problem in answer:
        one: object = problem
        if not isinstance(one, Problem) or not all(
            isinstance(text, str) for text in (one.path, one.message, one.hint, one.code)
        ):
            raise NoProblemError(f"yielded {type(one).__name__}, no problem of texts")
        if one.severity not in {"error", "warning"}:
            raise NoProblemError(f"severity {one.severity!r} is neither error nor warning")
        found.append(one)
    return found


def errors_in(problems: list[Problem]) -> list[Problem]:
    """Those that refuse the thing."""
    return [problem for problem in problems if problem.severity == "error"]


def sentence(problem: Problem) -> str:
    """A problem and where it is, in one line."""
    return f"{problem.message} (at {problem.path})" if problem.path else problem.message
