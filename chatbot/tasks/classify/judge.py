"""Who judges by a label set, and what comes of it: the model's likelihoods, the embedder's opinion and the text's own signs,
as probabilities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatbot.engine.base import Engine
from chatbot.tasks.classify.calibration import Calibration, softmax
from chatbot.tasks.classify.labels import NONE, ONE, SENTIMENT, Allowed, Labels
from chatbot.tasks.classify.meaning.fitted import PLAIN, Margins
from chatbot.tasks.classify.meaning.opinion import Opinion
from chatbot.tasks.classify.prompt import continuations, examples, messages
from chatbot.tasks.classify.signs import CENTRES, grades, leanings, stated
from chatbot.types import Message

ALIKE = range(6, 300)
"""Characters of the texts that were fitted on: SST-2's sentences, and reviews of 6 to 200 Chinese ones."""


@dataclass(frozen=True, slots=True)
class Read:
    """A piece of a text: its length, each label's logit, and whether it resembles what the calibration was fitted on."""

    length: int
    logits: Sequence[float]
    resembles: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """`scores` are the labels with their probabilities, in the order of the label set, `NONE` behind them where it is allowed.

    `label` is the likeliest; `fitting` are all that fit, where several may. `read` is what they were made from.
    """

    label: str
    scores: tuple[tuple[str, float], ...]
    read: tuple[Read, ...] = ()
    resembles: bool = False
    fitting: tuple[str, ...] = ()

    def score(self, label: str) -> float:
        return dict(self.scores)[label]

    @property
    def told(self) -> str:
        """As a cell of a table has it."""
        return "; ".join(self.fitting or (self.label,))


Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Classifier:
    """A label set with the model, the adapter and the calibration that are to judge by it. `calibrated`: it was fitted; `scored`:
    it tells likelihoods, else the model names a label and there are no probabilities. `opinion` is the embedder's."""

    engine: Engine
    labels: Labels
    adapter: str | None
    calibration: Calibration
    calibrated: bool
    scored: bool = True
    letters: bool = False  # stand for names whose tokens end inside a character: no server gives the likelihood of such
    opinion: Opinion | None = None
    allowed: Allowed = ONE
    margins: Margins = PLAIN

    def prompt(self, text: str) -> list[Message]:
        return messages(text, self.labels, examples(self.labels, self.adapter), letters=self.letters)

    @property
    def answers(self) -> list[str]:
        return continuations(self.labels, letters=self.letters)

    @property
    def names(self) -> tuple[str, ...]:
        """Of what a text may get."""
        return (*(label.name for label in self.labels), *([NONE] if self.allowed.none else []))

    @property
    def embedder(self) -> str:
        """The name of the one that is asked, too."""
        return self.opinion.embedder.name if self.opinion else ""

    def read(self, text: str, likelihoods: Sequence[float]) -> Read:
        """What the model, the embedder and the text's own signs say together."""
        logits = self.calibration.logits(likelihoods)
        if not self.scored:
            return Read(len(text), logits)
        centres = CENTRES if self.labels == SENTIMENT else grades([label.name for label in self.labels])
        signs = stated(text) if centres else None
        if signs and centres and signs.alone:
            return Read(len(text), leanings(signs.grade, centres))
        alike = True
        if self.opinion:
            logits, alike = self.opinion.joined(text, logits)
        if signs and centres:
            logits = [a + b for a, b in zip(logits, leanings(signs.grade, centres), strict=True)]
        return Read(len(text), logits, resembles=alike and len(text) in ALIKE)

    def judged(self, read: Sequence[Read]) -> Judgement:
        """From what was read of a text, all of its pieces."""
        whole = sum(each.length for each in read)
        logits = [sum(each.length * each.logits[n] for each in read) / whole for n in range(len(self.labels))]
        none = self.margins.logit(logits)
        logits += [none] if self.allowed.none else []
        named = tuple(zip(self.names, softmax(logits), strict=True))
        label = max(named, key=lambda pair: pair[1])[0]
        fitting = self._fitting(dict(zip(self.names, logits, strict=True)), label, none) if self.allowed.several else ()
        return Judgement(label, named, tuple(read), all(each.resembles for each in read), fitting)

    def _fitting(self, logits: Mapping[str, float], best: str, none: float) -> tuple[str, ...]:
        """The best, and all that are likelier than none at all."""
        return tuple(name for name in self.names if name == best or (name != NONE and logits[name] > none))
