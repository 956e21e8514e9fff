"""A page as a picture: the marks lie on the cited words, on turned and cropped pages too."""

import io
from pathlib import Path

import pypdf
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from retrieval.reading.pdf.pictures import render_page
from retrieval.reading.readers import RejectedFile, read
from tests.retrieval import hazards

LINES = "The first line is plain.\nThe second line has the answer.\nThe third line is plain."


def marked(png: bytes) -> set[tuple[int, int]]:
    """Pixels in the colour of the marker: red and no blue."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    pixels = image.load()
    assert pixels is not None
    return {
        (x, y)
        for x in range(image.width)
        for y in range(image.height)
        if (p := pixels[x, y])[0] > 200 and p[2] < 150  # type: ignore[index]
    }


def box(pixels: set[tuple[int, int]]) -> tuple[int, int, int, int]:
    across, down = [x for x, _ in pixels], [y for _, y in pixels]
    return min(across), min(down), max(across), max(down)


def test_the_mark_lies_on_the_words(tmp_path: Path) -> None:
    path = hazards.write(tmp_path, "x", hazards.pdf(["Another page.", LINES]))
    text = read(path, "a.pdf").pages[1].text
    start = text.index("answer")
    png = render_page(path, 2, start, start + len("answer"), 2.0)
    assert Image.open(io.BytesIO(png)).size == (1191, 1684)
    left, top, right, bottom = box(marked(png))
    # Drawn in 12-point Helvetica at (72, 754) from the bottom of 842 points: two pixels a point.
    assert abs((top + bottom) / 2 - 2 * (842 - 754 - 3)) < 12 and bottom - top < 40
    assert 2 * 72 + 200 < left < right < 2 * 72 + 420 and 60 < right - left < 100
    assert not marked(render_page(path, 2, 0, 0))


def test_a_quote_over_two_lines_is_two_marks(tmp_path: Path) -> None:
    path = hazards.write(tmp_path, "x", hazards.pdf([LINES]))
    text = read(path, "a.pdf").pages[0].text
    pixels = marked(render_page(path, 1, text.index("has"), text.index("is plain", 30), 2.0))
    second, third = ({x for x, y in pixels if y == 2 * (842 - 754 - 4 + 16 * row)} for row in (0, 1))
    assert min(second) > 2 * (72 + 60) and max(second) > 2 * (72 + 130)
    assert min(third) < 2 * 72 and max(third) < 2 * (72 + 80)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_turned_pages(turn: int, tmp_path: Path) -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(hazards.pdf([LINES])))
    writer.pages[0].rotate(turn)
    writer.pages[0].cropbox = pypdf.generic.RectangleObject((40, 600, 400, 842))
    out = io.BytesIO()
    writer.write(out)
    path = hazards.write(tmp_path, "x", out.getvalue())
    text = read(path, "a.pdf").pages[0].text
    start = text.index("answer")
    png = render_page(path, 1, start, start + 6, 1.0)
    width, height = Image.open(io.BytesIO(png)).size
    assert (width, height) == ((242, 360) if turn in (90, 270) else (360, 242))
    left, top, right, bottom = box(marked(png))
    x, y = (left + right) / 2, (top + bottom) / 2
    # On the upright crop the word is centred near (190, 85) from the top left.
    upright = {90: (y, width - x), 180: (width - x, height - y), 270: (height - y, x)}[turn]
    assert abs(upright[0] - 190) < 25 and abs(upright[1] - 85) < 8


def test_every_word_of_a_real_report_is_found_where_it_is_drawn(shared_data: Path) -> None:
    """The text under the mark, as pdfium finds it by position, is the text that was cited."""
    import pypdfium2 as pdfium

    from retrieval.reading.pdf.sheets import Sheets
    from retrieval.reading.pdf.text import PageReader

    document = pdfium.PdfDocument(shared_data / "docs" / "2023 Q3 AAPL.pdf")
    page = document[4]
    textpage = page.get_textpage()
    reader = PageReader(page, textpage)
    found = Sheets(document).page(4)
    assert found is not None
    assert found.text == read(shared_data / "docs" / "2023 Q3 AAPL.pdf", "a.pdf").pages[4].text
    assert len(found.indices) == len(found.text)
    at = 0
    for word in found.text.split():
        start = found.text.index(word, at)
        at = start + len(word)
        (area,) = reader.boxes(found.indices[start:at])
        assert word in textpage.get_text_bounded(area[0] - 1, area[1], area[2] + 1, area[3])


def test_pictures_that_are_not_read_are_counted(tmp_path: Path) -> None:
    """A figure on one page and one shown on two; not what is small, fills the page, or stands on every third."""
    out, image = io.BytesIO(), ImageReader(Image.new("RGB", (90, 60), "red"))
    other = ImageReader(Image.new("RGB", (91, 60), "blue"))
    canvas = Canvas(out, pagesize=(600, 800))
    for number in range(3):
        canvas.drawString(72, 700, f"Page {number} has words of its own.")
        canvas.drawImage(image, 450, 720, 72, 72)  # a logo
        canvas.drawImage(image, 100, 20, 71, 100)
        if number < 2:
            canvas.drawImage(other, 100, 300, 300, 200)
        if number == 2:
            canvas.drawImage(image, 100, 300, 72, 72)
            canvas.drawImage(image, 0, 0, 600, 400.0 + 1)
        canvas.showPage()
    canvas.save()
    found = read(hazards.write(tmp_path, "x", out.getvalue()), "a.pdf")
    assert [(flag.code, flag.details) for flag in found.warnings] == [("pictures_without_text", {"count": 3})]


def test_what_cannot_be_drawn(tmp_path: Path) -> None:
    path = hazards.write(tmp_path, "x", hazards.pdf(["One page."]))
    for number, code in ((2, "no_such_page"), (0, "no_such_page")):
        with pytest.raises(RejectedFile) as caught:
            render_page(path, number, name="a.pdf")
        assert caught.value.code == code
    with pytest.raises(RejectedFile):
        render_page(hazards.write(tmp_path, "y", b"%PDF-1.4 nothing"), 1)
    with pytest.raises(RejectedFile):
        render_page(tmp_path / "gone", 1)
    huge = Image.open(io.BytesIO(render_page(path, 1, scale=1000.0)))
    assert huge.width * huge.height <= 25_000_000
