"""Two rankings -> one: the mean of both halves, each brought to [0, 1] by its least and its greatest (min-max).

A convex combination rather than reciprocal ranks, after Bruch, Gai and Ingber (2023). A bad half would drag a good one down:
the dense half counts only for languages that its embedder knows, the words only as far as the passages hold those of the
question. Between languages they hold next to none, and BM25 ranks by chance.
"""

import unicodedata
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from chatbot.common.languages import guesses
from retrieval.text.words import of_another

Scores = npt.NDArray[np.float32]

REACHED = 0.3
"""Where the best passage has this share of what BM25 could give, the words count in full. Questions of XQuAD on paragraphs in
their language reach 0.29 to 0.41 in the middle, others 0 to 0.11; from 0.2 to 0.4 no nDCG@10 in one language moves by 0.2."""

FARTHER = 0.05
"""Cosine by which a passage in another language is farther from a question than in its own: on XQuAD the mean over all
passages is 0.04 (English, Russian), 0.05 (Arabic) and 0.09 (Chinese). With half of the articles in English and half in
another language, nDCG@10 of Chinese questions on the English half is 58 (without: 4), of English ones on the Chinese half 86
(15), of Arabic ones on the English half 83 (18); in their own half 97.2 (97.0), 97.2 (97.8) and 94.1 (96.8)."""

SCRIPTS: dict[str, frozenset[str]] = {
    "CJK": frozenset({"zh", "ja"}),
    "HIRAGANA": frozenset({"ja"}),
    "KATAKANA": frozenset({"ja"}),
    "HANGUL": frozenset({"ko"}),
    "GREEK": frozenset({"el"}),
    "CYRILLIC": frozenset({"ru", "uk", "bg", "sr", "mk", "be", "kk", "mn"}),
    "ARABIC": frozenset({"ar", "fa", "ur"}),
    "HEBREW": frozenset({"he"}),
    "THAI": frozenset({"th"}),
    "DEVANAGARI": frozenset({"hi", "mr", "ne"}),
    "BENGALI": frozenset({"bn"}),
    "TAMIL": frozenset({"ta"}),
    "TELUGU": frozenset({"te"}),
    "GEORGIAN": frozenset({"ka"}),
    "ARMENIAN": frozenset({"hy"}),
}
"""The languages written in a script, by the first word of its characters' Unicode names. Latin is told by langdetect."""

SHORT = 40
"""Letters below which langdetect's word alone does not count: of SQuAD's English questions it calls 2 to 17 % foreign there
("Who died in 1865?", "What is Kubernetes?"), at most 1 % from there on."""
TRIALS = 3
"""Of langdetect, which takes seven: of XQuAD's questions in six languages that share letters, the same 99.8 % are told in less
than half of the time."""


def fuse(lexical: Scores, dense: Scores, ceiling: float, foreign: npt.NDArray[np.bool_]) -> Scores:
    """One score in [0, 1] for each candidate, given both of its scores and the one that BM25 cannot reach.

    Beside passages in the question's script those in another (`foreign`) share no words with it and lie farther off. They
    are moved nearer, and their words taken to be worth what their vectors are.
    """
    reached = float(lexical.max(initial=0)) / ceiling if ceiling > 0 else 0.0
    weight = np.float32(min(1.0, reached / REACHED))
    near = _spread(np.where(foreign, dense + np.float32(FARTHER), dense))
    return (weight * np.where(foreign, near, _spread(lexical)) + near) / (1 + weight)


def _spread(scores: Scores) -> Scores:
    """A half that tells no candidates apart says nothing."""
    if not len(scores) or scores.max() == scores.min():
        return np.zeros_like(scores)
    spread: Scores = (scores - scores.min()) / (scores.max() - scores.min())
    return spread


def knows(languages: frozenset[str] | None, question: str) -> bool:
    """Whether an embedder of these languages (None: all) is to be asked. In doubt, the likelier answer."""
    if languages is None:
        return True
    letters = [unicodedata.name(c, "").split(" ", 1)[0] for c in question if c.isalpha()]
    foreign = {letter for letter in letters if letter in SCRIPTS}
    if foreign and 2 * sum(letter in foreign for letter in letters) > len(letters):
        return any(SCRIPTS[script] & languages for script in foreign)
    if _likelihood(languages, question) >= 0.5:
        return True
    return len(letters) < SHORT and not of_another(question, languages)


@lru_cache(maxsize=256)  # a question is asked about by the search, the model's choice and the checks
def _likelihood(languages: frozenset[str], text: str) -> float:
    found = guesses(text, TRIALS)
    if found is None:  # digits and signs only: of no language, so of any
        return 1.0
    return sum(probability for lang, probability in found if lang.partition("-")[0] in languages)
