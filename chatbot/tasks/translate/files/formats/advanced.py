"""ASS and SSA subtitles: the words of each line of dialogue; styles, times and override tags stay."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from chatbot.common.limited import Limits
from chatbot.tasks.translate.files.opened import Opened, open_text
from chatbot.tasks.translate.files.spans import Span, Token, replaced, span

_DIALOGUE = re.compile(r"^Dialogue:(?:[^,\n]*,){9}(.*)$", re.MULTILINE)
_MARK = re.compile(r"\{[^{}]*\}|\\[Nnh]")
_DRAWING = re.compile(r"\{[^{}]*\\p[1-9]")


def opened(path: Path, name: str, limits: Limits) -> Opened:
    """Raises `RejectedFile`."""
    return open_text(path, name, limits, find=spans, written=lambda text, chosen, _: written(text, chosen))


def spans(source: str) -> list[Span]:
    lines = (line for line in _DIALOGUE.finditer(source) if not _DRAWING.search(line[1]))
    found = (span(list(_tokens(source, line.start(1), line.end(1)))) for line in lines)
    return [one for one in found if one is not None]


def written(source: str, chosen: Sequence[tuple[Span, str]]) -> str:
    return replaced(source, chosen, lambda text: " ".join(re.sub(r"[{}]", "", text).split("\n")))


def _tokens(source: str, start: int, end: int) -> Iterator[Token]:
    at = start
    for mark in _MARK.finditer(source, start, end):
        yield Token("text", at, mark.start(), source[at : mark.start()])
        yield Token("void", mark.start(), mark.end())
        at = mark.end()
    yield Token("text", at, end, source[at:end])
