"""DOCX: the text of each paragraph's runs (ECMA-376, part 1, section 17); every element stays where it is.

The package is rewritten entry by entry. Only the parts that hold text are parsed, and only `w:t` changes in them.
"""

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from chatbot.common.limited import Limits
from chatbot.tasks.translate.files.marked import Segment, walk
from chatbot.tasks.translate.files.opened import Opened
from chatbot.tasks.translate.files.spans import Token, span

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_PARTS = re.compile(r"word/(?:document\d*|header\d*|footer\d*|footnotes|endnotes)\.xml")
_BOXES = frozenset(
    {
        f"{_W}{name}"
        for name in ("hyperlink", "ins", "moveTo", "smartTag", "sdt", "sdtContent", "customXml", "fldSimple")
    }
)
_UNSEEN = frozenset(  # what takes no place on the line, or is gone
    f"{_W}{name}"
    for name in (
        "pPr", "rPr", "sdtPr", "sdtEndPr", "del", "moveFrom", "proofErr", "bookmarkStart", "bookmarkEnd", "lastRenderedPageBreak",
        "commentRangeStart", "commentRangeEnd", "permStart", "permEnd", "instrText", "delText", "softHyphen", "smartTagPr",
    )
)  # fmt: skip
_NOT_A_LOOK = frozenset(
    {f"{_W}lang", f"{_W}noProof", f"{_W}rtl", f"{_W}cs"}
)  # of a run: no formatting that a reader sees


@dataclass(slots=True)
class _Unit:
    """Neighbouring texts of one look, a boundary of a link or look, or something that is no text."""

    kind: str
    elements: list[Any] = field(default_factory=list)
    look: bytes = b""
    pair: int = 0

    @property
    def text(self) -> str:
        return "".join(element.text or "" for element in self.elements)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph as a segment. `slots` are its text elements, one list for each text of the marked segment, in order."""

    segment: Segment
    slots: tuple[tuple[Any, ...], ...]

    def write(self, target: str) -> None:
        """Puts each text where it belongs; what has no place of its own goes to the next one, or the last."""
        texts = [""] * len(self.slots)
        for place, text in _placed(self.segment, target):
            texts[min(place, len(texts) - 1)] += text
        for elements, text in zip(self.slots, texts, strict=True):
            for at, element in enumerate(elements):
                element.text = text if at == 0 else ""
                if at == 0 and text != text.strip():
                    element.set(_SPACE, "preserve")


class Package:
    """A DOCX in memory, with its paragraphs in reading order."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._roots: dict[str, Any] = {}
        self.paragraphs: list[Paragraph] = []
        with zipfile.ZipFile(io.BytesIO(data)) as container:
            names = [entry.filename for entry in container.infolist() if _PARTS.fullmatch(entry.filename)]
            for name in sorted(names, key=lambda name: (not name.startswith("word/document"), name)):
                self._roots[name] = _parsed(container.read(name))
        for root in self._roots.values():
            self.paragraphs += [p for element in root.iter(f"{_W}p") if (p := _paragraph(element)) is not None]

    def written(self) -> bytes:
        from lxml import etree

        target = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(self._data)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
            for entry in old.infolist():
                root = self._roots.get(entry.filename)
                if root is None:
                    new.writestr(entry, old.read(entry))
                else:
                    tree = root.getroottree()
                    new.writestr(entry, etree.tostring(tree, xml_declaration=True, encoding="UTF-8", standalone=True))
        return target.getvalue()


def opened(path: Path, name: str, limits: Limits) -> Opened:
    package = Package(path.read_bytes())

    def write(targets: Sequence[str], code: str) -> bytes:
        for paragraph, target in zip(package.paragraphs, targets, strict=True):
            if target != paragraph.segment.text:
                paragraph.write(target)
        return package.written()

    return Opened(".docx", tuple(p.segment for p in package.paragraphs), write)


def _parsed(data: bytes) -> Any:
    from lxml import etree

    return etree.fromstring(data, etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True))


def _paragraph(element: Any) -> Paragraph | None:
    units = list(_looks(list(_units(element))))
    tokens = [Token(unit.kind, at, at + 1, unit.text, unit.pair) for at, unit in enumerate(units)]  # type: ignore[arg-type]
    one = span(tokens)
    if one is None:
        return None
    segment = Segment(one.segment.text, one.segment.kept, ordered=True)
    slots = [tuple(units[token.start].elements) for token in one.tokens if token.kind == "text"]
    return Paragraph(_spaced(segment, slots), tuple(slots))


def _spaced(segment: Segment, slots: Sequence[tuple[Any, ...]]) -> Segment:
    """With the white space at both ends, which `span` took off: in a run it is text like the rest."""
    whole = ["".join(element.text or "" for element in elements) for elements in (slots[0], slots[-1])]
    before = whole[0][: len(whole[0]) - len(whole[0].lstrip())] if segment.text[:1] != "<" else ""
    after = whole[1][len(whole[1].rstrip()) :] if segment.text[-1:] != ">" else ""
    return Segment(before + segment.text + after, segment.kept, segment.ordered)


def _units(parent: Any) -> Iterator[_Unit]:
    """What a reader sees of a paragraph, in order; not what is in text boxes, which are paragraphs of their own."""
    for child in parent:
        if not isinstance(child.tag, str) or child.tag in _UNSEEN:
            continue
        if child.tag == f"{_W}r":
            yield from _run(child)
        elif child.tag in _BOXES:
            inner = list(_units(child))
            if child.tag == f"{_W}hyperlink" and any(unit.kind == "text" for unit in inner):
                pair = id(child)
                yield _Unit("open", pair=pair)
                yield from inner
                yield _Unit("close", pair=pair)
            else:
                yield from inner
        else:
            yield _Unit("void")


def _run(run: Any) -> Iterator[_Unit]:
    look = _look(run)
    for child in run:
        if child.tag == f"{_W}t":
            yield _Unit("text", [child], look)
        elif child.tag not in _UNSEEN:
            yield _Unit("void")


def _look(run: Any) -> bytes:
    """The run's own formatting as a string; equal looks read as one text, however often Word has cut it."""
    from lxml import etree

    properties = run.find(f"{_W}rPr")
    if properties is None:
        return b""
    return b"".join(sorted(etree.tostring(p, method="c14n") for p in properties if p.tag not in _NOT_A_LOOK))


def _looks(units: list[_Unit]) -> Iterator[_Unit]:
    """Neighbours of one look joined, and looks that differ from the commonest one between tags."""
    joined: list[_Unit] = []
    for unit in units:
        last = joined[-1] if joined else None
        if last is not None and unit.kind == last.kind == "void":
            continue
        if last is not None and unit.kind == last.kind == "text" and (unit.look == last.look or not unit.text.strip()):
            last.elements += unit.elements
        else:
            joined.append(unit)
    sizes: Counter[bytes] = Counter()
    for unit in joined:
        if unit.kind == "text":
            sizes[unit.look] += len(unit.text)
    common = sizes.most_common(1)[0][0] if sizes else b""
    linked = False
    for unit in joined:
        linked = unit.kind == "open" or (linked and unit.kind != "close")
        if unit.kind == "text" and unit.look != common and not linked and unit.text.strip():
            pair = id(unit)
            yield from (_Unit("open", pair=pair), unit, _Unit("close", pair=pair))
        else:
            yield unit


def _placed(segment: Segment, target: str) -> Iterator[tuple[int, str]]:
    """(number of the slot, text): the texts of `target`, whose tags stand in the source's order, by the gap they are in."""
    slots: dict[int, int] = {}  # gap -> slot
    for slot, (gap, _) in enumerate(_gaps(segment)):
        slots[gap] = slot
    for gap, text in _gaps(replace(segment, text=target)):
        yield next((slot for at, slot in slots.items() if at >= gap), len(slots) - 1), text


def _gaps(segment: Segment) -> Iterator[tuple[int, str]]:
    """(tags before it, text) of each text that is not kept."""
    gap = 0
    for piece, kept in walk(segment):
        if piece.kind != "text":
            gap += 1
        elif not kept:
            yield gap, piece.text
