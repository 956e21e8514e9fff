"""Two documents that answer a question in the same words with other numbers, names or dates."""

from chatbot.tasks.answer.check import Answer, Found, Source
from chatbot.tasks.answer.routes.dates import dates, weekdays
from chatbot.tasks.answer.routes.lines import Place, quoted, told
from retrieval.checks.asked.types import asked_type, values
from retrieval.checks.claims import Statement, ask, read
from retrieval.checks.evidence import covered, share
from retrieval.checks.extract import likeliest
from retrieval.checks.verify import Quote
from retrieval.text.words import language

_FEW = 2  # values of a sentence: of a row of a table it is not told which is meant
_SAME = 0.6
"""Share of the content, numbers aside, that the shorter sentence has of the longer; from there on `verify` holds a clause told."""

_SAME_DAY = 0.4
"""The same where days are told apart as a whole: the place may be another one, too, as in two notices of one event."""


def disagreement(found: Found) -> Answer | None:
    """The best sentence of each document, where they hold the same of the question and none of the same values."""
    kind = asked_type(found.query)
    documents = {source.document.id for source in found.sources}
    if kind == "any" or len(documents) < 2:
        return None
    best: dict[str, tuple[Quote, Source]] = {}
    for quote in likeliest(found.query, [source.hit for source in found.sources]):
        source = found.sources[quote.passage]
        if values(found.query, quote.text) or (kind == "time" and weekdays(quote.text)):
            best.setdefault(source.document.id, (quote, source))
    answering = list(best.values())
    against = [one for one in answering[1:] if _differ(found.query, answering[0][0].text, one[0].text)]
    lines = [quoted(_place(quote, source)) for quote, source in (*answering[:1], *against)]
    return told(found.query, "passages", lines, note="disagree") if against else None


def _differ(question: str, one: str, other: str) -> bool:
    tongue = language(one)
    asked, a, b = ask(question, tongue), read(one, tongue), read(other, tongue)
    ours, theirs = values(question, one), values(question, other)
    heard = [item for item in asked.items if item.kind != "link"]
    if covered(heard, a) != covered(heard, b):
        return False
    apart = _days_apart(one, other) if asked_type(question) == "time" else None
    if apart is not None:
        return apart and max(_share(a, b), _share(b, a)) >= _SAME_DAY
    if not ours or not theirs or ours & theirs:
        return False
    if any(isinstance(value, str) for value in ours):
        return share(heard, a) >= _SAME
    return max(len(ours), len(theirs)) <= _FEW and max(_share(a, b), _share(b, a)) >= _SAME


def _days_apart(one: str, other: str) -> bool | None:
    """Whether they name days none of which is the same; None where one names none. 12月20日 and 12月27日 share a number."""
    ours, theirs = dates(one), dates(other)
    if ours and theirs:
        return not any(a.agrees(b) for a in ours for b in theirs)
    first, second = weekdays(one), weekdays(other)
    return not first & second if first and second else None


def _share(one: Statement, other: Statement) -> float:
    return share([item for item in one.items if not item.number], other)


def _place(quote: Quote, source: Source) -> Place:
    passage = source.hit.passage
    start = passage.start + quote.start
    return Place(source.document, passage.page, start, start + len(quote.text), quote.text)
