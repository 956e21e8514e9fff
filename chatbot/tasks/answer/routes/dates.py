"""Days and times of a text that can be held against each other: two of them agree as far as both say something."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from retrieval.checks.numbers import Number, numbers

_ISO = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_GERMAN = re.compile(r"(?<!\d)(\d{1,2})\.(\d{1,2})\.(\d{4})(?!\d)")
_JOINT = re.compile(r"[\s,.年]*(?:of |the )?")
_CLOCK = re.compile(r"(?<![\d:])(\d{1,3}):(\d\d)(?::(\d\d))?(?![\d:])")
_WEEKDAYS = (
    "monday|mon|周一|星期一|礼拜一", "tuesday|tues?|周二|星期二|礼拜二", "wednesday|wed|周三|星期三|礼拜三", "thursday|thurs?|周四|星期四|礼拜四",
    "friday|fri|周五|星期五|礼拜五", "saturday|sat|周六|星期六|礼拜六", "sunday|sun|周日|周天|星期日|星期天|礼拜天",
)  # fmt: skip
_WEEKDAY = tuple(re.compile(rf"\b(?:{en})s?\b|{zh}", re.IGNORECASE) for en, zh in (
    ("|".join(w for w in words.split("|") if w.isascii()), "|".join(w for w in words.split("|") if not w.isascii()))
    for words in _WEEKDAYS
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Date:
    """Of the calendar; 0 is what is not said."""

    year: int = 0
    month: int = 0
    day: int = 0

    def agrees(self, other: "Date") -> bool:
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        return all(a == b for a, b in pairs if a and b) and any(a and b for a, b in pairs)

    @property
    def order(self) -> float:
        return self.year * 10_000 + self.month * 100 + self.day


def dates(text: str) -> list[Date]:
    """Those with a month, in order: 12月20日, 3 May 1904, 2024-03-01."""
    found = [Date(int(y), int(m), int(d)) for y, m, d in _ISO.findall(text)]
    found += [Date(int(y), int(m), int(d)) for d, m, y in _GERMAN.findall(text)]
    return found or [*_named(text)]


def clock(text: str) -> list[float]:
    """Minutes of each 9:30 or 30:15."""
    return [60.0 * int(h) + int(m) + int(s or 0) / 60 for h, m, s in _CLOCK.findall(text)]


def weekdays(text: str) -> frozenset[int]:
    return frozenset(n for n, pattern in enumerate(_WEEKDAY) if pattern.search(text))


def _named(text: str) -> Iterator[Date]:
    found = numbers(text)
    for n, month in enumerate(found):
        if month.unit != "month":
            continue
        near = [*_beside(text, found, n, -1), *_beside(text, found, n, 1)]
        day = next((int(one.value) for one in near if one.value <= 31), 0)
        year = next((int(one.value) for one in near if 1000 <= one.value <= 2100), 0)
        yield Date(year, int(month.value), day)


def _beside(text: str, found: tuple[Number, ...], at: int, step: int) -> Iterator[Number]:
    """The numbers that stand next to it, with nothing between but what joins a date."""
    last = found[at]
    for n in range(at + step, (at + 3 * step) if step > 0 else at - 3, step):
        if not 0 <= n < len(found) or found[n].unit:
            return
        first, second = sorted((last, found[n]), key=lambda one: one.start)
        if not _JOINT.fullmatch(text[first.end : second.start]):
            return
        last = found[n]
        yield last
