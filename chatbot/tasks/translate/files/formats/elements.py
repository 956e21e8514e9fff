"""XML whose elements hold a text with markup in it: as marked text, and the elements made again from it."""

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from chatbot.tasks.translate.files.formats.words import tokens
from chatbot.tasks.translate.files.marked import Segment, fits, pieces
from chatbot.tasks.translate.files.spans import Token, span


class Mixed:
    """An element's content. `opens` names the children whose own content is translated; all others stay as a whole."""

    def __init__(self, element: Any, opens: frozenset[str], escapes: re.Pattern[str] | None = None) -> None:
        self._opens, self._escapes = opens, escapes
        self._whole: list[Any] = []
        found = list(self._tokens(element))
        self._span = span([Token(t.kind, n, n + 1, t.shown, t.pair) for n, t in enumerate(found)])
        self._marks: dict[tuple[str, int], Any] = {}
        if self._span:
            self._note()

    @property
    def segments(self) -> tuple[Segment, ...]:
        return (self._span.segment,) if self._span else ()

    def write(self, element: Any, target: str) -> None:
        """The element's content replaced by the translation, whose tags become the children that they stand for."""
        from lxml import etree

        if self._span is None or not fits(self._span.segment, target):
            return
        first, last = self._span.start, self._span.end
        literal = b"<![CDATA[" in etree.tostring(element)
        _clear(element)
        around = [element]
        for number, (kind, thing) in enumerate(self._parts):
            if number == first:
                self._translated(around, target)
            if not first <= number < last:
                _add(around, kind, thing)
        if literal and not len(element):
            element.text = etree.CDATA(element.text)

    def _translated(self, around: list[Any], target: str) -> None:
        assert self._span
        raw = self._span.tokens
        text = self._parts[raw[0].start][1] if raw[0].kind == "text" else ""
        tail = self._parts[raw[-1].start][1] if raw[-1].kind == "text" else ""
        _add(around, "text", text[: len(text) - len(text.lstrip())])
        skipping = 0
        for piece in pieces(target):
            if piece.kind == "close" and piece.number == skipping:
                skipping = 0
            elif skipping:
                continue
            elif piece.kind == "text":
                _add(around, "text", piece.text)
            else:
                _add(around, *self._marks[piece.kind, piece.number])
                skipping = piece.number if piece.number in self._span.segment.kept else 0
        _add(around, "text", tail[len(tail.rstrip()) :])

    def _tokens(self, element: Any) -> Iterator[Token]:
        self._parts: list[tuple[str, Any]] = []
        yield from self._inside(element)

    def _inside(self, element: Any) -> Iterator[Token]:
        yield from self._text(element.text or "")
        for child in element:
            name = _name(child)
            if name in self._opens:
                pair = len(self._parts) + 1
                self._parts.append(("open", child))
                yield Token("open", 0, 0, pair=pair)
                yield from self._inside(child)
                self._parts.append(("close", child))
                yield Token("close", 0, 0, pair=pair)
            else:
                self._parts.append(("void", child))
                yield Token("void", 0, 0)
            yield from self._text(child.tail or "")

    def _text(self, text: str) -> Iterator[Token]:
        for token in tokens(text, 0, self._escapes):
            raw = text[token.start : token.end]
            self._parts.append(("text", raw))
            yield Token(token.kind if token.kind in ("text", "kept", "void") else "void", 0, 0, token.shown or raw)

    def _note(self) -> None:
        """What each tag of the segment stands for: a run of parts where the segment has them as one."""
        assert self._span
        marks = (piece for piece in pieces(self._span.segment.text) if piece.kind != "text")
        for token in self._span.tokens:
            if token.kind == "text":
                continue
            mark = next(marks)
            self._marks[mark.kind, mark.number] = ("run", self._parts[token.start : token.end])
            if token.kind == "kept":
                self._marks["close", next(marks).number] = ("run", [])


def _add(around: list[Any], kind: str, thing: Any) -> None:
    """To the innermost element that is open."""
    if kind == "run":
        for part in thing:
            _add(around, *part)
    elif kind == "text":
        parent = around[-1]
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + thing
        else:
            parent.text = (parent.text or "") + thing
    elif kind == "open":
        made = around[-1].makeelement(thing.tag, dict(thing.attrib), thing.nsmap)
        around[-1].append(made)
        around.append(made)
    elif kind == "close":
        around.pop()
    else:
        made = deepcopy(thing)
        made.tail = None
        around[-1].append(made)


def _clear(element: Any) -> None:
    for child in list(element):
        element.remove(child)
    element.text = None


def _name(element: Any) -> str:
    """Without its namespace; comments and instructions have none."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
