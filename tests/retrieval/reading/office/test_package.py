"""Every variant of an Office package is read as the plain one is; what is no package of that kind is told from it."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from retrieval.reading.readers import RejectedFile, read
from tests.retrieval import hazards

_STRICT = re.compile(rb"http://schemas\.openxmlformats\.org/(\w*ml|officeDocument)/2006/")
_MAIN = re.compile(rb"application/vnd\.openxmlformats-officedocument\.\w+\.\w+\.main\+xml")


def rewritten(packed: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    with zipfile.ZipFile(io.BytesIO(packed)) as parts:
        return hazards.with_parts(packed, {n: change(n, parts.read(n)) for n in parts.namelist()}, replace=True)


def strict(packed: bytes, coding: str = "utf-8") -> bytes:
    def change(name: str, content: bytes) -> bytes:
        if name == "[Content_Types].xml" or not name.endswith((".xml", ".rels")):
            return content
        text = _STRICT.sub(rb"http://purl.oclc.org/ooxml/\1/", content).decode()
        if coding != "utf-8":
            text = re.sub(r'encoding=["\'].*?["\']', f'encoding="{coding}"', text, count=1)
        return text.encode(coding)

    return rewritten(packed, change)


def variant(packed: bytes, main: str) -> bytes:
    return rewritten(
        packed,
        lambda name, content: (
            _MAIN.sub(f"application/vnd.{main}.main+xml".encode(), content)
            if name == "[Content_Types].xml"
            else content
        ),
    )


@pytest.mark.parametrize("kind", ["docx", "pptx", "xlsx"])
@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
def test_strict_packages_are_read(kind: str, coding: str, tmp_path: Path) -> None:
    path = hazards.write(tmp_path, "x", strict(hazards.office(kind), coding))
    assert "An honest" in read(path, f"a.{kind}").pages[0].text


@pytest.mark.parametrize(
    ("name", "kind", "main"),
    [
        ("a.docm", "docx", "ms-word.document.macroEnabled"),
        ("a.dotx", "docx", "openxmlformats-officedocument.wordprocessingml.template"),
        ("a.dotm", "docx", "ms-word.template.macroEnabledTemplate"),
        ("a.ppsx", "pptx", "openxmlformats-officedocument.presentationml.slideshow"),
        ("a.ppsm", "pptx", "ms-powerpoint.slideshow.macroEnabled"),
        ("a.potx", "pptx", "openxmlformats-officedocument.presentationml.template"),
        ("a.potm", "pptx", "ms-powerpoint.template.macroEnabled"),
        ("a.pptm", "pptx", "ms-powerpoint.presentation.macroEnabled"),
        ("a.xlsm", "xlsx", "ms-excel.sheet.macroEnabled"),
        ("a.xltx", "xlsx", "openxmlformats-officedocument.spreadsheetml.template"),
        ("a.xltm", "xlsx", "ms-excel.template.macroEnabled"),
    ],
)
def test_templates_shows_and_files_with_macros_are_read(name: str, kind: str, main: str, tmp_path: Path) -> None:
    packed = variant(hazards.office(kind), main)
    for content in (packed, strict(packed)):
        found = read(hazards.write(tmp_path, "x", content), name)
        assert (found.kind, "An honest" in found.pages[0].text) == (kind, True)


def test_a_main_part_of_another_name_is_found(tmp_path: Path) -> None:
    """Some services write word/document2.xml; the list of content types tells."""
    packed = hazards.office("docx")
    with zipfile.ZipFile(io.BytesIO(packed)) as parts:
        renamed = {n: parts.read(n).replace(b"word/document.xml", b"word/document2.xml") for n in parts.namelist()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, content in renamed.items():
            package.writestr(
                name.replace("word/document.xml", "word/document2.xml").replace(
                    "document.xml.rels", "document2.xml.rels"
                ),
                content,
            )
    assert "An honest" in read(hazards.write(tmp_path, "x", out.getvalue()), "a.docx").pages[0].text


def test_a_strict_sheet_with_dates_of_its_own(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.iso_dates = True
    book.active.append([date(2024, 2, 3)])
    out = io.BytesIO()
    book.save(out)
    assert "2024-02-03" in read(hazards.write(tmp_path, "x", strict(out.getvalue())), "a.xlsx").pages[0].text


def stream_names(*names: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + b"".join(n.encode("utf-16-le") + bytes(8) for n in names)


def binary_workbook() -> bytes:
    binary = b"application/vnd.ms-excel.sheet.binary.macroEnabled.main"
    return rewritten(hazards.office("xlsx"), lambda name, part: _MAIN.sub(binary, part) if "Types" in name else part)


@pytest.mark.parametrize(
    ("content", "name", "old", "target"),
    [
        (stream_names("WordDocument"), "a.doc", "DOC", "DOCX"),
        (stream_names("WordDocument"), "a.docx", "DOC", "DOCX"),
        (stream_names("Workbook"), "a.xls", "XLS", "XLSX"),
        (stream_names("Book"), "a.xls", "XLS", "XLSX"),
        (stream_names("WordDocument", "PowerPoint Document"), "a.ppt", "PPT", "PPTX"),
        (stream_names("__properties_version1.0"), "mail.msg", "MSG", "EML"),
        (binary_workbook(), "a.xlsb", "XLSB", "XLSX"),
        (b"{\\rtf1 Hello}", "a.rtf", "RTF", "DOCX"),
    ],
)
def test_old_formats_say_what_to_do(content: bytes, name: str, old: str, target: str, tmp_path: Path) -> None:
    with pytest.raises(RejectedFile) as caught:
        read(hazards.write(tmp_path, "x", content), name)
    assert caught.value.code == "old_format"
    assert f"format {old}," in str(caught.value) and f"save it as {target}" in str(caught.value)


def test_a_package_of_another_program_is_not_called_damaged(tmp_path: Path) -> None:
    drawing = variant(hazards.office("docx"), "ms-visio.drawing")
    for name, code in (("a.vsdx", "unsupported"), ("a.docx", "damaged")):
        with pytest.raises(RejectedFile) as caught:
            read(hazards.write(tmp_path, "x", drawing), name)
        assert caught.value.code == code
