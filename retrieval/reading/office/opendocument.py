"""OpenDocument texts, sheets and slides (ODF 1.3): the walk over content.xml. The gate has seen the container."""

import zipfile
from collections.abc import Iterator, Set
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from lxml import etree
from openpyxl.utils import get_column_letter

from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from retrieval.reading.formulas import latex
from retrieval.reading.grid import write
from retrieval.reading.pages import Pages

_NS = "{urn:oasis:names:tc:opendocument:xmlns:"
_TEXT, _TABLE, _DRAW = f"{_NS}text:1.0}}", f"{_NS}table:1.0}}", f"{_NS}drawing:1.0}}"
_STYLE = f"{_NS}style:1.0}}"
_OFFICE, _SVG, _SHOW = f"{_NS}office:1.0}}", f"{_NS}svg-compatible:1.0}}", f"{_NS}presentation:1.0}}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_MATH = "{http://www.w3.org/1998/Math/MathML}math"
_APART = {
    f"{_TEXT}note",
    f"{_OFFICE}annotation",
    f"{_DRAW}frame",
    f"{_DRAW}custom-shape",
    f"{_DRAW}g",
}  # not in the line
_SKIPPED = {
    f"{_TEXT}tracked-changes",
    f"{_OFFICE}forms",
    f"{_TEXT}sequence-decls",
    f"{_TABLE}shapes",
    f"{_SHOW}settings",
}
_PARAGRAPHS = {f"{_TEXT}p", f"{_TEXT}h"}
_SPACES = {f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n"}
_WIDEST = 1_000  # columns: what is repeated further out is empty


def read(path: Path, name: str, pages: Pages, limits: Limits) -> None:
    with zipfile.ZipFile(path) as container:
        if b"encryption-data" in container.read("META-INF/manifest.xml"):
            raise RejectedFile("encrypted")
        root = _parsed(container.read("content.xml"))
        walk = _Walk(container, pages, limits.cells, _undisplayed(root))
        walk.over(root.find(f"{_OFFICE}body"))
        walk.end()


def _parsed(content: bytes) -> Any:
    return etree.fromstring(content, etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True))


class _Walk:
    """`undisplayed` are the styles of sheets that are hidden."""

    def __init__(self, container: zipfile.ZipFile, pages: Pages, cells: int, undisplayed: Set[str]) -> None:
        self._container, self._pages, self._undisplayed = container, pages, undisplayed
        self._hidden: list[str] = []
        self._most = self._cells = cells
        self._slides = self._pictures = self._charts = 0

    def over(self, parent: Any) -> None:
        waiting = [*reversed(parent)]
        while waiting:
            element = waiting.pop()
            if element.tag in _PARAGRAPHS:
                self._paragraph(element)
            elif element.tag == f"{_TABLE}table":
                self._table(element)
            elif element.tag == f"{_DRAW}object":
                self._object(element)
            elif element.tag == f"{_DRAW}image":
                self._picture(element)
            elif element.tag not in _SKIPPED and isinstance(element.tag, str):
                if element.tag == f"{_DRAW}page":
                    self._slide(element)
                waiting += reversed(element)

    def end(self) -> None:
        if self._hidden:
            self._pages.flag("hidden_parts", names=", ".join(self._hidden))
        for code, count in (("pictures_without_text", self._pictures), ("charts_not_read", self._charts)):
            if count:
                self._pages.flag(code, count=count)
        if self._cells < 0:
            self._pages.flag("cells_left_out", cells=self._most)

    def _slide(self, page: Any) -> None:
        if self._slides:
            self._pages.begin()
        self._slides += 1
        title = page.find(f"{_DRAW}frame[@{_SHOW}class='title']")
        self._pages.name(_text(title) if title is not None else "")

    def _paragraph(self, element: Any) -> None:
        text = _text(element)
        if element.tag == f"{_TEXT}h":
            self._pages.add(text, "heading", min(9, int(element.get(f"{_TEXT}outline-level", "1"))))
        elif any(parent.get(f"{_SHOW}class") == "title" for parent in islice(element.iterancestors(), 3)):
            self._pages.add(text, "heading", 1)
        elif any(parent.tag == f"{_TEXT}list-item" for parent in islice(element.iterancestors(), 2)):
            self._pages.add(f"- {text.strip()}" if text.strip() else "", "item")
        else:
            self._pages.add(text)
        for apart in [child for child in element.iter(*_APART) if _is_outermost(child, element)]:
            author = (
                apart.findtext("{http://purl.org/dc/elements/1.1/}creator")
                if apart.tag.endswith("annotation")
                else None
            )
            if author:
                self._pages.add(f"[{author}] " + "\n".join(_text(line) for line in apart.iter(*_PARAGRAPHS)))
            else:
                self.over(apart)

    def _table(self, table: Any) -> None:
        name = table.get(f"{_TABLE}name", "")
        if table.get(f"{_TABLE}style-name") in self._undisplayed:
            self._hidden.append(name)
            return
        if table.getparent().tag == f"{_OFFICE}spreadsheet":
            self._pages.begin(name)
        rows: list[list[str]] = []
        spans: list[tuple[int, int, int, int]] = []
        unseen: set[int] = set()
        for line in _own(table, f"{_TABLE}table-row"):
            row = self._row(line, len(rows), spans)
            times = _count(line, "number-rows-repeated") if row else 1
            if _is_hidden(line) and row:
                unseen |= set(range(len(rows), len(rows) + times))
            rows += [[*row] for _ in range(times)]
            self._cells -= len(row) * times
            if self._cells < 0:
                return
        for top, left, down, across in spans:
            text = rows[top][left] if left < len(rows[top]) else ""
            for row in rows[top : top + down] if text else ():
                row.extend([""] * (left + across - len(row)))
                row[left : left + across] = [text] * across
        apart = _hidden_columns(table)
        self._hidden += [f"{name}!{first + 1}:{last + 1}" for first, last in _runs(unseen)]
        self._hidden += [
            f"{name}!{get_column_letter(k + 1)}" for k in sorted(apart) if any(any(row[k : k + 1]) for row in rows)
        ]
        seen = (row for k, row in enumerate(rows) if k not in unseen)
        write(self._pages, [[text for k, text in enumerate(row) if k not in apart] for row in seen])
        for inner in _own(table, f"{_TABLE}table"):
            self._table(inner)

    def _row(self, line: Any, number: int, spans: list[tuple[int, int, int, int]]) -> list[str]:
        """Its cells as they are shown. To `spans` are added those that cover others: row, column, rows and columns."""
        cells: list[str] = []
        for cell in line:
            if cell.tag in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
                text = " ".join(" ".join(_text(paragraph).split()) for paragraph in _lines(cell))
                down, across = (_count(cell, f"number-{name}-spanned") for name in ("rows", "columns"))
                if down * across > 1 and len(cells) < _WIDEST:
                    spans.append((number, len(cells), down, across))
                cells += [text] * _count(cell, "number-columns-repeated")
        while cells and (not cells[-1] or len(cells) > _WIDEST):  # empty ones are repeated to the end of the sheet
            cells.pop()
        return cells

    def _object(self, element: Any) -> None:
        """A formula is read; a chart holds its table itself, in the object's own file."""
        part = element.get(_HREF, "").removeprefix("./")
        math = element.find(_MATH)
        if math is None and f"{part}/content.xml" in self._container.NameToInfo:
            root = _parsed(self._container.read(f"{part}/content.xml"))
            math = root if root.tag == _MATH else None
            for table in root.iter(f"{_TABLE}table"):
                self._table(table)
        if math is not None:
            self._pages.add(f"${latex(math)}$")

    def _picture(self, image: Any) -> None:
        frame = image.getparent()
        if frame.find(f"{_DRAW}object") is not None:  # the picture of an object that is read itself
            return
        said = " ".join((frame.findtext(f"{_SVG}desc") or frame.findtext(f"{_SVG}title") or "").split())
        self._pages.add(said)
        self._pictures += not said


def _undisplayed(root: Any) -> frozenset[str]:
    properties = root.iter(f"{_STYLE}table-properties")
    return frozenset(
        one.getparent().get(f"{_STYLE}name") for one in properties if one.get(f"{_TABLE}display") == "false"
    )


def _runs(numbers: Set[int]) -> Iterator[tuple[int, int]]:
    """First and last of those that follow each other."""
    for _, run in groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0]):
        members = [number for _, number in run]
        yield members[0], members[-1]


def _is_hidden(element: Any) -> bool:
    return element.get(f"{_TABLE}visibility") in ("collapse", "filter")


def _hidden_columns(table: Any) -> frozenset[int]:
    """Counted from 0, as far as a table may reach."""
    hidden: set[int] = set()
    at = 0
    for column in _own(table, f"{_TABLE}table-column"):
        times = _count(column, "number-columns-repeated")
        if _is_hidden(column):
            hidden |= set(range(at, min(at + times, _WIDEST)))
        at += times
        if at >= _WIDEST:
            break
    return frozenset(hidden)


def _count(cell: Any, name: str) -> int:
    value = cell.get(f"{_TABLE}{name}", "1")
    return max(1, min(_WIDEST, int(value))) if value.isdecimal() and len(value) < 8 else 1


def _text(element: Any) -> str:
    """Of the line itself, without notes and frames that hang on it."""
    pieces: list[str] = [element.text or ""] if element.tag in _PARAGRAPHS or element.tag == f"{_TEXT}span" else []
    waiting = [*reversed(element)]
    while waiting:
        child = waiting.pop()
        if isinstance(child, str):
            pieces.append(child)
            continue
        waiting.append(child.tail or "")
        if child.tag == f"{_TEXT}s":
            pieces.append(" " * min(80, int(child.get(f"{_TEXT}c", "1"))))
        elif child.tag in _SPACES:
            pieces.append(_SPACES[child.tag])
        elif child.tag not in _APART and isinstance(child.tag, str):
            waiting += [*reversed(child), child.text or ""]
    return "".join(pieces)


def _own(table: Any, tag: str) -> Iterator[Any]:
    """Elements of this table with that tag, not those of a table within it."""
    waiting = [*reversed(table)]
    while waiting:
        element = waiting.pop()
        if element.tag == tag:
            yield element
        elif element.tag != f"{_TABLE}table":
            waiting += reversed(element)


def _lines(cell: Any) -> Iterator[Any]:
    """Its paragraphs, not those of a table within it."""
    own = next(cell.iterancestors(f"{_TABLE}table"))
    return (line for line in cell.iter(*_PARAGRAPHS) if next(line.iterancestors(f"{_TABLE}table")) is own)


def _is_outermost(child: Any, paragraph: Any) -> bool:
    for parent in child.iterancestors():
        if parent is paragraph or parent.tag in _APART:
            return parent is paragraph
    return False
