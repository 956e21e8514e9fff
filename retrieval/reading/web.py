"""HTML, as pages of the web and as chapters of a book."""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from retrieval.limited import Limits
from retrieval.reading.pages import BlockKind, Pages
from retrieval.reading.plain import text_of
from retrieval.reading.tables import row
from retrieval.rejected import RejectedFile

_DROPPED = {
    "script",
    "style",
    "template",
    "noscript",
    "svg",
    "math",
    "iframe",
    "object",
    "embed",
    "head",
    "select",
    "datalist",
}
_ACTIVE = {"script", "iframe", "object", "embed"}
_BLOCKS = frozenset(
    re.findall(
        r"\S+",
        "address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form header "
        "hgroup hr html legend main menu nav ol p section summary ul table caption thead tbody tfoot",
    )
)
_TAG = re.compile(r"(?P<comment><!--)|<(?P<closing>/?)(?P<name>[A-Za-z][^\s/>]{0,30})")
_CLOSE_THEMSELVES = frozenset(
    re.findall(
        r"\S+",
        "p li td th tr dd dt option optgroup thead tbody tfoot colgroup rb rt rp area base br col embed hr img input link meta param "
        "source track wbr",
    )
)
_DEEPEST = 3_000
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_SPACES = re.compile(r"[ \t\n\r\f]+")
_HIDING = (
    (re.compile(r"(?:^|;)display:none"), "not displayed"),
    (re.compile(r"(?:^|;)(?:visibility:(?:hidden|collapse)|content-visibility:hidden)"), "not displayed"),
    (re.compile(r"(?:^|;)opacity:0*(?:\.0+)?%?(?:;|!|$)"), "transparent"),
    (re.compile(r"(?:^|;)font-size:(?:0*(?:\.\d+)?|1)(?:px|pt|em|rem|%)?(?:;|!|$)"), "too small to read"),
    (re.compile(r"(?:^|;)(?:left|top|right|bottom|text-indent|margin-left|margin-top):-\d{4,}"), "off the page"),
)
_WHITE = re.compile(
    r"(?:^|;)color:(?:white|#fff(?:fff)?|rgba?\(255,255,255(?:,1)?\)|transparent|rgba\(\d+,\d+,\d+,0\))(?:;|!|$)"
)
_BACKGROUND = re.compile(r"(?:^|;)background(?:-color|-image)?:(?!(?:white|#fff|none|transparent|inherit))")
_RULES = re.compile(r"([^{}@]+)\{([^{}]*)\}")
_CSS_NOISE = re.compile(r"/\*.*?\*/", re.DOTALL)
_AT_RULES = re.compile(r"@[^{};]+\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
_WHITE_ON_WHITE = "white on white"
_MOST_RULES = 300


def read(path: Path, name: str, pages: Pages, limits: Limits) -> None:
    add_page(text_of(path, pages, declares=True), pages)


def add_page(source: str, pages: Pages) -> None:
    """One HTML page's visible text, block by block."""
    _check_depth(source)
    tree = LexborHTMLParser(source)
    if tree.body is not None:
        _Walk(pages, _hidden_by_sheets(tree)).over(tree.body)


def _check_depth(source: str) -> None:
    """The parser's time grows with the square of the depth (three minutes for 200,000); no browser goes below 512."""
    depth, at = 0, 0
    while found := _TAG.search(source, at):
        at = found.end()
        name = (found["name"] or "").lower()
        if found["comment"] or name in ("script", "style"):
            closing = "-->" if found["comment"] else f"</{name}"
            at = source.find(closing, at) if not found["closing"] else at
            if at < 0:
                return
        elif name not in _CLOSE_THEMSELVES:
            depth = max(0, depth - 1) if found["closing"] else depth + 1
            if depth > _DEEPEST:
                raise RejectedFile("unsafe", what=f"elements nested more than {_DEEPEST} deep")


class _Walk:
    """Depth first by hand, since pages may nest deeper than Python's stack."""

    def __init__(self, pages: Pages, hidden: dict[int, str]) -> None:
        self._pages = pages
        self._hidden = hidden
        self._inline: list[str] = []  # text of the block that is being gathered
        self._kind: tuple[BlockKind, int] = ("paragraph", 0)
        self._row: list[str] | None = None
        self._preformatted = 0
        self._rows = 0

    def over(self, root: LexborNode) -> None:
        waiting: list[tuple[LexborNode, bool]] = [(root, False)]
        while waiting:
            node, leaving = waiting.pop()
            if leaving:
                self._leave(node.tag or "")
            elif node.is_text_node:
                self._inline.append(node.text_content or "")
            elif node.is_element_node and not self._skipped(node):
                self._enter(node.tag or "")
                waiting.append((node, True))
                waiting += [(child, False) for child in reversed([*_children(node)])]
        self._flush()

    def _skipped(self, node: LexborNode) -> bool:
        tag = node.tag or ""
        if tag in _DROPPED:
            if tag in _ACTIVE:
                self._pages.flag("scripts")
            return True
        how = self._hidden.get(node.mem_id) or _hidden_by_itself(node)
        if how:
            self._pages.hide(node.text(separator=" "), how)
        return bool(how)

    def _enter(self, tag: str) -> None:
        if tag == "br":
            self._inline.append("\n" if self._row is None else " ")
        elif tag == "tr":
            self._flush()
            self._row = []
        elif tag in ("td", "th") and self._row is not None:
            self._take_cell()
        elif tag in _HEADINGS and self._row is None:
            self._flush()
            self._kind = ("heading", _HEADINGS[tag])
        elif tag == "li" and self._row is None:
            self._flush()
            self._kind = ("item", 0)
        elif tag == "pre" and self._row is None:
            self._flush()
            self._kind = ("code", 0)
            self._preformatted += 1
        elif tag in _BLOCKS:
            self._break(tag)

    def _break(self, tag: str) -> None:
        if self._row is not None:
            self._inline.append(" ")
            return
        if tag == "table":
            self._rows = 0
        inside = self._kind if not "".join(self._inline).strip() else None  # <li><p>: still the item
        self._flush()
        if inside and inside[0] in ("item", "heading"):
            self._kind = inside

    def _leave(self, tag: str) -> None:
        if tag == "tr" and self._row is not None:
            self._take_cell(last=True)
            cells, self._row = self._row, None
            if any(cells):
                self._rows += 1
                self._pages.add(row(cells), "table", level=int(self._rows == 1))
        elif tag in ("td", "th") and self._row is not None:
            self._inline.append("\0")
        elif tag == "pre" and self._row is None:
            self._flush()
            self._preformatted = max(0, self._preformatted - 1)
        elif tag in _HEADINGS or tag == "li" or tag in _BLOCKS:
            if self._row is None:
                self._flush()
            else:
                self._inline.append(" ")

    def _take_cell(self, *, last: bool = False) -> None:
        text, self._inline = "".join(self._inline), []
        if "\0" in text or (last and text.strip()):
            assert self._row is not None
            self._row.append(" ".join(text.replace("\0", " ").split()))

    def _flush(self) -> None:
        text, self._inline = "".join(self._inline), []
        kind, level = self._kind
        self._kind = ("paragraph", 0)
        if self._preformatted:
            self._pages.add(text, "code")
            return
        # Line breaks of the source are spaces; those of <br> came as "\n" of their own piece and look the same: both read well.
        text = _SPACES.sub(" ", text).strip()
        self._pages.add(f"- {text}" if kind == "item" and text else text, kind, level)


def _children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.first_child
    while child is not None:
        yield child
        child = child.next


def _hidden_by_itself(node: LexborNode) -> str:
    attributes = node.attributes
    if "hidden" in attributes:
        return "not displayed"
    style = attributes.get("style")
    how = _hiding(style) if style else ""
    return "" if how == _WHITE_ON_WHITE and _on_colour(node) else how


def _on_colour(node: LexborNode) -> bool:
    """Whether something around it has a background of its own."""
    parent = node.parent
    while parent is not None and parent.is_element_node:
        attributes = parent.attributes
        if "bgcolor" in attributes or _BACKGROUND.search("".join((attributes.get("style") or "").lower().split())):
            return True
        parent = parent.parent
    return False


def _hiding(style: str) -> str:
    style = "".join(style.lower().split())
    for pattern, how in _HIDING:
        if pattern.search(style):
            return how
    return _WHITE_ON_WHITE if _WHITE.search(style) and not _BACKGROUND.search(style) else ""


def _hidden_by_sheets(tree: LexborHTMLParser) -> dict[int, str]:
    """Elements that the page's own style sheets hide on every screen (rules for media and states do not count)."""
    hidden: dict[int, str] = {}
    sheets = "\n".join(node.text() for node in tree.css("style"))
    selectors: dict[str, str] = {}
    for found in _RULES.finditer(_AT_RULES.sub("", _CSS_NOISE.sub("", sheets))):
        how = _hiding(found[2])
        if not how or how == _WHITE_ON_WHITE or ":" in found[1]:  # what lies behind the text is not in this rule
            continue
        selectors[found[1].strip()] = how
    for selector, how in islice(selectors.items(), _MOST_RULES):
        try:
            hidden.update((node.mem_id, how) for node in tree.css(selector))
        except Exception:  # noqa: S112 (a selector that lexbor does not know hides nothing)
            continue
    return hidden
