"""The text of each paragraph's runs: WordprocessingML, DrawingML with the names in its charts, and rich strings of SpreadsheetML
(ECMA-376, part 1, sections 17, 21 and 18.4). Every element stays where it is; only `t`, and `v` of a chart, changes.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from chatbot.tasks.translate.files.marked import Segment, walk
from chatbot.tasks.translate.files.spans import Token, span

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_NO_SPACE = (f"{A}t", f"{C}v")  # PowerPoint refuses it there
_PARAGRAPHS = (f"{W}p", f"{A}p", f"{S}si", f"{S}is", f"{S}text", f"{C}pt")
_BOXES = frozenset(
    f"{W}{name}" for name in ("hyperlink", "ins", "moveTo", "smartTag", "sdt", "sdtContent", "customXml", "fldSimple")
)
_BOUNDED = (f"{W}hyperlink", f"{W}sdt", f"{W}fldSimple")  # boxes whose words stay in them: a link, a control, a field
_UNSEEN = frozenset(  # what takes no place on the line, or is gone
    [
        *(f"{W}{name}" for name in (
            "pPr", "rPr", "sdtPr", "sdtEndPr", "del", "moveFrom", "proofErr", "bookmarkStart", "bookmarkEnd",
            "lastRenderedPageBreak", "commentRangeStart", "commentRangeEnd", "permStart", "permEnd", "instrText", "delText",
            "softHyphen", "smartTagPr",
        )),
        *(f"{A}{name}" for name in ("pPr", "rPr", "endParaRPr")),
        *(f"{S}{name}" for name in ("rPr", "rPh", "phoneticPr")),
    ]
)  # fmt: skip
_NOT_A_LOOK = frozenset(
    f"{W}{name}" for name in ("lang", "noProof", "rtl", "cs")
)  # of a run: no formatting that a reader sees
_NOT_SEEN = frozenset(("lang", "altLang", "dirty", "err", "smtClean", "kumimoji", "noProof"))  # attributes, likewise


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
                if at == 0 and text != text.strip() and element.tag not in _NO_SPACE:
                    element.set(_SPACE, "preserve")


def paragraphs(root: Any, stay: Sequence[Any] = ()) -> list[Paragraph]:
    """In the order of the part; without those that hold nothing to translate, and the elements that are to stay."""
    found = (_paragraph(element) for element in root.iter(*_PARAGRAPHS) if element not in stay)
    return [paragraph for paragraph in found if paragraph is not None]


def _paragraph(element: Any) -> Paragraph | None:
    pairs = count(1)
    units = list(_looks(list(_units(element, pairs)), pairs))
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


def _units(parent: Any, pairs: Iterator[int]) -> Iterator[_Unit]:
    """What a reader sees of a paragraph, in order; not what is in text boxes, which are paragraphs of their own."""
    for child in parent:
        if not isinstance(child.tag, str) or child.tag in _UNSEEN:
            continue
        if child.tag in (f"{W}r", f"{A}r", f"{S}r"):
            yield from _run(child)
        elif child.tag in (f"{S}t", f"{C}v"):
            yield _Unit("text", [child])
        elif child.tag in _BOXES:
            inner = list(_units(child, pairs))
            if child.tag in _BOUNDED and any(unit.kind == "text" for unit in inner):
                pair = next(pairs)
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
        if child.tag in (f"{W}t", f"{A}t", f"{S}t"):
            yield _Unit("text", [child], look)
        elif child.tag not in _UNSEEN:
            yield _Unit("void")


def _look(run: Any) -> bytes:
    """The run's own formatting as a string; equal looks read as one text, however often Office has cut it."""
    from lxml import etree

    properties = next((child for child in run if child.tag in (f"{W}rPr", f"{A}rPr", f"{S}rPr")), None)
    if properties is None:
        return b""
    seen = sorted((name, value) for name, value in properties.attrib.items() if name not in _NOT_SEEN)
    parts = sorted(etree.tostring(p, method="c14n", with_tail=False) for p in properties if p.tag not in _NOT_A_LOOK)
    return (repr(seen).encode() if seen else b"") + b"".join(parts)


def _looks(units: list[_Unit], pairs: Iterator[int]) -> Iterator[_Unit]:
    """Neighbours of one look joined, and looks that differ from the commonest one between tags: that of the paragraph, or of a link."""
    joined = _joined(units)
    outside: list[_Unit] = []
    linked = False
    for unit in joined:
        linked = unit.kind == "open" or (linked and unit.kind != "close")
        if not linked:
            outside.append(unit)
    common = _commonest(outside)
    for at, unit in enumerate(joined):
        if unit.kind == "open":
            end = next(n for n in range(at, len(joined)) if joined[n].kind == "close" and joined[n].pair == unit.pair)
            common = _commonest(joined[at:end])
        elif unit.kind == "close":
            common = _commonest(outside)
        if unit.kind == "text" and unit.look != common and unit.text.strip():
            pair = next(pairs)
            yield from (_Unit("open", pair=pair), unit, _Unit("close", pair=pair))
        else:
            yield unit


def _joined(units: list[_Unit]) -> list[_Unit]:
    joined: list[_Unit] = []
    for unit in units:
        last = joined[-1] if joined else None
        if last is not None and unit.kind == last.kind == "void":
            continue
        if last is not None and unit.kind == last.kind == "text" and (unit.look == last.look or not unit.text.strip()):
            last.elements += unit.elements
        else:
            joined.append(unit)
    return joined


def _commonest(units: Sequence[_Unit]) -> bytes:
    sizes: Counter[bytes] = Counter()
    for unit in units:
        if unit.kind == "text":
            sizes[unit.look] += len(unit.text)
    return sizes.most_common(1)[0][0] if sizes else b""


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
