"""Files that a library must survive, made afresh for each test: bombs, broken and lying ones."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import openpyxl
import pptx
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{k} "{f"&a{k - 1};" * 10}">' for k in range(1, 12))
    + "]>"
)


def pdf(pages: list[str], **options: object) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, **options)
    for text in pages:
        for row, line in enumerate(text.split("\n")):
            canvas.drawString(72, 770 - 16 * row, line)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def office(kind: str) -> bytes:
    """A small honest document."""
    out = io.BytesIO()
    if kind == "docx":
        document = docx.Document()
        document.add_paragraph("An honest paragraph.")
        document.save(out)
    elif kind == "pptx":
        show = pptx.Presentation()
        show.slides.add_slide(show.slide_layouts[0]).shapes.title.text = "An honest title"
        show.save(out)
    else:
        book = openpyxl.Workbook()
        book.active["A1"] = "An honest cell"
        book.save(out)
    return out.getvalue()


def epub(chapters: dict[str, str], extra: dict[str, str] | None = None, *, head: str = "") -> bytes:
    out = io.BytesIO()
    items = "".join(
        f'<item id="c{k}" href="{name}" media-type="application/xhtml+xml"/>' for k, name in enumerate(chapters)
    )
    spine = "".join(f'<itemref idref="c{k}"/>' for k in range(len(chapters)))
    package = f'{head}<package xmlns="http://www.idpf.org/2007/opf"><manifest>{items}</manifest><spine>{spine}</spine></package>'
    container = (
        '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OPS/book.opf"/></rootfiles></container>'
    )
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        book.writestr("META-INF/container.xml", container)
        book.writestr("OPS/book.opf", package)
        for name, source in chapters.items():
            book.writestr(f"OPS/{name}", source)
        for name, content in (extra or {}).items():
            book.writestr(name, content)
    return out.getvalue()


def container(kind: str) -> bytes:
    return (
        epub({"one.xhtml": "<html><body><p>An honest chapter.</p></body></html>"}) if kind == "epub" else office(kind)
    )


def with_parts(packed: bytes, parts: dict[str, bytes], *, replace: bool = False) -> bytes:
    """The container with more parts; with `replace` those of the same name are replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if not (replace and entry.filename in parts):
                new.writestr(entry, old.read(entry))
        for name, content in parts.items():
            new.writestr(name, content)
    return out.getvalue()


def high_ratio(kind: str) -> bytes:
    return with_parts(container(kind), {"word/zeros.bin": bytes(60 << 20)})


def too_much(kind: str) -> bytes:
    """Many entries of harmless ratio that are too much together: the directory declares two gigabytes."""
    packed = bytearray(with_parts(container(kind), {f"big{k}.bin": b"x" for k in range(8)}))
    at = packed.find(b"PK\x01\x02")
    while at >= 0:  # uncompressed and compressed size in the central directory
        packed[at + 20 : at + 28] = (200 << 20).to_bytes(4, "little") + (256 << 20).to_bytes(4, "little")
        at = packed.find(b"PK\x01\x02", at + 4)
    return bytes(packed)


def many_entries(kind: str) -> bytes:
    return with_parts(container(kind), {f"n/{k}": b"" for k in range(20_000)})


def nested(kind: str) -> bytes:
    inner = b"text"
    for _ in range(6):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as wrapped:
            wrapped.writestr("inner.zip", inner)
        inner = out.getvalue()
    return with_parts(container(kind), {"word/embeddings/inner.zip": inner})


def climbing(kind: str) -> bytes:
    return with_parts(container(kind), {"../../etc/cron.d/evil": b"x"})


def entity_bomb(kind: str) -> bytes:
    main = {
        "docx": "word/document.xml",
        "pptx": "ppt/presentation.xml",
        "xlsx": "xl/workbook.xml",
        "epub": "OPS/book.opf",
    }
    body = f"{ENTITIES}<root>&a11;</root>".encode("utf-16" if kind == "xlsx" else "utf-8")
    return with_parts(container(kind), {main[kind]: body}, replace=True)


def encrypted_pdf() -> bytes:
    return pdf(["A secret."], encrypt=StandardEncryption("user", "owner", strength=128))


def far_cell(*, rows: int = 1) -> bytes:
    """A sheet whose only values stand in the last column; with one row, in the very last cell."""
    sheet = "".join(
        f'<row r="{1_048_576 - k}"><c r="XFD{1_048_576 - k}" t="inlineStr"><is><t>far away</t></is></c></row>'
        for k in reversed(range(rows))
    )
    part = (
        '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f'<dimension ref="A1:XFD1048576"/><sheetData>{sheet}</sheetData></worksheet>'
    )
    return with_parts(office("xlsx"), {"xl/worksheets/sheet1.xml": part.encode()}, replace=True)


def nested_html(depth: int = 200_000) -> bytes:
    return b"<html><body>" + b"<div>" * depth + b"deep down" + b"</div>" * depth


def deep_json(depth: int = 100_000) -> bytes:
    return b"[" * depth + b"]" * depth


BOMBS: dict[str, Callable[[str], bytes]] = {
    "high_ratio": high_ratio,
    "too_much": too_much,
    "many_entries": many_entries,
    "nested": nested,
}


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path
