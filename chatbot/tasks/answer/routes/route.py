"""A question of a kind that passages do not answer -> the answer by its own way, or none, and then passages have to do."""

from collections.abc import Iterator
from threading import Event

from chatbot.engine.base import Engine
from chatbot.tasks.answer.check import Answer, Found
from chatbot.tasks.answer.routes import scan, sides, whole
from chatbot.tasks.answer.routes.asking import counts_a_measure
from chatbot.tasks.answer.routes.documents import Shelf
from chatbot.tasks.answer.routes.enumerated.contents import contents
from chatbot.tasks.answer.routes.enumerated.items import Contents
from chatbot.tasks.answer.routes.kinds import Kind, kind_of
from chatbot.tasks.summarize.work import Working

LONGEST = 1_000
"""Passages of the documents together that are looked through. A filing of 102 takes three seconds to be read again."""
MOST = 20
"""Documents of which it may be: the shortest takes half a second."""


def route_of(question: str) -> Kind:
    """`kind_of`, but that "how many days" asks for a number that stands in a passage."""
    kind = kind_of(question)
    return "passages" if kind == "count" and counts_a_measure(question) else kind


def routed(engine: Engine, shelf: Shelf, question: str, kind: Kind, stop: Event) -> Iterator[Working | Answer]:
    """Steps of a summary, then the answer; nothing where this way has none. Raises what reading and the engine raise."""
    documents = shelf.meant(question) if kind in ("whole", "part", "author") else shelf.documents
    if len(documents) > MOST or sum(document.passages for document in documents) > LONGEST:
        return
    read = [contents(shelf.library, shelf.owner, document, stop) for document in documents]
    if kind in ("whole", "part"):
        yield from _of_a_text(engine, shelf, question, kind, read, stop)
        return
    if given := _given(shelf, question, kind, read):
        yield given


def _given(shelf: Shelf, question: str, kind: Kind, read: list[Contents]) -> Answer | None:
    if kind == "author":
        return whole.author(question, read) or Answer("not_found", Found(question, (), None, "author"))
    if kind in scan.ROUTES:
        given = scan.ROUTES[kind](question, read)
        two = kind == "extreme" and not (given and given.text)
        return (sides.of_two(question, shelf, read) if two else None) or given
    if kind == "change" and (changed := sides.changes(question, shelf, read)):
        return changed
    return sides.compared(question, shelf, read)


def _of_a_text(
    engine: Engine, shelf: Shelf, question: str, kind: Kind, read: list[Contents], stop: Event
) -> Iterator[Working | Answer]:
    """The whole of one document or a part of it; of several what each begins with."""
    if kind == "part":
        found = whole.part(question, read)
        if found and (short := whole.whole_part(question, found)):
            yield short
        elif found:
            yield from whole.summary(question, *found, engine, shelf.owner, stop)
    elif len(read) == 1 and whole.wants_summary(question):
        yield from whole.summary(question, read[0], read[0].passages, engine, shelf.owner, stop)
    else:
        yield whole.about(question, read)
