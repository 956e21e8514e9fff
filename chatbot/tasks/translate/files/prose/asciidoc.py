"""AsciiDoc: titles, paragraphs, items, cells of tables; listings, attributes, macros and inline markup stay."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import regex

from chatbot.common.limited import Limits
from chatbot.tasks.translate.files.opened import Opened, open_text
from chatbot.tasks.translate.files.prose.inline import Stretch, paragraph, touched, written
from chatbot.tasks.translate.files.spans import Span

_INLINE = regex.compile(
    r"""
      \+\+.+?\+\+ | ``(?P<kept>.+?)`` | (?<!\w)`(?P<kept>[^`\n]+)`(?!\w) | \{(?P<kept>[\w-]+)\}
    | (?:link:|xref:)[^\s\[]+\[(?P<words>[^\]\n]+)\] | (?:https?|mailto):[^\s\[]+\[(?P<words>[^\]\n]+)\]
    | <<[^<>\n,]+,\s*(?P<words>[^<>\n]+)>> | <<[^<>\n]+>> | \[\[[^\[\]\n]+\]\] | https?://[^\s\[\]<>]*[^\s\[\]<>.,;:!?)]
    | footnote:[\w-]*\[(?P<words>[^\]\n]+)\]
    | (?:stem|latexmath|asciimath|pass|image|icon|kbd|btn|menu|indexterm2?|anchor):[^\s\[]*\[[^\]\n]*\]
    | \*\*(?P<words>[^*\n]+)\*\* | (?<![\w*])\*(?P<words>[^*\s](?:[^*]*[^*\s])?)\*(?![\w*])
    | __(?P<words>[^_\n]+)__ | (?<![\w_])_(?P<words>[^_\s](?:[^_]*[^_\s])?)_(?![\w_])
    | (?<=\s)\+(?:\n|$) | \#\#(?P<words>[^\#\n]+)\#\#
    """,
    regex.VERBOSE | regex.DOTALL,
)
_SINGLE = regex.compile(
    r"(?<![*\\])\*(?![\s*])[^*\n]*(?<![\s\\])\*(?!\*)|(?<![\w_\\]|(?=\p{Han}))_(?![\s_])[^_\n]*(?<!\s)_(?!_)(?=\p{Han})|(?<=\p{Han})_(?![\s_])[^_\n]*(?<!\s)_(?!_)"
)
_FENCE = re.compile(r"(-{4,}|\.{4,}|\+{4,}|/{4,}|```)\S*\s*")  # around what is no text
_AROUND = re.compile(r"(?:={4,}|\*{4,}|_{4,}|--|\|===|!===)\s*")  # around what is
_SKIPPED = re.compile(r"//|:!?[\w-]+!?:|\[.*\]\s*$|\w+::\S*\[.*\]\s*$|'''|<<<|\+\s*$|(?:ifn?def|ifeval|endif)::")
_PICTURE = re.compile(r'image::\S*?\[(?!\w+=)"?((?<=")[^"\n]+|[^\]",\n]+)')  # its words
_HEADER = re.compile(r"(?:(?://|:)[^\n]*\n|\s*\n)*=\s[^\n]*\n((?:[^\n]+\n)*)")  # author and revision follow the title
_TITLE = re.compile(r"(?:(?:={1,6}|#{1,6})\s+|\.(?=[^\s.]))(.+)")
_ITEM = re.compile(
    r"\s*(?:(?:[*-]+|\.+|\d+\.|<[\d.]+>)\s+(?:\[[ x*]\]\s+)?)?(?:(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION):\s+)?"
)
_TERM = re.compile(r"(\s*)(\S.*?)(:{2,4}|;;)(?:\s+|$)")
_CELL = re.compile(r"(?<!\\)(?:\d*\.?\d*[+*])?[<^>]?\.?[<^>]?[aehlmsv]?\|")


def opened(path: Path, name: str, limits: Limits) -> Opened:
    """Raises `RejectedFile`."""
    return open_text(
        path, name, limits, find=spans, written=lambda text, chosen, _: written(text, chosen, "*`", _doubled)
    )


def _doubled(text: str) -> str:
    """With two marks for one beside a letter, where one would be none; underscores in words are no marks."""

    def mended(found: Any) -> str:
        whole: str = found[0]
        return f"{whole[0]}{whole}{whole[0]}" if any(touched(text, found)) else whole

    doubled: str = _SINGLE.sub(mended, text)
    return doubled


def spans(source: str) -> list[Span]:
    found = (paragraph(source, stretch, _INLINE) for stretch in _stretches(source))
    return [one for one in found if one is not None]


def _stretches(source: str) -> Iterator[Stretch]:
    fence, table, start, end = "", False, -1, -1
    header = _HEADER.match(source)
    head = header.span(1) if header else (0, 0)
    for line in re.finditer(r"[^\n]*\n?", source):
        text, at = line[0].rstrip(), line.start()
        opens = _FENCE.fullmatch(text)
        beginning = bool(
            fence or opens or not text or _AROUND.fullmatch(text) or _SKIPPED.match(text) or _starts(text, start >= 0)
        )
        if (beginning or table) and start >= 0:
            yield start, end
            start = -1
        if fence or opens:
            fence = "" if fence == text else fence or (text if opens and text[0] != "`" else "```")
        elif text == "|===":
            table = not table
        elif table:
            yield from _cells(source, at, at + len(text))
        elif shown := _PICTURE.match(text) or _TITLE.match(text):
            yield at + shown.start(1), at + shown.end(1)
        elif not text or _AROUND.fullmatch(text) or _SKIPPED.match(text) or head[0] <= at < head[1]:
            continue
        elif term := _TERM.match(text):
            yield at + term.start(2), at + term.end(2)
            start, end = at + term.end(), at + len(text)
        elif start < 0:
            if text[0] == " " and not _ITEM.match(text)[0].strip():  # type: ignore[index]  # an indented line is a listing
                continue
            start, end = at + _ITEM.match(text).end(), at + len(text)  # type: ignore[union-attr]
        else:
            end = at + len(text)
        start = -1 if start >= end else start
    if start >= 0:
        yield start, end


def _starts(text: str, within: bool) -> bool:
    """Whether something of its own begins with this line."""
    item = _ITEM.match(text)
    return bool(_TITLE.match(text) or _TERM.match(text) or (within and item and item[0].strip()))


def _cells(source: str, start: int, end: int) -> Iterator[Stretch]:
    at = start
    for mark in _CELL.finditer(source, start, end):
        if at < mark.start():
            yield at, mark.start()
        at = mark.end()
    if at < end:
        yield at, end
