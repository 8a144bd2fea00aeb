"""What validators say of the adapter that a recipe describes, before anything is read."""

from __future__ import annotations

from collections.abc import Sequence
from logging import getLogger
from typing import TYPE_CHECKING

from tuneport.adapter import AdapterMetadata
from tuneport.config import below
from tuneport.errors import told
from tuneport.model import Problem
from tuneport.problems import errors_in, problems_of
from tuneport.runs.messages import StageRef
from tuneport.runs.planning.stages import Stage

if TYPE_CHECKING:
    from tuneport.hookspecs import Validator

log = getLogger("tuneport")

_PLACE = "export.adapter_metadata"


def judge_adapter(
    adapter: AdapterMetadata | None, validators: Sequence[tuple[Stage, Validator | None]], problems: list[Problem]
) -> None:
    """Let validators judge the adapter: its errors are problems of the recipe, its warnings are logged."""
    for stage, validate in validators:
        if adapter is None:
            text = f"{stage.ref.qualified} judges adapters, and none is described"
            problems.append(Problem(stage.path, text, "adapter_metadata.enable_tracking = true"))
        elif validate is not None:
            problems.extend(_problems(stage.ref, validate, adapter))


def _problems(stage: StageRef, validate: Validator, adapter: AdapterMetadata) -> list[Problem]:
    try:
        found = problems_of(validate, adapter)
    except (Exception, SystemExit) as error:  # noqa: BLE001  -- any plugin's fault is a problem of the recipe that names it
        return [Problem(_PLACE, f"{stage.qualified}: {told(error)}", code=f"hook:{stage.plugin}")]
    for problem in found:
        if problem.severity == "warning":
            hint = f"; {problem.hint}" if problem.hint else ""
            log.warning("adapter_metadata.%s: %s%s", problem.path, problem.message, hint)
    return [below(_PLACE, problem) for problem in errors_in(found)]
