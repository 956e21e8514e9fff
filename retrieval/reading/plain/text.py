"""Plain text and source code."""

import re
from pathlib import Path

from chatbot.common.limited import Limits
from retrieval.reading.kinds import claimed
from retrieval.reading.pages import BlockKind, Pages
from retrieval.reading.plain.encodings import decode

_PARAGRAPHS = re.compile(r"\n[^\S\n]*\n\s*|\f")


def text_of(path: Path, pages: Pages, *, declares: bool = False) -> str:
    """The decoded file; doubts about its encoding become warnings."""
    found = decode(path.read_bytes(), declares=declares)
    if not found.certain and not found.text.isascii():
        pages.flag("encoding_guessed", encoding=found.encoding)
    if found.undecodable:
        pages.flag("undecodable", characters=found.undecodable, encoding=found.encoding)
    return found.text.replace("\r\n", "\n").replace("\r", "\n")


def read(path: Path, name: str, pages: Pages, limits: Limits) -> None:
    text = text_of(path, pages)
    claim = claimed(name)
    kind: BlockKind = "code" if claim and claim.kind == "code" else "paragraph"
    for paragraph in _PARAGRAPHS.split(text):
        pages.add(paragraph, kind)
