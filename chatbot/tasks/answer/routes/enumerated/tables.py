"""The tables of a document as enumerations: their rows are the items, also where a table goes on on the next page."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from chatbot.tasks.answer.routes.enumerated.items import Contents, Group, Item, above
from retrieval.text.tables import rows
from retrieval.types import Page, Row

_TOTAL = re.compile(r"\W*(?:(?:sub|grand )?totals?\b|sum\b|[合总總共小]计)", re.IGNORECASE)
"""A row that adds the others up is none of them, nor is the header again on the next page."""
_BEFORE = 200  # characters of the line over a table that say what it is of
_PAGE_NUMBER = re.compile(r"[\W\d]*")


@dataclass(frozen=True, slots=True)
class _Line:
    """A row where it stands on its page."""

    page: Page
    columns: tuple[str, ...]
    row: Row


def of_tables(found: Contents) -> Iterator[Group]:
    """Rows of one header that nothing parts but the header again, an end of a page, or the title of a group of them."""
    run: list[_Line] = []
    for line in _lines(found):
        if run and not _follows(run[-1], line):
            yield _group(found, run)
            run = []
        run.append(line)
    if run:
        yield _group(found, run)


def _lines(found: Contents) -> Iterator[_Line]:
    pages = {page.number: page for page in found.pages}
    last: tuple[int, int] = (0, 0)
    for passage in found.passages:
        for table, row in rows(passage.tables):
            start, end = passage.start + row.start, passage.start + row.end
            if (passage.page, start) != last:  # else a long row that was cut goes on
                yield _Line(pages[passage.page], table.columns, replace(row, start=start, end=end))
            last = (passage.page, end)


def _follows(before: _Line, line: _Line) -> bool:
    if before.columns != line.columns or (before.page.label != line.page.label):
        return False
    if before.page is line.page:
        between = line.page.text[before.row.end : line.row.start]
        return all(_is_of(part, line) for part in between.splitlines())
    ends = before.page.text[before.row.end :], line.page.text[: line.row.start]
    return line.page.number == before.page.number + 1 and all(
        _is_of(part, line) or _PAGE_NUMBER.fullmatch(part) for text in ends for part in text.splitlines()
    )


def _is_of(text: str, line: _Line) -> bool:
    """Nothing, the headers again, or the title of the group that begins."""
    known = re.findall(r"\w+", " ".join((*line.columns, line.row.under)))
    return all(word in known for word in re.findall(r"\w+", text))


def _group(found: Contents, run: Sequence[_Line]) -> Group:
    first = run[0]
    said = [_item(found, line) for line in run if not _is_none(line)]
    about = f"{above(found, first.page, first.row.start)} {_over(first)}"
    return Group(found.document, about, tuple(said), " | ".join(first.columns))


def _is_none(line: _Line) -> bool:
    cells = line.row.cells
    return not any(cells) or cells == line.columns or _TOTAL.match(cells[0]) is not None


def _item(found: Contents, line: _Line) -> Item:
    row, text = line.row, line.page.text
    label = next(cell for cell in row.cells if cell)
    named = tuple(zip(line.columns, row.cells, strict=False))
    return Item(
        found.document, line.page.number, row.start, row.end, text[row.start : row.end], label, named, row.under
    )


def _over(line: _Line) -> str:
    """The title of the page, and the nearest line over the table that is not its headers."""
    over = (part.strip() for part in reversed(line.page.text[: line.row.start].splitlines()))
    near = next((part for part in over if part and not _is_of(part, line)), "")
    return f"{line.page.label} {near[:_BEFORE]}"
