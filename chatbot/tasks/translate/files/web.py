"""HTML and SVG: the text between the tags, by its place in the source; not a character of the markup itself is written anew."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape as escaped
from html import unescape
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from typing import Literal

from chatbot.common.limited import Limits
from chatbot.tasks.translate.files.attributes import attributes
from chatbot.tasks.translate.files.opened import Opened, open_text
from chatbot.tasks.translate.files.spans import Span, Token, replaced, span


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


_INLINE = _set(
    "a abbr acronym b bdi bdo big cite data del dfn em font i ins label mark q rp rt ruby s small span strike strong sub sup "
    "time tt u tspan textpath flowspan"
)
_KEPT = _set("code kbd samp var")  # inline; its words are shown to the model and stay
_VOID = _set("br img wbr input embed object video audio picture canvas math svg meter progress")
_EMPTY = _set("area base br col embed hr img input link meta param source track wbr")
_OPAQUE = _set("script style pre textarea iframe svg math object video audio picture canvas")
_DRAWN = _set("text title desc flowroot foreignobject")  # what of a picture in SVG is words
_ENDS_P = _set(
    "address article aside blockquote div dl fieldset footer form h1 h2 h3 h4 h5 h6 header hr main nav ol p pre section table ul"
)
_ENDED_BY = {
    **dict.fromkeys(("td", "th"), _set("td th tr tbody tfoot")),
    **dict.fromkeys(("dt", "dd"), _set("dt dd")),
    **{"li": _set("li"), "tr": _set("tr tbody tfoot"), "option": _set("option optgroup")},
}
_SPACE = re.compile(r"\s+")
_ROOT = re.compile(r"<html\b[^>]*>", re.IGNORECASE)
_LANG = re.compile(r"(\s(?:xml:)?lang\s*=\s*[\"']?)[A-Za-z-]+", re.IGNORECASE)
_DIR = re.compile(r"(\sdir\s*=\s*[\"']?)[A-Za-z]+", re.IGNORECASE)
RIGHT_TO_LEFT = _set("ar fa he ur ps sd ug yi dv ckb")

Kind = Literal["text", "start", "end", "other"]
Stays = Callable[[str, int, int], int]


@dataclass(frozen=True, slots=True)
class _Mark:
    """One piece of the source, up to where the next begins."""

    kind: Kind
    start: int
    name: str = ""
    off: bool = False  # translate="no", class="notranslate", or in another language than the page


def opened(path: Path, name: str, limits: Limits) -> Opened:
    """A page, or a picture in SVG. Raises `RejectedFile`."""
    xml = PurePosixPath(name).suffix.lower() == ".svg"
    return open_text(
        path,
        name,
        limits,
        find=spans,
        written=lambda text, chosen, code: written(text, chosen, code, xml=xml),
        declares=True,
    )


def written(source: str, chosen: Sequence[tuple[Span, str]], code: str, *, xml: bool = False) -> str:
    """`xml`: without entities that only HTML knows."""
    return with_language(replaced(source, chosen, _plainly if xml else escape), code)


def spans(source: str, stays: Stays = lambda source, at, end: at) -> list[Span]:
    """`stays` says where what begins at a place and is no text of the page ends, or gives the place itself."""
    marks = [*_Scanner(source).marks, _Mark("other", len(source))]
    return _Blocks(source, marks, stays).found


def escape(text: str) -> str:
    return escaped(text, quote=False).replace("\xa0", "&nbsp;")


def _plainly(text: str) -> str:
    return escaped(text, quote=False)


def with_language(source: str, code: str) -> str:
    """The page's own word for its language changed, and for the side on which its lines begin."""
    return _ROOT.sub(lambda tag: _with_direction(_LANG.sub(rf"\g<1>{code}", tag[0]), code), source, count=1)


def _with_direction(tag: str, code: str) -> str:
    side = "rtl" if code.partition("-")[0] in RIGHT_TO_LEFT else "ltr"
    if _DIR.search(tag):
        return _DIR.sub(rf"\g<1>{side}", tag, count=1)
    return f'{tag[:5]} dir="rtl"{tag[5:]}' if side == "rtl" else tag


class _Scanner(HTMLParser):
    """Where each tag, text, entity and comment begins. The parser counts lines and columns; we want characters."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=False)
        self.marks: list[_Mark] = []
        self._language = ""
        self._lines = [0, *(m.end() for m in re.finditer("\n", source))]
        self.feed(source)
        self.close()

    def _mark(self, kind: Kind, name: str = "", off: bool = False) -> None:
        line, column = self.getpos()
        self.marks.append(_Mark(kind, self._lines[line - 1] + column, name, off))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        off = told.get("translate") == "no" or "notranslate" in told.get("class", "").split()
        language = told.get("lang", "").partition("-")[0].lower()
        self._language = language if tag == "html" else self._language
        self._mark("start", tag, off or bool(self._language and language not in ("", self._language)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._mark("start" if tag in _EMPTY else "other", tag)

    def handle_endtag(self, tag: str) -> None:
        self._mark("end", tag)

    def handle_data(self, data: str) -> None:
        self._mark("text")

    def handle_entityref(self, name: str) -> None:
        self._mark("text")

    def handle_charref(self, name: str) -> None:
        self._mark("text")

    def handle_comment(self, data: str) -> None:
        self._mark("other")

    def handle_decl(self, decl: str) -> None:
        self._mark("other")

    def handle_pi(self, data: str) -> None:
        self._mark("other")

    def unknown_decl(self, data: str) -> None:
        self._mark("other")


@dataclass(slots=True)
class _Blocks:
    """Gathers what is inline until a block begins or ends."""

    source: str
    marks: list[_Mark]
    stays: Stays
    found: list[Span] = field(default_factory=list)
    gathered: list[Token] = field(default_factory=list)
    opened: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        at = 0
        while at < len(self.marks) - 1:
            at = self._take(at)
        self._flush()

    def _take(self, at: int) -> int:
        mark, end = self.marks[at], self.marks[at + 1].start
        if mark.kind == "start" and not mark.off:
            self.found += attributes(self.source[mark.start : end], mark.start)
        if mark.kind == "text":
            self.gathered += self._texts(mark.start, end)
        elif mark.kind == "start" and (mark.off or mark.name in _OPAQUE | _KEPT):
            return self._pass_over(at)
        elif mark.name in _INLINE and mark.kind != "other":
            self.gathered.append(self._inline(mark, end))
        elif mark.kind == "other" or mark.name in _VOID:
            self.gathered.append(Token("void", mark.start, end))
        else:
            self._flush()
        return at + 1

    def _texts(self, start: int, end: int) -> Iterator[Token]:
        begin = at = start
        while at < end:
            after = self.stays(self.source, at, end)
            if after > at:
                yield Token("text", begin, at, unescape(self.source[begin:at]))
                yield Token("kept", at, after, _SPACE.sub(" ", self.source[at:after]))
                begin = after
            at = max(at + 1, after)
        yield Token("text", begin, end, unescape(self.source[begin:end]))

    def _pass_over(self, at: int) -> int:
        """An element that stays: inline ones with their words shown, blocks not at all."""
        name, start = self.marks[at].name, self.marks[at].start
        after = at + 1 if name in _EMPTY else self._after(at)
        end = self.marks[after].start
        if name in _INLINE | _KEPT:
            shown = _SPACE.sub(" ", unescape(re.sub(r"<[^>]*>", "", self.source[start:end]))).strip()
            self.gathered.append(Token("kept" if shown else "void", start, end, shown))
        elif name in _VOID:
            self.gathered.append(Token("void", start, end))
        else:
            self._flush()
        if name == "svg" and not self.marks[at].off:
            self._drawing(at + 1, after)
        return after

    def _drawing(self, at: int, after: int) -> None:
        """The words of a picture, each text by itself, wherever the picture stands."""
        while at < after:
            mark = self.marks[at]
            begun = mark.kind == "start"
            ends = self._after(at) if begun and (mark.off or mark.name in _DRAWN) else at + 1
            if begun and not mark.off:
                self.found += attributes(self.source[mark.start : self.marks[at + 1].start], mark.start)
            if begun and not mark.off and mark.name in _DRAWN:
                self.found += _Blocks(self.source, self.marks[at + 1 : ends], self.stays).found
            at = ends

    def _after(self, at: int) -> int:
        """Where the element that begins at `at` ends, also where its end tag is left out."""
        around = [self.marks[at].name]
        for after in range(at + 1, len(self.marks) - 1):
            mark = self.marks[after]
            if mark.kind == "start" and mark.name not in _EMPTY:
                if len(around) == 1 and _ends(around[0], mark.name):
                    return after
                around.append(mark.name)
            elif mark.kind == "end" and mark.name in around:
                while around.pop() != mark.name:
                    pass  # what was left open inside
                if not around:
                    return after + 1
            elif mark.kind == "end" and mark.name not in _EMPTY | {"p"}:  # that of what is around it
                return after
        return len(self.marks) - 1

    def _inline(self, mark: _Mark, end: int) -> Token:
        if mark.kind == "start":
            self.opened.append((mark.name, mark.start + 1))
            return Token("open", mark.start, end, pair=mark.start + 1)
        for at in range(len(self.opened) - 1, -1, -1):
            if self.opened[at][0] == mark.name:
                _, pair = self.opened[at]
                del self.opened[at:]
                return Token("close", mark.start, end, pair=pair)
        return Token("void", mark.start, end)

    def _flush(self) -> None:
        if one := span(list(_spaced(self.gathered))):
            self.found.append(one)
        self.gathered = []


def _ends(name: str, following: str) -> bool:
    """Whether the start of `following` ends an element whose end tag may be left out (HTML, section 13.1.2.4)."""
    if name == "p":
        return following in _ENDS_P
    return name in _ENDED_BY and following in _ENDED_BY[name]


def _spaced(tokens: list[Token]) -> Iterator[Token]:
    """Neighbouring texts as one, each run of white space as one space; a single space may stand between two tags."""
    at = 0
    while at < len(tokens):
        last = at
        while tokens[at].kind == "text" and last + 1 < len(tokens) and tokens[last + 1].kind == "text":
            last += 1
        first = tokens[at]
        if first.kind == "text":
            shown = _SPACE.sub(" ", "".join(token.shown for token in tokens[at : last + 1]).replace("\xa0", "\0"))
            yield Token("text", first.start, tokens[last].end, shown.replace("\0", "\xa0"))
        else:
            yield first
        at = last + 1
