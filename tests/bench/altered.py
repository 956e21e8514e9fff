"""True and altered sentences made by rule from paragraphs with questions: what a checker of answers is measured on.

Every rule for altered sentences is one after which the sentence is false of its passage (another number, another name, one
negation more or less) or has nothing to do with the passages it is held against. Every rule for true ones keeps the meaning.
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from retrieval.sentences import sentences


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


_WORDS = "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty"
_SPELLED = dict(zip(map(str, range(2, 21)), _WORDS.split(), strict=True))
_VALUE = {word: digits for digits, word in _SPELLED.items()}
_AUXILIARY = r"\b(is|was|are|were|has|have|had|can|could|will|would|did|does|must|should)\b"
_DIGITS = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\w.,]*\d)")
_NAME = re.compile(r"(?<=[a-z,] )(?:[A-Z][\w’'-]*[a-z])(?: (?:[A-Z][\w’'-]*[a-z]))*")
_DATES = {
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
}
_DATES |= {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}


def cases(world: World, seed: int = 0) -> list[Case]:
    """All cases of all kinds, shuffled deterministically."""
    draw = random.Random(seed)
    found = list(_from_sentences(world, draw)) + list(_from_questions(world, draw))
    draw.shuffle(found)
    return found


def _from_sentences(world: World, draw: random.Random) -> Iterator[Case]:
    names = [match.group() for text in world.paragraphs for match in _NAME.finditer(text)]
    for gold, paragraph in enumerate(world.paragraphs):
        for start, end in sentences(paragraph):
            text = paragraph[start:end]
            if not 30 <= len(text) * (2.5 if world.language in ("zh", "ja", "th") else 1) <= 400:
                continue
            yield Case("verbatim", True, text, gold)
            yield Case("wrong passage", False, text, gold, away=True)
            for kind, make in _TRUE:
                if (made := make(text)) and made != text:
                    yield Case(kind, True, made, gold)
            if made := _other_number(text, paragraph, draw):
                yield Case("number swapped", False, made, gold)
            for kind, alter in _FALSE:
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


def _spell(text: str) -> str:
    return re.sub(r"(?<![\w.,$-])\d{1,2}(?= [a-z]{3})", lambda m: _SPELLED.get(m.group(), m.group()), text)


def _count(text: str) -> str:
    return re.sub(r"(?<![\w-])(" + _WORDS.replace(" ", "|") + r")(?= [a-z]{3})", lambda m: _VALUE[m.group()], text)


def _spell_chinese(text: str) -> str:
    return re.sub(r"(?<![\d.,第])\s?(\d{1,2})\s?(?=[次名个位人场支座])", lambda m: _chinese(int(m.group(1))), text)


def _chinese(number: int) -> str:
    signs = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    return signs[ones] if not tens else ("" if tens == 1 else signs[tens]) + "十" + (signs[ones] if ones else "")


def _drop_clause(text: str) -> str:
    match = re.match(r"(.{40,}?),? (?:while|who|which|although|but|where) .*$", text)
    if match and not re.search(r"\b(?:if|unless|although|while|when|that|not|no)\b|[\"“(]", match[1], re.IGNORECASE):
        return match[1].rstrip(", ") + "."
    match = re.match(r"([^“”「」『』（(\"]{12,}?)，[^，]*。$", text)
    return (
        match[1] + "。"
        if match and re.search("[一-鿿]", text) and not re.search("如果|虽然|因为|由于|当|尽管|即使|除", text)
        else ""
    )


def _move_clause(text: str) -> str:
    """ "In 1999, the club was sold." -> "The club was sold in 1999." """
    match = re.match(r"(In|On|At|By|After|During) ([^,;]{3,40}), ([^,;:\"“]{15,})\.$", text)
    return f"{match[3][0].upper()}{match[3][1:]} {match[1].lower()} {match[2]}." if match else ""


def _contract(text: str) -> str:
    return re.sub(r"\b(did|does|do|is|was|were|are|has|had|have|could|would|should) not\b", r"\1n't", text)


def _uncontract(text: str) -> str:
    return re.sub(r"\b(did|does|do|is|was|were|are|has|had|have|could|would|should)n['’]t\b", r"\1 not", text)


def _negate(text: str) -> str:
    if re.search(r"\b(?:not|no|never|nor|neither|none|without|few|hardly|only)\b|n['’]t\b", text, re.IGNORECASE):
        return ""
    return re.sub(_AUXILIARY, r"\1 not", text, count=1)


def _affirm(text: str) -> str:
    if re.search(r"\bnot only\b|\bwhether\b", text):
        return ""
    made = re.sub(_AUXILIARY + r" (?:not|never)\b", r"\1", text, count=1)
    return (
        made
        if made != text
        else re.sub(r"\b(did|does|is|was|were|are|has|had|could|would)n['’]t\b", r"\1", text, count=1)
    )


def _negate_chinese(text: str) -> str:
    if not re.search("[一-鿿]", text) or re.search("[不没沒无無未非莫勿]", text):
        return ""
    made = re.sub("(?<![但于於总總还還就都也要若只或])是(?!否)", "不是", text, count=1)
    if made == text:
        made = re.sub("(?<![具所拥擁只])(能够|能夠|可以|会(?![议員员]))", r"不\1", text, count=1)
    return made if made != text else re.sub("(?<![具所拥擁只占占])有(?![关限效时])", "没有", text, count=1)


def _affirm_chinese(text: str) -> str:
    for denied, stated in (
        ("不是", "是"),
        ("没有", "有"),
        ("不能", "能"),
        ("不会", "会"),
        ("从未", "曾经"),
        ("并未", "已经"),
        ("并不", ""),
    ):
        if len(re.findall("[不没无未]", text)) == 1 and denied in text:
            return text.replace(denied, stated, 1)
    return ""


def _swap_names(text: str) -> str:
    """Two names of one sentence in each other's place, with a verb of the simple past between them."""
    found = [m for m in _NAME_ANYWHERE.finditer(text) if not _DATES & set(m.group().split())]
    for left, right in pairwise(found):
        between = text[left.end() : right.start()]
        if (
            re.search(r"\b\w{3,}ed\b|\b(?:won|beat|led|became|wrote|made|took|gave|told|sent|built|founded)\b", between)
            and not re.search(r"\b(?:and|or|with|between)\b|[,;]", between)
            and left.group() != right.group()
        ):
            return text[: left.start()] + right.group() + between + left.group() + text[right.end() :]
    return ""


_NAME_ANYWHERE = re.compile(
    r"(?:(?<=[a-z,] )|^(?!The |In |At |On |It |He |This |His |A |An |They |She |These |When |After |Some |Many |There ))(?:[A-Z][\w’'-]*[a-z])(?: (?:[A-Z][\w’'-]*[a-z]))*"
)
_TRUE: Sequence[tuple[str, Callable[[str], str]]] = (
    ("number spelled", _spell),
    ("number in digits", _count),
    ("number spelled", _spell_chinese),
    ("clause dropped", _drop_clause),
    ("clause moved", _move_clause),
    ("contraction", _contract),
    ("contraction", _uncontract),
)
_FALSE: Sequence[tuple[str, Callable[[str], str]]] = (
    ("negation added", _negate),
    ("negation added", _negate_chinese),
    ("negation dropped", _affirm),
    ("negation dropped", _affirm_chinese),
    ("names of the sentence swapped", _swap_names),
)


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
    found = [m for m in _NAME.finditer(text) if not _DATES & set(m.group().split())]
    if not found:
        return ""
    match = draw.choice(found)
    near = [m.group() for m in _NAME.finditer(paragraph) if m.group() not in text]
    for _ in range(20):
        made = draw.choice(near if near and draw.random() < 0.5 else names)
        if not set(made.split()) & (set(text.split()) | _DATES) and made not in text:
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
