"""Questions from documents: what is kept, what is left out, and what has no answer on purpose."""

from collections.abc import Sequence
from pathlib import Path
from threading import Event

import pytest

from chatbot.common.errors import InputError, NotFound
from chatbot.engine.scripted import ScriptedEngine
from chatbot.tasks.answer.prompt import NOT_FOUND
from chatbot.tasks.questions import prompt
from chatbot.tasks.questions.work import UNANSWERABLE, SoFar, make
from chatbot.types import Message
from retrieval.library import Library

FACTS = {  # a document each: what it says, and who asks what about it
    "press.md": ("The cider press was bought in Kivik in 2011 for 48,000 euros from Anna Berg.", "Where was the cider press bought?", "The cider press was bought in Kivik."),
    "orchard.md": ("The orchard near Uppsala was planted in 1998 by Maria Lindqvist and covers 14 hectares.", "Who planted the orchard?", "The orchard was planted by Maria Lindqvist."),
    "harbour.md": ("The harbour of Simrishamn was deepened to six metres in 1987 by the company Nordkaj.", "How deep is the harbour?", "The harbour was deepened to six metres."),
    "school.md": ("The school in Brantevik closed in 1974 because only nine pupils were left there.", "When did the school close?", "The school closed in 1974."),
    "mill.md": ("The windmill above the village was built by Olof Persson in 1862 out of oak beams.", "Who built the windmill?", "The windmill was built by Olof Persson."),
}  # fmt: skip


def model(messages: Sequence[Message]) -> str:
    """Writes each question twice and one that its passage does not answer; answers from the passage, else makes something up."""
    said = messages[-1].content
    facts = next((fact for fact in FACTS.values() if fact[0] in said), None)
    if messages[0].content == prompt.SYSTEM:
        assert facts
        return f"Here are some:\n1. {facts[1]}\n2. {facts[1].upper()}\n- Which colour has the {facts[1].split()[-1]}"
    asked = next((fact for fact in FACTS.values() if fact[1].lower() in said.lower()), None)
    if asked and asked is facts:
        return asked[2]
    return NOT_FOUND if asked else "It is painted green by 12 sailors."


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "library", None)


def put(library: Library, name: str, text: str, owner: str = "ada") -> str:
    path = library._originals.files.parent / name
    path.write_text(text, "utf-8")
    return library.add(owner, path, name).id


def made(library: Library, ids: Sequence[str], count: int = 20) -> SoFar:
    *_, last = make(ScriptedEngine(model), library, "ada", ids, count, Event())
    return last


def test_answers_that_their_passage_supports_are_kept_once_with_their_quotes(library: Library) -> None:
    ids = [put(library, name, text) for name, (text, *_) in FACTS.items()]
    found = made(library, ids)
    assert (found.read, found.of) == (5, 5)
    assert {one.question for one in found.made} == {question for _, question, _ in FACTS.values()}
    assert found.left_out == 10, "each question again in capitals, and each that is answered with something made up"
    for one in found.made:
        text, question, answer = FACTS[one.name]
        if one.quote:
            assert (one.question, one.answer, one.passage, one.page) == (question, answer, text, 1)
            assert one.quote in text


def test_one_question_in_so_many_stands_beside_a_passage_that_does_not_answer_it(library: Library) -> None:
    found = made(library, [put(library, name, text) for name, (text, *_) in FACTS.items()])
    (open,) = [one for one in found.made if not one.quote]
    assert len(found.made) == UNANSWERABLE
    assert open.answer == NOT_FOUND
    assert open.question != FACTS[open.name][1], "the passage is of another document"
    assert open.passage == FACTS[open.name][0]


def test_it_ends_when_there_are_enough_or_when_it_is_stopped(library: Library) -> None:
    ids = [put(library, name, text) for name, (text, *_) in FACTS.items()]
    assert len(made(library, ids, 2).made) == 2
    stop = Event()
    steps = make(ScriptedEngine(model, slots=1), library, "ada", ids, 20, stop)
    for step in steps:
        if step.made:
            stop.set()
    assert 1 <= len(step.made) < 5
    assert all(one.quote for one in step.made), "nothing is asked any more"


def test_what_is_not_the_owners_or_says_nothing_is_refused(library: Library) -> None:
    mine, theirs = put(library, "heading.md", "# Bridges of Skåne"), put(library, "b.md", FACTS["mill.md"][0], "eve")
    with pytest.raises(InputError) as refused:
        made(library, [mine])
    assert refused.value.kind == "nothing_to_ask"
    with pytest.raises(NotFound):
        made(library, [theirs])


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1. Who built it?\n2) When?", ["Who built it?", "When?"]),
        ("Sure! Here they are.\n- **What is it?** A mill.", ["What is it?"]),
        ("问题1：谁建的？\n2、什么时候建的？（1862年）", ["谁建的？", "什么时候建的？"]),
        ("Q: Where is it? A: In Kivik.", ["Where is it?"]),
        ("It was built in 1862.\n?", []),
    ],
)
def test_questions_are_read_however_they_are_listed(written: str, read: list[str]) -> None:
    assert prompt.questions(written) == read


@pytest.mark.parametrize(
    ("question", "answer", "adds"),
    [
        ("Why may the riggers not work from home?", "The riggers may not work from home.", False),
        ("Where was the press bought?", "The press was bought in Kivik.", True),
        ("果园占地多少？", "果园占地14公顷。", True),
    ],
)
def test_an_answer_that_only_repeats_its_question_teaches_nothing(question: str, answer: str, adds: bool) -> None:
    assert prompt.adds(question, answer) is adds
