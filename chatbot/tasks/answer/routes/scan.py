"""Counting, listing, extremes: all items of a document that the question is about, found and counted by the program.

None where no enumeration is of the kind that is asked for, or where a word of the question is in none of its items: then a
number would be a guess.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from chatbot.tasks.answer.check import Answer, Found
from chatbot.tasks.answer.routes.asking import Asking, unheld
from chatbot.tasks.answer.routes.enumerated.classes import members
from chatbot.tasks.answer.routes.enumerated.extremes import Wanted, bound, comparative, extreme
from chatbot.tasks.answer.routes.enumerated.items import Contents, Group, Item
from chatbot.tasks.answer.routes.enumerated.values import Measured, measured
from chatbot.tasks.answer.routes.kinds import Kind
from chatbot.tasks.answer.routes.lines import Line, Place, told
from retrieval.text.words import is_dense

LISTED = 40
"""Items that are named; of more only how many they are."""
FEW = 5  # rows that are shown where none answers

_TWO = 2  # "which is older" compares two, not many
_LEFT_OUT = {"en": "Left out, since they have no figure there: {count}", "zh": "没有给出数值、未计入的有：{count}"}


@dataclass(frozen=True, slots=True)
class Fitting:
    """`items` of the group are meant by the question; `held` of its words stand above them, `left` in them."""

    group: Group
    items: tuple[Item, ...]
    held: int
    left: tuple[str, ...]


def count(question: str, documents: Sequence[Contents]) -> Answer | None:
    items = _meant(question, documents)
    return told(question, "count", [_counted(items)], verbatim=False) if items else None


def listing(question: str, documents: Sequence[Contents]) -> Answer | None:
    items = _meant(question, documents)
    if len(items) > LISTED:
        return told(question, "list", [_counted(items)], verbatim=False)
    return told(question, "list", [Line(_one_line(item), (place(item),)) for item in items]) if items else None


def most(question: str, documents: Sequence[Contents]) -> Answer | None:
    """All items that share the extreme. That search cannot compare them, where it is a table whose column is not told."""
    superlative = extreme(question)
    wanted = superlative or comparative(question)
    if not wanted:
        return None
    fitting = sorted(_fitting(wanted.rest, documents), key=_rank, reverse=True)
    fitting = [one for one in fitting if superlative or len(one.items) == _TWO]
    for one in fitting:
        if lines := _best(one, wanted):
            return told(question, "extreme", lines, verbatim=False)
    return _incomparable(question, fitting)


def _best(fitting: Fitting, wanted: Wanted) -> list[Line]:
    """None where fewer than half have a figure, or two."""
    asking = Asking.of(wanted.rest)
    words = [word for word in asking.words if word != asking.noun]
    found = measured(fitting.group, fitting.items, wanted, words)
    if not found or len(found.values) < 2 or 2 * len(found.values) <= len(fitting.items):
        return []
    first = found.ranked[0].number
    lines = [Line(value.words, (place(value.item),)) for value in found.ranked if value.number == first]
    return [*lines, *left_out(found, wanted.rest)]


def left_out(found: Measured, question: str) -> list[Line]:
    """That some items have no figure, if so."""
    count = len(found.lacking)
    if not count:
        return []
    words = _LEFT_OUT["zh" if is_dense(question) else "en"].format(count=count)
    return [Line(words, tuple(map(place, found.lacking[:FEW])))]


def _incomparable(question: str, fitting: Sequence[Fitting]) -> Answer | None:
    tables = [place(item) for one in fitting if one.group.header for item in one.items]
    if not tables:
        return None
    found = Found(question, tuple(one.source for one in tables[:FEW]), None, "extreme")
    return Answer("not_found", found, note="uncounted")


def place(item: Item) -> Place:
    return Place(item.document, item.page, item.start, item.end, item.text)


def _meant(question: str, documents: Sequence[Contents]) -> list[Item]:
    return [item for fitting in _chosen(question, documents) for item in fitting.items]


def _counted(items: Sequence[Item]) -> Line:
    labels = [item.label for item in items[:LISTED]]
    apart = "; " if any(re.search("[,，、]", label) for label in labels) else ", "
    names = apart.join(labels) + (" …" if len(items) > LISTED else "")
    return Line(f"{len(items)}: {names}", tuple(map(place, items[:LISTED])))


def _one_line(item: Item) -> str:
    return item.text if item.cells else item.label


def _chosen(question: str, documents: Sequence[Contents]) -> list[Fitting]:
    """The best of each document that has one as good as the best of all."""
    limit = bound(question)
    asked = limit.rest if limit else question
    fitting = [f for found in _fitting(asked, documents) if (f := _within(found, limit, asked))]
    best = max(map(_rank, fitting), default=None)
    chosen: dict[str, Fitting] = {}
    for one in fitting:
        if best and _rank(one)[:2] == best[:2]:
            id = one.group.document.id
            chosen[id] = max(chosen.get(id, one), one, key=_rank)
    return list(chosen.values())


def _rank(fitting: Fitting) -> tuple[int, int, int]:
    return fitting.held, bool(fitting.group.header), len(fitting.group.items)


def _within(found: Fitting, limit: Wanted | None, asked: str) -> Fitting | None:
    """The items whose figure lies within the bound; all of them must have one."""
    if limit is None or limit.bound is None:
        return found
    told_of = measured(found.group, found.items, limit, Asking.of(asked).words)
    if told_of is None or told_of.lacking:
        return None
    kept = tuple(value.item for value in told_of.values if limit.allows(value.number))
    return Fitting(found.group, kept, found.held, found.left) if kept else None


def _fitting(question: str, documents: Sequence[Contents]) -> Iterator[Fitting]:
    asking = Asking.of(question)
    for group in (group for document in documents for group in document.groups):
        meant = members(asking.noun, group, question)
        above = f"{group.about} {group.header} {group.unit}"
        left = tuple(word for word in unheld(asking.words, above) if word != asking.noun)
        items = tuple(item for item in meant if not unheld(left, item.said)) if left else meant
        if items and (asking.noun or not left) and not _is_one(items, left):
            yield Fitting(group, items, len(asking.words) - len(left), left)


def _is_one(items: Sequence[Item], words: Sequence[str]) -> bool:
    """Whether the question names one row by its label: then it asks what that row has, not how many rows there are."""
    return (
        len(items) == 1
        and bool(items[0].cells)
        and bool(words)
        and not unheld(Asking.of(items[0].label).words, " ".join(words))
    )


Way = Callable[[str, Sequence[Contents]], Answer | None]
ROUTES: dict[Kind, Way] = {"count": count, "list": listing, "extreme": most}
