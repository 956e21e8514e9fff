"""Lists, numbered articles and the sections under a heading, as a document's text shows them."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from chatbot.tasks.answer.routes.enumerated.items import Contents, Group, Item, above, chain
from retrieval.types import Document, Page, Passage

_NUMBER = r"[一二三四五六七八九十百零〇\d]+"
_MARKED = re.compile(
    rf"[ \t]*(?:(?P<unit>第{_NUMBER}(?P<zh>[条條章节節款编編])|(?P<en>Article|Section|Chapter|Clause|Rule|Item|Step)\s+\d+(?:\.\d+)*)"
    rf"|(?P<dot>\(?\d{{1,3}}[.)]|{_NUMBER}、|[（(]{_NUMBER}[)）])|(?P<bullet>[-*•‣◦▪●·–—]))[ \t\u3000]*(?=\S)",
)
_LEAD = re.compile(r"[:：]\s*\Z")


def sections(found: Contents) -> Iterator[Group]:
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


def lists(found: Contents) -> Iterator[Group]:
    """Runs of items with marks of one kind; neither an empty line nor the end of a page ends one."""
    lines = [
        (page, m.start(), m.group())
        for page in found.pages
        for m in re.finditer(r"[^\n]+", page.text)
        if m.group().strip()
    ]
    at = 0
    for (kind, _), run in groupby((_kind(line), page.label) for page, _, line in lines):
        size = len(list(run))
        before = lines[at - 1][2].strip() if at else ""
        if kind:
            yield _list(found, lines[at : at + size], before)
        at += size


def _kind(line: str) -> str:
    marked = _MARKED.match(line)
    return (marked.lastgroup or "") if marked and marked.lastgroup in ("dot", "bullet") else ""


def _list(found: Contents, lines: Sequence[tuple[Page, int, str]], before: str) -> Group:
    items = tuple(_item(found.document, *line) for line in lines)
    head = before if _LEAD.search(before) else ""
    return Group(found.document, f"{above(found, *lines[0][:2])} {head}", items)


def _item(document: Document, page: Page, start: int, line: str) -> Item:
    marked = _MARKED.match(line)
    label = line[marked.end() if marked else 0 :].strip().rstrip("；;。.")
    return Item(document, page.number, start, start + len(line), line, label)


def articles(found: Contents) -> Iterator[Group]:
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
