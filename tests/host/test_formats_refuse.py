"""What a format refuses in a run: by its own rules, which make no errors of records, and weights without a place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tools import recipe

from tuneport import (
    ExportStats,
    FormatTraits,
    Instruction,
    Message,
    PluginManager,
    Preference,
    Problem,
    Reject,
    Sample,
    export,
    hookimpl,
)
from tuneport.runs.codes import ERRORED

KINDS = frozenset({"instruction", "preference"})


class Odd:
    """Formats that refuse the sample whose weight is 2, each in its way; a style that does not say what it makes."""

    def __init__(self, code: str) -> None:
        self.code = code

    @hookimpl
    def register_formats(self, register: Any) -> None:
        """Offer them; the last one refuses nothing by itself."""
        some = FormatTraits(weight="row", kinds=KINDS, weighs=frozenset({"instruction"}))
        register("rejecting", lambda _config, _ctx: self.rejecting, traits=FormatTraits(weight="row"))
        register("checked", lambda _config, _ctx: row, traits=FormatTraits(weight="row"), check=self.check)
        register("long", lambda _config, _ctx: long, traits=FormatTraits(weight="row"))
        register("some", lambda _config, _ctx: row, traits=some)

    @hookimpl
    def register_styles(self, register: Any) -> None:
        """Offer it."""
        register("any", lambda _config, _ctx: sample_of)

    def rejecting(self, sample: Sample) -> dict[str, Any] | Reject:
        """A row, or the format's own reject."""
        return Reject(self.code, "No") if sample.weight == 2.0 else row(sample)

    def check(self, row: Any) -> list[Problem]:
        """The same, of a target's rules."""
        return [Problem("", "No", "leave it out", self.code)] if row["n"] == 2 else []


def row(sample: Sample) -> dict[str, Any]:
    """A row."""
    return {"q": sample.prompt[0].content, "n": int(sample.weight)}


def long(sample: Sample) -> dict[str, Any]:
    """A row with a number beyond 64 bits."""
    return row(sample) | ({"n": 10**30} if sample.weight == 2.0 else {})


def sample_of(record: Any) -> Sample:
    """A pair or an instruction, as the record says."""
    asked, said = record["q"], "An answer that is long enough."
    if record["pair"]:
        chosen, rejected = [Message("assistant", said)], [Message("assistant", said[:-1])]
        made: Sample = Preference(prompt=[Message("user", asked)], chosen=chosen, rejected=rejected)
    else:
        made = Instruction(instruction=asked, output=said)
    made.weight = record["weight"]
    return made


def exported(tmp_path: Path, name: str, code: str = "odd", *, pair: bool = False) -> ExportStats:
    """Three records, the second with a weight of 2, written by one format of the plugin."""
    lines = [{"q": f"Question number {n}?", "pair": pair, "weight": 1.0 + n % 2} for n in range(3)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    manager = PluginManager()
    manager.register(Odd(code), "acme")
    asked = {"style": "acme:any", "formats": [f"acme:{name}"]}
    return export(recipe(tmp_path / "in.jsonl", tmp_path / "out", export=asked), manager=manager).stats


@pytest.mark.parametrize("code", [*sorted(ERRORED), "odd"])
@pytest.mark.parametrize("name", ["rejecting", "checked"])
def test_a_formats_rule_makes_no_error_of_a_record(name: str, code: str, tmp_path: Path) -> None:
    """Whatever its code is called: what could not be read is for the host to say."""
    stats = exported(tmp_path, name, code)

    assert (stats.exported_entities, stats.filtered_entities, stats.errored_entities) == (2, 1, 0)
    assert stats.rejects == {f"acme:{code}": 1}


def test_a_number_that_no_loader_keeps_is_still_the_hosts_to_tell(tmp_path: Path) -> None:
    """It is found in a row, and is an error of the record."""
    stats = exported(tmp_path, "long")

    assert (stats.exported_entities, stats.errored_entities, stats.rejects) == (2, 1, {"int_range": 1})


@pytest.mark.parametrize(("pair", "rejects"), [(True, {"weight_not_carried": 1}), (False, {})])
def test_a_weight_is_not_lost_where_the_style_did_not_say_its_kind(
    pair: bool, rejects: dict[str, int], tmp_path: Path
) -> None:
    """Copies are planned where kinds are known; else what has no place for a weight takes only samples that weigh 1."""
    assert exported(tmp_path, "some", pair=pair).rejects == rejects
