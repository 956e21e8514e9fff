"""XQuAD (Artetxe, Ruder and Yogatama 2020) as the benches read it: 240 paragraphs and 1,190 questions in each language."""

from pathlib import Path

from retrieval.lab import evaluate
from retrieval.lab.answers import Question


def read(folder: Path, language: str) -> tuple[list[str], list[Question]]:
    """`folder` holds `xquad12.paragraphs.jsonl.gz` and `xquad12.questions.jsonl.gz`; no file says where an answer stands."""
    return evaluate.read(folder / "xquad12.paragraphs.jsonl.gz", folder / "xquad12.questions.jsonl.gz", language)
