"""The text of one PDF page with the place of every character, through pdfium.

Reading and highlighting share this module, so that an offset into a page's text always finds the same glyphs.
"""

import ctypes
from collections import Counter
from dataclasses import dataclass, field

import pypdfium2 as pdfium
from pypdfium2 import raw

from retrieval.reading.clean import SUSPECT, Counts, clean
from retrieval.reading.pdf.visibility import Box, Visibility
from retrieval.types import Block

_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_TORN = "\x02"
_GAP = 1.7  # line distances beyond this many times the type size begin a paragraph
_TITLE = 1.15  # lines in type larger than this many times the page's own are headings


@dataclass(slots=True)
class PageText:
    """`text[i]` was drawn at `boxes(i)`; characters of our own (paragraph breaks) have the index -1."""

    text: str
    indices: list[int]
    blocks: list[Block]
    counts: Counts = field(default_factory=Counts)
    hidden: Counter[str] = field(default_factory=Counter)
    ocr: bool = False


class PageReader:
    """Reads one open page. `textpage` must stay open as long as the reader is in use."""

    def __init__(self, page: pdfium.PdfPage, textpage: pdfium.PdfTextPage) -> None:
        self._page, self._text = page, textpage
        self._visibility = Visibility(page, textpage)
        self._hidden: Counter[str] = Counter()

    def read(self) -> PageText:
        characters, indices = self._characters()
        text = "".join(characters)
        counts = Counts()
        if SUSPECT.search(text):
            text, indices = _clean_mapped(characters, indices, counts)
        text, indices, blocks = self._laid_out(text, indices)
        return PageText(text, indices, blocks, counts, self._hidden, self._visibility.ocr)

    def boxes(self, indices: list[int]) -> list[Box]:
        """The boxes of these characters, those of one line joined into one."""
        lines: list[Box] = []
        box = raw.FS_RECTF()
        for index in indices:
            if index < 0 or not raw.FPDFText_GetLooseCharBox(self._text, index, box) or box.right <= box.left:
                continue
            one = (box.left, box.bottom, box.right, box.top)
            if lines and _same_line(lines[-1], one):
                last = lines[-1]
                one = (min(last[0], one[0]), min(last[1], one[1]), max(last[2], one[2]), max(last[3], one[3]))
                lines[-1] = one
            else:
                lines.append(one)
        return lines

    def _characters(self) -> tuple[list[str], list[int]]:
        """What pdfium found and a reader would see, one entry a character, hidden ones counted and left out."""
        characters: list[str] = []
        indices: list[int] = []
        get, owner = raw.FPDFText_GetUnicode, raw.FPDFText_GetTextObject
        for index in range(self._text.count_chars()):
            code = get(self._text, index)
            if code in (0, 13) or code > 0x10FFFF:
                continue
            handle = owner(self._text, index)
            if handle and code > 32:
                how = self._visibility.verdict(handle, index)
                if how:
                    self._hidden[how] += 1
                    continue
            letter = chr(code)
            for part in _LIGATURES.get(letter, letter):
                characters.append(part)
                indices.append(index)
        return _without_line_hyphens(_paired(characters), indices)

    def _laid_out(self, text: str, indices: list[int]) -> tuple[str, list[int], list[Block]]:
        """Empty lines between paragraphs, and headings, by the distance and the type size of the lines."""
        lines = _lines(text)
        measures = [self._measure(indices, start, end, text) for start, end in lines]
        sizes: Counter[float] = Counter()
        for (start, end), (_, size) in zip(lines, measures, strict=True):
            sizes[round(size)] += end - start
        usual = sizes.most_common(1)[0][0] if sizes else 0
        pieces: list[str] = []
        kept: list[int] = []
        spans: list[tuple[int, int, bool]] = []
        previous: tuple[float, float] | None = None
        was_title = False
        for (start, end), (y, size) in zip(lines, measures, strict=True):
            title = size > _TITLE * usual > 0 and end - start < 160 and any(c.isalpha() for c in text[start:end])
            apart = previous is not None and (
                abs(previous[0] - y) > _GAP * max(previous[1], size, 1)
                or title != was_title
                or y > previous[0] + 2 * size
            )
            if pieces:
                pieces.append("\n\n" if apart else "\n")
                kept.extend([-1] * len(pieces[-1]))
            begin = len(kept)
            pieces.append(text[start:end])
            kept.extend(indices[start:end])
            if spans and not apart and previous is not None:
                spans[-1] = (spans[-1][0], len(kept), spans[-1][2])
            else:
                spans.append((begin, len(kept), title))
            previous, was_title = (y, size), title
        blocks = [Block("heading" if title else "paragraph", a, b, 1 if title else 0) for a, b, title in spans]
        return "".join(pieces), kept, blocks

    def _measure(self, indices: list[int], start: int, end: int, text: str) -> tuple[float, float]:
        """The height on the page and the type size of a line, by its first letter, in points."""
        first = next((k for k in range(start, end) if indices[k] >= 0 and not text[k].isspace()), start)
        x, y = ctypes.c_double(), ctypes.c_double()
        box = raw.FS_RECTF()
        raw.FPDFText_GetCharOrigin(self._text, indices[first], x, y)
        raw.FPDFText_GetLooseCharBox(self._text, indices[first], box)
        return y.value, box.top - box.bottom


def _lines(text: str) -> list[tuple[int, int]]:
    lines: list[tuple[int, int]] = []
    at = 0
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped:
            begin = at + len(line) - len(line.lstrip())
            lines.append((begin, begin + len(stripped)))
        at += len(line) + 1
    return lines


def _same_line(one: Box, other: Box) -> bool:
    overlap = min(one[3], other[3]) - max(one[1], other[1])
    height = min(one[3] - one[1], other[3] - other[1])
    return overlap > 0.5 * height and other[0] - one[2] < 3 * max(height, 1) and one[0] - other[2] < 3 * max(height, 1)


def _paired(characters: list[str]) -> list[str]:
    """Halves of a character beyond U+FFFF, which pdfium gives apart, as the whole and nothing."""
    for k in range(len(characters) - 1):
        if "\ud800" <= characters[k] <= "\udbff" and "\udc00" <= characters[k + 1] <= "\udfff":
            pair = characters[k] + characters[k + 1]
            characters[k], characters[k + 1] = pair.encode("utf-16", "surrogatepass").decode("utf-16"), ""
    return characters


def _without_line_hyphens(characters: list[str], indices: list[int]) -> tuple[list[str], list[int]]:
    """pdfium puts U+0002 for a hyphen at the end of a line and joins the halves. Between small letters it goes, since a
    hyphen that belongs to the word is rarer there; elsewhere ("Q3-2024") it stays."""
    out: list[str] = []
    kept: list[int] = []
    for k, letter in enumerate(characters):
        if letter == _TORN:
            if "".join(characters[k - 1 : k]).islower() and "".join(characters[k + 1 : k + 2]).islower():
                continue
            letter = "-"  # noqa: PLW2901
        if letter:
            out.append(letter)
            kept.append(indices[k])
    return out, kept


def _clean_mapped(characters: list[str], indices: list[int], counts: Counts) -> tuple[str, list[int]]:
    """As `clean`, but knows for every character that is left where it came from. Cleaning only drops or replaces."""
    text = "".join(characters)
    cleaned = clean(text, counts)
    if len(cleaned) == len(text):
        return cleaned, indices
    kept: list[int] = []
    k = 0
    for letter in cleaned:
        while k < len(text) and text[k] != letter and clean(text[k], Counts()) != letter:
            k += 1
        kept.append(indices[min(k, len(indices) - 1)])
        k += 1
    return cleaned, kept
