"""DOCX: python-docx opens the package, we walk its XML (ECMA-376, part 1, section 17), since its own paragraphs leave out
insertions, content controls and text boxes."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chatbot.common.limited import Limits
from retrieval.reading.formulas import latex_of_office
from retrieval.reading.grid import tidy, write
from retrieval.reading.office.drawings import Drawings
from retrieval.reading.office.notes import Notes
from retrieval.reading.office.numbering import Numbering
from retrieval.reading.office.package import opened
from retrieval.reading.office.tables import grid
from retrieval.reading.pages import Pages

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FORMULA = "{http://schemas.openxmlformats.org/officeDocument/2006/math}oMath"
_READ = re.compile(r"/(footnotes|endnotes|comments|numbering|header\d*|footer\d*)\.xml\Z")
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_HEADING = re.compile(r"heading ([1-9])\Z", re.IGNORECASE)
_TINY = 4  # half points
_WHITE_ON_WHITE = "white on white"
_SKIPPED = {f"{_W}del", f"{_W}moveFrom", f"{_W}instrText", f"{_W}delText", f"{_W}pPr", f"{_W}rPr", _FALLBACK}
_SPACES = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}


def read(path: Path, name: str, pages: Pages, limits: Limits) -> None:
    import docx

    document = docx.Document(opened(path))
    parts = {str(part.partname): part for part in document.part.package.iter_parts()}
    roots = {at: _root(part) for at, part in parts.items() if _READ.search(at)}
    reader = _Reader(document, pages, roots)
    reader.over(document.element.body)
    reader.end()
    for at, root in roots.items():
        if re.search(r"/(header|footer)\d*\.xml\Z", at):
            reader.once(root)


def _root(part: Any) -> Any:
    from lxml import etree

    element = getattr(part, "element", None)
    if element is not None:
        return element
    return etree.fromstring(part.blob, etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True))


class _Reader:
    def __init__(self, document: Any, pages: Pages, roots: dict[str, Any]) -> None:
        self._pages, self._part = pages, document.part
        self._styles = {style.style_id: style for style in document.styles}
        self._hiding = {key: _hiding(style.element.find(f"{_W}rPr")) for key, style in self._styles.items()}
        self._seen: set[str] = set()
        self._notes = Notes(roots, self._text)
        numbers = next((root for name, root in roots.items() if name.endswith("/numbering.xml")), None)
        self._numbers = Numbering(numbers, {key: style.element for key, style in self._styles.items()})
        self._drawings = Drawings(pages)

    def over(self, parent: Any) -> None:
        """Paragraphs and tables in order, also those inside content controls and text boxes."""
        waiting = [*reversed(parent)]
        while waiting:
            element = waiting.pop()
            if element.tag == f"{_W}p":
                self._paragraph(element)
                waiting += reversed([box for box in element.iter(f"{_W}txbxContent") if _belongs(box, element)])
                self._after(element)
            elif element.tag == f"{_W}tbl":
                self._table(element)
                self._after(element)
            elif element.tag not in _SKIPPED:
                waiting += reversed(element)

    def once(self, root: Any) -> None:
        """Headers repeat for every section: each text once."""
        for paragraph in root.iter(f"{_W}p"):
            text = self._text(paragraph).strip()
            if text and text not in self._seen and not text.isdecimal():
                self._seen.add(text)
                self._pages.add(text)

    def end(self) -> None:
        for text in self._notes.left():
            self._pages.add(text)
        self._drawings.end()

    def _after(self, element: Any) -> None:
        """What belongs to a paragraph or a table but is not in its text."""
        for frame in element.iter(f"{_W}drawing", f"{_W}pict"):
            if next(frame.iterancestors(_FALLBACK), None) is None:
                self._drawings.take(frame, self._part)
        for text in self._notes.waiting():
            self._pages.add(text)

    def _paragraph(self, element: Any) -> None:
        text, label = self._text(element), self._numbers.label(element)
        text = f"{label} {text.strip()}" if label and text.strip() else text
        style = self._styles.get(_value(element, "pPr", "pStyle"))
        name = (style.name or "") if style is not None else ""
        if found := _HEADING.match(name):
            self._pages.add(text, "heading", int(found[1]))
        elif name == "Title":
            self._pages.add(text, "heading", 1)
        elif label:
            self._pages.add(text, "item")
        elif name.startswith("List"):
            self._pages.add(f"- {text.strip()}" if text.strip() else "", "item")
        else:
            self._pages.add(text)

    def _table(self, table: Any) -> None:
        """One within a cell comes after its table, under what its row says first."""
        waiting = [("", table)]
        while waiting:
            within, table = waiting.pop()
            found = grid(table, self._text)
            write(self._pages, tidy(found.rows, found.heads), found.heads, within=within)
            waiting += reversed(found.nested)

    def _text(self, paragraph: Any) -> str:
        pieces: list[str] = []
        for run in _runs(paragraph):
            text = f"${latex_of_office(run)}$" if run.tag == _FORMULA else "".join(map(self._piece, run))
            properties = run.find(f"{_W}rPr")
            how = _hiding(properties) or self._hiding.get(_value(run, "rPr", "rStyle"), "")
            how = how or self._hiding.get(_value(paragraph, "pPr", "pStyle"), "")
            if how == _WHITE_ON_WHITE and _is_shaded(paragraph):
                how = ""
            if how and text.strip():
                self._pages.hide(text, how)
            else:
                pieces.append(text)
        return "".join(pieces)

    def _piece(self, element: Any) -> str:
        if element.tag == f"{_W}t":
            return element.text or ""
        return _SPACES.get(element.tag, "") or self._notes.mark(element)


def _runs(paragraph: Any) -> Iterator[Any]:
    waiting = [*reversed(paragraph)]
    while waiting:
        element = waiting.pop()
        if element.tag in (f"{_W}r", _FORMULA):
            yield element
        elif element.tag not in _SKIPPED and element.tag != f"{_W}p":
            waiting += reversed(element)


def _value(element: Any, properties: str, name: str) -> str:
    found = element.find(f"{_W}{properties}/{_W}{name}")
    return str(found.get(f"{_W}val", "")) if found is not None else ""


def _is_on(properties: Any, name: str) -> bool:
    found = properties.find(f"{_W}{name}")
    return found is not None and found.get(f"{_W}val", "1") not in ("0", "false", "off")


def _hiding(properties: Any) -> str:
    """Why text with these run properties is not seen; empty when it is."""
    if properties is None:
        return ""
    if _is_on(properties, "vanish") or _is_on(properties, "specVanish"):
        return "hidden in Word"
    size = properties.find(f"{_W}sz")
    if size is not None and str(size.get(f"{_W}val")).isdecimal() and int(size.get(f"{_W}val")) < _TINY:
        return "too small to read"
    colour = properties.find(f"{_W}color")
    white = colour is not None and str(colour.get(f"{_W}val")).upper() == "FFFFFF"
    shaded = properties.find(f"{_W}shd") is not None or properties.find(f"{_W}highlight") is not None
    return _WHITE_ON_WHITE if white and not shaded else ""


def _is_shaded(paragraph: Any) -> bool:
    """The paragraph, its cell, row, table or text box has a colour of its own, as the heads of tables often have."""
    return any(
        parent.tag == f"{_W}txbxContent" or parent.find(f"{_W}{parent.tag[len(_W) :]}Pr/{_W}shd") is not None
        for parent in (paragraph, *paragraph.iterancestors())
    )


def _belongs(box: Any, paragraph: Any) -> bool:
    """The text box hangs on this paragraph itself, and is not the copy of it for old programs."""
    for parent in box.iterancestors():
        if parent is paragraph or parent.tag in (_FALLBACK, f"{_W}p"):
            return parent is paragraph
    return False
