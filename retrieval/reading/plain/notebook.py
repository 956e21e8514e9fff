"""Jupyter notebooks (nbformat 3 and 4): text, code and what it wrote, cell by cell."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from retrieval.reading.pages import Pages
from retrieval.reading.plain.markdown import add_markdown
from retrieval.reading.plain.text import text_of

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def read(path: Path, name: str, pages: Pages, limits: Limits) -> None:
    try:
        book = json.loads(text_of(path, pages))
    except (ValueError, RecursionError) as error:
        raise RejectedFile("damaged") from error
    pictures = 0
    for cell in _cells(book):
        source = _joined(cell.get("source", cell.get("input")))
        if cell.get("cell_type") == "code":
            pages.add(source, "code")
            for output in _list(cell.get("outputs")):
                pages.add(_COLOURS.sub("", _said(output)), "code")
                pictures += _is_picture(output)
        elif cell.get("cell_type") in ("markdown", "heading"):
            add_markdown(source, pages)
        else:
            pages.add(source)
    if pictures:
        pages.flag("pictures_without_text", count=pictures)


def _cells(book: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(book, dict):
        return
    sheets = [book, *(sheet for sheet in _list(book.get("worksheets")) if isinstance(sheet, dict))]
    yield from (cell for sheet in sheets for cell in _list(sheet.get("cells")) if isinstance(cell, dict))


def _said(output: Any) -> str:
    """A stream, a result as plain text, or the last line of an error."""
    if not isinstance(output, dict):
        return ""
    if output.get("output_type") == "error":
        return f"{output.get('ename', '')}: {output.get('evalue', '')}"
    data = output.get("data")
    return _joined(data.get("text/plain") if isinstance(data, dict) else output.get("text"))


def _is_picture(output: Any) -> bool:
    data = output.get("data") if isinstance(output, dict) else None
    return isinstance(data, dict) and any(str(kind).startswith("image/") for kind in data)


def _joined(source: Any) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source or "")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
