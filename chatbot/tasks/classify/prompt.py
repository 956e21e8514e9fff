"""The prompt of the sentiment task: the labels, then the text as data; the model's answer is a label's name.

The labels come first and the text last, so that everything before the text is read once for any number of texts.
"""

from collections.abc import Sequence

from chatbot.tasks.answer.prompt import defused
from chatbot.tasks.classify.labels import SENTIMENT, Label
from chatbot.types import Message

SYSTEM = "Choose the label that fits the text."


# Shown to a model without an adapter, for `SENTIMENT` alone. With them the bundled model told 83 % of the pairs of a positive
# and a negative sentence of SST-2's training file apart, without 70 %; with twice as many 77 %; with the question behind the
# text, or "Text:" and "Label:" around them, no more.
EXAMPLES = (
    ("I love it, best purchase this year", "positive"),
    ("the food was cold and the waiter rude", "negative"),
    ("the shop opens at nine", "neutral"),
    ("a dull film with a silly plot", "negative"),
    ("funny , moving and beautifully acted", "positive"),
    ("it is a story about two brothers", "neutral"),
)


LETTERS = "ABCDEFGHIJKLMNOPQRST"
BY_LETTER = "Answer with its letter."


def messages(
    text: str, labels: Sequence[Label], shown: Sequence[tuple[str, str]] = (), *, letters: bool = False
) -> list[Message]:
    """What is sent; adapters for this task are trained on it. `shown` are examples, (text, label's name). `letters` stand for
    names that the model cannot be scored on.
    """
    turns = [turn for example, label in shown for turn in (Message("user", example), Message("assistant", label))]
    return [
        Message("system", f"{SYSTEM} {BY_LETTER}\n{_lettered(labels)}" if letters else f"{SYSTEM}\n{_listed(labels)}"),
        *turns,
        Message("user", defused(text)),
    ]


def examples(labels: Sequence[Label], adapter: str | None) -> Sequence[tuple[str, str]]:
    """What a model is shown that was not trained for these labels."""
    return EXAMPLES if adapter is None and tuple(labels) == SENTIMENT else ()


def continuations(labels: Sequence[Label], *, letters: bool = False) -> list[str]:
    """What the model's answer is held against, one for each label."""
    return list(LETTERS[: len(labels)]) if letters else [label.name for label in labels]


def _lettered(labels: Sequence[Label]) -> str:
    named = (f"{label.name}: {label.description}" if label.description else label.name for label in labels)
    return "\n".join(f"{letter}: {defused(line)}" for letter, line in zip(LETTERS, named, strict=False))


def _listed(labels: Sequence[Label]) -> str:
    """The names on one line; one to a line where any has a description."""
    if not any(label.description for label in labels):
        return "Labels: " + ", ".join(defused(label.name) for label in labels)
    lines = (f"{label.name}: {label.description}" if label.description else label.name for label in labels)
    return "\n".join(["Labels:", *(f"- {defused(line)}" for line in lines)])
