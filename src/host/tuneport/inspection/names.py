"""What well-known names of columns mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tuneport.inspection.columns import Column

USER = ("user_message", "user", "human", "user_text", "user_input", "user_query", "human_message", "customer_message")
ASSISTANT = (
    *("assistant_response", "assistant_message", "assistant", "assistant_text", "assistant_reply", "bot", "gpt"),
    *("bot_response", "bot_message", "ai_response", "agent_message", "agent_response", "agent_reply"),
)
SYSTEM = ("system_prompt", "system", "system_message")
OUTPUT = (
    *("answer", "output", "response", "completion", "reply", "solution", "resolution", "accepted_answer"),
    *("best_answer", "chosen", "target", "translation", "summary"),
)
ASKED = ("question", "instruction", "prompt", "query", "request", "problem", "title", "subject")
CONTEXT = ("context", "input", "background", "passage", "document", "body", "details", "description")
TEXT = (
    *("text", "content", "body", "message", "document", "article", "passage", "post", "comment", "markdown", "code"),
    *("abstract", "story", "description"),
)
MESSAGES = ("messages", "conversations", "conversation", "dialogue", "dialog", "chat", "turns", "history")
TOOLS = ("tools", "functions")
CHOSEN = ("chosen", "chosen_response", "preferred", "accepted")
REJECTED = ("rejected", "rejected_response", "non_preferred", "dispreferred")
PROMPT = ("prompt", "question", "instruction", "query")
COMPLETION = ("completion", "response")
LABEL = (
    *("label", "kto_tag", "desirable", "thumbs_up", "thumbs", "thumb", "feedback", "vote", "verdict", "preferred"),
    *("is_good", "good", "liked", "like", "helpful", "is_helpful", "is_desirable", "accepted", "is_accepted"),
)
WEIGHT = ("importance", "weight", "upvotes", "votes", "score", "rating", "likes", "stars", "points", "helpful_votes")
WEIGHT_AS_IT_IS = ("importance", "weight")
KEY = ("id", "pk", "uuid", "guid", "key", "record_id", "row_id")
CREATED = (
    *("created_at", "created", "creation_date", "date_created", "posted_at", "published_at", "timestamp", "date"),
    *("updated_at", "modified_at", "last_modified", "time"),
)
METADATA = (
    *("source", "category", "tags", "product", "topic", "language", "lang", "locale", "country", "type", "kind"),
    *("status", "license", "domain", "dataset", "level", "difficulty", "version"),
)
_NO_TEXT = {"id", "at", "date", "url", "link", "count", "by", "author", "user", "name", "lang", "language", "type"}


def named(columns: Iterable[Column], names: Sequence[str]) -> Column | None:
    """The column with the first of these names that there is."""
    found: dict[str, Column] = {}
    for column in columns:
        found.setdefault(column.plain_name, column)
    return next((found[name] for name in names if name in found), None)


def called(columns: Sequence[Column], names: Sequence[str]) -> Column | None:
    """As `named`, else a column of texts whose name begins or ends with one of them: `question_text`."""
    return named(columns, names) or next(
        (
            column
            for name in names
            for column in columns
            if column.words and name in (column.words[0], column.words[-1]) and _holds_texts(column)
        ),
        None,
    )


def _holds_texts(column: Column) -> bool:
    return column.type == "string" and not column.dates and column.words[-1] not in _NO_TEXT
