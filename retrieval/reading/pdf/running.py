"""Running headers and footers: lines at the edge of a page that stand at the same place of a page near it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.reading.pdf.lines import Line
from retrieval.reading.pdf.text import Drawn

_EDGE = 3  # lines
_SAME = 3.0  # points: so far may a header move from page to page
_FIGURES = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Parts:
    """The lines of a page, each part in reading order."""

    head: list[Line]
    body: list[Line]
    foot: list[Line]


def parts(page: Drawn, near: Sequence[Drawn]) -> Parts:
    """`near`: the pages before and after, among them the next of the same side."""
    known = [(_words(other, line), line.base) for other in near for line in [*_top(other), *_bottom(other)]]
    head = _running(page, _top(page), known)
    foot = _running(page, [line for line in _bottom(page) if line not in head], known)
    body = [line for line in page.lines if line not in head and line not in foot]
    return Parts([line for line in page.lines if line in head], body, [line for line in page.lines if line in foot])


def _running(page: Drawn, edge: Sequence[Line], known: list[tuple[str, float]]) -> list[Line]:
    """From the edge on until a line is not known."""
    found = []
    for line in edge:
        words = _words(page, line)
        if not any(words == other and abs(line.base - base) <= _SAME for other, base in known):
            break
        found.append(line)
    return found


def _words(page: Drawn, line: Line) -> str:
    """Any number counts as the same: it may be the page's."""
    return _FIGURES.sub("#", " ".join(page.text[line.start : line.end].split()))


def _top(page: Drawn) -> list[Line]:
    return sorted(page.lines, key=lambda line: -line.base)[:_EDGE]


def _bottom(page: Drawn) -> list[Line]:
    return sorted(page.lines, key=lambda line: line.base)[:_EDGE]
