"""What a plan says before anything is read: what is read, what is done with it, and what will become of weights."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from tuneport.commands.wording import listed, one_line, percent, row, split_words
from tuneport.runs import Plan
from tuneport.runs.planning.facts import PlanFacts, plan_facts
from tuneport.runs.weights import words
from tuneport.traits import status_words

_SPLITS = ("validation", "test")


def plan_lines(plan: Plan) -> str:
    """The plan of a run, for a person."""
    facts = plan_facts(plan)
    head = one_line(f"{title_line(facts)}  ->  {facts.target}")
    there = plan.target.on_exists == "fail" and plan.target.kind != "stdout" and plan.target.path.exists()
    exists = row("exists", f"{facts.target} stands there already: --on-exists replace or version") if there else []
    return "\n".join([head, "", *plan_rows(facts), *exists, "", "nothing read or written"])


def title_line(facts: PlanFacts) -> str:
    """What is read, and about how much of it there is."""
    if facts.rows is None:
        return one_line(facts.title)
    return f"{one_line(facts.title)}, about {facts.rows:,} record{'' if facts.rows == 1 else 's'}"


def plan_rows(facts: PlanFacts) -> list[str]:
    """What is done with it."""
    lines = row("reads", "all fields" if facts.reads is None else ", ".join(facts.reads))
    if facts.whole:
        lines += row("", f"because {', '.join(facts.whole)} did not say which it needs")
    lines += row("where", " and ".join(f"({text})" for text in facts.where))
    lines += row("style", ", ".join(dict.fromkeys(facts.styles)))
    lines += row("filters", ", ".join(facts.filters))
    lines += row("weightings", " x ".join(facts.weightings))
    lines += row("duplicates", "left out, the first one wins" if facts.dedup else "kept")
    lines += row("fingerprints", ", ".join(facts.fingerprints))
    lines += row("split", _split(facts.split))
    lines += row("formats", ", ".join(facts.formats))
    lines += _targets(facts)
    lines += row("validators", ", ".join(facts.validators))
    lines += row("metrics", ", ".join(facts.metrics))
    lines += row("waits", "; ".join(facts.waits))
    lines += row("now", facts.now)
    lines += row("resumable", "yes" if facts.resumable else "no: this source or target cannot be taken up again")
    return lines + row("plan", (facts.digest or "")[:16])


def _targets(facts: PlanFacts) -> list[str]:
    """What becomes of weights in each format, and what else is to be known of it."""
    lines: list[str] = []
    for name, one in facts.weights.items() if facts.weightings else ():
        traits = facts.traits[name]
        told = [words.planned(one.weights, one.max_copies, traits), words.flags(one.weights, traits)]
        lines += row("" if lines else "weights", f"{name}: {'; '.join(filter(None, told))}")
    today = date.fromisoformat(facts.now[:10])
    said = filter(None, (status_words(name, one, today, all_notes=True) for name, one in facts.traits.items()))
    for number, text in enumerate(said):
        lines += row("" if number else "notes", text)
    return lines


def _split(asked: Mapping[str, Any] | None) -> str:
    """What is kept apart from training."""
    if asked is None:
        return ""
    shares = listed(f"{percent(asked[name])} {name}" for name in _SPLITS if name in asked)
    how = split_words(
        asked.get("mode", "stable"), asked.get("group_by", []), asked.get("stratify_by", []), asked.get("against") or ""
    )
    left_out = f"; prompts of {asked['exclude']} are left out" if asked.get("exclude") else ""
    return f"{shares}: {how}{left_out}"
