"""A value of a cell as its number format shows it (ECMA-376, part 1, section 18.8.31).

No library that is kept and light does this: `ssf` has not changed since 2020 and brings Babel with it.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from retrieval.reading.office.formats.codes import WIDE, Section, Token, parsed
from retrieval.reading.office.formats.dates import Moment, is_date, shown_date

Value = str | bool | int | float | date | datetime | time | timedelta | None

_TESTS = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b, "=": lambda a, b: a == b, "<>": lambda a, b: a != b,
}  # fmt: skip
_LAST_DAY = 2_958_465  # the last of the year 9999
_DIGITS = 11  # that General shows of a fraction


def shown(value: Value, code: str) -> str:
    """The text that people see. What a format hides, as ";;;" does, is empty. `code` that is no format shows as General."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    sections = parsed(code)
    if isinstance(value, str):
        return _text(value, sections)
    if isinstance(value, int | float):
        if code == "General":
            return _general(value)
        return " ".join(_number(Decimal(repr(value)), value, sections).split())
    return " ".join(shown_date(Moment.of(value), code, sections[0]).split())


def _text(value: str, sections: Sequence[Section]) -> str:
    if len(sections) < 4 or not sections[3].has("mark", "@"):
        return value
    return "".join(value if token.text == "@" else token.text for token in sections[3].tokens if token.kind != "digit")


def _number(exact: Decimal, value: float, sections: Sequence[Section]) -> str:
    if not exact.is_finite():
        return str(value)
    section, negative = _chosen(exact, sections)
    if section.has("general") or (len(sections) == 1 and not section.tokens):
        return _general(value)
    if is_date(section) and abs(value) <= _LAST_DAY:
        return shown_date(Moment.of(timedelta(days=value)), "", section)
    sign, exact = "-" if negative else "", abs(exact)
    if section.plain:
        return sign + section.plain.show(exact)
    if not section.has("digit"):
        return sign + "".join(_general(float(exact)) if t.text == "@" else t.text for t in section.tokens)
    return sign + _digits(exact, section)


def _chosen(value: Decimal, sections: Sequence[Section]) -> tuple[Section, bool]:
    """The section that shows the value, and whether a minus comes before it."""
    if any(section.test for section in sections):
        for section in sections[:3]:
            if section.test is None or _TESTS[section.test[0]](float(value), section.test[1]):
                return section, value < 0
        return sections[0], value < 0
    numeric = sections[:3]
    if value < 0 and len(numeric) > 1:
        return numeric[1], False
    if value == 0 and len(numeric) > 2:
        return numeric[2], False
    return numeric[0], value < 0


def _general(value: float) -> str:
    if isinstance(value, int) or (value.is_integer() and abs(value) < 10**_DIGITS):
        return str(int(value))
    return f"{value:.{_DIGITS}g}".replace("e", "E")


def _digits(value: Decimal, section: Section) -> str:
    tokens = section.tokens
    if section.has("exponent"):
        return _scientific(value, tokens)
    value *= Decimal(100) ** sum(token == Token("mark", "%") for token in tokens)
    if section.has("mark", "/"):
        return _fraction(value, tokens)
    places = [n for n, token in enumerate(tokens) if token.kind == "digit"]
    point = next((n for n, token in enumerate(tokens) if token == Token("mark", ".")), len(tokens))
    whole, decimal = [n for n in places if n < point], [n for n in places if n > point]
    commas = [n for n, token in enumerate(tokens) if token == Token("mark", ",") and n < point]
    last = max(whole, default=-1)
    value /= Decimal(1000) ** sum(n > places[-1] for n, token in enumerate(tokens) if token == Token("mark", ","))
    rounded = value.quantize(Decimal(1).scaleb(-len(decimal)), ROUND_HALF_UP, WIDE)
    integer, _, fraction = f"{rounded:f}".partition(".")
    parts = _whole(integer, [tokens[n].text for n in whole], grouped=any(n < last for n in commas))
    filled = dict(zip(whole, parts, strict=True)) | dict(
        zip(decimal, _decimals(fraction, tokens, decimal), strict=True)
    )
    if not whole and point < len(tokens):
        filled[point] = integer if int(integer) else ""
    return "".join(_piece(n, token, filled, point) for n, token in enumerate(tokens))


def _piece(n: int, token: Token, filled: dict[int, str], point: int) -> str:
    if token.kind == "digit":
        return filled[n]
    if n == point:
        return filled.get(n, "") + "."
    return "" if token == Token("mark", ",") else token.text


def _whole(integer: str, places: Sequence[str], *, grouped: bool) -> list[str]:
    """What each place before the point shows, from the right: its digit, with a comma where thousands are grouped."""
    digits = integer.lstrip("0")
    shown: list[str] = []
    for n, place in enumerate(reversed(places)):
        if n < len(digits):
            shown.append(digits[len(digits) - 1 - n])
        else:
            shown.append("0" if place == "0" else "")
        if grouped and n and n % 3 == 0 and shown[-1]:
            shown[-1] += ","
    rest = digits[: max(0, len(digits) - len(places))]
    if rest and shown:
        shown[-1] = _with_commas(rest, len(places)) + shown[-1] if grouped else rest + shown[-1]
    return shown[::-1]


def _with_commas(rest: str, right: int) -> str:
    """Digits that stand left of `right` others, with commas between thousands."""
    return "".join(digit + ("," if (right + len(rest) - 1 - n) % 3 == 0 else "") for n, digit in enumerate(rest))


def _decimals(fraction: str, tokens: Sequence[Token], places: Sequence[int]) -> list[str]:
    needed = max((n + 1 for n, place in enumerate(places) if tokens[place].text == "0"), default=0)
    kept = max(needed, len(fraction.rstrip("0")))
    return [digit if n < kept else "" for n, digit in enumerate(fraction)] if places else []


def _scientific(value: Decimal, tokens: Sequence[Token]) -> str:
    before = tokens[: next(n for n, token in enumerate(tokens) if token.kind == "exponent")]
    point = next((n for n, token in enumerate(before) if token == Token("mark", ".")), len(before))
    decimals = sum(token.kind == "digit" for token in before[point:])
    mantissa, _, exponent = f"{value:.{decimals}E}".partition("E")
    width = sum(token.kind == "digit" for token in tokens) - sum(token.kind == "digit" for token in before)
    return f"{mantissa}E{exponent[0]}{exponent[1:].zfill(width)}"


def _fraction(value: Decimal, tokens: Sequence[Token]) -> str:
    slash = tokens.index(Token("mark", "/"))
    given = "".join(token.text for token in tokens[slash + 1 :] if token.text.isdecimal() and token.text != "0")
    places = sum(token.kind == "digit" for token in tokens[slash + 1 :])
    exact = Fraction(value)
    if given:
        nearest = Fraction(round(exact * int(given)), int(given))
    else:
        nearest = exact.limit_denominator(10 ** min(max(places, 1), 4) - 1)
    whole = int(nearest) if any(token == Token("literal", " ") for token in tokens[:slash]) else 0
    rest = nearest - whole
    if rest == 0:
        return str(whole)
    below = int(given) if given else rest.denominator
    part = f"{int(rest * below)}/{below}"
    return f"{whole} {part}" if whole else part
