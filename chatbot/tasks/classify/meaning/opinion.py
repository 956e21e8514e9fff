"""The embedder's opinion of a text, added to the model's: of its tone where the labels are grades, else of what it is about."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from chatbot.tasks.classify.labels import Label, Labels
from chatbot.tasks.classify.meaning.clauses import Clause, clauses
from chatbot.tasks.classify.meaning.everyday import SENTENCES
from chatbot.tasks.classify.meaning.fitted import Fitted, Own, Sentiment, Tone
from chatbot.tasks.classify.signs import grades, leanings
from chatbot.tasks.language import detect, primary
from retrieval.search.embed import Embedder, Vectors

ORDINARY = {
    "en": ["an ordinary message to a friend or a colleague", "a question about everyday things", "news of the day"],
    "zh": ["给朋友或同事的普通留言", "关于日常事情的问题", "当天的消息"],
}
"""What a label such as "not spam" means: an embedder hears only "spam" in it."""
LANGUAGES = ("en", "zh", "es")  # of the texts that the tone was fitted on
_NOT = re.compile(r"(?:not?|non|other than|no es|sin)[\s-]+(?=\w)|不是|没有|并非|[非不无没]", re.IGNORECASE)
_USUAL = (
    "正常",
    "普通",
    "其他",
    "其它",
    "normal ",
    "ordinary ",
    "other ",
)  # how a name begins that means anything else
_OTHER = ("other", "others", "else", "something else", "none", "ham", "其他", "其它", "别的", "正常", "otro", "otros")


class Opinion(Protocol):
    """Of one label set. May be called from any thread."""

    @property
    def embedder(self) -> Embedder: ...

    def joined(self, text: str, logits: Sequence[float]) -> tuple[list[float], bool]:
        """(the model's logits, one for each label, with the embedder's added; whether the text is like those that this was
        fitted on)"""
        ...

    def clauses(self, text: str) -> tuple[Clause, ...]:
        """Of a text that praises and blames, where that is what the labels are about."""
        ...


@dataclass(frozen=True, slots=True)
class OfTone:
    """For negative, neutral and positive."""

    embedder: Embedder
    tone: Tone
    mix: Sentiment

    def joined(self, text: str, logits: Sequence[float]) -> tuple[list[float], bool]:
        model = np.array(logits) - np.logaddexp.reduce(np.array(logits))
        whole = self.mix.model * model + self._heard(self.embedder.queries([text])[0])
        return whole.tolist(), primary(detect(text).language or "") in LANGUAGES

    def clauses(self, text: str) -> tuple[Clause, ...]:
        return clauses(self.embedder, self._heard, text)

    def _heard(self, vector: Vectors) -> Vectors:
        return self.mix.tone * self.tone.nats(vector) + np.array(self.mix.bias, np.float32)


@dataclass(frozen=True, slots=True)
class OfLabels:
    """For labels of one's own: `vectors` [labels, dimension], `level` and `spread` the mean and the standard deviation of the cosines
    to ordinary sentences, `tones` from -1 for a bad label to 1 for a good one, `centres` the grades that they stand for, where all
    do."""

    embedder: Embedder
    tone: Tone
    mix: Own
    vectors: Vectors
    level: Vectors
    spread: Vectors
    tones: Vectors
    centres: tuple[float, ...] | None

    def joined(self, text: str, logits: Sequence[float]) -> tuple[list[float], bool]:
        """No text is like another's labels."""
        near, agreeing, graded = self.parts(self.embedder.queries([text])[0])
        whole = self.mix.cosine * near + self.mix.tone * agreeing + self.mix.grade * graded
        return (self.mix.likelihood * np.array(logits) + whole).tolist(), False

    def clauses(self, text: str) -> tuple[Clause, ...]:
        return ()

    def parts(self, vector: Vectors) -> tuple[Vectors, Vectors, Vectors]:
        """Of each label: how much nearer the text is than ordinary ones, its agreement in tone, its nearness as a grade."""
        glad, nothing = gladness(self.tone, vector), np.zeros(len(self.vectors), np.float32)
        if self.centres is not None:
            return nothing, nothing, np.array(leanings((1 + glad) / 2, self.centres), np.float32)
        return (self.vectors @ vector - self.level) / self.spread, glad * self.tones, nothing


def gladness(tone: Tone, vector: Vectors) -> float:
    """From -1, surely negative, to 1, surely positive."""
    negative, _, positive = np.exp(tone.nats(vector))
    return float(positive - negative)


def of_labels(embedder: Embedder, fitted: Fitted, labels: Labels, mix: Own) -> OfLabels:
    told = [readings(label, labels) for label in labels]
    found = embedder.queries([one for each in told for one in each])
    ends = np.cumsum([len(each) for each in told])[:-1]
    means = np.stack([part.mean(0) for part in np.split(found, ends)])
    vectors: Vectors = means / np.linalg.norm(means, axis=1, keepdims=True)
    usual = vectors @ _everyday(embedder).T
    names = embedder.queries([label.name for label in labels])
    tones = np.array([gladness(fitted.tone, name) for name in names], np.float32)
    centres = grades([label.name for label in labels])
    return OfLabels(embedder, fitted.tone, mix, vectors, usual.mean(1), usual.std(1), tones, centres)


_known: dict[str, Vectors] = {}  # by fingerprint: it takes sixty texts


def _everyday(embedder: Embedder) -> Vectors:
    if embedder.fingerprint not in _known:
        _known[embedder.fingerprint] = embedder.queries(list(SENTENCES))
    return _known[embedder.fingerprint]


def readings(label: Label, labels: Labels) -> list[str]:
    """What an embedder is given for a label; one that only says which other it is not stands for anything else."""
    if label.description:
        return [label.description, f"{label.name}: {label.description}"]
    others = {other.name.casefold() for other in labels}
    name = label.name.casefold()
    if name in _OTHER or name.startswith(_USUAL) or (_NOT.match(name) and _NOT.sub("", name, count=1) in others):
        return ORDINARY["zh" if re.search("[\u3400-\u9fff]", name) else "en"]
    return [label.name]
