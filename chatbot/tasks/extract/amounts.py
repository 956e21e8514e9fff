"""Numbers and sums of money that a text names, and what they are for a machine."""

import re
from collections.abc import Iterable
from decimal import Decimal

from chatbot.tasks.extract.span import Span
from retrieval.checks.numbers import numbers as by_value

_CODES = "USD EUR GBP CNY RMB JPY CHF SEK NOK DKK INR AUD CAD NZD HKD TWD KRW SGD PLN CZK HUF RON BRL MXN ZAR RUB TRY AED THB"
_SIGNS = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY", "US$": "USD", "A$": "AUD", "C$": "CAD",
    "HK$": "HKD", "NT$": "TWD", "R$": "BRL", "euros": "EUR", "euro": "EUR", "pounds": "GBP", "US dollars": "USD",
    "yuan": "CNY", "yen": "JPY", "人民币": "CNY", "元": "CNY", "块": "CNY", "美元": "USD", "欧元": "EUR", "英镑": "GBP",
    "日元": "JPY", "港元": "HKD", "港币": "HKD", "圆": "CNY", "RMB": "CNY", "dollars": "$", "dollar": "$", "kr": "kr",
    "$": "$", "¥": "¥", "￥": "¥",
}  # fmt: skip
"""A sign that several currencies have stays what it is."""
_CURRENCY = {code.casefold(): code for code in _CODES.split()} | {sign.casefold(): of for sign, of in _SIGNS.items()}
_BEHIND = ("euros", "euro", "pounds", "dollars", "dollar", "us dollars", "yuan", "yen", "元", "块", "圆")  # the amount
_SCALES = {"k": 3, "thousand": 3, "million": 6, "m": 6, "mio": 6, "billion": 9, "bn": 9}
_SCALES |= {"百": 2, "千": 3, "万": 4, "萬": 4, "百万": 6, "千万": 7, "亿": 8, "億": 8}


def _any(words: Iterable[str]) -> str:
    """The longest first; a word of letters ends where it ends."""
    told = sorted(words, key=len, reverse=True)
    return "|".join(re.escape(word) + (r"(?![a-z])" if word.isascii() and word[-1].isalpha() else "") for word in told)


_ALONE = r"(?<![^\W\u3400-\u9fff])(?<![.,])"  # no part of a word or number; Chinese stands right beside figures
_FIGURES = r"\d+(?:[.,'’\u00a0\u202f ]\d{3})*(?:[.,]\d+)?(?![\d])"
_SCALE = rf"(?:\s?(?P<scale>{_any(_SCALES)})(?![克米瓦卡升帕赫伏]))?"  # of 千克, a kilogram, it is no thousand
_NUMBER = re.compile(rf"{_ALONE}[-−]?(?P<figures>{_FIGURES}){_SCALE}(?P<percent>\s?[%％])?", re.IGNORECASE)
_BEFORE = re.compile(
    rf"(?:(?<![a-z])(?P<currency>{_any(_CURRENCY.keys() - _BEHIND)}))\s?[-−]?(?P<figures>{_FIGURES}){_SCALE}(?:\s?元)?",
    re.I,
)
_AFTER = re.compile(rf"{_ALONE}[-−]?(?P<figures>{_FIGURES}){_SCALE}\s?(?P<currency>{_any(_CURRENCY)})", re.IGNORECASE)
_CENTS = re.compile(rf"{_ALONE}[-−]?(?P<figures>\d+(?:[.,'’\u00a0\u202f ]\d{{3}})*[.,]\d\d)(?![\w%％]|[.,]\d)")


def numbers(text: str) -> list[Span]:
    """In figures or words, in order."""
    found = [Span(m.start(), m.end(), plain(_value(m)) + ("%" if m["percent"] else "")) for m in _NUMBER.finditer(text)]
    said = (one for one in by_value(text) if not any(sign.isdigit() for sign in text[one.start : one.end]))
    found += [_in_words(text, one.start, one.end, one.value) for one in said if one.unit != "month" and one.firm]
    return sorted(found)


def money(text: str) -> list[Span]:
    """In order. Amounts of a list that names its currency once, above it, are found by their cents, and have none."""
    found = [
        Span(*m.span(), f"{plain(_value(m))} {_CURRENCY[m['currency'].casefold()]}") for m in _BEFORE.finditer(text)
    ]
    for pattern in (_AFTER, _CENTS):
        for m in pattern.finditer(text):
            if not any(one.start < m.end() and m.start() < one.end for one in found):
                named = m.groupdict().get("currency")
                found.append(Span(*m.span(), plain(_value(m)) + (f" {_CURRENCY[named.casefold()]}" if named else "")))
    return sorted(found)


def plain(value: Decimal) -> str:
    return f"{value:f}"


def _in_words(text: str, start: int, end: int, value: float) -> Span:
    """Without what it counts, which stands behind it: 三 of 三个."""
    while end - start > 1 and text[end - 1] not in "〇零一二三四五六七八九十百千万亿两" and not text[end - 1].isascii():
        end -= 1
    return Span(start, end, f"{value:g}" if value < 1e6 else f"{value:.0f}")


def _value(match: re.Match[str]) -> Decimal:
    figures = re.sub(r"['’\u00a0\u202f ]", "", match["figures"])
    value = Decimal(_pointed(figures, money="currency" in match.re.groupindex))
    scale = match.groupdict().get("scale")
    negative = re.search(r"[-−]\s*\d", match[0][: match.start("figures") - match.start() + 1])
    value = value.scaleb(_SCALES[scale.casefold()]) if scale else value
    return -value if negative else value


def _pointed(figures: str, *, money: bool) -> str:
    """With a point before the decimals: the last sign is the decimal one where both stand there, or where the digits behind it
    are no thousands. A lone point before three digits parts thousands in prices, which have no mills, and in nothing else."""
    points, commas = figures.count("."), figures.count(",")
    if points and commas:
        last = "." if figures.rfind(".") > figures.rfind(",") else ","
        return figures.replace("," if last == "." else ".", "").replace(",", ".")
    sign = "." if points else ","
    whole, _, rest = figures.rpartition(sign)
    if not whole:
        return figures
    thousands = len(rest) == 3 and whole.replace(sign, "") not in ("0", "") and (sign == "," or money or points > 1)
    return figures.replace(sign, "") if thousands or points + commas > 1 else figures.replace(",", ".")
