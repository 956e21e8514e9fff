"""A text cut down to what a question is about: its nearest passages, in their order and under their headings."""

from collections.abc import Sequence
from dataclasses import replace
from math import isqrt

import numpy as np

from chatbot.tasks.summarize.rank import Floats, Space
from chatbot.tasks.summarize.sections import words
from chatbot.tasks.summarize.text import Section, Text
from retrieval.checks.verify import Similarity

LONGEST = 300  # characters of a question
LEAST = 2  # passages that are kept; of more than a few one more than the root of their number


def focused(text: Text, question: str, similarity: Similarity | None) -> tuple[Text, bool]:
    """(the text without what is far from the question; whether a word of it stands there)"""
    bodies = [passage.text for passage in text.passages]
    space = Space(bodies)
    lexical = np.asarray((space.rows @ space.vectors([question]).T).todense(), np.float32)[:, 0]
    scores = _ranks(lexical)
    if similarity is not None:
        scores = scores + _ranks(np.asarray(similarity(question, bodies), np.float32))
    most = max(LEAST, 1 + isqrt(len(bodies)))
    kept = {text.passages[at].position for at in np.argsort(-scores, kind="stable")[:most]}
    return _only(text, kept), bool(lexical.max(initial=0) > 0)


def _ranks(scores: Floats) -> Floats:
    """Reciprocal ranks (Cormack et al. 2009), so that cosines of two kinds can be added."""
    order = np.argsort(-scores, kind="stable")
    found = np.zeros(len(scores), np.float32)
    found[order] = 1 / (60 + np.arange(len(scores)))
    return np.where(scores > 0, found, np.float32(0))


def _only(text: Text, kept: set[int]) -> Text:
    sections: Sequence[Section] = [
        replace(one, passages=tuple(p for p in one.passages if p.position in kept)) for one in text.sections
    ]
    sections = [one for one in sections if one.passages]
    passages = tuple(passage for one in sections for passage in one.passages)
    size = sum(words(passage.text) for passage in passages)
    return replace(text, passages=passages, sections=tuple(sections), words=size)
