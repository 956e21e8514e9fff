"""How close an answer is to its reference, from 0 to 1."""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

Metric = Callable[[str, str], float]
"""(prediction, reference) -> 0 to 1."""

_CJK = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af"
_TOKEN = re.compile(rf"[{_CJK}]|(?:(?![{_CJK}])[^\W_])+")
_MIXED = re.compile(rf"[{_CJK}]|[^\s{_CJK}]+")
_ARTICLES = re.compile(r"\b(a|an|the)\b")


def exact_match(prediction: str, reference: str) -> float:
    """Equal after SQuAD's normalisation (Rajpurkar et al., 2016): case, punctuation, articles and spaces do not count.

    Punctuation is that of every script, and characters of Chinese, Japanese and Korean are words, as MLQA has them (Lewis et al., 2020).
    """
    return float(_squad(prediction) == _squad(reference))


def f1(prediction: str, reference: str) -> float:
    """SQuAD's overlap of the tokens that `exact_match` compares."""
    found, wanted = _squad(prediction), _squad(reference)
    if not found or not wanted:
        return float(found == wanted)
    common = sum((Counter(found) & Counter(wanted)).values())
    return 2 * common / (len(found) + len(wanted))


def chrf(prediction: str, reference: str) -> float:
    """chrF2 of one sentence (Popović, 2015), as sacrebleu computes it."""
    return float(_chrf().sentence_score(prediction, [reference]).score) / 100


def rouge_l(prediction: str, reference: str) -> float:
    """ROUGE-L F1 (Lin, 2004) over words, and over single characters of Chinese, Japanese and Korean."""
    return float(_rouge().score(reference, prediction)["rougeL"].fmeasure)


def rouge(prediction: str, reference: str) -> dict[str, float]:
    """F1 of ROUGE-1, ROUGE-2 and ROUGE-L, over the same tokens as `rouge_l`."""
    found = _rouge().score(reference, prediction)
    return {
        "rouge_1": found["rouge1"].fmeasure,
        "rouge_2": found["rouge2"].fmeasure,
        "rouge_l": found["rougeL"].fmeasure,
    }


def accuracy(prediction: str, reference: str) -> float:
    """Whether the answer is the label: the first words of the answer, whatever case and punctuation."""
    found, wanted = _TOKEN.findall(_plain(prediction)), _TOKEN.findall(_plain(reference))
    return float(bool(wanted) and found[: len(wanted)] == wanted)


METRICS: Mapping[str, Metric] = {
    "exact_match": exact_match,
    "f1": f1,
    "chrf": chrf,
    "rouge_l": rouge_l,
    "accuracy": accuracy,
}
OF_TASK: Mapping[str, tuple[str, ...]] = {
    "chat": ("rouge_l",),
    "sentiment": ("accuracy",),
    "answer": ("f1", "exact_match"),
    "translate": ("chrf",),
    "summarize": ("rouge_l",),
}
"""What answers of a task are measured by; the first one judges, except in a chat, where the held-out loss does."""


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _squad(text: str) -> list[str]:
    bare = "".join(character for character in _plain(text) if not _is_punctuation(character))
    return _MIXED.findall(_ARTICLES.sub(" ", bare))


def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")


@cache
def _chrf() -> Any:
    from sacrebleu.metrics import CHRF

    return CHRF()


@cache
def _rouge() -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    class Tokens:
        def tokenize(self, text: str) -> list[str]:
            return _TOKEN.findall(_plain(text))

    return RougeScorer(["rouge1", "rouge2", "rougeL"], tokenizer=Tokens())
