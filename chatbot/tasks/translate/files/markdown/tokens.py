"""Tokens of markdown-it-py as tokens of the source: each with its place, pairs matched, joined where they are one text."""

import re
from collections.abc import Iterator, Sequence

from markdown_it.token import Token as Parsed

from chatbot.tasks.translate.files.lines import joined
from chatbot.tasks.translate.files.spans import Token

_ORDERS = re.compile(
    r"bg(?:\s+\S+)*|(?:\s*(?:w|h|width|height|blur|brightness|contrast|grayscale|opacity|sepia)(?::\S+)?)+"
)  # of Marp, in the place of words for a picture
_TASK = re.compile(r"\[[ xX]\][ \t]+")
_ELEMENT = re.compile(r"<(/?)([A-Za-z][\w-]*)[^>]*?(/?)>", re.DOTALL)
_WORDS_STAY = re.compile(r"<(?:code|kbd|samp|var)\b|<[^>]*\stranslate=[\"']?no\b", re.IGNORECASE)


def tokens(parsed: Sequence[Parsed], where: Sequence[int], source: str) -> list[Token]:
    """`where`: for each character of the content, and its end, the place in the source."""
    found = list(_paired(_whole(list(_flat(parsed, 0))), where, source))
    return list(_with_box(_merged(_with_elements_kept(found, source))))


class _Bit:
    """A token, or half of a picture, with its place in the content. `label` is that of a link that is nothing but it."""

    def __init__(self, type: str, start: int, end: int, content: str = "", label: str = "") -> None:
        self.type, self.start, self.end, self.content, self.label = type, start, end, content, label


def _flat(parsed: Sequence[Parsed], offset: int) -> Iterator[_Bit]:
    begin, address = -1, ""  # of a link such as <https://a.org>, which stays as it is
    for token in parsed:
        start, end = (offset + at for at in token.meta["at"])
        if token.type == "image" and not _ORDERS.fullmatch(token.content):
            inner = start + 2
            yield _Bit("image_open", start, inner)
            yield from _flat(token.children or [], inner)
            yield _Bit("image_close", inner + len(token.content), end)
        elif token.markup == "autolink" and token.type == "link_open":
            begin, address = start, ""
        elif token.markup == "autolink":
            yield _Bit("fixed", begin, end, address)
            begin = -1
        elif begin >= 0:
            address += token.content
        else:
            yield _Bit(token.type, start, end, token.content)


def _whole(bits: list[_Bit]) -> list[_Bit]:
    """The two halves of ** as one, which the parser leaves beside an empty text."""
    found: list[_Bit] = []
    for bit in bits:
        last = found[-1] if found else None
        if bit.type == "strong_open" and last and last.type == "text" and not last.content:
            found[-1] = _Bit(bit.type, last.start, bit.end)
        elif last and last.type == "strong_close" and bit.type == "text" and not bit.content:
            last.end = bit.end
        else:
            found.append(bit)
    return found


def _paired(bits: Sequence[_Bit], where: Sequence[int], source: str) -> Iterator[Token]:
    opened: list[tuple[str, int]] = []
    for bit in bits:
        start, end = where[bit.start], where[bit.end]
        name, _, side = bit.type.rpartition("_")
        element = _ELEMENT.fullmatch(bit.content) if bit.type == "html_inline" else None
        if element and not element[3]:
            name, side = element[2].lower(), "close" if element[1] else "open"
        if bit.type in ("text", "text_special", "softbreak"):
            yield Token("text", start, end, "\n" if bit.type == "softbreak" else bit.content)
        elif bit.type in ("code_inline", "fixed") and bit.content:
            yield Token("kept", start, end, " ".join(bit.content.split()))
        elif side == "open":
            opened.append((name, start + 1))
            yield Token("open", start, end, pair=start + 1)
        elif side == "close" and (pair := _opening(opened, name)):
            yield Token("close", start, end, pair=pair, raw=_with_label(source, pair, start, end))
        else:
            yield Token("void", start, end)


def _opening(opened: list[tuple[str, int]], name: str) -> int:
    """What this closes, which with all that is open inside it is open no more; 0 where there is nothing."""
    for at in range(len(opened) - 1, -1, -1):
        if opened[at][0] == name:
            pair = opened[at][1]
            del opened[at:]
            return pair
    return 0


def _with_label(source: str, pair: int, start: int, end: int) -> str | None:
    """A link such as [this] goes on pointing there when its words are others: [these][this]."""
    if source[start:end] not in ("]", "][]"):
        return None
    begin = pair + 1 if source[pair - 1] == "!" else pair
    return f"][{' '.join(source[begin:start].split())}]"


def _with_elements_kept(found: Sequence[Token], source: str) -> list[Token]:
    """Elements such as <kbd> stay with their words."""
    kept: list[Token] = []
    until = 0
    for token in found:
        if until:
            kept[-1] = Token("kept", kept[-1].start, token.end, kept[-1].shown + token.shown)
            until = 0 if token.kind == "close" and token.pair == until else until
        elif token.kind == "open" and _WORDS_STAY.match(source, token.start, token.end) and _closes(found, token.pair):
            kept.append(Token("kept", token.start, token.end))
            until = token.pair
        else:
            kept.append(token)
    return kept


def _closes(found: Sequence[Token], pair: int) -> bool:
    return any(token.kind == "close" and token.pair == pair for token in found)


def _merged(found: Sequence[Token]) -> list[Token]:
    """Neighbouring texts as one with their lines joined."""
    merged: list[Token] = []
    for token in found:
        last = merged[-1] if merged else None
        if token.kind == "text" and last and last.kind == "text":
            merged[-1] = Token("text", last.start, token.end, last.shown + token.shown)
        else:
            merged.append(token)
    return [Token(t.kind, t.start, t.end, _tidy(t.shown), t.pair, t.raw) for t in merged]


def _tidy(shown: str) -> str:
    """Lines as one, with the spaces at either end as they are: they stand between this and a tag."""
    if "\n" not in shown:
        return shown
    inner = joined(shown.strip())
    return f"{' ' * shown[:1].isspace()}{inner}{' ' * shown[-1:].isspace()}"


def _with_box(found: Sequence[Token]) -> Iterator[Token]:
    """The box of a task is no text."""
    for at, token in enumerate(found):
        box = _TASK.match(token.shown) if at == 0 and token.kind == "text" else None
        if box:
            yield Token("void", token.start, token.start + box.end())
            yield Token("text", token.start + box.end(), token.end, token.shown[box.end() :])
        else:
            yield token
