"""What flows through a run: entities, samples, and what is said about them."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
import msgspec.msgpack

Entity = dict[str, Any]
"""One input record, as its source gave it: a plain dict of column or key to value."""

Scalar = str | int | float | bool | None
MetadataValue = Scalar | list[Any]
"""A list holds texts, integers or numbers, one kind of them."""


class Message(msgspec.Struct, frozen=True, gc=False):
    """One turn of a conversation: who speaks (`system`, `user`, `assistant`), and the text."""

    role: str
    content: str


class Sample(msgspec.Struct, kw_only=True):
    """The canonical training example. Use one of its kinds: Instruction, Chat, Text.

    Every kind has `messages`, `prompt` (the messages before the last), `completion` (the last message, the
    one that is trained), `text`, `weight` (a float, 1.0 unless a weighting says otherwise) and `metadata`.

    `structured` holds the values that were objects or lists in the record and are written as JSON text: the
    column's name, or for a conversation `messages.1.content`, to the value. Validators see them as they were.
    """

    weight: float = 1.0
    metadata: dict[str, MetadataValue] = msgspec.field(default_factory=dict)
    structured: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def messages(self) -> Sequence[Message]:
        """The sample as a conversation."""
        raise TypeError(f"{type(self).__name__} is not a kind of sample: use Instruction, Chat or Text")

    @property
    def prompt(self) -> Sequence[Message]:
        """The messages before the trained one."""
        return self.messages[:-1]

    @property
    def completion(self) -> Message:
        """The last message: the text that is trained."""
        return self.messages[-1]

    @property
    def text(self) -> str:
        """The whole sample as one text, messages separated by a blank line."""
        return "\n\n".join(message.content for message in self.messages)

    def content(self) -> bytes:
        """Canonical bytes of what is trained, without weight and metadata: a sample's identity.

        Length-prefixed (MessagePack), so that no two different samples share their bytes.

        Raises:
            UnicodeEncodeError: a text holds a lone surrogate.
        """
        raise TypeError(f"{type(self).__name__} is not a kind of sample: use Instruction, Chat or Text")


class Instruction(Sample, tag="instruction", kw_only=True):
    """An instruction, an optional input, and the output to learn.

    `input` is None where the run has no input field at all, and "" where this one record has none.
    """

    instruction: str
    output: str
    input: str | None = None

    @property
    def messages(self) -> Sequence[Message]:
        """The instruction (and input, after a blank line) as the user's turn, the output as the assistant's."""
        asked = f"{self.instruction}\n\n{self.input}" if self.input else self.instruction
        return (Message("user", asked), Message("assistant", self.output))

    @property
    def completion(self) -> Message:
        """The output."""
        return Message("assistant", self.output)

    def content(self) -> bytes:
        """Canonical bytes of instruction, input and output."""
        return _pack(("instruction", self.instruction, self.input or "", self.output))


class Chat(Sample, tag="chat", kw_only=True):
    """A conversation; the last message is the one that is trained."""

    messages: Sequence[Message]

    def content(self) -> bytes:
        """Canonical bytes of roles and contents."""
        return _pack(("chat", [(turn.role, turn.content) for turn in self.messages]))


class Text(Sample, tag="text", kw_only=True):
    """Plain text, trained from its first token to its last."""

    text: str

    @property
    def messages(self) -> Sequence[Message]:
        """The text as one turn of the assistant."""
        return (Message("assistant", self.text),)

    def content(self) -> bytes:
        """Canonical bytes of the text."""
        return _pack(("text", self.text))


_pack = msgspec.msgpack.Encoder().encode


class Reject(msgspec.Struct, frozen=True, gc=False):
    """Why a record became no row: a stable snake_case code, and a sentence.

    A stage returns it; the host adds the stage, the record's key and where it stands in the source.
    """

    code: str
    reason: str


class Malformed(msgspec.Struct, frozen=True, gc=False):
    """A record that its source could not read: where (its ordinal within the partition), and why."""

    ordinal: int
    code: str
    reason: str


class Outcome(enum.StrEnum):
    """What became of one entity. Every entity has exactly one."""

    EXPORTED = "exported"
    FILTERED = "filtered"
    DUPLICATE = "duplicate"
    ERRORED = "errored"


class Problem(msgspec.Struct, frozen=True):
    """Something wrong in a recipe, a row, or a file: where (`path`), what, and how to mend it.

    `line` and `column` count from 1 in the text of a recipe; 0 where there is no such place.
    """

    path: str
    message: str
    hint: str = ""
    code: str = ""
    severity: Literal["error", "warning"] = "error"
    line: int = 0
    column: int = 0


class Partition(msgspec.Struct, frozen=True):
    """One range of a source. `token` is plain data that only its importer reads."""

    token: Mapping[str, int | str]


class Batch(msgspec.Struct):
    """Some records of one partition, in source order.

    `ordinals[i]` counts from 0 at the partition's first line or row and belongs to `entities[i]`;
    `end` is the ordinal after the last line or row that was read, blank and malformed ones included.
    """

    entities: list[Entity]
    ordinals: Sequence[int]
    end: int
    malformed: list[Malformed] = msgspec.field(default_factory=list)


class Artifact(msgspec.Struct, frozen=True):
    """A file made from the finished dataset: its path inside the dataset folder, and its bytes."""

    path: str
    data: bytes
