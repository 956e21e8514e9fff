"""Text in pictures and on pages that are pictures, and what pictures may not do."""

import base64
import io
import struct
import zlib
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from retrieval.reading.ocr.marks import shares
from retrieval.reading.pdf.pictures import render_page
from retrieval.reading.readers import RejectedFile, read
from retrieval.types import Page
from tests.retrieval import hazards

pytestmark = pytest.mark.slow

CHINESE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAASwAAAA8AQAAAAD0p7r3AAACVElEQVR42u2Vv2oUURSHvzsOySLqTGcj7pZ2KimUIMkYxFIsfIAtfYQgITsJEl"
    "MI7iPkEWIrAUcNZBsxgoWF4CzZIkggM6uY2WT3/izmTzZYmMpqT3U4891z7px7fvcacQ5LHc5lE2yC/RsLc9di//q8PSwcyXqSrNJsfjhXlzzl"
    "diidaGexJUlJXnQfG4oAoOEX6zP4jaKwzDa8qRjms0VlS3W9qks6kvQhgQz/qMpW44KGgTsAHpMBHAyMmfOk6Z3uQfkLw1kANlYDljLuAdjprG"
    "WBkVrXAXAhewG06V2uw0uA1KfU2+zMWpnNuIHMIp4YDEa4JJ4qVT5MaiXWdzpGGQD9WnCHr1XXBBer9vbMcRl23Y9Od7bCbPDGa5dY53gVIoB0"
    "nxlbf58zwYpx47WFKtvm0QM2mgC861WZVnZbXn3vOGwUmF77m3QTgDg2AXmcZR/g+VynwE48reP5AAoJSXIsBJAzelZgU+WtY/gM2F9jA2Lv/1"
    "g4nbcQwFNe75GbH3wDGIVb5d7YVQRA1AzODpvPVK2xVWKpEwM88UMMDPMTMHkjb5unJTZtIYXlbON07yQgMPKycS14EF27ATAwVbxBVPT9jGSW"
    "AJIrEYzCQhfbNMcxPxZu4zQQ9cAG4KbJONbEchX60IMV48adXBl4ydmiwyAf0g60pLjtMgxLaYIDAwfYRs4XYthM1wEaEQO6MeyPN4Rb021qdF"
    "BwCUBBI+wD8K0U4I6t7ylThtL57kC2LmmkPX0Sd8FIUoL0XaX91GHhnUh6W8WVmMmbNcH+I/YHwgA2dPlH2sEAAAAASUVORK5CYII="
)
"""A small picture of 合同总价为二万元整 ("the price of the contract is twenty thousand")."""


def picture(*lines: str, size: tuple[int, int] = (1200, 500)) -> Image.Image:
    image = Image.new("RGB", size, "white")
    for row, line in enumerate(lines):
        ImageDraw.Draw(image).text((100, 100 + 60 * row), line, "black", ImageFont.load_default(34))
    return image


def scan(*pages: Image.Image | str) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(600, 800))
    for page in pages:
        if isinstance(page, str):
            canvas.drawString(72, 700, page)
        else:
            canvas.drawImage(ImageReader(page), 0, 500, 600, 250)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def encoded(image: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    image.save(out, kind)
    return out.getvalue()


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_scanned_pages_are_recognised_and_marked_as_such(tmp_path: Path) -> None:
    content = scan("A page of text.", picture("The price is 20,000 crowns.", "It is due in May."), "")
    seen: list[tuple[int, int | None]] = []
    found = read(
        hazards.write(tmp_path, "x", content), "a.pdf", progress=lambda done, total: seen.append((done, total))
    )
    assert found.pages[0].text == "A page of text."
    assert squeezed(found.pages[1].text) == "Thepriceis20,000crowns.ItisdueinMay."
    assert [(flag.code, flag.details.get("numbers")) for flag in found.warnings] == [("no_text", "3")]
    (told,) = found.pages[1].warnings
    assert told.code == "ocr" and 80 <= int(str(told.details["confidence"])) <= 100
    assert seen[-2:] == [(1, 2), (2, 2)]


def test_marks_lie_on_the_words(tmp_path: Path) -> None:
    found = read(hazards.write(tmp_path, "x", encoded(picture("First line", "Second line"), "PNG")), "a.png")
    page = found.pages[0]
    marks = page.warnings[0].details["marks"]
    assert isinstance(marks, list)
    assert [squeezed(page.text[mark[0] : mark[1]]) for mark in marks] == ["Firstline", "Secondline"]
    for row, (_, _, left, top, right, bottom) in enumerate(marks):
        assert abs(left * 1200 - 100) < 25 and left < right < 0.35
        assert top * 500 < 100 + 60 * row + 20 < bottom * 500


def test_recognised_words_are_marked_on_the_page_and_on_the_picture(tmp_path: Path) -> None:
    lines = picture("First line", "Second line")
    for content, name in ((encoded(lines, "PNG"), "a.png"), (scan(lines), "a.pdf")):
        path = hazards.write(tmp_path, "x", content)
        page = read(path, name).pages[0]
        start = page.text.index("line", page.text.index("Second"))
        drawn = Image.open(io.BytesIO(render_page(path, 1, start, start + 4, shares=shares(page, start, start + 4))))
        width, height = drawn.size
        yellow = np.asarray(drawn.convert("RGB")).astype(int)
        down, across = np.nonzero((yellow[:, :, 0] > 200) & (yellow[:, :, 2] < 150))
        assert len(down), name
        page_top = (50 / 800 if name == "a.pdf" else 0) * height  # of the picture on the page of 800 points
        tall = 250 / 800 * height if name == "a.pdf" else height
        assert 150 / 500 * tall < down.min() - page_top < down.max() - page_top < 215 / 500 * tall, name
        assert 200 / 1200 * width < across.min() < across.max() < 330 / 1200 * width, (
            "the second half of the line alone"
        )
    assert shares(page, 0, 0) == shares(Page(1, "text"), 0, 4) == []
    with pytest.raises(RejectedFile):
        render_page(hazards.write(tmp_path, "y", encoded(lines, "PNG")), 2)


@pytest.mark.parametrize(("kind", "name"), [("PNG", "a.png"), ("JPEG", "a.jpg")])
def test_pictures_are_documents(kind: str, name: str, tmp_path: Path) -> None:
    found = read(hazards.write(tmp_path, "x", encoded(picture("Gate 14 opens at nine"), kind)), name)
    assert squeezed(found.pages[0].text) == "Gate14opensatnine"


def test_chinese(tmp_path: Path) -> None:
    assert read(hazards.write(tmp_path, "x", CHINESE), "a.png").pages[0].text == "合同总价为二万元整"


def test_a_picture_without_words_says_so(tmp_path: Path) -> None:
    with pytest.raises(RejectedFile) as caught:
        read(hazards.write(tmp_path, "x", encoded(Image.new("RGB", (300, 300), "white"), "PNG")), "a.png")
    assert caught.value.code == "no_text"


def bomb(width: int, height: int) -> bytes:
    """A PNG that claims to be so large, and packs well."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1 << 20))

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_picture_of_thirty_thousand_pixels_a_side_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RejectedFile) as caught:
        read(hazards.write(tmp_path, "x", bomb(30_000, 30_000)), "a.png")
    assert caught.value.code == "too_large"
    with pytest.raises(RejectedFile, match="10001 x 10000 pixels"):
        read(hazards.write(tmp_path, "x", bomb(10_001, 10_000)), "a.png")


def test_stop_ends_recognition(tmp_path: Path) -> None:
    stop = Event()
    path = hazards.write(tmp_path, "x", scan(picture("One"), picture("Two"), picture("Three")))
    with pytest.raises(RejectedFile) as caught:
        read(path, "a.pdf", stop=stop, progress=lambda done, total: stop.set() if done == 1 and total == 3 else None)
    assert caught.value.code == "stopped"
