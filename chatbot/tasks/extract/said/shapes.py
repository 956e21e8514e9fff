"""What values of some fields look like: an address of mail has an @, a telephone number digits, a person is no sum of money."""

import re
from collections.abc import Callable

from chatbot.tasks.extract.amounts import money, numbers
from chatbot.tasks.extract.dates import dates
from chatbot.tasks.extract.fields import Field
from chatbot.tasks.extract.span import Span

FEWEST = 5  # digits of a telephone number, and signs of a number that nothing names
_UNIT = re.compile(
    r"\b(?:day|week|month|year|hour)s?\b|[天日周月年]|Tage?|Woche|Monat|Jahr|jour|mois|\ban\b|día|mes|año",
    re.IGNORECASE,
)
_PENDING = re.compile(
    r"待定|未定|另行通知|待通知|\btb[acd]\b|\bto be (?:announced|confirmed|decided|found)\b", re.IGNORECASE
)
_DIGITS = re.compile(r"\d")


def _is_number(value: str) -> bool:
    return bool(numbers(value) or _DIGITS.search(value))


def _is_somebody(value: str) -> bool:
    whole = len(value.strip())
    return any(map(str.isalpha, value)) and not any(
        one.end - one.start >= whole for one in (*dates(value), *money(value))
    )


_SHAPES: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = tuple(
    (re.compile(called, re.IGNORECASE), fits)
    for called, fits in (
        (r"e-?mail|邮箱|电子邮件|correo electr", lambda value: "@" in value),
        (
            r"\b(?:tele)?phone\b|\btel\b|\bmobile\b|\bfax\b|电话|手机|传真|telefon|téléphone|teléfono",
            lambda value: len(_DIGITS.findall(value)) >= FEWEST,
        ),
        (r"\bweb ?site\b|\burl\b|\bhomepage\b|网址", lambda value: "." in value and not re.search(r"\w\s+\w", value)),
        (
            r"(?:\bnumber|\bnr\.?|\bid|(?<!\bor)\sno\.?)\Z|号码|编号|单号|号\Z|nummer\Z|número|numéro",
            lambda value: bool(_DIGITS.search(value)),
        ),
        (
            r"\b(?:notice|return|trial|cancellation|withdrawal|payment|warranty) period\b|期限|时长|工期|kündigungsfrist",
            lambda value: _is_number(value) or _UNIT.search(value) is not None,
        ),
        (
            r"\b(?:seller|buyer|customer|client|vendor|supplier|name|person|people|contact|company|organi[sz]ation|landlord|tenant|party|who)\b|"
            r"[方人者]\Z|姓名|公司|单位|机构|verkäufer|kunde|vendeur|vendedor|cliente?|nombre|persona",
            _is_somebody,
        ),
    )
)


_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+", re.ASCII)


def sole(field: Field, text: str) -> Span | None:
    """The only address of mail there, for a field that holds one."""
    found = [Span(*one.span()) for one in _MAIL.finditer(text)] if _SHAPES[0][0].search(field.name) else []
    return found[0] if len(found) == 1 and field.kind == "text" else None


def shaped(field: Field, value: str) -> bool:
    """Whether a text can be the value of a field of that name; the first shape that its name speaks of."""
    if field.kind not in ("text", "list"):
        return True
    if _PENDING.search(value):
        return False
    return next((fits(value) for called, fits in _SHAPES if called.search(field.name)), True)


IS_NUMBER = _SHAPES[3][0]
"""In the names of fields that hold what something is numbered by."""
