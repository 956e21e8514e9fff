"""Pairs of sentences as a translation task meets them: news without its broken lines, and texts with tags and placeholders.

`told` is what the prompt of the translate task says more about a text with such marks; a test holds the two together.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from finetune.data.split import digest

Record = Mapping[str, Any]

TAGS = "\nKeep every tag such as <1>, </1> or <2/> around the same words."
COPY = "\nCopy unchanged: {}"
WORDS = (8, 24)  # of an English sentence of news: shorter ones are often torn out of another, longer ones cost the most
RATIO = (1.0, 2.2)  # Chinese characters for an English word: beyond, one side says something else
_ENDS = {"en": tuple('.!?."”'), "zh": tuple("。！？”")}
_SHARED = re.compile(r"(?<![\w'’.,])(?:[A-Z][a-z]{2,}|\d+)(?![\w'’]|[.,]\d)")


def news(records: Iterable[Record]) -> Iterator[Record]:
    """The pairs of whole sentences: torn lines and translations of something else are in such collections, too."""
    for record in records:
        words = len(record["en"].split())
        chinese = len(record.get("zh", "")) / words if "zh" in record else RATIO[0]
        whole = all(str(text).rstrip().endswith(_ENDS.get(code, _ENDS["en"])) for code, text in record.items())
        if whole and WORDS[0] <= words <= WORDS[1] and RATIO[0] <= chinese <= RATIO[1]:
            yield record


def marked(records: Iterable[Record]) -> Iterator[Record]:
    """{en, other} -> {en, other, told}: each pair with one mark on both sides, at a place that is sure to be the same: around
    all of it, behind it, or where both have the same name or number."""
    for record in records:
        (a, english), (b, other) = record.items()
        kind = _KINDS[digest(english) % len(_KINDS)]
        if found := kind(english, other):
            yield {a: found[0], b: found[1], "told": found[2]}


Marked = tuple[str, str, str] | None


def _around(a: str, b: str) -> Marked:
    return f"<1>{a}</1>", f"<1>{b}</1>", TAGS


def _behind(a: str, b: str) -> Marked:
    return f"{a}<1/>", f"{b}<1/>", TAGS


def _tagged(a: str, b: str) -> Marked:
    return (*_put("<1>{}</1>", word, a, b), TAGS) if (word := _shared(a, b)) else None


def _placeholder(a: str, b: str) -> Marked:
    name = "{count}" if (word := _shared(a, b)).isdigit() else "{name}"
    return (*(text.replace(word, name) for text in (a, b)), COPY.format(name)) if word else None  # type: ignore[return-value]


_KINDS: tuple[Callable[[str, str], Marked], ...] = (_around, _behind, _tagged, _tagged, _placeholder, _placeholder)
"""Each as often; words that both sides share are rarer than texts to put a tag around."""


def _put(form: str, word: str, a: str, b: str) -> tuple[str, str]:
    return a.replace(word, form.format(word)), b.replace(word, form.format(word))


def _shared(a: str, b: str) -> str:
    """A name or number that stands once in both, nowhere else in either; "" if there is none."""
    both = set(_SHARED.findall(a)) & set(_SHARED.findall(b))
    return min((word for word in both if a.count(word) == 1 == b.count(word)), default="", key=digest)
