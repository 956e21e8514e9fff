"""Sentences of a passage, as units that evidence is sought in."""

import re
from functools import lru_cache
from itertools import pairwise

from retrieval.text.sentences import sentences

_THAI = re.compile("[\u0e00-\u0eff]")
_LONGEST = 160  # characters: Thai and Lao mark the ends of clauses and sentences by spaces alone


_LEAD = re.compile(r"[:：]\s*\Z")


def lines(sentence: str) -> list[str]:
    """Each line of a sentence; behind the first where that leads to the others, as in statutes to the cases of an article."""
    first, *others = [line for line in sentence.split("\n") if line.strip()] or [sentence]
    return [first + line for line in others] if others and leads(first) else [first, *others]


def leads(text: str) -> bool:
    """Whether an enumeration follows: "What you need:"."""
    return _LEAD.search(text) is not None


@lru_cache(maxsize=1024)
def spans(text: str) -> tuple[tuple[int, int], ...]:
    """`(start, end)` of each sentence. Thai and Lao, which write no full stop, are cut at spaces."""
    return tuple(piece for span in sentences(text) for piece in _pieces(text, *span))


def _pieces(text: str, start: int, end: int) -> list[tuple[int, int]]:
    if end - start <= _LONGEST or not _THAI.search(text, start, end):
        return [(start, end)]
    cuts = [start]
    for space in re.finditer(r"\s+", text[start:end]):
        if space.start() + start - cuts[-1] >= _LONGEST / 2:
            cuts.append(start + space.end())
    bounds = [*cuts, end]
    return [(a, a + len(text[a:b].rstrip())) for a, b in pairwise(bounds) if text[a:b].strip()]
