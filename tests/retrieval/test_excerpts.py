"""What of the passages the model reads."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from retrieval.excerpts import excerpts
from retrieval.lab.answers import Collection, Question, holds
from retrieval.types import Hit, Passage, Row, Table

LONG = "The village lies in a valley. Its market is held on Mondays. The church has a tower. A road leads to the lake."


def hit(text: str, *tables: Table) -> Hit:
    return Hit(Passage(1, 0, len(text), text, tables=tables), 1.0, 5.0)


def test_sentences_far_from_the_question_are_left_out() -> None:
    bridge = "The road was built late. The old bridge of Borna was finished in 1887. It carries two lanes. Trees grow beside it."
    (read,) = excerpts("When was the old bridge of Borna finished?", [hit(LONG), hit(bridge)])
    assert "1887" in read.passage.text
    assert "It carries two lanes." in read.passage.text, "the neighbours stay: one names what the other means"
    assert "Trees grow" not in read.passage.text


def test_a_lone_passage_and_a_table_stay_whole() -> None:
    table = hit("Product | 2021\nPumps | 361", Table(("Product", "2021"), (Row(15, 26, ("Pumps", "361")),)))
    assert excerpts("Where is the market?", [hit(LONG)]) == [hit(LONG)]
    read = excerpts("When is the market held?", [hit(LONG), table, hit("Nothing of the kind is told here.")])
    assert table in read
    assert any("market" in each.passage.text for each in read)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_third_of_the_text_holds_nearly_every_answer(language: str, shared_data: Path) -> None:
    """The thresholds' source: with less of the probability fewer answers stay, with more there is more to read."""
    paragraphs = [p for p in _lines(shared_data, "paragraphs") if p["lang"] == language]
    places = {p["pid"]: n for n, p in enumerate(paragraphs)}
    collection = Collection([p["context"] for p in paragraphs], None)
    asked = [q for q in _lines(shared_data, "questions") if q["lang"] == language][::12]
    kept, found, read, whole = 0, 0, 0, 0
    for row in asked:
        question = Question(row["question"], places[row["pid"]], row["answers"][0])
        hits = collection.search(question.text)
        if any(holds(each.passage, 0, len(each.passage.text), question) for each in hits):
            given = excerpts(question.text, hits)
            found += 1
            kept += any(e.passage.id == question.paragraph and question.answer in e.passage.text for e in given)
            read += sum(len(each.passage.text) for each in given)
            whole += sum(len(each.passage.text) for each in hits)
    assert found >= 0.9 * len(asked)
    assert kept / found >= 0.97
    assert 0.15 <= read / whole <= 0.36


def _lines(folder: Path, name: str) -> list[dict[str, Any]]:
    with gzip.open(folder / "dev" / f"xquad12.{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
