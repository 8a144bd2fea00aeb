"""Samples: the canonical training examples, one class for each kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import msgspec.json
import msgspec.msgpack

from tuneport.model import MetadataValue


class ToolCall(msgspec.Struct, frozen=True, gc=False):
    """A call of a tool that the assistant makes: the tool's name, its arguments, and an id where it has one."""

    name: str
    arguments: dict[str, Any]
    id: str = ""

    @property
    def text(self) -> str:
        """The arguments as JSON text, as most hosted services want them."""
        return _json(self.arguments).decode()


class Message(msgspec.Struct, frozen=True, gc=False):
    """One turn of a conversation.

    Attributes:
        role: who speaks: `system`, `developer`, `user`, `assistant` or `tool`.
        content: the text; "" where an assistant calls tools and says nothing.
        tool_calls: the tools an assistant calls.
        tool_call_id: the call that a tool answers; "" where it is not said.
        name: of the tool that answers, or of the participant; "" where it is not said.
        reasoning: what an assistant thinks before it answers.
        weight: how much the turn counts within its sample, 0 for not at all; None leaves it to the trainer, which
            learns what the assistant says.
        reasoning_weight: the same for the reasoning; None for as much as the turn.
    """

    role: str
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    name: str = ""
    reasoning: str = ""
    weight: float | None = None
    reasoning_weight: float | None = None


TURN_FIELDS = ("tool_calls", "tool_call_id", "name", "reasoning", "weight", "reasoning_weight")
"""What a turn may have beside role and content."""


class Sample(msgspec.Struct, kw_only=True):
    """The canonical training example. Use one of its kinds: Instruction, Chat, Text, Preference, Unpaired.

    Every kind has `messages`, `prompt` (the messages before the trained ones), `completion` (the last message, which
    is trained), `text`, `tools`, `weight` (a float, 1.0 unless a weighting says otherwise) and `metadata`.

    `tools` are the tools that the assistant may call, each a `{"type": "function", "function": {"name", "description",
    "parameters"}}` as the chat APIs have it. `structured` holds the values that were objects or lists in the record
    and are written as JSON text: the column's name, or for a conversation `messages.1.content`, to the value.
    Validators see them as they were.
    """

    weight: float = 1.0
    metadata: dict[str, MetadataValue] = msgspec.field(default_factory=dict)
    structured: dict[str, Any] = msgspec.field(default_factory=dict)
    tools: Sequence[dict[str, Any]] = ()

    @property
    def messages(self) -> Sequence[Message]:
        """The sample as a conversation."""
        raise TypeError(f"{type(self).__name__} is not a kind of sample: use {_KINDS}")

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

        Length-prefixed (MessagePack), so that no two different samples share their bytes. Ids of tool calls are no
        content: they are made up anew for each call.

        Raises:
            UnicodeEncodeError: a text holds a lone surrogate.
        """
        raise TypeError(f"{type(self).__name__} is not a kind of sample: use {_KINDS}")


_KINDS = "Instruction, Chat, Text, Preference or Unpaired"


class Instruction(Sample, tag="instruction", kw_only=True, gc=False):
    """An instruction, an optional input, and the output to learn.

    `input` is None where the run has no input field at all, and "" where this one record has none. `reasoning` is what
    comes before the output, and `reasoning_weight` how much it counts, as in Message.
    """

    instruction: str
    output: str
    input: str | None = None
    reasoning: str = ""
    reasoning_weight: float | None = None

    @property
    def messages(self) -> Sequence[Message]:
        """The instruction (and input, after a blank line) as the user's turn, the output as the assistant's."""
        asked = f"{self.instruction}\n\n{self.input}" if self.input else self.instruction
        return (Message("user", asked), self.completion)

    @property
    def completion(self) -> Message:
        """The output."""
        if not self.reasoning:
            return Message("assistant", self.output)
        return Message("assistant", self.output, reasoning=self.reasoning, reasoning_weight=self.reasoning_weight)

    def content(self) -> bytes:
        """Canonical bytes of instruction, input, output and reasoning."""
        reasoning = (self.reasoning,) if self.reasoning else ()
        return _pack(("instruction", self.instruction, self.input or "", self.output, *reasoning))


class Chat(Sample, tag="chat", kw_only=True, gc=False):
    """A conversation; the last message is trained, and earlier turns of the assistant where the trainer learns them."""

    messages: Sequence[Message]

    def content(self) -> bytes:
        """Canonical bytes of the turns, and of the tools."""
        return _pack(("chat", _turns(self.messages), *_tools(self)))


class Text(Sample, tag="text", kw_only=True, gc=False):
    """Plain text, trained from its first token to its last."""

    text: str

    @property
    def messages(self) -> Sequence[Message]:
        """The text as one turn of the assistant."""
        return (Message("assistant", self.text),)

    def content(self) -> bytes:
        """Canonical bytes of the text."""
        return _pack(("text", self.text))


class Preference(Sample, tag="preference", kw_only=True, gc=False):
    """A prompt, and two answers to it: the one that is chosen, and the one that is rejected.

    `weight` is that of the pair.
    """

    prompt: Sequence[Message]
    chosen: Sequence[Message]
    rejected: Sequence[Message]

    @property
    def messages(self) -> Sequence[Message]:
        """The prompt and the chosen answer."""
        return (*self.prompt, *self.chosen)

    @property
    def completion(self) -> Message:
        """The last turn of the chosen answer."""
        return self.chosen[-1]

    def content(self) -> bytes:
        """Canonical bytes of the prompt, both answers, and the tools."""
        return _pack(("preference", _turns(self.prompt), _turns(self.chosen), _turns(self.rejected), *_tools(self)))


class Unpaired(Sample, tag="unpaired", kw_only=True, gc=False):
    """A prompt, an answer to it, and whether that answer is wanted."""

    prompt: Sequence[Message]
    completion: Message
    label: bool

    @property
    def messages(self) -> Sequence[Message]:
        """The prompt and the answer."""
        return (*self.prompt, self.completion)

    def content(self) -> bytes:
        """Canonical bytes of the prompt, the answer, the label, and the tools."""
        return _pack(("unpaired", _turns(self.prompt), _turns([self.completion]), self.label, *_tools(self)))


_pack = msgspec.msgpack.Encoder().encode
_json = msgspec.json.Encoder().encode
_sorted = msgspec.json.Encoder(order="sorted").encode


def _turns(messages: Sequence[Message]) -> list[tuple[Any, ...]]:
    return [_turn(message) for message in messages]


def _turn(message: Message) -> tuple[Any, ...]:
    """What a turn says; a plain one is its role and text alone."""
    plain = (message.role, message.content)
    if not (message.tool_calls or message.name or message.reasoning):
        return plain
    # JSON carries integers of any size, and sorted keys are the same call whatever order they came in.
    calls = [(call.name, _sorted(call.arguments)) for call in message.tool_calls]
    return (*plain, calls, message.name, message.reasoning)


def _tools(sample: Sample) -> tuple[bytes, ...]:
    return (_sorted(sample.tools),) if sample.tools else ()


def kind_of(kind: type[Sample]) -> str:
    """What a kind of sample is called: `instruction`, `chat`, ...; a third party's is what its class says."""
    tag = kind.__struct_config__.tag
    return tag if isinstance(tag, str) else kind.__name__.lower()
