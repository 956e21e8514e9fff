"""Pictures of a PDF that are not read: what is on pages that have text of their own, where no text recognition looks."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pypdfium2 as pdfium
from pypdfium2 import raw

from retrieval.reading.pdf.visibility import SCAN, on_page

SMALLEST = 72.0
"""Points of a side, which are an inch: smaller pictures are logos, bullets and signatures."""
DRESS = 3
"""Pages on which the same picture at the same place belongs to the design of the file. Two may be a figure that is shown again."""


@dataclass(frozen=True, slots=True)
class Picture:
    """Where it lies, in whole points, and its own size in pixels: by these it is known again."""

    place: tuple[int, int, int, int]
    pixels: tuple[int, int]


def pictures(page: pdfium.PdfPage) -> tuple[Picture, ...]:
    """Those of an open page that show something, but for one that fills it: a background, or a scan with its text."""
    left, bottom, right, top = page.get_bbox()
    most = SCAN * (right - left) * (top - bottom)
    found = []
    for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=4):
        area = on_page(image)
        width, height = area[2] - area[0], area[3] - area[1]
        if min(width, height) >= SMALLEST and width * height < most:
            x1, y1, x2, y2 = map(round, area)
            found.append(Picture((x1, y1, x2, y2), image.get_px_size()))
    return tuple(found)


def count(found: Iterable[Picture]) -> int:
    """Of the pictures of all pages those that are not the file's dress."""
    return sum(times for times in Counter(found).values() if times < DRESS)
