"""What a number counts: metres, days, or the years of the calendar."""

import re

YEAR = "year"
"""Of the calendar: 1887年, in 1887. A length of time is "years"."""
LENGTHS = frozenset({"metre", "kilometre", "centimetre", "millimetre", "mile", "foot"})
TIMES = frozenset({"second", "minute", "hour", "day", "week", "month", "years"})
WEIGHTS = frozenset({"kilogram", "gram", "milligram", "tonne"})

_WORDS = {
    "metre": "m metre metres meter meters 米 公尺",
    "kilometre": "km kilometre kilometres kilometer kilometers 公里 千米",
    "centimetre": "cm centimetre centimetres centimeter centimeters 厘米 公分",
    "millimetre": "mm millimetre millimetres millimeter millimeters 毫米",
    "mile": "mile miles 英里 海里",
    "foot": "ft foot feet 英尺",
    "area": "km2 m2 km² m² acre acres hectare hectares 平方米 平方公里 平方千米 平方英里 公顷 亩",
    "kilogram": "kg kilogram kilograms kilo kilos 公斤 千克",
    "gram": "g gram grams gramme grammes 克",
    "milligram": "mg milligram milligrams 毫克",
    "tonne": "t ton tons tonne tonnes 吨 噸",
    "litre": "l litre litres liter liters 升",
    "second": "second seconds 秒",
    "minute": "minute minutes 分钟 分鐘",
    "hour": "hour hours 小时 小時",
    "day": "day days 天",
    "week": "week weeks 周 週 星期",
    "month": "month months 个月 個月",
    "years": "year years 周年 年",
    "storey": "storey storeys story stories floor floors 层 樓",
    "times": "times 次 回",
    "degree": "degree degrees 度 摄氏度",
}
_OF = {word: name for name, words in _WORDS.items() for word in words.split()}
_MEASURE = re.compile(
    r"[ \u00a0-]?(?P<area>square |cubic )?(?:nautical )?(?P<word>"
    + "|".join(re.escape(word) for word in sorted(_OF, key=len, reverse=True))
    + r")(?![a-z0-9])",
    re.IGNORECASE,
)
_MONTH = "january|february|march|april|may|june|july|august|september|october|november|december"
_BEFORE_YEAR = re.compile(
    r"\b(?:in|since|by|until|till|from|to|of|after|before|during|and|year|years|spring|summer|autumn|fall|winter|early|late|mid"
    rf"|around|about|(?:{_MONTH})(?: \d{{1,2}}(?:st|nd|rd|th)?,?)?)[ -]?\Z",
    re.IGNORECASE,
)
_LOOK_BACK = 24  # characters: longer than "September 30th, "


def measure(text: str, start: int, end: int, value: float) -> str:
    """Of the number whose figures are `text[start:end]`, scale included; "" where it is not told."""
    found = _MEASURE.match(text, end)
    figures = text[start:end].strip()
    if len(figures) == 4 and figures.isalnum() and 1000 <= value <= 2100:
        if found and found["word"] == "年":
            return YEAR
        if not found and _BEFORE_YEAR.search(text[max(0, start - _LOOK_BACK) : start]):
            return YEAR
    if not found:
        return ""
    return "area" if found["area"] else _OF[found["word"].lower()]
