"""What a sentence says of that by which two things are compared: the year it is from, its length, its price.

None is better than a wrong one: where several figures may be meant and no word beside them tells, there is none.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chatbot.tasks.answer.routes.asking import holds
from chatbot.tasks.answer.routes.dates import dates
from chatbot.tasks.answer.routes.enumerated.extremes import End, Wanted
from retrieval.checks.asked.measures import LENGTHS, TIMES, WEIGHTS, YEAR
from retrieval.checks.numbers import Number, numbers

_BASE = {  # what one of a unit is of the plainest of its kind; a month is a twelfth of a year
    **{"metre": 1.0, "kilometre": 1000.0, "centimetre": 0.01, "millimetre": 0.001, "mile": 1609.344, "foot": 0.3048},
    **{
        "second": 1.0,
        "minute": 60.0,
        "hour": 3600.0,
        "day": 86400.0,
        "week": 604800.0,
        "month": 2629800.0,
        "years": 31557600.0,
    },
    **{"kilogram": 1.0, "gram": 0.001, "milligram": 1e-6, "tonne": 1000.0},
}
_DIMENSIONS = tuple(
    (name, re.compile(words, re.IGNORECASE))
    for name, words in (
        ("length", r"\b(?:long|length|span)\b|长"),
        ("height", r"\b(?:tall|high|height|altitude|elevation)\b|高|海拔"),
        ("width", r"\b(?:wide|width|broad)\b|宽"),
        ("depth", r"\b(?:deep|depth)\b|深"),
        ("distance", r"\b(?:away|distance|apart)\b|距|相距|离"),
    )
)
_MADE = re.compile(
    r"\b(?:built|finished|completed|opened|founded|established|constructed|erected|begun|began|started?|launched|born|inaugurated|dates? from"
    r"|created|introduced|published|released|signed)\b|建|落成|完工|竣工|通车|开业|开馆|成立|创办|创立|出生|生于|启用|开放|投入使用|发布|出版|签订",
    re.IGNORECASE,
)
_LATER = re.compile(
    r"\b(?:restor|renovat|rebuil|repair|repaint|widen|extend|clos|demolish|destroy|burn|died|until|moved?\b)\w*|重建|翻修|修缮|维修|扩建|关闭|拆除|烧毁|去世|迁",
    re.IGNORECASE,
)
_COST = re.compile(
    r"\b(?:costs?|price[ds]?|paid|pays?|fees?|charge[ds]?|worth|budget|fare|rent|salary|wage)\b|价|费|预算|租金|工资",
    re.IGNORECASE,
)
PART = re.compile(r",(?!\d)\s*|[;，；。、]\s*|\s(?:and|but|while)\s|(?<!\d)\.\s")
_KINDS = (("length", LENGTHS), ("time", TIMES), ("weight", WEIGHTS))
_UNNAMED = "money"
_REACH = 14  # characters beside a figure in which a word says what it is of: "metres in height"
_BY_TIME, _BY_MONEY, _BY_WEIGHT = ("built", "price", "weight")  # what `Wanted.keys` begin with


@dataclass(frozen=True, slots=True)
class Figure:
    """`number` of `unit`, with `end` as the one that is wanted of such figures. Days of the calendar count as 20240531."""

    number: float
    unit: str
    end: End


def comparable(one: Figure, other: Figure) -> bool:
    """Whether it is told which of the two is more; of a year and a day of that year it is not."""
    if one.unit != other.unit or one.number == other.number:
        return False
    years = int(one.number) // 10_000 == int(other.number) // 10_000
    return one.unit != "date" or not years or min(one.number % 10_000, other.number % 10_000) > 0


def figures(sentence: str, wanted: Wanted, words: Sequence[str]) -> Iterator[Figure]:
    """All that may be meant. `words` are what the question compares, where its comparative does not tell: "more seats"."""
    first = wanted.keys[0]
    if first == _BY_TIME:
        yield from _times(sentence, wanted)
    elif first in (_BY_MONEY, _BY_WEIGHT):
        yield from _amounts(sentence, wanted, first)
    elif wanted.telling or (first == "height" and not words):
        yield from _lengths(sentence, wanted, first)
    else:
        yield from _named(sentence, wanted, words)


def _times(sentence: str, wanted: Wanted) -> Iterator[Figure]:
    parts = [(p, _days(p)) for p in PART.split(sentence) if not _LATER.search(p)]
    said = [days for part, days in parts if days and _MADE.search(part)]
    for day in next(iter(said), None) or [day for _, days in parts for day in days]:
        yield Figure(day, "date", wanted.end)
    for number in numbers(sentence):
        behind = sentence[number.end - 1 : number.end + _REACH]
        if re.match(r"[岁歲]", behind) or (number.measure == "years" and re.search(r"\bold\b", behind)):
            yield Figure(number.value, "age", _opposite(wanted.end))


def _days(part: str) -> list[float]:
    if days := [day.order for day in dates(part) if day.year]:
        return days
    return [10_000 * n.value for n in numbers(part) if n.measure == YEAR]


def _lengths(sentence: str, wanted: Wanted, dimension: str) -> Iterator[Figure]:
    """How fast a thing is tells the time it takes, too, the other way round."""
    units = {"degree"} if dimension == "temperature" else LENGTHS | TIMES
    told = [(n, _dimension(sentence, n)) for n in numbers(sentence) if n.measure in units]
    for n in [n for n, name in told if name == dimension] or [n for n, name in told if not name]:
        turned = n.measure in TIMES and "time" in wanted.turned
        yield _figure(n, _opposite(wanted.end) if turned else wanted.end)


def _dimension(sentence: str, number: Number) -> str:
    """What a word right behind the figure, else right before it, says that it is of; "" for none."""
    behind = PART.split(sentence[number.end : number.end + _REACH])[0]
    before = PART.split(sentence[max(0, number.start - _REACH) : number.start])[-1]
    for side in (behind, before):
        if name := next((name for name, pattern in _DIMENSIONS if pattern.search(side)), ""):
            return name
    return ""


def _amounts(sentence: str, wanted: Wanted, first: str) -> Iterator[Figure]:
    """Prices and weights, by their unit."""
    for number in numbers(sentence):
        if first == _BY_WEIGHT and number.measure in WEIGHTS:
            yield _figure(number, wanted.end)
        elif first == _BY_MONEY and (currency := _currency(sentence, number)):
            yield Figure(number.value, currency, wanted.end)


def _currency(sentence: str, number: Number) -> str:
    """ "" for what is no price. One that is none of the known ones is the word behind what costs."""
    if number.unit:
        return "" if number.unit in ("%", "month") else number.unit
    if number.measure or not _COST.search(_around(sentence, number)):
        return ""
    behind = re.match(r"\s?([^\W\d_]+)", sentence[number.end :])
    return behind[1] if behind else _UNNAMED


def _named(sentence: str, wanted: Wanted, words: Sequence[str]) -> Iterator[Figure]:
    """Numbers of what the question names ("more seats"), else of what the comparative may mean ("bigger")."""
    for number in numbers(sentence):
        ways = [words] if words else [(key,) for key in wanted.keys]
        money = number.unit not in ("", "%", "month") and not _COST.search(" ".join(words))
        plain = number.measure != YEAR and number.unit != "month" and not money
        if plain and any(_beside(sentence, number, way) for way in ways):
            yield _figure(number, wanted.end)


def _figure(number: Number, end: End) -> Figure:
    kind = next((name for name, units in _KINDS if number.measure in units), number.measure)
    return Figure(number.value * _BASE.get(number.measure, 1.0), number.unit or kind, end)


def _opposite(end: End) -> End:
    return "min" if end == "max" else "max"


def _beside(sentence: str, number: Number, words: Sequence[str]) -> bool:
    """Whether the part of the sentence that holds the figure says what is compared."""
    part = _around(sentence, number)
    return all(holds(part, word) for word in words)


def _around(sentence: str, number: Number) -> str:
    """The part of the sentence that holds the figure."""
    starts = [0, *(cut.end() for cut in PART.finditer(sentence))]
    cut = PART.search(sentence, number.end)
    return sentence[max(at for at in starts if at <= number.start) : cut.start() if cut else len(sentence)]
