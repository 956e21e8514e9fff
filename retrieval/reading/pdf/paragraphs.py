"""Lines of a page -> its text, with an empty line between paragraphs, and which of them are headings."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from retrieval.reading.pdf.lines import Line
from retrieval.types import Block

_GAP = 1.7  # line distances beyond this many times the type size begin a paragraph
_WIDER = 1.25  # as do those beyond this many times the usual distance, where lines stand further apart
_RAISED = 0.5  # type sizes: so far above or below the line stand exponents and marks of notes
_TITLE = 1.15  # lines in type larger than this many times the page's own are headings
_LONGEST_TITLE = 160  # characters
_FULL = 0.85  # of the widest line near it: a line that reaches so far was broken for want of room
_NEAR = 60  # lines
_ENDED = re.compile(r"[.!?:;…。！？：；؟۔।॥።][\"'”’»›)\\]}）】」』》〉]*\\d{0,2}\Z")
_TORN = re.compile(r"(?<=\w)[-\u00ad\u2010]\Z")
_CONJUNCTIONS = {
    "and",
    "or",
    "nor",
    "to",
    "und",
    "oder",
    "bis",
    "et",
    "ou",
    "y",
    "o",
    "e",
}  # "pre- and post-war" is not torn

Compounds = Callable[[str], bool]
"""Whether the document writes this word with its hyphen ("well-known") where no line ends."""


@dataclass(slots=True)
class Laid:
    """`text[k]` is pdfium's character `indices[k]`, or none (-1) where a line or a paragraph ends."""

    text: str
    indices: list[int]
    blocks: list[Block]


def usual_size(lines: Sequence[Line]) -> float:
    """Of most of the characters, in points; 0 on a page without."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size, 1)] += line.end - line.start
    return sizes.most_common(1)[0][0] if sizes else 0


def lay_out(text: str, indices: list[int], lines: Sequence[Line], size: float, compounds: Compounds) -> Laid:
    """`size` is the page's usual type size."""
    out = _Out(text, indices, compounds)
    spaced = _usual_distance(lines)
    was_title = False
    for k, line in enumerate(lines):
        words = text[line.start : line.end]
        title = line.size > _TITLE * size > 0 and len(words) < _LONGEST_TITLE and any(map(str.isalpha, words))
        new = k == 0 or title != was_title or _is_apart(lines[k - 1], line, spaced)
        if new and k and not title and not was_title:
            new = not _goes_on(text, lines, k)
        gap = _gap(lines[k - 1], line) if k else None
        out.take(line, gap=gap, new=new and gap is None, title=title)
        was_title = title
    return out.laid()


def _gap(previous: Line, line: Line) -> str | None:
    """What stands between the two where they are one line, as around a raised mark."""
    if (
        abs(previous.base - line.base) > _RAISED * max(previous.size, line.size)
        or line.left < previous.right - line.size / 4
    ):
        return None
    return " " if line.left - previous.right > line.size / 5 else ""


def _usual_distance(lines: Sequence[Line]) -> float:
    """Between a line that was broken for want of room and the next, in points; 0 where there are none."""
    widest = max((line.right - line.left for line in lines), default=0)
    distances = Counter(
        round(2 * (line.base - following.base)) / 2
        for line, following in pairwise(lines)
        if line.right - line.left > _FULL * widest and 0 < line.base - following.base < 4 * line.size
    )
    (distance, count) = distances.most_common(1)[0] if distances else (0.0, 0)
    return distance if count >= 3 and 3 * count > distances.total() else 0.0  # fewer may be the rows of a form


def _is_apart(previous: Line, line: Line, spaced: float) -> bool:
    size = max(previous.size, line.size, 1)
    return (
        abs(previous.base - line.base) > max(_GAP * size, _WIDER * spaced) or line.base > previous.base + 2 * line.size
    )


def _goes_on(text: str, lines: Sequence[Line], k: int) -> bool:
    """A sentence goes on over a gap, or from the foot of a column to the head of the next."""
    previous, line = lines[k - 1], lines[k]
    if not unfinished(text[previous.start : previous.end]) or abs(previous.size - line.size) > 0.5:
        return False
    first = text[line.start]
    further = first.islower() or (line.base > previous.base and not first.isdigit())
    return further and is_full(lines, k - 1)


def is_full(lines: Sequence[Line], k: int) -> bool:
    """Whether line k was broken for want of room, by the lines near it that begin where it does."""
    line = lines[k]
    near = [o for o in lines[max(0, k - _NEAR) : k + _NEAR] if abs(o.left - line.left) < 3 * max(line.size, 1)]
    return line.right - line.left > _FULL * max(o.right - o.left for o in near)


def unfinished(words: str) -> bool:
    return not _ENDED.search(words) and any(map(str.isalpha, words[-12:]))


class _Out:
    def __init__(self, text: str, indices: list[int], compounds: Compounds) -> None:
        self._source, self._from, self._compounds = text, indices, compounds
        self._pieces: list[str] = []
        self._indices: list[int] = []
        self._blocks: list[Block] = []

    def laid(self) -> Laid:
        return Laid("".join(self._pieces), self._indices, self._blocks)

    def take(self, line: Line, *, gap: str | None, new: bool, title: bool) -> None:
        words = self._source[line.start : line.end]
        if self._pieces:
            self._append(gap if gap is not None else "\n\n" if new else self._between(words), None)
        start = len(self._indices)
        self._append(words, self._from[line.start : line.end])
        if new or not self._blocks:
            self._blocks.append(Block("heading" if title else "paragraph", start, len(self._indices), int(title)))
        else:
            self._blocks[-1] = replace(self._blocks[-1], end=len(self._indices))

    def _append(self, piece: str, indices: list[int] | None) -> None:
        self._pieces.append(piece)
        self._indices += indices if indices is not None else [-1] * len(piece)

    def _between(self, following: str) -> str:
        before = self._pieces[-1]
        mark, hyphen_goes = between(before, following, self._compounds)
        if hyphen_goes:
            self._pieces[-1] = before[:-1]
            self._indices.pop()
        return mark


def between(before: str, following: str, compounds: Compounds) -> tuple[str, bool]:
    """What stands between two lines of a paragraph, and whether the hyphen before it goes: in a word that was torn nothing
    stands, and the hyphen goes unless it is the word's own."""
    after = _first_word(following)
    if not _TORN.search(before) or not after or after in _CONJUNCTIONS:
        return "\n", False
    torn = _last_word(before[:-1])
    small = torn[-1:].islower() and after[:1].islower()
    return "", small and not compounds(f"{torn}-{after}".lower())


def _last_word(text: str) -> str:
    found = re.search(r"[\w-]+\Z", text[-60:])
    return found[0] if found else ""


def _first_word(text: str) -> str:
    found = re.match(r"[\w-]+", text[:60])
    return found[0] if found else ""
