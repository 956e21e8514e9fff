"""Documents -> questions with checked answers, and some that the passage shown beside them does not answer.

The model in use writes the questions and answers them from one passage; the program keeps an answer where every sentence of it is
supported there, with its quote, and says more than the question. A question whose answer is no longer so beside another passage teaches to say so.
"""

import random
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from threading import Event
from typing import Any

from chatbot.common.errors import InputError
from chatbot.common.fan_out import fan_out
from chatbot.engine.base import Engine, complete
from chatbot.tasks.answer.check import Answer, Found, Source, checked
from chatbot.tasks.answer.prompt import NOT_FOUND, messages
from chatbot.tasks.answer.work import SAMPLING
from chatbot.tasks.budget import fit
from chatbot.tasks.questions import prompt
from chatbot.types import Message, Sampling
from retrieval.library import Library
from retrieval.text.tables import shown
from retrieval.types import Document, Hit, Passage

MOST = 200  # questions of one set, so that a person can read them all and the database keeps them
FROM_ONE = 3  # questions of one passage at most
UNANSWERABLE = 5  # one question in so many is shown beside a passage that does not answer it
ASKING = Sampling(temperature=0.7, max_tokens=200, seed=0)
SHORTEST = 5  # different words that carry meaning, of a passage that is asked about: a heading alone has fewer


@dataclass(frozen=True, slots=True)
class Made:
    """One question. `passage` is what is shown with it, on `page` of the document `name`; `quote` is what supports the answer,
    empty where the passage does not answer."""

    question: str
    answer: str
    passage: str
    document: str
    name: str
    page: int
    quote: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class SoFar:
    """`read` of `of` passages were asked about; `left_out` counts answers that were not supported, and repeated questions. The last
    one is `done`."""

    made: tuple[Made, ...]
    read: int
    of: int
    left_out: int = 0
    done: bool = False


@dataclass(slots=True)
class _Set:
    """What is kept, each question once."""

    made: list[Made] = field(default_factory=list)
    known: set[frozenset[str]] = field(default_factory=set)
    left_out: int = 0

    def take(self, made: Made | None) -> None:
        asked = prompt.same(made.question) if made else frozenset()
        if made is None or not asked or asked in self.known:
            self.left_out += 1
            return
        self.known.add(asked)
        self.made.append(made)


def make(
    engine: Engine, library: Library, owner: str, documents: Sequence[str], count: int, stop: Event
) -> Iterator[SoFar]:
    """Yields how far it is, many times a second; the last one is whole, or what there was when it was stopped.

    Raises `InputError` without a document, `NotFound` for one that is not the owner's, and engine errors.
    """
    passages = _passages(library, owner, documents)
    kept, wanted = _Set(), min(max(count, 1), MOST)
    each = min(FROM_ONE, max(1, -(-wanted // len(passages))))
    read = 0

    def ask(source: Source) -> list[Made | None]:
        return _asked_about(engine, source, each, stop)

    steps = fan_out(ask, passages, engine.load()["slots"], stop=stop, end=stop.set)
    with closing(steps):  # type: ignore[type-var]
        for done in steps:
            for _, found in done:
                read += 1
                for made in found:
                    if len(kept.made) < wanted:
                        kept.take(made)
            yield SoFar(tuple(kept.made), read, len(passages), kept.left_out)
            if len(kept.made) >= wanted:
                break
    if not stop.is_set():
        yield from _with_unanswerable(engine, passages, kept, read, stop)
    yield SoFar(tuple(kept.made), read, len(passages), kept.left_out, done=True)


def _passages(library: Library, owner: str, documents: Sequence[str]) -> list[Source]:
    """Those of the documents that say something, in an order by chance that is always the same."""
    chosen = [library.get(owner, id) for id in dict.fromkeys(documents)]
    found = [
        Source(Hit(passage, 1.0), document)
        for document in chosen
        for passage in library.passages(owner, document.id)
        if len(prompt.same(passage.text)) >= SHORTEST
    ]
    if not found:
        raise InputError("There is nothing to ask about. Choose a document with text.", kind="nothing_to_ask")
    random.Random(0).shuffle(found)  # noqa: S311 (a sample, not a secret)
    return found


def _asked_about(engine: Engine, source: Source, count: int, stop: Event) -> list[Made | None]:
    """None for each question whose answer is not kept."""
    passage = source.hit.passage
    written = _written(engine, prompt.asking(passage, count), ASKING, stop)
    return [
        None if stop.is_set() else _answered(engine, question, source, stop)
        for question in prompt.questions(written)[:count]
    ]


def _answered(engine: Engine, question: str, source: Source, stop: Event) -> Made | None:
    found = _checked(engine, question, source, stop)
    if found is None or not supported(found) or not prompt.adds(question, found.text):
        return None
    passage, quotes = source.hit.passage, " … ".join(citation.quote for citation in found.citations)
    return _made(question, found.text, passage, source.document, quotes)


def _made(question: str, answer: str, passage: Passage, document: Document, quote: str = "") -> Made:
    return Made(question, answer, shown(passage), document.id, document.name, passage.page, quote)


def supported(answer: Answer) -> bool:
    """Whether every sentence of it stands in the passage."""
    return bool(answer.citations) and all(sentence.verdict == "supported" for sentence in answer.sentences)


def _checked(engine: Engine, question: str, source: Source, stop: Event) -> Answer | None:
    """The model's answer from that passage alone; None where it says that there is none."""
    text = _written(engine, messages(question, [source.hit]), SAMPLING, stop).strip()
    if not text or text.startswith((NOT_FOUND, prompt.CHINESE_NOT_FOUND)):
        return None
    return checked(text, Found(question, (source,), None))


def _with_unanswerable(
    engine: Engine, passages: Sequence[Source], kept: _Set, read: int, stop: Event
) -> Iterator[SoFar]:
    """One question in `UNANSWERABLE` again, beside a passage of elsewhere from which the model's answer is not supported."""
    again = kept.made[UNANSWERABLE - 1 :: UNANSWERABLE]

    def elsewhere(made: Made) -> Made | None:
        return None if stop.is_set() else _beside_another(engine, made, passages, stop)

    steps = fan_out(elsewhere, again, engine.load()["slots"], stop=stop, end=stop.set)
    with closing(steps):  # type: ignore[type-var]
        for done in steps:
            for made, other in done:
                if other:
                    kept.made[kept.made.index(made)] = other
            yield SoFar(tuple(kept.made), read, len(passages), kept.left_out)


def _beside_another(engine: Engine, made: Made, passages: Sequence[Source], stop: Event) -> Made | None:
    """From another document, where there are several; None where the first such passage answers, too."""
    places = [source for source in passages if shown(source.hit.passage) != made.passage]
    places.sort(key=lambda source: source.document.id == made.document)
    other = next(iter(places), None)
    if other is None:
        return None
    known = checked(made.answer, Found(made.question, (other,), None))
    found = _checked(engine, made.question, other, stop)
    if supported(known) or (found and supported(found)):
        return None
    answer = prompt.not_found(made.question)
    return replace(_made(made.question, answer, other.hit.passage, other.document), quote="")


def _written(engine: Engine, said: Sequence[Message], sampling: Sampling, stop: Event) -> str:
    sent = fit(engine, said, sampling)
    return complete(engine, sent.messages, sent.sampling, stop=stop).text
