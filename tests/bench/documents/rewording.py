"""Rules that reword an English or Chinese sentence: those after which it is as true as before, and those after which it is not.

A rule returns "" where it does not apply.
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

_WORDS = "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty"
_SPELLED = dict(zip(map(str, range(2, 21)), _WORDS.split(), strict=True))
_VALUE = {word: digits for digits, word in _SPELLED.items()}
_AUXILIARY = r"\b(is|was|are|were|has|have|had|can|could|will|would|did|does|must|should)\b"
NAME = re.compile(r"(?<=[a-z,] )(?:[A-Z][\w’'-]*[a-z])(?: (?:[A-Z][\w’'-]*[a-z]))*")
DATES = {
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
}
DATES |= {"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}


def _spell(text: str) -> str:
    return re.sub(r"(?<![\w.,$-])\d{1,2}(?= [a-z]{3})", lambda m: _SPELLED.get(m.group(), m.group()), text)


def _count(text: str) -> str:
    return re.sub(r"(?<![\w-])(" + _WORDS.replace(" ", "|") + r")(?= [a-z]{3})", lambda m: _VALUE[m.group()], text)


def _spell_chinese(text: str) -> str:
    return re.sub(r"(?<![\d.,第])\s?(\d{1,2})\s?(?=[次名个位人场支座])", lambda m: _chinese(int(m.group(1))), text)


def _chinese(number: int) -> str:
    signs = "零一二三四五六七八九"
    tens, ones = divmod(number, 10)
    return signs[ones] if not tens else ("" if tens == 1 else signs[tens]) + "十" + (signs[ones] if ones else "")


def _drop_clause(text: str) -> str:
    match = re.match(r"(.{40,}?),? (?:while|who|which|although|but|where) .*$", text)
    if match and not re.search(r"\b(?:if|unless|although|while|when|that|not|no)\b|[\"“(]", match[1], re.IGNORECASE):
        return match[1].rstrip(", ") + "."
    match = re.match(r"([^“”「」『』（(\"]{12,}?)，[^，]*。$", text)
    return (
        match[1] + "。"
        if match and re.search("[一-鿿]", text) and not re.search("如果|虽然|因为|由于|当|尽管|即使|除", text)
        else ""
    )


def _move_clause(text: str) -> str:
    """ "In 1999, the club was sold." -> "The club was sold in 1999." """
    match = re.match(r"(In|On|At|By|After|During) ([^,;]{3,40}), ([^,;:\"“]{15,})\.$", text)
    return f"{match[3][0].upper()}{match[3][1:]} {match[1].lower()} {match[2]}." if match else ""


def _contract(text: str) -> str:
    return re.sub(r"\b(did|does|do|is|was|were|are|has|had|have|could|would|should) not\b", r"\1n't", text)


def _uncontract(text: str) -> str:
    return re.sub(r"\b(did|does|do|is|was|were|are|has|had|have|could|would|should)n['’]t\b", r"\1 not", text)


def _negate(text: str) -> str:
    if re.search(r"\b(?:not|no|never|nor|neither|none|without|few|hardly|only)\b|n['’]t\b", text, re.IGNORECASE):
        return ""
    return re.sub(_AUXILIARY, r"\1 not", text, count=1)


def _affirm(text: str) -> str:
    if re.search(r"\bnot only\b|\bwhether\b", text):
        return ""
    made = re.sub(_AUXILIARY + r" (?:not|never)\b", r"\1", text, count=1)
    return (
        made
        if made != text
        else re.sub(r"\b(did|does|is|was|were|are|has|had|could|would)n['’]t\b", r"\1", text, count=1)
    )


def _negate_chinese(text: str) -> str:
    if not re.search("[一-鿿]", text) or re.search("[不没沒无無未非莫勿]", text):
        return ""
    made = re.sub("(?<![但于於总總还還就都也要若只或])是(?!否)", "不是", text, count=1)
    if made == text:
        made = re.sub("(?<![具所拥擁只])(能够|能夠|可以|会(?![议員员]))", r"不\1", text, count=1)
    return made if made != text else re.sub("(?<![具所拥擁只占占])有(?![关限效时])", "没有", text, count=1)


def _affirm_chinese(text: str) -> str:
    for denied, stated in (
        ("不是", "是"),
        ("没有", "有"),
        ("不能", "能"),
        ("不会", "会"),
        ("从未", "曾经"),
        ("并未", "已经"),
        ("并不", ""),
    ):
        if len(re.findall("[不没无未]", text)) == 1 and denied in text:
            return text.replace(denied, stated, 1)
    return ""


def _swap_names(text: str) -> str:
    """Two names of one sentence in each other's place, with a verb of the simple past between them."""
    found = [m for m in _NAME_ANYWHERE.finditer(text) if not DATES & set(m.group().split())]
    for left, right in pairwise(found):
        between = text[left.end() : right.start()]
        if (
            re.search(r"\b\w{3,}ed\b|\b(?:won|beat|led|became|wrote|made|took|gave|told|sent|built|founded)\b", between)
            and not re.search(r"\b(?:and|or|with|between)\b|[,;]", between)
            and left.group() != right.group()
        ):
            return text[: left.start()] + right.group() + between + left.group() + text[right.end() :]
    return ""


_NAME_ANYWHERE = re.compile(
    r"(?:(?<=[a-z,] )|^(?!The |In |At |On |It |He |This |His |A |An |They |She |These |When |After |Some |Many |There ))(?:[A-Z][\w’'-]*[a-z])(?: (?:[A-Z][\w’'-]*[a-z]))*"
)
TRUE: Sequence[tuple[str, Callable[[str], str]]] = (
    ("number spelled", _spell),
    ("number in digits", _count),
    ("number spelled", _spell_chinese),
    ("clause dropped", _drop_clause),
    ("clause moved", _move_clause),
    ("contraction", _contract),
    ("contraction", _uncontract),
)
FALSE: Sequence[tuple[str, Callable[[str], str]]] = (
    ("negation added", _negate),
    ("negation added", _negate_chinese),
    ("negation dropped", _affirm),
    ("negation dropped", _affirm_chinese),
    ("names of the sentence swapped", _swap_names),
)
