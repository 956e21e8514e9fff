"""Summaries in a text's own sentences: those that share most words with the rest of it, about a third of it, in its order.

A rule, so nobody's judgement of what matters; what is learnt from them is to keep to the text and to its language.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from finetune.evaluate.summarize import asked
from retrieval.text.sentences import sentences
from retrieval.text.words import is_dense, language, tokens

Record = Mapping[str, Any]

LEAST, MOST = 4, 12  # sentences of a paragraph that has something to leave out and can be read at once
PART = 3  # of so many words of the text one is kept, at most
LEAD = 1.3  # times what the first sentence shares: it says what the rest is about
CHARACTERS = 2  # of Chinese count as a word, as the summary task counts them


def extracted(records: Iterable[Record]) -> Iterator[Record]:
    """{context} -> {document, summary, words, characters}: every paragraph once."""
    for text in dict.fromkeys(str(record["context"]).strip() for record in records):
        spans = [text[start:end].strip() for start, end in sentences(text)]
        if LEAST <= len(spans) <= MOST and (kept := _kept(spans, text)):
            summary = ("" if is_dense(text) else " ").join(kept)
            words = asked(_size(summary))
            yield {"document": text, "summary": summary, "words": str(words), "characters": str(CHARACTERS * words)}


def _kept(spans: list[str], text: str) -> list[str]:
    """The sentences, in the order of the text; none where the best alone is longer than a third."""
    spoken = language(text)
    terms = [{token.stem for token in tokens(one, spoken) if not token.stop} for one in spans]
    counts = Counter(term for one in terms for term in one)
    shared = [sum(counts[term] > 1 for term in one) / len(one) ** 0.5 if one else 0.0 for one in terms]
    shared[0] *= LEAD
    left, taken = _size(text) / PART, set[int]()
    for at in sorted(range(len(spans)), key=lambda at: -shared[at]):
        if _size(spans[at]) <= left:
            taken.add(at)
            left -= _size(spans[at])
    return [spans[at] for at in sorted(taken)]


def _size(text: str) -> int:
    return len("".join(text.split())) // CHARACTERS if is_dense(text) else len(text.split())
