"""The forms of a summary, and what is a decision, a task or an open question where it is to be minutes.

Minutes are found, not written: a sentence of the text that says "we decided" or "I will ... by Friday" stands there as it is.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal, get_args

from chatbot.common.errors import InputError
from chatbot.tasks.summarize.check import Line, Mark
from chatbot.tasks.summarize.rank import Candidate, Ranking

Form = Literal["paragraph", "bullets", "points", "minutes", "questions"]
MOST = 15  # marked sentences of one text

_OPEN = re.compile(r"[?？]\s*\Z")
_DECIDED = re.compile(
    r"\b(?:we|they|team|board|committee|council|group|it was|was|were|is|all|everyone)\s+(?:have |has |had )?(?:also |then |unanimously )?"
    r"(?:decided?|agreed?|approved?|resolved|chosen?|chose|rejected|voted|adopted|settled)\b|\bdecision\b|\b(?:then )?let us\b|\blet's\b|\bagreed[.:]"
    r"|决定|商定|同意|通过了|确定(?:了|为)|一致|批准|否决|就这么(?:定|办)|"
    r"\b(?:se (?:decidió|acordó|aprobó)|acordamos|decidimos|aprobamos|wir (?:haben )?beschlossen|beschlossen|entschieden)\b",
    re.IGNORECASE,
)
_TASK = re.compile(
    r"\b(?:will|shall|is to|are to|has to|have to|must|needs to|need to|going to|please|responsible for|action)\b|\bI can\b|\bI'll\b|\w'll\b"
    r"|负责|(?:需要|必须|应当|应该|要求|请|由)\S|(?:我|他|她|我们|你)(?:会|来|去)|"
    r"\b(?:se encargará|debe(?:n|rá)?|tiene(?:n)? que|hay que|voy a|va a|wird|werden|muss|soll)\b"
    r"|(?:明天|明早|后天|今晚|下个?(?:周|月|星期)|之前|以前).{0,8}我们?(?:把|将|给|发|写|做|联系|准备|安排|通知|再)",
    re.IGNORECASE,
)
_SHORT = re.compile(
    r"\W*(?!(?:Welcome|Thanks|Due|According|Next|Close|Up|Back|Subject|Contrary|Prior|Reply|Ready|Free)\b)"
    r"((?:[A-ZÀ-Þ][\w'’-]+ (?:and )?){1,3})to (?!(?:the|an?|my|our|your|his|her|their|this|that|be)\b)[a-z]+\b"
)
"""As minutes note a task: "Tom to call the bank"."""
_DAY = (
    r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|tomorrow|tonight|today|noon|the end of [\w ]{2,20}|next \w+|this \w+"
    r"|\d{1,2}(?:st|nd|rd|th)?(?: of)? (?:January|February|March|April|May|June|July|August|September|October|November|December)(?: \d{4})?"
    r"|(?:January|February|March|April|May|June|July|August|September|October|November|December)(?: \d{1,2})?(?:, \d{4})?"
    r"|\d{1,2}[./]\d{1,2}(?:[./]\d{2,4})?|\d{4}-\d\d-\d\d)"
)
_DUE = re.compile(
    rf"\b(?:by|until|before|no later than|due|on) ({_DAY})"
    r"|((?:\d{4}年)?\d{1,2}月(?:\d{1,2}[日号]|底|初|中旬)?|\d{1,2}[日号]|(?:本|这|下)?(?:周|星期|礼拜)[一二三四五六日天末]|明天|今天|后天|月底|年底|今晚)(?:之前|以前|前|内)?"
    r"|\b(?:antes de|hasta|para) (el [\w ]{2,20}?)(?=[.,;]|\Z)|\b(tomorrow|tonight|next (?:week|month|\w+day))\b",
    re.IGNORECASE,
)
_SPEAKER = re.compile(r"\s*([^\W\d_][\w .'’-]{0,30}?|[\u3400-\u9fff]{1,6})\s*[:：]\s*(?=\S)")
_SUBJECT = re.compile(
    r"((?:[A-ZÀ-Þ][\w'’-]+ ?){1,3})(?=\s?(?:and [A-Z]\w+ )?(?:will|shall|is to|has to|must|needs to|agreed|promised)\b)|由?([\u3400-\u9fff]{2,3})(?=负责)"
)


def check(form: str) -> None:
    """Raises `InputError` for a form that there is not."""
    if form not in get_args(Form):
        there = ", ".join(get_args(Form))
        raise InputError(
            f"The form is one of {there}, not {form[:40]!r}.", kind="summary_form", form=form[:40], there=there
        )


def minutes(ranking: Ranking) -> list[tuple[Candidate, Mark]]:
    """The sentences of a text that decide, promise or ask something, in its order; of too many the most telling."""
    found = [(one, mark) for one in ranking.sentences if (mark := mark_of(one.text))]
    best = sorted(found, key=lambda pair: -pair[0].rank)[:MOST]
    return sorted(best, key=lambda pair: pair[0].position)


def mark_of(text: str) -> Mark:
    """A promise inside a decision is a decision: it binds all."""
    if _OPEN.search(text):
        return "open"
    if _DECIDED.search(text):
        return "decision"
    return "task" if _TASK.search(text) or _SHORT.match(text) else ""


def marked(lines: Iterable[Line]) -> tuple[Line, ...]:
    return tuple(replace(line, mark=mark_of(line.text)) for line in lines)


def who(text: str) -> str:
    """Who speaks, or is named as who does it; empty where it is not said."""
    found = _SPEAKER.match(text) or _SUBJECT.search(text) or _SHORT.match(text)
    return next((part.strip() for part in found.groups() if part), "") if found else ""


def due(text: str) -> str:
    """Until when, in the words of the text."""
    found = _DUE.search(text)
    return next((part.strip() for part in found.groups() if part), "") if found else ""
