"""True and false sentences about texts of our own, by kind of what is false in them: how many are called supported, contradicted.

    python -m tests.bench.documents.checks.pairs [--show] [--embedder FOLDER]

`pairs.jsonl`: a text, sentences that it says in other words, and sentences made of its own words that it does not say. The rules
of `retrieval/checks/clauses` were written on the half "fit"; "held" was written by somebody who did not know them, and was looked
at once: the rules for scripts without spaces, some opposites and the share from which a passage goes against a sentence came after
that. The last 97 texts of "fit" came in eight batches after both, each labelled before it was run. Each sentence is held against its text among four others, as an answer is; no question is given. With `--embedder` a reworded
sentence may count.
"""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retrieval.checks.verify import Label, Similarity, verify
from retrieval.search import embed
from retrieval.search.embed import Embedder
from retrieval.types import Passage

FILE = Path(__file__).with_name("pairs.jsonl")
OTHERS = (1, 2, 5, 7)  # texts that far behind it stand beside a sentence's own


@dataclass(frozen=True, slots=True)
class Text:
    half: str
    language: str
    text: str
    true: Sequence[str]
    false: Sequence[tuple[str, str]]  # kind, sentence


def read() -> list[Text]:
    return [Text(**json.loads(line)) for line in FILE.read_text("utf-8").splitlines()]


def cosines(embedder: Embedder) -> Similarity:
    """As `chatbot.tasks.answer.work.Retrieval.similarity`."""

    def similarity(text: str, others: Sequence[str]) -> list[float]:
        vectors = embedder.queries([text, *others])
        return [float(cosine) for cosine in vectors[1:] @ vectors[0]]

    return similarity


def judged(texts: Sequence[Text], similarity: Similarity | None) -> list[tuple[str, str, Label]]:
    """`(kind, sentence, label)` of every sentence; the kind of true ones is "true"."""
    passages = [Passage(1, 0, len(one.text), one.text) for one in texts]
    found = []
    for n, one in enumerate(texts):
        given = [passages[(n + far) % len(texts)] for far in (0, *OTHERS)]
        for kind, sentence in [*(("true", sentence) for sentence in one.true), *one.false]:
            found.append((kind, sentence, verify(sentence, given, similarity=similarity).label))
    return found


def told(found: Sequence[tuple[str, str, Label]]) -> str:
    true = [label for kind, _, label in found if kind == "true"]
    false = [label for kind, _, label in found if kind != "true"]
    missed = Counter(kind for kind, _, label in found if kind != "true" and label == "supported")
    return (
        f"true {len(true)}: supported {true.count('supported') / len(true):.1%}, contradicted {true.count('contradicted') / len(true):.1%}; "
        f"false {len(false)}: supported {false.count('supported') / len(false):.1%} {dict(missed)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", action="store_true", help="print the sentences that are judged wrongly")
    parser.add_argument("--embedder", type=Path, help="folder of models")
    chosen = parser.parse_args()
    embedder = embed.load("bundled", chosen.embedder, lambda step, fraction: None) if chosen.embedder else None
    for half in ("fit", "held"):
        for language in ("en", "zh"):
            texts = [one for one in read() if (one.half, one.language) == (half, language)]
            found = judged(texts, cosines(embedder) if embedder else None)
            print(f"{half} {language}  {told(found)}")
            for kind, sentence, label in found if chosen.show else ():
                if (kind == "true") != (label == "supported"):
                    print(f"    {kind}: {sentence} ({label})")


if __name__ == "__main__":
    main()
