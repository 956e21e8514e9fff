"""Markdown: the text as it stands, without comments; headings, tables, lists and code are told apart line by line."""

import re
from pathlib import Path

from chatbot.common.limited import Limits
from retrieval.reading.grid import write
from retrieval.reading.pages import BlockKind, Pages
from retrieval.reading.plain.text import text_of

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_HEADING = re.compile(r"(#{1,6})[ \t]+")
_FENCE = re.compile(r"[ ]{0,3}(`{3,}|~{3,})")
_CELLS = re.compile(r"(?<!\\)\|")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\S")
_UNDERLINE = re.compile(r"[ ]{0,3}(=+|-+)[ \t]*\Z")


def read(path: Path, name: str, pages: Pages, limits: Limits) -> None:
    add_markdown(text_of(path, pages), pages)


def add_markdown(text: str, pages: Pages) -> None:
    for comment in _COMMENT.findall(text):
        pages.hide(comment, "comment")
    lines = _Lines(pages)
    for line in _COMMENT.sub("", text).split("\n"):
        lines.take(line)
    lines.flush()


class _Lines:
    """Gathers lines until their block is over."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._gathered: list[str] = []
        self._fence = ""
        self._rows: list[list[str]] = []

    def take(self, line: str) -> None:
        fence = _FENCE.match(line)
        if self._fence:
            self._take_code(line, fence)
            return
        is_row = line.lstrip().startswith("|") and line.count("|") > 1
        if not is_row:
            self._end_table()
        if fence or (is_row and not self._rows) or not line.strip() or _ITEM.match(line):
            self.flush()
        if fence:
            self._fence = fence[1]
        if is_row:
            self._take_row(line)
        elif not self._is_heading(line) and line.strip():
            self._gathered.append(line.rstrip())

    def flush(self) -> None:
        self._end_table()
        kind: BlockKind = "code" if self._fence else "paragraph"
        if self._gathered and _ITEM.match(self._gathered[0]):
            kind = "item"
        self._pages.add("\n".join(self._gathered), kind)
        self._gathered.clear()

    def _take_code(self, line: str, fence: re.Match[str] | None) -> None:
        self._gathered.append(line)
        if fence and fence[1].startswith(self._fence) and not line.strip().strip(self._fence[0]):
            self.flush()
            self._fence = ""

    def _take_row(self, line: str) -> None:
        if not set(line) <= set("|:- \t"):  # the rule under the header
            self._rows.append([cell.strip() for cell in _CELLS.split(line.strip().strip("|"))])

    def _end_table(self) -> None:
        rows, self._rows = self._rows, []
        if rows:
            write(self._pages, rows, heads=int(any(rows[0])))

    def _is_heading(self, line: str) -> bool:
        if found := _HEADING.match(line):
            self.flush()
            self._pages.add(line[found.end() :].rstrip().rstrip("#").rstrip(), "heading", len(found[1]))
            return True
        under = _UNDERLINE.match(line)
        if under and len(self._gathered) == 1 and not _ITEM.match(self._gathered[0]):
            self._pages.add(self._gathered.pop(), "heading", 1 if under[1][0] == "=" else 2)
            return True
        return False
