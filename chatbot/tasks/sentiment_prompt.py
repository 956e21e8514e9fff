"""The prompt of the sentiment task: the labels, then the text as data; the model's answer is a label's name.

The labels come first and the text last, so that everything before the text is read once for any number of texts.
"""

from collections.abc import Sequence

from chatbot.tasks.answer_prompt import defused
from chatbot.tasks.sentiment_labels import Label
from chatbot.types import Message

SYSTEM = "Choose the label that fits the text."


def messages(text: str, labels: Sequence[Label]) -> list[Message]:
    """What is sent; adapters for this task are trained on it."""
    return [Message("system", f"{SYSTEM}\n{_listed(labels)}"), Message("user", defused(text))]


def continuations(labels: Sequence[Label]) -> list[str]:
    """What the model's answer is held against, one for each label."""
    return [label.name for label in labels]


def _listed(labels: Sequence[Label]) -> str:
    """The names on one line; one to a line where any has a description."""
    if not any(label.description for label in labels):
        return "Labels: " + ", ".join(defused(label.name) for label in labels)
    lines = (f"{label.name}: {label.description}" if label.description else label.name for label in labels)
    return "\n".join(["Labels:", *(f"- {defused(line)}" for line in lines)])
