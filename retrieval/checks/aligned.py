"""How far passages speak of what a question in another language asks, token by token.

Between languages no words are shared, but a token's state in a multilingual embedder lies near those of its translations
(Jalali Sabet et al. 2020, SimAlign): each token of the question is held against its nearest in a passage, as ColBERT does
(Khattab and Zaharia 2020), and function words count little.
"""

from collections.abc import Sequence

import numpy as np

from retrieval.search.embed import Embedder, TokenStates
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
FUNCTION = 0.1
"""Weight of a token in a function word. Of 0.1, 0.3 and 1 it refuses most at 15 % false (XQuAD, zh-en and en-zh)."""


def aligned(question: str, passages: Sequence[str], embedder: Embedder) -> dict[str, float]:
    """`ALIGNED` figures of two passages or more; a question of no token, or fewer passages, has none."""
    (asked,), found = embedder.tokens([question], question=True), embedder.tokens(passages)
    return compared(weights(question, asked.spans), asked, found)


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
