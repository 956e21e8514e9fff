"""Which number a part is asked for by: "section 3.2", "clause IV", "the third point", 第三条, 第3款."""

import re

from retrieval.checks.numbers import numbers

_UNITS = "section|chapter|part|article|clause|paragraph|item|point|step|rule|term|provision|appendix|annex"
_UNITS_ZH = "章节節条條款项項点點部编編步段"
_ORDINALS = (
    "first",
    "second",
    "third",
    "fourth",
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
)
_NUMBER = r"(?:\d+(?:\.\d+)*[a-z]?|[ivxlc]+)"
PART = (
    rf"(?:{_UNITS})s?\s+(?:no\.?\s*|number\s+)?{_NUMBER}\b|\b(?:{'|'.join(_ORDINALS)}|\d+(?:st|nd|rd|th))\s+(?:{_UNITS})\b"
    rf"|第[一二三四五六七八九十百零〇\d]+(?:\.\d+)*[{_UNITS_ZH}]|\d+(?:\.\d+)+\s*[节節]?"
)
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_LABEL = re.compile(
    rf"\W*(?:(?P<zh>第[一二三四五六七八九十百零〇\d]+[{_UNITS_ZH}])|(?:{_UNITS})\s+(?P<named>{_NUMBER})"
    r"|(?P<dotted>\d+(?:\.\d+)+)(?=\s)|[（(]?(?P<plain>\d+(?:\.\d+)*|[ivx]+|[一二三四五六七八九十百]+)[.)、）．])",
    re.IGNORECASE,
)


def number_of(named: str) -> str:
    """ "3.2", or a number as figures; "" for none."""
    if dotted := re.search(r"\d+(?:\.\d+)*", named):
        return dotted.group()
    words = named.casefold().split()
    if words and words[0] in _ORDINALS:
        return str(_ORDINALS.index(words[0]) + 1)
    if words and re.fullmatch("[ivxlc]+", words[-1]):
        return str(_roman(words[-1]))
    return next((str(int(n.value)) for n in numbers(named)), "")


def number_before(line: str) -> str:
    """The number that a line begins with, as figures."""
    found = _LABEL.match(line)
    if not found:
        return ""
    text = next(filter(None, found.groups()))
    return str(_roman(text.casefold())) if re.fullmatch("[ivxlc]+", text, re.IGNORECASE) else number_of(text)


def _roman(letters: str) -> int:
    values = [_ROMAN[letter] for letter in letters]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))
