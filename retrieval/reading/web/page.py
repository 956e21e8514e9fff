"""HTML, as pages of the web and as chapters of a book."""

import re
from collections.abc import Iterator
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from retrieval.reading.pages import BlockKind, Pages
from retrieval.reading.plain.tables import row
from retrieval.reading.plain.text import text_of
from retrieval.reading.web.hidden import hidden_by_itself, hidden_by_sheets


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


_DROPPED = _set("script style template noscript svg math iframe object embed head select datalist")
_ACTIVE = _set("script iframe object embed")
_BLOCKS = _set(
    "address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form header "
    "hgroup hr html legend main menu nav ol p section summary ul table caption thead tbody tfoot"
)
_CLOSE_THEMSELVES = _set(
    "p li td th tr dd dt option optgroup thead tbody tfoot colgroup rb rt rp area base br col embed hr img input link meta param "
    "source track wbr"
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_TAG = re.compile(r"(?P<comment><!--)|<(?P<closing>/?)(?P<name>[A-Za-z][^\s/>]{0,30})")
_DEEPEST = 3_000
_SPACES = re.compile(r"[ \t\n\r\f]+")


def read(path: Path, name: str, pages: Pages, limits: Limits) -> None:
    add_page(text_of(path, pages, declares=True), pages)


def add_page(source: str, pages: Pages) -> None:
    """One HTML page's visible text, block by block."""
    _check_depth(source)
    tree = LexborHTMLParser(source)
    if tree.body is not None:
        _Walk(pages, hidden_by_sheets(tree)).over(tree.body)


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
        how = (self._hidden and self._hidden.get(node.mem_id)) or hidden_by_itself(node)
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
