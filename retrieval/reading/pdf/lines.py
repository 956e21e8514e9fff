"""The lines of a page as they were drawn: words with their places, upright, whatever the turn of the page."""

import ctypes
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pypdfium2 as pdfium
from pypdfium2 import raw

_NEXT = 0.6  # of the type size: a baseline this far off, further left, is another line that pdfium has joined


@dataclass(frozen=True, slots=True)
class Word:
    """Characters `start` to `end` of the page's text. Places in points with the text upright; `base` grows upwards."""

    start: int
    end: int
    left: float
    right: float
    base: float
    size: float


@dataclass(frozen=True, slots=True)
class Line:
    """`base` and `size` are those of its middle word, so that neither a raised mark nor a large initial counts."""

    words: tuple[Word, ...]
    start: int
    end: int
    left: float
    right: float
    base: float
    size: float


def line_of(words: Sequence[Word]) -> Line:
    middle = len(words) // 2
    return Line(
        tuple(words),
        words[0].start,
        words[-1].end,
        min(word.left for word in words),
        max(word.right for word in words),
        sorted(word.base for word in words)[middle],
        sorted(word.size for word in words)[middle],
    )


def lines(text: str, indices: list[int], textpage: pdfium.PdfTextPage) -> list[Line]:
    """The lines of `text`, whose character k is pdfium's `indices[k]`, in the order in which they were drawn."""
    places = _Places(textpage, indices)
    spans = [span for line in _spans(text, "\n") if (span := _words(text, *line))]
    places.turn = _turn(places, spans)
    found: list[Line] = []
    for span in spans:
        found += _physical([places.word(start, end) for start, end in span])
    return found


def _spans(text: str, mark: str) -> list[tuple[int, int]]:
    at, spans = 0, []
    for piece in text.split(mark):
        spans.append((at, at + len(piece)))
        at += len(piece) + 1
    return spans


def _words(text: str, start: int, end: int) -> list[tuple[int, int]]:
    at, words = start, []
    for piece in text[start:end].split():
        at = text.index(piece, at, end)
        words.append((at, at + len(piece)))
        at += len(piece)
    return words


def _physical(words: list[Word]) -> list[Line]:
    begins = [0]
    for k in range(1, len(words)):
        last, word = words[k - 1], words[k]
        if word.left < last.left and abs(word.base - last.base) > _NEXT * max(word.size, last.size):
            begins.append(k)
    return [line_of(words[a:b]) for a, b in zip(begins, [*begins[1:], len(words)], strict=True)]


def _turn(places: "_Places", spans: list[list[tuple[int, int]]]) -> int:
    """Quarter turns, counterclockwise, of most of the text."""
    turns = Counter(places.angle(span[0][0]) for span in spans)
    return turns.most_common(1)[0][0] if turns else 0


class _Places:
    def __init__(self, textpage: pdfium.PdfTextPage, indices: list[int]) -> None:
        self._text, self._indices = textpage, indices
        self._box, self._x, self._y = raw.FS_RECTF(), ctypes.c_double(), ctypes.c_double()
        self.turn = 0

    def angle(self, k: int) -> int:
        angle = raw.FPDFText_GetCharAngle(self._text, self._indices[k])
        return -round(angle / (math.pi / 2)) % 4 if angle >= 0 else 0  # clockwise; -1: pdfium does not know

    def word(self, start: int, end: int) -> Word:
        first, last = self._upright(start), self._upright(end - 1)
        raw.FPDFText_GetCharOrigin(self._text, self._indices[start], self._x, self._y)
        base = (self._y.value, -self._x.value, -self._y.value, self._x.value)[self.turn]
        left, right = min(first[0], last[0]), max(first[2], last[2])
        return Word(start, end, left, right, base, first[3] - first[1])

    def _upright(self, k: int) -> tuple[float, float, float, float]:
        box = self._box
        raw.FPDFText_GetLooseCharBox(self._text, self._indices[k], box)
        left, bottom, right, top = box.left, box.bottom, box.right, box.top
        return (
            (left, bottom, right, top), (bottom, -right, top, -left),
            (-right, -top, -left, -bottom), (-top, left, -bottom, right),
        )[self.turn]  # fmt: skip
