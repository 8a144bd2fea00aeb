"""What becomes of weights in a format, and what else is to be known of it, in words."""

from __future__ import annotations

from collections.abc import Mapping

from tuneport.options import FormatStats
from tuneport.runs.weights.losses import in_order
from tuneport.traits import ASPECTS, FormatTraits

_PLACES = {"row": "weight column", "message": "a weight per message"}


def planned(way: str, max_copies: int, traits: FormatTraits) -> str:
    """What will become of weights.

    Args:
        way: `column`, `replicate`, `ignore` or `refuse`.
        max_copies: rows that may stand for a sample, where they are copied.
        traits: what the format's target can express.
    """
    if way != "replicate":
        return _said(way, traits)
    return f"weights as copies, at most {max_copies:,} of a sample"


def done(way: str, traits: FormatTraits, ledger: FormatStats, nowhere: int) -> str:
    """What became of them; "" where no sample was copied or left out for it.

    Args:
        way: `column`, `replicate`, `ignore` or `refuse`.
        traits: what the format's target can express.
        ledger: what was counted of the samples that some format wrote.
        nowhere: samples that no format wrote, for their weights came to no row.
    """
    if way != "replicate":
        return _said(way, traits)
    lost = ledger.left_out + nowhere
    left_out, extra = _number(lost, "sample"), _number(ledger.copies, "extra row")
    return f"weights as copies: {left_out} left out, {extra}" if lost or ledger.copies else ""


def losses(counts: Mapping[str, int]) -> str:
    """What of how many samples is not in a format's rows; "" where all of it is."""
    found = [f"{ASPECTS.get(name, name)} {counts[name]:,}" for name in in_order(counts) if counts[name]]
    return f"not carried: {', '.join(found)}" if found else ""


def flags(way: str, traits: FormatTraits) -> str:
    """What a trainer has to be told so that it reads the weights; "" where it does by itself."""
    return f"its trainer needs {' '.join(traits.weight_flags)}" if way == "column" and traits.weight_flags else ""


def _said(way: str, traits: FormatTraits) -> str:
    if way == "column":
        note = f"; {traits.weight_note}" if traits.weight_note else ""
        return _PLACES.get(traits.weight, "") + note
    return "weights left out" if way == "ignore" else "weights other than 1 refused"


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
