"""The child that draws one page, or a picture: `python -m retrieval.reading.pdf.render LIMITS PATH NUMBER START END SCALE SHARES`."""

import base64
import ctypes
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.common.confine import confine, rejections, say
from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from retrieval.reading.kinds import Magic, reader
from retrieval.reading.ocr.marks import Share

if TYPE_CHECKING:
    import pypdfium2 as pdfium
    from PIL import Image

_MOST_PIXELS = 24_000_000
_MARK = (255, 221, 87)  # multiplied with what is there, as a marker pen does
_MARGIN = 1.0  # points around the marked words


def main(limits: Limits, path: Path, number: int, start: int, end: int, scale: float, shares: list[Share]) -> None:
    with rejections(limits):
        image = picture(path, number) if is_picture(path) else draw(path, number, start, end, scale)
        for left, top, right, bottom in shares:
            width, height = image.size
            _mark(image, (int(left * width), int(top * height), int(right * width), int(bottom * height)))
        png = io.BytesIO()
        image.save(png, "PNG")
        say(image=base64.b64encode(png.getvalue()).decode("ascii"), end=True)


def is_picture(path: Path) -> bool:
    with path.open("rb") as stream:
        head = stream.read(64)
    return any(isinstance(sign := reader(kind).sign, Magic) and sign.shows(head) for kind in ("png", "jpeg"))


def picture(path: Path, number: int) -> "Image.Image":
    from retrieval.reading.ocr.picture import opened

    if number != 1:
        raise RejectedFile("no_such_page", page=number)
    return opened(path)


def draw(path: Path, number: int, start: int, end: int, scale: float) -> "Image.Image":
    import pypdfium2 as pdfium

    from retrieval.reading.pdf.sheets import Sheets
    from retrieval.reading.pdf.text import PageReader

    document = pdfium.PdfDocument(path)
    if not 1 <= number <= len(document):
        raise RejectedFile("no_such_page", page=number)
    page = document[number - 1]
    width, height = page.get_size()
    scale = min(scale, (_MOST_PIXELS / max(width * height, 1)) ** 0.5)
    image: Image.Image = page.render(scale=scale).to_pil().convert("RGB")
    found = Sheets(document).page(number - 1)
    indices = found.indices[max(0, start) : end] if found is not None else []
    for box in PageReader(page, page.get_textpage()).boxes(indices):
        _mark(image, _on_image(page, image, box))
    return image


def _on_image(
    page: "pdfium.PdfPage", image: "Image.Image", box: tuple[float, float, float, float]
) -> tuple[int, int, int, int]:
    """The box in pixels; pdfium knows the page's rotation and crop."""
    from pypdfium2 import raw

    corners = []
    for x, y in ((box[0] - _MARGIN, box[1] - _MARGIN), (box[2] + _MARGIN, box[3] + _MARGIN)):
        across, down = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(page, 0, 0, image.width, image.height, 0, x, y, across, down)
        corners.append((across.value, down.value))
    (x1, y1), (x2, y2) = corners
    left, right = sorted((min(max(x1, 0), image.width), min(max(x2, 0), image.width)))
    top, bottom = sorted((min(max(y1, 0), image.height), min(max(y2, 0), image.height)))
    return left, top, right, bottom


def _mark(image: "Image.Image", area: tuple[int, int, int, int]) -> None:
    from PIL import Image, ImageChops

    if area[2] > area[0] and area[3] > area[1]:
        under = image.crop(area)
        image.paste(ImageChops.multiply(under, Image.new("RGB", under.size, _MARK)), area)


if __name__ == "__main__":
    bounds = Limits(**json.loads(sys.argv[1]))
    confine(bounds)
    page_number, first, last = map(int, sys.argv[3:6])
    main(bounds, Path(sys.argv[2]), page_number, first, last, float(sys.argv[6]), json.loads(sys.argv[7]))
