"""The sentiment task: how likely the model finds each label as its answer to a text, as probabilities.

Any label set will do, so this serves topics, spam and moderation too. A text longer than the model reads at once is read in
pieces, whose likelihoods are averaged by length; nothing is cut off.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from threading import Event

from chatbot.common.errors import AdapterNotFound, EngineError
from chatbot.engine.adapters.folders import visible
from chatbot.engine.base import Engine, identity
from chatbot.tasks.classify.calibration import Calibration, find
from chatbot.tasks.classify.labels import SENTIMENT, Labels
from chatbot.tasks.classify.prompt import continuations, examples, messages
from chatbot.tasks.scoring import score_many
from chatbot.types import Adapter, Message
from retrieval.text.sentences import sentences

ADAPTER = "sentiment"  # the adapter of this name, where there is one, was trained on this prompt and `SENTIMENT`
SAYS_NOTHING = ("N/A", "[MASK]", "...")  # content-free texts, after Zhao et al. 2021
PIECE = 300  # tokens that are read at once; small models lose the thread of longer texts


@dataclass(frozen=True, slots=True)
class Judgement:
    """`scores` are the labels with their probabilities, in the order of the label set; `read` is what they were made from."""

    label: str
    scores: tuple[tuple[str, float], ...]
    read: tuple["Read", ...] = ()

    def score(self, label: str) -> float:
        return dict(self.scores)[label]


Read = tuple[float, Sequence[float]]
"""A piece of a text: its length, and each label's log-likelihood behind it."""
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Classifier:
    """A label set with the model, the adapter and the calibration that are to judge by it. `calibrated`: it was fitted; `scored`:
    it tells likelihoods, else the model names a label and there are no probabilities."""

    engine: Engine
    labels: Labels
    adapter: str | None
    calibration: Calibration
    calibrated: bool
    scored: bool = True
    letters: bool = False  # stand for names whose tokens end inside a character: no server gives the likelihood of such

    def prompt(self, text: str) -> list[Message]:
        return messages(text, self.labels, examples(self.labels, self.adapter), letters=self.letters)

    @property
    def answers(self) -> list[str]:
        return continuations(self.labels, letters=self.letters)

    def judged(self, read: Sequence[Read]) -> Judgement:
        """From what was read of a text, all of its pieces."""
        whole = sum(length for length, _ in read)
        means = [sum(length * each[n] for length, each in read) / whole for n in range(len(self.labels))]
        probabilities = self.calibration.probabilities(means)
        named = tuple(zip((label.name for label in self.labels), probabilities, strict=True))
        return Judgement(max(named, key=lambda pair: pair[1])[0], named, tuple(read))


def classifier(
    engine: Engine, owner: str, labels: Labels = SENTIMENT, *, adapter: str | None = None, stop: Event | None = None
) -> Classifier | None:
    """Get ready to judge; None when `stop` was set meanwhile.

    `adapter` None: the owner's adapter named `ADAPTER` judges by the labels it was trained for, the base by others. Empty: the
    base. Raises `AdapterNotFound` and what the engine raises.
    """
    mine = {known.name: known for known in visible(engine.adapters(), owner)}
    if adapter and adapter not in mine:
        raise AdapterNotFound(f"There is no adapter named {adapter[:80]}. Choose another one.", name=adapter[:80])
    default = ADAPTER if labels == SENTIMENT else ""
    used: Adapter | None = mine.get(default if adapter is None else adapter)
    name = used.name if used else None
    level = (0.0,) * len(labels)
    if not engine.supports_scores:
        return Classifier(engine, labels, name, Calibration(1.0, level, 0), calibrated=False, scored=False)
    if fitted := find(identity(engine), used, labels):
        return Classifier(engine, labels, name, fitted, calibrated=True)
    judge = Classifier(engine, labels, name, Calibration(1.0, level, 0), calibrated=False)
    if used is not None:  # trained on how often each label is right; the bare model prefers some words
        return judge
    try:
        return _levelled(judge, stop)
    except EngineError as error:
        if error.kind != "unscored":
            raise
        return _levelled(replace(judge, letters=True), stop)


def _levelled(judge: Classifier, stop: Event | None) -> Classifier | None:
    """Less what each label scores behind texts that say nothing; None when `stop` was set meanwhile."""
    prompts = [judge.prompt(each) for each in SAYS_NOTHING]
    scored = _all(score_many(judge.engine, prompts, judge.answers, stop=stop))
    if len(scored) < len(SAYS_NOTHING):
        return None
    level = tuple(sum(each) / len(scored) for each in zip(*scored, strict=True))
    return replace(judge, calibration=Calibration(1.0, level, 0))


def classify(
    judge: Classifier, texts: Iterable[str], *, stop: Event | None = None
) -> Iterator[tuple[int, Judgement] | None]:
    """(place of the text, its judgement) in the order they are done; None when nothing was done for a moment.

    Equal texts are read once. `texts` have gone through `chat.clean`. Close it to end the work.
    """
    reading = _Reading(judge)
    steps = score_many(judge.engine, reading.prompts(texts), judge.answers, adapter=judge.adapter, stop=stop)
    with closing(steps):  # type: ignore[type-var]
        for step in steps:
            if step is None:
                yield None
            else:
                reading.take(*step)
            yield from reading.done()
    yield from reading.done()


@dataclass(slots=True)
class _Text:
    """A text under way: where it stands, how many pieces it has, and what was read of them."""

    places: list[int]
    pieces: int
    read: dict[int, Read] = field(default_factory=dict)  # by where the piece begins
    judgement: Judgement | None = None


class _Reading:
    """Texts -> prompts, and the prompts' scores -> judgements of the texts."""

    def __init__(self, judge: Classifier) -> None:
        self._judge = judge
        self._texts: dict[str, _Text] = {}
        self._pieces: list[tuple[_Text, Span]] = []  # of each prompt
        self._done: list[tuple[int, Judgement]] = []

    def prompts(self, texts: Iterable[str]) -> Iterator[list[Message]]:
        for place, text in enumerate(texts):
            known = self._texts.get(text)
            if known and known.judgement:
                self._done.append((place, known.judgement))
            elif known:
                known.places.append(place)
            else:
                spans = pieces(self._judge.engine, text)
                under_way = self._texts[text] = _Text([place], len(spans))
                for start, end in spans:
                    self._pieces.append((under_way, (start, end)))
                    yield self._judge.prompt(text[start:end])

    def take(self, prompt: int, likelihoods: Sequence[float]) -> None:
        text, (start, end) = self._pieces[prompt]
        text.read[start] = (end - start, likelihoods)
        if len(text.read) == text.pieces:
            text.judgement = self._judge.judged([text.read[at] for at in sorted(text.read)])
            self._done += [(place, text.judgement) for place in text.places]

    def done(self) -> list[tuple[int, Judgement]]:
        """What was judged since the last call."""
        done, self._done = self._done, []
        return done


def pieces(engine: Engine, text: str) -> list[Span]:
    """Where `text` is cut so that each part can be read at once: between sentences, and within them only if it must be."""
    size = len(text.encode("utf-8", "replace"))  # of every token at least one byte
    room = max(64, min(PIECE, engine.context_window // 2))
    if size <= room or (tokens := engine.count_tokens(text)) <= room:
        return [(0, len(text))]
    longest = max(16, len(text) * room * 3 // (tokens * 4))  # characters; a quarter less, since some parts are denser
    spans: list[Span] = []
    for start, end in sentences(text):
        for at in range(start, end, longest):
            until = min(end, at + longest)
            if spans and until - spans[-1][0] <= longest:
                spans[-1] = (spans[-1][0], until)
            else:
                spans.append((at, until))
    return spans


def _all(steps: Iterator[tuple[int, list[float]] | None]) -> list[list[float]]:
    with closing(steps):  # type: ignore[type-var]
        return [step[1] for step in steps if step is not None]
