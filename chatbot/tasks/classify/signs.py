"""A verdict that a text gives in signs, which nobody has to guess: 👎, 0/5, ★☆☆☆☆, 1 star, 两星, 8 out of 10.

A grade is 0 for the worst and 1 for the best. Shops and corpora of reviews (Amazon, Yelp) take one and two stars of five for
negative, three for neutral, four and five for positive; `CENTRES` and `SHARP` say the same.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

GOOD = "👍👏😍🥰🤩💯🎉😊😃😄😁🙂🥳💖💕😋😎❤"
BAD = "👎😡🤬😠🤮😤😞😒🙁☹💔😖😣😩😾"
CENTRES = (0.1, 0.5, 0.9)  # the grades that negative, neutral and positive stand for
SHARP = 16.0
"""Of three labels, where the grade is that of one: 0/5 is negative with 98 %, two stars of five with 65 %."""

_WORDS = {
    "zero": 0, "half a": 0.5, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "cero": 0, "una": 1, "dos": 2, "tres": 3,
    "cuatro": 4, "cinco": 5, "null": 0, "ein": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "zéro": 0, "une": 1, "deux": 2,
    "trois": 3, "quatre": 4, "cinq": 5,
}  # fmt: skip
_HAN = {"零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5}
_NUMBER = r"\d{1,3}(?:[.,]\d)?"
_OF = re.compile(
    rf"(?<![\d/.,])(?<!\bon )({_NUMBER})\s*(?:/\s*|out of |von )(5|10|20|100)(?![\d/]|[.,]\d|\s*(?:of|cups?|teaspoons?|inch)\b)",
    re.IGNORECASE,
)
_STARS = re.compile(
    rf"(?<![\w.,])({_NUMBER}|{'|'.join(_WORDS)})[\s-]?(?:stars?|estrellas?|Sterne?|étoiles?)\b"
    r"(?!\s+(?:hotel|resort|general|chef|restaurant|cuisine))",
    re.IGNORECASE,
)
_STARS_HAN = re.compile(rf"(?<![\d.])([0-5{''.join(_HAN)}])[颗个]?星(?![期座球级系际光星辰]|手机|电子|集团|公司|电视)")
_GLYPHS = re.compile(r"[★☆⭐✭✩🌟\ufe0f]+")
_FACES = re.compile(f"[{GOOD}{BAD}]")
_LETTER = re.compile(r"[^\W\d_]")
_NAMES = {
    "negative": 0.0, "neutral": 0.5, "positive": 1.0, "negativo": 0.0, "neutro": 0.5, "positivo": 1.0, "negativa": 0.0, "positiva": 1.0,
    "负面": 0.0, "消极": 0.0, "差评": 0.0, "中性": 0.5, "中立": 0.5, "中评": 0.5, "正面": 1.0, "积极": 1.0, "好评": 1.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stated:
    """`alone`: nothing is said besides."""

    grade: float
    alone: bool


def stated(text: str) -> Stated | None:
    """What the signs of a text say, the mean where there are several; None without any."""
    found = list(_signs(text))
    if not found:
        return None
    rest = text
    for start, end, _ in sorted(found, reverse=True):
        rest = rest[:start] + rest[end:]
    return Stated(sum(grade for *_, grade in found) / len(found), _LETTER.search(rest) is None)


def grades(names: Sequence[str]) -> tuple[float, ...] | None:
    """What each label stands for, where all are grades: "1 star, 2 stars, ...", "👍, 👎", "positive, negative"."""
    found = [_grade(name) for name in names]
    told = tuple(grade for grade in found if grade is not None)
    if len(told) < len(found) or len(set(told)) < len(told):
        return None
    return told


def leanings(grade: float, centres: Sequence[float]) -> list[float]:
    """Logits of labels that stand for these grades, the sharper the more there are."""
    sharp = SHARP * ((len(centres) - 1) / 2) ** 2 if len(centres) > 2 else SHARP
    return [-sharp * (grade - centre) ** 2 for centre in centres]


def _grade(name: str) -> float | None:
    known = _NAMES.get(name.strip().casefold())
    found = stated(name)
    return known if known is not None else found.grade if found and found.alone else None


def _signs(text: str) -> Iterator[tuple[int, int, float]]:
    """(start, end, grade) of each."""
    for sign in _OF.finditer(text):
        if (given := _value(sign[1])) <= (most := int(sign[2])):
            yield sign.start(), sign.end(), _of(given, most)
    for sign in (*_STARS.finditer(text), *_STARS_HAN.finditer(text)):
        if (given := _value(sign[1])) <= 5:
            yield sign.start(), sign.end(), _of(given, 5)
    for sign in _GLYPHS.finditer(text):
        full, empty = sum(sign[0].count(c) for c in "★⭐✭🌟"), sum(sign[0].count(c) for c in "☆✩")
        if 0 < full + empty <= 5:
            yield sign.start(), sign.end(), _of(full, 5 if not empty else full + empty)
    for sign in _FACES.finditer(text):
        yield sign.start(), sign.end(), float(sign[0] in GOOD)


def _of(given: float, most: int) -> float:
    """The worst of a scale is one or nought: who gives one star means the worst."""
    return max(0.0, given - 1) / (most - 1) if most > 1 else given


def _value(number: str) -> float:
    known = (_WORDS | _HAN).get(number.casefold())
    return float(number.replace(",", ".")) if known is None else known
