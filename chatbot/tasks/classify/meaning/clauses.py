"""What a text praises and what it blames, clause by clause: "the food was great, but the waiter was rude"."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from chatbot.tasks.classify.calibration import softmax
from chatbot.tasks.classify.labels import SENTIMENT
from retrieval.search.embed import Embedder, Vectors

MOST = 30  # clauses of one text
SURE = 0.9  # of a clause that praises or blames: the mean confidence of ordinary texts that were told right
_END = re.compile(
    r"[.!?;。！？；…\n]+\s*|[,，、]\s*(?:but|yet|though|although|however|while|whereas|pero|aunque|但是?|可是|不过|然而|只是|就是)?\s*"
    r"|\s(?:but|although|however|whereas|pero|aunque)\s|(?=但是|可是|不过|然而)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[\u3040-\u9fff]|[^\W\d_]+")
LEAST = 2  # words, or characters of Chinese, of a clause that says something


@dataclass(frozen=True, slots=True)
class Clause:
    """`text[start:end]` with the likeliest label of `SENTIMENT`."""

    start: int
    end: int
    label: str


def clauses(embedder: Embedder, heard: Callable[[Vectors], Vectors], text: str) -> tuple[Clause, ...]:
    """None where the text is of one mind, or of more clauses than anybody reads. `heard` gives the logits of a vector."""
    spans = list(_spans(text))
    if not 1 < len(spans) <= MOST:
        return ()
    vectors = embedder.queries([text[start:end] for start, end in spans])
    labels = [_label(softmax([float(logit) for logit in heard(vector)])) for vector in vectors]
    if not {"negative", "positive"} <= set(labels):
        return ()
    return tuple(Clause(*span, label) for span, label in zip(spans, labels, strict=True))


def _label(probabilities: tuple[float, ...]) -> str:
    """Neutral in doubt."""
    best = int(np.argmax(probabilities))
    return SENTIMENT[best].name if probabilities[best] >= SURE else "neutral"


def _spans(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    for start, end in [*((found.start(), found.end()) for found in _END.finditer(text)), (len(text), len(text))]:
        if len(_WORD.findall(text[at:start])) >= LEAST:
            yield at, start
            at = end
        elif at == start:
            at = end
