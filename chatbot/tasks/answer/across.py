"""A question in one language, passages in another: the model answers, and is checked, in the language of the passages.

No check can hold a Chinese sentence against an English one. So the question is translated first, the answer is written in the
language that it was read in, held against the passages there, and only then told in the language of the question. Verdicts and
citations are those of the sentence that was checked, which is kept beside its translation. A translation that lost a number, broke
off or did not come out in the language wanted is not shown: then the checked sentence is.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Event

from chatbot.common.errors import Stopped
from chatbot.engine.base import Engine, complete
from chatbot.tasks.answer.check import Answer, Sentence
from chatbot.tasks.language import Detected, detect, name_of, primary
from chatbot.tasks.translate.files.marked import Segment
from chatbot.tasks.translate.work import Order, one
from chatbot.types import Message, Role, Sampling
from retrieval.types import Hit

ROLES: tuple[Role, Role] = ("user", "assistant")
EXAMPLES = {
    "en": (
        ("电话是谁发明的？", "Who invented the telephone?"),
        ("Wie viel kostet die Brücke?", "How much does the bridge cost?"),
        ("公司去年的收入是多少？", "What was the company's revenue last year?"),
    ),
    "zh": (
        ("Who invented the telephone?", "电话是谁发明的？"),
        ("Wie viel kostet die Brücke?", "这座桥要花多少钱？"),
        ("What was the company's revenue last year?", "公司去年的收入是多少？"),
    ),
}
"""Questions with their translations, by the language that is translated into."""
BRIEF = Sampling(temperature=0.0, max_tokens=128)
DENSE = frozenset({"zh", "ja", "ko"})  # told from all others by a few letters, also around names in Latin ones
_NAME = re.compile(r"[A-Z][\w.'-]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Across:
    """Codes of `chatbot.tasks.language`: the question's, and that of the passages which are read for it."""

    question: str
    passages: str

    def asked(self, engine: Engine, question: str, stop: Event) -> str:
        """The question in the language of the passages; as it is where that fails. Raises what the engine raises."""
        return _as_question(engine, question, primary(self.passages), stop) or (
            _still_asks(question, _translated(engine, question, Order(self.question, self.passages), stop))
        )

    def checkable(self, engine: Engine, text: str, stop: Event) -> str | None:
        """The model's text in the language of the passages, also where it answered in another; None where that fails."""
        language = _other(text, self.passages)
        return _translated(engine, text, Order(language, self.passages), stop) or None if language else text

    def told(self, engine: Engine, answer: Answer, stop: Event) -> Answer:
        """The checked answer, sentence by sentence, in the language of the question. Raises as `asked`."""
        order = Order(self.passages, self.question)
        text, at = "", 0
        told: list[Sentence] = []
        for sentence in answer.sentences:
            gap = answer.text[at : sentence.start]
            said = _translated(engine, sentence.text, order, stop)
            original = sentence.text if said else ""
            told.append(replace(sentence, text=said or sentence.text, start=len(text + gap), original=original))
            text, at = text + gap + told[-1].text, sentence.start + len(sentence.text)
        translated = any(sentence.original for sentence in told)
        return replace(answer, text=text, sentences=tuple(told), across=self.passages if translated else "")


def across(question: str, hits: Sequence[Hit]) -> Across | None:
    """None where both are in one language, or it is not sure that they are not."""
    theirs = detect(" ".join(hit.passage.text for hit in hits))
    mine = _other(question, theirs.language) if theirs.language and theirs.sure else ""
    return Across(mine, theirs.language) if mine and theirs.language else None


def _other(text: str, language: str) -> str:
    """The language of `text` where that is another than `language`; empty where it is not, or not surely."""
    found = _language(text)
    here, there = primary(found.language or ""), primary(language)
    if not here or here == there or not (found.sure or (here in DENSE) != (there in DENSE)):
        return ""
    return found.language or "" if found.sure or here in DENSE else "en"


def _as_question(engine: Engine, question: str, target: str, stop: Event) -> str:
    """Translated by example: told to translate "水塔是哪一年建造的？", Qwen2.5-Coder-0.5B says "Water tower was built in 1965."
    Empty where there is no example in the language, or no question came of it."""
    turns = [Message(role, said) for pair in EXAMPLES.get(target, ()) for role, said in zip(ROLES, pair, strict=True)]
    if not turns:
        return ""
    order = Message("system", f"Translate each question into {name_of(target)}. Do not answer it.")
    found = complete(engine, [order, *turns, Message("user", question)], BRIEF, stop=stop)
    said = found.text.strip()
    right = found.finish == "stop" and said.endswith(("?", "？")) and primary(_language(said).language or "") == target
    return said if right else ""


def _still_asks(question: str, translated: str) -> str:
    """The translation of a question, unless it answers instead."""
    asks = not question.rstrip().endswith(("?", "？")) or translated.rstrip().endswith(("?", "？"))
    return translated if translated and asks else question


def _language(text: str) -> Detected:
    """Names in Latin letters are of no language: "Maria Lindqvist 是谁？" is Chinese, though most of its letters are not."""
    bare = detect(_NAME.sub(" ", text))
    return bare if primary(bare.language or "") in DENSE else detect(text)


def _translated(engine: Engine, text: str, order: Order, stop: Event) -> str:
    """Empty where there is a doubt about it, or no time for it."""
    try:
        found = one(engine, Segment(text), order, stop)
    except Stopped:
        return ""
    return "" if found.flags else found.text.strip()
