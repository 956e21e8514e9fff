"""What drawings hold besides text boxes: charts as tables, the texts of SmartArt, alternative texts of pictures (DrawingML,
ECMA-376, part 1, 20 and 21)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from retrieval.reading.grid import write
from retrieval.reading.pages import Pages

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_DGM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
_PIC = "{http://schemas.openxmlformats.org/drawingml/2006/picture}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_CHART_OF_2016 = "http://schemas.microsoft.com/office/drawing/2014/chartex"
_FILE = re.compile(
    r"\A\S*\.(?:png|jpe?g|gif|bmp|tiff?|emf|wmf|svg)\Z", re.IGNORECASE
)  # a name says nothing of the picture
_MOST_POINTS = 100_000  # of a chart: its saved numbers may claim any index


@dataclass(slots=True)
class Drawing:
    """`rows`: of a chart, the first with the names of its series. `pictures` and `charts` count what holds no text."""

    texts: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    pictures: int = 0
    charts: int = 0


class Drawings:
    """Reads the drawings of a document one by one and says at its end what was not read."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._pictures = self._charts = 0

    def take(self, frame: Any, part: Any) -> None:
        found = drawing(frame, part)
        for text in found.texts:
            self._pages.add(text)
        write(self._pages, found.rows, heads=1)
        self._pictures += found.pictures
        self._charts += found.charts

    def end(self) -> None:
        if self._pictures:
            self._pages.flag("pictures_without_text", count=self._pictures)
        if self._charts:
            self._pages.flag("charts_not_read", count=self._charts)


def drawing(frame: Any, part: Any) -> Drawing:
    """`frame` is the element around one drawing of `part`, a part of a package that was opened."""
    found = Drawing()
    said = next((text for element in frame.iter() if (text := _alternative(element))), "")
    if said:
        found.texts.append(said)
    for element in frame.iter(f"{_C}chart"):
        root = _part(part, element.get(f"{_R}id"))
        title, found.rows = chart(root) if root is not None else ("", [])
        found.texts += [title] if title else []
        found.charts += not found.rows
    for element in frame.iter(f"{_DGM}relIds"):
        root = _part(part, element.get(f"{_R}dm"))
        found.texts += list(_diagram(root)) if root is not None else []
    if any(data.get("uri") == _CHART_OF_2016 for data in frame.iter(f"{_A}graphicData")):
        found.charts += 1
    if next(frame.iter(f"{_PIC}pic", f"{_P}pic"), None) is not None:
        found.pictures += not said
    return found


def chart(root: Any) -> tuple[str, list[list[str]]]:
    """Its title and its series as columns, a category a row, from the numbers saved in the file."""
    title = root.find(f".//{_C}chart/{_C}title")
    names: list[str] = []
    columns: list[dict[int, str]] = []
    labels: dict[int, str] = {}
    for series in root.iter(f"{_C}ser"):
        names.append("".join(_points(series.find(f"{_C}tx")).values()))
        labels |= _points(_first(series, "cat", "xVal"))
        columns.append(_points(_first(series, "val", "yVal")))
    rows = [
        [labels.get(k, ""), *(column.get(k, "") for column in columns)]
        for k in sorted({k for column in columns for k in column})
    ]
    said = "" if title is None else _text_of(title) or "".join(_points(title).values())
    return said, [["", *names], *rows] if rows else []


def _first(series: Any, *names: str) -> Any:
    return next((found for name in names if (found := series.find(f"{_C}{name}")) is not None), None)


def _points(holder: Any) -> dict[int, str]:
    """Saved texts or numbers by their index; of categories in several levels, joined from the outermost."""
    if holder is None:
        return {}
    plain = holder.find(f"{_C}v")
    if plain is not None:
        return {0: plain.text or ""}
    levels = list(holder.iter(f"{_C}lvl")) or [holder]
    percent = any("%" in (code.text or "") for code in holder.iter(f"{_C}formatCode"))
    found: dict[int, str] = {}
    for level in reversed(levels):
        for point in level.iter(f"{_C}pt"):
            index, value = point.get("idx", ""), point.findtext(f"{_C}v") or ""
            if index.isdecimal() and int(index) < _MOST_POINTS:
                found[int(index)] = f"{found.get(int(index), '')} {_shown(value, percent=percent)}".strip()
    return found


def _shown(value: str, *, percent: bool) -> str:
    try:
        number = float(value)
    except ValueError:
        return value
    return f"{number * 100:.10g}%" if percent else f"{number:.12g}"


def _diagram(root: Any) -> Iterator[str]:
    """The texts of SmartArt in the order in which they were typed."""
    for point in root.iter(f"{_DGM}pt"):
        if point.get("type", "node") in ("node", "asst") and (text := _text_of(point)):
            yield text


def _alternative(element: Any) -> str:
    if not isinstance(element.tag, str) or etree.QName(element).localname not in ("docPr", "cNvPr", "shape"):
        return ""
    said = " ".join((element.get("descr") or element.get("alt") or "").split())
    return "" if _FILE.search(said) else said


def _text_of(element: Any) -> str:
    paragraphs = ("".join(run.text or "" for run in paragraph.iter(f"{_A}t")) for paragraph in element.iter(f"{_A}p"))
    return "\n".join(line for paragraph in paragraphs if (line := paragraph.strip()))


def _part(part: Any, id: str | None) -> Any:
    """The root of the part that `part` names by `id`; None where it is missing."""
    if id is None or id not in part.rels or part.rels[id].is_external:
        return None
    return etree.fromstring(
        part.rels[id].target_part.blob, etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True)
    )
