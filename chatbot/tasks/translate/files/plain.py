"""Plain text: lines, and paragraphs that were broken to a width; empty lines, indentation and marks of lists stay."""

import re
from collections.abc import Sequence
from pathlib import Path

from chatbot.common.limited import Limits
from chatbot.tasks.translate.files import subtitles
from chatbot.tasks.translate.files.lines import broken, joined
from chatbot.tasks.translate.files.opened import Opened, open_text
from chatbot.tasks.translate.files.spans import Span, Token, replaced, span

_BLOCK = re.compile(r"^[^\S\n]*+\S[^\n]*+(?:\n[^\S\n]*+\S[^\n]*+)*+", re.MULTILINE)
_ITEM = re.compile(r"\s*(?:(?:[-*•‣◦–—>]|\d{1,3}[.)])[ \t]+)*")
_WRAPPED = (50, 110)  # characters of the longest line, between which a paragraph was broken to fit a width


def opened(path: Path, name: str, limits: Limits) -> Opened:
    """Raises `RejectedFile`."""
    return open_text(path, name, limits, find=spans, written=lambda text, chosen, _: written(text, chosen))


def spans(text: str) -> list[Span]:
    """Text that somebody pastes may be subtitles."""
    return subtitles.spans(text) if subtitles.are_cues(text) else paragraphs(text)


def written(source: str, chosen: Sequence[tuple[Span, str]]) -> str:
    """Over as many lines as before, so that a column keeps its width."""
    if subtitles.are_cues(source):
        return subtitles.written(source, chosen)
    laid_out = [
        (one, target if target == one.segment.text else _laid_out(source, one, target)) for one, target in chosen
    ]
    return replaced(source, laid_out, str)


def _laid_out(source: str, one: Span, target: str) -> str:
    lines = source[one.start : one.end].split("\n")
    return broken(re.sub(r"\s*\n\s*", " ", target), one.segment.room, max(map(len, lines)))


def paragraphs(text: str) -> list[Span]:
    """Each line by itself, but a paragraph that was broken to a width as a whole."""
    found: list[Span | None] = []
    for block in _BLOCK.finditer(text):
        lines = [(m.start() + block.start(), m.end() + block.start()) for m in re.finditer(r"[^\n]+", block[0])]
        if _is_wrapped(block[0].split("\n")):
            found.append(span([Token("text", block.start(), block.end(), joined(block[0]))], room=len(lines)))
        else:
            found += [span([Token("text", *_trimmed(text, a, b))]) for a, b in lines]
    return [one for one in found if one is not None]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int, str]:
    """A line without its indentation and the mark of a list."""
    mark = _ITEM.match(text, start, end)
    start = mark.end() if mark else start
    line = text[start:end].rstrip()
    return start, start + len(line), line


def _is_wrapped(lines: list[str]) -> bool:
    widest = max(map(len, lines))
    full = all(len(line) >= 0.6 * widest for line in lines[:-1])
    plain = not any(re.match(r"\s*(?:[-*•>#|]|\d+[.)])\s", line) or line[:1].isspace() for line in lines)
    return len(lines) > 1 and _WRAPPED[0] <= widest <= _WRAPPED[1] and full and plain
