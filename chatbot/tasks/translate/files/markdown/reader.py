"""Markdown and MDX: what of the file is text, and the file with that text replaced; every other character stays."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path, PurePosixPath

from markdown_it.token import Token as Parsed

from chatbot.common.limited import Limits
from chatbot.tasks.translate.files import web
from chatbot.tasks.translate.files.attributes import attributes
from chatbot.tasks.translate.files.markdown import front
from chatbot.tasks.translate.files.markdown.fixed import stays
from chatbot.tasks.translate.files.markdown.parser import parser
from chatbot.tasks.translate.files.markdown.safe import Writer
from chatbot.tasks.translate.files.markdown.tokens import tokens
from chatbot.tasks.translate.files.opened import Opened, open_text
from chatbot.tasks.translate.files.spans import Span, replaced, shifted, span


def opened(path: Path, name: str, limits: Limits) -> Opened:
    """Raises `RejectedFile`."""
    mdx = PurePosixPath(name).suffix.lower() == ".mdx"
    return open_text(
        path,
        name,
        limits,
        find=lambda text: spans(text, mdx=mdx),
        written=lambda text, chosen, _: written(text, chosen, mdx=mdx),
    )


def spans(source: str, *, mdx: bool = False) -> list[Span]:
    return [*front.spans(source), *_Body(source, mdx).spans()]


def written(source: str, chosen: Sequence[tuple[Span, str]], *, mdx: bool = False) -> str:
    """The source with its text replaced. What a translation says is text, whatever characters it is made of."""
    return replaced(source, chosen, str, Writer(source, mdx=mdx))


class _Body:
    """What comes after the front matter, block by block."""

    def __init__(self, source: str, mdx: bool) -> None:
        head = front.FRONT.match(source)
        self._mdx = mdx
        self._source, self._begin = source, head.end() if head else 0
        self._blocks = parser(mdx=mdx).parse(source[self._begin :])
        ends = [self._begin + m.end() for m in re.finditer("\n", source[self._begin :])]
        self._lines = [self._begin, *ends, *([len(source)] if not source.endswith("\n") else [])]
        self._at = self._begin

    def spans(self) -> Iterator[Span]:
        before = ""
        for block in self._blocks:
            if block.type == "html_block" and block.map:
                yield from self._html(block.map[0], block.map[1])
            elif block.type == "inline" and block.map and block.content:
                yield from self._inline(block, cell=before in ("th_open", "td_open"))
            before = block.type

    def _inline(self, block: Parsed, *, cell: bool) -> Iterator[Span]:
        where = self._where(block, cell=cell)
        if not where:
            return
        self._at = where[-1]
        found = tokens(block.children or [], where, self._source)
        titled = '"' if "offset" in block.meta and self._source[where[-1] : where[-1] + 1] == '"' else ""
        if one := span(found, escape=_unquoted if titled else None):
            yield one
        for token in found if not self._mdx else ():
            if token.kind != "text" and self._source[token.start] == "<":
                yield from attributes(self._source[token.start : token.end], token.start)

    def _where(self, block: Parsed, *, cell: bool) -> list[int]:
        """For each character of the content and its end its place in the source; nothing where it cannot be told."""
        assert block.map
        if "offset" in block.meta:
            start = self._begin + int(block.meta["offset"])
            return list(range(start, start + len(block.content) + 1))
        if cell:
            return self._cell(block.content, max(self._at, self._lines[block.map[0]]), self._lines[block.map[0] + 1])
        where: list[int] = []
        for line, (start, end) in zip(block.content.split("\n"), pairwise(self._lines[block.map[0] :]), strict=False):
            column = _column(line, self._source[start:end])
            if column is None:
                return []
            where += range(start + column, start + column + len(line) + 1)
        return where

    def _cell(self, content: str, at: int, end: int) -> list[int]:
        """A cell, in which the parser has taken the backslash from every \\|."""
        written = content.replace("|", "\\|")
        start = self._source.find(written, at, end)
        if start < 0:
            return []
        where, at = [], start
        for character in content:
            at += character == "|"
            where.append(at)
            at += 1
        return [*where, at]

    def _html(self, first: int, last: int) -> Iterator[Span]:
        """HTML between lines of Markdown; what stands before its lines there is no part of it."""
        start, end = self._lines[first], self._lines[min(last, len(self._lines) - 1)]
        raw = self._source[start:end]
        if all(line.lstrip().startswith(">") for line in raw.splitlines()):
            raw = re.sub(r"^[ \t]*(?:>[ \t]?)+", lambda m: " " * len(m[0]), raw, flags=re.MULTILINE)
        for one in web.spans(raw, stays):
            yield replace(shifted(one, start), escape=one.escape or web.escape)


def _column(line: str, source: str) -> int | None:
    """Where the line of a block begins in the line of the source: behind marks of lists, quotes and headings."""
    line, source = line.rstrip(), source.rstrip()
    if source.endswith(line):
        return len(source) - len(line)
    column = source.find(line)
    return None if column < 0 else column


def _unquoted(text: str) -> str:
    """For a title in quotes."""
    return " ".join(text.replace('"', "'").split("\n"))
