"""The kinds of files that can be translated. A new one is a module with a function `opened(path, name, limits)` and a row here.

What a file is of these, `retrieval.reading.sniff` finds out.
"""

from dataclasses import dataclass
from pathlib import PurePosixPath

from retrieval.reading.kinds import alternatives
from retrieval.types import Kind


@dataclass(frozen=True, slots=True)
class Translatable:
    """`module` is imported by the child alone; `titles` stand in a list of kinds. `endings` of names, where not all of the kind's
    are of this format."""

    kind: Kind
    module: str
    titles: tuple[str, ...]
    endings: tuple[str, ...] = ()


KINDS: tuple[Translatable, ...] = (
    Translatable("docx", "office.word", ("DOCX",)),
    Translatable("pptx", "office.slides", ("PPTX",)),
    Translatable("xlsx", "office.sheets", ("XLSX",)),
    Translatable("html", "web", ("HTML",)),
    Translatable("text", "web", ("SVG",), ("svg",)),
    Translatable("markdown", "markdown.reader", ("Markdown", "MDX")),
    Translatable("text", "plain", ("TXT",), ("", "txt", "text", "log")),
    Translatable("text", "prose.restructured", ("RST",), ("rst", "rest")),
    Translatable("text", "prose.asciidoc", ("AsciiDoc",), ("adoc", "asciidoc", "asc")),
    Translatable("code", "prose.latex", ("LaTeX",), ("tex", "ltx")),
    Translatable("subtitles", "subtitles", ("SRT", "VTT")),
    Translatable("text", "formats.advanced", ("ASS",), ("ass", "ssa")),
    Translatable("epub", "formats.book", ("EPUB",)),
    Translatable("odt", "formats.opendocument", ("ODT",)),
    Translatable("ods", "formats.opendocument", ("ODS",)),
    Translatable("odp", "formats.opendocument", ("ODP",)),
    Translatable("text", "formats.messages", ("PO",), ("po", "pot")),
    Translatable("text", "formats.exchange", ("XLIFF",), ("xliff", "xlf")),
    Translatable("text", "formats.android", ("strings.xml",), ("xml",)),
    Translatable("text", "formats.pairs", (".strings", "ARB"), ("strings", "arb")),
    Translatable("json", "formats.pairs", ("JSON",), ("json",)),
    Translatable("code", "formats.pairs", ("YAML",), ("yaml", "yml")),
    Translatable("notebook", "formats.notebook", ("IPYNB",)),
    Translatable("pdf", "portable.reader", ("PDF",)),
)


def row_of(kind: Kind, name: str) -> Translatable | None:
    """The row for a file of the kind under that name; None where no format here is meant."""
    ending = PurePosixPath(name).suffix.lower().lstrip(".")
    fitting = (row for row in KINDS if row.kind == kind)
    return next((row for row in fitting if not row.endings or ending in row.endings), None)


def translatable() -> str:
    """All kinds in English: "DOCX, HTML or PDF"."""
    return alternatives(title for row in KINDS for title in row.titles)
