"""Texts that are neither glad nor sorry: sentences of an encyclopedia and statements of every day, so that neutral is learnt.

`leaning.txt` says which words they may not hold: beginnings of English words that hint at liking or disliking, gladness or
sorrow, and behind the empty line whole words, all by judgement. Too many are no harm, there are enough texts without.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from finetune.data.split import digest

Record = Mapping[str, Any]

BEGINNINGS, WORDS = (
    tuple(part.split()) for part in Path(__file__).with_name("leaning.txt").read_text("utf-8").split("\n\n")
)
LEAST = 5  # words of a statement
LATIN, CHINESE = (30, 160), (10, 60)  # characters of a sentence that says something and can be read as one
_SENTENCE = re.compile(r"[^。！？]+[。！？]|[^.!?]+(?:\.(?=\d)[^.!?]+)*[.!?](?=\s|$)")


def facts(records: Iterable[Record]) -> Iterator[Record]:
    """{context} -> {text}: of each paragraph of an encyclopedia the sentence of the lowest hash among those of a good length
    without a leaning word."""
    for context in dict.fromkeys(str(record["context"]) for record in records):
        sentences = [one.strip() for one in _SENTENCE.findall(context)]
        if plain := [one for one in sentences if _fits(one) and not leans(one)]:
            yield {"text": min(plain, key=digest)}


def english(records: Iterable[Record]) -> Iterator[Record]:
    """{en, zh} -> {text}: the English of the pairs whose English is a statement."""
    yield from ({"text": str(record["en"])} for record in records if is_statement(str(record["en"])))


def chinese(records: Iterable[Record]) -> Iterator[Record]:
    """{en, zh} -> {text}: the Chinese of the pairs whose English is a statement."""
    yield from ({"text": str(record["zh"])} for record in records if is_statement(str(record["en"])))


def is_statement(text: str) -> bool:
    """Whether an English text ends with a full stop, has `LEAST` words and none that leans."""
    return text.endswith(".") and len(text.split()) >= LEAST and not leans(text)


def leans(text: str) -> bool:
    """Whether an English text holds a word that hints at a judgement or a feeling; no other language is looked at."""
    return any(word.startswith(BEGINNINGS) or word in WORDS for word in re.findall(r"[a-z']+", text.casefold()))


def _fits(sentence: str) -> bool:
    if any("\u4e00" <= char <= "\u9fff" for char in sentence):
        return CHINESE[0] <= len(sentence) <= CHINESE[1]
    return LATIN[0] <= len(sentence) <= LATIN[1] and sentence[0].isupper()
