"""What is wrong with one turn."""

from __future__ import annotations


class FaultError(Exception):
    """A turn that cannot be read: a stable code, and what is wrong, as the rest of a sentence about the turn."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
