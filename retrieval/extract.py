"""An answer without a model: the sentences of the passages that speak most of what was asked, quoted as they stand."""

from collections.abc import Sequence

from retrieval.checks.answerable import ranked
from retrieval.checks.evidence import Stretch
from retrieval.types import Hit
from retrieval.verify import Quote


def extract(question: str, hits: Sequence[Hit], limit: int = 3) -> list[Quote]:
    """At most `limit` sentences, best first. Each quote's `passage` counts `hits`, its offsets are of that passage's text.

    A sentence of an earlier hit wins a tie. A question without a word of content gets the first sentences.
    """
    best: list[Stretch] = [s for s in ranked(question, hits) if len(s.sentences) == 1][:limit]
    return [Quote(s.passage, s.start, s.end, hits[s.passage].passage.text[s.start : s.end]) for s in best]
