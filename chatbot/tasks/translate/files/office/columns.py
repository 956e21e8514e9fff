"""Cells of a workbook whose words are looked up by these words (SpreadsheetML, ECMA-376, part 1, 18.5 and 18.3.1). A table names
its columns by what their headers say, and so do formulas: other words there are damage to a spreadsheet program. A formula, a
rule for a format or a list of choices asks whether a cell says "Open"."""

import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from chatbot.tasks.translate.files.office.paragraphs import S

_SHEET = re.compile(r"xl/worksheets/(sheet\d+)\.xml")
_TABLE = re.compile(rb"<(?:\w+:)?table\b[^>]*>")
_QUOTED = re.compile(r'"((?:[^"]|"")+)"')
_FORMULAS = tuple(f"{S}{name}" for name in ("f", "formula", "formula1", "formula2"))
_CELL = re.compile(r"([A-Z]+)(\d+)")


def pinned(container: zipfile.ZipFile, roots: Mapping[str, Any]) -> list[Any]:
    """The elements whose text names a column of a table or stands in a formula: strings of the workbook, or texts in a cell."""
    strings = [*roots["xl/sharedStrings.xml"].iter(f"{S}si")] if "xl/sharedStrings.xml" in roots else []
    found: list[Any] = []
    for name, root in roots.items():
        if sheet := _SHEET.fullmatch(name):
            heads = {cell for ref in _refs(container, sheet[1]) for cell in _first_row(ref)}
            cells = [cell for cell in root.iter(f"{S}c") if cell.get("r") in heads] if heads else []
            found += (text for cell in cells if (text := _text(cell, strings)) is not None)
    asked = {
        word for root in roots.values() for formula in root.iter(*_FORMULAS) for word in _words(formula.text or "")
    }
    texts = (text for root in roots.values() for text in root.iter(f"{S}si", f"{S}is")) if asked else ()
    return [*found, *(text for text in texts if "".join(text.itertext()).strip().casefold() in asked)]


def _words(formula: str) -> Iterator[str]:
    """Those in quotes; of a list of choices each."""
    for quoted in _QUOTED.finditer(formula):
        whole = quoted[1].replace('""', '"')
        yield from (word.strip().casefold() for word in (whole, *(whole.split(",") if quoted[0] == formula else ())))


def _refs(container: zipfile.ZipFile, sheet: str) -> Iterator[str]:
    """Where the tables of a sheet that have a row of headers lie: "A1:C5"."""
    from lxml import etree

    links = f"xl/worksheets/_rels/{sheet}.xml.rels"
    if links not in container.namelist():
        return
    for link in etree.fromstring(container.read(links), etree.XMLParser(resolve_entities=False, no_network=True)):
        part = posixpath.normpath(posixpath.join("xl/worksheets", link.get("Target", "")))
        part = link.get("Target", "").lstrip("/") if link.get("Target", "").startswith("/") else part
        if link.get("Type", "").endswith("/table") and part in container.namelist():
            head = _TABLE.search(container.read(part))
            table = head[0].decode("utf-8", "replace") if head else ""
            ref = re.search(r'\sref="([^"]+)"', table)
            if ref and 'headerRowCount="0"' not in table:
                yield ref[1]


def _first_row(ref: str) -> Iterator[str]:
    start, _, end = ref.replace("$", "").partition(":")
    first, last = _CELL.fullmatch(start), _CELL.fullmatch(end or start)
    if first and last:
        yield from (f"{_letters(n)}{first[2]}" for n in range(_number(first[1]), _number(last[1]) + 1))


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _text(cell: Any, strings: list[Any]) -> Any | None:
    if cell.get("t") == "inlineStr":
        return cell.find(f"{S}is")
    value = cell.findtext(f"{S}v") or ""
    shared = cell.get("t") == "s" and value.isdigit() and int(value) < len(strings)
    return strings[int(value)] if shared else None
