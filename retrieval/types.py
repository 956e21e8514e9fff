"""The values that flow through retrieval: file -> `Page`s -> `Passage`s -> `Hit`s -> `Citation`s. Frozen and slotted."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Kind: TypeAlias = str  # of a file: a row of `retrieval.reading.kinds.READERS`
Unit = Literal["page", "slide", "part"]
"""What a `Page` is. Most kinds of files have parts of a bounded length; a new sheet or chapter begins a new part, labelled
with its name, and a long one goes on in the next part with the same label."""

Status = Literal["indexed", "indexed_with_warnings", "rejected"]


@dataclass(frozen=True, slots=True)
class Flag:
    """A warning as data: `code` names it for programs, `details` holds the figures of `text`, and `text` is the
    same in English, fit to show to a person."""

    code: str
    text: str
    details: dict[str, object] = field(
        default_factory=dict, hash=False
    )  # so that a document with warnings can be a key


@dataclass(frozen=True, slots=True)
class Block:
    """What characters `start` to `end` of a page's text are. `level` counts headings from 1 (the highest).

    A table has one row a line, the first is its header when `level` is 1; cells are joined by " | ".
    """

    kind: Literal["heading", "paragraph", "item", "table", "code"]
    start: int
    end: int
    level: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: characters `start` to `end` of a text, and what each of its cells says; "" is an empty one.

    `under` is the title of the group of rows that it belongs to ("Cost of sales").
    """

    start: int
    end: int
    cells: tuple[str, ...]
    under: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` are all headers above each column, the outermost first, joined by " > ". Each row has as many cells.

    Spans are resolved: a merged cell says the same in every row and column that it covers.
    """

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page, slide or part. `number` counts from 1; `label` is the title of the slide, sheet or chapter.

    `text` holds Unicode characters, lines end in "\\n". `warnings` concern this page alone. `blocks` is the structure that
    the file itself told, in order; where it told none, the splitter goes by empty lines. Neither it nor `tables` need be stored.
    """

    number: int
    text: str
    label: str = ""
    warnings: tuple[Flag, ...] = ()
    blocks: tuple[Block, ...] = ()
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one page: `page.text[start:end] == text`, counted in characters, never across pages.

    `position` counts a document's passages from 0. `heading` is the chain of headings above it, joined by " > ".
    `document` and `id` are given by the store; the splitter leaves them empty. The rows of `tables` count from the beginning
    of `text`.
    """

    page: int
    start: int
    end: int
    text: str
    heading: str = ""
    position: int = 0
    document: str = ""
    id: int | None = None
    tables: tuple[Table, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A file in the library as its owner sees it. `size` in bytes, `sha256` of the original, `created` in seconds UTC.

    `pages` and `passages` are counts. `reason` says why it was rejected and `code` the kind of reason; both empty else.
    `collection` is the id of the one that it is in; empty where it is in none.
    """

    id: str
    owner: str
    name: str
    kind: Kind | None
    size: int
    sha256: str
    status: Status
    pages: int = 0
    passages: int = 0
    warnings: tuple[Flag, ...] = ()
    reason: str = ""
    code: str = ""
    created: float = 0.0
    collection: str = ""


EVERYBODY = "users"  # no owner is called that: see `chatbot.access.owner`


@dataclass(frozen=True, slots=True)
class Collection:
    """Documents that belong together, under a name that their owner gave them. `documents` counts them.

    `readers` are the owners who may read and ask them, or `EVERYBODY` who signs in. It is empty for them: who else does is the owner's.
    """

    id: str
    owner: str
    name: str
    documents: int = 0
    readers: tuple[str, ...] = ()
    created: float = 0.0


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found. `lexical` (BM25) and `dense` (cosine) are its raw scores, None where that half did
    not see it; `score` is the fused one, by which hits are ranked."""

    passage: Passage
    score: float
    lexical: float | None = None
    dense: float | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a sentence of an answer stands: `quote` is characters `start` to `end` of the page's text.

    `n` is the number of the chip; `document` is the id, `name` what people call it.
    """

    n: int
    document: str
    name: str
    page: int
    quote: str
    start: int
    end: int
