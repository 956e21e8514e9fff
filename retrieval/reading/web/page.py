"""HTML, as pages of the web and as chapters of a book."""

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree
from selectolax.lexbor import LexborHTMLParser, LexborNode

from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from retrieval.reading.formulas import latex
from retrieval.reading.grid import tidy, write
from retrieval.reading.pages import BlockKind, Pages
from retrieval.reading.plain.text import text_of
from retrieval.reading.web.hidden import hidden_by_itself, hidden_by_sheets
from retrieval.reading.web.tables import Grid, is_layout


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


_DROPPED = _set("script style template noscript svg iframe object embed head select datalist")
_ACTIVE = _set("script iframe object embed")
_BLOCKS = _set(
    "address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form header "
    "hgroup hr html legend main menu nav ol p section summary ul table caption thead tbody tfoot"
)
_CLOSE_THEMSELVES = _set(
    "p li td th tr dd dt option optgroup thead tbody tfoot colgroup rb rt rp area base br col embed hr img input link meta param "
    "source track wbr"
)
_CELLS = frozenset(("td", "th"))
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_TAG = re.compile(r"(?P<comment><!--)|<(?P<closing>/?)(?P<name>[A-Za-z][^\s/>]{0,30})")
_DEEPEST = 3_000
ICON = 48  # pixels of a side: the largest of the usual sizes of icons in a page; larger ones show something
_START_TAG = re.compile(r"<[A-Za-z][^\s<>]*\s([^<>]+)")
_VALUE = re.compile(r"=\s*(?:\"[^\"]*\"|'[^']*'|\S+)")
_MOST_NAMES = 10_000  # of attributes: so many take the parser 0.3 s, and ten times as many a hundred times that
_SPACES = re.compile(r"[ \t\n\r\f]+")


def read(path: Path, name: str, pages: Pages, limits: Limits) -> None:
    tell(add_page(text_of(path, pages, declares=True), pages), pages)


def tell(pictures: int, pages: Pages) -> None:
    """Of how many nothing is known."""
    if pictures:
        pages.flag("pictures_without_text", count=pictures)


def add_page(source: str, pages: Pages, *, book: bool = False, older: re.Pattern[str] | None = None) -> int:
    """One HTML page's visible text, block by block. Returns how many pictures have no words.

    On the web an empty alternative text says that a picture only adorns (HTML, 4.8.4.4); of a `book` it says that nobody wrote one.
    In a mail what it quotes stands behind ">": its <blockquote>s or, without any, what comes behind the words by which an `older` mail begins.
    """
    _check_depth(source)
    _check_attributes(source)
    tree = LexborHTMLParser(source)
    quotes = older is not None and tree.body is not None and tree.body.css_first("blockquote") is not None
    walk = _Walk(pages, hidden_by_sheets(tree), book=book, quotes=quotes, older=None if quotes else older)
    if tree.body is not None:
        walk.over(tree.body)
    return walk.pictures


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


def _check_attributes(source: str) -> None:
    """The parser's time grows with the square of the number of different names of attributes; honest pages have hundreds."""
    names: set[str] = set()
    for tag in _START_TAG.finditer(source):
        names.update(_VALUE.sub(" ", tag[1]).split())
        if len(names) > _MOST_NAMES:
            raise RejectedFile("unsafe", what=f"more than {_MOST_NAMES:,} different attributes")


class _Walk:
    """Depth first by hand, since pages may nest deeper than Python's stack."""

    def __init__(
        self, pages: Pages, hidden: dict[int, str], *, book: bool, quotes: bool, older: re.Pattern[str] | None
    ) -> None:
        self.pictures = 0  # of which nothing is known
        self._quotes = quotes  # whether a <blockquote> is an older mail
        self._older = older  # what begins one otherwise
        self._quoted = 0  # how deep it is within older mails
        self._book = book
        self._pages = pages
        self._hidden = hidden
        self._inline: list[str] = []  # text of the block that is being gathered
        self._kind: tuple[BlockKind, int] = ("paragraph", 0)
        self._grid: Grid | None = None  # of the table that is being read, unless it only lays out
        self._in_row = False
        self._preformatted = 0

    def over(self, root: LexborNode) -> None:
        waiting: list[tuple[LexborNode, bool]] = [(root, False)]
        while waiting:
            node, leaving = waiting.pop()
            if leaving:
                self._leave(node.tag or "", node)
                self._quoted -= self._is_quote(node)
            elif node.is_text_node:
                self._inline.append(node.text_content or "")
            elif node.is_element_node and not self._skipped(node):
                if (said := _said(node)) is not None:
                    self.pictures += node.tag == "img" and self._is_untold(node)
                    self._inline.append(said)
                    continue
                self._enter(node.tag or "", node)
                self._quoted += self._is_quote(node)
                waiting.append((node, True))
                waiting += [(child, False) for child in reversed([*_children(node)])]
        self._flush()

    def _is_quote(self, node: LexborNode) -> bool:
        return self._quotes and node.tag == "blockquote"

    def _marked(self, text: str) -> str:
        """With ">" before what is an older mail's."""
        begin = 0
        if not self._quoted:
            found = self._older.search(text) if self._older else None
            if found is None:
                return text
            begin, self._quoted = found.end(), 1  # and so is what follows
        own, quoted = text[:begin].strip(), text[begin:].strip()
        return "\n".join(part for part in (own, quoted and f"> {quoted}") if part)

    def _is_untold(self, picture: LexborNode) -> bool:
        given = picture.attributes
        sides = [side for name in ("width", "height") if (side := (given.get(name) or "").removesuffix("px")).isdigit()]
        if any(len(side) < 4 and int(side) <= ICON for side in sides):
            return False
        return not (given.get("alt") or "").strip() if self._book else "alt" not in given

    def _skipped(self, node: LexborNode) -> bool:
        tag = node.tag or ""
        if tag in _DROPPED:
            self.pictures += tag == "svg" and self._book  # of the web most are icons
            if tag in _ACTIVE:
                self._pages.flag("scripts")
            return True
        how = (self._hidden and self._hidden.get(node.mem_id)) or hidden_by_itself(node)
        if how:
            self._pages.hide(node.text(separator=" "), how)
        return bool(how)

    def _enter(self, tag: str, node: LexborNode) -> None:
        if tag == "br":
            self._inline.append(" " if self._in_row else "\n")
        elif tag == "table":
            self._break()
            self._grid = None if is_layout(node) else Grid()
        elif tag == "tr" and self._grid is not None:
            self._flush()
            self._grid.begin_row()
            self._in_row = True
        elif self._in_row:
            self._enter_in_row(tag)
        elif tag in _HEADINGS:
            self._begin("heading", _HEADINGS[tag])
        elif tag == "li":
            self._begin("item", 0)
        elif tag == "pre":
            self._begin("code", 0)
            self._preformatted += 1
        elif tag in _BLOCKS or tag in _CELLS:
            self._break()

    def _enter_in_row(self, tag: str) -> None:
        if tag in _CELLS:
            self._inline.clear()  # white space between cells
        elif tag in _BLOCKS:
            self._inline.append(" ")

    def _begin(self, kind: BlockKind, level: int) -> None:
        self._flush()
        self._kind = (kind, level)

    def _break(self) -> None:
        inside = self._kind if not "".join(self._inline).strip() else None  # <li><p>: still the item
        self._flush()
        if inside and inside[0] in ("item", "heading"):
            self._kind = inside

    def _leave(self, tag: str, node: LexborNode) -> None:
        if self._in_row and self._grid is not None:
            self._leave_in_row(tag, node, self._grid)
        elif tag == "table" and self._grid is not None:
            self._flush()
            grid, self._grid = self._grid, None
            write(self._pages, tidy(grid.rows, grid.heads), grid.heads)
        elif tag == "pre":
            self._flush()
            self._preformatted = max(0, self._preformatted - 1)
        elif tag in _HEADINGS or tag == "li" or tag in _BLOCKS or tag in _CELLS:
            self._flush()

    def _leave_in_row(self, tag: str, node: LexborNode, grid: Grid) -> None:
        if tag in _CELLS:
            grid.add(" ".join("".join(self._inline).split()), node)
            self._inline.clear()
        elif tag == "tr":
            grid.end_row()
            self._in_row = False
        elif tag in _HEADINGS or tag == "li" or tag in _BLOCKS:
            self._inline.append(" ")

    def _flush(self) -> None:
        text, self._inline = "".join(self._inline), []
        kind, level = self._kind
        self._kind = ("paragraph", 0)
        if self._preformatted:
            self._pages.add(text, "code")
            return
        # Line breaks of the source are spaces; those of <br> came as "\n" of their own piece and look the same: both read well.
        text = _SPACES.sub(" ", text).strip()
        self._pages.add(self._marked(f"- {text}" if kind == "item" and text else text), kind, level)


def _said(node: LexborNode) -> str | None:
    """What a picture shows, by its alternative text, and a formula as LaTeX; None for other elements."""
    if node.tag == "img":
        return f" {node.attributes.get('alt') or ''} "
    if node.tag != "math":
        return None
    math = etree.fromstring(node.html or "", etree.XMLParser(recover=True, resolve_entities=False, no_network=True))
    said = latex(math) if math is not None else ""  # nothing is left of one that nests too deep for the parser
    return f"${said or ' '.join(node.text().split())}$"


def _children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.first_child
    while child is not None:
        yield child
        child = child.next
