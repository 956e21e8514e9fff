"""What an embedder adds: tone where the model says nothing, the meaning of labels, none of them, and several."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from chatbot.engine.scripted import ScriptedEngine
from chatbot.tasks.classify.judge import Judgement, Read
from chatbot.tasks.classify.labels import NONE, Allowed, Label, parse
from chatbot.tasks.classify.meaning.fitted import Margins, Own, Sentiment, Tone
from chatbot.tasks.classify.meaning.opinion import ORDINARY, OfLabels, OfTone, gladness, readings
from chatbot.tasks.classify.work import classifier
from retrieval.search.embed import SentenceEmbedder, Vectors

pytestmark = pytest.mark.slow

AXES = ("bad", "plain", "good", "money", "parcel")


class Words(SentenceEmbedder):
    """A vector is which of `AXES` stand in a text."""

    name, dimension = "words", len(AXES)

    def __init__(self) -> None:
        pass

    def queries(self, texts: Sequence[str]) -> Vectors:
        found = np.array([[float(axis in text) + 1e-3 for axis in AXES] for text in texts], np.float32)
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


TONE = Tone(np.eye(3, 5, dtype=np.float32) * 6, np.zeros(3, np.float32))


def test_tone_is_added_to_what_the_model_says_and_a_strange_text_is_known() -> None:
    opinion = OfTone(Words(), TONE, Sentiment(1.0, 1.0, (0.0, 0.0, 0.0), 9, 0.9))
    sure, alike = opinion.joined("This is all so good.", [0.0, 0.0, 0.0])
    assert int(np.argmax(sure)) == 2 and alike
    doubted, _ = opinion.joined("so good", [9.0, 0.0, 0.0])
    assert int(np.argmax(doubted)) == 0
    assert opinion.joined("Das Geld liegt auf dem Tisch in der Küche.", [0.0, 0.0, 0.0])[1] is False
    assert gladness(TONE, Words().queries(["bad"])[0]) < -0.9


def of(names: str, mix: Own) -> OfLabels:
    labels, words = parse(names), Words()
    vectors = words.queries([label.name for label in labels])
    tones = np.array([gladness(TONE, each) for each in vectors], np.float32)
    level, spread = np.zeros(len(labels), np.float32), np.ones(len(labels), np.float32)
    return OfLabels(words, TONE, mix, vectors, level, spread, tones, None)


def test_labels_are_told_by_what_they_mean_and_how_they_sound() -> None:
    margins = Margins(0.0, 1.0)
    cosine, tone = Own(0.0, 9.0, 0.0, 0.0, margins), Own(0.0, 0.0, 2.0, 0.0, margins)
    assert np.argmax(of("money, parcel", cosine).joined("where is my parcel", [9.0, 0.0])[0]) == 1
    assert np.argmax(of("good, bad", tone).joined("it is bad money", [0.0, 0.0])[0]) == 1


@pytest.mark.parametrize(
    ("label", "others", "heard"),
    [
        (Label("refund", "wants money"), "x", ["wants money", "refund: wants money"]),
        (Label("not spam"), "spam", ORDINARY["en"]),
        (Label("非广告"), "广告", ORDINARY["zh"]),
        (Label("正常信息"), "垃圾信息", ORDINARY["zh"]),
        (Label("不满"), "满意", ["不满"]),
        (Label("other"), "x", ORDINARY["en"]),
        (Label("🙂"), "🙁", ["🙂"]),
    ],
)
def test_what_an_embedder_is_given_for_a_label(label: Label, others: str, heard: list[str]) -> None:
    assert readings(label, (label, Label(others))) == heard


def test_several_labels_and_none() -> None:
    bare = classifier(ScriptedEngine(), "ann", parse("a, b, c"), allowed=Allowed(several=True, none=True))
    assert bare
    judge = replace(bare, margins=Margins(least=0.5, share=1.0))

    def told(*logits: float) -> Judgement:
        return judge.judged([Read(1, logits)])

    assert told(5.0, 4.0, 0.0).fitting == ("a", "b")
    assert told(5.0, 3.2, 0.0).fitting == ("a",), "less than half a nat above the mean, less likely than none"
    assert told(9.0, 9.0, 8.9).fitting == (NONE,), "near to all of them says nothing"
    assert replace(judge, allowed=Allowed(several=True)).judged([Read(1, (9.0, 8.9, 8.9))]).fitting == ("a",)
    nothing = told(0.5, 0.4, 0.0)
    assert (nothing.label, nothing.fitting, nothing.told) == (NONE, (NONE,), NONE)
    assert [name for name, _ in nothing.scores] == ["a", "b", "c", NONE]
    assert told(5.0, 4.0, 0.0).told == "a; b"
