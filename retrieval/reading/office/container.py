"""Looks through a zip container before any library opens it.

Declared sizes can be relied on: Python's `zipfile` never unpacks more of an entry than its directory declares.
"""

import io
import re
import zipfile
from pathlib import Path, PurePosixPath
from typing import IO

from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile

_XML = (".xml", ".rels", ".opf", ".ncx", ".vml")
_PAGES = (".xhtml", ".html", ".htm")
_SMALL = 8 << 20  # bytes: whatever the ratio, so little does no harm
_DEPTH = 2  # a document may hold a workbook; what holds more is not looked into
_CHUNK = 1 << 20


def _anywhere(word: str) -> bytes:
    return b"|".join(re.escape(word.encode(coding)) for coding in ("ascii", "utf-16-le", "utf-16-be"))


_DOCTYPE = re.compile(_anywhere("<!DOCTYPE") + b"|" + _anywhere("<!ENTITY"))
_ENTITY = re.compile(_anywhere("<!ENTITY"))


def check(path: Path, limits: Limits, *, doctype_allowed: bool = False) -> None:
    """Raises `RejectedFile` (damaged, encrypted, bomb, unsafe) unless the container is harmless to unpack.

    `doctype_allowed` is for EPUB, whose pages and contents carry one by its specification; entities are never allowed.
    """
    with path.open("rb") as stream:
        _check(stream, limits, depth=1, forbidden=_ENTITY if doctype_allowed else _DOCTYPE)


def _check(stream: IO[bytes], limits: Limits, *, depth: int, forbidden: re.Pattern[bytes]) -> None:
    try:
        with zipfile.ZipFile(stream) as container:
            entries = container.infolist()
            _check_sizes(entries, limits)
            for entry in entries:
                _check_entry(entry)
                _check_content(container, entry, limits, depth, forbidden)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, zipfile.zlib.error, ValueError) as error:  # type: ignore[attr-defined]
        raise RejectedFile("damaged") from error


def _check_sizes(entries: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(entries) > limits.entries:
        raise RejectedFile("bomb", what=f"{len(entries)} files")
    total = sum(entry.file_size for entry in entries)
    if total > limits.unpacked_bytes:
        raise RejectedFile("bomb", what=f"{total >> 20} MB")
    for entry in entries:
        if entry.file_size > _SMALL and entry.file_size > limits.ratio * max(1, entry.compress_size):
            raise RejectedFile("bomb", what=f"{entry.file_size // max(1, entry.compress_size)} times its size")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename.replace("\\", "/")
    if name.startswith("/") or ".." in PurePosixPath(name).parts or "\0" in name or re.match(r"[A-Za-z]:", name):
        raise RejectedFile("unsafe", what="a file name that leads out of it")
    if entry.flag_bits & 1:
        raise RejectedFile("encrypted")


def _check_content(
    container: zipfile.ZipFile, entry: zipfile.ZipInfo, limits: Limits, depth: int, forbidden: re.Pattern[bytes]
) -> None:
    name = entry.filename.lower()
    with container.open(entry) as part:
        head = part.read(_CHUNK)
        if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            if depth > _DEPTH:
                raise RejectedFile("bomb", what=f"archives within archives, {depth + 1} deep")
            whole = head + part.read()
            _check(io.BytesIO(whole), limits, depth=depth + 1, forbidden=forbidden)
        elif name.endswith(_XML) or (name.endswith(_PAGES) and forbidden is _ENTITY):
            _search(head, part, forbidden)


def _search(chunk: bytes, part: IO[bytes], forbidden: re.Pattern[bytes]) -> None:
    tail = b""
    while chunk:
        if forbidden.search(tail + chunk):
            raise RejectedFile("unsafe", what="XML entity or document type declarations")
        tail = chunk[-32:]
        chunk = part.read(_CHUNK)
