"""Which value of an item a word like "longest" or "before 1900" is about."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from chatbot.tasks.answer.routes.asking import holds
from chatbot.tasks.answer.routes.items import Group, Item
from retrieval.checks.numbers import Number, numbers
from retrieval.checks.sentences import spans

_LENGTH, _MONEY = "length long duration 长度 全长 长", "price cost fee upkeep budget 价格 费用 造价 预算 金额 单价"
_YEAR = "built year date founded opened finished start begin since 年份 年 日期 时间 开工 建成 成立 开业"
_ENDS: tuple[tuple[str, Literal["max", "min"], int, str], ...] = (
    (r"longest|最[长長]", "max", 1, _LENGTH),
    (r"shortest|最短", "min", 1, _LENGTH),
    (r"tallest", "max", 1, "height tall 高度 身高"),
    (r"oldest|earliest|最早|最老|最先|最古老", "min", 1, _YEAR),
    (r"newest|latest|most recent(?:ly)?|最新|最晚|最近|最后", "max", 1, _YEAR),
    (r"most expensive|costliest|dearest|最贵|最貴", "max", 1, _MONEY),
    (r"cheapest|least expensive|最便宜", "min", 1, _MONEY),
    (r"heaviest|最重", "max", 1, "weight mass 重量 体重"),
    (r"lightest|最轻", "min", 1, "weight mass 重量 体重"),
    (r"fastest|最快", "max", 1, "speed 速度"),
    (r"deepest|最深", "max", 1, "depth deep 深度"),
    (r"widest|最[宽寬]", "max", 1, "width wide 宽度"),
    (
        r"(?:biggest|largest|greatest|highest|most)|最[大高多]",
        "max",
        0,
        "size area population total 面积 人口 总数 规模",
    ),
    (r"(?:smallest|lowest|least|fewest)|最[小低少]", "min", 0, "size area population total 面积 人口 总数 规模"),
)


def _whole_words(pattern: str) -> re.Pattern[str]:
    """Words of the English half stand by themselves; Chinese has no spaces."""
    english, _, chinese = pattern.partition("|最")
    return re.compile(rf"\b(?:{english})\b" + (f"|最{chinese}" if chinese else ""), re.IGNORECASE)


_RULES = tuple((_whole_words(pattern), end, telling, keys) for pattern, end, telling, keys in _ENDS)
_MORE = tuple(
    (re.compile(pattern, re.IGNORECASE), superlative)
    for pattern, superlative in (
        (r"\b(?:older|earlier|first|sooner)\b|更早|[先早](?!生|进)", "oldest"),
        (r"\b(?:newer|younger|later|more recent)\b|更晚|更新|[后晚](?!面)", "newest"),
        (r"\bmore expensive\b|\bdearer\b|更贵", "most expensive"),
        (r"\bcheaper\b|\bless expensive\b|便宜", "cheapest"),
        (r"\blonger\b|更[长長]", "longest"),
        (r"\bshorter\b|更短", "shortest"),
        (r"\btaller\b", "tallest"),
        (r"\bheavier\b|更重", "heaviest"),
        (r"\bfaster\b|更快", "fastest"),
        (r"\bdeeper\b|更深", "deepest"),
        (r"\bwider\b|更[宽寬]", "widest"),
        (r"\b(?:bigger|larger|greater|higher|more)\b|[更][多高大]|[多高大](?=[？?。]*\Z)", "highest"),
        (r"\b(?:smaller|lower|less|fewer)\b|[更][少低小]|[少低小](?=[？?。]*\Z)", "lowest"),
    )
)
_BOUND = re.compile(
    r"\b(?P<over>(?:more|greater|higher|longer|larger|taller|later) than|over|above|at least|after|since|exceeding)\s+(?P<a>[$€£]?\s?[\d.,]+)"
    r"|\b(?P<under>(?:less|fewer|lower|shorter|smaller|earlier) than|under|below|at most|before)\s+(?P<b>[$€£]?\s?[\d.,]+)"
    r"|(?P<zover>超过|超過|多于|大于|高于|晚于)(?P<c>[\d.,]+)[万亿年元米]?|(?P<zunder>少于|低于|小于|不到|不足|早于)(?P<d>[\d.,]+)[万亿年元米]?"
    r"|(?P<e>[\d.,]+)[万亿年元米]?(?:(?P<tover>以上|以后|之后|后)|(?P<tunder>以下|以前|之前|前))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """`rest` is the question without the words of the extreme or the bound. `keys` name what is measured, where the word tells."""

    rest: str
    keys: tuple[str, ...]
    end: Literal["max", "min"] = "max"
    telling: bool = False
    bound: float | None = None
    inclusive: bool = False

    def allows(self, number: float) -> bool:
        """Whether it lies within the bound, if there is one."""
        if self.bound is None or (self.inclusive and number == self.bound):
            return True
        return number > self.bound if self.end == "max" else number < self.bound


@dataclass(frozen=True, slots=True)
class Value:
    item: Item
    number: float
    unit: str
    words: str


def extreme(question: str) -> Wanted | None:
    for pattern, end, telling, keys in _RULES:
        if found := pattern.search(question):
            rest = question[: found.start()] + " " + question[found.end() :]
            return Wanted(rest, tuple(keys.split()), end, bool(telling))
    return None


def comparative(question: str) -> Wanted | None:
    """Longer, 更多: as of the longest, the most."""
    for pattern, superlative in _MORE:
        if found := pattern.search(question):
            return extreme(f"{question[: found.start()]} {superlative} {question[found.end() :]}")
    return None


def extreme_words(question: str) -> str:
    """As the question says it: "longest", 最高; "" for none."""
    found = re.search(r"\b(?:most|least) [^\W\d_]+|\b\w{2,}est\b|最[^\W\d_]", question, re.IGNORECASE)
    return found.group() if found else ""


def bound(question: str) -> Wanted | None:
    """More than 300, before 1900, 500以上."""
    found = _BOUND.search(question)
    figures = next((found[name] for name in "abcde" if found[name]), "") if found else ""
    value = next((n.value for n in numbers(figures)), None) if figures else None
    if not found or value is None:
        return None
    over = bool(found["over"] or found["zover"] or found["tover"])
    rest = question[: found.start()] + " " + question[found.end() :]
    year = 1000 <= value <= 2100 and figures.strip().isdigit()
    inclusive = re.search(r"least|most|since|以上|以下", found.group(), re.IGNORECASE) is not None
    return Wanted(rest, tuple((_YEAR if year else "").split()), "max" if over else "min", year, value, inclusive)


def values(group: Group, items: Sequence[Item], wanted: Wanted, words: Sequence[str]) -> list[Value]:
    """Of each item that has one; none where it is not told which of its figures is meant, or where they have several units."""
    if group.header:
        column = _column(group, wanted, words)
        found = [v for item in items if column and (v := _cell(item, column))]
    else:
        keys = [*words, *wanted.keys] if wanted.telling else words
        found = [v for item in items if (v := _said(item, keys))]
    return found if len({value.unit for value in found} - {""}) <= 1 else []


def _column(group: Group, wanted: Wanted, words: Sequence[str]) -> str:
    """By the question's own words, else by what the extreme is of, else the only one with numbers that are no years."""
    headers = [header for header in group.header.split(" | ")[1:] if header]
    named = [h for h in headers if any(holds(h, word) for word in words) and _numeric(group, h)]
    keyed = [h for h in headers if any(holds(h, key) for key in wanted.keys) and _numeric(group, h)]
    if len(named) == 1 or (named and not keyed):
        return named[0] if len(named) == 1 else ""
    if both := [h for h in named if h in keyed]:
        return both[0]
    if keyed and (wanted.telling or len(keyed) == 1):
        return keyed[0]
    plain = [h for h in headers if _numeric(group, h) and not _years(group, h)]
    return plain[0] if len(plain) == 1 and not wanted.telling else ""


def _numeric(group: Group, header: str) -> bool:
    cells = [cell for item in group.items if (cell := dict(item.cells).get(header, ""))]
    return bool(cells) and sum(bool(numbers(cell)) for cell in cells) * 2 > len(cells)


def _years(group: Group, header: str) -> bool:
    cells = [cell for item in group.items if (cell := dict(item.cells).get(header, ""))]
    return all(cell.isdigit() and 1000 <= int(cell) <= 2100 for cell in cells)


def _cell(item: Item, header: str) -> Value | None:
    cell = dict(item.cells).get(header, "")
    found = numbers(cell)
    return _value(item, found[0], f"{header} {cell}") if found else None


def _said(item: Item, keys: Sequence[str]) -> Value | None:
    """The first number behind one of the words, in the sentence that says it."""
    for start, end in spans(item.text):
        sentence = item.text[start:end]
        at = min(
            (sentence.casefold().find(key.casefold()) for key in keys if key.casefold() in sentence.casefold()),
            default=-1,
        )
        behind = [n for n in numbers(sentence) if n.start > at >= 0]
        if behind:
            return _value(item, behind[0], sentence)
    return None


def _value(item: Item, number: Number, words: str) -> Value:
    return Value(item, number.value, number.unit or number.measure, f"{item.label}: {words}")
