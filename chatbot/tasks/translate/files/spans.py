"""Stretches of a source text that are replaced while every other character of it stays: Markdown, HTML, subtitles, plain text."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from chatbot.tasks.translate.files.marked import TAG, Segment, is_language, pieces

Escape = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Token:
    """`source[start:end]`, which is text, or the beginning, end or whole of some formatting.

    `shown` is text as a person reads it (entities resolved); of a "kept" token the words that are shown but stay. `pair` is
    what an "open" and its "close" have in common.
    """

    kind: Literal["text", "open", "close", "void", "kept"]
    start: int
    end: int
    shown: str = ""
    pair: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """One segment and its tokens, which lie side by side in the source."""

    segment: Segment
    tokens: tuple[Token, ...]

    @property
    def start(self) -> int:
        return self.tokens[0].start

    @property
    def end(self) -> int:
        return self.tokens[-1].end


def span(tokens: Sequence[Token], *, room: int = 0) -> Span | None:
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
    return Span(Segment("".join(text).strip(), frozenset(kept), room=room), tuple(inner))


def replaced(source: str, spans: Iterable[tuple[Span, str]], escape: Escape) -> str:
    """The source with each span's text replaced by its translation, which is marked text that fits the segment."""
    parts: list[str] = []
    at = 0
    for one, target in spans:
        parts += (source[at : one.start], rendered(source, one, target, escape))
        at = one.end
    return "".join((*parts, source[at:]))


def rendered(source: str, one: Span, target: str, escape: Escape) -> str:
    """A translation as it stands in the file, with the white space around it."""
    raw = _tags(source, one)
    parts: list[str] = []
    skipping = 0
    for piece in pieces(target):
        if piece.kind == "close" and piece.number == skipping:
            skipping = 0
        if skipping:
            continue
        parts.append(escape(piece.text) if piece.kind == "text" else raw.get((piece.kind, piece.number), ""))
        if piece.kind == "open" and piece.number in one.segment.kept:
            skipping = piece.number
    whole = source[one.start : one.end]
    before = whole[: len(whole) - len(whole.lstrip())] if one.tokens[0].kind == "text" else ""
    after = whole[len(whole.rstrip()) :] if one.tokens[-1].kind == "text" else ""
    return f"{before}{''.join(parts)}{after}"


def _tags(source: str, one: Span) -> dict[tuple[str, int], str]:
    """What each tag stands for; a kept one stands for all of it where it opens."""
    raw: dict[tuple[str, int], str] = {}
    marks = (piece for piece in pieces(one.segment.text) if piece.kind != "text")
    for token in one.tokens:
        if token.kind == "text":
            continue
        mark = next(marks)
        raw[mark.kind, mark.number] = source[token.start : token.end]
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
