"""LaTeX: titles, paragraphs, items, captions and cells; the preamble, formulas, listings and commands stay."""

import re
from collections.abc import Iterator
from pathlib import Path

from chatbot.common.limited import Limits
from chatbot.tasks.translate.files.opened import Opened, open_text
from chatbot.tasks.translate.files.prose.inline import one_line
from chatbot.tasks.translate.files.spans import Span, Token, replaced, span

_FIXED = (
    "equation|align|alignat|gather|multline|eqnarray|math|displaymath|verbatim|Verbatim|lstlisting|minted|tikzpicture|algorithm|"
    "algorithmic|comment|filecontents|thebibliography|pgfpicture|flalign"
)
"""Environments that are no text."""
_ALONE = "part|chapter|section|subsection|subsubsection|paragraph|subparagraph|title|subtitle|caption|date|author|thanks|frametitle"
_WRAPS = "textbf|textit|textsl|textsc|textsf|emph|underline|textrm|textmd|textup|enquote|footnote|mbox|uline|hl"
_EVENT = re.compile(
    rf"""
      (?P<comment>(?<!\\)%[^\n]*\n?[^\S\n]*)
    | (?P<fixed>\\begin\{{(?P<name>{_FIXED})\*?\}}.*?\\end\{{(?P=name)\*?\}}|\$\$.*?\$\$|\\\[.*?\\\])
    | (?P<void>\$(?:\\.|[^$\\])+\$ | \\\(.*?\\\) | \\(?:verb|lstinline)\*?(?P<bar>[^\w\s{{]).*?(?P=bar))
    | (?P<edge>\\(?:begin|end)\{{[^{{}}]*\}}(?:\[[^\]]*\]|\{{[^{{}}]*\}})* | \\item\b(?:\s*\[[^\]]*\])? | \\\\(?:\[[^\]]*\])? | (?<!\\)& | \\par\b | [^\S\n]*\n[^\S\n]*\n\s*)
    | (?P<alone>\\(?:{_ALONE})\*?(?:\[[^\]]*\])?\{{)
    | (?P<wraps>\\(?:{_WRAPS})\{{ | \\href\{{[^{{}}]*\}}\{{ | \\text(?:color|bg)\{{[^{{}}]*\}}\{{)
    | (?P<tied>~\\(?:[Cc]ite|[a-z]*ref)[a-z]*\*?(?:\[[^\]]*\])*\{{[^{{}}]*\}})
    | (?P<char>\\[%&_\#${{}}] | ~)
    | (?P<command>\\(?:[A-Za-z@]+\*?|.)(?:\s*\[[^\]]*\])*(?:\{{[^{{}}]*\}})*)
    | (?P<brace>[{{}}])
    """,
    re.VERBOSE | re.DOTALL,
)
_SHOWN = re.compile(
    r"""
      \\item\s*\[(?P<item>[^\]]*[^\W\d_]{3}[^\]]*)\] | \\begin\{(?:frame|block|alertblock|exampleblock)\}(?:\[[^\]]*\])?\{(?P<frame>[^{}]*)\}
    | \\begin\{(?:theorem|lemma|corollary|proposition|definition|example|remark|proof)\}\[(?P<name>[^\]]*)\] | \\\w+\*?\[(?P<short>[^\]]*)\]\{
    """,
    re.VERBOSE,
)  # what of an edge or a title readers see beside it: a term, a slide's title, a theorem's name, a short form
_BODY = re.compile(r"\\begin\{document\}(.*?)(?:\\end\{document\}|\Z)", re.DOTALL)
_HEAD = re.compile(r"\\(?:title|subtitle)\*?(?:\[[^\]]*\])?\{")


def opened(path: Path, name: str, limits: Limits) -> Opened:
    """Raises `RejectedFile`."""
    return open_text(path, name, limits, find=spans, written=lambda text, chosen, _: replaced(text, chosen, _escaped))


def spans(source: str) -> list[Span]:
    """Of the document's body, and the title before it; of a part without preamble all."""
    body = _BODY.search(source)
    found: list[Span] = []
    if body:
        for title in _HEAD.finditer(source, 0, body.start()):
            found += _spans(source, title.end(), _closed(source, title.end(), body.start()))
    return found + _spans(source, *(body.span(1) if body else (0, len(source))))


def _spans(source: str, start: int, end: int) -> list[Span]:
    """Those of source[start:end], each up to the next edge."""
    found: list[Span] = []
    tokens: list[Token] = []
    for token in _tokens(source, start, end, found):
        if token is not None:
            tokens.append(token)
            continue
        found += [one] if (one := span(tokens)) else []
        tokens = []
    return found + ([one] if (one := span(tokens)) else [])


def _tokens(source: str, start: int, end: int, apart: list[Span]) -> Iterator[Token | None]:
    """None at an edge. What a title or a caption holds goes to `apart`."""
    at = start
    while (event := _EVENT.search(source, at, end)) is not None:
        if event.start() > at:
            yield _text(source, at, event.start())
        at = event.end()
        match event.lastgroup if event.lastgroup not in ("name", "bar") else ("fixed" if event["fixed"] else "void"):
            case "edge" | "fixed":
                apart += _shown(source, event)
                yield None
            case "alone":
                apart += _shown(source, event)
                yield None
                stop = _closed(source, at, end)
                apart += _spans(source, at, stop)
                at = min(stop + 1, end)
            case "wraps":
                stop = _closed(source, at, end)
                yield Token("open", event.start(), at, pair=at)
                yield from (token for token in _tokens(source, at, stop, apart) if token is not None)
                yield Token("close", stop, min(stop + 1, end), pair=at)
                at = min(stop + 1, end)
            case "char":
                yield Token("text", event.start(), at, event[0].lstrip("\\").replace("~", " "))
            case _:
                yield Token("void", event.start(), at)
    if at < end:
        yield _text(source, at, end)


def _shown(source: str, event: re.Match[str]) -> list[Span]:
    shown = _SHOWN.fullmatch(source, *event.span())
    return _spans(source, *shown.span(shown.lastgroup)) if shown and shown.lastgroup else []


def _text(source: str, start: int, end: int) -> Token:
    return Token("text", start, end, one_line(source[start:end]))


def _closed(source: str, at: int, end: int) -> int:
    """Where the brace is closed that was opened before `at`; `end` if nowhere."""
    depth = 1
    for brace in re.compile(r"\\.|[{}]", re.DOTALL).finditer(source, at, end):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if not depth:
            return brace.start()
    return end


def _escaped(text: str) -> str:
    return re.sub(r"[%&_#$]", r"\\\g<0>", text)
