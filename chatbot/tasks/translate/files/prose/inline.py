"""Paragraphs of light markup: what one pattern finds in them is formatting, the rest is words.

The pattern has a group `words` where formatting surrounds words, and a group `kept` where words are shown but stay.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import regex

from chatbot.tasks.translate.files.spans import Span, Token, replaced, shifted, span

Stretch = tuple[int, int]  # source[start:end], a paragraph
_BROKEN = regex.compile(r"(?<=[\p{Han}\p{Hiragana}\p{Katakana}])\s*\n\s*(?=[\p{Han}\p{Hiragana}\p{Katakana}])")


def paragraph(source: str, stretch: Stretch, inline: Any) -> Span | None:
    """None when there is nothing in it to translate."""
    return span(list(_tokens(source, *stretch, inline)))


def _tokens(source: str, start: int, end: int, inline: Any) -> Iterator[Token]:
    at = start
    for found in inline.finditer(source, start, end):
        if found.start() > at:
            yield _text(source, at, found.start())
        if found["words"] is not None:
            begin, stop = found.span("words")
            yield Token("open", found.start(), begin, pair=begin)
            yield _text(source, begin, stop)
            yield Token("close", stop, found.end(), pair=begin)
        elif found["kept"] is not None:
            yield Token("kept", found.start(), found.end(), one_line(found["kept"]))
        else:
            yield Token("void", found.start(), found.end())
        at = found.end()
    if at < end:
        yield _text(source, at, end)


def _text(source: str, start: int, end: int) -> Token:
    return Token("text", start, end, one_line(source[start:end]))


def one_line(text: str) -> str:
    """Lines that were broken to a width as one; Chinese and Japanese without a space between them."""
    shown: str = regex.sub(r"[^\S\n]*\n\s*", " ", _BROKEN.sub("", text))
    return shown


def written(source: str, chosen: Sequence[tuple[Span, str]], special: str, mend: Callable[[str], str]) -> str:
    """Each paragraph on one line. Characters of `special` get a backslash; `mend` is given a paragraph that was rendered, for marks
    that are none beside a letter."""

    def escape(text: str) -> str:
        escaped: str = regex.sub(rf"(?<!\\)[{special}]", r"\\\g<0>", text)
        return escaped

    return replaced(source, chosen, escape, lambda one, render: mend(render(escape, False)))


def touched(text: str, found: Any) -> tuple[bool, bool]:
    """Whether letters stand right before and right behind what was found."""
    return text[max(0, found.start() - 1) : found.start()].isalnum(), text[found.end() : found.end() + 1].isalnum()


def within(chosen: Sequence[tuple[Span, str]], start: int, end: int) -> list[tuple[Span, str]]:
    """Those of source[start:end], as spans of that piece."""
    return [(shifted(one, -start), target) for one, target in chosen if start <= one.start and one.end <= end]
