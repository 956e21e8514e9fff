"""What a web page hides from its readers, by attributes, styles and its own style sheets."""

import re
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, LexborNode

_HIDING = (
    (re.compile(r"(?:^|;)display:none"), "not displayed"),
    (re.compile(r"(?:^|;)(?:visibility:(?:hidden|collapse)|content-visibility:hidden)"), "not displayed"),
    (re.compile(r"(?:^|;)opacity:0*(?:\.0+)?%?(?:;|!|$)"), "transparent"),
    (re.compile(r"(?:^|;)(?:left|top|right|bottom|text-indent|margin-left|margin-top):-\d{4,}"), "off the page"),
)
_SIZE = re.compile(r"(?:^|;)font-size:(\d*\.?\d+)(px|pt|r?em|%|)")
_READABLE = {"px": 2.0, "pt": 1.5, "em": 0.15, "rem": 0.15, "%": 15.0, "": 1.0}  # smaller is not
_WHITE = re.compile(
    r"(?:^|;)color:(?:white|#fff(?:fff)?|rgba?\(255,255,255(?:,1)?\)|transparent|rgba\(\d+,\d+,\d+,0\))(?:;|!|$)"
)
_BACKGROUND = re.compile(r"(?:^|;)background(?:-color|-image)?:(?!(?:white|#fff|none|transparent|inherit))")
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_BRACE = re.compile(r"[{}]")
_WHITE_ON_WHITE = "white on white"
_MOST_RULES = 300


def hidden_by_itself(node: LexborNode) -> str:
    """How the element's own attributes hide it; empty when they do not."""
    attributes = node.attributes
    if "hidden" in attributes:
        return "not displayed"
    style = attributes.get("style")
    how = _hiding(style) if style else ""
    return "" if how == _WHITE_ON_WHITE and _on_colour(node) else how


def hidden_by_sheets(tree: LexborHTMLParser) -> dict[int, str]:
    """Elements, by `mem_id`, that the page's own style sheets hide on every screen: rules for media and states do not count,
    nor does white text, since the rule does not tell what lies behind it."""
    hidden: dict[int, str] = {}
    sheets = _COMMENT.sub("", "\n".join(node.text() for node in tree.css("style")))
    hiding = {}
    for selector, style in _rules(sheets):
        how = _hiding(style)
        if how and how != _WHITE_ON_WHITE and ":" not in selector:
            hiding[selector] = how
    for selector, how in islice(hiding.items(), _MOST_RULES):
        try:
            hidden.update((node.mem_id, how) for node in tree.css(selector))
        except Exception:  # noqa: S112 (a selector that lexbor does not know hides nothing)
            continue
    return hidden


def _rules(sheet: str) -> list[tuple[str, str]]:
    """Selector and declarations of the rules that stand outside of every other."""
    rules: list[tuple[str, str]] = []
    depth, at, selector, opened = 0, 0, "", 0
    for brace in _BRACE.finditer(sheet):
        if brace[0] == "{":
            if depth == 0:
                selector, opened = sheet[at : brace.start()].rpartition(";")[2].strip(), brace.end()
            depth += 1
        else:
            depth = max(0, depth - 1)
            at = brace.end()
            if depth == 0 and not selector.startswith("@"):
                rules.append((selector, sheet[opened : brace.start()]))
    return rules


def _hiding(style: str) -> str:
    style = "".join(style.lower().split())
    for pattern, how in _HIDING:
        if pattern.search(style):
            return how
    size = _SIZE.search(style)
    if size and float(size[1]) < _READABLE[size[2]]:
        return "too small to read"
    return _WHITE_ON_WHITE if _WHITE.search(style) and not _BACKGROUND.search(style) else ""


def _on_colour(node: LexborNode) -> bool:
    """Whether something around it has a background of its own."""
    parent = node.parent
    while parent is not None and parent.is_element_node:
        attributes = parent.attributes
        if "bgcolor" in attributes or _BACKGROUND.search("".join((attributes.get("style") or "").lower().split())):
            return True
        parent = parent.parent
    return False
