"""The Word document that is made of a PDF's pieces."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

_XML = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TYPEWRITER, _SMALL = "Courier New", 9  # of code; points

Place = tuple[int, int, int]
"""Number of the piece, row, cell."""


class Piece(NamedTuple):
    """`rows` hold one text, or the cells of a table. `level` counts headings from 1; 0 is text. `picture` is the number of one on
    its page, `width` in points."""

    kind: Literal["text", "code", "table", "picture"]
    page: int
    rows: tuple[tuple[str, ...], ...] = ()
    level: int = 0
    picture: int = 0
    width: float = 0.0


def written(pieces: Sequence[Piece], texts: Mapping[Place, str], pictures: Iterator[bytes]) -> bytes:
    """`texts` of all cells but those of code, which stay; `pictures` in the order of the pieces."""
    import docx
    from docx.enum.text import WD_BREAK

    document = docx.Document()
    page = pieces[0].page if pieces else 0
    for n, piece in enumerate(pieces):
        if piece.page != page:
            page = piece.page
            document.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
        if piece.kind == "picture":
            _picture(document, next(pictures), piece.width)
        else:
            _add(document, n, piece, texts)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _add(document: Any, n: int, piece: Piece, texts: Mapping[Place, str]) -> None:
    match piece.kind:
        case "text" if piece.level:
            document.add_heading(_legal(texts[n, 0, 0]), min(piece.level, 9))
        case "text":
            document.add_paragraph(_legal(texts[n, 0, 0]))
        case "code":
            _code(document, piece.rows[0][0])
        case "table":
            _table(document, n, piece.rows, texts)


def _code(document: Any, text: str) -> None:
    from docx.shared import Pt

    run = document.add_paragraph().add_run(_legal(text))
    run.font.name, run.font.size = _TYPEWRITER, Pt(_SMALL)


def _table(document: Any, n: int, rows: Sequence[Sequence[str]], texts: Mapping[Place, str]) -> None:
    table = document.add_table(len(rows), max(map(len, rows)), "Table Grid")
    for r, (row, made) in enumerate(zip(rows, table.rows, strict=True)):
        cells = made.cells
        for c in range(len(row)):
            cells[c].text = _legal(texts[n, r, c])


def _picture(document: Any, png: bytes, width: float) -> None:
    """No wider than the page's text."""
    from docx.shared import Pt

    section = document.sections[0]
    room = section.page_width - section.left_margin - section.right_margin
    document.add_picture(io.BytesIO(png), min(Pt(width), room))


def _legal(text: str) -> str:
    return _XML.sub("", text)
