"""The text of one PDF page with the place of every character, through pdfium.

Reading and highlighting share this module, so that an offset into a page's text always finds the same glyphs.
"""

import ctypes
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2 as pdfium
from pypdfium2 import raw

from retrieval.reading.clean import SUSPECT, Counts, clean
from retrieval.reading.pdf.columns import in_reading_order
from retrieval.reading.pdf.legible import is_gibberish
from retrieval.reading.pdf.lines import Line, lines
from retrieval.reading.pdf.unread import Picture, pictures
from retrieval.reading.pdf.visibility import Box, Visibility

_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_TORN = "\x02"
_SIGNS = 0.05  # of a page's characters may be bullets and the like, which have no Unicode and mean nothing
_ALEFS, _LAM = {0x622, 0x623, 0x625, 0x627}, 0x644


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a reader of one page sees, in the order in which it was drawn: `text[k]` is pdfium's character `indices[k]`, or none
    (-1). `ocr`: it is the invisible layer of a scan. `illegible` characters have no Unicode and were left out. `pictures` hold what
    is not text."""

    text: str
    indices: list[int]
    lines: list[Line]
    counts: Counts
    hidden: Counter[str]
    ocr: bool
    illegible: int = 0
    pictures: tuple[Picture, ...] = ()


class PageReader:
    """Reads one open page. `textpage` must stay open as long as the reader is in use."""

    def __init__(self, page: pdfium.PdfPage, textpage: pdfium.PdfTextPage) -> None:
        self._page, self._text = page, textpage
        self._visibility = Visibility(page, textpage)
        self._hidden: Counter[str] = Counter()
        self._illegible = 0

    def drawn(self) -> Drawn:
        characters, indices = self._characters()
        text = "".join(characters)
        counts = Counts()
        if SUSPECT.search(text):
            text, indices = _clean_mapped(characters, indices, counts)
        found = in_reading_order(lines(text, indices, self._text), text)
        seen = pictures(self._page)
        return Drawn(text, indices, found, counts, self._hidden, self._visibility.ocr, self._illegible, seen)

    def boxes(self, indices: list[int]) -> list[Box]:
        """The boxes of these characters, those of one line joined into one."""
        joined: list[Box] = []
        box = raw.FS_RECTF()
        for index in indices:
            if index < 0 or not raw.FPDFText_GetLooseCharBox(self._text, index, box) or box.right <= box.left:
                continue
            one = (box.left, box.bottom, box.right, box.top)
            if joined and _same_line(joined[-1], one):
                last = joined[-1]
                one = (min(last[0], one[0]), min(last[1], one[1]), max(last[2], one[2]), max(last[3], one[3]))
                joined[-1] = one
            else:
                joined.append(one)
        return joined

    def _characters(self) -> tuple[list[str], list[int]]:
        """What pdfium found and a reader would see, one entry a character, hidden ones counted and left out."""
        seen = list(self._seen())
        unmapped = [chr(code) for code, _, mapped in seen if not mapped]
        if len(unmapped) > _SIGNS * len(seen) and is_gibberish("".join(unmapped)):
            legible = [
                found for found in seen if found[2] and raw.FPDFText_HasUnicodeMapError(self._text, found[1]) != 1
            ]
            kept = (
                legible if len(unmapped) < len(seen) / 2 else []
            )  # what is left of a page that is mostly lost misleads
            self._illegible = len(seen) - len(kept)
            seen = kept
        characters: list[str] = []
        indices: list[int] = []
        for code, index, _ in _in_order(seen, self._text):
            for part in _LIGATURES.get(chr(code), chr(code)):
                characters.append(part)
                indices.append(index)
        return _with_line_ends(_paired(characters), indices)

    def _seen(self) -> Iterator[tuple[int, int, bool]]:
        """Code, index and whether the font of its text knows Unicode, of every character that is not hidden."""
        get, owner, fails = raw.FPDFText_GetUnicode, raw.FPDFText_GetTextObject, raw.FPDFText_HasUnicodeMapError
        mapped: dict[int, bool] = {}
        for index in range(self._text.count_chars()):
            code = get(self._text, index)
            if code in (0, 13) or code > 0x10FFFF:
                continue
            handle = owner(self._text, index)
            known = True
            if handle and code > 32:
                how = self._visibility.verdict(handle, index)
                if how:
                    self._hidden[how] += 1
                    continue
            if handle and code != 32:
                address = ctypes.addressof(handle.contents)
                if address not in mapped:
                    mapped[address] = fails(self._text, index) != 1
                known = mapped[address]
            yield code, index, known


def _in_order(seen: list[tuple[int, int, bool]], textpage: pdfium.PdfTextPage) -> list[tuple[int, int, bool]]:
    """The letters of an Arabic ligature (lam-alef), which pdfium gives the wrong way round when it turns a line's direction."""
    box, other = raw.FS_RECTF(), raw.FS_RECTF()
    for k in range(len(seen) - 1):
        if seen[k][0] in _ALEFS and seen[k + 1][0] == _LAM:
            raw.FPDFText_GetLooseCharBox(textpage, seen[k][1], box)
            raw.FPDFText_GetLooseCharBox(textpage, seen[k + 1][1], other)
            if (box.left, box.right) == (other.left, other.right):  # one glyph
                seen[k], seen[k + 1] = seen[k + 1], seen[k]
    return seen


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


def _with_line_ends(characters: list[str], indices: list[int]) -> tuple[list[str], list[int]]:
    """Without what is empty. pdfium puts U+0002 for a hyphen at the end of a line and joins the halves: a hyphen, and a line's
    end of our own (-1)."""
    out: list[str] = []
    kept: list[int] = []
    for letter, index in zip(characters, indices, strict=True):
        if letter == _TORN:
            out += "-\n"
            kept += (index, -1)
        elif letter:
            out.append(letter)
            kept.append(index)
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
