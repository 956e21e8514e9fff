"""A package of Office in memory. It is rewritten entry by entry; only parts that hold text are parsed and change."""

import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chatbot.tasks.translate.files.office.columns import pinned
from chatbot.tasks.translate.files.office.paragraphs import Paragraph, paragraphs
from chatbot.tasks.translate.files.opened import Opened

_SHARED = r"|(?:word|ppt|xl)/(?:charts/chart\w*|diagrams/data\w*|drawings/drawing\d*)\.xml"
_PARTS = {
    ".docx": r"word/(?:document\d*|header\d*|footer\d*|footnotes|endnotes|comments)\.xml",
    ".pptx": r"ppt/(?:slides/slide\d+|notesSlides/notesSlide\d+|comments/\w+)\.xml",
    ".xlsx": r"xl/(?:sharedStrings|worksheets/sheet\d+|comments\d*|comments/comment\d+)\.xml",
}
_DIGITS = re.compile(r"\d+")


class Package:
    """A file of the kind of `ending`, with its paragraphs in reading order."""

    def __init__(self, data: bytes, ending: str = ".docx") -> None:
        self._data = data
        self._parts: list[str] = []  # one for each paragraph
        self.paragraphs: list[Paragraph] = []
        parts = re.compile(_PARTS[ending] + _SHARED)
        with zipfile.ZipFile(io.BytesIO(data)) as container:
            names = [entry.filename for entry in container.infolist() if parts.fullmatch(entry.filename)]
            self._roots = {name: parsed(container.read(name)) for name in sorted(names, key=_place)}
            stay = pinned(container, self._roots) if ending == ".xlsx" else []
            for name, root in self._roots.items():
                found = paragraphs(root, stay)
                self.paragraphs += found
                self._parts += [name] * len(found)

    def write(self, targets: Sequence[str]) -> bytes:
        """The file with a translation for each paragraph; parts without a change stay byte for byte."""
        changed: set[str] = set()
        for part, paragraph, target in zip(self._parts, self.paragraphs, targets, strict=True):
            if target != paragraph.segment.text:
                paragraph.write(target)
                changed.add(part)
        return rewritten(self._data, {name: serialised(self._roots[name]) for name in changed})


def opened(path: Path, ending: str) -> Opened:
    package = Package(path.read_bytes(), ending)
    return Opened(ending, tuple(p.segment for p in package.paragraphs), lambda targets, code: package.write(targets))


def rewritten(data: bytes, parts: dict[str, bytes]) -> bytes:
    """The zip container with the contents of some entries replaced; the order and settings of all stay."""
    if not parts:
        return data
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry, parts[entry.filename] if entry.filename in parts else old.read(entry))
    return target.getvalue()


def parsed(data: bytes) -> Any:
    """Without entities and the network: the file is a stranger's."""
    from lxml import etree

    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True))


def serialised(root: Any) -> bytes:
    from lxml import etree

    found: bytes = etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8", standalone=True)
    return found


def _place(name: str) -> tuple[bool, list[int], str]:
    """The text itself first, and sheet 10 after sheet 9."""
    main = name.startswith(("word/document", "ppt/slides/", "xl/sharedStrings"))
    return not main, [int(number) for number in _DIGITS.findall(name)], name
