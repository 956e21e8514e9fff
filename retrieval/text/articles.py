"""Where the articles of a statute or a contract begin, told by their numbers: 第三条, Article 5, § 12, 3.2 and long paragraphs "4." or 四、.

A number alone proves nothing ("3.5 million people", "Article 5 of the convention"): it counts as one of a run, in order, with sentences
under it, which the lines of a table of contents do not have.
"""

import re
from bisect import bisect
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from retrieval.types import Page

RUN = 3  # numbers of a kind in order, from which on they are articles
PARAGRAPH = 60
"""Characters of a numbered paragraph ("4.", 四、) from which on it is no item of a list, which stays with what leads to it; in alphabets
that have words three times as many."""

_CHINESE = r"[一二三四五六七八九十百千零〇两\d]+"
_LABEL = re.compile(
    rf"""^[ \t\u3000*_]*(?:
      第\s?(?P<zh>{_CHINESE})\s?[条條](?:之[一二三四五六七八九十]+)?(?=[\s\u3000、,，:：.．【（(*_]|\Z|[^\W\d_])(?![的款规規第和与與或至及])
    | (?P<unit>Article|Section|Clause|Rule|Regulation|Art\.|Sec\.|§)\s*(?P<en>\d{{1,4}}|[IVXLC]+\b)[a-z]?(?:\s*[.:)(–—-]|\s+(?=[^\Wa-z_\d])|[*_\s]*$)
    | (?P<dotted>\d{{1,3}}(?:\.\d{{1,3}}){{1,3}})\.?[ \t\u3000]+(?=[^\Wa-z\d_]|[a-z]*[A-Z“"(])
    | (?P<titled>\d{{1,3}})[ \t\u3000]+(?=[^\Wa-z\d_])
    | (?P<plain>\d{{1,3}})[.)、．](?!\d)\s*(?=\S)
    | (?P<plain_zh>[一二三四五六七八九十]{{1,3}})、(?=\S)
    )""",
    re.VERBOSE | re.MULTILINE,
)
_SENTENCE = re.compile(r"[。！？；]|[^\W_][)\"”’]*[.;!?](?=\s|\Z)|[:：]\s*\n")
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}
_DIGITS: Mapping[str, int] = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_PLACES = {"十": 10, "百": 100, "千": 1000}
_UNPROVED = ("plain", "plain_zh")  # these begin the items of any list
_TITLED = "titled"  # "4 Illness abroad", where the file says that it is a heading
_BARE = ("dotted", _TITLED, *_UNPROVED)

Number = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Label:
    """A number at the beginning of a line. `body` is what stands under it, up to the next one or the end of its page; `sign`
    what ends it: 1) is in no run with 1."""

    page: int
    start: int
    kind: str
    number: Number
    body: str
    sign: str


def openings(pages: Sequence[Page]) -> Mapping[int, frozenset[int]]:
    """By the number of a page, the characters at which articles begin on it. Linear in the length of the text."""
    labels = [label for page in pages for label in _labels(page)]
    kinds: dict[tuple[str, str], list[_Label]] = {}
    for label in labels:
        kinds.setdefault((label.kind, label.sign), []).append(label)
    found = [one for run in map(_in_order, kinds.values()) if len(run) >= RUN for one in run if _is_one(one)]
    return {page: frozenset(one.start for one in found if one.page == page) for page in Counter(o.page for o in found)}


def _labels(page: Page) -> list[_Label]:
    apart = [(block.start, block.end) for block in page.blocks if block.kind in ("table", "code")]
    starts = [start for start, _ in apart]
    headings = {block.start for block in page.blocks if block.kind == "heading"}
    marks = [
        mark
        for mark in _LABEL.finditer(page.text)
        if (mark.lastgroup != _TITLED or _at(mark) in headings)
        and not ((n := bisect(starts, mark.start())) and mark.start() < apart[n - 1][1])
    ]
    end = outer = len(page.text)
    found: list[_Label] = []
    for mark in reversed(marks):
        listed = mark.lastgroup in _UNPROVED
        kind = _TITLED if listed and _at(mark) in headings else mark["unit"] or mark.lastgroup or ""
        body = page.text[mark.end() : end if listed else outer]
        sign = page.text[mark.end("plain")] if kind == "plain" else ""
        found.append(_Label(page.number, _at(mark), kind, _number(mark), body, sign))
        end = mark.start()
        outer = outer if listed else end  # a list within an article does not end it
    return found[::-1]


def _at(mark: re.Match[str]) -> int:
    return mark.start() + len(mark.group()) - len(mark.group().lstrip())


def _number(mark: re.Match[str]) -> Number:
    text = next(filter(None, (mark[name] for name in ("zh", "en", "dotted", _TITLED, *_UNPROVED))))
    if re.fullmatch("[IVXLC]+", text):
        values = [_ROMAN[letter] for letter in text]
        return (sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True)),)
    if text[0].isascii():
        return tuple(map(int, text.split(".")))
    return (_chinese(text),)


def _chinese(text: str) -> int:
    """一百二十, 十二, and 一〇二 by its digits."""
    if not any(sign in _PLACES for sign in text):
        return int("".join(str(_DIGITS.get(sign, sign)) for sign in text))
    total, digit = 0, 0
    for sign in text:
        if sign in _PLACES:
            total, digit = total + (digit or 1) * _PLACES[sign], 0
        else:
            digit = int(_DIGITS.get(sign, sign))
    return total + digit


def _in_order(labels: Sequence[_Label]) -> list[_Label]:
    """Those that come after the one before, or before the one behind."""
    follows = [_follows(one, other) for one, other in pairwise(labels)]
    before, after = [False, *follows], [*follows, False]
    return [one for one, a, b in zip(labels, before, after, strict=True) if a or b]


def _follows(one: _Label, other: _Label) -> bool:
    """第七条 after 第四条, or after itself (第四条之一): an excerpt leaves some out. A number without a word is the very next."""
    if one.kind not in _BARE:
        return one.number <= other.number
    return _is_next(one.number, other.number)


def _is_next(one: Number, other: Number) -> bool:
    """4 after 3; 3.2 after 3.1 and 3.1.4; 3.1.1 after 3.1; 4.1 after 3.9."""
    if len(other) > len(one):
        return other[: len(one)] == one and other[len(one) :] == (1,) * (len(other) - len(one))
    last = len(other) - 1
    if other[:last] == one[:last] and other[last] == one[last] + 1:
        return True
    return any(
        other[:n] == one[:n] and other[n] == one[n] + 1 and set(other[n + 1 :]) == {1} for n in range(len(other) - 1)
    )


def _is_one(label: _Label) -> bool:
    if label.kind not in _UNPROVED:
        return _SENTENCE.search(label.body) is not None
    wide = sum(character >= "\u2e80" for character in label.body)
    return 3 * wide + len(label.body) - wide >= 3 * PARAGRAPH
