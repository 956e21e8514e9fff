"""Which of the chosen documents a question names, and what their first lines say."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from chatbot.tasks.answer.check import Source
from chatbot.tasks.answer.routes.asking import holds
from retrieval.library import Library
from retrieval.text.words import is_dense, tokens
from retrieval.types import Document, Hit

_HEAD = 200  # characters in which a document gives its title
_PLAIN = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True, slots=True)
class Shelf:
    """What one owner asks of. `documents` are those that were chosen and have passages; `every`: all that there are."""

    library: Library
    owner: str
    documents: tuple[Document, ...]
    every: bool = False

    def named(self, words: str) -> tuple[Document, ...]:
        """Those whose name or title holds all the words; none for no words."""
        said = [words[t.start : t.end] for t in tokens(words) if not (t.stop or t.dense)]
        runs = re.findall(r"[一-鿿]+", words)
        if not said and not runs:
            return ()
        return tuple(d for d in self.documents if all(holds(self.title(d), word) for word in (*said, *runs)))

    def meant(self, question: str) -> tuple[Document, ...]:
        """Those whose own name the question says ("Who wrote the handbook?"); all where it says none."""
        found = tuple(d for d in self.documents if _says(question, PurePath(d.name).stem))
        return found or self.documents

    def title(self, document: Document) -> str:
        """Its name and its first lines."""
        passages = self.library.passages(self.owner, document.id)
        return f"{' '.join(_PLAIN.findall(document.name))} {passages[0].text[:_HEAD] if passages else ''}"

    def search(self, query: str, documents: Sequence[Document], limit: int) -> Sequence[Hit]:
        ids = None if self.every and documents is self.documents else [document.id for document in documents]
        return self.library.search(self.owner, query, documents=ids, limit=limit)

    def sources(self, hits: Sequence[Hit]) -> tuple[Source, ...]:
        """Without those of a document that was removed meanwhile."""
        known = {document.id: document for document in self.documents}
        return tuple(Source(hit, known[hit.passage.document]) for hit in hits if hit.passage.document in known)


def _says(question: str, stem: str) -> bool:
    words = [word for word in _PLAIN.findall(stem) if len(word) > 1]
    return bool(words) and all(
        word.casefold() in question.casefold() if is_dense(word) else holds(question, word) for word in words
    )
