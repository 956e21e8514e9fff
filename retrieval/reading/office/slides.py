"""PPTX through python-pptx: titles, texts, tables and notes, slide by slide."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chatbot.common.limited import Limits
from retrieval.reading.grid import tidy, write
from retrieval.reading.office.drawings import Drawings
from retrieval.reading.office.package import opened
from retrieval.reading.pages import Pages

_TINY = 25_400  # EMU: two points


def read(path: Path, name: str, pages: Pages, limits: Limits) -> None:
    import pptx

    show = pptx.Presentation(opened(path))
    pages.total = len(show.slides)
    size = (show.slide_width or 0, show.slide_height or 0)
    hidden, drawings = [], Drawings(pages)
    for number, slide in enumerate(show.slides, 1):
        title = slide.shapes.title
        label = title.text_frame.text if title is not None else ""
        if number > 1:
            pages.begin()
        pages.name(label)
        if slide._element.get("show") == "0":
            hidden.append(f"slide {number}")
            continue
        for shape in _shapes(slide.shapes, title):
            _add_shape(shape, pages, size, is_title=title is not None and shape.shape_id == title.shape_id)
            drawings.take(shape._element, slide.part)
        if slide.has_notes_slide and (frame := slide.notes_slide.notes_text_frame) is not None:
            pages.add(frame.text)
    drawings.end()
    if hidden:
        pages.flag("hidden_parts", names=", ".join(hidden))


def _shapes(shapes: Any, title: Any) -> Iterator[Any]:
    """As they are seen: the title first, then from above to below and from left to right; those of a group together."""
    waiting = [*reversed(_by_place(shapes, title))]
    while waiting:
        shape = waiting.pop()
        if hasattr(shape, "shapes"):
            waiting += reversed(_by_place(shape.shapes, None))
        else:
            yield shape


def _by_place(shapes: Any, title: Any) -> list[Any]:
    """In rows: what begins above the middle of the row's first shape stands beside it."""
    is_title = title.shape_id if title is not None else None
    rest = sorted((s for s in shapes if s.shape_id != is_title), key=lambda s: (s.top or 0, s.left or 0))
    rows: list[list[Any]] = []
    for shape in rest:
        first = rows[-1][0] if rows else None
        if first is not None and (shape.top or 0) < (first.top or 0) + (first.height or 0) / 2:
            rows[-1].append(shape)
        else:
            rows.append([shape])
    ordered = [shape for row in rows for shape in sorted(row, key=lambda s: s.left or 0)]
    return [*(s for s in shapes if s.shape_id == is_title), *ordered]


def _add_shape(shape: Any, pages: Pages, size: tuple[int, int], *, is_title: bool) -> None:
    if _is_off(shape, size):
        if shape.has_text_frame:
            pages.hide(shape.text_frame.text, "off the slide")
        return
    if getattr(shape, "has_table", False) and shape.has_table:
        write(pages, tidy(_filled(shape.table)))
    elif shape.has_text_frame:
        for paragraph in shape.text_frame.paragraphs:
            text = _visible(paragraph, pages)
            pages.add(text, "heading" if is_title else "paragraph", int(is_title))


def _filled(table: Any) -> list[list[str]]:
    """Its cells row by row; a merged one says the same in every place that it covers."""
    grid = [[cell.text for cell in line.cells] for line in table.rows]
    for y, line in enumerate(table.rows):
        for x, cell in enumerate(line.cells):
            if cell.is_merge_origin:
                for down in range(y, min(y + cell.span_height, len(grid))):
                    grid[down][x : x + cell.span_width] = [cell.text] * len(grid[down][x : x + cell.span_width])
    return grid


def _is_off(shape: Any, size: tuple[int, int]) -> bool:
    left, top, width, height = shape.left, shape.top, shape.width, shape.height
    if None in (left, top, width, height):
        return False
    return bool(left + width <= 0 or top + height <= 0 or left >= size[0] or top >= size[1])


def _visible(paragraph: Any, pages: Pages) -> str:
    kept = []
    for run in paragraph.runs:
        if run.font.size is not None and run.font.size < _TINY:
            pages.hide(run.text, "too small to read")
        else:
            kept.append(run.text)
    return "".join(kept) if len(kept) < len(paragraph.runs) else paragraph.text.replace("\v", "\n")
