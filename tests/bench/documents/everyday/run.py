"""Everyday questions put to documents, as the page answers them: how many right, refused, wrong yet "supported".

    python -m tests.bench.documents.everyday.run --data FOLDER [--model standard|none] [--only KIND]
    python -m tests.bench.documents.everyday.run --data FOLDER --file ../shared/cases/documents/questions.jsonl

A row of a file of questions: `files` (beside it, in `files/`, or below `--shared`; `xquad:en:80-84` are paragraphs of XQuAD as
one text), `question`, `right`, `wrong`, perhaps `before`, `kind` and `language`. What they mean stands in `judge.py`.
"""

import argparse
import gzip
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatbot.common.errors import BanyanError
from chatbot.engine.base import Engine
from chatbot.engine.loading import LoadingEngine
from chatbot.engine.registry import build_engine
from chatbot.settings import load
from chatbot.tasks.answer.check import Answer
from chatbot.tasks.answer.work import Retrieval, Step, ask
from chatbot.types import Message
from retrieval.checks.gate import Gate
from retrieval.library import Library
from retrieval.search import embed
from tests.bench.documents.everyday.judge import Judged, Question, judge

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[4] / "shared"
NONE = "none"
XQUAD = "dev/xquad12.paragraphs.jsonl.gz"


@dataclass(frozen=True, slots=True)
class Result:
    question: Question
    judged: Judged
    answer: Answer
    seconds: float


class Shelf:
    """One owner per set of files, in one library."""

    def __init__(self, library: Library, folders: Sequence[Path], scratch: Path) -> None:
        self._library, self._folders, self._scratch = library, folders, scratch
        self._owners: dict[tuple[str, ...], str] = {}

    def owner(self, files: tuple[str, ...]) -> str:
        """Raises `FileNotFoundError` where a file lies in none of the folders."""
        if files not in self._owners:
            self._owners[files] = f"reader {len(self._owners)}"
            for name in files:
                path = self._paragraphs(name) if name.startswith("xquad:") else self._path(name)
                self._library.add(self._owners[files], path, path.name)
        return self._owners[files]

    def _path(self, name: str) -> Path:
        for folder in self._folders:
            if (folder / name).is_file():
                return folder / name
        raise FileNotFoundError(name)

    def _paragraphs(self, name: str) -> Path:
        _, language, numbers = name.split(":")
        first, last = (int(number) for number in numbers.split("-"))
        with gzip.open(SHARED / "data" / XQUAD, "rt", encoding="utf-8") as rows:
            texts = [row["context"] for row in map(json.loads, rows) if row["lang"] == language]
        path = self._scratch / f"{language}-{numbers}.txt"
        path.write_text("\n\n".join(text.strip() for text in texts[first : last + 1]), "utf-8")
        return path


def put(engine: Engine, retrieval: Retrieval, owner: str, question: Question) -> Answer:
    """The last answer of the conversation."""
    history: list[Message] = []
    for text in question.before:
        said = _answer(ask(engine, retrieval, owner, text, history=history))
        history += [Message("user", text), Message("assistant", said.text)] if said.text else []
    return _answer(ask(engine, retrieval, owner, question.text, history=history))


def _answer(steps: Iterator[Step]) -> Answer:
    return next(step for step in steps if isinstance(step, Answer))


def results(engine: Engine, retrieval: Retrieval, shelf: Shelf, questions: Sequence[Question]) -> Iterator[Result]:
    for question in questions:
        try:
            owner = shelf.owner(question.files)
            started = time.perf_counter()
            given = put(engine, retrieval, owner, question)
        except BanyanError as error:
            print(f"! {question.text} {error}")
            continue
        yield Result(question, judge(question, given), given, time.perf_counter() - started)


def told(found: Sequence[Result]) -> str:
    """Shares of all, and of the answerable what was refused."""
    total = max(1, len(found))
    answerable = max(1, sum(one.question.answerable for one in found))
    counts = {name: sum(one.judged.outcome == name for one in found) for name in ("right", "quote", "wrong", "refused")}
    claimed = sum(one.judged.claimed for one in found)
    return (
        f"{len(found):3} questions: right {counts['right']}, right quote {counts['quote']} "
        f"(together {100 * (counts['right'] + counts['quote']) / total:.1f} %), wrong yet supported {counts['wrong']} "
        f"({100 * counts['wrong'] / total:.1f} %; with those beside a right quote {claimed}), refused though answerable "
        f"{counts['refused']} ({100 * counts['refused'] / answerable:.1f} %)"
    )


def shown(one: Result) -> str:
    said = " / ".join(f"{s.text} ({s.verdict})" for s in one.answer.sentences) or one.answer.status
    quotes = " / ".join(s.text for s in one.answer.quotes)
    judged = one.answer.found.judgement
    kind = f"{one.answer.quoted or 'model'}, {one.answer.found.route}"
    kind += f", {judged.model} {judged.probability:.2f} of {judged.threshold:.2f}" if judged else ""
    return (
        f"[{one.judged.outcome}{'!' if one.judged.claimed else ''}] {one.question.kind} {one.question.text} "
        f"({one.seconds:.1f} s, {kind})\n    {said[:600]!r}" + (f"\n    quotes {quotes[:300]!r}" if quotes else "")
    )


def _engine(data: Path, model: str) -> Engine:
    settings = load(["--data", str(data), *([] if model == NONE else ["--model", model])], {})
    if model == NONE:
        return LoadingEngine(lambda reference, progress: build_engine(settings, progress), model)  # is never started
    return build_engine(settings, lambda step, fraction: None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="standard", help="none: quotes only, as while a model is loading")
    parser.add_argument("--file", type=Path, default=HERE / "questions.jsonl")
    parser.add_argument("--shared", type=Path, default=SHARED / "data")
    parser.add_argument("--only", default="", help="a kind, a language or a word of the question")
    chosen = parser.parse_args()
    lines = chosen.file.read_text("utf-8").splitlines()
    questions = [Question.read(json.loads(line)) for line in lines if line]
    questions = [q for q in questions if chosen.only in (q.kind, q.language) or chosen.only in q.text]
    engine = _engine(chosen.data, chosen.model)
    embedder = embed.load("bundled", chosen.data / "models", lambda step, fraction: None)
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder), embedder)
        shelf = Shelf(library, (HERE / "files", chosen.file.parent, chosen.shared), Path(folder))
        found = []
        for one in results(engine, Retrieval(library, Gate.load(embedder), embedder), shelf, questions):
            print(shown(one), flush=True)
            found.append(one)
        library.close()
    engine.close()
    for name in sorted({q.kind for q in questions} | {q.language for q in questions}):
        if name:
            print(f"{name:10} {told([one for one in found if name in (one.question.kind, one.question.language)])}")
    print(told(found))


if __name__ == "__main__":
    main()
