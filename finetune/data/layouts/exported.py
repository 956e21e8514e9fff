"""Conversations as the chat services export them, as messages. ChatGPT's are trees, whose branches are answers that were asked anew."""

from collections.abc import Mapping
from typing import Any

from finetune.data.layouts.names import is_missing

_SPOKEN = ("user", "assistant", "system")


def is_tree(values: Mapping[str, object]) -> bool:
    """Whether the row is one of ChatGPT's `conversations.json`."""
    nodes = values.get("mapping")
    return isinstance(nodes, dict) and any(isinstance(node, dict) and "parent" in node for node in nodes.values())


def messages(values: Mapping[str, object]) -> list[dict[str, object]]:
    """The branch that was shown last, without what tools and the service itself have said."""
    nodes: Any = values["mapping"]
    at = values.get("current_node")
    if at not in nodes:
        at = next(
            (name for name, node in reversed(nodes.items()) if isinstance(node, dict) and not node.get("children")),
            None,
        )
    found: list[dict[str, object]] = []
    seen = set[object]()
    while isinstance(node := nodes.get(at), dict) and at not in seen:
        seen.add(at)
        found += _message(node.get("message"))
        at = node.get("parent")
    return found[::-1]


def _message(message: Any) -> list[dict[str, object]]:
    if not isinstance(message, dict) or not isinstance(content := message.get("content"), dict):
        return []
    role = (message.get("author") or {}).get("role")
    parts = content.get("parts", content.get("text"))
    texts = [part for part in parts if part != ""] if isinstance(parts, list) else parts
    hidden = content.get("content_type") not in (None, "text", "multimodal_text")  # thoughts, code that it ran
    return [] if role not in _SPOKEN or hidden or is_missing(texts) or not texts else [{"role": role, "content": texts}]
