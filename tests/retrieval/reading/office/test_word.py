"""What Word shows but does not write into its paragraphs: numbers, notes, comments, formulas, alternative texts, charts."""

import io
from pathlib import Path

import docx
import pptx
import pytest
from docx.shared import Inches
from PIL import Image
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches as SlideInches

from retrieval.reading.office.numbering import written
from retrieval.reading.readers import Reading, read
from tests.retrieval import hazards

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
M = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'


@pytest.fixture
def word(tmp_path: Path):  # type: ignore[no-untyped-def]
    def read_body(body: str, **parts: str) -> Reading:
        """A document of that body, with other parts of these names ("numbering") beside it."""
        packed = hazards.office("docx")
        files = {f"word/{name}.xml": xml.encode() for name, xml in parts.items()}
        files["word/document.xml"] = f"<w:document {W} {M}><w:body>{body}</w:body></w:document>".encode()
        types = "".join(
            f'<Override PartName="/word/{name}.xml" ContentType="application/vnd.openxmlformats-officedocument.'
            f'wordprocessingml.{name}+xml"/>'
            for name in parts
            if name != "numbering"
        )
        links = "".join(
            f'<Relationship Id="x{k}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{name}" '
            f'Target="{name}.xml"/>'
            for k, name in enumerate(parts)
            if name != "numbering"
        )
        packed = edited(packed, "[Content_Types].xml", "</Types>", types + "</Types>")
        packed = edited(packed, "word/_rels/document.xml.rels", "</Relationships>", links + "</Relationships>")
        return read(hazards.write(tmp_path, "x", hazards.with_parts(packed, files, replace=True)), "a.docx")

    return read_body


def edited(packed: bytes, name: str, old: str, new: str) -> bytes:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(packed)) as parts:
        return hazards.with_parts(packed, {name: parts.read(name).decode().replace(old, new).encode()}, replace=True)


def p(text: str, level: int | None = None, number: int = 5) -> str:
    place = f'<w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr></w:pPr>'
    return f"<w:p>{place if level is not None else ''}<w:r><w:t>{text}</w:t></w:r></w:p>"


def levels(*forms: tuple[str, str]) -> str:
    found = "".join(
        f'<w:lvl w:ilvl="{k}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for k, (form, text) in enumerate(forms)
    )
    numbers = (
        '<w:num w:numId="5"><w:abstractNumId w:val="3"/></w:num><w:num w:numId="6"><w:abstractNumId w:val="3"/>'
        '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="7"/></w:lvlOverride></w:num>'
    )
    return f'<w:numbering {W}><w:abstractNum w:abstractNumId="3">{found}</w:abstractNum>{numbers}</w:numbering>'


def lines(found: Reading) -> list[str]:
    return [line for page in found.pages for line in page.text.split("\n") if line]


def test_numbers_are_counted_as_word_counts_them(word) -> None:  # type: ignore[no-untyped-def]
    body = p("one", 0) + p("a", 1) + p("b", 1) + p("between") + p("two", 0) + p("a again", 1) + p("deep", 2)
    forms = levels(("upperRoman", "%1."), ("lowerLetter", "(%2)"), ("decimal", "%1.%2.%3"))
    assert lines(word(body, numbering=forms)) == [
        "I. one", "(a) a", "(b) b", "between", "II. two", "(a) a again", "II.a.1 deep",
    ]  # fmt: skip


def test_chinese_articles_and_a_list_that_starts_anew(word) -> None:  # type: ignore[no-untyped-def]
    body = p("定义", 0) + p("付款", 0) + p("终止", 0, 6) + p("点", 1, 6)
    forms = levels(("chineseCountingThousand", "第%1条"), ("bullet", "•"))
    assert lines(word(body, numbering=forms)) == ["第一条 定义", "第二条 付款", "第七条 终止", "- 点"]


@pytest.mark.parametrize(
    ("count", "form", "said"),
    [
        (28, "lowerLetter", "bb"),
        (49, "upperRoman", "XLIX"),
        (110, "chineseCounting", "一百一十"),
        (3, "decimalZero", "03"),
    ],
)
def test_formats_of_numbers(count: int, form: str, said: str) -> None:
    assert written(count, form) == said


def test_numbers_of_headings_come_from_their_styles(tmp_path: Path) -> None:
    document = docx.Document()
    for style in ("Heading 1", "Heading 2"):
        properties = document.styles[style].element.get_or_add_pPr()
        level = int(style[-1]) - 1
        properties.append(properties.makeelement(f"{{{W[9:-1]}}}numPr", {}))
        for name, value in (("ilvl", str(level)), ("numId", "5")):
            properties[-1].append(properties.makeelement(f"{{{W[9:-1]}}}{name}", {f"{{{W[9:-1]}}}val": value}))
    for text, level in (("Scope", 1), ("Terms", 1), ("Payment", 2)):
        document.add_heading(text, level)
    out = io.BytesIO()
    document.save(out)
    numbered = hazards.with_parts(
        out.getvalue(), {"word/numbering.xml": levels(("decimal", "%1"), ("decimal", "%1.%2")).encode()}, replace=True
    )
    page = read(hazards.write(tmp_path, "x", numbered), "a.docx").pages[0]
    assert [page.text[b.start : b.end] for b in page.blocks if b.kind == "heading"] == [
        "1 Scope",
        "2 Terms",
        "2.1 Payment",
    ]


def test_notes_stand_after_the_paragraph_of_their_mark(word) -> None:  # type: ignore[no-untyped-def]
    mark = '<w:r><w:footnoteReference w:id="4"/></w:r>'
    end = '<w:r><w:endnoteReference w:id="2"/></w:r>'
    comment = '<w:r><w:commentReference w:id="0"/></w:r>'
    body = f"<w:p><w:r><w:t>Dose 40 mg</w:t></w:r>{mark}<w:r><w:t> a day.</w:t></w:r>{end}</w:p>"
    body += f"<w:tbl><w:tr><w:tc><w:p><w:r><w:t>12 tonnes</w:t></w:r>{comment}</w:p></w:tc></w:tr></w:tbl>" + p("Last.")

    def notes(kind: str, id: int, text: str, more: str = "") -> str:
        return f'<w:{kind}s {W}><w:{kind} w:id="{id}" {more}>{p(text)}</w:{kind}></w:{kind}s>'

    found = word(
        body,
        footnotes=notes("footnote", 4, "Children: 15 mg."),
        endnotes=notes("endnote", 2, "Source: WHO."),
        comments=notes("comment", 0, "Now 9 tonnes.", 'w:author="Lund"'),
    )
    assert lines(found) == [
        "Dose 40 mg[1] a day.[2]", "[1] Children: 15 mg.", "[2] Source: WHO.", "12 tonnes", "[Lund] Now 9 tonnes.", "Last.",
    ]  # fmt: skip


def run(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        (f"<m:f><m:num>{run('a')}</m:num><m:den>{run('b')}</m:den></m:f>", r"$\frac{a}{b}$"),
        (f"<m:rad><m:deg/><m:e>{run('x')}</m:e></m:rad>", r"$\sqrt{x}$"),
        (
            f'<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub>{run("i")}</m:sub><m:sup>{run("n")}</m:sup><m:e>{run("x")}</m:e></m:nary>',
            r"$\sum_{i}^{n} x$",
        ),
        (f"<m:d><m:e>{run('x+1')}</m:e></m:d>", "$( x + 1 )$"),
        (f"<m:strange><m:e>{run('kept')}</m:e></m:strange>", "$kept$"),
        (
            "<m:sSup><m:e>" * 80 + run("x") + "</m:e><m:sup/></m:sSup>" * 80,
            "$x$",
        ),
    ],
)
def test_formulas_are_latex_and_no_bomb(word, formula: str, said: str) -> None:  # type: ignore[no-untyped-def]
    assert lines(word(f"<w:p><m:oMathPara><m:oMath>{formula}</m:oMath></m:oMathPara></w:p>")) == [said]


def test_pictures_say_what_they_show_or_are_counted(tmp_path: Path) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (40, 40)).save(picture, "PNG")
    document = docx.Document()
    document.add_paragraph("Before.")
    document.add_picture(picture, Inches(1))
    document.element.body.find(".//{*}docPr").set("descr", "A map of the harbour")
    document.add_picture(picture, Inches(1))
    out = io.BytesIO()
    document.save(out)
    found = read(hazards.write(tmp_path, "x", out.getvalue()), "a.docx")
    assert lines(found) == ["Before.", "A map of the harbour"]
    assert [(flag.code, flag.details) for flag in found.warnings] == [("pictures_without_text", {"count": 1})]


def test_slides_are_read_as_they_are_seen_with_their_charts(tmp_path: Path) -> None:
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[5])
    for text, left, top in (("below", 1, 5), ("right", 6, 2.1), ("left", 1, 2)):
        slide.shapes.add_textbox(
            SlideInches(left), SlideInches(top), SlideInches(2), SlideInches(1)
        ).text_frame.text = text
    slide.shapes.title.text = "Title"
    data = CategoryChartData(number_format="0%")  # type: ignore[no-untyped-call]
    data.categories = ["2022", "2023"]
    data.add_series("North", (0.25, 0.5))  # type: ignore[no-untyped-call]
    data.add_series("South", (None, 1))  # type: ignore[no-untyped-call]
    slide.shapes.add_chart(
        XL_CHART_TYPE.COLUMN_CLUSTERED, SlideInches(1), SlideInches(6), SlideInches(3), SlideInches(1), data
    )
    out = io.BytesIO()
    show.save(out)
    found = lines(read(hazards.write(tmp_path, "x", out.getvalue()), "a.pptx"))
    assert found[:4] == ["Title", "left", "right", "below"]
    assert [line.split(" | ") for line in found[-3:]] == [
        ["| North", "South"],
        ["2022", "25%"],
        ["2023", "50%", "100%"],
    ]
