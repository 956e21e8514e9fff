"""Whether citations point to where the answer stands, and how often quoted sentences hold it.

    python -m tests.bench.documents.citations XQUAD_FOLDER [--models FOLDER] [--languages en zh] [--questions 1190] [--json OUT]

With --models the bundled embedder takes part in the search; without, keywords alone. The answer that is cited for is the
gold one, in two forms: as it is, and the whole sentence it stands in. No model judges: a citation is right when its span, in
its paragraph, holds the place of the answer. Where a paragraph has the answer more than once and no file says which is
meant, any of them counts in "all"; "told" has only questions whose answer has one place.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from chatbot.tasks.answer.check import QUOTED
from retrieval.lab.answers import Collection, Pointing, Question, citations, extracts
from retrieval.search import embed
from retrieval.text.sentences import sentences
from tests.bench.documents import xquad


def sentence_of(collection: Collection, question: Question) -> str:
    """The sentences of the paragraph that the answer stands in; the answer itself where the file spells it otherwise."""
    text = collection.passages[question.paragraph].text
    start = text.find(question.answer)
    end = start + len(question.answer)
    held = [(s, e) for s, e in sentences(text) if s < end and start < e]
    return text[held[0][0] : held[-1][1]] if start >= 0 and held else question.answer


def measure(collection: Collection, questions: list[Question]) -> dict[str, Pointing]:
    told = [question for question in questions if question.start >= 0]
    return {
        "short answer, all": citations(collection, questions, lambda q: q.answer),
        "short answer, told": citations(collection, told, lambda q: q.answer),
        "sentence, all": citations(collection, questions, lambda q: sentence_of(collection, q)),
        "sentence, told": citations(collection, told, lambda q: sentence_of(collection, q)),
        "quoted": extracts(collection, questions, QUOTED),
        "one sentence quoted": extracts(collection, questions, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=Path)
    parser.add_argument("--languages", nargs="+", default=["en", "zh"])
    parser.add_argument("--questions", type=int, default=1190)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    embedder = embed.load("bundled", chosen.models, lambda step, fraction: None) if chosen.models else None
    report = {}
    for language in chosen.languages:
        paragraphs, questions = xquad.read(chosen.folder, language)
        known = xquad.taking_part(embedder, language)
        step = max(1, len(questions) // chosen.questions)
        figures = measure(Collection(paragraphs, known), questions[::step])
        report[language] = {name: asdict(figure) for name, figure in figures.items()}
        for name, figure in figures.items():
            print(
                f"{language} {name:20} precision {figure.precision:6.1%} recall {figure.recall:6.1%} of {figure.questions}"
                f", {figure.quotes / figure.questions:.2f} quotes of {figure.length:.0f} characters",
                flush=True,
            )
    if chosen.json:
        chosen.json.write_text(json.dumps(report, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
