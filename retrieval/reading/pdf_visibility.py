"""Whether the text of a PDF page would be seen by a person who looks at it."""

import ctypes
from collections.abc import Callable
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in points; the origin is bottom left."""

_TINY = 1.5  # points: smaller cannot be read
_SCAN = 0.5  # of the page: an image at least this large is the picture of a scan


class Visibility:
    """Judges the text objects of one open page, by their place, size, colour and what lies behind them."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        self.ocr = False
        """Whether invisible text was kept because it lies on the picture of a scan."""
        self._page = page
        self._box: Box = page.get_bbox()
        self._verdicts: dict[int, str] = {}
        self._fills: list[tuple[Box, tuple[int, int, int] | None]] | None = None
        self._scan = False

    def verdict(self, handle: Any) -> str:
        """Why no reader would see this text object (a pdfium handle); empty when they would."""
        address = ctypes.addressof(handle.contents)
        if address not in self._verdicts:
            self._verdicts[address] = self._judged(handle)
        return self._verdicts[address]

    def _judged(self, handle: Any) -> str:
        left, bottom, right, top = (ctypes.c_float() for _ in range(4))
        if not raw.FPDFPageObj_GetBounds(handle, left, bottom, right, top):
            return ""
        box = (left.value, bottom.value, right.value, top.value)
        page = self._box
        if box[2] <= page[0] or box[0] >= page[2] or box[3] <= page[1] or box[1] >= page[3]:
            return "off the page"
        if 0 < box[3] - box[1] < _TINY and 0 < self._size(handle) < _TINY:
            return "too small to read"
        mode = raw.FPDFTextObj_GetTextRenderMode(handle)
        if mode in (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP):
            return self._invisible()
        return self._coloured(handle, box) if mode == raw.FPDF_TEXTRENDERMODE_FILL else ""

    def _size(self, handle: Any) -> float:
        size, matrix = ctypes.c_float(), raw.FS_MATRIX()
        if not raw.FPDFTextObj_GetFontSize(handle, size) or not raw.FPDFPageObj_GetMatrix(handle, matrix):
            return 0.0
        return float(abs(size.value) * max(abs(matrix.d), abs(matrix.b)))

    def _invisible(self) -> str:
        """Invisible text over the picture of a scan is what text recognition leaves, and wanted."""
        self._behind()
        self.ocr = self.ocr or self._scan
        return "" if self._scan else "invisible"

    def _coloured(self, handle: Any, box: Box) -> str:
        colour = _colour(handle)
        if colour is None:
            return ""
        red, green, blue, alpha = colour
        if alpha < 16:
            return "transparent"
        white = min(red, green, blue) >= 240
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        under = [fill for area, fill in self._behind() if area[0] <= x <= area[2] and area[1] <= y <= area[3]]
        if not under:
            return "white on white" if white else ""
        last = under[-1]
        same = last is not None and max(abs(a - b) for a, b in zip(last, (red, green, blue), strict=True)) < 16
        return "in the colour of its background" if same else ""

    def _behind(self) -> list[tuple[Box, tuple[int, int, int] | None]]:
        """Filled areas and pictures in the order in which they are drawn, with their colour where they have one."""
        if self._fills is None:
            self._fills = []
            width, height = self._box[2] - self._box[0], self._box[3] - self._box[1]
            kinds = [raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_SHADING]
            for found in self._page.get_objects(filter=kinds, max_depth=4):
                try:
                    area = found.get_bounds()
                except pdfium.PdfiumError:
                    continue
                if area[2] - area[0] < 3 or area[3] - area[1] < 3:
                    continue
                if found.type == raw.FPDF_PAGEOBJ_PATH:
                    if (fill := _fill(found)) is not None:
                        self._fills.append((area, fill))
                    continue
                self._fills.append((area, None))
                self._scan = self._scan or (area[2] - area[0]) * (area[3] - area[1]) >= _SCAN * width * height
        return self._fills


def _colour(handle: Any, get: Callable[..., Any] = raw.FPDFPageObj_GetFillColor) -> tuple[int, int, int, int] | None:
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not get(handle, red, green, blue, alpha):
        return None
    return red.value, green.value, blue.value, alpha.value


def _fill(found: pdfium.PdfObject) -> tuple[int, int, int] | None:
    mode, stroke = ctypes.c_int(), ctypes.c_int()
    if not raw.FPDFPath_GetDrawMode(found, mode, stroke) or mode.value == raw.FPDF_FILLMODE_NONE:
        return None
    colour = _colour(found)
    return colour[:3] if colour and colour[3] >= 128 else None
