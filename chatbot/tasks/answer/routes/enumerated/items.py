"""What a document enumerates: the rows of a table, the items of a list, articles with numbers, the sections under a heading."""

from dataclasses import dataclass

from retrieval.types import Document, Page, Passage


@dataclass(frozen=True, slots=True)
class Item:
    """`text` is `start` to `end` of the page. `label` is what it is called, `cells` a row's values by their headers, `under` the
    title of its part of the table."""

    document: Document
    page: int
    start: int
    end: int
    text: str
    label: str
    cells: tuple[tuple[str, str], ...] = ()
    under: str = ""

    @property
    def said(self) -> str:
        return f"{self.under} {self.text}".strip()


@dataclass(frozen=True, slots=True)
class Group:
    """Items of one kind. `about` is what stands above them, `header` the names of their columns."""

    document: Document
    about: str
    items: tuple[Item, ...]
    header: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """A document with its enumerations. `passages` are cut at headings; `pages` are those they lie on."""

    document: Document
    pages: tuple[Page, ...]
    passages: tuple[Passage, ...]
    groups: tuple[Group, ...]


def chain(passage: Passage) -> tuple[str, ...]:
    """The headings above a passage, without the header of a table, which the splitter adds at its end."""
    return tuple(title for title in passage.heading.split(" > ") if title and " | " not in title)


def above(found: Contents, page: Page, at: int) -> str:
    """The deepest headings over a place, with the document's name."""
    over = [p for p in found.passages if p.page == page.number and p.start <= at]
    return " ".join((found.document.name, *(chain(over[-1])[-2:] if over else ())))
