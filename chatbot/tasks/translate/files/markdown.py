"""Markdown: markdown-it-py (CommonMark with tables and strikethrough) says what is text; the file keeps everything else.

The parser gives no places inside a line. Its tokens come in the order of the source, though, so each is found again from where
the last one ended; a paragraph in which that fails is left as it is.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from chatbot.common.limited import Limits
from chatbot.tasks.translate.files.marked import PLACEHOLDER
from chatbot.tasks.translate.files.opened import Opened, open_text
from chatbot.tasks.translate.files.plain import joined
from chatbot.tasks.translate.files.spans import Span, Token, rendered, span

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n.*?\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_SPECIAL = re.compile(r"([\\`*_\[\]<>|~])")
_STARTS_BLOCK = re.compile(r"\s*(?:[#>+=-]|\d{1,9}[.)])")
_TASK = re.compile(r"\[[ xX]\][ \t]+")


class _Place(NamedTuple):
    """A token of the parser found in the source."""

    token: Any
    start: int
    end: int


def opened(path: Path, name: str, limits: Limits) -> Opened:
    """Raises `RejectedFile`."""
    return open_text(path, name, limits, find=spans, written=lambda text, chosen, _: written(text, chosen))


def spans(source: str) -> list[Span]:
    front = _FRONT_MATTER.match(source)
    begin = front.end() if front else 0
    lines = [begin, *(m.end() for m in re.finditer("\n", source[begin:]))]
    lines = [lines[0], *(begin + at for at in lines[1:])]
    found: list[Span] = []
    at = begin
    for token in _parser().parse(source[begin:]):
        if token.type != "inline" or not token.map:
            continue
        at = max(at, lines[token.map[0]])
        end = lines[token.map[1]] if token.map[1] < len(lines) else len(source)
        try:
            tokens, at = _Aligner(source, end).over(token.children or [], at)
        except ValueError:  # the source says it in a way that we do not follow
            continue
        if one := span(tokens):
            found.append(one)
    return found


def written(source: str, spans: Sequence[tuple[Span, str]]) -> str:
    """The source with its text replaced. What a translation says is text, whatever characters it is made of."""
    references: dict[str, Any] = {}
    _parser().parse(source, references)
    parts: list[str] = []
    at = 0
    for one, target in spans:
        parts += (source[at : one.start], _safe(source, one, target, references))
        at = one.end
    return "".join((*parts, source[at:]))


def _safe(source: str, one: Span, target: str, references: dict[str, Any]) -> str:
    """Escaped only where Markdown would otherwise read more, or less, than the formatting of the source."""
    wanted = _forms(source[one.start : one.end], references)
    line = source[source.rfind("\n", 0, one.start) + 1 : one.start]
    begins = not line.strip(" \t>")

    def told(text: str) -> str:
        cell = "|" in line or source[one.end : one.end + 3].lstrip(" \t").startswith("|")
        text = " ".join(text.split("\n"))
        return re.sub(r"(?<!\\)\|", r"\\|", text) if cell else text

    for escape in (told, _escaped):
        result = rendered(source, one, target, escape)
        if begins and one.tokens[0].kind == "text" and _STARTS_BLOCK.match(result):
            result = re.sub(r"^(\s*\d*)(.)", r"\1\\\2", result, count=1, flags=re.DOTALL)
        if _forms(result, references) == wanted:
            return result
    return source[one.start : one.end]


def _escaped(text: str) -> str:
    """Every sign that could be markup, but for those of placeholders."""
    parts: list[str] = []
    at = 0
    for fixed in PLACEHOLDER.finditer(text):
        parts += (_SPECIAL.sub(r"\\\1", text[at : fixed.start()]), fixed[0])
        at = fixed.end()
    return "".join((*parts, _SPECIAL.sub(r"\\\1", text[at:]))).replace("\n", " ")


def _forms(text: str, references: dict[str, Any]) -> list[tuple[str, str]]:
    """What there is besides text, as a set with counts: translation may change the order."""
    children = _parser().parseInline(text, references)[0].children or []
    return sorted(
        (token.type, token.content if token.type == "code_inline" else str(sorted(token.attrs.items())))
        for token in children
        if token.type not in ("text", "text_special", "softbreak")
    )


class _Aligner:
    """Finds the tokens of one paragraph again in the source, up to `end`."""

    def __init__(self, source: str, end: int) -> None:
        self._source = source
        self._end = end
        self._pairs: list[int] = []

    def over(self, children: Sequence[Any], at: int) -> tuple[list[Token], int]:
        """(tokens without gaps, where the last one ends)"""
        places = list(self._places(children, at))
        if not places:
            return [], at
        tokens: list[Token] = []
        for place in places:
            tokens += self._tokens(place, tokens[-1].end if tokens else place.start)
        return _merged(tokens, self._source), places[-1].end

    def _places(self, children: Sequence[Any], at: int) -> Iterator[_Place]:
        for token in children:
            start, end = self._find(token, at)
            yield _Place(token, start, end)
            at = end

    def _find(self, token: Any, at: int) -> tuple[int, int]:
        find = {
            "softbreak": self._line_end,
            "hardbreak": self._line_end,
            "code_inline": self._code,
            "image": self._image,
            "link_open": self._link_start,
            "link_close": self._link_end,
        }.get(token.type)
        if find:
            return find(token, at)
        literal = (
            token.content if token.type in ("text", "html_inline") else token.markup
        )  # emphasis, escapes, entities
        return self._at(literal, at) if literal else (at, at)

    def _line_end(self, token: Any, at: int) -> tuple[int, int]:
        line = self._source.index("\n", at, self._end)
        space = re.compile(r"[ \t]*(?:>[ \t]?)*[ \t]*").match(self._source, line + 1)
        assert space
        begin = len(self._source[:line].rstrip(" \\")) if token.type == "hardbreak" else line
        return max(at, begin), space.end()

    def _code(self, token: Any, at: int) -> tuple[int, int]:
        start = self._source.index(token.markup, at, self._end)
        close = re.compile(rf"(?<!`){token.markup}(?!`)").search(self._source, start + len(token.markup), self._end)
        if not close:
            raise ValueError
        return start, close.end()

    def _link_start(self, token: Any, at: int) -> tuple[int, int]:
        start = self._source.index("<" if token.markup == "autolink" else "[", at, self._end)
        return start, start + 1

    def _at(self, text: str, at: int) -> tuple[int, int]:
        start = self._source.find(text, at, self._end)
        if start < 0:  # in a table
            text = text.replace("|", "\\|")
            start = self._source.index(text, at, self._end)
        return start, start + len(text)

    def _image(self, token: Any, at: int) -> tuple[int, int]:
        start = self._source.index("![", at, self._end)
        inner = _Aligner(self._source, self._end)
        _, end = inner.over(token.children or [], start + 2)
        return start, self._closing(end)

    def _link_end(self, token: Any, at: int) -> tuple[int, int]:
        if token.markup == "autolink":
            return self._at(">", at)
        start = self._source.index("]", at, self._end)
        return start, self._closing(start)

    def _closing(self, at: int) -> int:
        """The end of `](address "title")`, `][label]` or `]`, from its first bracket on."""
        at = self._source.index("]", at, self._end) + 1
        following = self._source[at : at + 1]
        if following == "(":
            inside = _parser().helpers.parseLinkDestination(self._source, self._past_space(at + 1), self._end)
            at = inside.pos if inside.ok else at + 1
            at = self._past_space(at)
            title = _parser().helpers.parseLinkTitle(self._source, at, self._end)
            at = self._past_space(title.pos) if title.ok else at
            return self._source.index(")", at, self._end) + 1
        if following == "[":
            return self._source.index("]", at, self._end) + 1
        return at

    def _past_space(self, at: int) -> int:
        while at < self._end and self._source[at] in " \t\n":
            at += 1
        return at

    def _tokens(self, place: _Place, after: int) -> Iterator[Token]:
        if place.start > after:  # what lies between: markup that the parser does not tell, or the prefix of a line
            yield Token("void", after, place.start)
        token = place.token
        if token.type in ("text", "text_special"):
            yield Token("text", place.start, place.end, token.content)
        elif token.type == "softbreak":
            yield Token("text", place.start, place.end, "\n")
        elif token.type == "code_inline":
            yield Token("kept", place.start, place.end, token.content)
        elif token.type.endswith("_open"):
            self._pairs.append(place.start + 1)
            yield Token("open", place.start, place.end, pair=place.start + 1)
        elif token.type.endswith("_close"):
            yield Token("close", place.start, place.end, pair=self._pairs.pop())
        else:
            yield Token("void", place.start, place.end)


def _merged(tokens: Sequence[Token], source: str) -> list[Token]:
    """Neighbouring texts as one, lines joined; the box of a task list and addresses in brackets stay."""
    found: list[Token] = []
    for token in tokens:
        last = found[-1] if found else None
        if token.kind == "text" and last and last.kind == "text":
            found[-1] = Token("text", last.start, token.end, last.shown + token.shown)
        else:
            found.append(token)
    found = [Token(t.kind, t.start, t.end, _tidy(t.shown), t.pair) for t in found]
    if found and found[0].kind == "text" and (box := _TASK.match(found[0].shown)):
        first = found[0]
        rest = Token("text", first.start + box.end(), first.end, first.shown[box.end() :])
        found[:1] = [Token("void", first.start, rest.start), rest]
    return _without_addresses(found, source)


def _tidy(shown: str) -> str:
    """Lines as one, with the spaces at either end as they are: they stand between this and a tag."""
    if "\n" not in shown:
        return shown
    inner = joined(shown.strip())
    return f"{' ' * shown[:1].isspace()}{inner}{' ' * shown[-1:].isspace()}"


def _without_addresses(tokens: Sequence[Token], source: str) -> list[Token]:
    """An autolink is its own address, and the words of a link such as [this] are its label: they stay as a whole."""
    ends = {token.pair: source[token.start : token.end] for token in tokens if token.kind == "close"}
    found: list[Token] = []
    until: int | None = None
    for token in tokens:
        if until is not None:
            last = found[-1]
            shown = last.shown + token.shown if last.kind == "kept" else ""
            found[-1] = Token(last.kind, last.start, token.end, shown)
            until = None if token.kind == "close" and token.pair == until else until
        elif token.kind == "open" and source[token.start] == "<":
            until = token.pair
            found.append(Token("void", token.start, token.end))
        elif token.kind == "open" and ends.get(token.pair) in ("]", "][]"):
            until = token.pair
            found.append(Token("kept", token.start, token.end))
        else:
            found.append(token)
    return found


@cache
def _parser() -> Any:
    from markdown_it import MarkdownIt

    # Escapes and entities stay apart from the text around them, with their source, only without `text_join`.
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).disable(["text_join"])
