"""One text judged from end to end: its label first, then the evidence for it; as a record that can be kept."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from threading import Event
from typing import Any

from chatbot.engine.base import Engine
from chatbot.tasks.chat import clean
from chatbot.tasks.classify.evidence import Part, Weighing, weigh
from chatbot.tasks.classify.judge import Classifier, Judgement
from chatbot.tasks.classify.labels import ONE, SENTIMENT, Allowed, Label, Labels
from chatbot.tasks.classify.meaning.clauses import Clause
from chatbot.tasks.classify.work import classifier, classify
from chatbot.tasks.language import detect, primary
from retrieval.search.embed import Embedder

SAMPLE = 20_000  # characters by which the language is told


@dataclass(frozen=True, slots=True)
class Result:
    """A judged text. `parts` are empty while the evidence is being weighed; `foreign` is a language the model does not know.

    `fitted` is the number of held-out texts that the probabilities were calibrated on, 0: they are not calibrated; `right` is
    the share of those that got the right label; `unlike`: the text does not resemble them, so nothing is claimed. `fitting` are
    the labels that fit where several may. `chosen`: the model named the label, and the scores are no probabilities. `embedder`
    is the name of the one that was asked, too. `clauses` are those of a text that praises and blames.
    """

    text: str
    label: str
    scores: tuple[tuple[str, float], ...]
    labels: Labels
    model: str
    adapter: str | None = None
    fitted: int = 0
    right: float = 0.0
    pieces: int = 1
    foreign: str = ""
    parts: tuple[Part, ...] = ()
    chosen: bool = False
    unlike: bool = False
    fitting: tuple[str, ...] = ()
    embedder: str = ""
    clauses: tuple[Clause, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "text": self.text,
            "label": self.label,
            "scores": [list(score) for score in self.scores],
            "labels": [[label.name, label.description] for label in self.labels],
            "model": self.model,
            "adapter": self.adapter,
            "fitted": self.fitted,
            "right": self.right,
            "pieces": self.pieces,
            "foreign": self.foreign,
            "chosen": self.chosen,
            "unlike": self.unlike,
            "fitting": list(self.fitting),
            "embedder": self.embedder,
            "clauses": [[one.start, one.end, one.label] for one in self.clauses],
            "parts": [[part.start, part.end, part.weight, part.pull] for part in self.parts],
        }

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> "Result":
        return cls(
            **{
                name: record[name]
                for name in ("text", "label", "model", "adapter", "fitted", "right", "pieces", "foreign")
            },
            scores=tuple((name, probability) for name, probability in record["scores"]),
            labels=tuple(Label(*each) for each in record["labels"]),
            parts=tuple(Part(*each) for each in record["parts"]),
            chosen=record.get("chosen", False),
            unlike=record.get("unlike", False),
            fitting=tuple(record.get("fitting", ())),
            embedder=record.get("embedder", ""),
            clauses=tuple(Clause(*each) for each in record.get("clauses", ())),
        )


def judge_text(
    engine: Engine,
    owner: str,
    text: str,
    labels: Labels = SENTIMENT,
    *,
    adapter: str | None = None,
    allowed: Allowed = ONE,
    embedder: Embedder | None = None,
    stop: Event | None = None,
) -> Iterator[Result | Weighing | None]:
    """None while nothing is known, the `Result` without evidence, any number of `Weighing`, the whole `Result`.

    After `stop` nothing more comes. Close it to end the work. Raises `InputError`, `AdapterNotFound`, engine errors.
    """
    text = clean(text)
    yield None
    judge = classifier(engine, owner, labels, adapter=adapter, allowed=allowed, embedder=embedder, stop=stop)
    if judge is None:
        return
    result: Result | None = None
    steps = classify(judge, [text], stop=stop)
    with closing(steps):  # type: ignore[type-var]
        for step in steps:
            if step is None:
                yield None
                continue
            judgement = step[1]
            result = _result(judge, text, judgement)
            yield result
    if result is None or not judge.scored:
        return
    weighing = weigh(judge, text, judgement, stop=stop)
    with closing(weighing):  # type: ignore[type-var]
        for each in weighing:
            yield each if isinstance(each, Weighing) else replace(result, parts=each)


def foreign(known: frozenset[str] | None, text: str) -> str:
    """The text's language (ISO 639-1, zh-hans or zh-hant) where it is sure and not among those `known`, else empty."""
    found = detect(text[:SAMPLE])
    if known is None or not found.language or not found.sure or primary(found.language) in known:
        return ""
    return found.language


def _result(judge: Classifier, text: str, found: Judgement) -> Result:
    engine, fitted = judge.engine, judge.calibration
    return Result(
        text,
        found.label,
        found.scores,
        judge.labels,
        engine.model,
        judge.adapter,
        fitted.rows if found.resembles else 0,
        fitted.right,
        len(found.read),
        foreign(engine.traits.languages, text),
        chosen=not judge.scored,
        unlike=fitted.rows > 0 and not found.resembles,
        fitting=found.fitting,
        embedder=judge.embedder,
        clauses=judge.opinion.clauses(text) if judge.opinion else (),
    )
