"""Days that a text names, and what they are in ISO 8601."""

import re
from collections.abc import Iterator
from datetime import date

from chatbot.tasks.extract.span import Span

_MONTH_NAMES = (
    "january jan januar janvier enero ene", "february feb februar février fevrier febrero", "march mar märz maerz mars marzo",
    "april apr avril abril abr", "may mai mayo", "june jun juni juin junio", "july jul juli juillet julio",
    "august aug août aout agosto ago", "september sep sept septembre septiembre", "october oct oktober okt octobre octubre",
    "november nov novembre noviembre", "december dec dezember dez décembre decembre diciembre dic",
)  # fmt: skip
_MONTH = {name: number for number, names in enumerate(_MONTH_NAMES, 1) for name in names.split()}
_DIGITS = {sign: value for value, sign in enumerate("〇一二三四五六七八九")} | {"零": 0, "○": 0}

_NAMED = "|".join(sorted(_MONTH, key=len, reverse=True))
_SHORT = r"(?:[12]?\d|3[01]|0\d)"
_HAN = r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})"
_DAY = re.compile(
    rf"""
    (?<![\w.\-/])(?P<y1>[12]\d{{3}})(?P<s1>[-/.])(?P<m1>\d{{1,2}})(?P=s1)(?P<d1>\d{{1,2}})(?![\d\-/]|\.\d)
    | (?:(?P<y2>[12]\d{{3}}|[〇零○一二三四五六七八九]{{4}})\s?年\s?)?(?P<m2>{_HAN})\s?月(?:\s?(?P<d2>{_HAN})\s?[日号])?
    | (?P<y3>[12]\d{{3}})\s?年
    | (?<![\w.])(?P<d4>{_SHORT})(?:st|nd|rd|th|\.|er|º)?\s(?:of\s|de\s)?(?P<m4>{_NAMED})\b\.?(?:(?:,|\sdel?|\sof)?\s(?P<y4>[12]\d{{3}})\b)?
    | \b(?P<m5>{_NAMED})\b\.?\s(?P<d5>{_SHORT})(?:st|nd|rd|th)?\b(?!:)(?:,?\s(?P<y5>[12]\d{{3}})\b)?
    | \b(?P<m6>{_NAMED})\b\.?,?(?:\sde)?\s(?P<y6>[12]\d{{3}})\b
    | (?<![\w.\-/,])(?P<a7>\d{{1,2}})(?P<s7>[./\-])(?P<b7>\d{{1,2}})(?P=s7)(?P<y7>[12]\d{{3}}|\d{{2}})(?![\w\-/]|\.\d)
    | (?<![\w.\-/])(?P<y8>[12]\d{{3}})-(?P<m8>0[1-9]|1[0-2])(?![\d\-/])
    """,
    re.IGNORECASE | re.VERBOSE,
)
_YEAR = re.compile(r"(?<![\w.,$€£¥\-/])(?:1[5-9]|20)\d{2}(?![\w%€$£¥/]|[.,]\d|-\d\d\b)")
_RELATIVE = re.compile(
    r"\b(?:(?:next|last|this|coming)\s)?(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b"
    r"|\b(?:today|tomorrow|yesterday|next week|next month|end of (?:the )?month)\b"
    r"|(?:下下?|上|本|这)?(?:周|星期|礼拜)[一二三四五六日天]|今天|明天|后天|昨天|下周|下个?月|月底|年底",
    re.IGNORECASE,
)


def dates(text: str) -> list[Span]:
    """In order. A day without its year is told as `--05-20`; one that depends on when it was said, or may be read in two ways
    (03/04/2024), as nothing."""
    found = [Span(*m.span(), _iso(m)) for m in _DAY.finditer(text) if _possible(m)]
    for pattern, iso in ((_YEAR, True), (_RELATIVE, False)):
        found += [Span(*m.span(), m[0] if iso else "") for m in pattern.finditer(text) if not _within(m, found)]
    return sorted(found)


def _within(match: re.Match[str], found: list[Span]) -> bool:
    return any(one.start < match.end() and match.start() < one.end for one in found)


def _parts(match: re.Match[str]) -> Iterator[tuple[str, str]]:
    return ((name[0], value) for name, value in match.groupdict().items() if value is not None)


def _possible(match: re.Match[str]) -> bool:
    said = dict(_parts(match))
    month, day = said.get("m", "1"), said.get("d", "1")
    if month in ("may", "march", "mar"):  # English words, which as months have a capital letter
        return False
    if "a" in said:
        return 0 < int(said["a"]) < 32 and 0 < int(said["b"]) < 32 and min(int(said["a"]), int(said["b"])) <= 12
    return 0 < _month(month) <= 12 and 0 < _count(day) <= 31


def _iso(match: re.Match[str]) -> str:
    said = dict(_parts(match))
    year = _count(said["y"]) if "y" in said else 0
    if "a" in said:
        return _either(year + (2000 if year < 70 else 1900) * (year < 100), int(said["a"]), int(said["b"]), said["s"])
    if "m" not in said:
        return f"{year:04}"
    month, day = _month(said["m"]), _count(said["d"]) if "d" in said else 0
    if not day:
        return f"{year:04}-{month:02}" if year else f"--{month:02}"
    return _checked(year, month, day)


def _either(year: int, one: int, other: int, sign: str) -> str:
    """Day first where dots say so or no month has that number; else only where both ways are one day."""
    if sign == "." or one > 12 or one == other:
        return _checked(year, other, one)
    return _checked(year, one, other) if other > 12 else ""


def _checked(year: int, month: int, day: int) -> str:
    try:
        whole = date(year or 2000, month, day).isoformat()  # 2000 has a 29th of February
    except ValueError:
        return ""
    return whole if year else f"-{whole[4:]}"


def _month(said: str) -> int:
    return _MONTH.get(said.casefold()) or _count(said)


def _count(said: str) -> int:
    if said.isdigit():
        return int(said)
    if "十" in said:
        tens, _, ones = said.partition("十")
        return 10 * _DIGITS.get(tens, 1) + _DIGITS.get(ones, 0)
    signs = [_DIGITS[sign] for sign in said if sign in _DIGITS]
    return int("".join(map(str, signs))) if len(signs) == len(said) else 0
