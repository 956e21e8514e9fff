"""The kinds of files that can be translated. A new one is a module with a function `opened(path, name, limits)` and a row here.

What a file is of these, `retrieval.reading.sniff` finds out.
"""

from dataclasses import dataclass

from retrieval.reading.kinds import alternatives
from retrieval.types import Kind


@dataclass(frozen=True, slots=True)
class Translatable:
    """`module` is imported by the child alone; `titles` stand in a list of kinds."""

    kind: Kind
    module: str
    titles: tuple[str, ...]


KINDS: tuple[Translatable, ...] = (
    Translatable("docx", "word", ("DOCX",)),
    Translatable("html", "web", ("HTML",)),
    Translatable("markdown", "markdown.reader", ("Markdown", "MDX")),
    Translatable("text", "plain", ("TXT",)),
    Translatable("subtitles", "plain", ("SRT", "VTT")),
    Translatable("pdf", "portable", ("PDF",)),
)


def translatable() -> str:
    """All kinds in English: "DOCX, HTML or PDF"."""
    return alternatives(title for row in KINDS for title in row.titles)
