"""`python -m retrieval.lab.evaluate` over a few paragraphs, with the small English embedder."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from chatbot.common.wheels import MINILM
from retrieval.lab.evaluate import main

PARAGRAPHS = {
    "0": "The banyan is a fig that begins its life as an epiphyte. The tree in Kolkata covers 18,918 square metres.",
    "1": "The monsoon reaches Kerala on the first of June. It leaves the north of India in September.",
    "2": "Tea came to Assam in 1823, when Robert Bruce saw the plant growing wild near Rangpur.",
}
QUESTIONS = [
    ("0", "How many square metres does the tree in Kolkata cover?", "18,918"),
    ("1", "When does the monsoon reach Kerala?", "the first of June"),
    ("2", "Who saw the tea plant growing wild near Rangpur?", "Robert Bruce"),
]


Rows = Sequence[Mapping[str, object]]


def written(path: Path, rows: Rows) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return str(path)


def evaluate(tmp_path: Path, models: Path, questions: Rows, *more: str) -> int:
    paragraphs = [{"pid": pid, "context": text, "lang": "en"} for pid, text in PARAGRAPHS.items()]
    files = ["--paragraphs", written(tmp_path / "p.jsonl", paragraphs), "--questions"]
    embedder = ["--embedder", MINILM.title, "--models", str(models)]
    return main([*files, written(tmp_path / "q.jsonl", questions), *embedder, *more])


def test_finding_citing_and_refusing_are_told(
    tmp_path: Path, models_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    questions = [{"pid": pid, "question": text, "lang": "en", "answers": [answer]} for pid, text, answer in QUESTIONS]
    assert evaluate(tmp_path, models_folder, questions, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["questions"] == 3
    assert told["lexical"] == told["dense"] == told["fused"] == 100.0
    assert told["cited_precision"] == told["cited_recall"] == 100.0
    assert told["refused_answerable"] == 0
    assert told["refused_others"] == 100.0


def test_without_answers_only_the_ranking_is_told(
    tmp_path: Path, models_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = [{"pid": "1", "question": QUESTIONS[0][1], "lang": "en"}]
    assert evaluate(tmp_path, models_folder, wrong, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert 0 < told["fused"] < 100  # the paragraph that is named does not answer
    assert "cited_recall" not in told


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ({"pid": "0", "question": "Why?"}, "line 1 lacks lang"),
        ({"pid": "9", "question": "Why?", "lang": "en"}, "asks of paragraph '9'"),
        ({"pid": "0", "question": "Why?", "lang": "fr"}, "no questions in 'en'"),
    ],
)
def test_what_cannot_be_used_is_named(
    tmp_path: Path, models_folder: Path, capsys: pytest.CaptureFixture[str], row: dict[str, object], complaint: str
) -> None:
    assert evaluate(tmp_path, models_folder, [row], "--languages", "en") == 2
    assert complaint in capsys.readouterr().err
