"""How far a question names a label: a row's, a column's, a title's."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from retrieval.checks.claims import Item, Statement, ask, read
from retrieval.checks.evidence import PAIRS, WEIGHTS, covered, says, weight
from retrieval.text.words import is_dense

_LITERAL = 1.5  # weight of a label that has no content word ("IT", "男"), as of a name


@dataclass(frozen=True, slots=True)
class Named:
    """`share` of the label that the question says, 0 to 1; `unsaid`: weight of the rest; `taken`: where in the question
    the words stand that the label says. `whole`: all of it is said but for what comes after a comma ("receivable, net")."""

    share: float
    unsaid: float
    taken: frozenset[int]
    whole: bool = False


NOTHING = Named(0.0, 0.0, frozenset())
_HEAD = re.compile(r"[^,，(（/;；]+")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question whose words can be counted by where they stand in it."""

    text: str
    said: Statement
    tongue: str

    @classmethod
    def of(cls, question: str, tongue: str) -> "Asked":
        return cls(question, ask(question, tongue), tongue)

    def named(self, label: str) -> Named:
        if not label.strip():
            return NOTHING
        told = read(label, self.tongue)
        if not told.items:
            return self._literally(label.strip())
        hits = covered(told.items, self.said)
        unsaid = weight([item for item, hit in zip(told.items, hits, strict=True) if not hit])
        head = _HEAD.match(label)
        end = head.end() if head else len(label)
        whole = all(hit for item, hit in zip(told.items, hits, strict=True) if item.start < end)
        return Named(1 - unsaid / weight(told.items), unsaid, self.heard(told), whole)

    def heard(self, told: Statement) -> frozenset[int]:
        """Where the question's words stand that a text says, too."""
        hits = covered(self.said.items, told)
        return frozenset(item.start for item, hit in zip(self.said.items, hits, strict=True) if hit)

    def within(self, start: int, end: int) -> frozenset[int]:
        """Where the question's words stand that lie between two of its characters."""
        return frozenset(item.start for item in self.said.items if start <= item.start < end)

    def _literally(self, label: str) -> Named:
        edges = ("", "") if is_dense(label) else (r"(?<!\w)", r"(?!\w)")
        found = re.search(edges[0] + re.escape(label) + edges[1], self.text) if re.search(r"\w", label) else None
        return Named(1.0, 0.0, frozenset([found.start()]), True) if found else NOTHING

    def weight(self, places: Iterable[int]) -> float:
        known = {item.start: WEIGHTS[item.kind] for item in self.said.items}
        return sum(known.get(place, _LITERAL) for place in places)

    def left(self, taken: frozenset[int]) -> list[Item]:
        """The content of the question that is not taken. In scripts without spaces a pair that overlaps one that is, or a
        number, is only the seam of two words."""
        spans = [(item.start, item.end) for item in self.said.items if item.start in taken or item.number]
        return [
            item
            for item in self.said.items
            if item.start not in taken
            and not (item.kind in PAIRS and any(item.start <= end and start <= item.end for start, end in spans))
        ]


def is_number(cell: str, tongue: str) -> bool:
    """Whether it says nothing but numbers."""
    items = read(cell, tongue).items
    return bool(items) and all(item.number for item in items)


def holds(cell: str, numbers: Iterable[Item], tongue: str) -> bool:
    said = read(cell, tongue)
    return any(says(said, number) for number in numbers)
