"""How soon an answer from documents begins: passages found, first token, end.

    python -m tests.bench.documents.answers --data FOLDER [--questions 24]

The documents are XQuAD's 240 English paragraphs (beside the repository). The bundled model is measured as it answers, with
the best passage in its prompt, and with all five in it. Every question is new to the engine's cache.
"""

import argparse
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import numpy as np

from chatbot.engine.base import Engine
from chatbot.engine.registry import build_engine
from chatbot.settings import load
from chatbot.tasks.answer import work as answer
from chatbot.tasks.answer.work import Retrieval, Writing, ask
from retrieval.checks.gate import Gate, Model
from retrieval.lab.answers import Question
from retrieval.library import Library
from retrieval.search import embed
from tests.bench.documents import xquad
from tests.bench.documents.search import DATA, OWNER, fill


def seconds(engine: Engine, retrieval: Retrieval, question: str) -> tuple[float, float, float]:
    """Until the passages are there, until the first token, until the answer is checked."""
    started = time.perf_counter()
    steps = ask(engine, retrieval, OWNER, question)
    next(steps)
    found, first = time.perf_counter() - started, 0.0
    for step in steps:
        if isinstance(step, Writing) and step.text and not first:
            first = time.perf_counter() - started
    return found, first, time.perf_counter() - started


def measure(title: str, engine: Engine, retrieval: Retrieval, questions: list[Question]) -> None:
    seconds(engine, retrieval, questions[0].text)
    times = np.array([seconds(engine, retrieval, question.text) for question in questions[1:]])
    times = times[times[:, 1] > 0]
    median, late = np.median(times, 0), np.percentile(times, 95, 0)
    print(f"{title}: {len(times)} answers")
    for name, middle, high in zip(("passages", "first token", "answer checked"), median, late, strict=True):
        print(f"  {name:14} median {middle:.3f} s, p95 {high:.3f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--questions", type=int, default=24)
    chosen = parser.parse_args()
    settings = load(["--data", str(chosen.data)], {})
    engine = build_engine(settings, lambda step, fraction: None)
    embedder = embed.load("bundled", chosen.data / "models", lambda step, fraction: None)
    paragraphs, questions = xquad.read(DATA / "dev", "en")
    half = questions[:: len(questions) // (2 * chosen.questions + 2)]
    open_gate = Gate({name: Model((), (), (), (), 0.0, 0.0) for name in Gate.load().models})
    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder), paragraphs, embedder.passages(paragraphs), embedder)
        library = Library(Path(folder), embedder)
        retrieval = Retrieval(library, open_gate, embedder)
        measure("as the model reads", engine, retrieval, half[: chosen.questions + 1])
        with patch.object(answer, "READS", {}):
            measure("five passages", engine, retrieval, half[chosen.questions + 1 :])
        library.close()
    engine.close()


if __name__ == "__main__":
    main()
