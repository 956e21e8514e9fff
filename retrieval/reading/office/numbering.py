"""Automatic numbers of Word's paragraphs ("2.2", "(a)", "第三条"), counted as Word counts them (ECMA-376, part 1, 17.9)."""

from collections import defaultdict
from typing import Any

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DEEPEST = 20  # styles that stand on one another
_BULLET = "-"


class Numbering:
    """`root`: the element of word/numbering.xml, None where there is none; `styles`: elements of styles by their id."""

    def __init__(self, root: Any, styles: dict[str, Any]) -> None:
        self._styles = styles
        self._levels: dict[str, dict[int, Any]] = {}
        self._abstract: dict[str, str] = {}
        self._starts: dict[tuple[str, int], int] = {}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        self._begun: set[str] = set()
        if root is not None:
            self._read(root)

    def label(self, paragraph: Any) -> str:
        """What Word writes before the paragraph: its number, "-" for any bullet, else nothing. Call it once for each, in order."""
        place = self._place(paragraph)
        if place is None:
            return ""
        number, level = place
        levels = self._levels.get(self._abstract.get(number, ""), {})
        if level not in levels:
            return ""
        if _value(levels[level], "numFmt") == "bullet":
            return _BULLET
        self._count(number, level, levels)
        return self._written(number, level, levels)

    def _read(self, root: Any) -> None:
        for abstract in root.iter(f"{_W}abstractNum"):
            levels = {int(lvl.get(f"{_W}ilvl", 0)): lvl for lvl in abstract.iter(f"{_W}lvl")}
            self._levels[abstract.get(f"{_W}abstractNumId", "")] = levels
        linked = {
            name: abstract.get(f"{_W}abstractNumId", "")
            for abstract in root.iter(f"{_W}abstractNum")
            if (name := _value(abstract, "styleLink"))
        }
        for num in root.iter(f"{_W}num"):
            id, abstract = num.get(f"{_W}numId", ""), _value(num, "abstractNumId")
            source = (
                root.find(f"{_W}abstractNum[@{_W}abstractNumId='{abstract}']/{_W}numStyleLink")
                if abstract.isdecimal()
                else None
            )
            self._abstract[id] = linked.get(source.get(f"{_W}val", ""), abstract) if source is not None else abstract
            for change in num.iter(f"{_W}lvlOverride"):
                if (start := _value(change, "startOverride")).isdecimal():
                    self._starts[id, int(change.get(f"{_W}ilvl", 0))] = int(start)

    def _place(self, paragraph: Any) -> tuple[str, int] | None:
        """Number and level, from the paragraph itself or from its style and those that this stands on."""
        properties = paragraph.find(f"{_W}pPr")
        style = _value(properties, "pStyle")
        number, level = _numbered(properties)
        for _ in range(_DEEPEST):
            if number or style not in self._styles:
                break
            element = self._styles[style]
            number, below = _numbered(element.find(f"{_W}pPr"))
            level = level if level is not None else below
            if number and level is None:
                level = self._level_of(number, style)
            style = _value(element, "basedOn")
        return (number, level or 0) if number and number != "0" else None

    def _level_of(self, number: str, style: str) -> int | None:
        levels = self._levels.get(self._abstract.get(number, ""), {})
        return next((level for level, lvl in levels.items() if _value(lvl, "pStyle") == style), None)

    def _count(self, number: str, level: int, levels: dict[int, Any]) -> None:
        counts = self._counts[self._abstract[number]]
        if number not in self._begun:
            self._begun.add(number)
            for (id, at), start in self._starts.items():
                if id == number:
                    counts[at] = start - 1
        for above in range(level):
            counts.setdefault(above, self._start(levels, above))
        counts[level] = counts[level] + 1 if level in counts else self._start(levels, level)
        for below in [at for at in counts if at > level]:
            if _value(levels.get(below), "lvlRestart") != "0":
                del counts[below]

    def _start(self, levels: dict[int, Any], level: int) -> int:
        start = _value(levels.get(level), "start")
        return int(start) if start.isdecimal() else 1

    def _written(self, number: str, level: int, levels: dict[int, Any]) -> str:
        counts, text = self._counts[self._abstract[number]], _value(levels[level], "lvlText")
        legal = levels[level].find(f"{_W}isLgl") is not None
        for at in range(9):
            if f"%{at + 1}" in text:
                form = "decimal" if legal else _value(levels.get(at), "numFmt")
                text = text.replace(f"%{at + 1}", written(counts.get(at, 1), form))
        return text.strip()


def written(count: int, form: str) -> str:
    """A number in one of Word's formats (ST_NumberFormat); those that are not known here as figures."""
    if form in ("lowerLetter", "upperLetter"):
        letter = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1) if 0 < count < 1000 else str(count)
        return letter if form == "lowerLetter" else letter.upper()
    if form in ("lowerRoman", "upperRoman"):
        return _roman(count) if form == "lowerRoman" else _roman(count).upper()
    if form in _CHINESE:
        return _chinese(count)
    if form == "decimalZero":
        return f"{count:02d}"
    return "" if form == "none" else str(count)


_CHINESE = {
    "chineseCounting", "chineseCountingThousand", "ideographDigital", "japaneseCounting", "taiwaneseCounting",
    "taiwaneseCountingThousand", "japaneseDigitalTenThousand",
}  # fmt: skip
_ROMAN = (
    (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"),
    (5, "v"), (4, "iv"), (1, "i"),
)  # fmt: skip


def _roman(count: int) -> str:
    if not 0 < count < 4000:
        return str(count)
    said = ""
    for value, letters in _ROMAN:
        said += letters * (count // value)
        count %= value
    return said


def _chinese(count: int) -> str:
    digits = "零一二三四五六七八九"
    if not 0 < count < 1000:
        return str(count)
    hundreds, tens, ones = count // 100, count // 10 % 10, count % 10
    said = f"{digits[hundreds]}百" if hundreds else ""
    if tens:
        said += ("" if tens == 1 and not hundreds else digits[tens]) + "十"
    elif hundreds and ones:
        said += "零"
    return said + (digits[ones] if ones else "")


def _numbered(properties: Any) -> tuple[str, int | None]:
    found = properties.find(f"{_W}numPr") if properties is not None else None
    level = _value(found, "ilvl")
    return _value(found, "numId"), int(level) if level.isdecimal() else None


def _value(element: Any, name: str) -> str:
    found = element.find(f"{_W}{name}") if element is not None else None
    return str(found.get(f"{_W}val", "")) if found is not None else ""
