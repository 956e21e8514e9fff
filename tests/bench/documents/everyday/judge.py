"""What an answer is worth: right, a right quote, refused, wrong yet "supported", or a doubtful one.

`right` names what must be shown, one of several: words; `BOTH:a|b`, all of them; `NOT_FOUND`, saying that it is not given;
`CANNOT_COUNT`, saying that a search cannot count this. `wrong` names what must not stand in a sentence called supported.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from chatbot.tasks.answer.check import Answer, Sentence

Outcome = Literal["right", "quote", "refused", "wrong", "doubtful"]
_SPECIAL = ("NOT_FOUND", "CANNOT_COUNT")


@dataclass(frozen=True, slots=True)
class Question:
    """A row of a file of questions. `before` are questions that were asked first, in the same conversation."""

    text: str
    files: tuple[str, ...]
    right: tuple[str, ...]
    wrong: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    kind: str = ""
    language: str = ""

    @classmethod
    def read(cls, row: dict[str, Any]) -> "Question":
        lists = {name: tuple(row.get(name, ())) for name in ("files", "right", "wrong", "before")}
        return cls(
            row["question"], kind=row.get("kind", row.get("case", "")), language=row.get("language", ""), **lists
        )

    @property
    def answerable(self) -> bool:
        return not any(right in _SPECIAL for right in self.right)


@dataclass(frozen=True, slots=True)
class Judged:
    """`claimed`: a sentence is called supported that holds nothing right, or something wrong, whatever else is shown."""

    outcome: Outcome
    claimed: bool


def judge(question: Question, given: Answer) -> Judged:
    supported = [one for one in given.sentences if one.verdict == "supported"]
    said = _told(one for one in given.sentences if one.verdict != "contradicted")
    shown = " ".join([*(c.quote for c in given.citations), _told(given.quotes), said])
    refused = given.status == "not_found"
    claimed = any(_claims(question, one) for one in supported) and not _holds(question.right, _told(supported))
    claimed = claimed or any(_within(wrong, one.text) for one in supported for wrong in question.wrong)
    if refused:
        right = any(special in question.right for special in _SPECIAL)
        return Judged("right" if right else "refused", False)
    if not claimed and not given.quoted and _holds(question.right, said):
        return Judged("right", False)
    if _holds(question.right, shown):
        return Judged("quote", claimed)
    return Judged("wrong" if claimed else "doubtful", claimed)


def _claims(question: Question, sentence: Sentence) -> bool:
    parts = [part for right in question.right for part in right.removeprefix("BOTH:").split("|")]
    return not any(_within(part, sentence.text + " " + sentence.original) for part in parts)


def _told(sentences: Iterable[Sentence]) -> str:
    return " ".join(f"{one.text} {one.original}" for one in sentences)


def _holds(right: Sequence[str], text: str) -> bool:
    return any(all(_within(part, text) for part in one.removeprefix("BOTH:").split("|")) for one in right)


def _within(part: str, text: str) -> bool:
    """Letter by letter, but a figure is whole: 7 is not in 27 nor in 7,400."""
    part, text = _plain(part), _plain(text)
    before = r"(?<!\d)(?<!\d[.,])" if part[:1].isdigit() else ""
    after = r"(?![\d]|[.,]\d)" if part[-1:].isdigit() else ""
    return re.search(before + re.escape(part) + after, text) is not None


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return re.sub(r"\s+|(?<=[\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff\d])|(?<=\d)\s+(?=[\u4e00-\u9fff])", " ", folded)
