"""Fits the embedder's half of Classify: negative, neutral or positive by a vector alone.

python -m tests.bench.tasks.tone --data FOLDER     (writes chatbot/tasks/classify/meaning/fitted.json)

Learnt is from some of the training files of the sentiment recipe, without the domains that its Chinese figure is of, SST-2's words as
people write them; and from Tatoeba's Spanish sentences whose English the first fit is sure of. A tenth by hash chooses the strength
of the penalty. Takes a minute on one core.
"""

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from chatbot.settings import load as settings_of
from chatbot.tasks.classify.labels import SENTIMENT
from chatbot.tasks.classify.meaning import fitted
from finetune.data.split import digest
from finetune.recipes import plain, recipe
from retrieval.checks.gate import kin, probed
from retrieval.search.embed import Embedder, Vectors, load
from tests.bench.tasks.sentiment_rows import SHARED, Row, read

NAMES = [label.name for label in SENTIMENT]
TRAIN = SHARED / "train"
EACH = {"sst2_sentences": 500, "sst2_phrases": 900, "zh_sentiment": 700}  # texts of each file
PLAIN = 250  # neutral texts of each source
LONGEST = 100  # characters of one
SURE, FOREIGN, ASKED = (
    0.85,
    80,
    500,
)  # of the English, Spanish sentences of each class, and English ones that are looked at
PENALTIES = (0.3, 1.0, 3.0, 10.0)
SEED = 7
UNFITTED = {  # until `tests.bench.tasks.labels` has fitted how it goes together with a model
    "sentiment": {"": {"model": 1.0, "tone": 1.0, "bias": [0.0, 0.0, 0.0], "rows": 0, "right": 0.0}},
    "own": {"": {"likelihood": 1.0, "cosine": 0.0, "tone": 0.0, "grade": 0.0, "margins": {"least": 0.5, "share": 1.0}}},
}


def vectors(embedder: Embedder, texts: Sequence[str]) -> Vectors:
    """float32 [texts, dimension]; texts of one length go together, so that little is padded."""
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
    found = np.empty((len(texts), embedder.dimension), np.float32)
    for at in range(0, len(order), 64):
        some = order[at : at + 64]
        found[some] = embedder.queries([texts[n] for n in some])
    return found


def written(text: str, draw: random.Random) -> str:
    """SST-2 parts words from their marks and has no capitals."""
    text = re.sub(r" (n't|'\w+|[.,;:!?%)])", r"\1", text).replace("`` ", '"').replace(" ''", '"').replace("( ", "(")
    text = text[:1].upper() + text[1:] if draw.random() < 0.5 else text
    return text + draw.choice((".", "!", "", "")) if text[-1:].isalnum() else text


def learnt() -> list[Row]:
    draw = random.Random(SEED)
    measured = next(source.without["domain"] for source in recipe.load("sentiment").data if source.without)
    rows: list[Row] = []
    for name, count in EACH.items():
        every = read(TRAIN / f"{name}.train.jsonl.gz")
        given = [row for row in every if len(str(row["text"])) <= LONGEST and row.get("domain") not in measured]
        for row in draw.sample(given, count):
            text = str(row["text"]) if name == "zh_sentiment" else written(str(row["text"]), draw)
            rows.append(Row(text, ("negative", "positive")[int(row["label"])]))
    facts = list(read(TRAIN / "squad_v11_rest.paragraphs.train.jsonl.gz"))[::60]
    chinese = list(read(TRAIN / "zh_qa_drcd_cmrctrial.train.jsonl.gz"))[::20]
    pairs = draw.sample(list(read(TRAIN / "mt_en_zh.tatoeba.train.jsonl.gz")), 1500)
    for source in (plain.facts(facts), plain.facts(chinese), plain.english(pairs), plain.chinese(pairs)):
        rows += [Row(str(row["text"]), "neutral") for row in list(source)[:PLAIN]]
    return rows


def foreign(embedder: Embedder, model: LogisticRegression) -> list[Row]:
    """Sentences whose English is sure to be what it is, in Spanish."""
    pairs = random.Random(SEED).sample(list(read(TRAIN / "mt_en_es.tatoeba.train.jsonl.gz")), ASKED)
    probabilities = model.predict_proba(vectors(embedder, [str(pair["en"]) for pair in pairs]))
    taken: Counter[str] = Counter()
    rows: list[Row] = []
    for pair, each in zip(pairs, probabilities, strict=True):
        name = NAMES[int(each.argmax())]
        plain_enough = name != "neutral" or plain.is_statement(str(pair["en"]))
        if each.max() >= SURE and plain_enough and taken[name] < FOREIGN:
            taken[name] += 1
            rows.append(Row(str(pair["es"]), name))
    print("Spanish", dict(taken), flush=True)
    return rows


def regression(rows: Sequence[Row], inputs: Vectors, penalty: float) -> LogisticRegression:
    answers = [NAMES.index(row.label) for row in rows]
    return LogisticRegression(C=penalty, max_iter=400, class_weight="balanced").fit(inputs, answers)


def fit(embedder: Embedder) -> dict[str, Any]:
    every = learnt()
    aside = [row for row in every if digest(row.text) % 10 == 0]
    rows = [row for row in every if digest(row.text) % 10]
    print(f"{len(rows)} texts to learn from", flush=True)
    inputs, held = vectors(embedder, [row.text for row in rows]), vectors(embedder, [row.text for row in aside])
    more = foreign(embedder, regression(rows, inputs, 1.0))
    rows, inputs = [*rows, *more], np.concatenate([inputs, vectors(embedder, [row.text for row in more])])
    answers = [NAMES.index(row.label) for row in aside]

    def loss(model: LogisticRegression) -> float:
        return -float(np.log(model.predict_proba(held)[range(len(answers)), answers]).mean())

    tried = {penalty: regression(rows, inputs, penalty) for penalty in PENALTIES}
    best = min(tried, key=lambda penalty: loss(tried[penalty]))
    model = tried[best]
    right = float((model.predict(held) == answers).mean())
    print(f"{len(rows)} texts, penalty {best}, {right:.3f} of {len(aside)} right", flush=True)
    return {
        "weights": model.coef_.round(3).tolist(),
        "bias": model.intercept_.round(3).tolist(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    settings = settings_of(["--data", str(parser.parse_args().data)], {})
    embedder = load(settings.embedder, settings.data / "models", lambda step, fraction: None)
    cosines = probed(embedder)
    stored: list[dict[str, Any]] = json.loads(fitted.FILE.read_text("utf-8"))
    entry = next((each for each in stored if kin(cosines, each["cosines"])), None)
    if entry is None:
        entry = {"what": embedder.name, "dimension": embedder.dimension, "cosines": cosines, **UNFITTED}
        stored.append(entry)
    entry["tone"] = fit(embedder)
    save(stored)


def save(stored: list[dict[str, Any]]) -> None:
    """A list of numbers stands on one line."""
    said = json.dumps(stored, indent=1, ensure_ascii=False)
    said = re.sub(
        r"\[[^\[\]{}\"]*\]", lambda found: re.sub(r"\s+", " ", found[0]).replace("[ ", "[").replace(" ]", "]"), said
    )
    fitted.FILE.write_text(said + "\n", "utf-8")


if __name__ == "__main__":
    main()
