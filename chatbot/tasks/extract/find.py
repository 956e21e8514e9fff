"""Where in a text a value stands that a model says it copied: what stands nowhere is no value."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from chatbot.tasks.extract.span import Span
from retrieval.checks.sentences import spans

_SAME = str.maketrans("’‘`´“”„«»「」『』–—−‐‑・", '\'\'\'\'"""""""""-----·')
_EDGES = " \t\n\r\"'.,;:!?。，；：、！？•*-“”‘’「」『』《》"
_WORD = re.compile(r"[^\W_]+")
COVERED = 0.75
"""Of the words of a value that is not copied word for word so many stand in one sentence, in their order. Of 1,192 phrases of three to
fourteen words of one paragraph of XQuAD (English, Chinese) none was found so in another one, at 0.6 eight were; of 590 with one word
dropped, changed or added 542 were found where they came from, at 0.85 445."""
WIDER = 2.0  # times as many words as the value has, between its first and last one in the text


@dataclass(frozen=True, slots=True)
class Folded:
    """A text without its spaces, case, width and kinds of quotes and dashes; `places[n]` is where its sign `n` stands."""

    text: str
    places: tuple[int, ...]


@lru_cache(64)
def folded(text: str) -> Folded:
    signs: list[str] = []
    places: list[int] = []
    for at, sign in enumerate(text):
        for one in unicodedata.normalize("NFKC", sign).translate(_SAME).casefold():
            if not one.isspace():
                signs.append(one)
                places.append(at)
    return Folded("".join(signs), tuple(places))


def found(value: str, text: str) -> list[Span]:
    """Every place, word for word but for spaces, case, width, quotes and dashes; whole words only."""
    wanted, source = folded(value.strip(_EDGES)).text, folded(text)
    if not wanted:
        return []
    places: list[Span] = []
    at = source.text.find(wanted)
    while at >= 0:
        start, end = source.places[at], source.places[at + len(wanted) - 1] + 1
        if _whole(text, start, end):
            places.append(Span(start, end))
        at = source.text.find(wanted, at + 1)
    return places


def snapped(value: str, text: str) -> list[Span]:
    """`found`, else the stretch of one sentence that holds nearly all of its words in their order: then that is the value."""
    if exact := found(value, text):
        return exact
    words = [word.casefold() for word in _words(value)]
    best: list[Span] = []
    most = COVERED
    for start, end in spans(text) if len(words) > 1 else ():
        if held := _held(words, text, start, end):
            span, share = held
            if share >= most and (share > most or not best):
                best, most = [span], share
    return best


def _held(words: list[str], text: str, start: int, end: int) -> tuple[Span, float] | None:
    """(where the words stand in that sentence, which share of them does)"""
    said = [(m.group().casefold(), m.start(), m.end()) for m in _pieces(text, start, end)]
    places, at = [], 0
    for word in words:
        here = next((n for n in range(at, len(said)) if said[n][0] == word), None)
        if here is not None:
            places.append(here)
            at = here + 1
    if not places or places[-1] - places[0] + 1 > WIDER * len(words):
        return None
    return Span(said[places[0]][1], said[places[-1]][2]), len(places) / len(words)


def _words(text: str) -> list[str]:
    return [m.group() for m in _pieces(text, 0, len(text))]


def _pieces(text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """Words; each sign of a script without spaces by itself."""
    return re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W_\u3040-\u30ff\u3400-\u9fff]+").finditer(text, start, end)


def _whole(text: str, start: int, end: int) -> bool:
    """Neither edge cuts a word or number; scripts without spaces have no such edges."""
    return not (_joined(text, start) or _joined(text, end)) and not _cut_number(text, start, end)


def _joined(text: str, at: int) -> bool:
    return 0 < at < len(text) and _letter(text[at - 1]) and _letter(text[at])


def _letter(sign: str) -> bool:
    return sign.isalnum() and not "\u2e80" <= sign <= "\ud7af"


def _cut_number(text: str, start: int, end: int) -> bool:
    """343 of 343.20 or of 1,343."""
    before = text[start].isdigit() and re.search(r"\d[.,]\Z", text[max(0, start - 2) : start])
    return bool(before or (text[end - 1].isdigit() and re.match(r"[.,]\d", text[end : end + 2])))
