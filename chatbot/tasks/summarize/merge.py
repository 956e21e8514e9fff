"""The levels of a summary: parts of the text, then summaries of summaries, each checked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Event
from typing import TypeVar

from chatbot.common.errors import BanyanError, ContextOverflow
from chatbot.engine.base import Engine
from chatbot.tasks.batch import Answered, batch
from chatbot.tasks.summarize.check import Said, copied, held, quotation
from chatbot.tasks.summarize.prompt import messages
from chatbot.tasks.summarize.rank import TOLERANCE, Ranking
from chatbot.tasks.summarize.sections import ENDS, words
from chatbot.tasks.summarize.text import Text
from chatbot.types import Sampling
from retrieval.checks.verify import Similarity
from retrieval.text.split import estimated_tokens
from retrieval.types import Passage

PART = 3_000  # tokens of a part at most
PART_WEAK = 700  # the same for a model that loses the thread in more
READ, READ_WEAK = 120_000, 24_000  # tokens of a text that are read; of a longer one the most telling sentences
READ_BY_CORES = {"standard": 7_000, "large": 2_800}
"""The same where cores of this machine read, so that 300 KB take no more than three minutes of two idle ones: with `standard` it was
162 seconds, of which half goes into writing, ranking and checking (tests/bench/README.md); `large` reads at 0.4 times its speed."""
COPIED = 0.92  # share of a weak model's words that must stand in the text where its sentence is supported
LEVELS = 4  # of merging
FEW = 40  # words of a section that is not worth asking the model about

T = TypeVar("T")

Progress = tuple[int, int, int, int]
"""(done, of how many, level, place in line)."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is read at once: of one section on the first level, of summaries later. `texts` belong to `passages`."""

    section: int
    passages: tuple[Passage, ...]
    texts: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n\n".join(self.texts)


class Reader:
    """Reads one text and holds what came of it. Not for several threads."""

    def __init__(
        self,
        engine: Engine,
        text: Text,
        ranking: Ranking,
        adapter: str | None,
        similarity: Similarity | None,
        stop: Event,
        *,
        weak: bool,
        focus: str = "",
    ) -> None:
        self._engine, self._text, self._ranking = engine, text, ranking
        self.adapter = adapter
        self._similarity, self._stop, self._weak, self._focus = similarity, stop, weak, focus
        self._said: dict[int, list[Said]] = {}  # by section, those that are done
        self.refused: list[str] = []
        self.merged: list[Said] = []
        self.condensed = False

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    @property
    def reached(self) -> frozenset[int]:
        return frozenset(self._said)

    def by_section(self) -> dict[int, Said]:
        """The sentence that stands for each section: the model's that is nearest to all, else the section's own best."""
        lines: dict[int, Said] = {}
        for at, said in self._said.items():
            good = [one for one in said if one.verdict == "supported"] or said
            if good:
                near = self._ranking.closeness([one.text for one in good])
                lines[at] = good[int(near.argmax())]
            elif best := self._ranking.best(at):
                lines[at] = quotation(best)
        return lines

    def quote(self) -> None:
        """Do without a model: every section's own sentences."""
        self._said = {at: [] for at in range(len(self._text.sections))}
        self.merged = []

    def read(self, wanted: int) -> Iterator[Progress]:
        """Level by level. Raises engine errors that concern every part."""
        parts = self._parts()
        self._said = {at: [] for at in range(len(self._text.sections))} if not parts else {}
        left: dict[int, int] = {}
        for part in parts:
            left[part.section] = left.get(part.section, 0) + 1
        self._said |= {at: [] for at in range(len(self._text.sections)) if at not in left}
        each = wanted if len(parts) == 1 else max(20, min(60, 2 * wanted // max(1, len(parts))))
        lines: dict[int, list[Said]] = {}
        for done, total, at, said, place in self._asked(parts, each, level=1):
            if said is not None:
                section = parts[at].section
                lines[at] = said
                left[section] -= 1
                if not left[section]:
                    self._said[section] = [one for n, p in enumerate(parts) if p.section == section for one in lines[n]]
            yield done, total, 1, place
        for at in sorted(lines):  # parts of a section that was broken off
            if left[parts[at].section]:
                self._said.setdefault(parts[at].section, []).extend(lines[at])
        each_once = {one.text: one for at in sorted(self._said) for one in self._said[at]}
        self.merged = list(each_once.values())
        if not self._weak:
            yield from self._merge(wanted)

    def _merge(self, wanted: int) -> Iterator[Progress]:
        for level in range(2, 2 + LEVELS):
            size = sum(one.size for one in self.merged)
            if self.stopped or size <= wanted * (1 + TOLERANCE):
                return
            groups = self._packed([(one, one.text) for one in self.merged])
            parts = [
                Part(group[0][0].section, self._passages([one for one, _ in group]), tuple(text for _, text in group))
                for group in groups
            ]
            each = wanted if len(parts) == 1 else max(30, 3 * wanted // (2 * len(parts)))
            merged: dict[int, list[Said]] = {}
            for done, total, at, said, place in self._asked(parts, each, level):
                if said is not None:
                    merged[at] = said or [one for one, _ in groups[at]]
                yield done, total, level, place
            if len(merged) < len(parts):  # stopped
                return
            shorter = list({one.text: one for at in sorted(merged) for one in merged[at]}.values())
            if sum(one.size for one in shorter) >= size:
                return  # the model does not shorten: sentences are chosen instead
            self.merged = shorter

    def _passages(self, said: Sequence[Said]) -> tuple[Passage, ...]:
        """Where the sentences stand, and all of the sections of those that stand nowhere."""
        found = {place.passage.position: place.passage for one in said for place in one.places}
        for at in {one.section for one in said if not one.places}:
            found |= {passage.position: passage for passage in self._text.sections[at].passages}
        return tuple(found[position] for position in sorted(found))

    def _asked(
        self, parts: Sequence[Part], each: int, level: int
    ) -> Iterator[tuple[int, int, int, list[Said] | None, int]]:
        """(done, of how many, part, its sentences or None while nothing is done, place)."""
        sampling = Sampling(temperature=0.0, max_tokens=min(1024, 2 * each + 24))
        prompts = [(messages(part.text, each, self._focus), sampling) for part in parts]
        done, failures = 0, 0
        for step in batch(self._engine, prompts, adapter=self.adapter, stop=self._stop):
            if not isinstance(step, Answered):
                yield done, len(parts), 0, None, step.place
                continue
            done += 1
            if isinstance(step.result, BanyanError):
                failures += 1
                if failures == len(parts) and not isinstance(step.result, ContextOverflow):
                    raise step.result
                yield done, len(parts), step.at, [], 0
                continue
            part = parts[step.at]
            said = held(step.result.text, part.section, part.passages, self._similarity)
            if step.result.finish in ("length", "loop") and len(said) > 1:
                said = said[:-1]  # it was cut off
            yield done, len(parts), step.at, self._kept(said), 0

    def _kept(self, said: Sequence[Said]) -> list[Said]:
        """Only what the text says, of a weak model almost word by word; in place of anything else the text's own sentence."""
        kept: dict[str, Said] = {}
        for one in said if self._weak else map(self._anywhere, said):
            good = one.verdict == "supported" and (
                not self._weak or (ENDS.search(one.text) is not None and copied(one) >= COPIED)
            )
            if not good:
                self.refused.append(one.text)
            if (told := one if good else self._instead(one)) is not None:
                kept.setdefault(told.text, told)
        return list(kept.values())

    def _instead(self, said: Said) -> Said | None:
        """The sentence of its section that is nearest to what the text does not say; a weak model's is just left out."""
        here = [one for one in self._ranking.sentences if one.section == said.section]
        if self._weak or not here:
            return None
        near = self._ranking.alike([said.text, *(one.text for one in here)])[0, 1:]
        return quotation(here[int(near.argmax())]) if near.max() > 0 else None

    def _anywhere(self, said: Said) -> Said:
        """What the part does not say, the text may say, or deny, elsewhere."""
        if said.verdict != "unsupported":
            return said
        again = held(said.text, said.section, self._text.passages, self._similarity)
        return again[0] if len(again) == 1 else said

    def _parts(self) -> list[Part]:
        most = READ_WEAK if self._weak else _most_read(self._engine)
        total = sum(estimated_tokens(passage.text) for passage in self._text.passages)
        self.condensed = total > most
        parts: list[Part] = []
        for at, section in enumerate(self._text.sections):
            texts = [(passage, passage.text) for passage in section.passages]
            if self.condensed:
                texts = self._telling(at, most / total)
            if sum(words(text) for _, text in texts) < FEW and len(self._text.sections) > 1:
                continue
            parts += [
                Part(at, tuple(passage for passage, _ in group), tuple(text for _, text in group))
                for group in self._packed(texts)
            ]
        return parts

    def _telling(self, section: int, share: float) -> list[tuple[Passage, str]]:
        """The best sentences of a section, `share` of its words, by passage."""
        here = [one for one in self._ranking.sentences if one.section == section]
        room = max(FEW, share * sum(one.size for one in here))
        taken = []
        for one in sorted(here, key=lambda one: -one.rank):
            if room <= 0:
                break
            room -= one.size
            taken.append(one)
        by_passage: dict[int, list[str]] = {}
        passages = {one.passage.position: one.passage for one in taken}
        for one in sorted(taken, key=lambda one: one.position):
            by_passage.setdefault(one.passage.position, []).append(one.text)
        return [(passages[position], " ".join(texts)) for position, texts in by_passage.items()]

    def _packed(self, items: Sequence[tuple[T, str]]) -> list[list[tuple[T, str]]]:
        """Neighbours together, as many as a part takes, in parts of about one size."""
        room = min(PART_WEAK if self._weak else PART, int(0.6 * self._engine.context_window))
        costs = [estimated_tokens(text) + 2 for _, text in items]
        number = max(1, -(-sum(costs) // room))
        even = sum(costs) / number
        groups: list[list[tuple[T, str]]] = [[]]
        cost = 0
        for item, own in zip(items, costs, strict=True):
            if groups[-1] and (cost + own > room or cost >= even):
                groups.append([])
                cost = 0
            groups[-1].append(item)
            cost += own
        return [group for group in groups if group]


def _most_read(engine: Engine) -> int:
    by_cores = READ_BY_CORES.get(engine.traits.known or "", READ_BY_CORES["standard"])
    return by_cores if engine.device.startswith("CPU") else READ
