"""What a recipe makes of a file's records before its templates are filled in: columns that no file has.

Each takes the records of one file and gives others. The prompts that they are for are those of the tasks; tests hold the two
together.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from finetune.evaluate.summarize import asked
from finetune.recipes import extracts, pairs, plain
from finetune.recipes.excerpted import NOT_FOUND, excerpted

Record = Mapping[str, Any]
Prepare = Callable[[Iterable[Record]], Iterator[Record]]

SHOWN = (1, 1, 1, 2)
"""Passages of a prompt, each as often: short prompts teach the most in a given time."""
STRANGE = 5
"""Of so many blocks of passages one is also asked what it does not answer: with all of them, a fifth of what stands in the
passages was not found any more."""


def words_asked(records: Iterable[Record]) -> Iterator[Record]:
    """Adds `words`: about how long the summary is, rounded as the summary task rounds what it asks for."""
    for record in records:
        yield {**record, "words": str(asked(len(str(record["summary"]).split())))}


def passages(records: Iterable[Record]) -> Iterator[Record]:
    """SQuAD -> {passages, question, answer}: every question of a paragraph asked of the same one or two passages.

    The paragraph stands among those of its article that are most like it, at any place. Of one block in `STRANGE` a
    question of another paragraph is asked, too, whose answer is in none of them: it is answered with `NOT_FOUND`. Files
    with one question a record and with one paragraph a record (`qas`) are read; synthetic unanswerable ones are left out.
    """
    articles: dict[str, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        asked = record["qas"] if "qas" in record else [(record["question"], *record["answers"][:1])]
        if record.get("answerable", True):
            articles[record["title"]][record["context"]] += [(question, answer) for question, answer, *_ in asked]
    for article in articles.values():
        paragraphs = [_Paragraph(text, tuple(asked), _words(text)) for text, asked in article.items()]
        for paragraph in paragraphs:
            yield from _asked_of(paragraph, paragraphs)


@dataclass(frozen=True, slots=True)
class _Paragraph:
    text: str
    asked: tuple[tuple[str, str], ...]
    words: frozenset[str]

    @property
    def chance(self) -> int:
        """The same number for the same paragraph, always."""
        return int.from_bytes(hashlib.sha256(self.text.encode()).digest()[:4], "big")


def _asked_of(paragraph: _Paragraph, article: Sequence[_Paragraph]) -> Iterator[Record]:
    count = SHOWN[paragraph.chance % len(SHOWN)]
    others = (other for other in article if other is not paragraph)
    near = sorted(others, key=lambda other: -len(paragraph.words & other.words))
    shown = near[: count - 1]
    shown.insert(paragraph.chance // len(SHOWN) % (len(shown) + 1), paragraph)
    together = "\n".join(f"[{n}] {one.text}\n" for n, one in enumerate(shown, 1))
    for question, answer in paragraph.asked:
        yield {"passages": together, "question": question.strip(), "answer": answer.strip()}
    elsewhere = (asked for other in near[count - 1 :] for asked in other.asked)
    missing = (question for question, answer in elsewhere if answer.casefold() not in together.casefold())
    if paragraph.chance % STRANGE == 0 and (other := next(missing, None)):
        yield {"passages": together, "question": other.strip(), "answer": NOT_FOUND}


def _words(text: str) -> frozenset[str]:
    return frozenset(word for word in re.findall(r"\w+", text.casefold()) if len(word) > 3)


PREPARE: Mapping[str, Prepare] = {
    "words_asked": words_asked,
    "passages": passages,
    "excerpted": excerpted,
    "extracted": extracts.extracted,
    "facts": plain.facts,
    "plain_english": plain.english,
    "plain_chinese": plain.chinese,
    "news": pairs.news,
    "marked": pairs.marked,
}
