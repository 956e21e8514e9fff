"""How many questions the gate refuses when their paragraph is in the collection, and when it was taken out.

    python -m tests.bench.documents.refusal XQUAD_FOLDER [--models FOLDER] [--languages en zh zh-en] [--questions 1190] [--json OUT]

A closed world: the other four paragraphs of the same article stay. With --models the embedder takes part for the
languages it knows; zh-en asks Chinese questions of English paragraphs, of the articles that no fit has seen. OUT gets the risk-coverage curve of each language: (threshold, share answered, share of those wrong).
"""

import argparse
import json
from pathlib import Path

from retrieval.checks.gate import Gate
from retrieval.lab.answers import Collection, refusal
from retrieval.search import embed
from tests.bench.documents import xquad


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--embedder", default="bundled")
    parser.add_argument("--languages", nargs="+", default=["en", "zh"])
    parser.add_argument("--questions", type=int, default=1190)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    embedder = embed.load(chosen.embedder, chosen.models, lambda step, fraction: None) if chosen.models else None
    gate, report = Gate.load(embedder), {}
    for language in chosen.languages:
        paragraphs, questions = xquad.read(chosen.folder, language)
        known = xquad.taking_part(embedder, language)
        step = max(1, len(questions) // chosen.questions)
        figures = refusal(Collection(paragraphs, known), questions[::step], gate)
        report[language] = {
            "wrongly_refused": figures.wrongly_refused,
            "rightly_refused": figures.rightly_refused,
            "near": figures.nearly,
            "questions": len(figures.answerable),
            "embedder": known is not None,
            "at_threshold": figures.at_threshold(),
            "risk_coverage": [
                [round(x, 4) for x in point] for point in figures.curve()[:: max(1, len(figures.answerable) // 50)]
            ],
        }
        print(
            f"{language} refused: {figures.wrongly_refused:6.1%} of the answerable, {figures.rightly_refused:6.1%} of the others"
            f" ({len(figures.answerable)} questions{', with the embedder' if known else ''}; near are"
            f" {figures.nearly[0]:.1%} and {figures.nearly[1]:.1%})",
            flush=True,
        )
    if chosen.json:
        chosen.json.write_text(json.dumps(report, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
