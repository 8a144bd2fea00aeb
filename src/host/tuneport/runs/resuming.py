"""Staged work: taken up where it is of this plan, and thrown away where it is of another."""

from __future__ import annotations

from logging import getLogger
from typing import Any

import msgspec
import msgspec.json

from tuneport.runs.planning.identity import changed
from tuneport.runs.planning.plan import Plan
from tuneport.runs.publishing.staging import Staging

log = getLogger("tuneport")


def taken_up(plan: Plan, staging: Staging) -> bool:
    """Whether what is staged is of this plan; where it is not, staging is begun anew."""
    staged = plan.target.staged_plan()
    if plan.resumable and staged is not None and staged == msgspec.json.decode(plan.document()):
        return True
    if staged is not None:
        log.warning("%s belongs to another plan: %s changed. Starting afresh.", staging.path, _differs(plan, staged))
    staging.begin(plan)
    return False


def _differs(plan: Plan, staged: dict[str, Any]) -> str:
    fields = changed(staged.get("identity"), msgspec.to_builtins(plan.identity)) or ["pinned facts"]
    more = f" and {len(fields) - 8} more" if len(fields) > 8 else ""
    return f"{', '.join(fields[:8])}{more}"
