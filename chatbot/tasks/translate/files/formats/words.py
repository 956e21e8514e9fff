"""A string of a program as a segment: tags and what programs fill in stay, whitespace at both ends too."""

import json
import re
from collections.abc import Callable, Iterator

from chatbot.tasks.translate.files.markdown.fixed import stays
from chatbot.tasks.translate.files.marked import Segment, fits
from chatbot.tasks.translate.files.spans import Span, Token, replaced, span

_TAG = re.compile(r"<(/?)([A-Za-z][\w:.-]*)[^<>]*?(/?)>")
_KEY = re.compile(
    r"[\w-]+(?:[./:_]\S*|[a-z0-9][A-Z]\S*)|[a-z]+-[a-z-]+|#?[0-9A-Fa-f]{3,8}|[\w.+-]*\d[\w.+-]*|\S*[/\\]\S*|[A-Z\d_]+_[A-Z\d_]+|(?:%[-^#_]?[A-Za-z]|[\d\W])+"
)


BACKSLASHED = re.compile(
    r"\\(?:\n[ \t]*|u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U(?:000[01][0-9A-Fa-f]{4}|[0-9A-Fa-f]{4})|x[0-9A-Fa-f]{2}|.)",
    re.DOTALL,
)
DOUBLED = re.compile("''")


def tokens(text: str, start: int = 0, escapes: re.Pattern[str] | None = None) -> Iterator[Token]:
    """`start` is where the text begins in its source, in which it stands letter by letter, with these escapes."""
    for token in _tokens(text, start):
        yield from _apart(token, text, start, escapes) if escapes and token.kind == "text" else (token,)


def _apart(token: Token, text: str, start: int, escapes: re.Pattern[str]) -> Iterator[Token]:
    at = token.start
    for escape in escapes.finditer(text, token.start - start, token.end - start):
        a, b = start + escape.start(), start + escape.end()
        if a > at:
            yield Token("text", at, a, text[at - start : a - start])
        shown = _shown(escape[0])
        yield Token("text", a, b, shown) if shown or escape[0][1] == "\n" else Token("void", a, b)
        at = b
    if at < token.end:
        yield Token("text", at, token.end, text[at - start : token.end - start])


def _shown(escape: str) -> str:
    """The character, or nothing for a line break, half of a character and the like, which stay, and for a break of YAML's that is none."""
    if escape[1] in "uUx" and len(escape) > 2:
        shown = json.loads(f'"{escape}"') if escape[1] == "u" else chr(int(escape[2:], 16))
        return "" if "\ud800" <= shown <= "\udfff" and len(shown) == 1 else shown
    return "" if escape[1] in "nrtbfv0\n" else escape[1]


def _tokens(text: str, start: int) -> Iterator[Token]:
    opened: list[tuple[str, int]] = []
    at = begin = 0
    while at < len(text):
        tag = _TAG.match(text, at) if text[at] == "<" else None
        after = tag.end() if tag else stays(text, at, len(text))
        if after > at:
            if at > begin:
                yield Token("text", start + begin, start + at, text[begin:at])
            yield _markup(tag, text, at, after, start, opened)
            begin = after
        at = max(at + 1, after)
    if begin < len(text):
        yield Token("text", start + begin, start + len(text), text[begin:])


def _markup(
    tag: re.Match[str] | None, text: str, at: int, after: int, start: int, opened: list[tuple[str, int]]
) -> Token:
    if tag is None:
        return Token("kept", start + at, start + after, text[at:after])
    if not tag[1] and not tag[3]:
        opened.append((tag[2], at + 1))
        return Token("open", start + at, start + after, pair=at + 1)
    if tag[1] and opened and opened[-1][0] == tag[2]:
        return Token("close", start + at, start + after, pair=opened.pop()[1])
    return Token("void", start + at, start + after)


class Text:
    """One string. `segments` is empty where there is nothing to translate in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._span: Span | None = span(list(tokens(text)))

    @property
    def segments(self) -> tuple[Segment, ...]:
        return (self._span.segment,) if self._span else ()

    def written(self, target: str, escape: Callable[[str], str] = str) -> str:
        if self._span is None or not fits(self._span.segment, target):
            return self.text
        return replaced(self.text, [(self._span, target)], escape)


def is_key(text: str) -> bool:
    """Whether a value of a data file is rather an identifier, a path or a colour than words for people."""
    return _KEY.fullmatch(text.strip()) is not None
