"""EPUB: each chapter as HTML; pictures, styles and the table of contents' addresses stay."""

import zipfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from chatbot.common.limited import Limits
from chatbot.tasks.translate.files import web
from chatbot.tasks.translate.files.marked import fits
from chatbot.tasks.translate.files.office.package import rewritten
from chatbot.tasks.translate.files.opened import Opened

_CHAPTERS = (".xhtml", ".html", ".htm", ".ncx")


def opened(path: Path, name: str, limits: Limits) -> Opened:
    """Raises what `zipfile` raises for a damaged file."""
    data = path.read_bytes()
    with zipfile.ZipFile(BytesIO(data)) as container:
        names = [entry for entry in container.namelist() if entry.lower().endswith(_CHAPTERS)]
        chapters = {entry: container.read(entry).decode("utf-8-sig", "replace") for entry in names}
    spans = {entry: web.spans(text) for entry, text in chapters.items()}

    def write(targets: Sequence[str], code: str) -> bytes:
        left, parts = iter(targets), {}
        for entry, own in spans.items():
            chosen = [(one, target) for one, target in zip(own, left, strict=False) if fits(one.segment, target)]
            if any(target != one.segment.text for one, target in chosen):
                parts[entry] = web.written(chapters[entry], chosen, code, xml=True).encode("utf-8")
        return rewritten(data, parts)

    return Opened(".epub", tuple(one.segment for own in spans.values() for one in own), write)
