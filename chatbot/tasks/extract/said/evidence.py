"""The words by which a text gives a value to a field: a cue belongs to the nearest value of its sentence, or of its column."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache

from chatbot.tasks.extract.fields import Field
from chatbot.tasks.extract.said.concepts import CONCEPTS, Concept, of
from chatbot.tasks.extract.said.roles import plays_another
from chatbot.tasks.extract.said.shapes import FEWEST, IS_NUMBER, shaped
from chatbot.tasks.extract.span import Span
from chatbot.tasks.extract.text import units

BEHIND = 25  # characters between a value and a cue behind it: "€500 as a deposit"
_DENIED = re.compile(
    r"(?:\b(?:no|not|without|nor|free of|keine?\w?|ohne|sans|sin|aucune?)\W+(?:\w+\W+)?|[不无没免未]\w{0,2})\Z",
    re.IGNORECASE,
)
_DENIED_BEHIND = re.compile(
    r"\A\W*(?:(?:is|are|was|were|has|have)\s+)?(?:not\b|none\b|waived|n/?a\b|nil\b|tbd\b|to be (?:told|set|announced)|不|无|没|免|未|待定|另行)",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"[,;:，；：。\n]")
_CELL = re.compile(r"[^\S\n]*\|[^\S\n]*|\t+| {2,}")
_NUMBERED = re.compile(r"(?:\b(?:no|nr|number|ref\w*|id|code|invoice|order|file|case)\b|[#№号])\W*\Z", re.IGNORECASE)
_DOCUMENT = re.compile(
    r"invoice|order|contract|receipt|reference|customer|account|policy|ticket|发票|订单|合同|收据|客户|账|rechnung|factur",
    re.IGNORECASE,
)
_PLAIN = frozenset(
    [
        "date",
        "day",
        "time",
        "when",
        "amount",
        "sum",
        "total",
        "price",
        "cost",
        "value",
        "fee",
        "number",
        "quantity",
        "name",
        "of",
        "the",
        "and",
        "for",
        "per",
        "in",
        "is",
        "fecha",
        "importe",
        "precio",
        "datum",
        "betrag",
        "preis",
        "montant",
        "prix",
        "日期",
        "时间",
        "金额",
        "价格",
        "费用",
        "合计",
        "总额",
        "总价",
        "数量",
        "单价",
        "名称",
    ]
)


def says(field: Field, text: str, span: Span, others: Sequence[Span], *, own: bool = False) -> bool:
    """Whether what stands there can be the field's value. `others` are all that could; `own`: it stands in a sentence that speaks of
    the record alone, where a lone one needs no name."""
    if not shaped(field, text[span.start : span.end]) or plays_another(field, text, span):
        return False
    if field.kind == "text" and IS_NUMBER.search(field.name) and _DOCUMENT.search(field.name):
        return span.end - span.start >= FEWEST or _numbered(field, text, span)
    concept = of(field)
    if concept is None:
        return not _is_another_s(field, text, span, others)
    if named(concept, text, span, others) or touched(concept, text, span):
        return True
    if concept.free:
        return not any(touched(one, text, span) for one in CONCEPTS if one is not concept and field.kind in one.kinds)
    return own and _is_alone(text, span, others)


def named(concept: Concept, text: str, span: Span, others: Sequence[Span], *, outright: bool = False) -> bool:
    """Whether a cue in its sentence, or above its column, is this value's and no other one's; `outright`: by its own name."""
    start, end = _around(text, span)
    within = [one for one in others if start <= one.start and one.end <= end] or [span]
    cues = list(_cues(concept, concept.called if outright else concept.cue, text, start, end))
    return any(_nearest(cue, within, text) == span for cue in cues) or _heads(concept, text, span)


def _cues(concept: Concept, words: re.Pattern[str], text: str, start: int, end: int) -> Iterator[Span]:
    """Those that are not denied: "no deposit" gives none."""
    blind = [found.span() for found in concept.but.finditer(text, start, end)]
    for found in words.finditer(text, start, end):
        hidden = any(a <= found.start() < b for a, b in blind)
        denied = _DENIED.search(text[max(start, found.start() - 16) : found.start()])
        if not (hidden or denied or _DENIED_BEHIND.match(text[found.end() : min(end, found.end() + 24)])):
            yield Span(*found.span())


def _nearest(cue: Span, values: Sequence[Span], text: str) -> Span | None:
    """The value that a cue names: rather one behind it than one before it, from which no clause parts it."""

    def far(value: Span) -> float:
        if value.start >= cue.start:
            return max(0, value.start - cue.end)
        between = text[value.end : cue.start]
        return 2.0 * len(between) if len(between) <= BEHIND and not _CLAUSE.search(between) else float("inf")

    best = min(values, key=far)
    return best if far(best) < float("inf") else None


def touched(concept: Concept, text: str, span: Span) -> bool:
    before, behind = text[max(0, span.start - 40) : span.start], text[span.end : span.end + 16]
    return concept.before.search(before) is not None or concept.behind.match(behind) is not None


def _heads(concept: Concept, text: str, span: Span) -> bool:
    """Whether the cue stands in the same column of a line above it in its paragraph."""
    begin = text.rfind("\n", 0, span.start) + 1
    column = len(_CELL.findall(text[begin : span.start]))
    block = text[text.rfind("\n\n", 0, span.start) + 1 : begin]
    rows = [_CELL.split(line) for line in block.split("\n") if _CELL.search(line.strip())]
    cells = [row[column] for row in rows if column < len(row) and (column or len(row) > 1)]
    return any(concept.cue.search(cell) and not concept.but.search(cell) for cell in cells)


def _is_another_s(field: Field, text: str, span: Span, others: Sequence[Span]) -> bool:
    """Whether the text calls it something that the field is not."""
    words = _own(field)
    start, end = _around(text, span)
    if not words or any(word in text[start:end].casefold() for word in words):
        return False
    return any(one.claims and field.kind in one.kinds and named(one, text, span, others) for one in CONCEPTS)


@lru_cache(256)
def _own(field: Field) -> tuple[str, ...]:
    """What the field's name says of itself alone: beginnings of words, pairs of Chinese characters."""
    name = field.name.casefold()
    words = [word[:5] for word in re.findall(r"[^\W\d_\u3400-\u9fff]{3,}", name) if word not in _PLAIN]
    pairs = [run[at : at + 2] for run in re.findall(r"[\u3400-\u9fff]{2,}", name) for at in range(len(run) - 1)]
    return (*words, *(pair for pair in pairs if pair not in _PLAIN))


def _numbered(field: Field, text: str, span: Span) -> bool:
    before = text[max(0, span.start - 24) : span.start].rpartition("\n")[2]
    return _NUMBERED.search(before) is not None or any(word in before.casefold() for word in _own(field))


def _is_alone(text: str, span: Span, others: Sequence[Span]) -> bool:
    start, end = _around(text, span)
    return sum(start <= one.start < end for one in others) < 2


def _around(text: str, span: Span) -> tuple[int, int]:
    """Its sentence; with the line above it where it has a line for itself."""
    stretches = _units(text)
    at = max(0, bisect_right(stretches, (span.start, len(text))) - 1)
    start, end = stretches[at]
    rest = text[start : span.start] + text[span.end : end]
    if at and sum(map(str.isalpha, rest)) < 3:
        start = stretches[at - 1][0]
    return min(start, span.start), max(end, span.end)


@lru_cache(32)
def _units(text: str) -> tuple[tuple[int, int], ...]:
    return tuple(units(text))
