"""Values of keys, by their places in the source: `.strings` of iOS, JSON and ARB, YAML. Keys, comments and layout stay."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from chatbot.tasks.translate.files.formats.words import BACKSLASHED, DOUBLED, is_key, tokens
from chatbot.tasks.translate.files.opened import Opened, open_text
from chatbot.tasks.translate.files.prose.inline import within
from chatbot.tasks.translate.files.spans import Escape, Span, replaced, span

_STRING = r'"((?:[^"\\]|\\.)*+)"'
_APPLE = re.compile(rf'/\*.*?\*/|//[^\n]*|(?:{_STRING}|[\w.-]+)\s*=\s*"((?:[^"\\]|\\.)*+)"\s*;', re.DOTALL)
_LINES = re.compile(r"^[ \t]*(?P<text>\S[^\n]*?)[ \t]*$", re.MULTILINE)
_FOLDED = re.compile(r"^(?P<indent>[ \t]*)(?P<text>\S[^\n]*(?:\n(?P=indent)\S[^\n]*)*)", re.MULTILINE)
_NO_TEXT = re.compile(r"true|false|yes|no|on|off|null|~", re.IGNORECASE)  # of YAML's, without quotes
_ODD = re.compile(
    r"""\A(?:true|false|yes|no|on|off|null|~)\Z|\A[\s"'>|&*!%@`\[\]{}#,?:-]|:(?:\s|\Z)|\s#|\s\Z""", re.IGNORECASE
)
_LISTING = re.compile(r"[][{},]")
_JSON = re.compile(rf"{_STRING}(\s*:\s*)?", re.DOTALL)


def opened(path: Path, name: str, limits: Limits) -> Opened:
    """Raises `RejectedFile`."""
    find, write = {".strings": (_apple, _written), ".json": (_json, _written), ".arb": (_json, _written)}.get(
        PurePosixPath(name).suffix.lower(), (_yaml, _yaml_written)
    )
    return open_text(path, name, limits, find=lambda text: list(find(text)), written=write)


def _written(source: str, chosen: Sequence[tuple[Span, str]], code: str) -> str:
    return replaced(source, chosen, str)


def _yaml_written(source: str, chosen: Sequence[tuple[Span, str]], code: str) -> str:
    """A scalar without quotes gets some, around all of it, where YAML would read something else."""
    parts, at = [], 0
    for start, end, listed in _plain_scalars(source):
        parts.append(_written(source[at:start], within(chosen, at, start), code))
        text = _written(source[start:end], within(chosen, start, end), code)
        odd = text != source[start:end] and (_ODD.search(text) or (listed and _LISTING.search(text)))
        parts.append(f'"{_double(text)}"' if odd else text)
        at = end
    return "".join((*parts, _written(source[at:], within(chosen, at, len(source)), code)))


def _plain_scalars(source: str) -> Iterator[tuple[int, int, bool]]:
    """Where those without quotes stand, and whether in brackets."""
    import yaml

    depth = 0
    for token in yaml.scan(source, Loader=yaml.SafeLoader):
        depth += token.id in ("[", "{")
        depth -= token.id in ("]", "}")
        if token.id == "<scalar>" and not token.style:
            yield token.start_mark.index, token.end_mark.index, depth > 0


def _apple(source: str) -> Iterator[Span]:
    for found in _APPLE.finditer(source):
        if found[2] is not None and (one := _value(found[2], found.start(2), _double)):
            yield one


def _json(source: str) -> Iterator[Span]:
    try:
        json.loads(source)
    except ValueError as error:
        raise RejectedFile("damaged") from error
    after = 0  # the value of a key with @, which in ARB tells of another
    for found in _JSON.finditer(source):
        if found.start() < after:
            continue
        if found[2] and found[1].startswith(("@", "$")):
            after = json.JSONDecoder().raw_decode(source, found.end())[1]
        elif found[2]:
            continue
        elif not is_key(found[1]) and (one := _value(found[1], found.start(1), _double)):
            yield one


def _yaml(source: str) -> Iterator[Span]:
    import yaml

    try:
        keyed, found = "", list(yaml.scan(source, Loader=yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise RejectedFile("damaged") from error
    for token in found:
        keyed = token.id if token.id != "<scalar>" else keyed
        if token.id != "<scalar>" or keyed == "?":
            continue
        if token.style in ("|", ">"):
            yield from _block(source, token.start_mark.index, token.end_mark.index)
        elif one := _flow(source, token):
            yield one


def _flow(source: str, token: Any) -> Span | None:
    """A scalar that is no block; a line break that a person has put into it stays."""
    quote = len(token.style or "")
    start, end = token.start_mark.index + quote, token.end_mark.index - quote
    raw = source[start:end]
    broken = "\n" in token.value and not (token.style == '"' and "\n" not in raw)
    if broken or is_key(raw) or (not token.style and _NO_TEXT.fullmatch(raw)):
        return None
    escape, escapes = _STYLES[token.style]
    return span([replace(one, shown=_line(one.shown)) for one in tokens(raw, start, escapes)], escape=escape)


def _block(source: str, start: int, end: int) -> Iterator[Span]:
    """Each line of a block by itself, so that it keeps its shape; of a folded one, whose lines are one, each paragraph."""
    pieces = _FOLDED if source[start] == ">" else _LINES
    for piece in pieces.finditer(source, source.index("\n", start, end) + 1 if "\n" in source[start:end] else end, end):
        found = tokens(piece["text"], piece.start("text"))
        if one := span([replace(token, shown=_line(token.shown)) for token in found], escape=_line):
            yield one


def _value(raw: str, start: int, escape: Escape, escapes: re.Pattern[str] | None = BACKSLASHED) -> Span | None:
    return span(list(tokens(raw, start, escapes)), escape=escape)


def _double(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _line(text: str) -> str:
    return re.sub(r"\s*\n\s*", " ", text)


_STYLES: dict[str | None, tuple[Escape, re.Pattern[str] | None]] = {  # of YAML's scalars
    '"': (_double, BACKSLASHED),
    "'": (lambda text: text.replace("'", "''"), DOUBLED),
    None: (str, None),  # quotes go around the whole
}
