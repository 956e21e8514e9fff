"""Classify on texts of our own: ordinary ones in three languages by their tone, and others by labels of one's own.

python -m tests.bench.tasks.labels --data FOLDER [--model M] [--adapter NAME] [sentiment] [own] [several]
python -m tests.bench.tasks.labels --data FOLDER [--model M] [--adapter NAME] --fit sentiment|own [--counts N]     (writes classify/meaning/fitted.json)

`ordinary.jsonl` are 120 reviews, tweets, complaints and facts, of which a half is fitted on. `own_labels.jsonl` are 150 texts with
fifteen sets of labels, 50 of them fitted on ("held" and "new" are other sets), and 78 with several labels or none, of which
"several fit" are fitted on.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from chatbot.engine.base import Engine, identity
from chatbot.engine.registry import build_engine
from chatbot.settings import load as settings_of
from chatbot.tasks.classify import calibration
from chatbot.tasks.classify.judge import Classifier, Judgement
from chatbot.tasks.classify.labels import NONE, ONE, SENTIMENT, Allowed, parse
from chatbot.tasks.classify.meaning import fitted
from chatbot.tasks.classify.meaning.fitted import Fitted, Margins, Own
from chatbot.tasks.classify.meaning.opinion import of_labels
from chatbot.tasks.classify.signs import stated
from chatbot.tasks.classify.work import classifier, classify
from chatbot.types import Adapter
from retrieval.checks.gate import kin, probed
from retrieval.search.embed import Embedder, load
from tests.bench.tasks.sentiment_rows import kept_aside, neutral
from tests.bench.tasks.tone import save

HERE = Path(__file__).parent
NAMES = [label.name for label in SENTIMENT]
REVIEWS = 20  # of each language and kind that are fitted on beside the ordinary texts
SHRUNK = 0.002  # of the squares of what is fitted: few texts must not make it large
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Text:
    text: str
    labels: str
    answers: tuple[str, ...]
    kind: str
    part: str

    @property
    def names(self) -> list[str]:
        return [label.name for label in parse(self.labels)]


@dataclass(frozen=True, slots=True)
class Judges:
    engine: Engine
    embedder: Embedder
    adapter: str

    @property
    def made(self) -> Adapter | None:
        return next((known for known in self.engine.adapters() if known.name == self.adapter), None)

    def by(self, labels: str, *, embedder: bool, allowed: Allowed = ONE) -> Classifier:
        who = self.adapter if not labels else ""
        heard = self.embedder if embedder else None
        found = classifier(self.engine, "", parse(labels), adapter=who, allowed=allowed, embedder=heard)
        assert found
        return found


def texts(name: str) -> list[Text]:
    rows = map(json.loads, (HERE / f"{name}.jsonl").read_text("utf-8").splitlines())
    return [
        Text(
            row["text"], row.get("labels", ""), tuple(row.get("answers", [row.get("label")])), row["kind"], row["part"]
        )
        for row in rows
    ]


def judged(judge: Classifier, given: Sequence[Text]) -> list[Judgement]:
    found = dict(step for step in classify(judge, [one.text for one in given]) if step)
    return [found[at] for at in range(len(given))]


def judged_all(judges: Judges, given: Sequence[Text], **how: Any) -> list[Judgement]:
    """Each by its own set of labels."""
    found: dict[Text, Judgement] = {}
    for labels in dict.fromkeys(one.labels for one in given):
        some = [one for one in given if one.labels == labels]
        found |= zip(some, judged(judges.by(labels, **how), some), strict=True)
    return [found[one] for one in given]


# Sentiment


def sentiment(judges: Judges) -> None:
    held = [one for one in texts("ordinary") if one.part == "held"]
    for embedder in (False, True):
        found = judged_all(judges, held, embedder=embedder)
        right = [one.label in text.answers for one, text in zip(found, held, strict=True)]
        sure = [one.score(one.label) for one in found]
        alike = [one.resembles for one in found]
        print(
            f"ordinary texts, {'with' if embedder else 'without'} the embedder: {sum(right)} of {len(right)} right "
            f"({np.mean(right):.3f}), mean confidence {np.mean(sure):.3f}, calibration error "
            f"{calibration.calibration_error(sure, right):.3f}; {sum(alike)} resemble what was fitted on"
        )
        wrong = [(t.text, t.answers[0], f.label) for t, f, good in zip(held, found, right, strict=True) if not good]
        print(*wrong, sep="\n", flush=True)


def fit_sentiment(judges: Judges, entry: dict[str, Any], heard: Fitted, counts: int) -> None:
    """Two weights and two offsets; neutral's is nought. An ordinary text counts as often as `counts` reviews."""
    chosen = [one for one in texts("ordinary") if one.part == "fit"]
    for language in ("en", "zh"):
        rows = [
            *kept_aside(language)[:REVIEWS],
            *(row for some in neutral(language).values() for row in some[: REVIEWS // 2]),
        ]
        chosen += [Text(row.text, "", (row.label,), "aside", "fit") for row in rows]
    chosen = [
        one for one in chosen if stated(one.text) is None
    ]  # what the program reads itself teaches nothing of the others
    model = log_softmax(np.array([one.read[0].logits for one in judged(judges.by("", embedder=False), chosen)]))
    tone = np.array([heard.tone.nats(judges.embedder.queries([one.text])[0]) for one in chosen], np.float64)
    answers = [NAMES.index(one.answers[0]) for one in chosen]

    def logits(at: Floats) -> Floats:
        whole: Floats = at[0] * model + at[1] * tone + np.array([at[2], 0.0, at[3]])
        return whole

    often = np.repeat(np.arange(len(chosen)), [1 if one.kind == "aside" else counts for one in chosen])
    found = fit([lambda at: logits(at)[often]], [[answers[at] for at in often]], start=[0.5, 0.5, 0.0, 0.0])
    right = float(np.mean(logits(found).argmax(1) == answers))
    key = calibration.key(identity(judges.engine), judges.made, SENTIMENT)
    mix = {
        "model": round(float(found[0]), 3),
        "tone": round(float(found[1]), 3),
        "bias": [round(float(found[2]), 3), 0.0, round(float(found[3]), 3)],
        "rows": len(chosen),
        "right": round(right, 4),
    }
    entry["sentiment"][key] = mix
    if judges.made is None and judges.engine.traits.known == "standard":
        entry["sentiment"][""] = mix | {"rows": 0}
    print("fitted", key, mix)


# Labels of one's own


def own(judges: Judges) -> None:
    for part in ("fit", "held", "new"):
        given = [one for one in texts("own_labels") if one.part == part]
        ways = {
            "likelihood": judged_all(judges, given, embedder=False),
            "both": judged_all(judges, given, embedder=True),
        }
        ways["cosine"] = [nearest(judges, one) for one in given]
        for way, found in ways.items():
            right = defaultdict(list)
            for one, text in zip(found, given, strict=True):
                right[text.kind].append(one.label in text.answers)
            every = [good for each in right.values() for good in each]
            kinds = ", ".join(f"{kind} {sum(each)}/{len(each)}" for kind, each in right.items())
            print(f"own labels, {part}, {way}: {sum(every)} of {len(every)} right ({kinds})", flush=True)
        wrong = [
            (t.text, t.answers, f.label) for t, f in zip(given, ways["both"], strict=True) if f.label not in t.answers
        ]
        print(*wrong, sep="\n", flush=True)


def nearest(judges: Judges, one: Text) -> Judgement:
    """The label whose name is nearest to the text."""
    names = one.names
    cosines = judges.embedder.queries(names) @ judges.embedder.queries([one.text])[0]
    return Judgement(names[int(cosines.argmax())], ())


def several(judges: Judges) -> None:
    for part in ("several fit", "several held"):
        given = [one for one in texts("own_labels") if one.part == part]
        found = judged_all(judges, given, embedder=True, allowed=Allowed(several=True, none=True))
        some = list(zip(given, found, strict=True))
        right = [set(f.fitting) - {NONE} == set(t.answers) for t, f in some]
        hits = sum(len(set(f.fitting) & set(t.answers)) for t, f in some)
        named = sum(len(set(f.fitting) - {NONE}) for _, f in some)
        there = sum(len(t.answers) for t, _ in some)
        print(
            f"several labels or none, {part}: {sum(right)} of {len(right)} sets are right; of {there} labels {hits} "
            f"were found, {named - hits} are wrong"
        )
        print(*((t.text, t.answers, f.fitting) for (t, f), good in zip(some, right, strict=True) if not good), sep="\n")


def fit_own(judges: Judges, entry: dict[str, Any], heard: Fitted) -> None:
    given = [one for one in texts("own_labels") if one.part == "fit"]
    likelihoods = [np.array(one.read[0].logits) for one in judged_all(judges, given, embedder=False)]
    heard_of = {
        labels: of_labels(judges.embedder, heard, parse(labels), heard.own[""])
        for labels in {one.labels for one in given}
    }
    parts = [heard_of[one.labels].parts(judges.embedder.queries([one.text])[0]) for one in given]

    def of(at: int) -> Callable[[Floats], Floats]:
        figures = np.stack([likelihoods[at], *parts[at]]).astype(np.float64)
        return lambda weights: weights @ figures

    found = fit(
        [of(at) for at in range(len(given))],
        [[one.names.index(one.answers[0])] for one in given],
        start=[0.3, 1.0, 0.5, 0.3],
    )
    weights = [round(float(max(0.0, weight)), 3) for weight in found]
    likelihood, cosine, tone, grade = weights
    margins = fit_margins(judges, heard, Own(likelihood, cosine, tone, grade, Margins(0.0, 1.0)))
    figures = {"likelihood": likelihood, "cosine": cosine, "tone": tone, "grade": grade, "margins": margins}
    known = judges.engine.traits.known or ""
    entry["own"][known] = figures
    if known == "standard":
        entry["own"][""] = figures | {"likelihood": 0.0}  # of a model that is not known nothing is known
    print("fitted", known, figures)


def fit_margins(judges: Judges, heard: Fitted, mix: Own) -> dict[str, float]:
    """By logistic regression: whether each label fits, by its logit and the mean of its set's."""
    given = [one for one in texts("own_labels") if one.part == "several fit"]
    rows: list[tuple[float, float, bool]] = []
    for one, found in zip(given, judged_all(judges, given, embedder=False), strict=True):
        whole, _ = of_labels(judges.embedder, heard, parse(one.labels), mix).joined(one.text, found.read[0].logits)
        mean = sum(whole) / len(whole)
        rows += [(logit, mean, name in one.answers) for name, logit in zip(one.names, whole, strict=True)]
    logits, means, fits = (np.array(column, np.float64) for column in zip(*rows, strict=True))

    def loss(at: Floats) -> float:
        said = at[0] * logits - at[1] * means - at[2]
        return float(np.mean(np.logaddexp(0, said) - fits * said)) + SHRUNK * float((at**2).sum())

    slope, share, least = minimize(loss, np.array([1.0, 1.0, 0.5]), method="Nelder-Mead", options={"maxiter": 4000}).x
    return {"least": round(float(least / slope), 3), "share": round(float(share / slope), 3)}


# Fitting


def fit(
    logits: Sequence[Callable[[Floats], Floats]], answers: Sequence[Sequence[int]], start: Sequence[float]
) -> Floats:
    """The weights with the least negative log-likelihood of the answers, shrunk a little."""

    def loss(weights: Floats) -> float:
        nats = []
        for function, right in zip(logits, answers, strict=True):
            rows = log_softmax(np.atleast_2d(function(weights)))
            nats += list(rows[range(len(right)), right])
        return -float(np.mean(nats)) + SHRUNK * float((weights**2).sum())

    found: Floats = minimize(loss, np.array(start), method="Nelder-Mead", options={"maxiter": 4000, "xatol": 1e-4}).x
    return found


def log_softmax(rows: Floats) -> Floats:
    shifted: Floats = rows - rows.max(1, keepdims=True)
    nats: Floats = shifted - np.log(np.exp(shifted).sum(1, keepdims=True))
    return nats


@contextmanager
def judges_of(given: argparse.Namespace) -> Iterator[Judges]:
    settings = settings_of(["--data", str(given.data), "--model", given.model], {})
    engine = build_engine(settings, lambda step, fraction: None)
    try:
        yield Judges(
            engine, load(settings.embedder, settings.data / "models", lambda step, fraction: None), given.adapter
        )
    finally:
        engine.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", default=["sentiment", "own", "several"])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="standard")
    parser.add_argument("--adapter", default="", help="none: the base model")
    parser.add_argument("--fit", choices=("sentiment", "own"))
    parser.add_argument("--counts", type=int, default=1, help="reviews that an ordinary text counts as")
    given = parser.parse_args()
    with judges_of(given) as judges:
        if given.fit:
            stored: list[dict[str, Any]] = json.loads(fitted.FILE.read_text("utf-8"))
            entry = next(each for each in stored if kin(probed(judges.embedder), each["cosines"]))
            heard = fitted.find(judges.embedder)
            assert heard
            if given.fit == "sentiment":
                fit_sentiment(judges, entry, heard, given.counts)
            else:
                fit_own(judges, entry, heard)
            save(stored)
            return
        for what in given.what:
            {"sentiment": sentiment, "own": own, "several": several}[what](judges)


if __name__ == "__main__":
    main()
