"""Words in the attributes of HTML's elements: what a reader sees, hears or gets as a hint."""

import re
from collections.abc import Iterator
from html import escape, unescape

from chatbot.tasks.translate.files.spans import Escape, Span, Token, span

_NAME = re.compile(r"<([A-Za-z][\w:-]*)")
_ATTRIBUTE = re.compile(r"""\s([A-Za-z][\w:-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+))""")
_ANYWHERE = frozenset(
    ("alt", "title", "placeholder", "aria-label", "aria-description", "aria-placeholder", "aria-roledescription")
)
_OF_ONE = {"label": ("option", "optgroup", "track"), "summary": ("table",), "abbr": ("th",), "content": ("meta",)}
_BUTTONS = frozenset(("button", "submit", "reset"))
_OFF = re.compile(r"""\btranslate\s*=\s*["']?no\b|\bclass\s*=\s*(?:"[^"]*|'[^']*)\bnotranslate\b""", re.IGNORECASE)
_SEEN_META = re.compile(
    r"(?:description|keywords|title|(?:og|twitter):(?:title|description|site_name|image:alt))\Z", re.I
)


def attributes(tag: str, start: int) -> Iterator[Span]:
    """`tag` is a start tag as it is written, which begins at `start` in the source."""
    element = _NAME.match(tag)
    if not element or _OFF.search(tag):
        return
    found = list(_ATTRIBUTE.finditer(tag))
    values = {one[1].lower(): unescape(one[2] or one[3] or one[4] or "") for one in found}
    for one in found:
        number = next(n for n in _STYLES if one[n] is not None)
        if _is_seen(element[1].lower(), one[1].lower(), values):
            text = Token("text", start + one.start(number), start + one.end(number), unescape(one[number]))
            if made := span([text], escape=_STYLES[number]):
                yield made


def _is_seen(element: str, name: str, values: dict[str, str]) -> bool:
    if name == "content":
        return element == "meta" and _SEEN_META.match(values.get("name") or values.get("property") or "") is not None
    if name == "value":
        return element == "input" and values.get("type", "").lower() in _BUTTONS
    return name in _ANYWHERE or element in _OF_ONE.get(name, ())


def _double(text: str) -> str:
    return escape(text, quote=False).replace('"', "&quot;")


def _single(text: str) -> str:
    return escape(text, quote=False).replace("'", "&#39;")


def _quoted(text: str) -> str:
    return f'"{_double(text)}"'


_STYLES: dict[int, Escape] = {2: _double, 3: _single, 4: _quoted}
"""How a value is written, by the group of `_ATTRIBUTE` that it is: one without quotes gets some."""
