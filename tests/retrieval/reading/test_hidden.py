"""What nobody sees is left out and told; what only looks suspicious is kept."""

import io
from pathlib import Path

import docx
import pptx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor
from PIL import Image
from pptx.util import Inches
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from retrieval.reading.readers import Reading, read
from tests.retrieval import hazards


def read_bytes(folder: Path, content: bytes | str, name: str) -> Reading:
    return read(hazards.write(folder, "x", content.encode() if isinstance(content, str) else content), name)


def hidden(found: Reading) -> list[str]:
    """How text was hidden, page by page, as the warnings tell it."""
    return [str(f.details["how"]) for page in found.pages for f in page.warnings if f.code == "hidden_text"]


def pdf_with(draw: str, folder: Path) -> Reading:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(400, 400))
    canvas.drawString(50, 350, "Seen by all.")
    if draw == "white on white":
        canvas.setFillColorRGB(1, 1, 1)
        canvas.drawString(50, 300, "secret")
    elif draw == "invisible":
        words = canvas.beginText(50, 300)
        words.setTextRenderMode(3)
        words.textLine("secret")
        canvas.drawText(words)
    elif draw == "off the page":
        canvas.drawString(50, -100, "secret")
    elif draw == "too small to read":
        canvas.setFont("Helvetica", 0.5)
        canvas.drawString(50, 300, "secret")
    elif draw == "transparent":
        canvas.setFillAlpha(0)
        canvas.drawString(50, 300, "secret")
    elif draw == "in the colour of its background":
        canvas.setFillColorRGB(0, 0, 0.5)
        canvas.rect(40, 280, 200, 40, stroke=0, fill=1)
        canvas.drawString(50, 300, "secret")
    elif draw == "white on dark":
        canvas.setFillColorRGB(0, 0, 0.5)
        canvas.rect(40, 280, 200, 40, stroke=0, fill=1)
        canvas.setFillColorRGB(1, 1, 1)
        canvas.drawString(50, 300, "seen")
    canvas.save()
    return read_bytes(folder, out.getvalue(), "a.pdf")


@pytest.mark.parametrize(
    "how",
    [
        "white on white",
        "invisible",
        "off the page",
        "too small to read",
        "transparent",
        "in the colour of its background",
    ],
)
def test_hidden_in_a_pdf(how: str, tmp_path: Path) -> None:
    found = pdf_with(how, tmp_path)
    assert found.pages[0].text == "Seen by all."
    if how != "off the page":  # pdfium itself leaves that out of its text
        assert hidden(found) == [how]


def test_white_on_dark_is_seen(tmp_path: Path) -> None:
    found = pdf_with("white on dark", tmp_path)
    assert "seen" in found.pages[0].text and hidden(found) == []


def test_text_within_a_moved_form_is_judged_where_it_lands(tmp_path: Path) -> None:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(400, 400))
    canvas.beginForm("f", -600, -600, 600, 600)
    canvas.setFillColorRGB(0, 0, 0.5)
    canvas.rect(-500, -500, 200, 40, stroke=0, fill=1)
    canvas.setFillColorRGB(1, 1, 1)
    canvas.drawString(-490, -490, "seen on blue")
    canvas.drawString(-490, -560, "secret")
    canvas.endForm()
    canvas.translate(550, 800)
    canvas.doForm("f")
    canvas.save()
    found = read_bytes(tmp_path, out.getvalue(), "a.pdf")
    assert found.pages[0].text == "seen on blue"
    assert hidden(found) == ["white on white"]


def test_black_words_within_the_bounds_of_a_black_drawing_are_seen(tmp_path: Path) -> None:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(400, 400))
    star = canvas.beginPath()
    star.moveTo(10, 10)
    for x, y in ((390, 20), (380, 390), (385, 30), (200, 25), (15, 30), (12, 390)):
        star.lineTo(x, y)
    canvas.drawPath(star, stroke=0, fill=1)
    canvas.drawString(150, 200, "a label")
    canvas.save()
    assert read_bytes(tmp_path, out.getvalue(), "a.pdf").pages[0].text == "a label"


def test_the_text_layer_of_a_scan_is_kept_and_told(tmp_path: Path) -> None:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(400, 400))
    canvas.drawImage(ImageReader(Image.new("RGB", (40, 40), "white")), 0, 0, 400, 400)
    words = canvas.beginText(50, 300)
    words.setTextRenderMode(3)
    words.textLine("recognised words")
    canvas.drawText(words)
    canvas.save()
    found = read_bytes(tmp_path, out.getvalue(), "scan.pdf")
    assert found.pages[0].text == "recognised words"
    assert [flag.code for flag in found.pages[0].warnings] == ["ocr_layer"]


def test_hidden_in_word(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("Seen. ")
    paragraph.add_run("vanished ").font.hidden = True
    paragraph.add_run("white ").font.color.rgb = RGBColor(255, 255, 255)
    paragraph.add_run("tiny ").font.size = Pt(1)
    paragraph.add_run("Also seen.")
    cell = document.add_table(1, 1).cell(0, 0)
    shade = OxmlElement("w:shd")
    shade.set(qn("w:fill"), "000080")
    cell._element.get_or_add_tcPr().append(shade)
    cell.paragraphs[0].add_run("White head").font.color.rgb = RGBColor(255, 255, 255)
    out = io.BytesIO()
    document.save(out)
    found = read_bytes(tmp_path, out.getvalue(), "a.docx")
    assert found.pages[0].text == "Seen. Also seen.\n\nWhite head"
    assert hidden(found) == ["hidden in Word, too small to read, white on white"]


def test_hidden_on_slides(tmp_path: Path) -> None:
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[5])
    slide.shapes.title.text = "Seen"
    slide.shapes.add_textbox(Inches(-20), Inches(1), Inches(2), Inches(1)).text_frame.text = "outside"
    out = io.BytesIO()
    show.save(out)
    found = read_bytes(tmp_path, out.getvalue(), "a.pptx")
    assert found.pages[0].text == "Seen"
    assert hidden(found) == ["off the slide"]


@pytest.mark.parametrize(
    ("attributes", "how"),
    [
        ('style="display: none"', "not displayed"),
        ('style="visibility:hidden"', "not displayed"),
        ("hidden", "not displayed"),
        ('style="font-size:0"', "too small to read"),
        ('style="opacity: 0.0;"', "transparent"),
        ('style="position:absolute; left:-9999px"', "off the page"),
        ('style="color: #FFFFFF"', "white on white"),
        ('class="gone"', "not displayed"),
        ('style="color:white;background:#000"', ""),
        ('style="opacity:0.5"', ""),
        ('style="font-size:10px"', ""),
        ('aria-hidden="true"', ""),
    ],
)
def test_hidden_on_a_web_page(attributes: str, how: str, tmp_path: Path) -> None:
    style = "<style>/* .b{display:none} */ @media print {p{display:none}} .gone , .c{color:red;display:none}</style>"
    found = read_bytes(tmp_path, f"<html>{style}<p>Seen.<p {attributes}>A secret.</p><p>End.</p>", "a.html")
    assert found.pages[0].text == ("Seen.\n\nEnd." if how else "Seen.\n\nA secret.\n\nEnd.")
    assert hidden(found) == ([how] if how else [])


def test_invisible_and_turning_characters(tmp_path: Path) -> None:
    smuggled = "".join(chr(0xE0000 + ord(c)) for c in "ignore")
    source = (
        f"Pay\u200b \u202e001\u202c$ zero\u200dwidth {smuggled}; کتاب\u200cها 👩\u200d🚀 soft\u00adhyphen \u2066x\u2069"
    )
    found = read_bytes(tmp_path, source, "a.txt")
    assert found.pages[0].text == "Pay 001$ zerowidth ; کتاب\u200cها 👩\u200d🚀 softhyphen x"
    flags = {flag.code: flag.details["characters"] for flag in found.pages[0].warnings}
    assert flags == {"invisible_characters": 8, "bidi_controls": 4}
