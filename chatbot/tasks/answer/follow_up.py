"""A question that leans on the one before it -> the question to search for."""

import re
from collections.abc import Sequence

from chatbot.types import Message
from retrieval.checks.claims import Item, read
from retrieval.text.words import is_dense, language

_LEANS = re.compile(
    r"\b(?:he|she|it|its|they|him|her|his|hers|them|their|theirs|this|that|these|those|there|then|one|ones|former|latter)\b"
    r"|\b(?:what|how) about\b|^(?:and|but|so|or|why|when|where|who|how)\W*$|^(?:and|but|so)\b"
    r"|[他她它]|其中|那么|那麼|那里|那裡|那个|那個|这个|這個|这些|這些|那些|为什么呢|為什麼呢|それ|その|彼|これ|この|그것|그는|그의|그녀",
    re.IGNORECASE,
)
_ENOUGH = 2.0  # content words a question must have to stand alone; a pair of characters counts half
_WORDS = 12  # content items of the turns before that are added at most
_WEIGHTS = {"pair": 0.5, "link": 0.0}  # two characters of a script without spaces; a link holds a function character


def standalone(question: str, history: Sequence[Message]) -> str:
    """The question itself, or with the content words of the turns before when it has a pronoun or hardly a word of its own.

    Of an answer only the names count, since the rest may be wrong. History holds the turns before, oldest first.
    """
    asked = ""
    names: list[str] = []
    for message in history:
        if message.role == "user":
            asked = _completed(message.content, asked, names)
            names = []
        elif message.role == "assistant":
            names = _words(message.content, names=True)
    return _completed(question, asked, names)


def leans(question: str) -> bool:
    """Whether the question cannot be understood alone: by its pronouns, or because it has too few content words."""
    weight = sum(_WEIGHTS.get(item.kind, 1.0) for item in _items(question))
    return weight < _ENOUGH or _LEANS.search(question) is not None


def _completed(question: str, before: str, names: Sequence[str]) -> str:
    if not before or not leans(question):
        return question
    known = {item.key for item in _items(question)}
    words = [word for word in (*_words(before, without=known), *names) if word.casefold() not in question.casefold()]
    return " ".join([question, *dict.fromkeys(words)][: _WORDS + 1])


def _words(text: str, *, names: bool = False, without: set[str] | frozenset[str] = frozenset()) -> list[str]:
    """The content words of `text` as they stand; overlapping pairs of characters come as one run."""
    spans: list[tuple[int, int]] = []
    for item in _items(text):
        if item.key in without or (names and not item.capital):
            continue
        if spans and item.kind in _WEIGHTS and item.start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], item.end)
        else:
            spans.append((item.start, item.end))
    return [text[start:end] for start, end in spans]


def _items(text: str) -> tuple[Item, ...]:
    return read(text, "english" if is_dense(text) else language(text)).items
