"""The answer task: question -> passages -> gate -> numbered prompt -> sentences, each held against the passages.

The model writes; the program decides what is cited. `ask` yields steps, which the page and the API only render.
"""

import logging
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from threading import Event

import numpy as np

from chatbot.common.errors import ContextOverflow, EngineUnavailable, InputError, ModelError, ModelLoading
from chatbot.engine.adapters.folders import visible
from chatbot.engine.base import Engine, identity
from chatbot.tasks.answer import trust as answer_trust
from chatbot.tasks.answer.across import across
from chatbot.tasks.answer.cell import amount_of_a_row, from_table
from chatbot.tasks.answer.check import Answer, Found, Reason, checked, quotation, unsure
from chatbot.tasks.answer.follow_up import standalone
from chatbot.tasks.answer.near import closest
from chatbot.tasks.answer.newer import newer
from chatbot.tasks.answer.prompt import NOT_FOUND, messages
from chatbot.tasks.answer.routes.conflict import disagreement, with_other_sides
from chatbot.tasks.answer.routes.documents import Shelf
from chatbot.tasks.answer.routes.kinds import Kind
from chatbot.tasks.answer.routes.route import route_of, routed
from chatbot.tasks.answer.routes.stated import unless_stated
from chatbot.tasks.answer.trust import Trust
from chatbot.tasks.budget import Fitted, fit
from chatbot.tasks.chat import clean
from chatbot.tasks.loops import until_it_loops
from chatbot.types import Adapter, FinishReason, Message, Sampling
from retrieval.checks.gate import Gate
from retrieval.checks.verify import Similarity
from retrieval.excerpts import excerpts
from retrieval.library import Library
from retrieval.reading.readers import RejectedFile
from retrieval.search.embed import Embedder
from retrieval.search.fuse import knows
from retrieval.types import Hit

log = logging.getLogger(__name__)

ADAPTER = "answer"  # the adapter of this name, where there is one, was trained on this prompt
PASSAGES = 5
TURNS = 2  # questions before this one that are sent along, with their answers, where it leans on them
SAMPLING = Sampling(temperature=0.0, max_tokens=256)
READS = {"small": 1}
"""Passages that go into the prompt, by the catalogue's name, where that is fewer than are found: on 24 questions of XQuAD its
sentence held the answer 9 times from the best passage, 5 times from the three best."""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """What answers are made from. `embedder` is the library's; None: passages are found by their words alone."""

    library: Library
    gate: Gate
    embedder: Embedder | None = None

    def similarity(self, question: str) -> Similarity | None:
        """Cosines between sentences, where the embedder knows the question's language."""
        if self.embedder is None or not knows(self.embedder.languages, question):
            return None
        queries = self.embedder.queries

        def cosines(text: str, others: Sequence[str]) -> list[float]:
            vectors = queries([text, *others])
            return [float(cosine) for cosine in np.asarray(vectors[1:] @ vectors[0])]

        return cosines


@dataclass(frozen=True, slots=True)
class Writing:
    """The answer so far. `place` counts the requests before this one while it waits for the model."""

    text: str
    place: int = 0


Step = Found | Writing | Answer


def ask(
    engine: Engine,
    retrieval: Retrieval,
    owner: str,
    question: str,
    *,
    documents: Sequence[str] | None = None,
    collection: str = "",
    history: Sequence[Message] = (),
    adapter: str | None = None,
    stop: Event | None = None,
) -> Iterator[Step]:
    """`Found`, any number of `Writing`, then `Answer`. Close it to end the work.

    `documents` are ids (None: all of the `collection`, or without one all of the owner's). `history` are the turns before,
    without the question. Raises `InputError`, `NotFound` for what the owner may not read, and engine errors.
    """
    question = clean(question)
    query = standalone(question, history)
    stop = stop or Event()
    shelf = _shelf(retrieval.library, owner, documents, collection)
    kind = route_of(query)
    given = None
    if kind == "count":
        given = amount_of_a_row(query, _search(retrieval, shelf, query))
    if kind != "passages" and given is None:
        given = yield from _by_route(engine, shelf, query, kind, stop)
    if given is None:
        given = yield from _from_passages(engine, retrieval, shelf, question, query, history, adapter, stop)
        given = unless_stated(kind, given)
    yield given


def _by_route(
    engine: Engine, shelf: Shelf, query: str, kind: Kind, stop: Event
) -> Generator[Step, None, Answer | None]:
    """The answer by the way for this kind of question, if that has one, and the documents could be read again."""
    found = Found(query, (), None, kind)
    yield found
    try:
        for step in routed(engine, shelf, query, kind, stop):
            if isinstance(step, Answer):
                return step
            yield Writing("\n".join(section.line.text for section in step.sections), step.place)
    except RejectedFile as error:
        log.warning("A document could not be read again: %s", error)
    return Answer("answered", found, finish="cancelled") if stop.is_set() else None


def _from_passages(
    engine: Engine,
    retrieval: Retrieval,
    shelf: Shelf,
    question: str,
    query: str,
    history: Sequence[Message],
    adapter: str | None,
    stop: Event,
) -> Generator[Step, None, Answer]:
    found = _search(retrieval, shelf, query)
    yield found
    if given := from_table(query, found):
        return given
    if given := newer(found):
        return replace(given, found=found)
    similarity = retrieval.similarity(query)
    if differing := disagreement(found, similarity):
        return replace(differing, found=found)
    if found.judgement and not found.judgement.answered:
        near = found.judgement.near and similarity
        return closest(found, shelf, near) if near else Answer("not_found", found)
    reason: Reason = "language"
    if speaks(engine, question):
        try:
            given = yield from _written(engine, retrieval, shelf.owner, question, history, found, adapter, stop)
            return with_other_sides(given, similarity)
        except (ModelLoading, ModelError, EngineUnavailable):
            reason = "model"
    return quotation(found, reason)


def speaks(engine: Engine, question: str) -> bool:
    """Whether the model was made for the question's language; also true while it is not known which model it will be."""
    try:
        languages = engine.traits.languages
    except (ModelLoading, ModelError, EngineUnavailable):
        return True
    return knows(languages, question)


def _shelf(library: Library, owner: str, documents: Sequence[str] | None, collection: str) -> Shelf:
    known = library.collections.documents(owner, collection) if collection else library.list(owner)
    chosen = known if documents is None else [library.get(owner, id) for id in dict.fromkeys(documents)]
    if not any(document.passages for document in (*known, *chosen)):
        raise InputError("There is no document to ask. Add one first.", kind="no_documents")
    if documents is not None and not documents:
        raise InputError("No document is chosen. Choose at least one.", kind="none_chosen")
    if collection and (strange := next((document for document in chosen if document.collection != collection), None)):
        raise InputError(f"{strange.name} is not in this collection.", kind="not_in_collection", name=strange.name)
    every = documents is None and not collection
    return Shelf(library, owner, tuple(document for document in chosen if document.passages), every)


def _search(retrieval: Retrieval, shelf: Shelf, query: str) -> Found:
    hits = shelf.search(query, shelf.documents, PASSAGES)
    return Found(query, shelf.sources(hits), retrieval.gate.judge(query, hits))


def _written(
    engine: Engine,
    retrieval: Retrieval,
    owner: str,
    question: str,
    history: Sequence[Message],
    found: Found,
    adapter: str | None,
    stop: Event,
) -> Generator[Step, None, Answer]:
    chosen = _chosen(engine, owner, ADAPTER if adapter is None else adapter)
    trained = chosen is not None and chosen.name == ADAPTER  # without a history: with one it says the last answer again
    read = [source.hit for source in found.sources[: reads(engine.traits.known)]]
    other = across(question, read)
    within = replace(found, query=other.asked(engine, found.query, stop)) if other else found
    leaning = found.query.startswith(question) and found.query != question
    asked = question if leaning and not other else within.query
    if other and (told := from_table(asked, found)):
        return told
    recent = _recent(history) if leaning and not (trained or other) else ()
    sent = _fitted(engine, asked, excerpts(within.query, read), recent)
    trust = answer_trust.find(identity(engine), chosen) if engine.supports_logprobs else None
    sampling = replace(sent.sampling, top_logprobs=1 if trust else None)
    text = ""
    nats = 0.0
    finish: FinishReason = "stop"
    stream = engine.stream(sent.messages, sampling, adapter=chosen.name if chosen else adapter or None, stop=stop)
    chunks = until_it_loops(stream, lambda: sent.prompt)
    with closing(chunks):  # type: ignore[type-var]
        for chunk in chunks:
            text += chunk.text
            nats += sum(token.logprob for token in chunk.logprobs)
            finish = chunk.finish or finish
            yield Writing(text, chunk.place)
    said = other.checkable(engine, text.strip(), stop) if other else text.strip()
    given = _judged(said, within, retrieval.similarity(asked), finish, trust, nats)
    return replace(other.told(engine, given, stop) if other and not given.quoted else given, found=found)


def _chosen(engine: Engine, owner: str, name: str) -> Adapter | None:
    return next((known for known in visible(engine.adapters(), owner) if known.name == name), None)


def _judged(
    text: str | None,
    found: Found,
    similarity: Similarity | None,
    finish: FinishReason,
    trust: Trust | None,
    nats: float,
) -> Answer:
    """Of the text that is to be checked; None: there is none that can be."""
    if text is None:
        return quotation(found, "unsure")
    if text.startswith(NOT_FOUND):
        return unsure(found)
    return checked(text, found, similarity, finish, trust=trust, nats=nats)


def reads(known: str) -> int:
    """How many of the passages found the prompt holds, for a model of that name in the catalogue."""
    return READS.get(known, PASSAGES)


def _recent(history: Sequence[Message]) -> Sequence[Message]:
    """The last turns, beginning with a question."""
    starts = [n for n, message in enumerate(history) if message.role == "user"]
    return history[starts[-TURNS:][0] :] if starts else ()


def _fitted(engine: Engine, question: str, hits: Sequence[Hit], history: Sequence[Message]) -> Fitted:
    """As many of the best passages as the context takes; turns of the history give way first."""
    for count in range(len(hits), 0, -1):
        try:
            return fit(engine, messages(question, hits[:count], history), SAMPLING)
        except ContextOverflow:
            if count == 1:
                raise
    raise InputError("There is no document to ask. Add one first.", kind="no_documents")
