"""A workbook with labels behind its rows: all else in it, formulas, formats and charts among it, stays as it was.

The child that writes it: `python -m chatbot.tasks.classify.tables.workbook LIMITS PATH NAME ROWS`, where ROWS is a JSON file of
{number of a row of the first sheet: its new cells}. Only that sheet's part of the package is parsed and changes.
"""

import base64
import io
import json
import re
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from threading import Event
from typing import Any

from chatbot.common.confine import confine, rejections, say
from chatbot.common.limited import Limits, run
from chatbot.common.rejected import RejectedFile
from chatbot.tasks.translate.files.office.package import parsed, rewritten, serialised
from retrieval.reading.office.package import opened
from retrieval.reading.sniff import sniff

Cells = Sequence[str | float]
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PIECE = 3 << 20  # bytes of the file in one record
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # in XML


def write(path: Path, name: str, rows: Mapping[int, Cells], *, stop: Event | None = None) -> bytes:
    """The workbook at `path` with these cells behind those rows of its first visible sheet. Raises `RejectedFile`."""
    data: list[bytes] = []
    with tempfile.TemporaryDirectory(prefix="banyan-") as folder:
        given = Path(folder) / "rows.json"
        given.write_text(json.dumps(rows), "utf-8")
        arguments = [str(path.resolve()), name, str(given)]
        for record in run(__name__, arguments, Limits(), stop=stop, given={"name": name}):
            if isinstance(piece := record.get("data"), str):
                data.append(base64.b64decode(piece))
    return b"".join(data)


def main(limits: Limits, path: Path, name: str, given: Path) -> None:
    with rejections(limits):
        if sniff(path, name, limits) != "xlsx":
            raise RejectedFile("unsupported", name=name, found="not a workbook", readable="XLSX")
        rows = {int(at): cells for at, cells in json.loads(given.read_text("utf-8")).items()}
        with opened(path) as stream:
            data = added(stream.read(), rows)
        for at in range(0, len(data), _PIECE):
            say(data=base64.b64encode(data[at : at + _PIECE]).decode("ascii"))
        say(end=True)


def added(data: bytes, rows: Mapping[int, Cells]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as container:
        part = _first_sheet(container)
        root = parsed(container.read(part))
    found = root.findall(f"{_MAIN}sheetData/{_MAIN}row")
    places = [int(row.get("r", at)) for at, row in enumerate(found, 1)]
    column = max((_column(cell, at) for row in found for at, cell in enumerate(row, 1)), default=0) + 1
    for row, place in zip(found, places, strict=True):
        if place in rows:
            _append(row, place, column, rows[place])
    if (dimension := root.find(f"{_MAIN}dimension")) is not None:
        root.remove(dimension)  # programs count for themselves
    return rewritten(data, {part: serialised(root)})


def _first_sheet(container: zipfile.ZipFile) -> str:
    """The part of the first sheet that is seen, as `retrieval.reading.office.cells` takes it."""
    sheets = parsed(container.read("xl/workbook.xml")).findall(f"{_MAIN}sheets/{_MAIN}sheet")
    relations = parsed(container.read("xl/_rels/workbook.xml.rels"))
    targets = {one.get("Id"): one.get("Target") for one in relations if "worksheet" in one.get("Type", "")}
    seen = [sheet for sheet in sheets if sheet.get(_RELATION) in targets]
    first = next((sheet for sheet in seen if sheet.get("state", "visible") == "visible"), seen[0])
    target = targets[first.get(_RELATION)]
    return target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)


def _column(cell: Any, at: int) -> int:
    """Of `F7` it is 6; a cell that does not say stands behind the one before it."""
    letters = re.match("[A-Z]*", cell.get("r", ""))
    number = 0
    for letter in letters[0] if letters else "":
        number = 26 * number + ord(letter) - ord("A") + 1
    return number or at


def _append(row: Any, place: int, column: int, cells: Cells) -> None:
    """In the format of the cell before them where that is a header's; texts are texts, whatever they begin with."""
    style = row[-1].get("s") if len(row) and isinstance(cells[-1], str) else None
    row.attrib.pop("spans", None)
    for at, value in enumerate(cells, column):
        cell = row.makeelement(f"{_MAIN}c", {"r": f"{_letters(at)}{place}", **({"s": style} if style else {})})
        if isinstance(value, str):
            cell.set("t", "inlineStr")
            text = row.makeelement(f"{_MAIN}t")
            text.text = _FORBIDDEN.sub(" ", value)
            inside = row.makeelement(f"{_MAIN}is")
            inside.append(text)
        else:
            inside = row.makeelement(f"{_MAIN}v")
            inside.text = repr(value)
        cell.append(inside)
        row.append(cell)


def _letters(column: int) -> str:
    found = ""
    while column:
        column, rest = divmod(column - 1, 26)
        found = chr(ord("A") + rest) + found
    return found


if __name__ == "__main__":
    bounds = Limits(**json.loads(sys.argv[1]))
    confine(bounds)
    main(bounds, Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
