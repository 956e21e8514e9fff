"""The translate task: segments, each asked of the model, held to its tags and placeholders, and checked.

A segment whose tags or placeholders the model did not keep is translated again, text by text between them, so that what must
survive does. `segments` runs many at once over the engine's slots and yields steps, which the page and the API only render.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from threading import Event

from chatbot.common.errors import BanyanError, ContextOverflow, Stopped
from chatbot.engine.base import Engine
from chatbot.tasks.translate.check import Flag, check, loops
from chatbot.tasks.translate.files.marked import PLACEHOLDER, Segment, bare, fits, is_language, restored, walk, words
from chatbot.tasks.translate.formality import Formality
from chatbot.tasks.translate.prompt import messages
from chatbot.tasks.translate.sizes import Sizes, Tokens
from chatbot.tasks.translate.tidy import tidied
from chatbot.types import FinishReason, Message, Sampling
from retrieval.text.sentences import sentences

MOST = 500  # tokens of text that are translated in one request: longer ones lose sentences
_SHARE = 4  # of the context, for the text; the rest is for the prompt and a translation up to three times as long
ADDED = 120  # characters shown of what a model says besides
_TURN = 8  # tokens that a chat template puts around a message: five in ChatML, the usual one
# What begins a turn in some chat template: it stays, and no model ever reads it.
_MARKS = re.compile(r"<[|｜][^<>\n]{1,40}[|｜]>|</?s>|<(?:start|end)_of_turn>|\[/?INST\]|<</?SYS>>")

Say = Callable[[str], None]
"""Called with the translation of the segment so far."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of every segment. `glossary`: term -> translation, or the term itself to leave it alone."""

    source: str
    target: str
    adapter: str | None = None
    glossary: Mapping[str, str] = field(default_factory=dict)
    formality: Formality = ""


@dataclass(frozen=True, slots=True)
class Translation:
    """Marked text that fits its segment, and what may be wrong with it."""

    text: str
    flags: tuple[Flag, ...] = ()


def one(
    engine: Engine,
    segment: Segment,
    order: Order,
    stop: Event,
    say: Say = lambda text: None,
    tokens: Tokens | None = None,
) -> Translation:
    """The translation of one segment. Raises `Stopped`, and what the engine raises."""
    if not is_language(words(segment)):
        return Translation(segment.text)
    asked = _Asker(engine, order, stop, say, tokens or Sizes(engine, {0: segment.text}).of(0))
    flags: list[Flag] = []
    target = "" if _MARKS.search(segment.text) else restored(segment, asked.whole(segment.text))
    if not (fits(segment, target) and _placeholders(segment.text) == _placeholders(target)):
        asked.finish, asked.empty, asked.added = "stop", False, ""
        target = asked.in_pieces(segment)
        flags = [Flag("pieces")] if len(list(walk(segment))) > 1 or PLACEHOLDER.search(segment.text) else []
    found = check(segment, target, order.target, order.glossary, source_code=order.source, formality=order.formality)
    if asked.finish == "length":
        found = [Flag("cut"), *(flag for flag in found if flag.code not in ("repeats", "length"))]
    if asked.empty and not any(flag.code == "empty" for flag in found):
        flags.append(Flag("empty"))
    if asked.added:
        flags.append(Flag("added", asked.added))
    if any(flag.code == "empty" for flag in found):
        target = segment.text
    return Translation(target, (*found, *flags))


@dataclass(slots=True)
class _Asker:
    """Asks the model for the parts of one segment."""

    engine: Engine
    order: Order
    stop: Event
    say: Say
    tokens: Tokens
    finish: FinishReason = "stop"
    said: str = ""
    empty: bool = False  # whether somewhere nothing came back, and the source's words stand there
    added: str = ""  # what the model said besides

    def whole(self, text: str) -> str:
        """A text of any length, sentence by sentence where it is longer than one request takes."""
        self.said = ""
        spans = self._parts(text)
        found: list[str] = []
        at = 0
        for start, end in spans:
            found += (text[at:start], self._ask(text[start:end]))
            self.said = "".join(found)
            at = end
        return "".join((*found, text[at:]))

    def in_pieces(self, segment: Segment) -> str:
        """Each text between two tags, placeholders or marks by itself; these stay where they are."""
        self.say("")
        found: list[str] = []
        for piece, kept in walk(segment):
            found.append(piece.text if kept or piece.kind != "text" else self._between(piece.text))
        return "".join(found)

    def _between(self, text: str) -> str:
        found: list[str] = []
        at = 0
        stays = re.compile(f"{_MARKS.pattern}|(?x:{PLACEHOLDER.pattern})")
        for fixed in [*stays.finditer(text), None]:
            part = text[at : fixed.start() if fixed else len(text)]
            core = part.strip()
            said = self.whole(core) if is_language(core) else core
            found.append(part.replace(core, said, 1) if core else part)
            if fixed:
                found.append(fixed[0])
                at = fixed.end()
        return "".join(found)

    def _parts(self, text: str) -> list[tuple[int, int]]:
        room = self._room()
        if self.tokens(text) <= room:
            return [(0, len(text))]
        parts: list[tuple[int, int]] = []
        for start, end in sentences(text):
            if parts and self.tokens(text[parts[-1][0] : end]) <= room:
                parts[-1] = (parts[-1][0], end)
            else:
                parts += self._halved(text, start, end, room)
        return parts

    def _halved(self, text: str, start: int, end: int, room: int) -> list[tuple[int, int]]:
        """A sentence in parts that fit, cut after a comma or a word near the middle."""
        if end - start < 2 or self.tokens(text[start:end]) <= room:
            return [(start, end)]
        middle, reach = (start + end) // 2, (end - start) // 4
        cuts = [m.end() for m in re.finditer(r"[,;:，、；：]\s*|\s+", text[middle - reach : middle + reach])]
        cut = middle - reach + min(cuts, key=lambda at: abs(at - reach)) if cuts else middle
        return [*self._halved(text, start, cut, room), *self._halved(text, cut, end, room)]

    def _room(self) -> int:
        """Tokens of text that one request takes."""
        return max(16, min(MOST, self.engine.context_window // _SHARE))

    def _ask(self, text: str) -> str:
        """Counted exactly only where the prompt turns out too long: to ask costs a remote engine as much as a short answer."""
        sent = messages(text, self.order.source, self.order.target, self.order.glossary, self.order.formality)
        try:
            return self._answer(sent, text, sum(self.tokens(message.content) + _TURN for message in sent))
        except ContextOverflow:
            return self._answer(sent, text, self.engine.count_prompt(sent))

    def _answer(self, sent: Sequence[Message], text: str, prompt: int) -> str:
        window = self.engine.context_window
        if prompt + 8 > window:
            raise ContextOverflow(
                f"A part of the text takes {prompt} tokens with the glossary; the model reads {window}. Shorten the glossary.",
                kind="glossary_overflow",
                prompt=prompt,
                window=window,
            )
        most = min(window - prompt, 4 * self.tokens(text) + 64)
        chunks = self.engine.stream(
            sent, Sampling(temperature=0.0, max_tokens=most), adapter=self.order.adapter, stop=self.stop
        )
        said = ""
        with closing(chunks):  # type: ignore[type-var]
            for chunk in chunks:
                said += chunk.text
                if chunk.text:
                    self.say(bare(self.said + said))
                if chunk.finish == "length":
                    self.finish = "length"
                if chunk.finish == "cancelled" or self.stop.is_set():
                    raise Stopped("The translation was stopped; what was done is kept.", kind="translation_stopped")
                if chunk.text and loops(said) and not loops(text):
                    break
        answer, added = tidied(text, said)
        self.added = self.added or added[:ADDED]
        if not answer.strip() and is_language(text):
            self.empty = True
            return text
        return answer


def _placeholders(text: str) -> Counter[str]:
    return Counter(PLACEHOLDER.findall(text))


def failed(segment: Segment, error: BanyanError) -> Translation:
    """A segment that the engine failed on stays as it was, and says so."""
    return Translation(segment.text, (Flag("failed", str(error)),))


def is_failed(translation: Translation) -> bool:
    return any(flag.code == "failed" for flag in translation.flags)


def repeated(segments: Sequence[Segment]) -> dict[int, int]:
    """For each segment the first one that says the same: it is asked for once."""
    first: dict[Segment, int] = {}
    return {at: first.setdefault(segment, at) for at, segment in enumerate(segments)}
