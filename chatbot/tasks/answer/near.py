"""A question in other words than the documents': the paragraphs that are nearest to it, of which none is said to answer."""

from dataclasses import replace

from chatbot.tasks.answer.check import Answer, Citations, Found, Sentence
from chatbot.tasks.answer.routes.documents import Shelf
from retrieval.checks.extract import nearest
from retrieval.checks.verify import Similarity

DEPTH = 50  # passages found by words and meaning together
READ = 16
"""Of them the nearest by meaning alone, whose sentences are held against the question: the words of a question that shares none with
its answer find others."""
QUOTED = 3  # paragraphs


def closest(found: Found, shelf: Shelf, similarity: Similarity) -> Answer:
    """Its sources are the passages that were looked at in the end, not those of `found`."""
    hits = sorted(shelf.search(found.query, shelf.documents, DEPTH), key=lambda hit: -(hit.dense or 0.0))[:READ]
    within = replace(found, sources=shelf.sources(hits))
    cited = Citations(within.sources)
    text = ""
    parts: list[Sentence] = []
    for quote in nearest(found.query, [source.hit for source in within.sources], similarity, QUOTED):
        parts.append(Sentence(quote.text, len(text), "related", cited.numbers([quote])))
        text += f"{quote.text}\n"
    return Answer("answered", within, text.rstrip(), tuple(parts), cited.all, "near")
