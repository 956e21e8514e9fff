"""Number formats read: "0.00;[Red]-0.00" -> sections of tokens."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_.|\*.|\[\$(?P<currency>[^\]-]*)(?:-[^\]]*)?\]'
    r"|\[(?P<test><=|>=|<>|<|>|=)(?P<bound>-?[\d.]+)\]|\[(?P<elapsed>h+|m+|s+)\]|\[[^\]]*\]"
    r"|(?P<general>General)|(?P<exponent>E[+-])|(?P<noon>AM/PM|A/P|上午/下午)|(?P<digit>[0#?])|(?P<mark>[.,%/@])"
    r"|(?P<date>y+|m+|d+|h+|s+|e+|a{3,4})|(?P<plain>.)",
    re.IGNORECASE | re.DOTALL,
)
_PLAIN = re.compile(r"#*,?#*0{1}|#,##0(?:\.0+)?|0+(?:\.0+)?")
WIDE = Context(prec=400)
"""Of numbers as large as a cell may hold."""
_LONGEST = 250  # characters: Excel allows no longer format


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: literal, digit, mark, date, elapsed, noon, exponent or general."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Plain:
    """What most formats come to: `before`, a number with `decimals` of them and at least `digits` before the point, `after`."""

    before: str
    after: str
    digits: int
    decimals: int
    grouped: bool
    factor: Decimal

    def show(self, value: Decimal) -> str:
        rounded = (value * self.factor).quantize(Decimal(1).scaleb(-self.decimals), ROUND_HALF_UP, WIDE)
        text = f"{rounded:,f}" if self.grouped else f"{rounded:f}"
        return f"{self.before}{text.zfill(self.digits + self.decimals + bool(self.decimals))}{self.after}"


@dataclass(frozen=True, slots=True)
class Section:
    """`test` says of which numbers it is, where the format does. `plain` is None where digits stand among other signs."""

    tokens: tuple[Token, ...]
    test: tuple[str, float] | None = None
    plain: Plain | None = None

    def has(self, kind: str, text: str = "") -> bool:
        return any(token.kind == kind and (not text or token.text == text) for token in self.tokens)


@lru_cache(maxsize=512)
def parsed(code: str) -> tuple[Section, ...]:
    sections: list[Section] = []
    tokens: list[Token] = []
    test = None
    for found in _TOKEN.finditer(code[:_LONGEST]):
        if found["test"]:
            test = (found["test"], float(found["bound"] if found["bound"].strip("-.") else 0))
        elif found["plain"] == ";":
            sections.append(_section(tokens, test))
            tokens, test = [], None
        elif token := _token(found):
            tokens.append(token)
    return (*sections, _section(tokens, test))


def _section(tokens: Sequence[Token], test: tuple[str, float] | None) -> Section:
    places = [n for n, token in enumerate(tokens) if token.kind == "digit"]
    number = tokens[places[0] : places[-1] + 1] if places else []
    codes = "".join(token.text if token.kind in ("digit", "mark") else "x" for token in number)
    rest = [token for token in tokens if token not in number or token.kind == "literal"]
    if not _PLAIN.fullmatch(codes) or not all(token.kind == "literal" or token.text in "%," for token in rest):
        return Section(tuple(tokens), test)
    behind = tokens[places[-1] + 1 :]
    commas = next((n for n, token in enumerate(behind) if token.text != ","), len(behind))
    percents = sum(token == Token("mark", "%") for token in tokens)
    whole, _, decimals = codes.partition(".")
    before, after = ("".join(token.text for token in part) for part in (tokens[: places[0]], behind[commas:]))
    factor = Decimal(100) ** percents / Decimal(1000) ** commas
    plain = Plain(before, after, whole.count("0"), len(decimals), "," in whole, factor)
    return Section(tuple(tokens), test, plain)


def _token(found: re.Match[str]) -> Token | None:
    kind = found.lastgroup
    if kind is None:  # room for a sign, a fill, a colour
        return None
    text = found[kind]
    if kind in ("quoted", "escaped", "currency", "plain"):
        return Token("literal", text)
    return Token(kind, text if kind in ("digit", "mark", "noon") else text.lower())
