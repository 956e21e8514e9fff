"""A question that leans on the one before it -> a question that stands for itself."""

import re
from collections.abc import Sequence

from chatbot.types import Message
from retrieval.checks.claims import Item, read
from retrieval.text.words import is_dense, language

_PRONOUN = re.compile(
    r"\b(?:he|she|it|its|they|him|her|his|hers|them|their|theirs|former|latter|(?:this|that|these|those)(?= (?:one|ones|year|person|period|time)\b|\W*$)"
    r"|(?:is|are|was|were|does|do|did|of|for|about|from|with) (?:this|that|these|those)\b(?! \w+))"
    r"|[他她它](?!们?人)|其中|那里|那裡|那个|那個|这个(?!\w{2})|這個(?!\w{2})|那段|这段|那时|当时|那次|这次(?!会议)|それ|その|彼|これ|この|그것|그는|그의|그녀",
    re.IGNORECASE,
)
_ELLIPSIS = re.compile(
    r"^\W*(?:and|but|so|or)\b(?!.*\b(?:who|what|when|where|which|how|is|are|was|were|do|does|did)\b.*\b\w+\b.*\b\w{3,}\b)"
    r"|\b(?:what|how) about\b|^\W*(?:why|when|where|who|how|which one|how so|since when|what else|anything else)\W*$"
    r"|^\W*(?:那|那么|那麼)?[^？?，。]{1,12}呢\W*$|^\W*(?:那|那么|那麼|还有|還有)|为什么呢|為什麼呢",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\b(?:who|what|when|where|which|why|how|whose)\b.*\b(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|must|may|should|\w+s|\w+ed)\b"
    r"|\b(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|must|may|should)\b.*\w|^\W*(?:list|name|summari[sz]e|show|give|tell|explain|compare)\b",
    re.IGNORECASE,
)
"""A question with a verb is whole, however short: "What is AutoGen?"."""
_LEADING = re.compile(
    r"^\W*(?:(?:and|but|so|or|what about|how about)\b|那么|那麼|那|还有|還有)\s*|呢(?=\W*$)|[?？。]+\W*$", re.IGNORECASE
)
_ENOUGH = 2.0  # content words that a question without a verb must have; a pair of characters counts half
_WORDS = 12  # content items of the turns before that are added at most
_WEIGHTS = {"pair": 0.5, "link": 0.0}  # two characters of a script without spaces; a link holds a function character


def standalone(question: str, history: Sequence[Message]) -> str:
    """The question itself; with the subject of the turns before where it has a pronoun; the question before with another
    subject where it is hardly more than that ("and in 2022?").

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
    """Whether the question cannot be understood alone: by its pronouns, or because it lacks a verb or words of its own."""
    if _ELLIPSIS.search(question) or _refers(question):
        return True
    weight = sum(_WEIGHTS.get(item.kind, 1.0) for item in _items(question))
    return weight == 0 or (weight < _ENOUGH and not is_dense(question) and not _ASKS.search(question))


def _refers(question: str) -> bool:
    """A pronoun, unless what it stands for is named before it: "When did Apple say that it would pay?"."""
    found = _PRONOUN.search(question)
    if not found:
        return False
    return not any(item.capital and item.kind == "name" for item in _items(question[: found.start()]))


def _completed(question: str, before: str, names: Sequence[str]) -> str:
    if not before or not leans(question):
        return question
    if whole := _exchanged(question, before) or _named(question, before):
        return whole
    known = {item.key for item in _items(question)}
    words = [word for word in (*_words(before, without=known), *names) if word.casefold() not in question.casefold()]
    return " ".join([question, *dict.fromkeys(words)][: _WORDS + 1])


def _exchanged(question: str, before: str) -> str:
    """The question before, with what this one names in the place of the same kind: "and in 2022?", "那污水处理厂呢？"."""
    if not _ELLIPSIS.search(question) or _PRONOUN.search(question):
        return ""
    new = _LEADING.sub("", question).strip()
    fresh, old = _items(new), _items(before)
    if not fresh:
        return ""
    if is_dense(before):
        return _in_place(new, before)
    places = [item for item in old if _kind(item) == _kind(fresh[-1])]
    if not places:
        return ""
    first, last = _run(places)
    bare = new[fresh[0].start : fresh[-1].end]
    return before[: first.start] + bare + before[last.end :]


def _named(question: str, before: str) -> str:
    """With the subject of the question before for its pronoun, where there is one and it is not a person that was asked for."""
    before = re.split("[?？]", before, maxsplit=1)[0]  # what was added to it stands behind
    if is_dense(question):
        subject = None if re.search("谁|誰|哪位", before) else _SUBJECT.search(before)
        pronoun = re.search(r"[他她它](?!们|人)", question)
        known = subject.group() if subject and not subject.group()[0].isdigit() else ""
    else:
        names = [item for item in _items(before) if item.kind == "name"]
        first, last = _run(names) if names else (None, None)
        pronoun = re.search(r"\b(?:it|its)\b", question, re.IGNORECASE)
        known = before[first.start : last.end] if first and last and first is names[0] else ""
    if not pronoun or not known or len(_PRONOUN.findall(question)) > 1:
        return ""
    ending = "'s" if pronoun.group().lower() == "its" else ""
    return question[: pronoun.start()] + known + ending + question[pronoun.end() :]


def _run(places: Sequence[Item]) -> tuple[Item, Item]:
    """The last of them, with those right before it: "Cinder Bridge" is one name."""
    first = last = places[-1]
    for item in reversed(places[:-1]):
        if first.start - item.end > 1:
            break
        first = item
    return first, last


def _kind(item: Item) -> str:
    return "number" if item.number else "name" if item.capital else "word"


_SUBJECT = re.compile(r"^[^\W\d_]+?(?=的|由|是|在|有|从|被|叫|什么|多少|几|哪|何|怎|谁)|\d{2,4}年")


def _in_place(new: str, before: str) -> str:
    """In Chinese what stands before 的, 由 or the words that ask is the subject; a year takes the place of a year."""
    year = re.search(r"\d{2,4}年", new)
    place = re.search(r"\d{2,4}年", before) if year else _SUBJECT.search(before)
    return before[: place.start()] + (year.group() if year else new) + before[place.end() :] if place else ""


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
