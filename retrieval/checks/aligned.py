"""How far passages speak of what a question in another language asks, token by token.

Between languages no words are shared, but a token's state in a multilingual embedder lies near those of its translations
(Jalali Sabet et al. 2020, SimAlign): each token of the question is held against its nearest in a passage, as ColBERT does
(Khattab and Zaharia 2020), and function words count little.
"""

from collections.abc import Sequence

import numpy as np

from retrieval.checks.sentences import spans
from retrieval.search.embed import Embedder, TokenStates, Vectors
from retrieval.text.words import language, tokens

ALIGNED = (
    "aligned",  # mean cosine of the question's tokens with their nearest in the best passage
    "aligned_gap",  # by how much that beats the next passage's
    "aligned_mean",  # the same for the others, on average
    "aligned_first",  # the same for the passage that was found first
    "aligned_union",  # with the nearest in any of the passages
    "weakest",  # mean of the lowest quarter of cosines in the best passage
    "lift",  # by how much the best passage beats the others' mean, token by token
    "lift_most",  # the same for the three tokens where it does the most
    "spread",  # deviation of the cosines in the best passage
)
SENTENCES = (
    "said",  # as "aligned", of the one sentence that holds most of the question
    "said_gap",  # by how much that beats any sentence of the other passages
    "said_mean",  # the best of each other passage, on average
    "pooled",  # cosine of the mean of the question's tokens with that of the nearest sentence's
    "pooled_gap",  # and the same for it
    "pooled_mean",
)
"""Sentence by sentence: a passage that does not answer holds the question's words here and there, one that does at one place."""
FUNCTION = 0.1
"""Weight of a token in a function word. Of 0.1, 0.3 and 1 it refuses most at 15 % false (XQuAD, zh-en and en-zh)."""


def aligned(question: str, passages: Sequence[str], embedder: Embedder) -> dict[str, float]:
    """`ALIGNED` figures of two passages or more; a question of no token, or fewer passages, has none."""
    (asked,), found = embedder.tokens([question], question=True), embedder.tokens(passages)
    return compared(weights(question, asked.spans), asked, found)


def by_sentence(question: str, passages: Sequence[str], embedder: Embedder) -> dict[str, float]:
    """`ALIGNED` and `SENTENCES` figures, of the same passages; {} where `aligned` has none."""
    (asked,), found = embedder.tokens([question], question=True), embedder.tokens(passages)
    return said(weights(question, asked.spans), asked, found, [spans(text) for text in passages])


def said(
    weight: Sequence[float],
    asked: TokenStates,
    found: Sequence[TokenStates],
    cuts: Sequence[Sequence[tuple[int, int]]],
) -> dict[str, float]:
    """`cuts` are the sentences of each passage, in characters."""
    figures = compared(weight, asked, found)
    if not figures:
        return {}
    share = np.array(weight) / np.sum(weight)
    best = [_best(asked, share, one, cut) for one, cut in zip(found, cuts, strict=True)]
    values: list[float] = []
    for column in zip(*best, strict=True):
        first, *rest = sorted(column, reverse=True)
        values += [first, first - rest[0], sum(rest) / len(rest)]
    return figures | dict(zip(SENTENCES, values, strict=True))


def _best(asked: TokenStates, share: Vectors, one: TokenStates, cut: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """Of the sentences of a passage the greatest "said" and the greatest "pooled"; 0 where none has a token."""
    mean = _mean(asked.states)
    parts = [part for span in cut if len(part := _within(one, *span))]
    held = [float((asked.states @ part.T).max(1) @ share) for part in parts]
    return max(held, default=0.0), max((float(mean @ _mean(part)) for part in parts), default=0.0)


def _within(one: TokenStates, start: int, end: int) -> Vectors:
    """States of the tokens that touch characters `start` to `end`."""
    return one.states[[n for n, (a, b) in enumerate(one.spans) if a < end and b > start]]


def _mean(states: Vectors) -> Vectors:
    """Of length 1."""
    mean = states.mean(0)
    scaled: Vectors = mean / max(float(np.linalg.norm(mean)), 1e-9)
    return scaled


def weights(question: str, spans: Sequence[tuple[int, int]]) -> list[float]:
    """Of the question's tokens, given where each stands in it."""
    said = [(t.start, t.end) for t in tokens(question, language(question)) if not t.stop]
    return [1.0 if any(a < end and b > start for start, end in said) else FUNCTION for a, b in spans]


def compared(weight: Sequence[float], asked: TokenStates, found: Sequence[TokenStates]) -> dict[str, float]:
    if len(found) < 2 or not len(asked.states) or not all(len(one.states) for one in found):
        return {}
    nearest = np.stack([(asked.states @ one.states.T).max(1) for one in found])  # [passages, tokens]
    share = np.array(weight) / np.sum(weight)
    scores = nearest @ share
    best = int(scores.argmax())
    held, ranked = nearest[best], np.sort(scores)[::-1]
    lift = held - np.delete(nearest, best, 0).mean(0)
    values = (
        ranked[0],
        ranked[0] - ranked[1],
        ranked[1:].mean(),
        scores[0],
        nearest.max(0) @ share,
        np.sort(held)[: max(1, len(held) // 4)].mean(),
        lift @ share,
        np.sort(lift)[-3:].mean(),
        held.std(),
    )
    return {name: float(value) for name, value in zip(ALIGNED, values, strict=True)}
