"""A conversation as a file that other programs and people read."""

import json
import re
from datetime import UTC, datetime

from chatbot.store.values import Conversation


def as_file(conversation: Conversation, kind: str) -> dict[str, str]:
    """{"name", "type", "text"} of the conversation; `kind` is "md" or "json"."""
    name = re.sub(r"[^\w\- ]+", "", conversation.title).strip()[:60] or "conversation"
    if kind == "json":
        return {"name": f"{name}.json", "type": "application/json", "text": as_json(conversation)}
    return {"name": f"{name}.md", "type": "text/markdown", "text": as_markdown(conversation)}


def as_json(conversation: Conversation) -> str:
    """The conversation in the `messages` form that fine-tuning reads, with its title and times (ISO 8601, UTC)."""
    system = [{"role": "system", "content": conversation.system_prompt}] if conversation.system_prompt else []
    record = {
        "title": conversation.title,
        "created": _iso(conversation.created),
        "updated": _iso(conversation.updated),
        "adapter": conversation.adapter,
        "messages": [*system, *({"role": m.role, "content": m.content} for m in conversation.messages)],
    }
    return json.dumps(record, ensure_ascii=False, indent=2)


def as_markdown(conversation: Conversation) -> str:
    head = [f"# {conversation.title}", f"*{_iso(conversation.created)}*"]
    if conversation.system_prompt:
        head.append("**System prompt**\n\n" + conversation.system_prompt)
    turns = [f"## {'You' if m.role == 'user' else 'Assistant'}\n\n{m.content}" for m in conversation.messages]
    return "\n\n".join([*head, *turns]) + "\n"


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
