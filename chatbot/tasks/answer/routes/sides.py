"""Two things or two documents that are compared: a sentence for each, both cited, or all that differs between them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from chatbot.tasks.answer.check import Answer
from chatbot.tasks.answer.routes.asking import Asking, unheld
from chatbot.tasks.answer.routes.documents import Shelf
from chatbot.tasks.answer.routes.enumerated.extremes import comparative
from chatbot.tasks.answer.routes.enumerated.items import Contents, Group, Item
from chatbot.tasks.answer.routes.enumerated.values import measured
from chatbot.tasks.answer.routes.lines import Line, Place, quoted, told
from chatbot.tasks.answer.routes.prose import members, ranked
from chatbot.tasks.answer.routes.scan import place
from retrieval.checks.asked.measures import YEAR
from retrieval.checks.asked.types import answers, asked_type
from retrieval.checks.extract import likeliest
from retrieval.checks.numbers import numbers
from retrieval.checks.sentences import spans
from retrieval.text.words import tokens
from retrieval.types import Document, Hit, Passage

PASSAGES = 5  # that a side is sought in
SENTENCES = 300
"""Of a document that is compared with another sentence by sentence: every one is held against every other."""
ALIKE = 0.5  # of a sentence and its other version, from which on they are one that was changed
_TWO = 2  # "which is older" compares two, not many
CHANGES = 24  # that are listed at most

_ASKING = r"(?!(?:Does|Do|Did|Is|Are|Was|Were|Has|Have|Had|Which|Who|What|When|Where|How|Compare|In|On|Of)\b)"
_SENTENCE = re.compile(r"[.!?。！？]\W*\Z| \| ")
_COMPARES = re.compile(
    r"\b(?:more|less|fewer|better|worse|than|same|different|differs?|(?:in|de)creased?|rose|fell|unlike|\w{2,}er than)\b"
    r"|比|更|较|較|相同|不同|高于|低于|多于|少于",
    re.IGNORECASE,
)
_NAME = _ASKING + r"(?:[A-Z][\w'’-]*|\d[\w-]*)(?: (?:of |the )?(?:[A-Z][\w'’-]*|\d[\w-]*))*"
_WORDS = r"[\w'’-]+(?: (?!or\b|and\b|is\b|are\b|has\b|have\b|the\b)[\w'’-]+){0,2}"
_PAIRS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\bbetween (?:the )?(?P<a>{_NAME}) and (?:the )?(?P<b>{_NAME})",
        rf"(?P<a>{_NAME}),? (?:or|and|than|with|to) (?:that of |those of |the |in )?(?P<b>{_NAME})",
        rf"(?:,|\bis|\bare|\bdoes|\bdo|\bbetween) (?:the |an? )?(?P<a>{_WORDS}) (?:or|and) (?:the |an? )?(?P<b>{_WORDS})\b",
        r"(?:^|[，,、])(?P<a>[^，,。？?、和与與跟]{2,14})(?:和|与|與|跟|还是|還是|或|比)(?P<b>[^，,。？?和与與跟哪谁誰的]{2,14}?)"
        r"(?=[哪谁誰的更先后有]|比较|比較|分别|分別|相[比差同]|[早晚多少高低大小长短贵重轻快慢深宽远近新老旧]{1,2}(?:多少|[吗嗎呢了些]|\W*\Z)|[，,。？?]|\Z)",
    )
)


@dataclass(frozen=True, slots=True)
class Side:
    """What is compared, and the question for it alone."""

    name: str
    question: str


def sides(question: str) -> tuple[Side, Side] | None:
    """Two years, else two names or two things around an "or" or an "and"."""
    years = [
        n for n in numbers(question) if n.measure == YEAR or (1900 <= n.value <= 2100 and not n.unit and not n.measure)
    ]
    if len({n.value for n in years}) == 2 and len(years) == 2:
        one, other = years
        return (
            Side(question[one.start : one.end].strip(), question[: other.start] + question[other.end :]),
            Side(question[other.start : other.end].strip(), question[: one.start] + question[one.end :]),
        )
    for pattern in _PAIRS:
        if found := pattern.search(question):
            before, after = question[: found.start("a")], question[found.end("b") :]
            return Side(found["a"], before + found["a"] + after), Side(found["b"], before + found["b"] + after)
    return None


def compared(question: str, shelf: Shelf, documents: Sequence[Contents]) -> Answer | None:
    """A sentence for each side. None where one of them is not found."""
    both = sides(question)
    return _held_together(question, both, shelf, documents) if both else None


def of_two(question: str, shelf: Shelf, documents: Sequence[Contents]) -> Answer | None:
    """As `compared`, where the question names but the class ("Which viaduct is older?") and the documents name two of it."""
    wanted = comparative(question)
    names = members(Asking.of(wanted.rest).noun, documents) if wanted else []
    if len(names) != _TWO:
        return None
    one, other = (Side(name, f"{name} {question}") for name in names)
    return _held_together(question, (one, other), shelf, documents)


def _held_together(
    question: str, both: tuple[Side, Side], shelf: Shelf, documents: Sequence[Contents]
) -> Answer | None:
    if lines := _measured(question, both, documents) or _ranked(question, both, shelf, documents):
        return told(question, "sides", lines, verbatim=False, note="ranked")
    pairs = [shelf.named(side.name) for side in both]
    if all(len(named) == 1 for named in pairs) and pairs[0] != pairs[1]:
        found = [_best(shelf, "", _bare(side), named) for side, named in zip(both, pairs, strict=True)]
    else:
        found = _in_items(both, documents) or [_best(shelf, side.name, side.question, shelf.documents) for side in both]
    places = [one for one in found if one]
    if len(places) < len(both):
        return None
    lines = [quoted(one) for one in dict.fromkeys(places)]
    return told(question, "sides", lines, verdict="supported" if _compares(both, lines) else "related")


def _ranked(question: str, both: tuple[Side, Side], shelf: Shelf, documents: Sequence[Contents]) -> list[Line]:
    wanted = comparative(question)
    return [one.line for one in ranked(wanted, [side.name for side in both], shelf, documents)] if wanted else []


def _measured(question: str, both: tuple[Side, Side], documents: Sequence[Contents]) -> list[Line]:
    """What both have of what is compared, the one that has more of it first: of rows or sections they name."""
    wanted = comparative(question)
    if not wanted:
        return []
    words = [word for word in Asking.of(wanted.rest).words if not any(_says(side.name, word) for side in both)]
    for group in (group for document in documents for group in document.groups):
        items = [item for side in both if (item := _named(group, side))]
        found = measured(group, items, wanted, words) if len(items) == len(both) else None
        if found and not found.lacking and len({value.number for value in found.values}) == len(both):
            return [Line(value.words, (place(value.item),)) for value in found.ranked]
    return []


def _bare(side: Side) -> str:
    """Where a document is the side, its sentences need not say so."""
    return side.question.replace(side.name, " ")


def _compares(both: tuple[Side, Side], lines: Sequence[Line]) -> bool:
    """One sentence that compares, or two that answer with what can be compared."""
    if len(lines) == 1:
        return _COMPARES.search(lines[0].text) is not None
    if asked_type(both[0].question) in ("any", "count"):
        kinds = [{(n.unit, n.measure) for n in numbers(line.text) if n.measure != YEAR} for line in lines]
        return bool(set.intersection(*kinds)) or all(_COMPARES.search(line.text) for line in lines)
    return all(answers(side.question, line.text) for side, line in zip(both, lines, strict=True))


def changes(question: str, shelf: Shelf, documents: Sequence[Contents]) -> Answer | None:
    """What two versions say differently, in the order of the first. None where no two documents are meant, or they are too long."""
    pair = _versions(question, shelf, documents)
    if pair is None:
        return None
    old, new = ([*_sentences(one)] for one in pair)
    if max(len(old), len(new)) > SENTENCES:
        return None
    lines = [*_differences(old, new)]
    return told(question, "change", lines, verbatim=False) if 0 < len(lines) <= CHANGES else None


def _best(shelf: Shelf, name: str, question: str, documents: Sequence[Document]) -> Place | None:
    """The likeliest sentence that says the name, or stands under a heading that does."""
    known = {document.id: document for document in documents}
    hits = list(shelf.search(question, documents, PASSAGES))
    found = likeliest(question, hits)
    for quote in (*(quote for quote in found if _SENTENCE.search(quote.text)), *found):
        passage = hits[quote.passage].passage
        if passage.document in known and _says(f"{passage.heading} {quote.text}", name):
            start = passage.start + quote.start
            return Place(known[passage.document], passage.page, start, start + len(quote.text), quote.text)
    return None


def _says(text: str, name: str) -> bool:
    return not unheld(Asking.of(name).words, text)


def _in_items(both: tuple[Side, Side], documents: Sequence[Contents]) -> list[Place | None]:
    """Where both sides are items of one enumeration: what each says of the matter."""
    for document in documents:
        for group in document.groups:
            found = [_item(group, side) for side in both]
            if all(found):
                return found
    return []


def _named(group: Group, side: Side) -> Item | None:
    return next((item for item in group.items if _says(item.label, side.name)), None)


def _item(group: Group, side: Side) -> Place | None:
    """Of a row all of it, else the likeliest sentence."""
    item = _named(group, side)
    if item is None or item.cells:
        return place(item) if item else None
    hit = Hit(Passage(item.page, item.start, item.end, item.text, document=item.document.id), 1.0)
    found = likeliest(side.question, [hit])
    quote = next((quote for quote in found if _SENTENCE.search(quote.text)), found[0])
    start = item.start + quote.start
    return Place(item.document, item.page, start, start + len(quote.text), quote.text)


def _versions(question: str, shelf: Shelf, documents: Sequence[Contents]) -> tuple[Contents, Contents] | None:
    """The documents that the sides name, or the only two; the older first, as far as their names tell."""
    both = sides(question)
    named = [shelf.named(side.name) for side in both] if both else []
    by_id = {one.document.id: one for one in documents}
    if named and all(len(one) == 1 for one in named) and named[0] != named[1]:
        found = [by_id[one[0].id] for one in named]
    elif len(documents) == 2 and not both:
        found = list(documents)
    else:
        return None
    old, new = sorted(found, key=lambda one: (_year(shelf.title(one.document)), one.document.created))
    return old, new


def _year(title: str) -> float:
    return max((n.value for n in numbers(title) if 1900 <= n.value <= 2100), default=0.0)


def _sentences(document: Contents) -> Iterator[Place]:
    for page in document.pages:
        for start, end in spans(page.text):
            yield Place(document.document, page.number, start, end, page.text[start:end])


def _differences(old: Sequence[Place], new: Sequence[Place]) -> Iterator[Line]:
    theirs = {" ".join(one.text.split()) for one in new}
    ours = {" ".join(one.text.split()) for one in old}
    left = [one for one in new if " ".join(one.text.split()) not in ours]
    for one in old:
        if " ".join(one.text.split()) in theirs:
            continue
        other = max(left, key=lambda place: _alike(one, place), default=None)
        if other and _alike(one, other) >= ALIKE:
            left.remove(other)
            yield Line(f"{one.text} → {other.text}", (one, other))
        else:
            yield Line(f"− {one.text}", (one,))
    for added in left:
        yield Line(f"+ {added.text}", (added,))


def _alike(one: Place, other: Place) -> float:
    """Of their words, or characters in scripts without spaces, in the same order; numbers aside."""
    first, second = ([t.form for t in tokens(place.text) if not t.number] for place in (one, other))
    return SequenceMatcher(None, first, second, autojunk=False).ratio() if first and second else 0.0
