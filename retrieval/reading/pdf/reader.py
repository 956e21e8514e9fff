"""PDF through pdfium; through pypdf what pdfium cannot open."""

from collections.abc import Callable
from pathlib import Path

import pypdfium2 as pdfium
from pypdfium2 import raw

from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from retrieval.reading.pages import Pages
from retrieval.reading.pdf.sheets import PageText, Sheets
from retrieval.reading.pdf.tables.found import Found, blocks_with, going_on
from retrieval.reading.pdf.unread import Picture
from retrieval.reading.pdf.unread import count as unread_pictures

See = Callable[[pdfium.PdfDocument, Sheets, int, PageText], None]
"""Called with the place of each page that was read."""


def read(
    path: Path, name: str, pages: Pages, limits: Limits, see: See = lambda document, sheets, index, found: None
) -> None:
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        if error.err_code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
            raise RejectedFile("encrypted") from error
        return _read_with_pypdf(path, pages, limits)
    if not (count := len(document)):
        return _read_with_pypdf(path, pages, limits)
    _check_count(count, limits)
    if _is_cut_off(path):
        pages.flag("repaired")
    pages.total = count
    sheets = Sheets(document)
    before: list[Found] = []
    pictures: list[Picture] = []
    for index in range(count):
        if index:
            pages.begin()
        found = sheets.page(index)
        if found:
            see(document, sheets, index, found)
        before = _add(found, pages, before)
        pictures += found.pictures if found else ()
    if unread := unread_pictures(pictures):
        pages.flag("pictures_without_text", count=unread)
    return None


def _check_count(count: int, limits: Limits) -> None:
    if count > limits.pages:
        raise RejectedFile("too_large", amount=f"{count} pages", limit=str(limits.pages))


def _is_cut_off(path: Path) -> bool:
    """The specification (ISO 32000-1, 7.5.5) wants %%EOF on the last line; readers look for it in the last 1024 bytes."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 1024))
        return b"%%EOF" not in stream.read()


def _add(found: PageText | None, pages: Pages, before: list[Found]) -> list[Found]:
    """Returns the page's tables. The first may go on with the last one of the page `before`."""
    if found is None:
        pages.page_flag("page_unreadable")
        return []
    for how, characters in found.hidden.items():
        pages.hide("x" * characters, how)
    pages.counts.invisible += found.counts.invisible
    pages.counts.bidi += found.counts.bidi
    if found.illegible:
        pages.page_flag("illegible", characters=found.illegible)
    if found.ocr:
        pages.page_flag("ocr_layer")
    tables = going_on(before, found.tables)
    pages.whole(found.text, blocks_with(found.blocks, tables, found.text), [one.table for one in tables])
    return tables


def _read_with_pypdf(path: Path, pages: Pages, limits: Limits) -> None:
    import logging

    import pypdf

    logging.disable()
    try:
        reader = pypdf.PdfReader(path, strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise RejectedFile("encrypted")
        count = len(reader.pages)
    except RejectedFile:
        raise
    except MemoryError:
        raise
    except Exception as error:  # pypdf raises nearly anything on damaged files
        raise RejectedFile("damaged") from error
    _check_count(count, limits)
    if not count:
        raise RejectedFile("damaged")
    pages.flag("fallback")
    pages.total = count
    for index in range(count):
        if index:
            pages.begin()
        try:
            pages.add(reader.pages[index].extract_text())
        except MemoryError:
            raise
        except Exception:
            pages.page_flag("page_unreadable")
