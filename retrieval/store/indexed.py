"""What indexes are made of, and how they know that it is old."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chatbot.common.database.base import Transaction

Ids = npt.NDArray[np.int64]


def indexed_text(heading: str, text: str) -> str:
    """What is searched of a passage: under which headings it stands, and itself."""
    return f"{heading}\n{text}" if heading and not text.startswith(heading) else text


@dataclass(frozen=True, slots=True)
class Cache:
    """A file in `index/` and what it was made of. `embedder` is None for keywords."""

    file: str
    generation: int
    rows: int
    sha256: str
    embedder: int | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """The passages of one document: `count` ids from `first` on, one after the other."""

    first: int
    count: int

    @property
    def ids(self) -> Ids:
        return np.arange(self.first, self.first + self.count, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Home:
    """Whose passages one index holds: all of an owner's, or those of one collection, which others may search, too."""

    owner: str
    collection: str = ""


def next_generation(database: Transaction, owner: str) -> None:
    """The owner's documents have changed, or the collections that they are in."""
    database.execute(
        "INSERT INTO owners VALUES (?, 1) ON CONFLICT (owner) DO UPDATE SET generation = owners.generation + 1",
        (owner,),
    )
