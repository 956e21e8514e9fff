"""Sentences of two documents that answer one question: do they contradict each other, although they say it in other words?

    python -m tests.bench.documents.checks.notices FOLDER_OF_MODELS [--show]

`notices.jsonl`: a question, two sentences, and whether the second contradicts the first. On the half "fit" the cosines of
`chatbot.tasks.answer.routes.conflict` were chosen; "held" was only looked at.
"""

import argparse
import json
from pathlib import Path

from chatbot.tasks.answer.routes.conflict import differ
from retrieval.search import embed
from tests.bench.documents.checks.pairs import cosines

FILE = Path(__file__).with_name("notices.jsonl")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path)
    parser.add_argument("--show", action="store_true", help="print what is told wrongly")
    chosen = parser.parse_args()
    similarity = cosines(embed.load("bundled", chosen.models, lambda step, fraction: None))
    rows = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
    for half in ("fit", "held"):
        for language in ("en", "zh"):
            own = [row for row in rows if (row["half"], row["language"]) == (half, language)]
            told = [(row, differ(row["question"], row["one"], row["other"], similarity)) for row in own]
            against = [said for row, said in told if row["differ"]]
            beside = [said for row, said in told if not row["differ"]]
            print(f"{half} {language}: told {sum(against)} of {len(against)}, falsely {sum(beside)} of {len(beside)}")
            for row, said in told if chosen.show else ():
                if said != row["differ"]:
                    print(f"    {row['differ']}: {row['one']} / {row['other']}")


if __name__ == "__main__":
    main()
