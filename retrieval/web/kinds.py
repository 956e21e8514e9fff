"""What is fetched, told by its media type and its address: the ending that its file gets, and what the document is called."""

import codecs
import re
from pathlib import Path, PurePosixPath

import httpx

from chatbot.common.errors import InputError
from retrieval.reading.kinds import Text, claimed

_OFFICE, _OPEN = "application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument."
ENDINGS = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/plain": "txt",
    "text/markdown": "md",
    "text/csv": "csv",
    "text/vtt": "vtt",
    "application/json": "json",
    "application/pdf": "pdf",
    "application/epub+zip": "epub",
    "message/rfc822": "eml",
    "image/png": "png",
    "image/jpeg": "jpg",
    f"{_OFFICE}wordprocessingml.document": "docx",
    f"{_OFFICE}presentationml.presentation": "pptx",
    f"{_OFFICE}spreadsheetml.sheet": "xlsx",
    f"{_OPEN}text": "odt",
    f"{_OPEN}spreadsheet": "ods",
    f"{_OPEN}presentation": "odp",
}
"""Media type (IANA) -> ending of a kind of file that is read."""
UNTOLD = ("", "application/octet-stream", "binary/octet-stream")  # servers that do not know what they send
LONGEST = 110  # characters of a name: so that the whole of it is shown
_CHARSETS = re.compile(r"iso-8859-\d+|windows-125\d|gb2312|gbk|gb18030|big5(-hkscs)?|shift_jis|euc-(jp|kr)|koi8-[ru]")
"""Encodings of pages, by their names of the Encoding Standard (WHATWG), beside Unicode's."""


def ending(response: httpx.Response, url: httpx.URL) -> str:
    """Raises `InputError` for what is no kind of file that is read, or was packed in a way that nobody asked for."""
    told = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if (packed := response.headers.get("content-encoding", "").lower()) not in ("", "gzip", "identity"):
        told = packed
    row, own = claimed(url.path), PurePosixPath(url.path).suffix.lower().lstrip(".")
    if row and (told in UNTOLD or (told == "text/plain" and isinstance(row.sign, Text))):
        return own
    if told in ENDINGS:
        return ENDINGS[told]
    raise InputError(
        f"What is at this address ({told or 'of no type'}) is nothing that Banyan reads.",
        kind="web_type",
        type=told or "?",
    )


def called(url: httpx.URL, kind: str) -> str:
    """The address without its scheme, with the ending of its kind: the same for the same page, whenever it is fetched."""
    query = f"?{url.query.decode('ascii', 'replace')}" if url.query else ""
    name = f"{url.host}{url.path}{query}".rstrip("/")
    plain = name.removesuffix(f".{kind}")
    return f"{plain[: LONGEST - len(kind) - 1]}.{kind}"


def settle(path: Path, response: httpx.Response, kind: str) -> None:
    """Write a text whose encoding only its server told in one that says so itself: UTF-8 with its mark."""
    told = (response.charset_encoding or "").lower()
    row = claimed(f"x.{kind}")
    if row and isinstance(row.sign, Text) and _CHARSETS.fullmatch(told):
        content = path.read_bytes()
        if not content.startswith(codecs.BOM_UTF8):
            path.write_text(content.decode(told, "replace"), "utf-8-sig", newline="")
