"""What a person sees on the default model, in English and Chinese; the only file that needs it (491 MB, fetched once)."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.engine.base import collect
from chatbot.engine.llamacpp.engine import LlamaCppEngine
from chatbot.engine.models.catalogue import STANDARD
from chatbot.engine.models.resolve import resolve
from chatbot.tasks import chat
from chatbot.tasks.answer.check import Answer
from chatbot.tasks.answer.work import Retrieval, ask
from chatbot.tasks.chat import DEFAULT_SYSTEM_PROMPT
from chatbot.tasks.classify.result import Result, judge_text
from chatbot.tasks.summarize.check import Summary
from chatbot.tasks.summarize.text import of_typed
from chatbot.tasks.summarize.work import summarize
from chatbot.tasks.translate.text import Translated, translate
from chatbot.types import GREEDY, Message, Sampling
from chatbot.ui.chat.layout import EXAMPLES
from chatbot.ui.strings.words import text
from retrieval.checks.gate import Gate
from retrieval.library import Library
from retrieval.search import embed

pytestmark = [pytest.mark.slow, pytest.mark.standard]

CHINESE = re.compile(r"[\u4e00-\u9fff]")
REPORT = """果园由林玛丽于1998年建立，位于乌普萨拉附近，占地14公顷。园中种有六个苹果品种，最老的树已有25年。

2011年购入一台苹果酒压榨机，价格为48000欧元。压榨机每小时可处理800公斤苹果，2022年没有维修。

2023年的收成为212吨，比上一年多15吨。其中三分之一做成苹果酒，其余在乌普萨拉的市场上出售。
"""


ORCHARD = """# The water tower

The water tower of the town was built in 1887 by Maria Lindqvist. It is 27 metres high and holds 400 cubic metres of water.

It was painted white in 2011. The paint was bought in Kivik for 4,800 euros.
"""


def quiet(*_: object) -> None:
    pass


@pytest.fixture(scope="module")
def engine(models_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaCppEngine]:
    files = resolve("standard", models_folder, quiet)
    assert files.gguf
    cache = tmp_path_factory.mktemp("cache")
    made = LlamaCppEngine(
        files.gguf, name=files.name, traits=files.traits, adapters=list, cache=cache, context=4096, slots=2
    )
    yield made
    made.close()


def said(engine: LlamaCppEngine, message: str, sampling: Sampling = GREEDY) -> str:
    reply = chat.reply(engine, [Message("user", message)], sampling, system_prompt=DEFAULT_SYSTEM_PROMPT)
    return collect(reply.chunks).text


def test_it_is_known_by_its_weights(engine: LlamaCppEngine) -> None:
    assert (engine.model, engine.traits) == ("Qwen2.5 Coder 0.5B", STANDARD.traits)


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ("What is the capital of France? Answer in one word.", "Paris"),
        ("法国的首都是哪里？用一个词回答。", "巴黎"),
    ],
)
def test_a_question_is_answered_in_its_language(engine: LlamaCppEngine, message: str, says: str) -> None:
    assert says in said(engine, message)


RIGHT = {  # what a right answer to each example holds
    "en": (("Mercury", "Venus", "Jupiter", "Neptune"), ("def ", "reverse"), ("Dear", "heating", "Tuesday")),
    "zh": (("read", "music", "weekend"), ("def ", "reversed", "函数"), ("桥", "六个月", "裂缝")),
}


@pytest.mark.parametrize("language", RIGHT)
@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_on_the_page_are_answered_rightly(engine: LlamaCppEngine, example: str, language: str) -> None:
    answer = said(engine, text(example, language), replace(engine.traits.sampling, max_tokens=120))
    assert [word for word in RIGHT[language][EXAMPLES.index(example)] if word not in answer] == []


@pytest.mark.parametrize(
    ("source", "target", "original", "says"),
    [
        ("en", "zh", "The cat is sleeping on the chair.", "猫"),
        ("zh", "en", "猫在椅子上睡觉。", "cat"),
        ("fr", "en", "Le chat dort sur la chaise.", "cat"),
    ],
)
def test_it_translates(engine: LlamaCppEngine, source: str, target: str, original: str, says: str) -> None:
    *_, done = translate(engine, "ada", original, target=target, source=source)
    assert isinstance(done, Translated)
    assert says in done.text.lower()


@pytest.mark.parametrize(
    ("review", "label"),
    [
        ("房间很干净，服务员非常热情，下次还会来。", "positive"),
        ("房间又脏又吵，服务态度很差，再也不来了。", "negative"),
        ("The food was wonderful and the staff were kind.", "positive"),
        ("A dull, lifeless film that wastes its actors.", "negative"),
    ],
)
def test_it_tells_good_from_bad_in_both_languages(engine: LlamaCppEngine, review: str, label: str) -> None:
    found = [step for step in judge_text(engine, "ada", review) if isinstance(step, Result)]
    assert (found[-1].label, found[-1].foreign) == (label, "")


def test_a_chinese_text_is_summarized_in_chinese(engine: LlamaCppEngine) -> None:
    *_, done = summarize(engine, of_typed(REPORT), length="short")
    assert isinstance(done, Summary)
    assert done.quoted in ("", "short")
    assert all(CHINESE.search(line.text) and not re.search("[a-z]{3}", line.text) for line in done.sentences)


@pytest.fixture(scope="module")
def retrieval(models_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Retrieval:
    embedder = embed.load("bundled", models_folder, quiet)
    folder = tmp_path_factory.mktemp("library")
    library = Library(folder, embedder)
    for name, content in (("orchard.md", ORCHARD), ("huayuan.md", REPORT)):
        (folder / name).write_text(content, "utf-8")
        assert library.add("ada", folder / name, name).status == "indexed"
    return Retrieval(library, Gate.load(embedder), embedder)


@pytest.mark.parametrize(
    ("question", "document", "says", "quote"),
    [
        ("Which tower was built in 1887 and how high is it?", "orchard.md", "27", "27 metres"),
        ("水塔有多高？", "orchard.md", "27", "27 metres"),
        ("2023年果园的收成是多少吨？", "huayuan.md", "212", "212吨"),
        ("How many tons did the orchard harvest in 2023?", "huayuan.md", "212", "212吨"),
    ],
)
def test_questions_and_documents_in_either_language(
    engine: LlamaCppEngine, retrieval: Retrieval, question: str, document: str, says: str, quote: str
) -> None:
    """Found, answered in the language of the question, and the sentence of the document is cited."""
    (id,) = (one.id for one in retrieval.library.list("ada") if one.name == document)
    *_, given = ask(engine, retrieval, "ada", question, documents=[id])
    assert isinstance(given, Answer)
    assert given.status == "answered"
    assert says in given.text
    assert bool(CHINESE.search(given.text)) == bool(CHINESE.search(question))
    assert quote in " ".join(citation.quote for citation in given.citations)
