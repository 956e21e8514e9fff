"""What a text says, as items that another text may say too."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from operator import attrgetter

from retrieval.checks.negation import negations
from retrieval.checks.numbers import Number, numbers
from retrieval.text.words import Token, is_dense, tokens

_ASKING = re.compile(
    "(?:是|叫|为|為)?(?:什么|什麼|甚麼|何种|何種|何时|何時|何地|何处|何處|何人|哪一?[个個位些种種年项項家座所]?|谁|誰|多少|几|幾|怎么样?|怎麼樣?|怎样|怎樣|如何|为何|為何)"
    "|なぜ|何[がをはでにの]|だれ|誰|どこ|いつ|どの|どんな|いくつ|いくら|อะไร|ใคร|ที่ไหน|เมื่อใด|เมื่อไร|อย่างไร|เท่าใด|เท่าไร|ทำไม|ใด|กี่"
)

_SEAM = re.compile(
    r",?\s+(?:and|but|while|whereas)\s+|;\s+|,\s+(?=which\b|who\b)|[，；](?:而|并且|並且|但是?|同时|同時)?",
    re.IGNORECASE,
)
_SUBJECT = re.compile(r"(?i:the|an?|all|every|each|some|no|those|these|anyone|everybody|whoever)\b|[A-Z\d]")
_NAMED_BEFORE = re.compile(r"[A-Za-z]{3,} \Z")
_DENSE_BESIDE = re.compile("[\u4e00-\u9fff]")
_PRONOUN = re.compile(r"(?:i|you|he|she|it|we|they)'(?:d|ll|m|re|ve)")
_WHOLE = frozenset(["到达", "到期", "到场"])  # words, of which one character is grammar elsewhere
_SIDE = 2  # content items that make a statement


@dataclass(frozen=True, slots=True)
class Item:
    """A content word, a name, a number or a pair of characters: `text[start:end]`. Items with one key say the same."""

    start: int
    end: int
    key: str
    kind: str  # "word", "name", "number", "pair", or "link": a pair of which one is grammar
    number: Number | None = None
    capital: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """Text read: its items in order, its negations as spans, its tokens and numbers in their own sentence's offsets."""

    text: str
    items: tuple[Item, ...]
    negations: tuple[tuple[int, int], ...]
    tokens: tuple[Token, ...]
    keys: frozenset[str]
    numbers: tuple[Number, ...]


@lru_cache(maxsize=512)
def read(text: str, language: str = "english") -> Statement:
    found = tokens(text, language)
    counted = numbers(text)
    denied = negations(text)
    taken = {place for start, end in (*denied, *((n.start, n.end) for n in counted)) for place in range(start, end)}
    free = [token for token in found if token.start not in taken and not _PRONOUN.fullmatch(token.form)]
    items = [Item(n.start, n.end, f"#{n.value:g}{n.unit}", "number", n) for n in counted]
    items += [_word(t, first=t is found[0]) for t in free if not (t.dense or t.stop) or _is_letter(t, text)]
    items += _pairs(free)
    return _statement(text, items, denied, found, counted)


def ask(question: str, language: str = "english") -> Statement:
    """As `read`, without the words that only ask: in scripts without spaces they would pair with their neighbours."""
    return read(_ASKING.sub(lambda match: " " * len(match.group()), question), language)


def join(parts: Sequence[Statement]) -> Statement:
    """Several statements as one, their texts joined by line ends."""
    items: list[Item] = []
    denied: list[tuple[int, int]] = []
    offset = 0
    for part in parts:
        items += [replace(item, start=item.start + offset, end=item.end + offset) for item in part.items]
        denied += [(start + offset, end + offset) for start, end in part.negations]
        offset += len(part.text) + 1
    text = "\n".join(part.text for part in parts)
    found = tuple(token for part in parts for token in part.tokens)
    return _statement(text, items, tuple(denied), found, tuple(n for part in parts for n in part.numbers))


def _statement(
    text: str,
    items: list[Item],
    denied: tuple[tuple[int, int], ...],
    found: tuple[Token, ...],
    counted: tuple[Number, ...],
) -> Statement:
    ordered = tuple(sorted(items, key=attrgetter("start", "end")))
    return Statement(text, ordered, denied, found, frozenset(item.key for item in ordered), counted)


def _word(token: Token, first: bool) -> Item:
    kind = "name" if token.capital and not first else "word"
    return Item(token.start, token.end, token.stem, kind, capital=token.capital)


def _is_letter(token: Token, text: str) -> bool:
    """Whether it is a letter that names one of several: "Compound A melts at 118 degrees", A栋."""
    lone = token.capital and token.end - token.start == 1
    beside = _DENSE_BESIDE.match(text, token.end) is not None
    return lone and (beside or (token.form != "i" and _NAMED_BEFORE.search(text, 0, token.start) is not None))


def _pairs(found: list[Token]) -> list[Item]:
    pairs = []
    for left, right in pairwise(found):
        if (
            left.dense
            and right.dense
            and left.run == right.run
            and left.end == right.start
            and not (left.stop and right.stop)
        ):
            kind = "link" if (left.stop or right.stop) and left.form + right.form not in _WHOLE else "pair"
            pairs.append(Item(left.start, right.end, left.form + right.form, kind))
    return pairs


def halves(text: str) -> list[tuple[str, str, bool]]:
    """The ways in which a sentence may be two that were joined, and whether the second one names what it speaks of."""
    cuts = [(text[: m.start()], text[m.end() :]) for m in _SEAM.finditer(text)]
    return [
        (one, other, bool(_SUBJECT.match(other)) or is_dense(other))
        for one, other in cuts
        if min(len(read(one).items), len(read(other).items)) >= _SIDE
    ]
