"""XQuAD (Artetxe, Ruder and Yogatama 2020) as the benches read it: 240 paragraphs and 1,190 questions in each language."""

from pathlib import Path

from retrieval.lab import evaluate, gate_fit
from retrieval.lab.answers import Question
from retrieval.search.embed import Embedder


def read(folder: Path, language: str) -> tuple[list[str], list[Question]]:
    """`folder` holds `xquad12.paragraphs.jsonl.gz` and `xquad12.questions.jsonl.gz`; no file says where an answer stands.

    `zh-en` asks Chinese questions of English paragraphs; then the questions are those that no fit has seen.
    """
    files = folder / "xquad12.paragraphs.jsonl.gz", folder / "xquad12.questions.jsonl.gz"
    paragraphs, questions = evaluate.read(*files, language)
    return paragraphs, [question for question in questions if "-" not in language or not gate_fit.seen(question)]


def taking_part(embedder: Embedder | None, language: str) -> Embedder | None:
    """The embedder where it knows the language."""
    known = embedder and (embedder.languages is None or language.partition("-")[0] in embedder.languages)
    return embedder if known else None
