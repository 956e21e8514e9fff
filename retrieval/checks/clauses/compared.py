"""What is more or less than another: which of the two the evidence says that of, and whether it compares them at all."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from retrieval.checks.claims import Item, Statement
from retrieval.checks.clauses.opposite import opposites_of
from retrieval.checks.evidence import PAIRS, weight
from retrieval.text.words import stem

_COMPARES = re.compile(
    r"[高低多少大小长短早晚快慢重轻强弱贵]于(?![\d〇零一二三四五六七八九十百两])|比[^，。；\d]{1,14}(?:更|还|要)?[高低多少大小长短早晚快慢重轻强弱贵便]|不如"
)
_COMPARED = re.compile(_COMPARES.pattern + r"|[更较最]|[相比]比|超过|不及|[增减]|[上下][升降涨跌]|倍|差")
_AXES = ("高低", "多少", "大小", "长短", "早晚", "快慢", "重轻", "强弱", "贵便")
_SIGN = re.compile(
    r"(?P<over>[高低多少大小长短早晚快慢重轻强弱贵])于(?P<right>[^，。；,;]+)"
    r"|比(?P<between>[^，。；,;]{1,14}?)(?:更|还|要)?(?P<than>[高低多少大小长短早晚快慢重轻强弱贵便])"
    r"|\b(?P<word>more|less|fewer|\w{2,}er)\b[^,;.]{0,30}?\bthan\b(?P<behind>[^,;.]+)",
    re.IGNORECASE,
)
_SIDE = 0.5
"""Weight of what a side must hold of another, a pair of characters, as for what comes before and after (`turned`)."""


@dataclass(frozen=True, slots=True)
class _Comparison:
    sign: str
    word: str
    left: frozenset[Item]
    right: frozenset[Item]


def uncompared(claim: Statement, parts: Sequence[Statement]) -> str:
    """In scripts without spaces: more or less than another, where the evidence compares nothing."""
    found = _COMPARES.search(claim.text) if any(item.kind in PAIRS for item in claim.items) else None
    if not found or any(_COMPARED.search(part.text) for part in parts):
        return ""
    return found.group()


def crossed(claim: Statement, parts: Sequence[Statement]) -> str:
    """More than another, where the evidence says that the other one is more."""
    theirs = [comparison for part in parts for comparison in _comparisons(part)]
    for ours in _comparisons(claim):
        agreeing = [agrees for other in theirs if (agrees := _agree(ours, other)) is not None]
        if agreeing and not any(agreeing):
            return ours.sign
    return ""


def _comparisons(one: Statement) -> Iterator[_Comparison]:
    """With what stands on one side alone: of "the income of the east is higher than the income of the south" east and south."""
    for sign in _SIGN.finditer(one.text):
        group = next(name for name in ("right", "between", "behind") if sign[name] is not None)
        begin, end = sign.span(group)
        plain = [item for item in one.items if item.kind != "link" and not item.number]
        left = [item for item in plain if item.end <= sign.start()]
        right = [item for item in plain if begin <= item.start and item.end <= end]
        ours, others = {item.key for item in left}, {item.key for item in right}
        word = sign["over"] or sign["than"] or sign["word"].lower()
        yield _Comparison(
            sign.group(),
            word,
            frozenset(item for item in left if item.key not in others),
            frozenset(item for item in right if item.key not in ours),
        )


def _agree(ours: _Comparison, other: _Comparison) -> bool | None:
    """None where they do not compare the same two by the same measure."""
    same = _same_way(ours.word, other.word)
    straight = _held(ours.left, other.left), _held(ours.right, other.right)
    across = _held(ours.left, other.right), _held(ours.right, other.left)
    if same is None or max(min(straight), min(across)) < _SIDE or sum(straight) == sum(across):
        return None
    return same == (sum(straight) > sum(across))


def _same_way(one: str, other: str) -> bool | None:
    """Whether both say more, or both less; None of two measures."""
    if stem(one) == stem(other):
        return True
    opposed = any({one, other} == {*axis} for axis in _AXES) or stem(other) in opposites_of(stem(one))
    return False if opposed else None


def _held(items: frozenset[Item], others: frozenset[Item]) -> float:
    keys = {item.key for item in others}
    return weight([item for item in items if item.key in keys])
