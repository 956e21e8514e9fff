"""Questions with what the answer task puts to a model of several passages: of the best passages what bears on the question.

The paragraphs are searched by their words as the library searches a person's documents, so a prompt holds what comes near the
question and answers something else, too.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from finetune.data.split import digest
from retrieval.excerpts import excerpts
from retrieval.lab.answers import Collection
from retrieval.types import Hit

Record = Mapping[str, Any]

NOT_FOUND = "This is not in the passages."
FOUND = (1, 3, 5, 5)
"""Passages that were found, each as often: five as served, one as a short document has, three because short prompts teach more in a given time."""
STRANGE = 9
"""Of so many questions one is asked with its paragraph taken out. The gate refuses most of those before a model is asked."""
EACH = 3
"""Of so many questions one is taken: to choose its excerpts takes some 15 ms, and there are more than a recipe needs."""
TOGETHER = 400
"""Questions without a title are asked of so many paragraphs, as a library of some documents has them."""


def excerpted(records: Iterable[Record]) -> Iterator[Record]:
    """SQuAD -> {passages, question, answer}: a third of the questions, of a paragraph at most one where a record is a paragraph.

    Files with one paragraph a record (`qas`) and with one question a record are read, the first searched by article. An answer that is
    not in the excerpts is not asked for; of what is not there, no answer stands in them either.
    """
    collected: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for number, record in enumerate(records):
        question, answer = _one(record)
        collected[record.get("title") or str(number // TOGETHER)].append((record["context"], question, answer))
    for asked in collected.values():
        texts = list(dict.fromkeys(text for text, _, _ in asked))
        collection = Collection(texts, None)
        for text, question, answer in (one for one in asked if digest(one[1]) % EACH == 0):
            yield from _asked(collection, texts.index(text), question.strip(), answer.strip())


def _one(record: Record) -> tuple[str, str]:
    if "qas" not in record:
        return record["question"], record["answers"][0]
    question, answer, *_ = min(record["qas"], key=lambda asked: digest(asked[0]))
    return question, answer


def _asked(collection: Collection, gold: int, question: str, answer: str) -> Iterator[Record]:
    chance = digest(question) // EACH
    count = FOUND[chance % len(FOUND)]
    missing = chance // len(FOUND) % STRANGE == 0
    hits = collection.search(question, without=gold if missing else None, limit=count)
    if not missing and all(hit.passage.id != gold for hit in hits):
        hits = [*hits[: count - 1], Hit(collection.passages[gold], 0.0)]
    shown = excerpts(question, hits)
    held = any(answer.casefold() in hit.passage.text.casefold() for hit in shown)
    if shown and held != missing:
        yield {"passages": numbered(shown), "question": question, "answer": NOT_FOUND if missing else answer}


def numbered(hits: Sequence[Hit]) -> str:
    """As the prompt of the answer task has them; a test holds the two together."""
    return "\n".join(f"[{n}] {hit.passage.text}\n" for n, hit in enumerate(hits, 1))
