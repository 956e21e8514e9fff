"""Conversations as services and public collections write them down, as messages. ChatGPT's and OpenAssistant's are trees, whose branches are
other answers; MOSS's have a field for each turn, UltraChat's are texts that alternate."""

import re
from collections.abc import Mapping
from typing import Any

from finetune.data.layouts.names import is_missing
from finetune.data.layouts.parts import Unusable

_SPOKEN = ("user", "assistant", "system")
_TURN = re.compile(r"turn_(\d+)")  # of MOSS
_MARKS = re.compile(r"^\s*<\|[^|<>]*\|>:?\s*|\s*<eo[a-z]>\s*$")  # of MOSS: <|Human|>: ... <eoh>
DEEPEST = 200  # turns of a branch


def is_known(values: Mapping[str, object]) -> bool:
    """Whether the row is one of ChatGPT's `conversations.json`, of OpenAssistant's trees, of MOSS or of UltraChat."""
    return (
        _is_tree(values)
        or _is_asked(values.get("prompt"))
        or _is_numbered(values.get("chat"))
        or _is_alternating(values)
    )


def messages(values: Mapping[str, object]) -> list[Any]:
    """Of a tree the branch that was shown last or is ranked best, without what tools and the service itself have said. Raises `Unusable`."""
    if _is_tree(values):
        return _shown(values)
    if _is_asked(values.get("prompt")):
        return _best(values["prompt"])
    return _numbered(values) if "chat" in values else [*_texts(values)]


def _is_tree(values: Mapping[str, object]) -> bool:
    nodes = values.get("mapping")
    return isinstance(nodes, dict) and any(isinstance(node, dict) and "parent" in node for node in nodes.values())


def _is_asked(prompt: object) -> bool:
    return isinstance(prompt, dict) and "text" in prompt and isinstance(prompt.get("replies"), list)


def _is_numbered(chat: object) -> bool:
    return isinstance(chat, dict) and bool(chat) and all(_TURN.fullmatch(str(name)) for name in chat)


def _is_alternating(values: Mapping[str, object]) -> bool:
    """Nothing but a name beside the texts: elsewhere `data` may be anything."""
    texts = _texts(values)
    return (
        values.keys() <= {"id", "data"}
        and len(texts) > 1
        and not len(texts) % 2
        and all(isinstance(one, str) for one in texts)
    )


def _texts(values: Mapping[str, object]) -> list[object]:
    texts = values.get("data")
    return texts if isinstance(texts, list) else []


def _best(prompt: Any) -> list[dict[str, object]]:
    """From the question along the replies that people ranked first."""
    found: list[dict[str, object]] = []
    at = prompt
    while isinstance(at, dict) and len(found) < DEEPEST:
        found.append({"role": at.get("role", "user"), "content": at.get("text")})
        replies = [one for one in at.get("replies") or [] if isinstance(one, dict) and not one.get("deleted")]
        at = min(replies, key=_rank, default=None)
    return found


def _rank(reply: Mapping[str, object]) -> float:
    rank = reply.get("rank")
    return float(rank) if isinstance(rank, int | float) else float("inf")


def _numbered(values: Mapping[str, object]) -> list[dict[str, object]]:
    chat: Any = values["chat"]
    found: list[dict[str, object]] = []
    for name in sorted(chat, key=lambda name: int(name.removeprefix("turn_"))):
        turn = chat[name]
        if not isinstance(turn, dict) or not {"Human", "MOSS"} <= turn.keys():
            raise Unusable("not_turns", f"{name} must hold what Human and MOSS say.")
        if _MARKS.sub("", str(turn.get("Commands") or "none")).strip().lower() != "none":
            raise Unusable("not_turns", f"{name} calls tools in a form of MOSS's own, which is not read.")
        for role, whose in (("user", "Human"), ("assistant", "MOSS")):
            found.append({"role": role, "content": _MARKS.sub("", str(turn[whose]))})
    return found


def _shown(values: Mapping[str, object]) -> list[dict[str, object]]:
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
