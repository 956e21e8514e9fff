"""The kinds of files that are read. A new one is a module with a function `read(path, name, pages, limits)` and a row here."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from zipfile import ZipFile

from retrieval.reading.office.package import holds
from retrieval.types import Kind, Unit


@dataclass(frozen=True, slots=True)
class Magic:
    """`mark` stands at the beginning of the file, or somewhere in its first `within` bytes (at most 8192)."""

    mark: bytes
    within: int = 0

    def shows(self, head: bytes) -> bool:
        return self.mark in head[: self.within] if self.within else head.startswith(self.mark)


@dataclass(frozen=True, slots=True)
class Packed:
    """A zip container with the entry `member`, which holds `content`, where that is given, or what a template of it has, and else
    but white space."""

    member: str
    content: bytes = b""

    def shows(self, container: ZipFile) -> bool:
        """Raises what `zipfile` raises."""
        if self.member not in container.NameToInfo:
            return False
        small = container.getinfo(self.member).file_size < len(self.content) + 80  # else it may be a bomb
        return not self.content or (
            small and container.read(self.member).strip() in (self.content, self.content + b"-template")
        )


@dataclass(frozen=True, slots=True)
class OpenXml:
    """A package of Office whose main part is a `plain` document, or its template, show or kind with macros."""

    plain: str

    def shows(self, container: ZipFile) -> bool:
        """Raises what `zipfile` raises."""
        return holds(container, self.plain)


@dataclass(frozen=True, slots=True)
class Text:
    """What can be decoded. Its name tells the kind; where that tells none, one of `opens` does, in lower case."""

    opens: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Reader:
    """One kind of file. `called` names it in a sentence ("a Word document"), `title` in a list of kinds ("DOCX").

    `module` is imported by the reading child alone. `endings` of names claim this kind; other endings claim nothing.
    `doctype`: whether its XML may declare a document type, as old XHTML does.
    """

    kind: Kind
    module: str
    title: str
    called: str
    endings: tuple[str, ...]
    sign: Magic | Packed | OpenXml | Text = Text()
    unit: Unit = "part"
    doctype: bool = False


_CODE = (
    "py pyi js mjs cjs ts tsx jsx java kt kts scala c h cc cpp cxx hpp hh cs go rs rb php pl pm lua r jl m mm swift sh bash zsh "
    "ps1 bat sql css scss less vue svelte dart ex exs erl hs ml clj el lisp f90 f95 asm s tex bib ini cfg conf toml yaml yml "
    "properties gradle cmake make mk dockerfile proto graphql tf diff patch"
)
_DOCX, _PPTX, _XLSX = map(OpenXml, ("wordprocessingml.document", "presentationml.presentation", "spreadsheetml.sheet"))
_SHOWS = ("pptx", "pptm", "ppsx", "ppsm", "potx", "potm")
_EPUB = Packed("mimetype", b"application/epub+zip")
_ODT, _ODS, _ODP = (
    Packed("mimetype", f"application/vnd.oasis.opendocument.{name}".encode())
    for name in ("text", "spreadsheet", "presentation")
)
_HTML = Text(opens=(b"<!doctype html", b"<html"))

READERS: tuple[Reader, ...] = (
    Reader("pdf", "pdf.reader", "PDF", "a PDF", ("pdf",), Magic(b"%PDF-", within=1024), "page"),
    Reader("docx", "office.word", "DOCX", "a Word document", ("docx", "docm", "dotx", "dotm"), _DOCX),
    Reader("pptx", "office.slides", "PPTX", "a PowerPoint presentation", _SHOWS, _PPTX, "slide"),
    Reader("xlsx", "office.sheets", "XLSX", "an Excel workbook", ("xlsx", "xlsm", "xltx", "xltm"), _XLSX),
    Reader("html", "web.page", "HTML", "a web page", ("html", "htm", "xhtml"), _HTML),
    Reader(
        "markdown",
        "plain.markdown",
        "Markdown",
        "Markdown text",
        ("md", "markdown", "mdown", "mkd", "mdx", "qmd", "rmd"),
    ),
    Reader("text", "plain.text", "TXT", "plain text", ("txt", "text", "log", "rst", "org")),
    Reader("subtitles", "plain.subtitles", "SRT/VTT", "subtitles", ("srt", "vtt"), Text(opens=(b"webvtt",))),
    Reader(
        "mail", "web.mail", "EML", "an e-mail", ("eml",), Text(opens=(b"received:", b"return-path:", b"delivered-to:"))
    ),
    Reader("notebook", "plain.notebook", "IPYNB", "a Jupyter notebook", ("ipynb",)),
    Reader("odt", "office.opendocument", "ODT", "an OpenDocument text", ("odt", "ott"), _ODT),
    Reader("ods", "office.opendocument", "ODS", "an OpenDocument sheet", ("ods", "ots"), _ODS),
    Reader("odp", "office.opendocument", "ODP", "an OpenDocument presentation", ("odp", "otp"), _ODP, "slide"),
    Reader("csv", "plain.tables", "CSV", "a table of values", ("csv", "tsv", "tab")),
    Reader("png", "ocr.picture", "PNG", "a picture (PNG)", ("png",), Magic(b"\x89PNG\r\n\x1a\n"), "page"),
    Reader("jpeg", "ocr.picture", "JPEG", "a picture (JPEG)", ("jpg", "jpeg"), Magic(b"\xff\xd8\xff"), "page"),
    Reader("epub", "web.book", "EPUB", "an EPUB book", ("epub",), _EPUB, doctype=True),
    Reader("json", "plain.data", "JSON", "JSON data", ("json", "jsonl", "ndjson")),
    Reader("code", "plain.text", "source code", "source code", tuple(_CODE.split())),
)
"""In the order in which they are listed to people. Where the signs of several fit, the first one counts."""


def reader(kind: Kind) -> Reader:
    return next(row for row in READERS if row.kind == kind)


def claimed(name: str) -> Reader | None:
    """The kind that the ending of a name claims."""
    ending = PurePosixPath(name).suffix.lower().lstrip(".")
    return next((row for row in READERS if ending in row.endings), None)


def unit(kind: Kind | None) -> Unit:
    """What a `Page` is in a document of that kind; a part in one that is read no more."""
    return next((row.unit for row in READERS if row.kind == kind), "part")


def readable() -> str:
    """All kinds in English: "PDF, DOCX or source code"."""
    return alternatives(row.title for row in READERS)


def alternatives(titles: Iterable[str]) -> str:
    *most, last = titles
    return f"{', '.join(most)} or {last}" if most else last
