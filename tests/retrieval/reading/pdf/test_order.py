"""Text of PDF pages in the order in which people read it, whole sentences, and what their fonts do not tell."""

import io
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from retrieval.reading.readers import Reading, RejectedFile, read
from tests.retrieval import hazards
from tests.retrieval.reading.pdf.drawn import drawn, rows, with_font

ALTA = [
    "The river Alta rises in the", "northern hills and flows", "south for ninety miles. Its", "largest dam was finished in",
    "1967 and holds four hundred", "million cubic metres.",
]  # fmt: skip
BORNA = [
    "The river Borna rises in the", "eastern marsh and flows", "west for forty miles. Its", "largest dam was finished in",
    "1981 and holds one hundred", "million cubic metres. A ferry", "crosses it every hour.",
]  # fmt: skip
CEDRA = [
    "The river Cedra has dried up",
    "since the canal was built and",
    "its bed is farmed by people",
    "who came from the coast.",
]


@pytest.fixture
def pdf(tmp_path: Path):  # type: ignore[no-untyped-def]
    def read_bytes(content: bytes) -> Reading:
        return read(hazards.write(tmp_path, "x", content), "a.pdf")

    return read_bytes


def said(found: Reading) -> list[str]:
    """The blocks of all pages, each as one line."""
    return [" ".join(page.text[b.start : b.end].split()) for page in found.pages for b in page.blocks]


@pytest.mark.parametrize("turned", [0, 90])
def test_columns_drawn_row_by_row_are_read_one_after_the_other(pdf, turned: int) -> None:  # type: ignore[no-untyped-def]
    title = [
        (60.0, 580.0, "Rivers of the north and of the east, with their dams and the people who live beside them now")
    ]
    found = said(pdf(drawn(title + rows(ALTA, BORNA, top=550), turned=turned)))
    assert found[-2:] == [" ".join(ALTA), " ".join(BORNA)]


def test_three_columns(pdf) -> None:  # type: ignore[no-untyped-def]
    assert said(pdf(drawn(rows(ALTA, BORNA, CEDRA)))) == [" ".join(ALTA), " ".join(BORNA), " ".join(CEDRA)]


def test_a_sentence_goes_on_in_the_next_column(pdf) -> None:  # type: ignore[no-untyped-def]
    first = [*ALTA[:5], "million cubic metres and its"]
    assert said(pdf(drawn(rows(first, ["water is drunk in the towns", *BORNA]))))[0].startswith(
        " ".join(first) + " water is drunk in the towns The river"
    )


def test_a_table_stays_row_by_row(pdf) -> None:  # type: ignore[no-untyped-def]
    table = rows(
        ["Product", "Pumps", "Valves", "Seals and rings", "Hoses"],
        ["2022", "120", "310", "77", "9"],
        ["Remark", "new", "", "sold out in May", "none"],
    )
    assert pdf(drawn(table)).pages[0].text.split("\n")[:2] == ["Product 2022 Remark", "Pumps 120 new"]


@pytest.mark.parametrize("leading", [12, 20, 27])
def test_a_paragraph_stays_whole_whatever_the_distance_of_its_lines(pdf, leading: float) -> None:  # type: ignore[no-untyped-def]
    lines = [
        "The compressor of the new cooling plant in the northern har-", "bour of Bergen was delivered in the first week of",
        "May and cost 410,000 crowns, which the board found to be", "too much for a machine of that age and kind. It replaces",
        "a machine from the year 1988.",
    ]  # fmt: skip
    following = ["A second paragraph begins here and it runs over more than", "one line, too."]
    top = 700 - leading * (len(lines) + 1)
    found = said(pdf(drawn(rows(lines, leading=leading) + rows(following, leading=leading, top=top))))
    assert found == [" ".join(lines).replace("har- bour", "harbour"), " ".join(following)]


def test_a_compound_keeps_the_hyphen_that_it_has_elsewhere(pdf) -> None:  # type: ignore[no-untyped-def]
    pages = [
        rows(["They call it a well-", "known fact and an exam-", "ple of pre-", "and post-war prices, Q3-", "2024."]),
        rows(["Another well-known fact, on the next page."]),
    ]
    assert (
        said(pdf(drawn(*pages)))[0]
        == "They call it a well-known fact and an example of pre- and post-war prices, Q3-2024."
    )


def test_a_sentence_over_a_page_break_with_header_and_footer_between(pdf) -> None:  # type: ignore[no-untyped-def]
    def page(number: int, body: list[str]) -> list[tuple[float, float, str]]:
        return [(60, 750, "Annual report"), *rows(body, top=700), (300, 40, f"Page {number}")]

    found = pdf(
        drawn(
            page(
                1, ["The first page begins.", "The board decided in its meeting of May to sell the oldest of the three"]
            ),
            page(2, ["plants before winter. Then it turned to other things and closed.", "Nothing else."]),
            page(3, ["The last page."]),
        )
    )
    assert (
        "The board decided in its meeting of May to sell the oldest of the three plants before winter."
        in said(found)[1]
    )
    assert said(found)[4].startswith("Then it turned")
    assert [said(found)[k] for k in (0, 2, 3, 5)] == ["Annual report", "Page 1", "Annual report", "Page 2"]
    assert [page.text.count("plants") for page in found.pages] == [1, 0, 0]


def test_what_was_filled_in_and_noted_is_text(pdf) -> None:  # type: ignore[no-untyped-def]
    out = io.BytesIO()
    canvas = Canvas(out)
    canvas.drawString(72, 700, "Permit")
    form = canvas.acroForm
    form.textfield(name="plate", tooltip="Plate of the car", value="KXR 482", x=72, y=600)
    form.textfield(name="empty", x=72, y=560)
    form.checkbox(name="electric", checked=True, x=72, y=500)
    form.checkbox(name="diesel", checked=False, x=72, y=470)
    form.choice(name="colour", value="red", options=["red", "blue"], x=72, y=430)
    canvas.textAnnotation("Ask Ada about this.", Rect=[10, 10, 60, 60])
    canvas.save()
    assert said(pdf(out.getvalue())) == [
        "Permit",
        "Plate of the car: KXR 482 electric: ✓ colour: red",
        "Ask Ada about this.",
    ]


NAMELESS = "/Subtype /Type1 /BaseFont /Nameless /Encoding << /Type /Encoding /Differences [ 33 {} ] >>"


def test_text_of_a_font_that_names_no_letters_is_told(pdf) -> None:  # type: ignore[no-untyped-def]
    glyphs = " ".join(f"/g{k}" for k in range(33, 127))
    content = b"BT /F 12 Tf 72 700 Td (7KH\\003FRPSUHVVRU\\003FRVW\\003IRXU\\003KXQGUHG\\003FURZQV) Tj ET"
    with pytest.raises(RejectedFile) as caught:
        pdf(with_font(content, NAMELESS.format(glyphs)))
    assert caught.value.code == "illegible"


def test_the_letters_of_an_arabic_ligature_stand_in_their_order(pdf) -> None:  # type: ignore[no-untyped-def]
    """Code 41 is the ligature; the page draws the word from left to right, as pages do."""
    cmap = "3 beginbfchar <41> <06440627> <42> <0633> <43> <0645> endbfchar"
    content = b"BT /F 20 Tf 72 700 Td (C) Tj ET BT /F 20 Tf 92 700 Td (A) Tj ET BT /F 20 Tf 112 700 Td (B) Tj ET"
    font = "/Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding"
    assert "سلام" in pdf(with_font(content, font, cmap)).pages[0].text.replace(" ", "")
