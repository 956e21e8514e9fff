"""Marked text: a segment as the model sees it, formatting as numbered tags: `Click <1>here</1> or press <2>Enter</2>.<3/>`

Tags stand for whatever the file has there: bold, a link, a picture, inline code. A tag that is *kept* shows its words to the
model, but they go back into the file as they were.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

TAG = re.compile(r"<(/?)([1-9]\d{0,5})(/?)>")
PLACEHOLDER = re.compile(
    r"""
      https?://(?:\([^\s<>"'()]*\)|[^\s<>"'()）】」])*(?:\([^\s<>"'()]*\)|[^\s<>"'()）】」.,;:!?\]])  # less a full stop after it
    | \bwww\.[\w.-]+\w(?:/[^\s<>"']*[^\s<>"'.,;:!?)\]])?
    | (?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+
    | \{\{[^{}\n]++\}\} | \{%[^%\n]++%\} | \$?\{[\w.:!\[\]-]{0,60}\}      # Jinja, str.format, JavaScript
    | %\(\w{1,40}\)[-+#0]?\d*(?:\.\d+)?[sdifgxXeEr] | (?<![\d%])%(?:\d+\$)?[-+#0]?\d*(?:\.\d+)?[sdifgxXu@](?![A-Za-z])
    | \[\^[\w-]{1,40}\]                                      # a footnote's mark in Markdown
    """,
    re.VERBOSE,
)
"""What programs or browsers read: it stands in the translation as it stands in the text."""
_WORD = re.compile(r"[\u3040-\u9fff\uac00-\ud7af]|(?<!\S)(?=[^\s\d_]*+(?!\S))\S*?[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a file that is translated as one: a paragraph, a cell, a subtitle. `text` is marked.

    `kept` are the tags whose words stay; `ordered`: the tags must stay in their order, since the file cannot move them.
    `room` is what the file allows the translation to spread over, in lines (0: as it likes).
    """

    text: str
    kept: frozenset[int] = frozenset()
    ordered: bool = False
    room: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """Text, or a tag. `number` counts tags from 1; 0 is text."""

    kind: Literal["text", "open", "close", "void"]
    text: str = ""
    number: int = 0


@dataclass(slots=True)
class _Shape:
    """Where each tag stands: its form and the tag around it; and their order."""

    parents: dict[int, tuple[str, int]] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)


def pieces(marked: str) -> list[Piece]:
    found: list[Piece] = []
    at = 0
    for tag in TAG.finditer(marked):
        if tag[1] and tag[3]:  # </1/> is nothing of ours
            continue
        if tag.start() > at:
            found.append(Piece("text", marked[at : tag.start()]))
        kind: Literal["close", "void", "open"] = "close" if tag[1] else "void" if tag[3] else "open"
        found.append(Piece(kind, tag[0], int(tag[2])))
        at = tag.end()
    if at < len(marked):
        found.append(Piece("text", marked[at:]))
    return found


def fits(segment: Segment, target: str) -> bool:
    """Whether `target` has the tags of the segment, each once, closed, and inside the same tag as before."""
    wanted, found = _shape(pieces(segment.text)), _shape(pieces(target))
    if wanted is None or found is None or wanted.parents != found.parents:
        return False
    return not segment.ordered or wanted.order == found.order


def restored(segment: Segment, target: str) -> str:
    """`target` with the words inside the kept tags as they were."""
    kept = dict(_inside(segment.text, segment.kept))
    found: list[str] = []
    skipping = 0
    for piece in pieces(target):
        if skipping and not (piece.kind == "close" and piece.number == skipping):
            continue
        skipping = 0
        found.append(piece.text)
        if piece.kind == "open" and piece.number in kept:
            found.append(kept[piece.number])
            skipping = piece.number
    return "".join(found)


def bare(marked: str) -> str:
    """The words without the tags."""
    return TAG.sub("", marked)


def is_language(text: str) -> bool:
    """Whether something in it is said in a language: a word without a digit that is no address or placeholder."""
    return _WORD.search(PLACEHOLDER.sub(" ", text)) is not None


def words(segment: Segment) -> str:
    """The text that is to be translated: without tags and without what is kept."""
    return "".join(piece.text for piece, kept in walk(segment) if piece.kind == "text" and not kept)


def walk(segment: Segment) -> Iterator[tuple[Piece, bool]]:
    """The pieces, each with whether it is inside a kept tag."""
    inside = 0
    for piece in pieces(segment.text):
        if piece.kind == "close" and piece.number == inside:
            inside = 0
        yield piece, bool(inside)
        if piece.kind == "open" and piece.number in segment.kept:
            inside = piece.number


def _inside(marked: str, kept: frozenset[int]) -> Iterator[tuple[int, str]]:
    for number in kept:
        start, end = marked.find(f"<{number}>"), marked.find(f"</{number}>")
        if 0 <= start < end:
            yield number, marked[start + len(str(number)) + 2 : end]


def _shape(found: Sequence[Piece]) -> _Shape | None:
    """None when a tag is doubled, not closed or crosses another."""
    shape = _Shape()
    around: list[int] = []
    for piece in found:
        if piece.kind == "close":
            if not around or around.pop() != piece.number:
                return None
        elif piece.kind != "text":
            if piece.number in shape.parents:
                return None
            shape.parents[piece.number] = (piece.kind, around[-1] if around else 0)
            shape.order.append(piece.number)
            if piece.kind == "open":
                around.append(piece.number)
    return shape if not around else None
