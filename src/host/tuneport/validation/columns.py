"""The columns of rows that are all alike: what they are, learned from the rows, and rows that are different."""

from __future__ import annotations

from collections.abc import Mapping

from tuneport.validation.compiled import Matches, matcher
from tuneport.validation.kinds import Fields, Items, Kind, mixed, reconciled
from tuneport.validation.report import Findings

_ENOUGH = 16
"""Rows without news after which a type is compiled."""

_COVERED = {"float_after_integers", "integer_among_floats", "object_after_null", "late_type", "keys_differ"}
"""What loads all the same where a dataset card declares the columns."""


class Columns:
    """Learns what the columns are, and tells what does not fit.

    Args:
        findings: what is wrong is added here.
        declared: a dataset card declares the columns' types.
        untyped: nothing does, for no type holds what stands within some of them: loaders find out by themselves.
        talks: `messages` holds conversations, whose last turn has to be the assistant's.

    Attributes:
        kinds: what the columns are.
        matches: true of lines that are right beyond doubt; None where there is no such function (yet).
        late: loaders have made up their minds about types.
    """

    def __init__(self, findings: Findings, *, declared: bool, untyped: bool, talks: bool) -> None:
        self.kinds: dict[str, Kind] = {}
        self.matches: Matches | None = None
        self.late = False
        self._findings = findings
        self._declared = declared
        self._untyped = untyped
        self._talks = talks
        self._without_news = 0
        self._compiled_at = 0
        self._missed = 0

    def learn(self, kinds: Mapping[str, Kind], number: int, row: int) -> bool:
        """Hold one row against those before.

        Args:
            kinds: what its values are.
            number: its line in its file.
            row: how many rows it makes in all files so far.

        Returns:
            Whether there was news in it.
        """
        if self._untyped:
            kinds = {name: _outside(kind) for name, kind in kinds.items()}
        columns = self.kinds or dict(kinds)
        if kinds.keys() != columns.keys():
            self._other_keys(kinds, columns, number)
        elif list(kinds) != list(columns):
            hint = f"write them as {', '.join(columns)}"
            self._tell("key_order", "", "the keys stand in another order than in the first row", hint, number)

        def tell(code: str, path: str, message: str, hint: str) -> None:
            self._tell(code, path, message, hint, number)

        learned = dict(columns)
        for name in (name for name in columns if name in kinds):
            learned[name] = reconciled(columns[name], kinds[name], name, late=self.late, tell=tell)
            if mixed(kinds[name]):
                self._mixed(name, number)
        return self._keep(learned, row)

    def _mixed(self, name: str, number: int) -> None:
        message, hint = f"{name} holds a list of several types", "write one type in each list: older loaders fail here"
        self._findings.add("mixed_list", message, hint, path=name, line=number, severity="warning")

    def _other_keys(self, kinds: Mapping[str, Kind], columns: dict[str, Kind], number: int) -> None:
        hint = "write the same keys in every row, as null where there is nothing"
        for name in columns:
            if name not in kinds:
                self._tell("missing_key", name, f"{name} is missing, which the first row has", hint, number)
        for name in kinds:
            if name not in columns:
                self._tell("extra_key", name, f"{name} is not in the first row", hint, number)

    def _tell(self, code: str, path: str, message: str, hint: str, number: int) -> None:
        covered = self._declared and code in _COVERED
        self._findings.add(code, message, hint, path=path, line=number, severity="warning" if covered else "error")

    def _keep(self, learned: dict[str, Kind], row: int) -> bool:
        """Keep what was learned; after enough rows without news, compile it, unless that has not helped."""
        if learned != self.kinds:
            self.kinds, self.matches, self._without_news = learned, None, 0
            return True
        self._without_news += 1
        if self.matches is not None:
            self._missed += 1
            if self._missed > _ENOUGH and self._missed * 2 > row - self._compiled_at:
                self.matches = None
        elif self._without_news == _ENOUGH:
            self.matches = matcher(learned, "messages" if self._talks and "messages" in learned else "")
            self._compiled_at, self._missed = row, 0
        return False


def _outside(kind: Kind) -> Kind:
    """A kind without what stands within it."""
    if isinstance(kind, Items):
        return Items(None)
    return Fields({}) if isinstance(kind, Fields) else kind
