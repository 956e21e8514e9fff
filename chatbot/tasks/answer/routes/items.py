"""What a document enumerates: the rows of a table, the items of a list, articles with numbers, the sections under a heading."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from threading import Event

from chatbot.tasks.summarize.text import of_document
from retrieval.library import Library
from retrieval.types import Document, Page, Passage

_NUMBER = r"[一二三四五六七八九十百零〇\d]+"
_MARKED = re.compile(
    rf"[ \t]*(?:(?P<unit>第{_NUMBER}(?P<zh>[条條章节節款编編])|(?P<en>Article|Section|Chapter|Clause|Rule|Item|Step)\s+\d+(?:\.\d+)*)"
    rf"|(?P<dot>\(?\d{{1,3}}[.)]|{_NUMBER}、|[（(]{_NUMBER}[)）])|(?P<bullet>[-*•‣◦▪●·–—]))[ \t\u3000]*(?=\S)",
)
_CELLS = re.compile(r"[^|\n]+(?: \| [^|\n]*)+")
_LEAD = re.compile(r"[:：]\s*\Z")
_TOTAL = re.compile(r"\W*(?:(?:sub|grand )?totals?\b|sum\b|[合总總共小]计)", re.IGNORECASE)
"""A row that adds the others up is none of them, nor is the header again on the next page."""
_SHORTEST = 2  # items that make an enumeration


@dataclass(frozen=True, slots=True)
class Item:
    """`text` is `start` to `end` of the page. `label` is what it is called, `cells` a row's values by their headers."""

    document: Document
    page: int
    start: int
    end: int
    text: str
    label: str
    cells: tuple[tuple[str, str], ...] = ()


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


def contents(library: Library, owner: str, document: Document, stop: Event) -> Contents:
    """Reads the original again, since the library keeps no headings inside a passage. Raises `Stopped`, `RejectedFile`."""
    text = of_document(library, owner, document.id, stop)
    pages = tuple(library.pages(owner, document.id))
    found = Contents(document, pages, text.passages, ())
    groups = [*_sections(found), *(group for page in pages for group in _on_page(found, page)), *_articles(found)]
    return replace(found, groups=tuple(group for group in groups if len(group.items) >= _SHORTEST))


def chain(passage: Passage) -> tuple[str, ...]:
    """The headings above a passage, without the header of a table, which the splitter adds at its end."""
    return tuple(title for title in passage.heading.split(" > ") if title and " | " not in title)


def _sections(found: Contents) -> Iterator[Group]:
    """Of each heading the ones directly under it."""
    chains = [chain(passage) for passage in found.passages]
    for parent in dict.fromkeys(each[:depth] for each in chains for depth in range(len(each))):
        depth = len(parent)
        under = [
            p for p, each in zip(found.passages, chains, strict=True) if each[:depth] == parent and len(each) > depth
        ]
        parts = [tuple(group) for _, group in groupby(under, key=lambda p: chain(p)[depth])]
        items = tuple(_section(found, part, chain(part[0])[depth]) for part in parts)
        yield Group(
            found.document, " ".join((found.document.name, *parent[-1:])), items, unit="sections chapters 章 节"
        )


def _section(found: Contents, part: Sequence[Passage], title: str) -> Item:
    """As far as its first page goes."""
    first = part[0]
    page = next(page for page in found.pages if page.number == first.page)
    start = first.start + max(0, first.text.find(title))
    end = max(p.end for p in part if p.page == first.page)
    return Item(found.document, first.page, start, end, page.text[start:end], title)


def _on_page(found: Contents, page: Page) -> Iterator[Group]:
    """Runs of rows and of items with marks of one kind; an empty line between two does not end one."""
    lines = [(m.start(), m.group()) for m in re.finditer(r"[^\n]+", page.text) if m.group().strip()]
    kinds = [_kind(line) for _, line in lines]
    at = 0
    for kind, run in groupby(kinds):
        size = len(list(run))
        before = lines[at - 1][1].strip() if at else ""
        if kind == "row" and size > _SHORTEST:
            yield _table(found, page, lines[at : at + size], before)
        elif kind in ("dot", "bullet"):
            yield _list(found, page, lines[at : at + size], before)
        at += size


def _kind(line: str) -> str:
    if _CELLS.fullmatch(line.strip()):
        return "row"
    marked = _MARKED.match(line)
    return (marked.lastgroup or "") if marked and marked.lastgroup in ("dot", "bullet") else ""


def _table(found: Contents, page: Page, lines: Sequence[tuple[int, str]], before: str) -> Group:
    header = _cells(lines[0][1])
    items = []
    for start, line in lines[1:]:
        cells = _cells(line)
        if cells == header or _TOTAL.match(cells[0]):
            continue
        named = tuple(zip(header, cells, strict=False))
        items.append(Item(found.document, page.number, start, start + len(line), line, cells[0], named))
    about = " ".join((_above(found, page, lines[0][0]), before))
    return Group(found.document, about, tuple(items), " | ".join(header))


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split(" | ")]


def _list(found: Contents, page: Page, lines: Sequence[tuple[int, str]], before: str) -> Group:
    items = tuple(_item(found.document, page, start, line) for start, line in lines)
    head = before if _LEAD.search(before) else ""
    return Group(found.document, f"{_above(found, page, lines[0][0])} {head}", items)


def _item(document: Document, page: Page, start: int, line: str) -> Item:
    marked = _MARKED.match(line)
    label = line[marked.end() if marked else 0 :].strip().rstrip("；;。.")
    return Item(document, page.number, start, start + len(line), line, label)


def _articles(found: Contents) -> Iterator[Group]:
    """第八条, Article 8: what stands from one to the next, over all pages."""
    marks = [(page, m) for page in found.pages for m in re.finditer(rf"(?m)^{_MARKED.pattern}", page.text) if m["unit"]]
    kinds: dict[str, list[Item]] = {}
    for n, (page, mark) in enumerate(marks):
        following = marks[n + 1] if n + 1 < len(marks) else None
        end = following[1].start() if following and following[0] is page else len(page.text)
        text = page.text[mark.start() : end].rstrip()
        unit = mark["zh"] or mark["en"].lower()
        item = Item(found.document, page.number, mark.start(), mark.start() + len(text), text, mark["unit"])
        kinds.setdefault(unit, []).append(item)
    for unit, items in kinds.items():
        yield Group(
            found.document, found.document.name, tuple({item.label: item for item in items}.values()), unit=unit
        )


def _above(found: Contents, page: Page, at: int) -> str:
    """The deepest headings over a place, with the document's name."""
    over = [p for p in found.passages if p.page == page.number and p.start <= at]
    return " ".join((found.document.name, *(chain(over[-1])[-2:] if over else ())))
