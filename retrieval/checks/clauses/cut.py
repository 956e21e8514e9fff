"""Sentences cut into clauses."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from retrieval.checks.claims import Item, Statement
from retrieval.checks.evidence import PAIRS, says, weight

_CUT = re.compile(
    r"[,:](?!\d)|\.(?=\s)|[;!?，；：。！？()（）—“”\n]|(?:^|(?<=\s))[-•]\s"
    r"|\b(?:and|but|while|whereas|although|though|because|(?<!as )(?<!even )if|unless|then|which|who)\b|而(?!且)|但是?|并(?!非)|如果|因为",
    re.IGNORECASE,
)
POINTS = re.compile(
    r"\b(?:he|him|she|it|its|they|them|their|which|who|whose|both)\b|(?<!其)[他她](?!的)|它|其(?![他余中])|双方|两者",
    re.IGNORECASE,
)
"""What stands for something that was named before. "Her son" names somebody else."""
POINTS_FIRST = re.compile(rf"\W*(?:{POINTS.pattern}|(?:this|that|these|those)\b|[该这此])", re.IGNORECASE)
"""The same at the beginning of a clause."""
_NAMES = re.compile(
    r"\W*(?:(?:and|but|while|whereas|because|if|then|so|or|as)\s+)?(?:(?:until|since|after|before|by)\s(?:then|that|this|now)\s|(?:in|on|from)\s\w+\s)?"
    r"(?:the|an?|all|every|each|some|no|many|most|others?|his|her|its|their|our|your|my|these|those|mr|mrs|ms|dr)\b",
    re.IGNORECASE,
)
_SPEAKS = re.compile(r"\W*(?:(?:then|well|ok|okay|good|yes|no)\W+)?(?:i|we)(?:['’]\w+)?\b", re.IGNORECASE)
"""In a dialogue: what follows is said by who was named."""
_BESIDE = re.compile(r"\W*(?:while|whereas)\s+(?!\w+(?:ly|ing|ed)\b)", re.IGNORECASE)
"""A clause with a subject of its own, also one without an article."""
_DATED = re.compile(
    r"\W*(?:[\d〇零一二三四五六七八九十两]+[年月日号天岁周](?:[前后初底末起间时内]|以前|以后|之前|之后|以来)?\W*)+"
)
_GOES_ON = re.compile(r"\W*[我咱俺由于在被从以对为向比并又也还则后再自均都将须应可不未已曾及和与或且而但因如若]")


@dataclass(frozen=True)
class Clause:
    """A stretch of one sentence between signs or joining words. `sentence`: the sentence's number in the evidence."""

    statement: Statement
    start: int
    end: int
    sentence: int

    @cached_property
    def items(self) -> tuple[Item, ...]:
        return tuple(item for item in self.statement.items if self.start <= item.start < self.end)

    @cached_property
    def said(self) -> Statement:
        """The clause as a statement of its own, in its sentence's offsets."""
        own = self.statement
        inside = tuple(token for token in own.tokens if self.start <= token.start < self.end)
        denied = tuple(span for span in own.negations if self.start <= span[0] < self.end)
        counted = tuple(item.number for item in self.items if item.number)
        return Statement(own.text, self.items, denied, inside, frozenset(item.key for item in self.items), counted)

    @property
    def text(self) -> str:
        return self.statement.text[self.start : self.end]

    def own(self, claim: Statement) -> list[int]:
        """Where its words stand, of unspaced scripts its characters, that the claim does not say."""
        said = [item for item in self.items if says(claim, item) and item.kind != "link"]
        free = [item for item in self.items if item not in said and not item.number and item.kind != "link"]
        if not any(item.kind in PAIRS for item in free):
            return [item.start for item in free]
        taken = {place for item in said for place in range(item.start, item.end)}
        return [t.start for t in self.said.tokens if t.dense and not t.stop and t.start not in taken]

    def names_another(self, claim: Statement) -> bool:
        """Whether it begins with a subject of its own, which the claim does not name."""
        held = [item for item in self.items if says(claim, item)]
        shared = [item.start for item in held if not item.number] or [item.start for item in held]
        dated = _DATED.match(self.text)
        begin = self.start + (dated.end() if dated else 0)
        lead = [place for place in self.own(claim) if begin <= place < min(shared, default=self.end)]
        if not lead or _SPEAKS.match(self.text):
            return False
        beside = _BESIDE.match(self.text)
        if beside and lead[0] == self.start + beside.end():
            return True
        if any(item.kind in PAIRS for item in self.items):
            return not _GOES_ON.match(self.text[begin - self.start :])
        first = next((token for token in self.said.tokens if not token.stop), None)
        return bool(_NAMES.match(self.text)) or bool(first and first.capital)


@lru_cache(maxsize=2048)
def clauses(sentence: Statement, number: int = 0) -> tuple[Clause, ...]:
    """The clauses of a sentence. A part of names alone goes on with a list, and belongs to the clause before it."""
    cuts = [0, *(match.start() for match in _CUT.finditer(sentence.text)), len(sentence.text)]
    bounds: list[tuple[int, int]] = []
    for start, end in pairwise(cuts):
        inside = [item for item in sentence.items if start <= item.start < end]
        if bounds and all(item.capital for item in inside):
            bounds[-1] = (bounds[-1][0], end)
        else:
            bounds.append((start, end))
    return tuple(Clause(sentence, start, end, number) for start, end in bounds)


def evidence(parts: Sequence[Statement]) -> list[Clause]:
    return [clause for number, part in enumerate(parts) for clause in clauses(part, number)]


def best(items: Sequence[Item], among: Sequence[Clause]) -> int:
    """The clause that says most of `items`, of several the first."""
    held = [weight([item for item in items if says(clause.said, item)]) for clause in among]
    return held.index(max(held))
