"""What the embedder that ships adds to a model that knows nothing."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from chatbot.common.step import Step
from chatbot.engine.scripted import ScriptedEngine
from chatbot.tasks.classify import calibration
from chatbot.tasks.classify.judge import Judgement
from chatbot.tasks.classify.labels import ONE, SENTIMENT, Allowed, parse
from chatbot.tasks.classify.meaning.fitted import find
from chatbot.tasks.classify.meaning.opinion import OfTone
from chatbot.tasks.classify.result import Result, judge_text
from chatbot.tasks.classify.work import classifier
from chatbot.types import Adapter
from retrieval.search.embed import SentenceEmbedder, load
from tests.chatbot.tasks.classify.test_work import judged

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def embedder(bundled_embedder: Path) -> Iterator[SentenceEmbedder]:
    yield load(str(bundled_embedder), bundled_embedder.parent, lambda step, fraction: no_progress(step), device="cpu")


def no_progress(step: Step) -> None:
    pass


def labels_of(
    embedder: SentenceEmbedder, texts: Sequence[str], labels: str = "", allowed: Allowed = ONE
) -> list[Judgement]:
    """By the embedder alone: the scripted engine finds every label as likely as another of its length."""
    judge = classifier(ScriptedEngine(), "ann", parse(labels), allowed=allowed, embedder=embedder)
    assert judge
    return judged(judge, texts)


def test_neutral_bad_and_good_are_told_without_an_adapter(embedder: SentenceEmbedder) -> None:
    assert find(embedder)
    texts = {
        "The parcel arrived on Tuesday.": "neutral",
        "Awful": "negative",
        "awful.": "negative",
        "Absolutely wonderful, thank you!": "positive",
        "太差了": "negative",
        "El paquete llegó el martes.": "neutral",
    }
    assert [one.label for one in labels_of(embedder, list(texts))] == list(texts.values())


def test_the_adapter_that_ships_is_helped_too(embedder: SentenceEmbedder) -> None:
    """Alone it calls "The lift was broken for three days" neutral; what was fitted is of these very weights."""
    adapter = Adapter(
        "sentiment", path=str(Path(__file__).parents[4] / "finetune" / "adapters" / "standard" / "sentiment")
    )
    heard = find(embedder)
    assert heard
    mix = heard.sentiment[calibration.key("standard", adapter, SENTIMENT)]
    assert mix.model > 0 and mix.tone > 0
    opinion = OfTone(embedder, heard.tone, mix)
    calm = [-4.0, 0.0, -4.0]  # nats of the model, which hears a fact
    told = {
        text: SENTIMENT[int(np.argmax(opinion.joined(text, calm)[0]))].name
        for text in ("Awful service, rude staff.", "We stayed in May.")
    }
    assert told == {"Awful service, rude staff.": "negative", "We stayed in May.": "neutral"}


def test_labels_of_ones_own_in_any_script(embedder: SentenceEmbedder) -> None:
    found = labels_of(embedder, ["我的钱什么时候退给我？", "快递到哪里了？"], "退款, 物流")
    assert [one.label for one in found] == ["退款", "物流"]
    (sport, cake) = labels_of(
        embedder, ["She scored twice in the final.", "Knead the dough for ten minutes."], "спорт, кухня"
    )
    assert (sport.label, cake.label) == ("спорт", "кухня")


def test_a_calibration_is_claimed_for_what_resembles_its_texts_alone(embedder: SentenceEmbedder) -> None:
    texts = [
        "The food was cold and the waiter was rude, we will not come back.",
        "El camarero fue muy amable y la comida estaba buena.",
        "Das Essen war kalt und der Kellner unfreundlich, wir kommen nicht wieder.",
        "Awful",
    ]
    assert [one.resembles for one in labels_of(embedder, texts)] == [True, True, False, False]


def test_an_adapter_of_ones_own_is_not_talked_over(embedder: SentenceEmbedder) -> None:
    engine = ScriptedEngine(adapters=[Adapter("sentiment", owner="ann"), Adapter("mine", owner="ann")])
    own = classifier(engine, "ann", embedder=embedder)
    assert own and own.opinion is None
    assert classifier(engine, "ann", parse("a, b"), adapter="mine", embedder=embedder).opinion is None  # type: ignore[union-attr]
    result = [step for step in judge_text(engine, "bob", "Awful", embedder=embedder) if isinstance(step, Result)][-1]
    assert (result.embedder, result.fitted) == (embedder.name, 0)
    assert Result.from_dict(result.to_dict()) == result


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("The food was wonderful, but the waiter was very rude.", ["positive", "negative"]),
        ("菜很好吃，但是服务太差了。", ["positive", "negative"]),
        ("The food was wonderful and so was the wine.", []),
        ("The shop opens at nine, and it closes at six.", []),
    ],
)
def test_a_text_that_praises_and_blames_is_told_clause_by_clause(
    text: str, parts: list[str], embedder: SentenceEmbedder
) -> None:
    engine = ScriptedEngine()
    result = [step for step in judge_text(engine, "ann", text, embedder=embedder) if isinstance(step, Result)][-1]
    assert [one.label for one in result.clauses] == parts
    assert Result.from_dict(result.to_dict()) == result
