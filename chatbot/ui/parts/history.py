"""The history that programs send."""

from chatbot.common.errors import InputError
from chatbot.tasks import chat as chat_task
from chatbot.types import Message, Role


def turns_of(history: list[dict[str, str]]) -> list[Message]:
    """An API client's history as messages. Raises `InputError` for unknown fields, roles and empty turns."""
    turns: list[Message] = []
    for number, turn in enumerate(history, 1):
        if not isinstance(turn, dict) or set(turn) != {"role", "content"} or turn["role"] not in ("user", "assistant"):
            raise InputError(
                f"Turn {number} of the history must be {{'role': 'user' or 'assistant', 'content': text}} and nothing else.",
                kind="bad_history",
                number=number,
            )
        role: Role = "user" if turn["role"] == "user" else "assistant"
        turns.append(Message(role, chat_task.clean(str(turn["content"]))))
    return turns
