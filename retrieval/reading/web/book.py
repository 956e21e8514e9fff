"""EPUB: the chapters in the order of the spine (EPUB 3.3, section 5.7). The gate has seen the container."""

import posixpath
import zipfile
from pathlib import Path
from urllib.parse import unquote

from lxml import etree

from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from retrieval.reading.pages import Pages
from retrieval.reading.plain.encodings import decode
from retrieval.reading.web.page import add_page, tell

_FONT_SCRAMBLING = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


def read(path: Path, name: str, pages: Pages, limits: Limits) -> None:
    with zipfile.ZipFile(path) as book:
        _check_rights(book)
        package = _package(book)
        missing, pictures = [], 0
        for part in _spine(book, package):
            try:
                source = book.read(part)
            except KeyError:
                missing.append(part)
                continue
            pages.begin(_title(source))
            pictures += add_page(decode(source, declares=True).text, pages, book=True)
        tell(pictures, pages)
        if missing:
            pages.flag("parts_missing", names=", ".join(missing[:10]))


def _xml(source: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
    try:
        return etree.fromstring(source, parser)
    except etree.XMLSyntaxError as error:
        raise RejectedFile("damaged") from error


def _check_rights(book: zipfile.ZipFile) -> None:
    """Scrambled fonts are usual and harmless; anything else encrypted is a locked book."""
    if "META-INF/encryption.xml" not in book.namelist():
        return
    methods = _xml(book.read("META-INF/encryption.xml")).iter("{*}EncryptionMethod")
    if any(method.get("Algorithm") not in _FONT_SCRAMBLING for method in methods):
        raise RejectedFile("encrypted")


def _package(book: zipfile.ZipFile) -> str:
    try:
        found = next(_xml(book.read("META-INF/container.xml")).iter("{*}rootfile"), None)
    except KeyError as error:
        raise RejectedFile("damaged") from error
    path = found.get("full-path") if found is not None else None
    if not path or path not in book.namelist():
        raise RejectedFile("damaged")
    return str(path)


def _spine(book: zipfile.ZipFile, package: str) -> list[str]:
    root = _xml(book.read(package))
    folder = posixpath.dirname(package)
    manifest = {item.get("id"): item.get("href") or "" for item in root.iter("{*}item")}
    chapters = [manifest.get(reference.get("idref")) for reference in root.iter("{*}itemref")]
    return [posixpath.normpath(posixpath.join(folder, unquote(href.split("#")[0]))) for href in chapters if href]


def _title(source: bytes) -> str:
    from selectolax.lexbor import LexborHTMLParser

    found = LexborHTMLParser(decode(source, declares=True).text).css_first("h1, h2, h3, title")
    return " ".join(found.text().split())[:120] if found else ""
