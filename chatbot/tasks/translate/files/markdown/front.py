"""Front matter (YAML between ---, TOML between +++, JSON in braces): the words in it that readers see, each in its own quotes."""

import json
import re
from collections.abc import Iterator

from chatbot.tasks.translate.files.spans import Escape, Span, Token, span

FRONT = re.compile(
    r"""\A(?: (---|\+\+\+)[ \t]*\n(?:.*?\n)??(?:\1|\.\.\.)
         | \{[ \t]*\n(?:[ \t]*(?:"[^\n]*|[\[\]{}][^\n]*)?\n)*?\} )[ \t]*(?:\n|\Z)""",
    re.DOTALL | re.VERBOSE,
)
_SEEN = (
    "title|linktitle|shorttitle|short_title|subtitle|description|summary|abstract|excerpt|tagline|headline|lead|caption|"
    "sidebar_label|sidebar_title|nav_title|pagination_label|image_alt|alt|label|text|details"
)
_LINE = re.compile(
    rf"""^[ \t]*(?:-[ \t]+)?["']?(?:{_SEEN})["']?[ \t]*[:=][ \t]*
    (?: "{{3}}(?P<long>(?:[^"\\]|\\.|"(?!""))+)"{{3}} | "(?P<double>(?:[^"\\\n]|\\.)*)" | '(?P<single>(?:[^'\n]|'')*)'
      | (?P<style>[>|])[+-]?\d?[ \t]*\n(?P<block>[ \t]+\S.*(?:\n(?:[ \t]+\S.*|[ \t]*(?=\n)))*)
      | (?P<plain>[^\s"'>|&*!%@`\[{{#][^\n]*?) )[ \t]*,?[ \t]*(?:\#[^\n]*)?$""",
    re.VERBOSE | re.IGNORECASE | re.MULTILINE,
)
_LINES = re.compile(r"^[ \t]*(?P<text>\S.*?)[ \t]*$", re.MULTILINE)
_WORDED = re.compile(r"(?P<text>\S.*?)[ \t]*$", re.MULTILINE)
_FOLDED = re.compile(r"^(?P<indent>[ \t]*)(?P<text>\S.*(?:\n(?P=indent)\S.*)*)", re.MULTILINE)
_ODD = re.compile(
    r"""\A[\s"'>|&*!%@`\[\]{}#,?:-]|:(?:\s|\Z)|\s\#|\A(?:true|false|yes|no|on|off|null|~)\Z""", re.IGNORECASE
)


def spans(source: str) -> Iterator[Span]:
    front = FRONT.match(source)
    for found in _LINE.finditer(source, 0, front.end()) if front else ():
        name = found.lastgroup
        if name == "block":
            yield from _block(source, found.start(name), found.end(name), _FOLDED if found["style"] == ">" else _LINES)
        elif name == "long":
            yield from _long(source, found.start(name), found.end(name))
        elif name and (one := _one(source, name, found.start(name), found.end(name))):
            yield one


def _one(source: str, style: str, start: int, end: int) -> Span | None:
    raw = source[start:end]
    read, write = _STYLES.get(style, (str, _plain))
    shown = read(raw)
    return span([Token("text", start, end, shown)], escape=write)


def _block(source: str, start: int, end: int, pieces: re.Pattern[str]) -> Iterator[Span]:
    """Each line by itself, so that the block keeps its shape; of a folded one, whose lines are one, each paragraph."""
    for piece in pieces.finditer(source, start, end):
        if one := span([Token("text", *piece.span("text"), _line(piece["text"]))], escape=_line):
            yield one


def _long(source: str, start: int, end: int) -> Iterator[Span]:
    """TOML's string of several lines, each by itself."""
    for piece in _WORDED.finditer(source, start, end):
        if one := _one(source, "double", *piece.span("text")):
            yield one


def _read(raw: str) -> str:
    """JSON's escapes are those of YAML and TOML that people use."""
    try:
        return str(json.loads(f'"{raw}"'))
    except ValueError:  # an escape of YAML alone: shown as it stands
        return raw


def _line(text: str) -> str:
    return " ".join(text.split())


def _double(text: str) -> str:
    return json.dumps(_line(text), ensure_ascii=False)[1:-1]


def _plain(text: str) -> str:
    """In quotes where YAML would read something else."""
    text = _line(text)
    return f'"{_double(text)}"' if _ODD.search(text) else text


_STYLES: dict[str, tuple[Escape, Escape]] = {  # of quotes: how they are read, and written
    "double": (_read, _double),
    "single": (lambda text: text.replace("''", "'"), lambda text: text.replace("'", "''")),
}
