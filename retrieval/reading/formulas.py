"""Formulas as LaTeX: presentation MathML through `mathml-to-latex`, those of Office by way of MathML."""

import re
from collections.abc import Callable, Iterable

from lxml import etree

_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_DEEPEST, _MOST = 60, 4_000  # levels and elements of a formula that people can read; the rest stays plain text
_BRACKET = re.compile(r"\\left([()\[\]{}|])\\right\.|\\left\.\\right([()\[\]{}|])")
_TOKEN = re.compile(
    r"(?P<name>(?:sin|cos|tan|log|ln|lim|exp|max|min)(?![A-Za-z])|[\u2e80-\u9fff]+|[A-Za-z]{4,}|[^\W\d_])|(?P<number>\d+(?:[.,]\d+)*)|(?P<sign>\S)"
)


def latex(math: etree._Element) -> str:
    """Of a `math` element, with or without its namespace; its bare text where it is larger than any that people read."""
    from mathml_to_latex.converter import MathMLToLaTeX
    from mathml_to_latex.el_to_tex.protocols import InvalidNumberOfChildrenError

    plain = " ".join("".join(math.itertext()).split())
    if _is_large(math):
        return plain
    for element in math.iter():
        if isinstance(element.tag, str):
            element.tag = etree.QName(element).localname
    etree.cleanup_namespaces(math)
    try:
        found = MathMLToLaTeX.convert(etree.tostring(math, encoding="unicode", with_tail=False))
    except InvalidNumberOfChildrenError:
        return plain
    return _BRACKET.sub(lambda mark: mark[1] or mark[2], found) or plain


def latex_of_office(formula: etree._Element) -> str:
    """Of an `m:oMath` (ECMA-376, part 1, 22.1)."""
    if _is_large(formula):
        return " ".join("".join(formula.itertext(f"{_M}t")).split())
    math = etree.Element("math")
    math.extend(_all(formula))
    return latex(math)


def _is_large(formula: etree._Element) -> bool:
    """Without recursion: what is deep may be meant to overrun the stack."""
    waiting, seen = [(formula, 0)], 0
    while waiting:
        element, depth = waiting.pop()
        seen += 1
        if depth > _DEEPEST or seen > _MOST:
            return True
        waiting += [(child, depth + 1) for child in element]
    return False


def _all(parent: etree._Element | None) -> list[etree._Element]:
    """The children of an Office element as MathML; those that are not known give theirs."""
    found: list[etree._Element] = []
    for child in parent if parent is not None else ():
        name = etree.QName(child).localname if isinstance(child.tag, str) else ""
        if name.endswith("Pr") or not name:
            continue
        make = _MAKE.get(name)
        if name == "r":
            found += _tokens("".join(child.itertext(f"{_M}t")), words=child.find(f"{_M}rPr/{_M}nor") is not None)
        elif make is not None:
            found.append(make(child))
        else:
            found += _all(child)
    return found


def _tokens(text: str, *, words: bool) -> list[etree._Element]:
    """Names, numbers and signs of a run, which Office writes in one piece."""
    if words:
        return [_element("mtext", text=text)]
    kinds = {"name": "mi", "number": "mn", "sign": "mo"}
    return [_element(kinds[str(found.lastgroup)], text=found[0]) for found in _TOKEN.finditer(text)]


def _element(name: str, children: Iterable[etree._Element] = (), text: str = "") -> etree._Element:
    made = etree.Element(name)
    made.text = text or None
    made.extend(children)
    return made


def _group(formula: etree._Element, name: str) -> etree._Element:
    return _element("mrow", _all(formula.find(f"{_M}{name}")))


def _sign(formula: etree._Element, properties: str, name: str, usual: str) -> str:
    """A character that the properties give: absent it is the usual one, empty it is none."""
    found = formula.find(f"{_M}{properties}/{_M}{name}")
    return usual if found is None else found.get(f"{_M}val", "")


def _of(name: str, *parts: str) -> Callable[[etree._Element], etree._Element]:
    return lambda formula: _element(name, (_group(formula, part) for part in parts))


def _root(formula: etree._Element) -> etree._Element:
    degree = _group(formula, "deg")
    base = _group(formula, "e")
    return _element("mroot", (base, degree)) if len(degree) else _element("msqrt", (base,))


def _large(formula: etree._Element) -> etree._Element:
    operator = _element("mo", text=_sign(formula, "naryPr", "chr", "∫"))
    below, above = _group(formula, "sub"), _group(formula, "sup")
    limits = [(part, name) for part, name in ((below, "sub"), (above, "sup")) if len(part)]
    name = "m" + "".join(name for _, name in limits)
    signed = _element(name, (operator, *(part for part, _ in limits))) if limits else operator
    return _element("mrow", (signed, _group(formula, "e")))


def _fenced(formula: etree._Element) -> etree._Element:
    inner: list[etree._Element] = []
    for part in formula.findall(f"{_M}e"):
        inner += [_element("mo", text=_sign(formula, "dPr", "sepChr", "|"))] if inner else []
        inner += _all(part)
    opening, closing = _sign(formula, "dPr", "begChr", "("), _sign(formula, "dPr", "endChr", ")")
    marks = [_element("mo", text=mark) if mark else _element("mrow") for mark in (opening, closing)]
    return _element("mrow", (marks[0], *inner, marks[1]))


def _rows(formula: etree._Element) -> etree._Element:
    lines = formula.findall(f"{_M}mr")
    cells = [line.findall(f"{_M}e") for line in lines] or [[part] for part in formula.findall(f"{_M}e")]
    return _element("mtable", (_element("mtr", (_element("mtd", _all(cell)) for cell in line)) for line in cells))


def _accented(formula: etree._Element) -> etree._Element:
    mark = _ACCENTS.get(_sign(formula, "accPr", "chr", "\u0302"), _sign(formula, "accPr", "chr", "^"))
    return _element("mover", (_group(formula, "e"), _element("mo", text=mark)))


def _barred(formula: etree._Element) -> etree._Element:
    below = _sign(formula, "barPr", "pos", "bot") == "bot"
    return _element("munder" if below else "mover", (_group(formula, "e"), _element("mo", text="_" if below else "¯")))


_ACCENTS = {"\u0302": "^", "\u0303": "~", "\u0304": "¯", "\u0305": "¯", "\u0307": "˙", "\u0308": "¨", "\u20d7": "→"}
_MAKE: dict[str, Callable[[etree._Element], etree._Element]] = {
    "f": _of("mfrac", "num", "den"), "sSup": _of("msup", "e", "sup"), "sSub": _of("msub", "e", "sub"),
    "sSubSup": _of("msubsup", "e", "sub", "sup"), "limLow": _of("munder", "e", "lim"),
    "limUpp": _of("mover", "e", "lim"), "func": _of("mrow", "fName", "e"), "rad": _root, "nary": _large,
    "d": _fenced, "m": _rows, "eqArr": _rows, "acc": _accented, "bar": _barred,
}  # fmt: skip
