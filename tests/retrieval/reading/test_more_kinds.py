"""E-mails, notebooks, subtitles and OpenDocument."""

import io
import json
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest

from retrieval.reading.readers import Reading, RejectedFile, read
from tests.retrieval import hazards

NS = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in {
        "office": "office", "text": "text", "table": "table", "draw": "drawing", "svg": "svg-compatible",
        "presentation": "presentation", "style": "style",
    }.items()
)  # fmt: skip


@pytest.fixture
def lines(tmp_path: Path):  # type: ignore[no-untyped-def]
    def read_bytes(content: bytes | str, name: str) -> list[str]:
        return said(read(hazards.write(tmp_path, "x", content.encode() if isinstance(content, str) else content), name))

    return read_bytes


def said(found: Reading) -> list[str]:
    return [line for page in found.pages for line in page.text.split("\n") if line]


def letter(**fields: str) -> EmailMessage:
    message = EmailMessage()
    for name, value in fields.items():
        message[name] = value
    return message


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252"])
@pytest.mark.parametrize("cte", ["base64", "quoted-printable"])
def test_mail_in_any_transfer_encoding(lines, charset: str, cte: str) -> None:  # type: ignore[no-untyped-def]
    message = letter(
        From="Ada <ada@example.org>", To="b@example.org", Subject="Prüfung – Änderung"[: 7 if charset[0] == "i" else 99]
    )
    message.set_content("Die Prüfung ist am Dienstag.\n\nGrüße", charset=charset, cte=cte)
    found = lines(bytes(message), "a.eml")
    assert found[0].startswith("Prüfung") and found[-2:] == ["Die Prüfung ist am Dienstag.", "Grüße"]
    assert "From: Ada <ada@example.org>" in found


@pytest.mark.parametrize(
    ("text", "page", "read_from"),
    [
        ("See the page.", "<p>The ferry leaves at eight, and the fare is 4 crowns.</p>", "page"),
        ("Leaves: 8. Fare: 4 crowns.", "<style>p {}</style><table><tr><th>Leaves</th></tr><tr><td>8</td></tr></table>", "page"),
        ("The ferry leaves at eight.", "<style>.a {b: c} .d {e: f} .g {h: i}</style><p>The <b>ferry</b> leaves at eight.</p>", "text"),
        ("The ferry leaves at eight.", "<p>Hello! The ferry leaves at eight. Yours, Ada Olsen.</p>", "text"),
    ],
)  # fmt: skip
def test_of_a_mail_in_two_forms_the_page_is_read_where_the_text_says_less(  # type: ignore[no-untyped-def]
    lines, text: str, page: str, read_from: str
) -> None:
    message = letter(Subject="Ferry")
    message.set_content(text)
    message.add_alternative(page, subtype="html")
    assert (lines(bytes(message), "a.eml")[-1] == text) is (read_from == "text")


def test_mail_in_html_with_attachments_and_a_forwarded_one(tmp_path: Path) -> None:
    inner = letter(Subject="Inner", From="c@example.org")
    inner.set_content("The price is 9 crowns.")
    message = letter(Subject="Outer", From="a@example.org")
    message.set_content("<p>See <b>below</b>.</p><script>x()</script>", subtype="html")
    message.add_attachment(
        hazards.BOMBS["high_ratio"]("docx"), maintype="application", subtype="zip", filename="bomb.zip"
    )
    message.add_attachment(inner)
    found = read(hazards.write(tmp_path, "x", bytes(message)), "a.eml")
    assert said(found) == [
        "Outer", "From: a@example.org", "See below.", "bomb.zip", "Inner", "From: c@example.org", "The price is 9 crowns.",
    ]  # fmt: skip
    assert ("attachments", "bomb.zip") in [(flag.code, flag.details.get("names")) for flag in found.warnings]


def test_a_mail_that_breaks_the_rules(lines) -> None:  # type: ignore[no-untyped-def]
    broken = b"From: \xff\xfe <<>>, @\nTo: =?x-none?b?!!!?=\nDate: never\nContent-Type: text/plain; charset=nonesuch\n\nStill here."
    assert lines(broken, "a.eml")[-1] == "Still here."


def test_a_notebook(lines) -> None:  # type: ignore[no-untyped-def]
    cells = [
        {"cell_type": "markdown", "source": ["# Report\n", "\n", "Sales grew."]},
        {
            "cell_type": "code",
            "source": "print(6 * 7)",
            "outputs": [
                {"output_type": "stream", "text": ["42\n"]},
                {"output_type": "display_data", "data": {"image/png": "aGk=", "text/plain": "<Figure>"}},
                {"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": ["\x1b[31m..."]},
            ],
        },
        "no cell",
    ]
    assert lines(json.dumps({"cells": cells, "nbformat": 4}), "a.ipynb") == [
        "Report", "Sales grew.", "print(6 * 7)", "42", "<Figure>", "KeyError: 'x'",
    ]  # fmt: skip
    with pytest.raises(RejectedFile, match="damaged"):
        lines('{"cells": [', "a.ipynb")


@pytest.mark.parametrize(
    ("name", "source"),
    [
        (
            "a.srt",
            "1\n00:00:01,000 --> 00:00:02,500\n<i>Where is</i>\nthe gate?\n\n2\n00:00:03,000 --> 00:00:04,000\nBehind you.\n",
        ),
        (
            "a.vtt",
            "WEBVTT\n\nNOTE psst\n\n00:01.000 --> 00:02.000 align:start\nWhere is the gate?\n\n00:03.000 --> 00:04.000\nBehind you.",
        ),
    ],
)
def test_subtitles_are_what_is_said(lines, name: str, source: str) -> None:  # type: ignore[no-untyped-def]
    (line,) = lines(source, name)
    assert line.split("] ", 1)[1] == "Where is the gate? Behind you." and line.startswith("[00:")
    assert lines("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Yes.", "talk") == ["[00:01] Ann: Yes."]


def opendocument(kind: str, body: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        packed.writestr("META-INF/manifest.xml", "<manifest/>")
        packed.writestr(
            "content.xml",
            f"<office:document-content {NS}><office:body><office:{kind}>{body}</office:{kind}></office:body></office:document-content>",
        )
    return out.getvalue()


def test_an_opendocument_text(lines) -> None:  # type: ignore[no-untyped-def]
    note = "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Children: 15 mg.</text:p></text:note-body></text:note>"
    nested = "<table:table><table:table-row><table:table-cell><text:p>deep</text:p></table:table-cell></table:table-row></table:table>"
    body = (
        '<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes><text:h text:outline-level="2">Dose</text:h>'
        f'<text:p>The dose<text:s text:c="2"/>is <text:span>40</text:span> mg{note} a day.</text:p>'
        "<text:list><text:list-item><text:p>first</text:p></text:list-item></text:list>"
        f"<table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell><table:table-cell><text:p>b</text:p>{nested}"
        "</table:table-cell></table:table-row></table:table><text:p><draw:frame><draw:image/><svg:desc>A map</svg:desc></draw:frame></text:p>"
    )
    assert lines(opendocument("text", body), "a.odt") == [
        "Dose", "The dose  is 40 mg a day.", "Children: 15 mg.", "- first", "a | b", "deep", "A map",
    ]  # fmt: skip


def test_sheets_and_slides_of_opendocument(tmp_path: Path) -> None:
    def cell(text: str, times: int = 1) -> str:
        return f'<table:table-cell table:number-columns-repeated="{times}"><text:p>{text}</text:p></table:table-cell>'

    row = f"<table:table-row>{cell('x', 2)}{cell('1,5')}{cell('', 16_000)}</table:table-row>"
    sheets = f'<table:table table:name="Prices">{row}</table:table><table:table table:name="More">{row}</table:table>'
    found = read(hazards.write(tmp_path, "x", opendocument("spreadsheet", sheets)), "a.ods")
    assert [(page.label, page.text) for page in found.pages] == [("Prices", "x | x | 1,5"), ("More", "x | x | 1,5")]
    slide = '<draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>{0}</text:p></draw:text-box></draw:frame></draw:page>'
    shown = read(
        hazards.write(tmp_path, "x", opendocument("presentation", slide.format("One") + slide.format("Two"))), "a.odp"
    )
    assert [page.text for page in shown.pages] == ["One", "Two"]


@pytest.mark.parametrize("kind", ["text", "spreadsheet", "presentation"])
def test_a_template_of_opendocument_is_read_as_what_it_becomes(tmp_path: Path, kind: str) -> None:
    packed = opendocument(kind, "<text:p>The toll is 4 crowns.</text:p>")
    mimetype = f"application/vnd.oasis.opendocument.{kind}-template".encode()
    ending = {"text": "ott", "spreadsheet": "ots", "presentation": "otp"}[kind]
    template = hazards.with_parts(packed, {"mimetype": mimetype}, replace=True)
    assert said(read(hazards.write(tmp_path, "x", template), f"a.{ending}")) == ["The toll is 4 crowns."]


def test_hidden_rows_columns_and_sheets_of_opendocument_are_left_out_and_told(tmp_path: Path) -> None:
    def row(*texts: str, more: str = "") -> str:
        cells = "".join(f"<table:table-cell><text:p>{text}</text:p></table:table-cell>" for text in texts)
        return f"<table:table-row {more}>{cells}</table:table-row>"

    columns = '<table:table-column/><table:table-column table:visibility="collapse"/><table:table-column/>'
    rows = (
        row("Town", "Code", "Toll") + row("Vik", "x1", "4") + row("Ness", "x2", "5", more='table:visibility="filter"')
    )
    rows += row("Holt", "x3", "6", more='table:number-rows-repeated="2"')
    style = '<office:automatic-styles><style:style style:name="h"><style:table-properties table:display="false"/></style:style></office:automatic-styles>'
    sheets = f'<table:table table:name="Tolls">{columns}{rows}</table:table><table:table table:name="Old" table:style-name="h">{row("gone")}</table:table>'
    content = f"<office:document-content {NS}>{style}<office:body><office:spreadsheet>{sheets}</office:spreadsheet></office:body></office:document-content>"
    packed = hazards.with_parts(opendocument("spreadsheet", ""), {"content.xml": content.encode()}, replace=True)
    found = read(hazards.write(tmp_path, "x", packed), "a.ods")
    assert said(found) == ["Town | Toll", "Vik | 4", "Holt | 6", "Holt | 6"]
    assert [flag.details["names"] for flag in found.warnings] == ["Tolls!3:3, Tolls!B, Old"]


def test_an_entity_bomb_in_opendocument(lines) -> None:  # type: ignore[no-untyped-def]
    packed = hazards.with_parts(opendocument("text", ""), {"content.xml": hazards.ENTITIES.encode()}, replace=True)
    with pytest.raises(RejectedFile) as caught:
        lines(packed, "a.odt")
    assert caught.value.code == "unsafe"
