"""What Acme adds to tuneport: the format of its trainer, two weightings, a validator and a metric."""

from __future__ import annotations

import csv

from tuneport import Config, FormatTraits, Problem, Reject, hookimpl


class Inhouse(Config):
    max_question: int = 160


class Tier(Config):
    table: str
    field: str = "customer_id"


@hookimpl
def register_formats(register):
    doc = "Acme's trainer: question, answer and weight"
    register("inhouse", inhouse, config=Inhouse, doc=doc, traits=FormatTraits(weight="row"))


@hookimpl
def register_weightings(register):
    register("tier", tier, config=Tier, doc="The factor of the customer's contract, from a table")
    register("votes", votes, doc="From 1.0 without votes to 2.0 for 100 votes and more")


@hookimpl
def register_validators(register):
    register("no_internal_links", no_internal_links, doc="No row links to the intranet")


@hookimpl
def register_metrics(register):
    register("question_marks", lambda _config, _ctx: QuestionMarks(), doc="The share of answers that ask back")


def inhouse(config, _ctx):
    def row(sample):
        question = "\n\n".join(turn.content for turn in sample.prompt)
        if len(question) > config.max_question:
            return Reject("question_too_long", f"Question too long ({len(question)} chars)")
        return {"q": question, "a": sample.completion.content, "w": sample.weight}

    return row


def tier(config, ctx):
    ctx.needs(config.field, at="field")  # the source reads this field alone, and a typo is told at once
    lines = ctx.resource(config.table).decode().splitlines()  # its digest is part of the plan
    factors = {key: float(factor) for key, factor in csv.reader(lines)}
    return lambda entity, _sample: factors.get(str(entity[config.field]), 1.0)


def votes(_config, _ctx):
    # Says nothing about what it reads, and so is given whole records: right, and slower.
    def weigh(entity, _sample):
        count = entity["upvotes"]
        return 1.0 + min(max(count, 0), 100) / 100 if isinstance(count, int | float) else 1.0

    return weigh


def no_internal_links(_config, _ctx):
    def judge(row):
        for column, value in row.items():
            if "intranet." in str(value):
                yield Problem(f"/{column}", "Links to the intranet", code="internal_link")

    return judge


class QuestionMarks:
    """Counts, and divides at the end only: so merging the parts of a run is exact."""

    def new(self):
        return {"answers": 0, "questions": 0}

    def add(self, state, sample, _split):
        state["answers"] += 1
        state["questions"] += sample.completion.content.rstrip().endswith("?")

    def merge(self, left, right):
        return {key: left[key] + right[key] for key in left}

    def result(self, state):
        return round(state["questions"] / state["answers"], 4) if state["answers"] else 0.0
