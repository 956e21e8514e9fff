"""What a file is, by its first bytes, held against what its name says."""

import re
import zipfile
from pathlib import Path, PurePosixPath

from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from retrieval.reading.office import container as gate
from retrieval.reading.plain.encodings import decode
from retrieval.types import Kind

_CODE = (
    "py pyi js mjs cjs ts tsx jsx java kt kts scala c h cc cpp cxx hpp hh cs go rs rb php pl pm lua r jl m mm swift sh bash zsh "
    "ps1 bat sql css scss less vue svelte dart ex exs erl hs ml clj el lisp f90 f95 asm s tex bib ini cfg conf toml yaml yml "
    "properties gradle cmake make mk dockerfile proto graphql tf diff patch"
)


def _all(endings: str, kind: Kind) -> dict[str, Kind]:
    return dict.fromkeys(endings.split(), kind)


ENDINGS: dict[str, Kind] = {
    **_all(_CODE, "code"),
    **_all("txt text log rst org srt vtt", "text"),
    **_all("md markdown mdown mkd", "markdown"),
    **_all("html htm xhtml", "html"),
    **_all("csv tsv tab", "csv"),
    **_all("json jsonl ndjson", "json"),
    **_all("xlsx xlsm", "xlsx"),
    **_all("pdf", "pdf"),
    **_all("docx", "docx"),
    **_all("pptx", "pptx"),
    **_all("epub", "epub"),
}
"""What the ending of a name claims. Other endings claim nothing."""

READABLE = "PDF, DOCX, PPTX, XLSX, HTML, Markdown, TXT, CSV, EPUB, JSON or source code"
CALLED: dict[Kind, str] = {
    "pdf": "a PDF",
    "docx": "a Word document",
    "pptx": "a PowerPoint presentation",
    "xlsx": "an Excel workbook",
    "epub": "an EPUB book",
    "html": "a web page",
    "markdown": "Markdown text",
    "text": "plain text",
    "csv": "a table of values",
    "json": "JSON data",
    "code": "source code",
}

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"II*\0", "a picture (TIFF)"),
    (b"MM\0*", "a picture (TIFF)"),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3\0", "a database (SQLite)"),
    (b"ID3", "a sound recording (MP3)"),
    (b"OggS", "a sound recording (Ogg)"),
    (b"RIFF", "a sound, film or picture (RIFF)"),
    (b"GGUF", "the weights of a model (GGUF)"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_OFFICE = "EncryptedPackage".encode("utf-16-le")
_HEAD = 8192
_ODD = re.compile(r"[\x00-\x06\x0e-\x19\x1c-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff]")
_BINARY: tuple[Kind, ...] = ("pdf", "docx", "pptx", "xlsx", "epub")


def sniff(path: Path, name: str, limits: Limits) -> Kind:
    """The kind that content and name agree on; raises `RejectedFile` when they do not, or nothing here can read it.

    A zip container has passed the gate when this returns.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    claimed = ENDINGS.get(PurePosixPath(name).suffix.lower().lstrip("."))
    found = _binary(path, head, name, limits)
    if found is None:
        return _textual(head, claimed)
    if claimed is not None and claimed != found:
        raise RejectedFile("wrong_type", found=CALLED[found], claimed=CALLED[claimed])
    return found


def _binary(path: Path, head: bytes, name: str, limits: Limits) -> Kind | None:
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _container(path, limits)
    if head.startswith(_OLE):
        _refuse_ole(path, name)
    for magic, found in _MAGIC:
        if head.startswith(magic):
            _refuse(found, name)
    if head[4:8] == b"ftyp":
        _refuse("a film or sound recording (MP4)", name)
    return None


def _container(path: Path, limits: Limits) -> Kind:
    try:
        with zipfile.ZipFile(path) as container:
            names = set(container.namelist())
            epub = "mimetype" in names and container.getinfo("mimetype").file_size < 100
            epub = epub and container.read("mimetype").strip() == b"application/epub+zip"
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError) as error:
        raise RejectedFile("damaged") from error
    gate.check(path, limits, doctype_allowed=epub)
    if epub:
        return "epub"
    main: dict[str, Kind] = {"word/document.xml": "docx", "ppt/presentation.xml": "pptx", "xl/workbook.xml": "xlsx"}
    for part, kind in main.items():
        if part in names:
            return kind
    if "[Content_Types].xml" in names:
        raise RejectedFile("damaged")
    raise RejectedFile("unsupported", found="a zip archive", readable=READABLE)


def _refuse_ole(path: Path, name: str) -> None:
    with path.open("rb") as stream:
        if _ENCRYPTED_OFFICE in stream.read(64 << 20):
            raise RejectedFile("encrypted")
    _refuse("a document of Office 2003 or older", name)


def _refuse(found: str, name: str) -> None:
    claimed = ENDINGS.get(PurePosixPath(name).suffix.lower().lstrip("."))
    if claimed is not None:
        raise RejectedFile("wrong_type", found=found, claimed=CALLED[claimed])
    raise RejectedFile("unsupported", found=found, readable=READABLE)


def _textual(head: bytes, claimed: Kind | None) -> Kind:
    if claimed in _BINARY:
        if not head.strip(b"\0\t\n\r "):
            raise RejectedFile("damaged")
        raise RejectedFile("wrong_type", found="text or unknown data", claimed=CALLED[claimed])
    if _is_unknown(head):
        if claimed is not None:
            raise RejectedFile("wrong_type", found="unknown data", claimed=CALLED[claimed])
        raise RejectedFile("unsupported", found="unknown data", readable=READABLE)
    if claimed is None and head.lstrip(b"\xef\xbb\xbf \t\r\n")[:14].lower().startswith((b"<!doctype html", b"<html")):
        return "html"
    return claimed or "text"


def _is_unknown(head: bytes) -> bool:
    """Whether, decoded as well as can be, there are control characters or undecodable bytes that no text has."""
    found = decode(head)
    odd = len(_ODD.findall(found.text))
    return (odd + found.undecodable) * 50 > len(found.text)
