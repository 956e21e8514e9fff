"""RapidOCR: PP-OCR's models for Chinese and English in onnxruntime. The models come in its wheel; nothing is fetched."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.reading.pdf.columns import in_reading_order
from retrieval.reading.pdf.lines import Word, line_of
from retrieval.reading.pdf.paragraphs import lay_out, usual_size
from retrieval.types import Block

LONGEST = 2_000  # pixels of a side: the detector makes larger pictures smaller than that itself
_INK = 160  # of 255: darker counts as ink
_MARGIN = 40  # pixels around the ink: a few words on an empty page are not found unless it is cut to them
_ROW = 0.5  # of the height: boxes whose feet differ less stand in one line


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch of words in a line; places in pixels from the upper left corner, `score` from 0 to 1."""

    text: str
    score: float
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Recognised:
    """`marks`: first and last character of a stretch of the text and its box (left, top, right, bottom) as shares of the
    picture's width and height. `confidence` from 0 to 1, the mean over the characters."""

    text: str
    blocks: list[Block]
    confidence: float
    marks: list[tuple[int, int, float, float, float, float]]


def recognise(image: NDArray[np.uint8]) -> Recognised | None:
    """The text of a picture (height x width x 3, at most `LONGEST` pixels a side); None where there is none."""
    cut = _cut(image)
    if cut is None:
        return None
    (top, left), ink = cut
    found = _engine()(ink)
    if not found.txts:
        return None
    pieces = [
        _piece(box.tolist(), text, float(score), left, top)
        for box, text, score in zip(found.boxes, found.txts, found.scores, strict=True)
        if text.strip()
    ]
    return _laid(pieces, image.shape[1], image.shape[0]) if pieces else None


def _piece(corners: list[list[float]], text: str, score: float, left: int, top: int) -> Piece:
    across, down = [x for x, _ in corners], [y for _, y in corners]
    return Piece(text, score, left + min(across), top + min(down), left + max(across), top + max(down))


@cache
def _engine() -> Any:
    from rapidocr import RapidOCR

    one = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
    return RapidOCR(params={"Global.log_level": "critical", **one})


def _cut(image: NDArray[np.uint8]) -> tuple[tuple[int, int], NDArray[np.uint8]] | None:
    """The part with ink on it, and where it begins; on dark pictures everything is ink."""
    ink = image.min(axis=2) < _INK
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return None
    top, left = max(0, rows[0] - _MARGIN), max(0, columns[0] - _MARGIN)
    return (int(top), int(left)), np.ascontiguousarray(image[top : rows[-1] + _MARGIN, left : columns[-1] + _MARGIN])


def _laid(pieces: Sequence[Piece], width: int, height: int) -> Recognised:
    """In lines, columns and paragraphs, as the text of a page is."""
    rows = _rows(pieces)
    text, lines, places = "", [], list[tuple[int, int, Piece]]()
    for row in rows:
        words = []
        for piece in row:
            start = len(text)
            text += piece.text
            words.append(Word(start, len(text), piece.left, piece.right, -piece.bottom, piece.bottom - piece.top))
            places.append((start, len(text), piece))
            text += " "
        text = text[:-1] + "\n"
        lines.append(line_of(words))
    ordered = in_reading_order(lines, text)
    laid = lay_out(text, [*range(len(text))], ordered, usual_size(ordered), lambda word: False)
    at = {source: k for k, source in enumerate(laid.indices) if source >= 0}
    marks = [
        (at[start], at.get(end - 1, at[start]) + 1, p.left / width, p.top / height, p.right / width, p.bottom / height)
        for start, end, p in places
    ]
    weight = sum(len(piece.text) for piece in pieces)
    return Recognised(laid.text, laid.blocks, sum(p.score * len(p.text) for p in pieces) / weight, marks)


def _rows(pieces: Sequence[Piece]) -> list[list[Piece]]:
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: piece.bottom):
        last = rows[-1][-1] if rows else None
        if last is not None and abs(piece.bottom - last.bottom) < _ROW * min(
            piece.bottom - piece.top, last.bottom - last.top
        ):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [sorted(row, key=lambda piece: piece.left) for row in rows]
