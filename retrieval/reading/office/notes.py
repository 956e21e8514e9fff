"""Footnotes, endnotes and comments of a Word document, to be read after the paragraph that points to them."""

import re
from collections.abc import Callable
from typing import Any

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PARTS = re.compile(r"/(footnotes|endnotes|comments)\.xml\Z")
_MARKS = {
    f"{_W}footnoteReference": "footnotes",
    f"{_W}endnoteReference": "endnotes",
    f"{_W}commentReference": "comments",
}
_SEPARATORS = {"separator", "continuationSeparator", "continuationNotice"}


class Notes:
    """`parts`: the XML of each part by its name; `text` reads a paragraph."""

    def __init__(self, parts: dict[str, Any], text: Callable[[Any], str]) -> None:
        self._text = text
        self._notes: dict[tuple[str, str], Any] = {}
        self._waiting: list[tuple[str, Any]] = []
        self._numbers = 0
        for name, root in parts.items():
            if found := _PARTS.search(name):
                for note in root:
                    if note.get(f"{_W}type") not in _SEPARATORS:
                        self._notes[found[1], note.get(f"{_W}id", "")] = note

    def mark(self, reference: Any) -> str:
        """What stands in the text for this element: "[1]" for a note, nothing for a comment or another element."""
        kind = _MARKS.get(reference.tag)
        note = self._notes.pop((kind, reference.get(f"{_W}id", "")), None) if kind else None
        if note is None:
            return ""
        if kind == "comments":
            self._waiting.append((f"[{note.get(f'{_W}author') or '…'}]", note))
            return ""
        self._numbers += 1
        self._waiting.append((f"[{self._numbers}]", note))
        return f"[{self._numbers}]"

    def waiting(self) -> list[str]:
        """The notes that were pointed to since the last call."""
        said: list[str] = []
        while self._waiting:  # a note may point to another
            mark, note = self._waiting.pop(0)
            said += self._said(mark, note)
        return said

    def left(self) -> list[str]:
        """Those that nothing points to."""
        notes, self._notes = [*self._notes.values()], {}
        return [line for note in notes for line in self._said("", note)]

    def _said(self, mark: str, note: Any) -> list[str]:
        text = "\n".join(line for paragraph in note.iter(f"{_W}p") if (line := self._text(paragraph).strip()))
        return [f"{mark} {text}".strip()] if text else []
