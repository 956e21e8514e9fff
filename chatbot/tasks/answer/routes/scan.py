"""Counting, listing, extremes: all items of a document that the question is about, found and counted by the program.

None where no enumeration is of the kind that is asked for, or where a word of the question is in none of its items: then a
number would be a guess.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from chatbot.tasks.answer.check import Answer
from chatbot.tasks.answer.routes.asking import Asking, holds, unheld
from chatbot.tasks.answer.routes.extremes import Wanted, bound, extreme, values
from chatbot.tasks.answer.routes.items import Contents, Group, Item
from chatbot.tasks.answer.routes.kinds import Kind
from chatbot.tasks.answer.routes.lines import Line, Place, told
from retrieval.text.words import is_dense

LISTED = 40
"""Items that are named; of more only how many they are."""

_UNITS = "条條章节節款编編"


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
    """All items that share the extreme."""
    wanted = extreme(question)
    if not wanted:
        return None
    for fitting in sorted(_fitting(wanted.rest, documents), key=_rank, reverse=True):
        asking, items = Asking.of(wanted.rest), fitting.items
        found = values(fitting.group, items, wanted, [word for word in asking.words if word != asking.noun])
        if len(found) > 1 and 2 * len(found) > len(items):
            end = (max if wanted.end == "max" else min)(value.number for value in found)
            best = [value for value in found if value.number == end]
            return told(question, "extreme", [Line(v.words, (place(v.item),)) for v in best], verbatim=False)
    return None


def place(item: Item) -> Place:
    return Place(item.document, item.page, item.start, item.end, item.text)


def _meant(question: str, documents: Sequence[Contents]) -> list[Item]:
    return [item for fitting in _chosen(question, documents) for item in fitting.items]


def _counted(items: Sequence[Item]) -> Line:
    names = ", ".join(item.label for item in items[:LISTED]) + (" …" if len(items) > LISTED else "")
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
    told_of = values(found.group, found.items, limit, Asking.of(asked).words)
    if len(told_of) < len(found.items):
        return None
    kept = tuple(value.item for value in told_of if limit.allows(value.number))
    return Fitting(found.group, kept, found.held, found.left) if kept else None


def _fitting(question: str, documents: Sequence[Contents]) -> Iterator[Fitting]:
    asking = Asking.of(question)
    for document in documents:
        for group in document.groups:
            if not _of_class(asking.noun, group):
                continue
            above = f"{group.about} {group.header} {group.unit}"
            left = tuple(word for word in unheld(asking.words, above) if word != asking.noun)
            items = tuple(item for item in group.items if not unheld(left, item.text)) if left else group.items
            if items and (asking.noun or not left):
                yield Fitting(group, items, len(asking.words) - len(left), left)


def _of_class(noun: str, group: Group) -> bool:
    """Whether the items are what is counted: by what stands above them, by their unit, or by their own names."""
    if not noun:
        return True
    above = f"{group.about} {group.header}"
    if is_dense(noun):
        pieces = {noun[:size] for size in range(2, 5)} | {noun[-size:] for size in range(2, 5)}
        if noun[0] in _UNITS:
            return noun[0] in group.unit
        return any(piece in above for piece in pieces if len(piece) > 1 or piece == noun)
    return holds(f"{above} {group.unit}", noun) or all(holds(item.label, noun) for item in group.items)


Way = Callable[[str, Sequence[Contents]], Answer | None]
ROUTES: dict[Kind, Way] = {"count": count, "list": listing, "extreme": most}
