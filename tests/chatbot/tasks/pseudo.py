"""Engines that translate in a way that can be checked by hand."""

import re
from collections.abc import Sequence
from pathlib import Path
from threading import Event

from chatbot.engine.scripted import ScriptedEngine
from chatbot.tasks.translate.files import child as files
from chatbot.tasks.translate.files.marked import PLACEHOLDER, TAG, Segment
from chatbot.tasks.translate.run import segments
from chatbot.tasks.translate.work import Order, Translation
from chatbot.types import Message

_FIXED = re.compile(f"{TAG.pattern}|(?x:{PLACEHOLDER.pattern})")


def shouted(text: str) -> str:
    """Every letter a capital, but for tags and placeholders."""
    parts, at = [], 0
    for fixed in _FIXED.finditer(text):
        parts += [text[at : fixed.start()].upper(), fixed[0]]
        at = fixed.end()
    return "".join((*parts, text[at:].upper()))


def careful(messages: Sequence[Message]) -> str:
    return shouted(messages[-1].content)


def careless(messages: Sequence[Message]) -> str:
    """Loses every tag and placeholder."""
    return _FIXED.sub("", messages[-1].content).upper()


def confused(messages: Sequence[Message]) -> str:
    """Doubles tags, crosses them, and answers with markup of its own."""
    return "**<b>" + TAG.sub(r"<1><2></1>", messages[-1].content).upper() + "</b>** | # [x](y) `"


ENGINES = {"careful": careful, "careless": careless, "confused": confused}


def engine(kind: str = "careful", **options: object) -> ScriptedEngine:
    return ScriptedEngine(ENGINES[kind], model="pseudo", **options)  # type: ignore[arg-type]


def translations(given: Sequence[Segment], kind: str = "careful") -> list[Translation]:
    known: dict[int, Translation] = {}
    for step in segments(engine(kind), given, Order("en", "de"), stop=Event()):
        known.update(step.finished)
    assert sorted(known) == list(range(len(given))), "every source segment has exactly one target segment"
    return [known[at] for at in range(len(given))]


def translated(path: Path, kind: str = "careful") -> tuple[bytes, files.Source]:
    source = files.read(path, path.name)
    return files.write(path, path.name, [one.text for one in translations(source.segments, kind)], "de"), source
