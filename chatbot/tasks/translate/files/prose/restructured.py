"""reStructuredText: titles, paragraphs, items, cells, notes and captions; code, options, targets and inline markup stay."""

import re
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import regex

from chatbot.common.limited import Limits
from chatbot.tasks.translate.files.opened import Opened, open_text
from chatbot.tasks.translate.files.prose import tables, values
from chatbot.tasks.translate.files.prose.directives import UNTITLED, WITH_TEXT
from chatbot.tasks.translate.files.prose.inline import Stretch, paragraph, touched, within, written
from chatbot.tasks.translate.files.prose.tables import width
from chatbot.tasks.translate.files.spans import Span, shifted

_INLINE = regex.compile(
    r"""
      ``(?P<kept>.+?)``
    | (?::[\w:+.-]+:)?`(?P<words>[^`<]*[^`<\s])\s*<[^`<>]+>`_{0,2}
    | :[\w:+.-]+:`(?P<kept>[^`]+)` | `(?P<kept>[^`]+)`(?:_{1,2}|:[\w:+.-]+:)?
    | \*\*(?P<words>[^*\s](?:[^*]*[^*\s])?)\*\* | (?<![\w*\\])\*(?P<words>[^*\s](?:[^*]*[^*\s])?)\*(?![\w*])
    | \|(?P<kept>[^|\s](?:[^|\n]*[^|\s])?)\|_{0,2} | \[(?:\#?[\w.-]+|\#|\*)\]_ | (?<![\w\\])(?P<kept>\w(?:[\w.+-]*\w)?)_{1,2}(?!\w)
    | \\\s
    """,
    regex.VERBOSE | regex.DOTALL,
)
_MARKED = regex.compile(
    r"``.+?``|(?<![\\:])(?::[\w:+.-]+:)?`[^`]+`(?:_{1,2}|:[\w:+.-]+:)?|\*\*[^*]+\*\*|(?<![*\\])\*[^*\s](?:[^*]*[^*\s])?\*(?!\*)|(?<!\\)\|[^|\s][^|\n]*\|_{0,2}",
    regex.DOTALL,
)
_NO_SPACE = "\\ "  # an escaped one
_RUN = re.compile(r"([!-/:-@[-`{-~])\1+\s*")  # under and over titles, or alone between paragraphs
_MARK = re.compile(
    r"\s*(?:(?:[-*+•]|(?:\d{1,4}|#|[A-Za-z])[.)]|\((?:\d{1,4}|#|[A-Za-z])\)|\||:(?:[^:\n\\]|\\.)+:)(?:\s+|$))*"
)
_ITEM = re.compile(r"(?:[-*+•]|(?:\d{1,4}|#|[A-Za-z])[.)])(?:\s|$)")
_DIRECTIVE = re.compile(r"\s*\.\.\s+(?:\|[^|\n]+\|\s+)?([\w:+.-]+)::[^\S\n]*(.*)")
_FOOTNOTE = re.compile(r"\s*\.\.\s+\[[^\]\n]+\]\s+(?=\S)")
_SWITCH = re.compile(
    r"\s*(?:(?:-{1,2}|/)\w[\w-]*+(?:[ =]<?[\w-]++>?)?(?:,[ ]+)?)+(?:[ ]{2,}|\s*$)"
)  # of a program: "-o FILE, --out=FILE  "
_CAPTION = re.compile(r"\s*:(?:alt|caption|description|keywords)(?: lang=[\w-]+)?:\s*(?=\S)")
_OPTION = re.compile(r"\s*:[\w-]+(?: lang=[\w-]+)?:(?:\s|$)")
_SIMPLE = re.compile(r"\s*=+(?:[^\S\n]+=+)+\s*")
_GRID = re.compile(r"\s*\+[-=+]+\+\s*")


def opened(path: Path, name: str, limits: Limits) -> Opened:
    """Raises `RejectedFile`."""
    return open_text(path, name, limits, find=spans, written=lambda text, chosen, _: rewritten(text, chosen))


def spans(source: str) -> list[Span]:
    blocks = _Blocks(source)
    found = [one for stretch in blocks.stretches() if (one := paragraph(source, stretch, _INLINE))]
    for start, end in blocks.tables:
        found += [shifted(one, start) for one in tables.spans(source[start:end], _read)]
    for start, end in blocks.values:
        found += [shifted(one, start) for one in values.spans(source[start:end], spans)]
    return sorted(found, key=lambda one: one.start)


def _read(cell: str) -> Span | None:
    return paragraph(cell, (0, len(cell)), _INLINE)


def rewritten(source: str, chosen: Sequence[tuple[Span, str]]) -> str:
    """The lines under and over a title, and those of a table, grow with it."""
    blocks = _Blocks(source)
    for _ in blocks.stretches():
        pass  # it finds the tables on its way
    parts, at = [], 0
    write = dict.fromkeys(blocks.titles(), _titled) | dict.fromkeys(blocks.tables, _table)
    write |= dict.fromkeys(blocks.values, _values)
    for start, end in sorted(write):
        parts.append(_plainly(source[at:start], within(chosen, at, start)))
        parts.append(write[start, end](source[start:end], within(chosen, start, end)))
        at = end
    return "".join((*parts, _plainly(source[at:], within(chosen, at, len(source)))))


def _table(source: str, chosen: Sequence[tuple[Span, str]]) -> str:
    targets = {one.start: target for one, target in chosen}
    return tables.rewritten(source, targets, _read, lambda cell, one, target: _plainly(cell, [(one, target)]))


def _values(source: str, chosen: Sequence[tuple[Span, str]]) -> str:
    return values.rewritten(source, {one.start: target for one, target in chosen}, spans, rewritten)


def _titled(source: str, chosen: Sequence[tuple[Span, str]]) -> str:
    title = _plainly(source, chosen)
    return title if title == source else _lined(title)


def _plainly(source: str, chosen: Sequence[tuple[Span, str]]) -> str:
    return written(source, chosen, "*`|", _apart)


def _apart(text: str) -> str:
    """With an escaped space, which is none, between formatting and letters beside it."""

    def spaced(found: Any) -> str:
        before, behind = touched(text, found)
        return _NO_SPACE * before + str(found[0]) + _NO_SPACE * behind

    apart: str = _MARKED.sub(spaced, text)
    return apart


def _lined(title: str) -> str:
    lines = title.split("\n")
    wide = max(width(line.rstrip()) for line in lines)
    return "\n".join(
        line.rstrip()[0] * wide if _RUN.fullmatch(line) and width(line.rstrip()) < wide else line for line in lines
    )


class _Blocks:
    """The lines of a source, and where its paragraphs stand; `tables` are those that `stretches` has come by, `values` what
    is in the directives whose cells stand behind commas."""

    def __init__(self, source: str) -> None:
        self.tables: list[Stretch] = []
        self.values: list[Stretch] = []
        self._lines = source.split("\n")
        self._starts, at = [], 0
        for line in self._lines:
            self._starts.append(at)
            at += len(line) + 1

    def titles(self) -> Iterator[Stretch]:
        """Each with the lines under and over it."""
        at = 0
        while at < len(self._lines):
            _, lines = self._title(at)
            if lines:
                last = at + lines - 1
                yield self._starts[at], self._starts[last] + len(self._lines[last])
            at += max(lines, 1)

    def stretches(self) -> Iterator[Stretch]:
        at = 0
        while at < len(self._lines):
            line = self._lines[at]
            over, lines = self._title(at)
            if lines:
                yield self._whole(at + over)
                at += lines
            elif not line.strip() or (_RUN.fullmatch(line) and line.strip() != "::"):
                at += 1
            elif line.lstrip().startswith(("..", ">>>", "__ ")) or _SIMPLE.fullmatch(line) or _GRID.fullmatch(line):
                at = yield from self._marked(at)
            else:
                at = yield from self._paragraph(at, _mark(line))

    def _title(self, at: int) -> tuple[int, int]:
        """(lines over it, lines in all); 0 in all where there is none."""
        line, after, below = (self._lines[n] if n < len(self._lines) else "" for n in (at, at + 1, at + 2))
        if _RUN.fullmatch(line):
            framed = after.strip() and not _RUN.fullmatch(after) and below.rstrip() == line.rstrip()
            return (1, 3) if framed else (0, 0)
        fits = len(after.rstrip()) >= min(3, width(line.strip())) and (
            at == 0 or not self._lines[at - 1].strip() or _is_target(self._lines[at - 1])
        )
        return (0, 2) if line.strip() and not line[0].isspace() and _RUN.fullmatch(after) and fits else (0, 0)

    def _whole(self, at: int) -> Stretch:
        line = self._lines[at]
        return self._starts[at] + len(line) - len(line.lstrip()), self._starts[at] + len(line.rstrip())

    def _paragraph(self, at: int, skip: int, *, options: bool = False) -> Generator[Stretch, None, int]:
        """From the column `skip` of a line; what follows belongs to it while it is indented alike, and, where there may be some, is no
        option."""
        first, indent = at, _indent(self._lines[at])
        at += 1
        if skip > indent and not self._lines[first][skip:].strip():  # an item that begins on the next line
            return at
        hangs = skip > indent
        if at < len(self._lines) and self._lines[at].strip() and (_indent(self._lines[at]) > indent) == hangs:
            along = _indent(self._lines[at])
            while (
                at < len(self._lines)
                and self._lines[at].strip()
                and _indent(self._lines[at]) == along
                and along >= indent
                and not (options and _OPTION.match(self._lines[at]))
                and not (along < skip and _is_item(self._lines[first], along) and _is_item(self._lines[at], along))
            ):
                at += 1
        end = self._starts[at - 1] + len(self._lines[at - 1].rstrip())
        literal = self._lines[at - 1].rstrip().endswith("::")
        start = self._starts[first] + skip
        stop = end - 2 if literal else end
        if start < stop:
            yield start, stop
        return self._quoted(at, indent) if literal else at

    def _quoted(self, at: int, indent: int) -> int:
        """Behind the literal block that follows."""
        while at < len(self._lines) and not self._lines[at].strip():
            at += 1
        if (
            at < len(self._lines) and _indent(self._lines[at]) <= indent
        ):  # quoted by a mark of its own, or there is none
            mark = self._lines[at].strip()[:1]
            while mark and not mark.isalnum() and at < len(self._lines) and self._lines[at].strip()[:1] == mark:
                at += 1
            return at
        return self._behind(at, indent)

    def _behind(self, at: int, indent: int) -> int:
        """The next line that is not indented by more."""
        while at < len(self._lines) and (not self._lines[at].strip() or _indent(self._lines[at]) > indent):
            at += 1
        return at

    def _marked(self, at: int) -> Generator[Stretch, None, int]:
        line, indent = self._lines[at], _indent(self._lines[at])
        if directive := _DIRECTIVE.match(line):
            return (yield from self._directive(at, directive))
        if note := _FOOTNOTE.match(line):
            return (yield from self._paragraph(at, note.end()))
        if line.lstrip().startswith(".."):
            return self._behind(at + 1, indent)
        simple, first = _SIMPLE.fullmatch(line), at
        at += 1
        while at < len(self._lines) and (
            self._lines[at].strip() or (simple and not _SIMPLE.fullmatch(self._lines[at - 1]))
        ):
            at += 1
        if simple or _GRID.fullmatch(line):
            self.tables.append((self._starts[first], self._end(at)))
        return at

    def _directive(self, at: int, directive: re.Match[str]) -> Generator[Stretch, None, int]:
        indent, name = _indent(self._lines[at]), directive[1].rpartition(":")[2]
        if name not in WITH_TEXT | UNTITLED:
            yield from self._options(at + 1, indent)
            return self._behind(at + 1, indent)
        skip = directive.end(1) + 2
        if name.startswith(("version", "deprecated")):
            skip = directive.start(2) + len(directive[2].split(" ")[0])
        next = at + 1
        if name not in UNTITLED and directive[2].strip() and skip < len(self._lines[at]):
            line = self._lines[at]
            next = yield from self._paragraph(at, skip + len(line[skip:]) - len(line[skip:].lstrip()), options=True)
        if name == "csv-table":
            last = self._behind(next, indent)
            self.values += [(self._starts[next], self._end(last))] if next < last else []
            return last
        return (yield from self._options(next, indent))

    def _end(self, at: int) -> int:
        """Of the line before that one."""
        return self._starts[at - 1] + len(self._lines[at - 1])

    def _options(self, at: int, indent: int) -> Generator[Stretch, None, int]:
        """Those of a directive, of which some are read by people."""
        while at < len(self._lines) and _OPTION.match(self._lines[at]) and _indent(self._lines[at]) > indent:
            if shown := _CAPTION.match(self._lines[at]):
                yield self._starts[at] + shown.end(), self._starts[at] + len(self._lines[at].rstrip())
            at += 1
        return at


def _is_item(line: str, column: int) -> bool:
    """Whether an item begins there: "* - one" holds two."""
    return column > 0 and _ITEM.match(line, column) is not None


def _mark(line: str) -> int:
    mark = _SWITCH.match(line) or _MARK.match(line)
    return max(mark.end() if mark else 0, _indent(line))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _is_target(line: str) -> bool:
    return line.lstrip().startswith("..")
