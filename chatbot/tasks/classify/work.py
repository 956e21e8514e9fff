"""The sentiment task: how likely the model finds each label as its answer to a text, as probabilities.

Any label set will do, so this serves topics, spam and moderation too. An embedder that something was fitted to is asked as well,
and what a text says in signs (0/5, 👎) the program reads itself. A text longer than the model reads at once is read in pieces,
whose logits are averaged by length; nothing is cut off.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from threading import Event

from chatbot.common.errors import AdapterNotFound, EngineError
from chatbot.engine.adapters.folders import visible
from chatbot.engine.base import Engine, identity
from chatbot.tasks.classify.calibration import Calibration, find, key
from chatbot.tasks.classify.judge import Classifier, Judgement, Read, Span
from chatbot.tasks.classify.labels import ONE, SENTIMENT, Allowed, Labels
from chatbot.tasks.classify.meaning.fitted import Fitted
from chatbot.tasks.classify.meaning.fitted import find as fitted_to
from chatbot.tasks.classify.meaning.opinion import OfTone, of_labels
from chatbot.tasks.scoring import score_many
from chatbot.types import Adapter, Message
from retrieval.search.embed import Embedder
from retrieval.text.sentences import sentences

ADAPTER = "sentiment"  # the adapter of this name, where there is one, was trained on this prompt and `SENTIMENT`
SAYS_NOTHING = ("N/A", "[MASK]", "...")  # content-free texts, after Zhao et al. 2021
PIECE = 300  # tokens that are read at once; small models lose the thread of longer texts


def classifier(
    engine: Engine,
    owner: str,
    labels: Labels = SENTIMENT,
    *,
    adapter: str | None = None,
    allowed: Allowed = ONE,
    embedder: Embedder | None = None,
    stop: Event | None = None,
) -> Classifier | None:
    """Get ready to judge; None when `stop` was set meanwhile.

    `adapter` None: the owner's adapter named `ADAPTER` judges by the labels it was trained for, the base by others. Empty: the
    base. `embedder` gives its opinion where an adapter was not trained for the labels. Raises `AdapterNotFound` and what the
    engine raises.
    """
    mine = {known.name: known for known in visible(engine.adapters(), owner)}
    if adapter and adapter not in mine:
        raise AdapterNotFound(f"There is no adapter named {adapter[:80]}. Choose another one.", name=adapter[:80])
    default = ADAPTER if labels == SENTIMENT else ""
    used: Adapter | None = mine.get(default if adapter is None else adapter)
    plain = Calibration(1.0, (0.0,) * len(labels), 0)
    judge = Classifier(engine, labels, used.name if used else None, plain, calibrated=False, allowed=allowed)
    if not engine.supports_scores:
        return replace(judge, scored=False)
    ready = _calibrated(judge, used, stop)
    fitted = fitted_to(embedder) if embedder else None
    if ready is None or embedder is None or fitted is None:
        return ready
    return _with_opinion(ready, used, embedder, fitted)


def _calibrated(judge: Classifier, used: Adapter | None, stop: Event | None) -> Classifier | None:
    if fitted := find(identity(judge.engine), used, judge.labels):
        return replace(judge, calibration=fitted, calibrated=True)
    if used is not None:  # trained on how often each label is right; the bare model prefers some words
        return judge
    try:
        return _levelled(judge, stop)
    except EngineError as error:
        if error.kind != "unscored":
            raise
        return _levelled(replace(judge, letters=True), stop)


def _with_opinion(judge: Classifier, used: Adapter | None, embedder: Embedder, fitted: Fitted) -> Classifier:
    if judge.labels == SENTIMENT:
        known = fitted.sentiment.get(key(identity(judge.engine), used, SENTIMENT))
        if known is None and used is not None:  # somebody's own, who knows better what they mean
            return judge
        added = known or fitted.sentiment[""]
        claimed = replace(judge.calibration, rows=added.rows, right=added.right)
        opinion = OfTone(embedder, fitted.tone, added)
        return replace(judge, opinion=opinion, calibration=claimed, calibrated=added.rows > 0)
    if used is not None:
        return judge
    mix = fitted.own_of(judge.engine.traits.known or "")
    return replace(judge, opinion=of_labels(embedder, fitted, judge.labels, mix), margins=mix.margins)


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

    text: str
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
                under_way = self._texts[text] = _Text(text, [place], len(spans))
                for start, end in spans:
                    self._pieces.append((under_way, (start, end)))
                    yield self._judge.prompt(text[start:end])

    def take(self, prompt: int, likelihoods: Sequence[float]) -> None:
        text, (start, end) = self._pieces[prompt]
        text.read[start] = self._judge.read(text.text[start:end], likelihoods)
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
