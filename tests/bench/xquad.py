"""XQuAD (Artetxe, Ruder and Yogatama 2020) as the benches read it: 240 paragraphs and 1,190 questions in each language."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from retrieval.evaluate_answers import Question

LANGUAGES = ("en", "zh", "de", "es", "ru", "ar", "vi", "th", "tr", "hi", "el", "ro")


def read(folder: Path, language: str) -> tuple[list[str], list[Question]]:
    """`folder` holds `xquad12.paragraphs.jsonl.gz` and `xquad12.questions.jsonl.gz`.

    No file says where an answer stands. Where its paragraph has it once, that is its place; elsewhere `start` is -1.
    """
    paragraphs = {row["pid"]: row["context"] for row in _rows(folder, "paragraphs") if row["lang"] == language}
    place = {pid: number for number, pid in enumerate(paragraphs)}
    questions = [
        Question(
            row["question"], place[row["pid"]], row["answers"][0], _start(paragraphs[row["pid"]], row["answers"][0])
        )
        for row in _rows(folder, "questions")
        if row["lang"] == language
    ]
    return list(paragraphs.values()), questions


def _start(text: str, answer: str) -> int:
    return text.find(answer) if text.count(answer) == 1 else -1


def _rows(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(folder / f"xquad12.{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)
