"""ODT, ODS and ODP (ISO 26300): headings and paragraphs of the content and of headers and footers, and the words for pictures."""

import zipfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any

from chatbot.common.limited import Limits
from chatbot.tasks.translate.files.formats.elements import Mixed
from chatbot.tasks.translate.files.formats.xml import parsed, written
from chatbot.tasks.translate.files.office.package import rewritten
from chatbot.tasks.translate.files.opened import Opened

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
_CELL = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}table-cell"
_KIND = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}value-type"
_FORMULA = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}formula"
_OPENS = frozenset(("span", "a"))


def opened(path: Path, name: str, limits: Limits) -> Opened:
    """Raises `RejectedFile`, and what `zipfile` raises for a damaged file."""
    data = path.read_bytes()
    with zipfile.ZipFile(BytesIO(data)) as container:
        parts: dict[str, bytes] = {
            part: container.read(part) for part in ("content.xml", "styles.xml") if part in container.namelist()
        }
    roots = {part: parsed(content, name) for part, content in parts.items()}
    texts = [(part, element, Mixed(element, _OPENS)) for part, root in roots.items() for element in _paragraphs(root)]
    texts = [row for row in texts if row[2].segments]

    def write(targets: Sequence[str], code: str) -> bytes:
        changed: set[str] = set()
        for (part, element, text), target in reversed(
            list(zip(texts, targets, strict=True))
        ):  # notes before what is around them
            if target != text.segments[0].text:
                text.write(element, target)
                changed.add(part)
        return rewritten(data, {part: written(roots[part], parts[part]) for part in changed})

    return Opened(PurePosixPath(name).suffix.lower(), tuple(text.segments[0] for *_, text in texts), write)


def _paragraphs(root: Any) -> list[Any]:
    """And the words for a picture; without what a cell shows of a number or formula."""
    found = []
    for element in root.iter(f"{_TEXT}p", f"{_TEXT}h", f"{_SVG}title", f"{_SVG}desc"):
        cell = next((one for one in element.iterancestors() if one.tag == _CELL), None)
        if cell is None or not (cell.get(_FORMULA) or cell.get(_KIND, "string") != "string"):
            found.append(element)
    return found
