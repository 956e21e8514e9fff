"""A mail that says otherwise than the older one which it quotes: its own sentence stands first, the quoted one below it."""

import re
from collections.abc import Sequence

from chatbot.tasks.answer.check import Answer, Found, Source
from chatbot.tasks.answer.routes.lines import Place, quoted, told
from retrieval.checks.asked.types import asked_type, values
from retrieval.checks.claims import Item, ask, read
from retrieval.checks.evidence import share
from retrieval.checks.extract import likeliest
from retrieval.checks.numbers import Number, numbers
from retrieval.checks.verify import Quote
from retrieval.text.words import language

_OLD = re.compile(r"[ \t]*>")
_FEW = 2  # numbers of a sentence: of more it is not told which is meant, as where two documents disagree
_AMONG = 2  # the likeliest sentences, one of which the question must be answered by
_HALF = 0.5
"""Share of the question's words that the older sentence holds, which the newer one must hold at least: "380 now" has none of them."""


def newer(found: Found) -> Answer | None:
    """None where no mail quotes one that answers the question with another number."""
    likely = [(quote, found.sources[quote.passage]) for quote in likeliest(found.query, [s.hit for s in found.sources])]
    old = next((one for one in likely if _is_quoted(*one) and numbers(one[0].text)), None)
    if old is None:
        return None
    own = [one for one in likely if one[1].document.id == old[1].document.id and not _is_quoted(*one)]
    new = next((one for one in own if _otherwise(found.query, one[0].text, old[0].text)), None)
    if new is None or min(likely.index(new), likely.index(old)) >= _AMONG:
        return None
    return told(found.query, "passages", [quoted(_place(*new)), quoted(_place(*old))], note="newer")


def _is_quoted(quote: Quote, source: Source) -> bool:
    text = source.hit.passage.text
    return _OLD.match(text, text.rfind("\n", 0, quote.start + 1) + 1) is not None


def _otherwise(question: str, new: str, old: str) -> bool:
    """Whether both answer it, and no number of one stands in the other."""
    ours, theirs = numbers(new), numbers(old)
    if not ours or max(len(ours), len(theirs)) > _FEW or any(a.agrees(b) for a in ours for b in theirs):
        return False
    if asked_type(question) != "any" and values(question, new) and values(question, old):
        return _same_matter(question, new, old)
    return _alike(ours, theirs) and _same_matter(question, new, old)


def _same_matter(question: str, new: str, old: str) -> bool:
    tongue = language(question)
    heard: list[Item] = [item for item in ask(question, tongue).items if item.kind != "link"]
    in_old, in_new = (share(heard, read(text, tongue)) for text in (old, new))
    return bool(heard) and in_new > 0 and in_new >= _HALF * in_old


def _alike(ours: Sequence[Number], theirs: Sequence[Number]) -> bool:
    """Whether two of them may count the same: of one unit, or one without."""
    return any(a.unit == b.unit or "" in (a.unit, b.unit) for a in ours for b in theirs)


def _place(quote: Quote, source: Source) -> Place:
    passage = source.hit.passage
    start = passage.start + quote.start
    text = quote.text
    lead = re.match(r"[\s>]*", text)
    begin = lead.end() if lead else 0
    return Place(source.document, passage.page, start + begin, start + len(text), text[begin:])
