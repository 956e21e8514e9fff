"""Subtitles (SubRip, WebVTT): what is said in the cues. Time codes, numbers, styles and empty lines stay where they are.

A sentence that goes on over several cues is one segment, set back into them in proportion to what each held.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from chatbot.common.limited import Limits
from chatbot.tasks.translate.files.lines import WIDTH, WIDTH_CJK, filled, is_cjk, joined
from chatbot.tasks.translate.files.marked import TAG
from chatbot.tasks.translate.files.opened import Opened, open_text
from chatbot.tasks.translate.files.spans import Span, Token, replaced, span

_TIME = re.compile(r"(?:\d+:)?\d\d:\d\d[.,]\d{1,3}[ \t]+-->[ \t]+(?:\d+:)?\d\d:\d\d[.,]\d{1,3}[^\n]*")
_STYLE = re.compile(r"</?(?:[ibu]|font|c|v|lang|ruby|rt)\b[^<>\n]*>|\{\\[^{}\n]*\}|<\d[\d:.]*>", re.IGNORECASE)
_BODY = re.compile(r"[^\S\n]*+\S[^\n]*+(?:\n[^\S\n]*+\S[^\n]*+)*+")
_NUMBER = re.compile(r"\n\s*\d+[ \t]*\n\Z")
_SPEAKER = re.compile(r"\s*(?:<v[\s.][^<>]*>|(?:<[^<>]*>|\{[^{}]*\})*\s*[-–—])")
_DASH = re.compile(r"\s*[-–—]\s*")
_ENDS = re.compile(r"[.!?…。！？♪:;：；—–\])）】」』\"”'’*]\s*\Z|--\s*\Z")
_MOST = 6  # cues that one sentence may go on over


def opened(path: Path, name: str, limits: Limits) -> Opened:
    """Raises `RejectedFile`."""

    def of(width: int) -> Opened:
        return open_text(path, name, limits, find=spans, written=lambda text, chosen, _: written(text, chosen, width))

    return replace(of(WIDTH), fitted=lambda width: of(width).write)


def are_cues(text: str) -> bool:
    return _TIME.search(text[:5000]) is not None


def spans(text: str) -> list[Span]:
    found: list[Span] = []
    for group in _sentences(text, _bodies(text)):
        if len(group) > 1:
            shown = " ".join(joined(text[a:b].strip()) for a, b in group)
            whole = Token("text", group[0][0], group[-1][1], _tight(shown))
            found += [one] if (one := span([whole], escape=str)) else []
        else:
            found += _said(text, *group[0])
    return found


def written(source: str, chosen: Sequence[tuple[Span, str]], width: int = WIDTH) -> str:
    """Over as many lines as before and as it takes, each no longer than a screen shows."""
    bodies = list(_bodies(source))
    laid_out = [
        (one, target if target == one.segment.text else _laid_out(source, one, target, bodies, width))
        for one, target in chosen
    ]
    return replaced(source, laid_out, _unstyled)


def _bodies(text: str) -> Iterator[tuple[int, int]]:
    """Each block of lines between one time code and the next."""
    times = [m for m in _TIME.finditer(text) if m.start() == 0 or text[m.start() - 1] == "\n"]
    ends = [*(following.start() for following in times[1:]), len(text)]
    for time, end in zip(times, ends, strict=True):
        number = _NUMBER.search(text, time.end(), end)
        for body in _BODY.finditer(text, time.end(), number.start() if number else end):
            if not re.match(r"(?:NOTE|STYLE|REGION)\b", body[0]) and not (end < len(text) and body.end() + 1 >= end):
                yield body.start(), body.start() + len(body[0].rstrip())


def _sentences(text: str, bodies: Iterator[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    group: list[tuple[int, int]] = []
    for body in bodies:
        if group and not (len(group) < _MOST and _goes_on(text[slice(*group[-1])], text[slice(*body)])):
            yield group
            group = []
        group.append(body)
    if group:
        yield group


def _goes_on(said: str, following: str) -> bool:
    """Whether a sentence does: no end of one, and in scripts with capitals a small letter after it."""
    styled = _STYLE.search(said) or _STYLE.search(following)
    several = any(map(_SPEAKER.match, (*said.split("\n"), *following.split("\n"))))
    first = following.lstrip()[:1]
    if is_cjk(said):  # where nobody ends a subtitle with a full stop
        return not styled and said.rstrip()[-1:] in "，、,"
    return not styled and not several and not _ENDS.search(said) and first.isalpha() and first == first.lower()


def _said(text: str, start: int, end: int) -> Iterator[Span]:
    """One segment a cue, or one a speaker, whose lines begin with a dash."""
    lines = [(m.start() + start, m.end() + start) for m in re.finditer(r"[^\n]+", text[start:end])]
    begins = [a for at, (a, b) in enumerate(lines) if at == 0 or _SPEAKER.match(text, a, b)]
    for a, b in pairwise([*begins, end]):
        stop = a + len(text[a:b].rstrip())
        one = span(list(_with_dash(list(_styled(text, a, stop)), text)), room=text.count("\n", a, stop) + 1)
        if one is not None:
            yield one


def _with_dash(tokens: Sequence[Token], text: str) -> Iterator[Token]:
    """The dash of a speaker stays, whatever a translation makes of it."""
    first = next((token for token in tokens if token.kind == "text"), None)
    for token in tokens:
        dash = _DASH.match(text, token.start, token.end) if token is first else None
        if dash:
            yield Token("void", token.start, dash.end())
            yield Token("text", dash.end(), token.end, _shown(text[dash.end() : token.end]))
        else:
            yield token


def _laid_out(source: str, one: Span, target: str, bodies: Sequence[tuple[int, int]], width: int) -> str:
    target = re.sub(r"\s*\n\s*", " ", target)
    first = bisect_left(bodies, (one.start, 0))
    cues = bodies[first : bisect_left(bodies, (one.end, 0))]
    if len(cues) < 2:
        return _broken(target, one.segment.room, width)
    parts: list[str] = []
    at = one.start
    for (start, end), part in zip(cues, _shares(_unstyled(target), [b - a for a, b in cues]), strict=True):
        parts += (source[at:start], _broken(part, source.count("\n", start, end) + 1, width))
        at = end
    return "".join(parts)


def _shares(text: str, sizes: Sequence[int]) -> list[str]:
    """The text in as many parts, each about as long as its share, between words and rather after a comma."""
    cuts = [m.end() for m in re.finditer(r"(?<=[\u3040-\u9fff，。、])(?=.)|\s+", text)]
    found, at, done = [], 0, 0
    for size in sizes[:-1]:
        done += size
        goal = len(text) * done / sum(sizes)
        ahead = [cut for cut in cuts if cut > at]
        cut = min(
            ahead,
            key=lambda cut: abs(cut - goal) - (4 if text[:cut].rstrip()[-1] in ",;，、；" else 0),
            default=len(text),
        )
        found.append(text[at:cut].strip() or "…")
        at = cut
    return [*found, text[at:].strip() or "…"]


def _unstyled(text: str) -> str:
    """Without what a player would read as a style."""
    return _STYLE.sub("", text).replace("-->", "→")


def _broken(text: str, lines: int, longest: int) -> str:
    """Lines of about equal length: as many as before, more only where one were too long."""
    if is_cjk(text) and TAG.search(text):  # which a cut between two characters could go through
        return text
    most = round(longest * WIDTH_CJK / WIDTH) if is_cjk(text) else longest
    lines = max(lines if len(text) > most // 2 else 1, -(-len(text) // most))
    for width in range(max(1, -(-len(text) // lines)), most + 1):
        if len(found := filled(text, width)) <= lines:
            return "\n".join(found)
    return "\n".join(filled(text, most))


def _tight(text: str) -> str:
    return re.sub(r"(?<=[\u3040-\u9fff]) (?=[\u3040-\u9fff])", "", text)


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
