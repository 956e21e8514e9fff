"""EPUB: each chapter as HTML, and what the book says of itself; pictures, styles and the table of contents' addresses stay."""

import re
import zipfile
from collections.abc import Iterator, Sequence
from html import unescape
from io import BytesIO
from pathlib import Path

from chatbot.common.limited import Limits
from chatbot.tasks.translate.files import web
from chatbot.tasks.translate.files.marked import fits
from chatbot.tasks.translate.files.office.package import rewritten
from chatbot.tasks.translate.files.opened import Opened
from chatbot.tasks.translate.files.spans import Span, Token, span

_CHAPTERS = (".xhtml", ".html", ".htm", ".ncx")
_PACKAGE = ".opf"
_SAID = re.compile(r"<dc:(?:title|description|subject)\b[^<>]*>([^<]+)</")
_LANGUAGE = re.compile(r"(<dc:language\b[^<>]*>)[^<]*")


def opened(path: Path, name: str, limits: Limits) -> Opened:
    """Raises what `zipfile` raises for a damaged file."""
    data = path.read_bytes()
    with zipfile.ZipFile(BytesIO(data)) as container:
        names = [entry for entry in container.namelist() if entry.lower().endswith((*_CHAPTERS, _PACKAGE))]
        parts = {entry: container.read(entry).decode("utf-8-sig", "replace") for entry in names}
    spans = {entry: _spans(entry, text) for entry, text in parts.items()}

    def write(targets: Sequence[str], code: str) -> bytes:
        left, made = iter(targets), {}
        for entry, own in spans.items():
            chosen = [(one, target) for one, target in zip(own, left, strict=False) if fits(one.segment, target)]
            if any(target != one.segment.text for one, target in chosen):
                made[entry] = _written(entry, parts[entry], chosen, code)
        if made:
            made |= {
                entry: _written(entry, parts[entry], [], code)
                for entry in parts.keys() - made.keys()
                if _is_package(entry)
            }
        return rewritten(data, {entry: text.encode("utf-8") for entry, text in made.items()})

    return Opened(".epub", tuple(one.segment for own in spans.values() for one in own), write)


def _is_package(entry: str) -> bool:
    return entry.lower().endswith(_PACKAGE)


def _spans(entry: str, text: str) -> list[Span]:
    return list(_metadata(text)) if _is_package(entry) else web.spans(text)


def _metadata(text: str) -> Iterator[Span]:
    for said in _SAID.finditer(text):
        if one := span([Token("text", *said.span(1), unescape(said[1]))]):
            yield one


def _written(entry: str, text: str, chosen: Sequence[tuple[Span, str]], code: str) -> str:
    made = web.written(text, chosen, code, xml=True)
    return _LANGUAGE.sub(rf"\g<1>{code}", made) if _is_package(entry) else made
