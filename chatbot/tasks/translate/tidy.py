"""What models put around a translation: thoughts, a greeting that announces it, code fences, notes. It is taken off."""

import re

_THOUGHT = re.compile(r"<(think|thinking|reasoning)>.*?(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_THOUGHT_END = re.compile(r"\A.*</(?:think|thinking|reasoning)>", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"\A\s*(`{3,}|~{3,})[\w+-]*[ \t]*\n(.*?)\n?\1\s*\Z", re.DOTALL)
_NAMES = r"translat(?:ion|ed|e[sd]?)\b|übersetz\w*|traduc\w*|traduz\w*|tradu[çc]\w*|перевод\w*|vertal\w*|tłumacz\w*|翻[译譯]|[译譯]文|訳|번역"
_LEAD = re.compile(rf"\A\s*(?=[^\n:：]{{0,120}}(?:{_NAMES}))[^\n:：]{{1,120}}[:：]\s*", re.IGNORECASE)
_GREETING = re.compile(
    r"\A\s*(?:sure|certainly|of course|absolutely|好的|当然(?:可以)?)[!,.，！。]*[ \t]*\n+", re.IGNORECASE
)
_WORDS = (
    r"(?:translator'?s\s+)?(?:note|nb|n\.b\.|explanation|anmerkung|hinweis|erklärung|remarque|nota|explication|explicación|"
    r"примечание|注|注意|备注|備註|译者?注|説明|说明|解释)s?"
)
_NOTE = re.compile(
    rf"\s*(?:[(（\[*_]+\s*{_WORDS}\s*[:：].*|\n\s*{_WORDS}\s*[:：].*|\n\s*(?:let me know|i hope|please let|feel free)\b.*)\Z",
    re.DOTALL | re.IGNORECASE,
)
_QUOTES = (('"', '"'), ("“", "”"), ("„", "“"), ("«", "»"), ("「", "」"), ("'", "'"), ("‘", "’"))


def tidied(source: str, said: str) -> tuple[str, str]:
    """(the translation, what was taken off that may have been one). It is on one line where the source is.

    What the source has itself (a note, a fence, quotes) is never taken off.
    """
    said = _without_thoughts(source, said).strip()
    fenced = _FENCE.match(said) if "```" not in source and "~~~" not in source else None
    said = fenced[2].strip() if fenced else said
    for extra in (_GREETING, _LEAD, _NOTE):
        shorter = extra.sub("", said, count=1) if not extra.search(source) else said
        said = shorter if shorter.strip() else said
    fenced = _FENCE.match(said) if "```" not in source and "~~~" not in source else None
    said = (fenced[2] if fenced else said).strip()
    rest = ""
    if "\n" not in source:
        said, rest = _first(source, said)
    for opening, closing in _QUOTES:
        if said.startswith(opening) and said.endswith(closing) and len(said) > 1 and source[:1] not in "\"“„«「'‘":
            said = said[1:-1].strip()
    lead, trail = source[: len(source) - len(source.lstrip())], source[len(source.rstrip()) :]
    return f"{lead}{said}{trail}" if said else "", rest


def _without_thoughts(source: str, said: str) -> str:
    if _THOUGHT.search(source) or _THOUGHT_END.search(source):
        return said
    return _THOUGHT_END.sub("", _THOUGHT.sub("", said))


def _first(source: str, said: str) -> tuple[str, str]:
    """Of an answer in paragraphs to a source of one, the first, where that may be all; else all of it on one line."""
    first, _, rest = said.partition("\n\n")
    if rest.strip() and 3 * len(first) >= len(source):
        return re.sub(r"\s*\n\s*", " ", first), " ".join(rest.split())
    return re.sub(r"\s*\n\s*", " ", said), ""
