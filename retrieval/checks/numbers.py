"""Numbers, percentages, money and dates by value: "four", "4", "四" and "4.0" are the same number."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import isclose

from retrieval.checks.asked.measures import YEAR, measure

_ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
_ENGLISH = {word: value for value, word in enumerate([*_ONES.split(), "seventeen", "eighteen", "nineteen"])}
_ENGLISH |= {
    word: 10 * value
    for value, word in enumerate(["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], 2)
}
_ORDINALS = dict(
    zip(
        ["third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth"],
        range(3, 13),
        strict=True,
    )
)
_SCALES = {"hundred": 100.0, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12, "dozen": 12.0}
_SCALES |= {
    "millionen": 1e6,
    "milliarden": 1e9,
    "millones": 1e6,
    "milioane": 1e6,
    "miliarde": 1e9,
    "milyon": 1e6,
    "milyar": 1e9,
}
_MONTHS = "january february march april may june july august september october november december"
_MONTH = {name: number for number, name in enumerate(_MONTHS.split(), 1)}
_MONTH |= {name[:3]: number for name, number in _MONTH.items() if name != "may"} | {"sept": 9}
_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "兩": 2}
_PLACES = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 1e4, "萬": 1e4, "亿": 1e8, "億": 1e8, "兆": 1e12}
_FRACTIONS = {"½": 0.5, "¼": 0.25, "¾": 0.75}
_CURRENCIES = {
    "$": "$",
    "usd": "$",
    "us$": "$",
    "dollar": "$",
    "dollars": "$",
    "美元": "$",
    "€": "€",
    "euro": "€",
    "euros": "€",
}
_CURRENCIES |= {
    "欧元": "€",
    "歐元": "€",
    "£": "£",
    "pound": "£",
    "pounds": "£",
    "英镑": "£",
    "英鎊": "£",
    "¥": "¥",
    "元": "¥",
}
_COUNTERS = "年月日号號岁歲次个個名位人场場届屆部座条條项項支码碼分秒公里米吨噸倍世纪紀级級种種天周週成只隻本家所架艘头頭集角折页頁户戶幅辆輛台份张張"

_WORDS = "|".join(sorted({*_ENGLISH, *_ORDINALS, *_SCALES}, key=len, reverse=True))
_DIGITAL = r"\d{1,3}(?:[,\u00a0\u202f]\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3}){2,}|\d+(?:[.,]\d+)?"
_NUMBER = re.compile(
    r"(?P<before>us\$|[$€£¥]|百分之)?\s?(?:"
    r"(?P<iso>\b\d{4}-\d{2}-\d{2}\b)"
    f"|(?P<digits>(?:{_DIGITAL})?[½¼¾]|{_DIGITAL})(?P<ordinal>(?:st|nd|rd|th)\\b)?"
    f"|(?P<words>\\b(?:{_WORDS})(?:(?:[ -]|\\sand\\s)(?:{_WORDS}))*\\b)"
    r"|(?P<chinese>[〇零一二三四五六七八九两兩十百千]+(?:[万萬亿億兆][零一二三四五六七八九十百千]*)*)"
    f")(?P<scale>\\s?(?:{'|'.join(_SCALES)})\\b|\\s?[万萬亿億兆]+)?"
    r"(?P<after>\s?%|\s?％|\s?percent\b|\s?per cent\b|\s?prozent\b"
    f"|\\s?(?:{'|'.join(re.escape(name) for name in _CURRENCIES)})(?![a-z]))?"
    f"(?P<counter>\\s?[{_COUNTERS}])?",
    re.IGNORECASE,
)
_MONTHS_NAMED = re.compile(
    rf"\b({'|'.join(sorted(_MONTH, key=len, reverse=True))})\b\.?(?=\s\d)|(?<=\d\s)({_MONTHS.replace(' ', '|')})\b|\b({_MONTHS.replace('march ', '').replace('may ', '').replace(' ', '|')})\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Number:
    """`text[start:end]` means `value` of `unit`: "%", a currency sign, "month" (1 to 12), or "" for anything else.

    `firm` is False for words that often count nothing ("one", 一): a passage need not repeat them. `measure` is what it counts
    (`retrieval.checks.asked.measures`), "" where that is not told.
    """

    start: int
    end: int
    value: float
    unit: str = ""
    firm: bool = True
    measure: str = ""

    def agrees(self, other: "Number") -> bool:
        """Same value, and no two different units. "5" agrees with "5 %" only where one of them names no unit; 1887 of the
        calendar agrees with neither metres nor dollars."""
        if not isclose(self.value, other.value) or (self.measure and other.measure and self.measure != other.measure):
            return False
        if YEAR in (self.measure, other.measure) and (self.unit or other.unit):
            return False
        return self.unit == other.unit or ("month" not in (self.unit, other.unit) and "" in (self.unit, other.unit))


@lru_cache(maxsize=1024)
def numbers(text: str) -> tuple[Number, ...]:
    """The numbers of `text` in order, digits of any script included."""
    months = [
        Number(m.start(), m.end(), _MONTH[m.group().rstrip(".").casefold()], "month")
        for m in _MONTHS_NAMED.finditer(text)
    ]
    found = [number for match in _NUMBER.finditer(text) for number in _read(match, text)]
    return tuple(sorted([*months, *found], key=lambda number: number.start))


def _read(match: re.Match[str], text: str) -> Iterator[Number]:
    start, end = match.span()
    start += len(match.group()) - len(match.group().lstrip())
    if iso := match["iso"]:
        year, month, day = (float(part) for part in iso.split("-"))
        yield from (
            Number(start, start + 4, year, measure=YEAR),
            Number(start + 5, start + 7, month, "month"),
            Number(start + 8, end, day),
        )
        return
    value = _value(match)
    if value is None:
        return
    value *= _scale(match["scale"])
    counter = (match["counter"] or "").strip()
    unit = _unit(match, counter)
    counted = "" if unit else measure(text, start, _figures_end(match), value)
    yield Number(start, end, value, unit, _firm(match, counter, value), counted)


def _figures_end(match: re.Match[str]) -> int:
    return max(match.end(group) for group in ("digits", "words", "chinese", "scale"))


def _value(match: re.Match[str]) -> float | None:
    if digits := match["digits"]:
        return _digits(digits)
    return _english(match["words"]) if match["words"] else _chinese(match["chinese"])


def _digits(text: str) -> float:
    fraction = _FRACTIONS.get(text[-1], 0.0)
    body = re.sub("[\u00a0\u202f½¼¾]", "", text)
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", body):
        body = body.replace(",", "")
    elif re.fullmatch(r"\d{1,3}(\.\d{3})+", body):
        body = body.replace(".", "")
    return float(body.replace(",", ".") or 0) + fraction


def _english(text: str) -> float:
    total, current = 0.0, 0.0
    for word in re.split(r"[\s-]+", text.casefold()):
        if word in _SCALES:
            current = (current or 1) * _SCALES[word]
            if _SCALES[word] > 100:
                total, current = total + current, 0.0
        else:
            current += _ENGLISH.get(word, _ORDINALS.get(word, 0))
    return total + current


def _chinese(text: str) -> float:
    if len(text) > 1 and all(sign in _DIGITS for sign in text):
        return float("".join(str(_DIGITS[sign]) for sign in text))
    total, section, digit = 0.0, 0.0, 0.0
    for sign in text:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        elif sign in _PLACES:
            section, digit = section + (digit or 1) * _PLACES[sign], 0.0
        else:
            total, section, digit = total + (section + digit or 1) * _MYRIADS[sign], 0.0, 0.0
    return total + section + digit


def _scale(text: str | None) -> float:
    scale = 1.0
    name = (text or "").strip().casefold()
    if name in _SCALES:
        return _SCALES[name]
    for sign in name:
        scale *= _MYRIADS[sign]
    return scale


def _unit(match: re.Match[str], counter: str) -> str:
    before, after = (match["before"] or "").casefold(), (match["after"] or "").strip().casefold()
    if before == "百分之" or after in ("%", "％", "percent", "per cent", "prozent"):
        return "%"
    if counter == "月":
        return "month"
    return _CURRENCIES.get(before) or _CURRENCIES.get(after) or ""


def _firm(match: re.Match[str], counter: str, value: float) -> bool:
    if match["digits"]:
        return True
    if match["words"]:
        return value != 1
    return value != 1 and (len(match["chinese"]) > 1 or bool(counter) or bool(match["before"] or match["scale"]))
