"""What a sheet's XML says of its cells beside their values: merged, hidden, never calculated, commented on.

openpyxl's read-only mode, which alone reads large sheets in little memory, leaves it out.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from lxml import etree
from openpyxl.utils.cell import column_index_from_string, range_boundaries

_TAGS = ("row", "col", "mergeCell")
_WIDEST = 200  # columns that a merged cell fills at most
_COMMENTS, _THREADS, _DRAWING = "/comments", "/threadedComment", "/drawing"


@dataclass(slots=True)
class Sheet:
    """`merged`: by first row, (first column, last column, last row). Rows and columns count from 1.

    `uncalculated`: cells (row, column) with a formula and no stored value. `hidden_columns` are (first, last).
    """

    merged: dict[int, list[tuple[int, int, int]]] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    uncalculated: set[tuple[int, int]] = field(default_factory=set)
    comments: dict[tuple[int, int], str] = field(default_factory=dict)
    boxes: list[str] = field(default_factory=list)

    def is_hidden(self, column: int) -> bool:
        return any(first <= column <= last for first, last in self.hidden_columns)


def look(sheet: Any, cells: int) -> Sheet:
    """Of an openpyxl read-only worksheet. Looks at about so many `cells` at most."""
    found = Sheet()
    archive, part = sheet.parent._archive, sheet._worksheet_path
    with archive.open(part) as stream:
        _look_at_cells(stream, found, cells)
    threads: dict[tuple[int, int], str] = {}
    for kind, target in _related(archive, part):
        if kind.endswith(_COMMENTS):
            found.comments |= dict(_comments(_parsed(archive, target), "comment", "text//{*}t"))
        elif kind.endswith(_THREADS):
            threads = dict(_comments(_parsed(archive, target), "threadedComment", "text"))
        elif kind.endswith(_DRAWING):
            found.boxes = [*_boxes(_parsed(archive, target))]
    found.comments |= threads  # for older programs they are repeated as comments, with a notice about it
    return found


def _look_at_cells(stream: IO[bytes], found: Sheet, left: int) -> None:
    number = 0
    tags = [f"{{*}}{tag}" for tag in _TAGS]
    for _, element in etree.iterparse(stream, tag=tags, resolve_entities=False, no_network=True):
        name = etree.QName(element).localname
        if name == "row" and left > 0:
            left -= len(element)
            number = int(element.get("r") or number + 1)
            if _on(element, "hidden"):
                found.hidden_rows.add(number)
            found.uncalculated |= {(number, column) for column in _uncalculated(element)}
        elif name == "col" and _on(element, "hidden"):
            found.hidden_columns.append((int(element.get("min", 0)), int(element.get("max", 0))))
        elif name == "mergeCell":
            _merge(element.get("ref", ""), found)
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]


def _on(element: Any, name: str) -> bool:
    return element.get(name) in ("1", "true")


def _uncalculated(row: Any) -> Iterator[int]:
    for cell in row.iterfind("{*}c[{*}f]") if row.find("{*}c/{*}f") is not None else ():
        if not (cell.findtext("{*}v") or cell.find("{*}is") is not None) and cell.get("r"):
            yield column_index_from_string(re.sub(r"\d", "", cell.get("r")))


def _merge(place: str, found: Sheet) -> None:
    left, top, right, bottom = range_boundaries(place)
    if top is not None and left is not None and (left, top) != (right, bottom):
        found.merged.setdefault(top, []).append((left, min(right, left + _WIDEST), bottom))


def _related(archive: Any, part: str) -> Iterator[tuple[str, str]]:
    """Type and path of what a part relates to within the package."""
    folder, name = posixpath.split(part)
    rels = f"{folder}/_rels/{name}.rels"
    if rels in archive.NameToInfo:
        for one in _parsed(archive, rels):
            target = posixpath.normpath(posixpath.join("/" + folder, one.get("Target", ""))).lstrip("/")
            if target in archive.NameToInfo:
                yield one.get("Type", ""), target


def _parsed(archive: Any, part: str) -> Any:
    return etree.fromstring(
        archive.read(part), etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    )


def _comments(root: Any, tag: str, text: str) -> Iterator[tuple[tuple[int, int], str]]:
    """Those of one cell as one, in order."""
    said: dict[tuple[int, int], list[str]] = {}
    for comment in root.iterfind(f".//{{*}}{tag}"):
        column, row, *_ = range_boundaries(comment.get("ref", "A1"))
        said.setdefault((row, column), []).append("".join(part.text or "" for part in comment.iterfind(f"{{*}}{text}")))
    return ((place, " ".join(" ".join(parts).split())) for place, parts in said.items() if any(map(str.strip, parts)))


def _boxes(root: Any) -> Iterator[str]:
    for box in root.iterfind(".//{*}txBody"):
        lines = ["".join(part.text or "" for part in line.iterfind(".//{*}t")) for line in box.iterfind("{*}p")]
        if text := "\n".join(line for line in lines if line.strip()):
            yield text
