"""Dates, times and durations as a number format shows them."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from retrieval.reading.office.formats.codes import Section, Token

_EPOCH = datetime(1899, 12, 30)
_LOCAL = ("mm-dd-yy", "m/d/yy h:mm", "m/d/yyyy")
"""The built-in formats that every reader sees in the order of the country: these are written year first."""
_MONTHS = [
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
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_WEEKDAYS = "一二三四五六日"
_AFTERNOON = {"am/pm": ("AM", "PM"), "a/p": ("A", "P"), "上午/下午": ("上午", "下午")}


@dataclass(frozen=True, slots=True)
class Moment:
    """`at` as a date, `since` as the time since Excel's day zero."""

    at: datetime
    since: timedelta

    @classmethod
    def of(cls, value: date | datetime | time | timedelta) -> "Moment":
        if isinstance(value, timedelta):
            inside = timedelta(0) <= value < datetime.max - _EPOCH
            return cls(_EPOCH + value if inside else _EPOCH, value)
        if isinstance(value, time):
            value = datetime.combine(_EPOCH, value)
        elif not isinstance(value, datetime):
            value = datetime.combine(value, time())
        return cls(value, value - _EPOCH)


def is_date(section: Section) -> bool:
    return section.has("date") or section.has("elapsed")


def shown_date(moment: Moment, code: str, section: Section) -> str:
    if code.split(";", maxsplit=1)[0] in _LOCAL or not is_date(section):
        whole = moment.at.time() == time()
        return moment.at.date().isoformat() if whole else moment.at.isoformat(" ", "minutes")
    tokens = section.tokens
    twelve = next((token.text.lower() for token in tokens if token.kind == "noon"), "")
    return "".join(_piece(n, token, tokens, moment, twelve) for n, token in enumerate(tokens))


def _piece(n: int, token: Token, tokens: tuple[Token, ...], moment: Moment, twelve: str) -> str:
    if token.kind == "elapsed":
        seconds = int(moment.since.total_seconds() + 0.5)
        return str(seconds // {"h": 3600, "m": 60, "s": 1}[token.text[0]]).zfill(len(token.text))
    if token.kind == "noon":
        return _AFTERNOON[token.text.lower()][moment.at.hour >= 12]
    if token.kind == "date":
        if token.text[0] == "m" and _is_minutes(n, tokens):
            return str(moment.at.minute).zfill(len(token.text))
        return _part(token.text, moment.at, bool(twelve))
    if token.kind == "digit":  # after a point: of a second
        return str(moment.at.microsecond).zfill(6)[min(_fraction_place(n, tokens), 5)]
    return token.text


def _fraction_place(n: int, tokens: tuple[Token, ...]) -> int:
    return sum(token.kind == "digit" for token in tokens[:n])


def _is_minutes(n: int, tokens: tuple[Token, ...]) -> bool:
    """An m next to hours or seconds."""
    near = [token.text[0] for token in tokens[:n] if token.kind in ("date", "elapsed")][-1:]
    near += [("s" if token.text[0] == "s" else "") for token in tokens[n + 1 :] if token.kind in ("date", "elapsed")][
        :1
    ]
    return "h" in near[:1] or "s" in near[-1:]


def _part(code: str, at: datetime, twelve: bool) -> str:
    letter, count = code[0], len(code)
    if letter in "ye":
        return f"{at.year:04}" if count > 2 or letter == "e" else f"{at.year % 100:02}"
    if letter == "m":
        name = _MONTHS[at.month - 1]
        return {1: str(at.month), 2: f"{at.month:02}", 3: name[:3], 5: name[0]}.get(count, name)
    if letter == "d":
        name = _DAYS[at.weekday()]
        return {1: str(at.day), 2: f"{at.day:02}", 3: name[:3]}.get(count, name)
    if letter == "a":
        return ("星期" if count > 3 else "周") + _WEEKDAYS[at.weekday()]
    number = at.second if letter == "s" else (at.hour % 12 or 12) if twelve else at.hour
    return str(number).zfill(min(count, 2))
