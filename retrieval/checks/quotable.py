"""What tells which sentence of the passages found holds the answer: figures of each sentence, no model needed."""

import re
from collections.abc import Sequence
from math import log1p

import numpy as np
import numpy.typing as npt

from retrieval.checks.answerable import Comparison, distinct, gram_shares, has_kind
from retrieval.checks.claims import Item, ask
from retrieval.checks.evidence import Stretch, stretches
from retrieval.text.words import language
from retrieval.types import Hit

Figures = npt.NDArray[np.float64]

FIGURES = (
    "near",  # share of the question, rare words weighing more, that it holds; less so what its passage holds
    "grams",  # share of the question's words and character n-grams that it holds
    "best",  # the same as a share of what the best sentence holds
    "before",  # "grams" of the sentence before it
    "after",  # and of the one after it: a pronoun stands for what its neighbour names
    "run",  # the longest stretch of the question that it repeats to the letter, as a share of the question
    "score",  # BM25 score of its passage, as a share of the best passage's
    "rank",  # 1 / rank of its passage
    "length",  # its characters, as a logarithm
    "new",  # its items that the question does not have, as a logarithm
    "kind",  # whether it holds something of the kind that is asked for: a number, a name
    "amount",  # it has a number where one is asked for
    "date",  # it has a date where a time is asked for
    "person",  # it has what goes with names of people where one is asked for
    "place",  # the same for places
    "cause",  # the same for reasons
)
_ASKED = {
    "amount": r"多少|几|幾|多[大长長久高远遠]|\bhow (?:many|much|long|old|far|tall|large|big|high|often|fast)\b|percent|\bnumber of\b",
    "date": r"何时|何時|什[么麼]时候|什麼時候|哪一?[年月日天]|何年|年代|時間|时间|日期|世[纪紀]|\bwhen\b"
    r"|\b(?:what|which) (?:year|date|century|decade|month|day)\b",
    "person": r"谁|誰|何人|哪一?位|哪個人|哪个人|人物|\bwho(?:m|se)?\b",
    "place": r"哪里|哪裡|何地|何处|何處|哪[一个個]?[国國市省州城县縣地]|什[么麼]地|\bwhere\b"
    r"|\b(?:what|which) (?:city|country|state|place|location)\b",
    "cause": r"为什么|為什麼|为何|為何|原因|\bwhy\b",
}
_HELD = {
    "date": r"[0-9一二三四五六七八九〇]{2,4}\s*年|[0-9]{1,2}月|世[纪紀]|年代|\b1\d{3}\b|\b20\d{2}\b|\bcentury\b",
    "person": r"[·‧・•]|先生|女士|皇帝|國王|国王|总统|總統|教授|博士",
    "place": r"[国國市省州县縣區区鎮镇鄉乡島岛河江山湖洲港]|位[于於]|\b(?:in|at|near) [A-Z]",
    "cause": r"因[为為此]|由[于於]|[为為]了|导致|導致|以致|\b(?:because|due to|since|therefore|so that|in order)\b",
}
_ASKS = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in _ASKED.items()}
_HOLDS = {kind: re.compile(pattern) for kind, pattern in _HELD.items()}


def figures(question: str, hits: Sequence[Hit]) -> tuple[list[Stretch], Figures]:
    """Every sentence of the hits, passage by passage, and its `FIGURES` [sentences, figures].

    All are zero when the question has no word of content.
    """
    passages = [hit.passage for hit in hits]
    texts = [passage.text for passage in passages]
    tongue = language("\n".join(texts)) if texts else "english"
    asked = distinct(ask(question, tongue).items)
    found = [stretch for stretch in stretches(passages, tongue) if len(stretch.sentences) == 1]
    if not asked or not found:
        return found, np.zeros((len(found), len(FIGURES)))
    columns = _shared(question, asked, found) | _of_passages(found, hits) | _of_kinds(question, asked, found)
    return found, np.array([columns[name] for name in FIGURES], np.float64).T


def _shared(question: str, asked: list[Item], found: list[Stretch]) -> dict[str, list[float]]:
    grams, _ = gram_shares(question, found)
    most = max(grams) or 1.0
    return {
        "near": Comparison.make(asked, found).near(),
        "grams": grams,
        "best": [share / most for share in grams],
        "before": [_neighbour(found, grams, n, -1) for n in range(len(found))],
        "after": [_neighbour(found, grams, n, 1) for n in range(len(found))],
        "run": [_run(question, stretch.said.text) / len(question) for stretch in found],
        "length": [log1p(len(stretch.said.text)) for stretch in found],
    }


def _neighbour(found: Sequence[Stretch], shares: Sequence[float], number: int, step: int) -> float:
    other = number + step
    return shares[other] if 0 <= other < len(found) and found[other].passage == found[number].passage else 0.0


def _run(question: str, text: str) -> int:
    """Length of the longest common substring."""
    longest = 0
    for start in range(len(question)):
        while start + longest < len(question) and question[start : start + longest + 1] in text:
            longest += 1
    return longest


def _of_passages(found: Sequence[Stretch], hits: Sequence[Hit]) -> dict[str, list[float]]:
    most = max(hit.lexical or 0.0 for hit in hits) or 1.0
    return {
        "score": [(hits[stretch.passage].lexical or 0.0) / most for stretch in found],
        "rank": [1 / (1 + stretch.passage) for stretch in found],
    }


def _of_kinds(question: str, asked: Sequence[Item], found: Sequence[Stretch]) -> dict[str, list[float]]:
    known = {item.key for item in asked}
    added = [[item for item in stretch.said.items if item.key not in known] for stretch in found]
    columns = {
        "new": [log1p(len(items)) for items in added],
        "kind": [has_kind(question, asked, stretch) for stretch in found],
        "amount": [
            float(bool(_ASKS["amount"].search(question)) and any(item.kind == "number" for item in items))
            for items in added
        ],
    }
    for kind, pattern in _HOLDS.items():
        wanted = bool(_ASKS[kind].search(question))
        columns[kind] = [float(wanted and bool(pattern.search(stretch.said.text))) for stretch in found]
    return columns
