"""Tables with a row for each message: which columns say whose it is, what it says, and where it belongs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tuneport.inspection.columns import Column
from tuneport.inspection.names import CREATED, named
from tuneport.inspection.spoken import ASSISTANT, OTHERS
from tuneport.recipes.grouping import MESSAGES

_ROLE = (
    *("role", "author_role", "sender_role", "author_type", "sender_type", "speaker", "author", "sender", "from"),
    *("participant", "who", "from_role", "message_role", "user_type", "actor"),
)
_CONTENT = ("content", "text", "message", "body", "value", "utterance", "message_text", "message_body", "msg")
_GROUP = (
    *("conversation_id", "chat_id", "dialog_id", "dialogue_id", "thread_id", "session_id", "ticket_id", "case_id"),
    *("call_id", "conv_id", "convo_id", "discussion_id", "room_id", "conversation", "chat", "dialog", "dialogue"),
    *("thread", "session", "ticket"),
)
_ORDER = (
    *("turn", "turn_index", "turn_number", "turn_no", "turn_id", "seq", "sequence", "position", "message_index"),
    *("message_number", "message_no", "index", "idx", "step", "order", "sent_at", "sent", *CREATED),
)
_MEANT = {
    "user": {
        "customer",
        "client",
        "visitor",
        "caller",
        "patient",
        "guest",
        "requester",
        "buyer",
        "end_user",
        "contact",
    },
    "assistant": {"agent", "support", "operator", "staff", "representative", "rep", "advisor", "employee", "expert"},
}
"""Names of roles that are known by no style, and what they mean in tables of support."""


class Turns(NamedTuple):
    """How rows that are messages become conversations.

    Attributes:
        group: key of `source.group` to column.
        roles: what those roles mean that no style knows.
    """

    group: Mapping[str, Column]
    roles: Mapping[str, str]


def turns_of(columns: Sequence[Column]) -> Turns | None:
    """How rows become conversations; None where they do not look like messages of an assistant and others."""
    role, content, by = named(columns, _ROLE), named(columns, _CONTENT), named(columns, _GROUP)
    if role is None or content is None or by is None or any(column.name == MESSAGES for column in columns):
        return None
    roles = _roles(role)
    if roles is None or not content.texts or by.distinct is None or by.distinct >= by.seen or "" in by.kinds:
        return None
    order = named([column for column in columns if 0 < column.seen in (column.numbers, column.dates)], _ORDER)
    ordered = {} if order is None else {"order_by": order}
    return Turns({"by": by, **ordered, "role_field": role, "content_field": content}, roles)


def _roles(column: Column) -> dict[str, str] | None:
    """What its values mean, as far as no style knows it; None where one means nothing, or the assistant is silent."""
    meant = {name: role for role, names in _MEANT.items() for name in names}
    names = {value.strip().lower() for value in column.values}
    unknown = names - ASSISTANT - OTHERS
    if not names or not unknown <= meant.keys():
        return None
    roles = {name: meant[name] for name in sorted(unknown)}
    return roles if names & ASSISTANT or "assistant" in roles.values() else None
