"""Sentiment in English and Chinese: accuracy, calibration, what is neutral, evidence, and rows side by side against one at a time.

python -m tests.bench.tasks.sentiment --data FOLDER [--model M] [--adapter NAME] [--rows N] [accuracy] [neutral] [evidence] [speed]
python -m tests.bench.tasks.sentiment --data FOLDER [--model M] [--adapter NAME] --fit     (writes chatbot/tasks/classify/calibration.json)

Measured is on SST-2's dev sentences, on Chinese reviews of domains that are never learnt from, and on plain sentences; fitted on a
tenth of the training texts (see `sentiment_rows`), with `--languages en` on English ones alone, for a model that knows no Chinese. SST-2 and the
reviews know no neutral texts: their figures hold negative against positive, of the three probabilities.
"""

import argparse
import json
import math
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from chatbot.engine.base import identity
from chatbot.engine.registry import build_engine
from chatbot.settings import load
from chatbot.tasks.classify import calibration
from chatbot.tasks.classify.calibration import Calibration, calibration_error, fit_temperature
from chatbot.tasks.classify.evidence import Part, weigh, without
from chatbot.tasks.classify.judge import Classifier, Judgement
from chatbot.tasks.classify.labels import SENTIMENT
from chatbot.tasks.classify.work import classifier, classify
from chatbot.types import Adapter
from tests.bench.tasks.sentiment_rows import Row, kept_aside, measured, neutral

NEGATIVE, _, POSITIVE = range(3)
DELETED = 5
SEED = 7


def judged(judge: Classifier, texts: Sequence[str]) -> list[Judgement]:
    found = dict(step for step in classify(judge, texts) if step is not None)
    return [found[place] for place in range(len(texts))]


def fit(judge: Classifier, chosen: Sequence[Row], adapter: Adapter | None) -> None:
    """The offset between negative and positive first (logistic regression of one bias), then the temperature of the pair.

    The texts cannot say how often neutral is right, so its likelihood stays as the model gives it.
    """
    bare = replace(judge, calibration=Calibration(1.0, (0.0, 0.0, 0.0), 0))
    read = [judgement.read[0].logits for judgement in judged(bare, [row.text for row in chosen])]
    answers = [int(row.label == "positive") for row in chosen]

    def loss(bias: float) -> tuple[float, float]:
        pairs = [(each[NEGATIVE] + bias, each[POSITIVE]) for each in read]
        temperature = fit_temperature(pairs, answers)
        probabilities = (calibration.softmax(p, temperature)[a] for p, a in zip(pairs, answers, strict=True))
        return -math.fsum(math.log(max(p, 1e-12)) for p in probabilities), temperature

    bias = min((step / 20 for step in range(-80, 81)), key=lambda each: loss(each)[0])
    temperature = loss(bias)[1]
    middle = -bias / 2
    right = sum(
        (each[POSITIVE] > each[NEGATIVE] + bias) == (row.label == "positive")
        for each, row in zip(read, chosen, strict=True)
    )
    entry = {
        "what": f"{judge.engine.model}, {adapter.name if adapter else 'no adapter'}, {', '.join(x.name for x in SENTIMENT)}",
        "temperature": round(temperature, 4),
        "offsets": [round(each, 4) for each in (middle, 0.0, -middle)],
        "rows": len(chosen),
        "right": round(right / len(chosen), 4),
    }
    kept = json.loads(calibration.FILE.read_text("utf-8"))
    kept[calibration.key(identity(judge.engine), adapter, SENTIMENT)] = entry
    calibration.FILE.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print("fitted", entry)


def accuracy(judge: Classifier, chosen: Sequence[Row]) -> None:
    found = judged(judge, [row.text for row in chosen])
    pairs = [(j.score("negative"), j.score("positive")) for j in found]
    confidences = [max(pair) / sum(pair) for pair in pairs]
    right = [(b > a) == (row.label == "positive") for (a, b), row in zip(pairs, chosen, strict=True)]
    print(
        f"accuracy {told(right)}, calibration error {calibration_error(confidences, right):.3f}, "
        f"neutral was chosen {sum(j.label == 'neutral' for j in found)} times, "
        f"calibrated: {judge.calibrated}, adapter: {judge.adapter}",
        flush=True,
    )


def called_neutral(judge: Classifier, chosen: Sequence[Row]) -> list[bool]:
    """Which of the plain sentences are called neutral."""
    return [each.label == "neutral" for each in judged(judge, [row.text for row in chosen])]


def told(right: Sequence[bool]) -> str:
    """A share in per cent with its 95 % interval (Wilson 1927)."""
    count, share, z = len(right), sum(right) / len(right), 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    spread = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return f"{100 * share:.1f} % ({100 * (middle - spread):.1f} to {100 * (middle + spread):.1f}), {count} texts"


def evidence(judge: Classifier, chosen: Sequence[Row]) -> None:
    """What the label's probability loses without the five heaviest words, and without five at random."""
    draw = random.Random(SEED)
    top: list[float] = []
    some: list[float] = []
    texts = [row.text for row in chosen]
    for text, judgement in zip(texts, judged(judge, texts), strict=True):
        *_, parts = weigh(judge, text, judgement)
        if not isinstance(parts, tuple) or len(parts) < 2 * DELETED:
            continue
        picks = [
            sorted(parts, key=lambda part: -part.weight)[:DELETED],
            *(draw.sample(parts, DELETED) for _ in range(3)),
        ]
        left = judged(judge, [without(text, _spans(pick)) for pick in picks])
        losses = [judgement.score(judgement.label) - each.score(judgement.label) for each in left]
        top.append(losses[0])
        some.append(statistics.mean(losses[1:]))
    ratio = statistics.mean(top) / max(1e-9, statistics.mean(some))
    print(
        f"without the five heaviest words the label's probability falls by {statistics.mean(top):.3f}, without five at random "
        f"by {statistics.mean(some):.3f}: {ratio:.1f}x, {len(top)} sentences"
    )


def _spans(parts: Sequence[Part]) -> list[tuple[int, int]]:
    return [(part.start, part.end) for part in parts]


def speed(judge: Classifier, chosen: Sequence[Row]) -> None:
    """Side by side, then one `Engine.score` after another with each text's own prompt, as a loop of a script would."""
    texts = [row.text for row in chosen]
    begin = time.perf_counter()
    together = judged(judge, texts)
    fast = time.perf_counter() - begin
    begin = time.perf_counter()
    alone = [judged(judge, [text])[0] for text in texts]
    slow = time.perf_counter() - begin
    same = sum(a.label == b.label for a, b in zip(together, alone, strict=True))
    print(
        f"{len(texts)} rows: {fast:.1f} s side by side, {slow:.1f} s one at a time ({slow / fast:.1f}x), "
        f"{same} of {len(texts)} labels equal"
    )


def of_language(judge: Classifier, language: str, what: Sequence[str], rows: int | None) -> None:
    texts = measured(language)
    chosen = spread(texts, rows)
    for name, measure in (("accuracy", accuracy), ("evidence", evidence), ("speed", speed)):
        if name in what:
            print(f"{language}: ", end="")
            measure(judge, chosen)
    if "neutral" in what:
        found = {source: called_neutral(judge, spread(texts, rows)) for source, texts in neutral(language).items()}
        for source, right in [*found.items(), ("all", [each for some in found.values() for each in some])]:
            print(f"{language}: called neutral, {source}: {told(right)}", flush=True)


def spread(rows: Sequence[Row], most: int | None) -> Sequence[Row]:
    """At most so many, from all over."""
    return rows if most is None or most >= len(rows) else [rows[n * len(rows) // most] for n in range(most)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["accuracy", "neutral", "evidence", "speed"])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="bundled")
    parser.add_argument("--adapter", default="", help="none: the base model")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--languages", nargs="+", choices=("en", "zh"), default=("en", "zh"))
    parser.add_argument("--rows", type=int, help="at most, of each set")
    parser.add_argument("--fit", action="store_true")
    given = parser.parse_args()
    settings = load(["--data", str(given.data), "--engine", given.engine, "--model", given.model], {})
    engine = build_engine(settings, lambda step, fraction: None)
    adapter = next((known for known in engine.adapters() if known.name == given.adapter), None)
    try:
        judge = classifier(engine, "", adapter=given.adapter)
        assert judge is not None
        if given.fit:
            chosen = [row for each in given.languages for row in spread(kept_aside(each), given.rows)]
            fit(judge, chosen, adapter)
            return
        for language in given.languages:
            of_language(judge, language, given.what, given.rows)
    finally:
        engine.close()


if __name__ == "__main__":
    main()
