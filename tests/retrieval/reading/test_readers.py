"""Each format: its text in order, its structure, its warnings."""

import io
import json
import zipfile
from pathlib import Path
from threading import Event, Thread

import docx
import openpyxl
import pptx
import pytest
from pptx.util import Inches

from chatbot.common.limited import Limits
from retrieval.reading.readers import Reading, RejectedFile, read
from retrieval.types import Page
from tests.retrieval import hazards


@pytest.fixture
def reading(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Reads bytes that people call `name`; the file itself lies under a random name without an ending, as in the library."""

    def read_bytes(content: bytes | str, name: str) -> Reading:
        data = content.encode() if isinstance(content, str) else content
        found = read(hazards.write(tmp_path, "5f3a", data), name)
        for page in found.pages:
            check(page)
        assert [page.number for page in found.pages] == list(range(1, len(found.pages) + 1))
        return found

    return read_bytes


def check(page: Page) -> None:
    at = 0
    for block in page.blocks:
        assert block.start >= at and block.end > block.start and page.text[block.start : block.end].strip()
        assert not page.text[at : block.start].strip(), "text outside of every block"
        at = block.end
    assert not page.text[at:].strip()


def text(found: Reading) -> str:
    return "\n\n".join(page.text for page in found.pages)


def codes(found: Reading) -> list[str]:
    return [flag.code for flag in found.warnings] + [flag.code for page in found.pages for flag in page.warnings]


def headings(page: Page) -> list[tuple[str, int]]:
    return [(page.text[b.start : b.end], b.level) for b in page.blocks if b.kind == "heading"]


def test_pdf_pages_keep_their_numbers_and_empty_ones_are_named(reading) -> None:  # type: ignore[no-untyped-def]
    found = reading(hazards.pdf(["The first page.\nIts second line.", "", "The third page."]), "a.pdf")
    assert found.kind == "pdf"
    assert [page.text for page in found.pages] == ["The first page.\nIts second line.", "", "The third page."]
    assert [(flag.code, flag.details["numbers"]) for flag in found.warnings] == [("no_text", "2")]


def test_words_torn_at_the_end_of_a_line_are_whole_again(reading) -> None:  # type: ignore[no-untyped-def]
    assert text(reading(hazards.pdf(["An exam-\nple of it, and a well-known one."]), "a.pdf")) == (
        "An example of it, and a well-known one."
    )


def test_word_document_in_order(reading) -> None:  # type: ignore[no-untyped-def]
    document = docx.Document()
    document.add_heading("Annual report", 0)
    document.add_heading("Sales", 1)
    document.add_paragraph("Sales grew.")
    document.add_paragraph("phones", style="List Bullet")
    document.add_paragraph("watches", style="List Number")
    table = document.add_table(2, 2)
    for cell, value in zip(table._cells, ["Year", "Sales", "2024", "7"], strict=True):
        cell.text = value
    document.add_paragraph("After the table.")
    document.sections[0].header.paragraphs[0].text = "Confidential"
    out = io.BytesIO()
    document.save(out)
    found = reading(out.getvalue(), "report.docx")
    assert text(found) == (
        "Annual report\n\nSales\n\nSales grew.\n\n- phones\n1. watches\n\nYear | Sales\n2024 | 7\n\nAfter the table.\n\nConfidential"
    )
    assert headings(found.pages[0]) == [("Annual report", 1), ("Sales", 1)]
    assert [b.kind for b in found.pages[0].blocks][-3:] == ["table", "paragraph", "paragraph"]


def test_slides_with_tables_and_notes(reading) -> None:  # type: ignore[no-untyped-def]
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[1])
    slide.shapes.title.text = "Growth"
    slide.placeholders[1].text = "First point\nSecond point"
    table = slide.shapes.add_table(2, 2, Inches(1), Inches(4), Inches(4), Inches(1)).table
    for (row, column), value in {(0, 0): "Year", (0, 1): "Sales", (1, 0): "2024", (1, 1): "7"}.items():
        table.cell(row, column).text = value
    slide.notes_slide.notes_text_frame.text = "Say it slowly."
    show.slides.add_slide(show.slide_layouts[6])
    hidden = show.slides.add_slide(show.slide_layouts[0])
    hidden.shapes.title.text = "Not shown"
    hidden._element.set("show", "0")
    out = io.BytesIO()
    show.save(out)
    found = reading(out.getvalue(), "show.pptx")
    assert [page.label for page in found.pages] == ["Growth", "", "Not shown"]
    assert found.pages[0].text == "Growth\n\nFirst point\n\nSecond point\n\nYear | Sales\n2024 | 7\n\nSay it slowly."
    assert "Not shown" not in text(found)
    assert {"hidden_parts", "no_text"} == {flag.code for flag in found.warnings}


def test_workbook_values_as_people_see_them(reading) -> None:  # type: ignore[no-untyped-def]
    import datetime

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Prices"
    sheet.append(["Thing", "Price", "Since", "Share", "Sold"])
    sheet.append(["Tea", 1.1, datetime.date(2024, 2, 3), 0.125, True])
    sheet["D2"].number_format = "0.0%"
    book.create_sheet("Empty")
    book.create_sheet("Other").append(["More"])
    secret = book.create_sheet("Secret")
    secret.append(["hidden"])
    secret.sheet_state = "hidden"
    out = io.BytesIO()
    book.save(out)
    found = reading(out.getvalue(), "prices.xlsx")
    assert [page.label for page in found.pages] == ["Prices", "Other"]
    assert found.pages[0].text == "Thing | Price | Since | Share | Sold\nTea | 1.1 | 2024-02-03 | 12.5% | TRUE"
    assert found.pages[0].blocks[0].kind == "table" and found.pages[0].blocks[0].level == 1
    assert [(flag.code, flag.details) for flag in found.warnings] == [("hidden_parts", {"names": "Secret"})]


def test_web_page_structure_without_scripts(reading) -> None:  # type: ignore[no-untyped-def]
    source = """<!DOCTYPE html><html><head><title>T</title><style>p{color:red}</style></head><body><h1>Top &amp; all</h1>
      <p>One <b>bold</b>\n word<br>next.</p><ul><li>a</li><li><p>b</p></li></ul><script>alert(1)</script>
      <table><tr><th>Name</th><th>Age</th></tr><tr><td>Ada</td><td>36</td></tr></table><pre>x = 1\n  y</pre>
      <h2>Sub</h2><div>Loose<div>Inner</div>tail</div></body></html>"""
    found = reading(source, "a.html")
    assert text(found) == (
        "Top & all\n\nOne bold word next.\n\n- a\n- b\n\nName | Age\nAda | 36\n\nx = 1\n  y\n\nSub\n\nLoose\n\nInner\n\ntail"
    )
    assert headings(found.pages[0]) == [("Top & all", 1), ("Sub", 2)]
    assert codes(found) == ["scripts"]


def test_pictures_and_formulas_of_web_pages(reading) -> None:  # type: ignore[no-untyped-def]
    power = "<math><mi>E</mi><mo>=</mo><msup><mi>v</mi><mn>2</mn></msup></math>"
    bomb = "<math>" + "<mrow>" * 500 + "<mi>x</mi>" + "</mrow>" * 500 + "</math>"
    source = f"<p>So {power} holds. <img src=a.png alt='A map of the harbour'> <img src=b.png></p><p>{bomb}</p>"
    assert text(reading(source, "a.html")) == "So $E = v^{2}$ holds. A map of the harbour\n\n$x$"


@pytest.mark.parametrize(
    ("name", "untold"),
    [("a.html", 3), ("a.epub", 5)],
    ids=["on the web what only adorns is not counted", "in a book it is"],
)
def test_pictures_without_words_are_told(reading, name: str, untold: int) -> None:  # type: ignore[no-untyped-def]
    body = (
        "<p>See.</p><img src=a.png alt='A map'/><img src=b.png /><img src=c.png alt=''/><img src=d.png width='48' height='20px'/>"
        "<img src=e.png width='49' height='49'/><img src=f.png width='100%'/><svg><path d='M0 0'/></svg>"
        "<div style='display:none'><img src=g.png /></div>"
    )
    source = f"<html><body>{body}</body></html>"
    content = source if name == "a.html" else hazards.epub({"one.xhtml": source})
    assert [(flag.code, flag.details) for flag in reading(content, name).warnings] == [
        ("pictures_without_text", {"count": untold})
    ]


def test_book_chapters_in_the_order_of_the_spine(reading) -> None:  # type: ignore[no-untyped-def]
    book = hazards.epub(
        {
            "b%20two.xhtml": "<html><body><h1>Two</h1><p>B.</p></body></html>",
            "one.xhtml": "<html><h2>One</h2><p>A.</p></html>",
        },
        {"OPS/b two.xhtml": "<html><body><h1>Two</h1><p>Second came first.</p></body></html>"},
    )
    found = reading(book, "a.epub")
    assert [(page.label, page.text) for page in found.pages] == [
        ("Two", "Two\n\nSecond came first."),
        ("One", "One\n\nA."),
    ]


def test_markdown_as_it_stands_with_its_structure(reading) -> None:  # type: ignore[no-untyped-def]
    source = "# Top\n\nPara with [a link](x).\ngoes on\n\n- one\n- two\n\n| A | B |\n|---|:-:|\n| 1 | 2 |\n\n```py\n# no heading\n```\nSub\n---\nEnd <!-- psst -->."
    found = reading(source, "a.md")
    assert text(found) == (
        "Top\n\nPara with [a link](x).\ngoes on\n\n- one\n- two\n\nA | B\n1 | 2\n\n```py\n# no heading\n```\n\nSub\n\nEnd ."
    )
    assert headings(found.pages[0]) == [("Top", 1), ("Sub", 2)]
    assert codes(found) == ["hidden_text"]


@pytest.mark.parametrize(("mark", "ending"), [(",", "csv"), (";", "csv"), ("\t", "tsv"), ("\t", "csv")])
def test_tables_with_any_delimiter(reading, mark: str, ending: str) -> None:  # type: ignore[no-untyped-def]
    source = f'name{mark}"what, they; said"{mark}n\nAda{mark}"two\nlines"{mark}3\n\nBob{mark}b{mark}4\n'
    assert text(reading(source, f"a.{ending}")) == "name | what, they; said | n\nAda | two lines | 3\nBob | b | 4"


def test_json_values_are_named_by_their_path(reading) -> None:  # type: ignore[no-untyped-def]
    value = {
        "author": {"name": "Ada", "born": 1815},
        "tags": ["a", "b"],
        "works": [{"title": "Notes"}, {"title": None}],
    }
    lines = "author.name: Ada\nauthor.born: 1815\n\ntags: a, b\n\nworks[1].title: Notes\nworks[2].title: null"
    assert text(reading(json.dumps(value), "a.json")) == lines
    assert text(reading('{"a": 1}\n\n{"a": 2}\n', "a.jsonl")) == "a: 1\n\na: 2"
    broken = reading('{"a": 1', "a.json")
    assert (text(broken), codes(broken)) == ('{"a": 1', ["not_valid"])


def test_code_and_text(reading) -> None:  # type: ignore[no-untyped-def]
    code = reading("def f():\n    return 1\n\n\nprint(f())\n", "a.py")
    assert (code.kind, text(code)) == ("code", "def f():\n    return 1\n\nprint(f())")
    plain = reading("Ein Text.\r\n\r\nZweiter Absatz.", "README")
    assert (plain.kind, text(plain)) == ("text", "Ein Text.\n\nZweiter Absatz.")


def test_long_text_comes_in_parts_and_loses_nothing(reading) -> None:  # type: ignore[no-untyped-def]
    source = "\n\n".join(f"Paragraph {k}. " + "word " * 100 for k in range(300))
    found = reading(source, "a.txt")
    assert len(found.pages) > 5 and all(len(page.text) <= 40_000 for page in found.pages)
    assert "".join(text(found).split()) == "".join(source.split())


def test_progress_and_the_number_of_pages(tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    path = hazards.write(tmp_path, "x", hazards.pdf(["a"] * 5))
    read(path, "a.pdf", progress=lambda done, total: seen.append((done, total)))
    assert seen == [(k, 5) for k in range(1, 6)]


def test_many_threads_read_at_once(tmp_path: Path) -> None:
    path = hazards.write(tmp_path, "x", hazards.pdf(["one page"]))
    found: list[str] = []
    threads = [Thread(target=lambda: found.append(read(path, "a.pdf").pages[0].text)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["one page"] * 6


def test_stop_ends_it(tmp_path: Path) -> None:
    stop = Event()
    path = hazards.write(tmp_path, "x", hazards.pdf(["a page"] * 3000))
    with pytest.raises(RejectedFile) as caught:
        read(path, "a.pdf", stop=stop, progress=lambda done, total: stop.set())
    assert caught.value.code == "stopped"


def test_limits_are_told_apart(tmp_path: Path) -> None:
    path = hazards.write(tmp_path, "x", hazards.pdf(["some text"] * 20))
    for limits, word in (
        (Limits(pages=10), "20 pages"),
        (Limits(characters=50), "characters"),
        (Limits(file_bytes=100), "MB"),
    ):
        with pytest.raises(RejectedFile, match=word) as caught:
            read(path, "a.pdf", limits)
        assert caught.value.code == "too_large"


def test_real_documents(shared_data: Path) -> None:
    folder = shared_data / "docs"
    report = read(folder / "2023 Q3 AAPL.pdf", "2023 Q3 AAPL.pdf")
    assert len(report.pages) == 29 and not codes(report)
    assert "Total net sales 81,797 82,959 293,787 304,182" in report.pages[3].text
    paper = read(folder / "test.docx", "test.docx")
    assert ("Abstract", 1) in headings(paper.pages[0]) and "conversable" in paper.pages[0].text
    wiki = text(read(folder / "test_wikipedia.html", "test_wikipedia.html"))
    assert "Satya Nadella succeeded Steve Ballmer as the CEO of Microsoft in February 2014" in wiki
    assert "mw-parser-output" not in wiki and "function(" not in wiki
    table = read(folder / "test_mskanji.csv", "test_mskanji.csv")
    assert table.pages[0].text == "名前 | 年齢 | 住所\n佐藤太郎 | 30 | 東京\n三木英子 | 25 | 大阪\n髙橋淳 | 35 | 名古屋"


def test_insertions_controls_and_boxes_of_word_are_read_and_deletions_are_not(reading) -> None:  # type: ignore[no-untyped-def]
    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    body = (
        f"<w:document {w}><w:body><w:p><w:r><w:t>Kept </w:t></w:r><w:ins><w:r><w:t>inserted</w:t></w:r></w:ins>"
        "<w:del><w:r><w:delText>deleted</w:delText></w:r></w:del></w:p>"
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>In a control.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        "<w:p><w:r><w:t>Outer.</w:t></w:r><w:r><w:pict><w:txbxContent><w:p><w:r><w:t>In a box.</w:t></w:r></w:p>"
        "</w:txbxContent></w:pict></w:r></w:p></w:body></w:document>"
    )
    packed = hazards.with_parts(hazards.office("docx"), {"word/document.xml": body.encode()}, replace=True)
    assert text(reading(packed, "a.docx")) == "Kept inserted\n\nIn a control.\n\nOuter.\n\nIn a box."


def test_a_locked_book_is_told_from_one_with_scrambled_fonts(reading) -> None:  # type: ignore[no-untyped-def]
    chapter = {"one.xhtml": "<html><p>Text.</p></html>"}
    rights = '<encryption xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:EncryptionMethod Algorithm="{}"/></encryption>'
    fonts = {"META-INF/encryption.xml": rights.format("http://www.idpf.org/2008/embedding")}
    assert text(reading(hazards.epub(chapter, fonts), "a.epub")) == "Text."
    with pytest.raises(RejectedFile) as caught:
        reading(hazards.epub(chapter, {"META-INF/encryption.xml": rights.format("http://locked.example/")}), "a.epub")
    assert caught.value.code == "encrypted"


def test_zip_that_is_no_document(reading) -> None:  # type: ignore[no-untyped-def]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("a.txt", "text")
    with pytest.raises(RejectedFile) as caught:
        reading(out.getvalue(), "a.zip")
    assert caught.value.code == "unsupported"
