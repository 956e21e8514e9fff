"""Which part of a text speaks of which record: the sentences that name it, and those behind them that name no other."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from chatbot.tasks.extract.find import found
from chatbot.tasks.extract.span import Span
from chatbot.tasks.extract.text import units

BEHIND = 4  # sentences behind the one that names a record, of the same paragraph


@dataclass(frozen=True, slots=True)
class Zones:
    """`of[n]` are the sentences of record n by their number; some belong to nobody."""

    sentences: tuple[tuple[int, int], ...]
    of: tuple[frozenset[int], ...]

    def allowed(self, record: int, span: Span) -> bool:
        """Whether the place is not another record's alone."""
        at = self.sentence(span.start)
        return at in self.of[record] or not any(at in zone for zone in self.of)

    def owned(self, record: int, span: Span) -> bool:
        """Whether it stands in a sentence that speaks of this record and of no other."""
        at = self.sentence(span.start)
        return [n for n, zone in enumerate(self.of) if at in zone] == [record]

    def sentence(self, start: int) -> int:
        return max((n for n, (begin, _) in enumerate(self.sentences) if begin <= start), default=0)

    def around(self, record: int, start: int) -> tuple[int, int]:
        """The record's neighbouring sentences, of which one holds that place."""
        first = last = self.sentence(start)
        while first - 1 in self.of[record]:
            first -= 1
        while last + 1 in self.of[record]:
            last += 1
        return self.sentences[first][0], self.sentences[last][1]


def zones(text: str, names: Sequence[str]) -> Zones:
    """`names` are what the records are called, in the words of the text."""
    sentences = tuple(units(text))
    bare = Zones(sentences, ())
    named = [{bare.sentence(span.start) for span in found(name, text)} for name in names]
    anybody = set().union(*named)
    ends = {n for n, (one, other) in enumerate(pairwise(sentences)) if text[one[1] : other[0]].count("\n") > 1}
    return Zones(sentences, tuple(frozenset(_with_followers(own, anybody, ends, len(sentences))) for own in named))


def _with_followers(own: set[int], anybody: set[int], ends: set[int], count: int) -> set[int]:
    zone = set(own)
    for at in own:
        for n in range(at + 1, min(count, at + 1 + BEHIND)):
            if n in anybody or n - 1 in ends:
                break
            zone.add(n)
    return zone
