"""True and altered sentences made by rule from paragraphs with questions: what a checker of answers is measured on.

Every rule for altered sentences is one after which the sentence is false of its passage (another number, another name, one
negation more or less) or has nothing to do with the passages it is held against. Every rule for true ones keeps the meaning.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from retrieval.text.sentences import sentences
from tests.bench.documents.rewording import DATES, FALSE, NAME, TRUE


@dataclass(frozen=True, slots=True)
class Asked:
    question: str
    paragraph: int
    answer: str


@dataclass(frozen=True, slots=True)
class World:
    """Paragraphs with the article each belongs to, and questions about them."""

    language: str
    articles: tuple[str, ...]
    paragraphs: tuple[str, ...]
    asked: tuple[Asked, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Case:
    """`true` says what a checker should find. `gold` is the paragraph the sentence was made from; with `away` it is
    not among the passages."""

    kind: str
    true: bool
    text: str
    gold: int
    question: str = ""
    away: bool = False


_DIGITS = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\w.,]*\d)")


def cases(world: World, seed: int = 0) -> list[Case]:
    """All cases of all kinds, shuffled deterministically."""
    draw = random.Random(seed)
    found = list(_from_sentences(world, draw)) + list(_from_questions(world, draw))
    draw.shuffle(found)
    return found


def _from_sentences(world: World, draw: random.Random) -> Iterator[Case]:
    names = [match.group() for text in world.paragraphs for match in NAME.finditer(text)]
    for gold, paragraph in enumerate(world.paragraphs):
        for start, end in sentences(paragraph):
            text = paragraph[start:end]
            if not 30 <= len(text) * (2.5 if world.language in ("zh", "ja", "th") else 1) <= 400:
                continue
            yield Case("verbatim", True, text, gold)
            yield Case("wrong passage", False, text, gold, away=True)
            for kind, make in TRUE:
                if (made := make(text)) and made != text:
                    yield Case(kind, True, made, gold)
            if made := _other_number(text, paragraph, draw):
                yield Case("number swapped", False, made, gold)
            for kind, alter in FALSE:
                if (made := alter(text)) and made != text:
                    yield Case(kind, False, made, gold)
            if world.language == "en" and (made := _other_name(text, paragraph, names, draw)):
                yield Case("name exchanged", False, made, gold)


def _from_questions(world: World, draw: random.Random) -> Iterator[Case]:
    for asked in world.asked:
        yield Case("short answer", True, asked.answer, asked.paragraph, asked.question)
        yield Case("short answer, wrong passage", False, asked.answer, asked.paragraph, asked.question, away=True)
        if statement := _statement(asked.question, asked.answer, world.language):
            yield Case("made from the question", True, statement, asked.paragraph, asked.question)
            yield Case(
                "made from the question, wrong passage", False, statement, asked.paragraph, asked.question, away=True
            )
            if other := _rival(asked, world, draw):
                where = _same_sentence(world.paragraphs[asked.paragraph], asked.answer, other)
                kind = "wrong answer of the same sentence" if where else "wrong answer of the same passage"
                yield Case(
                    kind, False, _statement(asked.question, other, world.language), asked.paragraph, asked.question
                )
        if world.language != "en" and (made := _answer_exchanged(asked, world, draw)):
            yield Case("name exchanged", False, made, asked.paragraph)


def _other_number(text: str, paragraph: str, draw: random.Random) -> str:
    """One number becomes another: of the same paragraph where it has one, else a near one of as many digits."""
    found = list(_DIGITS.finditer(text))
    if not found:
        return ""
    match = draw.choice(found)
    here = {m.group() for m in found}
    others = sorted({m.group() for m in _DIGITS.finditer(paragraph)} - here)
    if others and draw.random() < 0.5:
        made = draw.choice(others)
    else:
        digit = draw.choice([d for d in "23456789" if d != match.group()[-1]])
        made = match.group()[:-1] + digit
    return "" if made in here else text[: match.start()] + made + text[match.end() :]


def _other_name(text: str, paragraph: str, names: Sequence[str], draw: random.Random) -> str:
    found = [m for m in NAME.finditer(text) if not DATES & set(m.group().split())]
    if not found:
        return ""
    match = draw.choice(found)
    near = [m.group() for m in NAME.finditer(paragraph) if m.group() not in text]
    for _ in range(20):
        made = draw.choice(near if near and draw.random() < 0.5 else names)
        if not set(made.split()) & (set(text.split()) | DATES) and made not in text:
            return text[: match.start()] + made + text[match.end() :]
    return ""


def _answer_exchanged(asked: Asked, world: World, draw: random.Random) -> str:
    """The sentence of the answer with the answer of another question of the same article in its place."""
    paragraph = world.paragraphs[asked.paragraph]
    held = [paragraph[s:e] for s, e in sentences(paragraph) if asked.answer in paragraph[s:e]]
    if len(held) != 1 or re.search(r"\d", asked.answer) or not 2 <= len(asked.answer) <= 25 or len(held[0]) > 250:
        return ""
    article = world.articles[asked.paragraph]
    others = [o.answer for o in world.asked if world.articles[o.paragraph] == article and o.answer not in held[0]]
    others = [
        o
        for o in others
        if not re.search(r"\d", o) and 2 <= len(o) <= 25 and o not in asked.answer and asked.answer not in o
    ]
    return held[0].replace(asked.answer, draw.choice(others)) if others else ""


def _rival(asked: Asked, world: World, draw: random.Random) -> str:
    """The answer to another question of the same paragraph that begins alike ("How many ...")."""
    start = _kind(asked.question)
    others = [
        other.answer
        for other in world.asked
        if other.paragraph == asked.paragraph
        and _kind(other.question) == start
        and not _overlap(other.answer, asked.answer)
    ]
    others = [other for other in others if other not in asked.question]
    return draw.choice(others) if others else ""


def _kind(question: str) -> str:
    found = re.search(r"\b(how many|who|when|what year|where)\b|(谁|多少|何时|哪一?年|哪里|几)", question.casefold())
    return found.group() if found else question


def _overlap(one: str, other: str) -> bool:
    return (
        bool(set(re.findall(r"\w+", one.casefold())) & set(re.findall(r"\w+", other.casefold())))
        or one in other
        or other in one
    )


def _same_sentence(paragraph: str, one: str, other: str) -> bool:
    return any(one in paragraph[s:e] and other in paragraph[s:e] for s, e in sentences(paragraph))


_TEMPLATES = (
    (r"How many (\w+) (?:did|do|does) (.+?)\??$", "{1} {A} {0}."),
    (r"How many (.+?)\??$", "{A} {0}."),
    (r"(?:When|(?:In )?[Ww]hat year) (?:did|does) (.+?)\??$", "{0} in {A}."),
    (
        r"(?:When|(?:In )?[Ww]hat year) (was|were|is) (.+?) (\w+ed|born|held|built|made|won|sold)\??$",
        "{1} {0} {2} in {A}.",
    ),
    (r"Where (?:did|does|do) (.+?)\??$", "{0} in {A}."),
    (r"Who (was|is|were|are) (.+?)\??$", "{A} {0} {1}."),
    (r"Who (.+?)\??$", "{A} {0}."),
    (r"What (?:did|does|do) (.+?)\??$", "{0} {A}."),
    (r"What (is|was|are|were) (.+?)\??$", "{1} {0} {A}."),
)


def _statement(question: str, answer: str, language: str) -> str:
    """Question and answer as one sentence, its grammar not always good."""
    if language == "zh":
        made = re.sub(r"哪一?[年个位名]|谁|多少|何时|何地|什么(?:时候|时间)?", lambda _: answer, question, count=1)
        return re.sub("[？?吗呢]+$", "", made.strip()) + "。" if made != question else ""
    if language != "en" or re.match(r"\w+ (?:did|does) .* by ", question):
        return ""
    for pattern, form in _TEMPLATES:
        if match := re.match(pattern, question.strip()):
            made = form.format(*match.groups(), A=answer)
            return made[0].upper() + made[1:]
    return ""
