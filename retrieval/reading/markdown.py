"""Markdown: the text as it stands, without comments; headings, tables, lists and code are told apart line by line."""

import re
from pathlib import Path

from retrieval.limited import Limits
from retrieval.reading.pages import BlockKind, Pages
from retrieval.reading.plain import text_of

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_HEADING = re.compile(r"(#{1,6})[ \t]+(.*?)[ \t]*#*\Z")
_FENCE = re.compile(r"[ ]{0,3}(`{3,}|~{3,})")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\S")
_UNDERLINE = re.compile(r"[ ]{0,3}(=+|-+)[ \t]*\Z")
_RULE = re.compile(r"[ \t]*\|?[ \t:|-]*-[ \t:|-]*\Z")


def read(path: Path, name: str, pages: Pages, limits: Limits) -> None:
    text = text_of(path, pages)
    for comment in _COMMENT.findall(text):
        pages.hide(comment, "comment")
    text = _COMMENT.sub("", text)
    gathered: list[str] = []
    fence = ""

    def flush(kind: BlockKind = "paragraph") -> None:
        pages.add("\n".join(gathered), kind)
        gathered.clear()

    table_rows = 0
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if fence:
            gathered.append(line)
            if mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
                flush("code")
                fence = ""
            continue
        is_row = line.lstrip().startswith("|") and line.count("|") > 1
        table_rows = table_rows + 1 if is_row else 0
        if mark:
            flush()
            fence = mark[1]
            gathered.append(line)
        elif heading := _HEADING.match(line):
            flush()
            pages.add(heading[2], "heading", len(heading[1]))
        elif gathered and len(gathered) == 1 and (under := _UNDERLINE.match(line)) and not _ITEM.match(gathered[0]):
            pages.add(gathered.pop(), "heading", 1 if under[1][0] == "=" else 2)
        elif is_row:
            flush()
            if not _RULE.match(line):
                pages.add(line.strip().strip("|").strip(), "table", level=int(table_rows == 1))
        elif not line.strip():
            flush(_kind(gathered))
        elif _ITEM.match(line):
            flush(_kind(gathered))
            gathered.append(line.rstrip())
        else:
            gathered.append(line.rstrip())
    flush("code" if fence else _kind(gathered))


def _kind(lines: list[str]) -> BlockKind:
    return "item" if lines and _ITEM.match(lines[0]) else "paragraph"
