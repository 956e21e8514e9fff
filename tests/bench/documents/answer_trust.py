"""Whether what Banyan says of an answer, "right in about 80 % of such cases", is true; `--fit` fits it.

    python -m tests.bench.documents.answer_trust --data FOLDER [--model standard] [--languages en zh] [--rows 300]
    python -m tests.bench.documents.answer_trust --data FOLDER --fit [--rows 1000]    (writes chatbot/tasks/answer/trust.json)

Each question is asked of a collection with its paragraph and without it, as the library would be searched; counted are those
that the gate lets through and that get an answer which the checks support. It is right when it shares half of its words with
the one answer that is known (F1). Fitted is on questions of SQuAD and DRCD that the adapter never saw, all languages together, measured
on those of XQuAD, each language by itself.
"""

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from chatbot.engine.base import Engine, complete
from chatbot.engine.registry import build_engine
from chatbot.settings import load
from chatbot.tasks.answer import prompt
from chatbot.tasks.answer import trust as answer_trust
from chatbot.tasks.answer import work as answer
from chatbot.tasks.classify.calibration import calibration_error
from chatbot.types import Adapter, Sampling
from finetune.recipes import recipe
from finetune.verdict.metrics import f1
from retrieval.checks.extract import likelihood
from retrieval.checks.gate import Gate, Model
from retrieval.checks.verify import verify
from retrieval.excerpts import excerpts
from retrieval.lab import gate_fit
from retrieval.lab.answers import Collection, Question
from retrieval.search import embed
from tests.bench.documents import xquad

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
UNSEEN = {"en": "squad_qa_mix40k.train.jsonl.gz", "zh": "zh_qa_drcd_cmrctrial.train.jsonl.gz"}
RECIPES = {"small": "answer_small"}
ASKED = re.compile(r"^(?:Question: |问题：)(.+)$", re.MULTILINE)
DOUBTED = 0.5
RIGHT = 0.5  # F1


@dataclass(frozen=True, slots=True)
class Case:
    """An answer that would be shown as supported: its figures, and whether it was right."""

    figures: dict[str, float]
    right: bool


def _learnt(name: str) -> list[dict[str, Any]]:
    """The rows of a recipe, and of that which it goes on from."""
    made = recipe.load(name)
    return recipe.examples(made, SHARED / "train") + (_learnt(made.start) if made.start else [])


def unseen(language: str, made: str) -> tuple[list[str], list[Question]]:
    """A closed world, without the questions that the adapter learnt from; `made` is its recipe."""
    worlds = gate_fit.worlds(list(gate_fit.read(SHARED / "train" / UNSEEN[language])), 0)
    learnt = "\n".join(row["messages"][1]["content"] for row in _learnt(made))
    known = {question.strip() for question in ASKED.findall(learnt)}
    paragraphs = [paragraph for world in worlds for paragraph in world.paragraphs]
    questions: list[Question] = []
    before = 0
    for world in worlds:
        questions += [
            Question(q.text.strip(), q.paragraph + before, q.answer, q.start)
            for q in world.questions
            if q.text.strip() not in known
        ]
        before += len(world.paragraphs)
    return paragraphs, questions


def cases(engine: Engine, adapter: Adapter, data: Path, asked: tuple[Sequence[str], Sequence[Question]]) -> list[Case]:
    paragraphs, questions = asked
    embedder = embed.load("multilingual-e5-small", data / "models", lambda step, fraction: None)
    collection = Collection(paragraphs, embedder)
    gate = Gate.load(embedder)
    reads = answer.reads(engine.traits.known)
    sampling = Sampling(temperature=0.0, max_tokens=64, top_logprobs=1)

    def one(question: Question, without: int | None) -> Case | None:
        hits = collection.search(question.text, without=without)
        judgement = gate.judge(question.text, hits)
        if not judgement.answered:
            return None
        messages = prompt.messages(question.text, excerpts(question.text, hits[:reads]))
        given = complete(engine, messages, sampling, adapter=adapter.name)
        said = given.text.strip()
        verdict = verify(said, [hit.passage for hit in hits], question=question.text)
        if said.startswith(prompt.NOT_FOUND) or verdict.label != "supported":
            return None
        place = likelihood(question.text, hits, verdict.quotes)
        nats = sum(token.logprob for token in given.logprobs)
        right = without is None and f1(said, question.answer) >= RIGHT
        return Case(answer_trust.figures(nats, place, judgement.probability), right)

    pairs = [(question, without) for question in questions for without in (None, question.paragraph)]
    with ThreadPoolExecutor(4) as pool:
        return [case for case in pool.map(lambda pair: one(*pair), pairs) if case]


def fit(found: Sequence[Case], model: str, adapter: Adapter) -> None:
    fitted = gate_fit.fit([(case.figures, case.right) for case in found], answer_trust.FIGURES)
    stored: dict[str, Any] = {
        "what": f"{model}, {adapter.name}",
        "rows": len(found),
        "threshold": DOUBTED,
        **{name: [round(v, 4) for v in getattr(fitted, name)] for name in ("means", "deviations", "weights")},
        "bias": round(fitted.bias, 4),
    }
    kept = dict(answer_trust.kept()) | {answer_trust.key(model, adapter): stored}
    answer_trust.FILE.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    answer_trust.kept.cache_clear()
    print("fitted", stored)


def report(found: Sequence[Case], model: Model) -> None:
    likely = np.array([model.probability(case.figures) for case in found])
    right = np.array([case.right for case in found])
    low = likely < model.threshold
    error = calibration_error(likely.tolist(), right.tolist())
    print(f"{len(found)} supported answers, {right.mean():.1%} right; calibration error {error:.3f}")
    print(f"AUROC {_auroc(likely, right):.3f}, of each figure alone: {', '.join(_alone(found, right))}")
    print(
        f"doubted {low.mean():.1%}: {right[low].mean():.1%} of them right; of the others {right[~low].mean():.1%}; "
        f"of the wrong ones {low[~right].mean():.1%} are doubted, of the right ones {low[right].mean():.1%}"
    )
    for part in np.array_split(np.argsort(likely), 5):
        print(f"  said {likely[part].mean():.2f}, true {right[part].mean():.2f}")


def _alone(found: Sequence[Case], right: Any) -> Iterator[str]:
    for name in answer_trust.FIGURES:
        yield f"{name} {_auroc(np.array([case.figures[name] for case in found]), right):.3f}"


def _auroc(scores: Any, right: Any) -> float:
    above = scores[right][:, None] - scores[~right][None]
    return float(((above > 0) + 0.5 * (above == 0)).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a data folder that has the bundled model")
    parser.add_argument("--model", default="standard")
    parser.add_argument("--languages", nargs="+", default=list(UNSEEN), choices=UNSEEN)
    parser.add_argument("--rows", type=int, default=300, help="questions of each language, each asked twice")
    parser.add_argument("--fit", action="store_true")
    given = parser.parse_args()
    engine = build_engine(load(["--data", str(given.data), "--model", given.model], {}), lambda step, fraction: None)
    try:
        adapter = next(known for known in engine.adapters() if known.name == answer.ADAPTER)
        made = RECIPES.get(given.model, answer.ADAPTER)
        found = {}
        for language in given.languages:
            paragraphs, questions = unseen(language, made) if given.fit else xquad.read(SHARED / "dev", language)
            every = max(1, len(questions) // given.rows)
            found[language] = cases(engine, adapter, given.data, (paragraphs, questions[::every][: given.rows]))
        if given.fit:
            fit([case for some in found.values() for case in some], engine.model, adapter)
        trust = answer_trust.find(engine.model, adapter)
        assert trust, "fit it first"
        for language, some in found.items():
            print(language)
            report(some, trust.model)
    finally:
        engine.close()


if __name__ == "__main__":
    main()
