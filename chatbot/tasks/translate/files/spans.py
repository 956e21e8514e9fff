"""Stretches of a source text that are replaced while every other character of it stays: Markdown, HTML, subtitles, plain text."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from chatbot.tasks.translate.files.marked import TAG, Segment, is_language, pieces

Escape = Callable[[str], str]
_EMPHASIS = re.compile(r"[*_~]+")


@dataclass(frozen=True, slots=True)
class Token:
    """`source[start:end]`, which is text, or the beginning, end or whole of some formatting.

    `shown` is text as a person reads it (entities resolved); of a "kept" token the words that are shown but stay. `pair` is
    what an "open" and its "close" have in common. `raw` is what a close becomes beside a translation, where that is not the same.
    """

    kind: Literal["text", "open", "close", "void", "kept"]
    start: int
    end: int
    shown: str = ""
    pair: int = 0
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """One segment and its tokens, which lie side by side in the source. `escape` is its own, where its file's is not right."""

    segment: Segment
    tokens: tuple[Token, ...]
    escape: Escape | None = None

    @property
    def start(self) -> int:
        return self.tokens[0].start

    @property
    def end(self) -> int:
        return self.tokens[-1].end


Choose = Callable[[Span, Callable[[Escape, bool], str]], str]
"""(a span, what gives its text by an escape and whether emphasis stands apart from words) -> the text that is taken"""


def span(tokens: Sequence[Token], *, room: int = 0, escape: Escape | None = None) -> Span | None:
    """The tokens as a segment, less what surrounds it; None when there is nothing in it to translate."""
    inner = _stripped(_literal_tags(_plainer(_paired(tokens))))
    if not any(token.kind == "text" and is_language(token.shown) for token in inner):
        return None
    numbers: dict[int, int] = {}
    kept: set[int] = set()
    text: list[str] = []
    for at, token in enumerate(inner):
        if token.kind == "text":
            text.append(token.shown)
            continue
        key = token.pair if token.kind in ("open", "close") else -1 - at
        number = numbers.setdefault(key, len(numbers) + 1)
        text.append(_tag(token, number))
        if token.kind == "kept":
            kept.add(number)
    return Span(Segment("".join(text).strip(), frozenset(kept), room=room), tuple(inner), escape)


def shifted(one: Span, by: int) -> Span:
    """The same span of a source that begins earlier."""
    tokens = tuple(replace(t, start=t.start + by, end=t.end + by) for t in one.tokens)
    return replace(one, tokens=tokens)


def replaced(source: str, spans: Iterable[tuple[Span, str]], escape: Escape, choose: Choose | None = None) -> str:
    """The source with each span's text replaced by its translation, which is marked text that fits the segment.

    A span may lie in the formatting of another one. One whose translation is its own text is not written anew.
    """
    order = sorted(spans, key=lambda pair: (pair[0].start, -pair[0].end))
    plainly: Choose = lambda one, render: render(one.escape or escape, False)  # noqa: E731
    return _between(source, 0, len(source), order, choose or plainly)


def _between(source: str, start: int, end: int, spans: Sequence[tuple[Span, str]], choose: Choose) -> str:
    parts: list[str] = []
    first = 0
    while first < len(spans):
        one, target = spans[first]
        last = first + 1
        while last < len(spans) and spans[last][0].start < one.end:
            last += 1
        parts += (source[start : one.start], _one(source, one, target, spans[first + 1 : last], choose))
        start, first = one.end, last
    return "".join((*parts, source[start:end]))


def _one(source: str, one: Span, target: str, inner: Sequence[tuple[Span, str]], choose: Choose) -> str:
    if target == one.segment.text:
        return _between(source, one.start, one.end, inner, choose)
    raw = _tags(source, one, inner, choose)
    return choose(one, lambda escape, apart: _rendered(source, one, target, escape, raw, apart))


def _rendered(
    source: str, one: Span, target: str, escape: Escape, raw: Mapping[tuple[str, int], str], apart: bool
) -> str:
    """A translation as it stands in the file, with the white space around it."""
    parts: list[str] = []
    skipping = 0
    for piece in pieces(target):
        if piece.kind == "close" and piece.number == skipping:
            skipping = 0
        if skipping:
            continue
        written = escape(piece.text) if piece.kind == "text" else raw.get((piece.kind, piece.number), "")
        parts.append(f" {written}" if apart and parts and _touch(parts[-1], written, piece.kind) else written)
        if piece.kind == "open" and piece.number in one.segment.kept:
            skipping = piece.number
    whole = source[one.start : one.end]
    before = whole[: len(whole) - len(whole.lstrip())] if one.tokens[0].kind == "text" else ""
    after = whole[len(whole.rstrip()) :] if one.tokens[-1].kind == "text" else ""
    return f"{before}{''.join(parts).strip() if apart else ''.join(parts)}{after}"


def _touch(last: str, written: str, kind: str) -> bool:
    """Whether emphasis begins right behind a word, or ends right before one."""
    begins = (
        kind == "open" and _EMPHASIS.fullmatch(written) and not last[-1:].isspace() and not _EMPHASIS.fullmatch(last)
    )
    ends = kind == "text" and _EMPHASIS.fullmatch(last) and not written[:1].isspace()
    return bool(begins or ends)


def _tags(source: str, one: Span, inner: Sequence[tuple[Span, str]], choose: Choose) -> dict[tuple[str, int], str]:
    """What each tag stands for; a kept one stands for all of it where it opens."""
    raw: dict[tuple[str, int], str] = {}
    marks = (piece for piece in pieces(one.segment.text) if piece.kind != "text")
    for token in one.tokens:
        if token.kind == "text":
            continue
        mark = next(marks)
        own = [pair for pair in inner if token.start <= pair[0].start < token.end]
        written = _between(source, token.start, token.end, own, choose)
        raw[mark.kind, mark.number] = written if token.raw is None else token.raw
        if token.kind == "kept":
            raw["close", next(marks).number] = ""
    return raw


def _tag(token: Token, number: int) -> str:
    forms = {"open": "<{n}>", "close": "</{n}>", "void": "<{n}/>", "kept": "<{n}>{words}</{n}>"}
    return forms[token.kind].format(n=number, words=token.shown)


def _paired(tokens: Sequence[Token]) -> list[Token]:
    """What is opened or closed elsewhere stands for itself here."""
    around: list[int] = []
    whole: set[int] = set()
    for token in tokens:
        if token.kind == "open":
            around.append(token.pair)
        elif token.kind == "close" and token.pair in around:
            while around.pop() != token.pair:
                pass  # those left open inside it
            whole.add(token.pair)
    return [t if t.kind not in ("open", "close") or t.pair in whole else replace(t, kind="void") for t in tokens]


def _plainer(tokens: Sequence[Token]) -> list[Token]:
    """Formatting of something that is not language (a number, a picture, a space) stays as a whole; so fewer tags are asked for."""
    found: list[Token] = []
    opened: dict[int, int] = {}
    for token in tokens:
        if token.kind == "open":
            opened[token.pair] = len(found)
        inside = found[opened[token.pair] :] if token.kind == "close" and token.pair in opened else []
        if not inside or any(one.kind == "text" and is_language(one.shown) for one in inside):
            found.append(token)
            continue
        shown = "" if any(one.kind == "void" for one in inside) else " ".join("".join(t.shown for t in inside).split())
        found[opened[token.pair] :] = [Token("kept" if shown else "void", inside[0].start, token.end, shown)]
    return found


def _literal_tags(tokens: Iterable[Token]) -> list[Token]:
    """Text that looks like one of our tags becomes something that stays."""
    found: list[Token] = []
    for token in tokens:
        literal = TAG.search(token.shown) if token.kind == "text" else None
        if literal is None:
            found.append(token)
        elif token.end - token.start == len(token.shown):
            a, b = token.start + literal.start(), token.start + literal.end()
            head, tail = token.shown[: literal.start()], token.shown[literal.end() :]
            rest = _literal_tags([Token("text", b, token.end, tail)] if tail else [])
            found += [Token("text", token.start, a, head)] if head else []
            found += [Token("void", a, b), *rest]
        else:
            found.append(Token("kept", token.start, token.end, TAG.sub("", token.shown)))
    return found


def _stripped(tokens: Sequence[Token]) -> list[Token]:
    """Without the formatting, the pictures and the white space that surround the whole."""
    inner = [token for token in tokens if token.end > token.start]
    low, high = 0, len(inner)
    while low < high:
        first, last = inner[low], inner[high - 1]
        if _is_nothing(first):
            low += 1
        elif _is_nothing(last):
            high -= 1
        elif first.kind == "open" and last.kind == "close" and first.pair == last.pair:
            low, high = low + 1, high - 1
        else:
            break
    return inner[low:high]


def _is_nothing(token: Token) -> bool:
    return token.kind == "void" or (token.kind == "text" and not token.shown.strip())
