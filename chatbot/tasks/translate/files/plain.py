"""Plain text and subtitles (SubRip, WebVTT): lines and cues; time codes, numbers and empty lines stay where they are."""

import re
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from chatbot.common.limited import Limits
from chatbot.tasks.translate.files.opened import Opened, open_text
from chatbot.tasks.translate.files.spans import Span, Token, replaced, span

_TIME = re.compile(r"(?:\d+:)?\d\d:\d\d[.,]\d{1,3}[ \t]+-->[ \t]+(?:\d+:)?\d\d:\d\d[.,]\d{1,3}[^\n]*")
_STYLE = re.compile(r"</?(?:[ibu]|font|c|v|lang|ruby|rt)\b[^<>\n]*>|\{\\[^{}\n]*\}|<\d[\d:.]*>", re.IGNORECASE)
_BLOCK = re.compile(r"^[^\S\n]*+\S[^\n]*+(?:\n[^\S\n]*+\S[^\n]*+)*+", re.MULTILINE)
_ITEM = re.compile(r"\s*(?:(?:[-*•‣◦–—>]|\d{1,3}[.)])[ \t]+)*")
_WRAPPED = (50, 110)  # characters of the longest line, between which a paragraph was broken to fit a width
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uff00-\uffef]")


def opened(path: Path, name: str, limits: Limits) -> Opened:
    """Raises `RejectedFile`."""
    return open_text(path, name, limits, find=spans, written=lambda text, chosen, _: written(text, chosen))


def spans(text: str) -> list[Span]:
    return cues(text) if are_cues(text) else paragraphs(text)


def written(source: str, chosen: Sequence[tuple[Span, str]]) -> str:
    """Over as many lines as before, so that a subtitle keeps its height and a column its width."""
    laid_out = [
        (one, target if target == one.segment.text else _laid_out(source, one, target)) for one, target in chosen
    ]
    return replaced(source, laid_out, _unstyled if are_cues(source) else str)


def _unstyled(text: str) -> str:
    """Without what a player would read as a style."""
    return _STYLE.sub("", text).replace("-->", "→")


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


def cues(text: str) -> list[Span]:
    """What is said between one time code and the next."""
    found: list[Span] = []
    times = [m for m in _TIME.finditer(text) if m.start() == 0 or text[m.start() - 1] == "\n"]
    for at, time in enumerate(times):
        end = times[at + 1].start() if at + 1 < len(times) else len(text)
        body = re.match(r"\n?((?:[^\S\n]*+\S[^\n]*+(?:\n|\Z))*+)", text[time.end() : end])
        if body and body[1]:
            start = time.end() + body.start(1)
            found += _said(text, start, start + len(body[1].rstrip()))
    return found


def are_cues(text: str) -> bool:
    return _TIME.search(text[:5000]) is not None


def joined(text: str) -> str:
    """Lines that were broken to a width as one; Chinese and Japanese without a space between them."""
    whole = ""
    for line in map(str.strip, text.split("\n")):
        tight = not whole or (_CJK.match(whole[-1]) and _CJK.match(line[:1]))
        whole += line if tight else f" {line}"
    return whole


def broken(text: str, lines: int, width: int) -> str:
    """`text` over at most that many lines of about equal length, `width` characters where more are needed to hold it."""
    if lines < 2 or not text:
        return text
    goal = max(-(-len(text) // lines), min(width, 20))
    for most in range(goal, goal + 60, 2):
        found = _fill(text, most)
        if len(found) <= lines:
            return "\n".join(found)
    return "\n".join(_fill(text, max(width, goal)))


def _fill(text: str, width: int) -> list[str]:
    if len(_CJK.findall(text)) * 2 > len(text):
        return [text[at : at + width] for at in range(0, len(text), width)]
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


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


def _said(text: str, start: int, end: int) -> Iterator[Span]:
    """One segment a cue, or one a line where each line is another speaker's."""
    lines = [(m.start() + start, m.end() + start) for m in re.finditer(r"[^\n]+", text[start:end])]
    speakers = len(lines) > 1 and all(re.match(r"\s*(?:<[^>]*>)?[-–—]", text[a:b]) for a, b in lines)
    for a, b in lines if speakers else [(start, end)]:
        one = span(list(_styled(text, a, b)), room=1 if speakers else len(lines))
        if one is not None:
            yield one


def _styled(text: str, start: int, end: int) -> Iterator[Token]:
    at = start
    opened: list[tuple[str, int]] = []
    for style in _STYLE.finditer(text, start, end):
        if style.start() > at:
            yield Token("text", at, style.start(), _shown(text[at : style.start()]))
        at = style.end()
        yield _style(style, opened)
    if at < end:
        yield Token("text", at, end, _shown(text[at:end]))


def _style(found: re.Match[str], opened: list[tuple[str, int]]) -> Token:
    raw = found[0]
    name = re.sub(r"[^a-z]", "", raw[:6].lower())[:1]
    if raw.startswith("</") and opened and opened[-1][0] == name:
        return Token("close", found.start(), found.end(), pair=opened.pop()[1])
    if re.match(r"<[a-z]", raw, re.IGNORECASE):
        opened.append((name, found.start() + 1))
        return Token("open", found.start(), found.end(), pair=found.start() + 1)
    return Token("void", found.start(), found.end())


def _shown(text: str) -> str:
    """Keeps the space at either end, which stands between this and a tag."""
    inner = joined(text.strip())
    return f"{' ' * text[:1].isspace()}{inner}{' ' * text[-1:].isspace()}" if inner else " "
