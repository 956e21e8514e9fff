"""Conversations as files."""

import json

from chatbot.export import as_file
from chatbot.store.values import Conversation, Turn
from chatbot.types import Message

TALK = Conversation(
    "id",
    "Tea / 茶: ../../x",
    "Be brief.",
    "poet",
    0.0,
    1.0,
    (Turn(1, Message("user", "你好")), Turn(2, Message("assistant", "*Hi*"))),
)


def test_names_are_never_paths() -> None:
    for kind in ("md", "json"):
        name = as_file(TALK, kind)["name"]
        assert "/" not in name
        assert ".." not in name
        assert name.endswith(f".{kind}")
    assert as_file(Conversation("i", "///", "", None, 0, 0, ()), "md")["name"] == "conversation.md"


def test_json_is_what_fine_tuning_reads() -> None:
    record = json.loads(as_file(TALK, "json")["text"])
    assert record["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "你好"},
        {"role": "assistant", "content": "*Hi*"},
    ]
    assert record["created"] == "1970-01-01T00:00:00+00:00"


def test_markdown_holds_every_turn() -> None:
    text = as_file(TALK, "md")["text"]
    assert text.startswith("# Tea / 茶")
    assert text.index("你好") < text.index("*Hi*")
