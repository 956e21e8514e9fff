"""Whether the text of a PDF page would be seen by a person who looks at it."""

import ctypes
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

Box = tuple[float, float, float, float]
"""Left, bottom, right, top in points; the origin is bottom left."""

_TINY = 1.5  # points: smaller cannot be read
_OFF = "off the page"
_RECTANGLE = 5  # segments: one move and up to four lines
SCAN = 0.5  # of the page: an image at least this large is the picture of a scan


class Visibility:
    """Judges the text objects of one open page, by their place, size, colour and what lies behind them."""

    def __init__(self, page: pdfium.PdfPage, textpage: pdfium.PdfTextPage) -> None:
        self.ocr = False
        """Whether invisible text was kept because it lies on the picture of a scan."""
        self._page, self._text = page, textpage
        self._box: Box = page.get_bbox()
        self._verdicts: dict[int, str] = {}
        self._fills: list[tuple[Box, tuple[int, int, int] | None]] | None = None
        self._scan = False

    def verdict(self, handle: Any, index: int) -> str:
        """Why no reader would see the character `index` of this text object (a pdfium handle); empty when they would."""
        address = ctypes.addressof(handle.contents)
        if address not in self._verdicts:
            self._verdicts[address] = self._judged(handle, index)
        how = self._verdicts[address]
        return how if how != _OFF or self._is_off(self._place(index)) else ""

    def _judged(self, handle: Any, index: int) -> str:
        box = self._place(index)
        if self._is_off(box):
            return _OFF
        if 0 < max(box[2] - box[0], box[3] - box[1]) < _TINY:
            return "too small to read"
        mode = raw.FPDFTextObj_GetTextRenderMode(handle)
        if mode in (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP):
            return self._invisible()
        return self._coloured(handle, box) if mode == raw.FPDF_TEXTRENDERMODE_FILL else ""

    def _place(self, index: int) -> Box:
        """On the page. The object's own bounds would be those within its form."""
        box = raw.FS_RECTF()
        raw.FPDFText_GetLooseCharBox(self._text, index, box)
        return box.left, box.bottom, box.right, box.top

    def _is_off(self, box: Box) -> bool:
        page = self._box
        return box[2] <= page[0] or box[0] >= page[2] or box[3] <= page[1] or box[1] >= page[3]

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
                area = on_page(found)
                if area[2] - area[0] < 3 or area[3] - area[1] < 3:
                    continue
                if found.type == raw.FPDF_PAGEOBJ_PATH:
                    if _is_filled(found):
                        self._fills.append((area, _fill(found)))
                    continue
                self._fills.append((area, None))
                self._scan = self._scan or (area[2] - area[0]) * (area[3] - area[1]) >= SCAN * width * height
        return self._fills


def _colour(handle: Any) -> tuple[int, int, int, int] | None:
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not raw.FPDFPageObj_GetFillColor(handle, red, green, blue, alpha):
        return None
    return red.value, green.value, blue.value, alpha.value


def on_page(found: pdfium.PdfObject) -> Box:
    """Where the object lies on the page, through the forms that hold it; nowhere when pdfium does not know."""
    try:
        area: Box = found.get_bounds()
        holder = found.container
        while holder is not None:
            area = holder.get_matrix().on_rect(*area)
            holder = holder.container
    except pdfium.PdfiumError:
        return 0.0, 0.0, 0.0, 0.0
    return area


def _is_filled(path: pdfium.PdfObject) -> bool:
    mode, stroke = ctypes.c_int(), ctypes.c_int()
    return bool(raw.FPDFPath_GetDrawMode(path, mode, stroke) and mode.value != raw.FPDF_FILLMODE_NONE)


def _fill(path: pdfium.PdfObject) -> tuple[int, int, int] | None:
    """The colour of a plain rectangle; None for other shapes, which may not fill their bounds, and where it shines through."""
    colour = _colour(path)
    return colour[:3] if colour and colour[3] >= 128 and raw.FPDFPath_CountSegments(path) <= _RECTANGLE else None
