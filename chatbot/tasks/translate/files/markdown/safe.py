"""A translation written so that Markdown reads it as it read the source: no markup more, and none less."""

import re
from collections.abc import Callable

from chatbot.tasks.translate.files.markdown import front
from chatbot.tasks.translate.files.markdown.parser import parser
from chatbot.tasks.translate.files.marked import PLACEHOLDER
from chatbot.tasks.translate.files.spans import Escape, Span

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~])")
_STARTS_BLOCK = re.compile(r"\s*(?:[#>+=-]|:|!!!|\d{1,9}[.)])")
_TOLD = ("code_inline", "fixed", "wiki_open")  # tokens that differ by what is in them
_MARK = re.compile(r"(\*+|_+|~~)")


class Writer:
    """Chooses how a span is written: escaped only where it must be, apart from its marks where these would not count."""

    def __init__(self, source: str, *, mdx: bool) -> None:
        self._source, self._md = source, parser(mdx=mdx)
        self._references: dict[str, object] = {}
        head = front.FRONT.match(source)
        self._md.parse(source[head.end() if head else 0 :], self._references)

    def __call__(self, one: Span, render: Callable[[Escape, bool], str]) -> str:
        """`render(escape, apart)` gives the text; the source's own is the last resort."""
        if one.escape:
            return render(one.escape, False)
        own = self._source[one.start : one.end]
        wanted = self._forms(own)
        line = self._source[self._source.rfind("\n", 0, one.start) + 1 : one.start]
        begins = not line.strip(" \t>") and one.tokens[0].kind == "text"
        cell = "|" in line or self._source[one.end : one.end + 3].lstrip(" \t").startswith("|")
        for escape, apart in (
            (_in_cell if cell else _on_a_line, False),
            (_in_cell if cell else _on_a_line, True),
            (_escaped, False),
            (_escaped, True),
        ):
            result = render(escape, apart)
            if begins and _STARTS_BLOCK.match(result) and _lead(result) != _lead(own):
                result = re.sub(r"^(\s*\d*)(.)", r"\1\\\2", result, count=1, flags=re.DOTALL)
            if self._forms(result) == wanted:
                return result
        return own

    def _forms(self, text: str) -> list[tuple[str, str]]:
        """What there is besides text, as a set with counts: translation may change the order."""
        children = self._md.parseInline(text, self._references)[0].children or []
        return sorted(
            (token.type, token.content if token.type in _TOLD else str(sorted(token.attrs.items())))
            for token in children
            if token.type not in ("text", "text_special", "softbreak")
        )


def _lead(text: str) -> str:
    """The signs at its beginning: where the source's own begin no block, the same ones begin none in a translation."""
    found = re.match(r"[^\w\s]*\s?", text)
    return found[0] if found else ""


def _on_a_line(text: str) -> str:
    return " ".join(text.split("\n"))


def _in_cell(text: str) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", _on_a_line(text))


def _escaped(text: str) -> str:
    """Every sign that could be markup, but for those of placeholders."""
    parts: list[str] = []
    at = 0
    for fixed in PLACEHOLDER.finditer(text):
        parts += (_SPECIAL.sub(r"\\\1", text[at : fixed.start()]), fixed[0])
        at = fixed.end()
    return _on_a_line("".join((*parts, _SPECIAL.sub(r"\\\1", text[at:]))))
