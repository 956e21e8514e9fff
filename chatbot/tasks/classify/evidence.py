"""Why a label: what its probability loses when a part of the text is left out (occlusion, Zeiler & Fergus 2014).

A part is a word; in a longer text it is a phrase, so that any text takes a bounded number of readings. A text that was
read in pieces has them as its parts, and what they are worth is known without reading any of it again.
"""

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from threading import Event

from chatbot.tasks.classify.judge import Classifier, Judgement, Span
from chatbot.tasks.classify.work import classify, pieces

MOST_PARTS = 40
TINY = 1e-12  # keeps the logarithm of a probability finite

# Without spaces between words two characters are a part: most Chinese words have two. Kana and Thai go the same way.
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]{1,2}|[^\s\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\u0e00-\u0e7f]+"
)
_PHRASE_ENDS = re.compile(r"[.,;:!?…。，、；：！？)\]}）】」』\"”]\Z")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the text and the probability that the label loses without it; negative: it speaks against the label.

    `pull` is what the label's log-odds lose, in nats: of a label that is nearly certain they still tell the parts apart.
    """

    start: int
    end: int
    weight: float
    pull: float = 0.0


@dataclass(frozen=True, slots=True)
class Weighing:
    """How far the evidence is."""

    done: int
    total: int


def weigh(
    judge: Classifier, text: str, judgement: Judgement, *, stop: Event | None = None
) -> Iterator[Weighing | tuple[Part, ...]]:
    """Any number of `Weighing`, then the parts in their order; nothing after `stop`. Close it to end the work."""
    if len(judgement.read) > 1:
        yield _of_pieces(judge, text, judgement)
        return
    spans = parts(text)
    if len(spans) < 2:
        yield tuple(Part(*span, *(judgement.score(judgement.label),) * 2) for span in spans)
        return
    lost: dict[int, tuple[float, float]] = {}
    steps = classify(judge, (without(text, [span]) for span in spans), stop=stop)
    with closing(steps):  # type: ignore[type-var]
        for step in steps:
            if step is not None:
                lost[step[0]] = _lost(judgement, step[1])
            yield Weighing(len(lost), len(spans))
    if len(lost) == len(spans):
        yield tuple(Part(*span, *lost[n]) for n, span in enumerate(spans))


def parts(text: str) -> list[Span]:
    """Words, joined to phrases where there are too many of them."""
    return phrases(text, [match.span() for match in _WORD.finditer(text)], MOST_PARTS)


def _of_pieces(judge: Classifier, text: str, judgement: Judgement) -> tuple[Part, ...]:
    found = []
    for n, (start, end) in enumerate(pieces(judge.engine, text)):
        others = judge.judged([*judgement.read[:n], *judgement.read[n + 1 :]])
        found.append(Part(start, end, *_lost(judgement, others)))
    return tuple(found)


def _lost(judgement: Judgement, without: Judgement) -> tuple[float, float]:
    """(probability, log-odds in nats) that the label loses."""
    label = judgement.label
    return judgement.score(label) - without.score(label), _log_odds(judgement, label) - _log_odds(without, label)


def _log_odds(judgement: Judgement, label: str) -> float:
    others = math.fsum(probability for name, probability in judgement.scores if name != label)
    return math.log(max(judgement.score(label), TINY) / max(others, TINY))


def phrases(text: str, words: Sequence[Span], most: int) -> list[Span]:
    """At most `most` spans that hold all of `words`; they end at punctuation where that is near."""
    if len(words) <= most:
        return list(words)
    size = -(-len(words) // most)
    found: list[Span] = []
    start = 0
    while start < len(words):
        left = most - len(found)
        size = -(-(len(words) - start) // left)
        end = start + size
        ends = [n for n in range(start + (size + 1) // 2, end) if _PHRASE_ENDS.search(text[slice(*words[n - 1])])]
        if ends and len(words) - ends[-1] <= (left - 1) * size:
            end = ends[-1]
        found.append((words[start][0], words[min(end, len(words)) - 1][1]))
        start = end
    return found


def without(text: str, spans: Sequence[Span]) -> str:
    """`text` without these parts."""
    kept, at = [], 0
    for start, end in sorted(spans):
        kept.append(text[at:start].rstrip(" "))
        at = end
    return "".join([*kept, text[at:]]).strip() or "..."
