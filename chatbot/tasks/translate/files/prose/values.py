"""Tables of reStructuredText whose cells stand behind commas (`csv-table`): each cell is a text of its own, in quotes or not.

What is read from another file, or has quotes behind a sign of its own, stays.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from chatbot.tasks.translate.files.spans import Span, Token

_OPTIONS = re.compile(r"(?:[^\S\n]*:[\w-]+:.*(?:\n|\Z)(?:(?![^\S\n]*:[\w-]+:)[^\S\n]*\S.*(?:\n|\Z))*)*")
_OPTION = re.compile(r"[^\S\n]*:([\w-]+):[^\S\n]*((?:.*)(?:\n(?![^\S\n]*:[\w-]+:)[^\S\n]*\S.*)*)")
_NAMED = {"tab": "\t", "space": " "}
_LINE = re.compile(r"\n(?=[^\n])")

Read = Callable[[str], Sequence[Span]]
Write = Callable[[str, Sequence[tuple[Span, str]]], str]


@dataclass(frozen=True, slots=True)
class Cell:
    """`source[start:end]` with its quotes, where it has some; `quote` is what stands around it or would. `indent` is what all lines but
    the first have before them."""

    start: int
    end: int
    text: str
    quote: str
    quoted: bool = False
    indent: str = ""


def spans(source: str, read: Read) -> list[Span]:
    """Those of each cell, which stand for their texts and lie where the cell begins, side by side."""
    found = []
    for cell in _cells(source):
        for n, one in enumerate(read(cell.text)):
            found.append(Span(one.segment, (Token("text", cell.start + n, cell.start + n + 1),)))
    return found


def rewritten(source: str, targets: Mapping[int, str], read: Read, write: Write) -> str:
    """`targets` by where their spans begin."""
    parts: list[str] = []
    at = 0
    for cell in _cells(source):
        new = [(one, targets.get(cell.start + n, one.segment.text)) for n, one in enumerate(read(cell.text))]
        if all(target == one.segment.text for one, target in new):
            continue
        parts += (source[at : cell.start], _written(cell, write(cell.text, new)))
        at = cell.end
    return "".join((*parts, source[at:]))


def _written(cell: Cell, text: str) -> str:
    text = _LINE.sub(f"\n{cell.indent}", text)
    if not cell.quoted and re.fullmatch(rf"[^\n,;\t|{re.escape(cell.quote)}]*", text):
        return text
    return f"{cell.quote}{text.replace(cell.quote, 2 * cell.quote)}{cell.quote}"


def _cells(source: str) -> Iterator[Cell]:
    """Of the heads and of the rows, in this order."""
    head = _OPTIONS.match(source)
    begin = head.end() if head else 0
    options = {found[1]: found for found in _OPTION.finditer(source, 0, begin)}
    if "escape" in options:
        return
    delimiter, quote = (_sign(options.get(name), usual) for name, usual in (("delim", ","), ("quote", '"')))
    if header := options.get("header"):
        yield from _between(source, *header.span(2), delimiter, quote)
    if not options.keys() & {"file", "url"}:
        yield from _between(source, begin, len(source), delimiter, quote)


def _sign(option: re.Match[str] | None, usual: str) -> str:
    said = option[2].strip() if option else ""
    return _NAMED.get(said.lower(), said[:1]) or usual


def _between(source: str, start: int, end: int, delimiter: str, quote: str) -> Iterator[Cell]:
    d, q = re.escape(delimiter), re.escape(quote)
    pattern = re.compile(rf"(?:(?!{d})\s)*(?:({q})((?:[^{q}]|{q}{q})*){q}|([^{d}\n]*))")
    at = start
    while at < end and (found := pattern.match(source, at, end)):
        if found[1]:
            text, indent = _dedented(found[2].replace(2 * quote, quote))
            yield Cell(found.start(1), found.end(), text, quote, True, indent)
        elif said := found[3].rstrip():
            yield Cell(found.start(3), found.start(3) + len(said), said, quote)
        at = found.end() + (found.end() < end)


def _dedented(text: str) -> tuple[str, str]:
    first, *more = text.split("\n")
    least = min((line[: len(line) - len(line.lstrip())] for line in more if line.strip()), default="", key=len)
    return "\n".join([first, *(line[len(least) :] for line in more)]), least
