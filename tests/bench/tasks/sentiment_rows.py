"""Texts with what they are, that no recipe learns from: what sentiment is measured on, and what its calibration is fitted on."""

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from finetune.data.examples import Example
from finetune.recipes import plain, recipe

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
PLAIN = Path(__file__).with_name("plain.jsonl")
FILES = {"en": "sst2_sentences.train.jsonl.gz", "zh": "zh_sentiment.train.jsonl.gz"}
EVERYDAY = 150  # of Tatoeba's sentences in each language


@dataclass(frozen=True, slots=True)
class Row:
    """`label` is a name of `SENTIMENT`."""

    text: str
    label: str


def measured(language: str) -> list[Row]:
    """ "en": SST-2's dev sentences. "zh": reviews of the domains that the recipe leaves out."""
    if language == "en":
        names = ("negative", "positive")
        return [Row(str(row["text"]), names[int(row["label"])]) for row in read(SHARED / "dev" / "sst2.dev.jsonl.gz")]
    return _rows(recipe.left_out(recipe.load("sentiment"), SHARED / "train", FILES["zh"]))


@cache  # a minute of work
def kept_aside(language: str) -> list[Row]:
    """A tenth of the training sentences, the same one every time."""
    return _rows(recipe.kept_aside(recipe.load("sentiment"), SHARED / "train", FILES[language]))


def neutral(language: str) -> dict[str, list[Row]]:
    """What is neutral, by where it is from: Wikipedia (XQuAD's paragraphs), everyday sentences (Tatoeba's test) by the rule that
    chose those to learn, and thirty written by hand about what reviews are about."""
    paragraphs = [row for row in read(SHARED / "dev" / "xquad12.paragraphs.jsonl.gz") if row["lang"] == language]
    pairs = [{"en": row["en"], "zh": row["zh"][0]} for row in read(SHARED / "dev" / "mt_tatoeba_en_zh.test.jsonl.gz")]
    everyday = list({"en": plain.english, "zh": plain.chinese}[language](pairs))
    step = len(everyday) // EVERYDAY
    return {
        "Wikipedia": _neutral(plain.facts(paragraphs)),
        "everyday": _neutral(everyday[::step][:EVERYDAY]),
        "by hand": _neutral(
            row for row in map(json.loads, PLAIN.read_text("utf-8").splitlines()) if row["language"] == language
        ),
    }


def _neutral(rows: Iterable[Mapping[str, Any]]) -> list[Row]:
    return [Row(str(row["text"]), "neutral") for row in rows]


def _rows(examples: Iterable[Example]) -> list[Row]:
    return [Row(example.prompt[-1].content, example.answer) for example in examples]


def read(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)
