"""Pages -> passages: pieces of about one thought that an embedder can take in and a person can check."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil

from retrieval.text.articles import openings
from retrieval.text.sentences import sentences
from retrieval.text.tables import clipped, header, said
from retrieval.types import Block, Page, Passage, Row, Table

__all__ = ["estimated_tokens", "sentences", "split"]

SIZE = 240
"""Tokens of a passage at most: MiniLM and its kind read 256 and silently drop the rest."""

_ENOUGH = 0.5  # of the size: a passage this full ends rather than tear the next block apart
_SAID = 0.5  # of its length with headers, which is what a model reads of a row; the whole would leave one or two to a passage
_HEADING = 0.25  # of the size: a passage this full ends before a heading


def estimated_tokens(text: str) -> int:
    """About what a subword tokenizer makes of it, rather more than less (measured against MiniLM's on reports and articles).

    Five ASCII letters a token, three and a half of other alphabets, one character in scripts from U+2E80 on.
    """
    wide = sum(c >= "\u2e80" for c in text)
    figures = sum(c in "0123456789.,$%()|-/" for c in text)
    letters = sum(c < "\x80" for c in text) - figures
    other = len(text) - wide - figures - letters
    return ceil(wide + 0.7 * figures + letters / 5 + other / 3.5)


@dataclass(frozen=True, slots=True)
class _Atom:
    """What is only cut if it is too long itself: a sentence, a row, a line of code. `opens`: it begins a block; `article`: an
    article of a statute or a contract."""

    start: int
    end: int
    cost: int
    heading: str
    opens: bool
    is_heading: bool = False
    article: bool = False


def split(pages: Sequence[Page], size: int = SIZE, measure: Callable[[str], int] = estimated_tokens) -> list[Passage]:
    """Passages of at most `size` as `measure` counts, in order, without overlap, numbered by `position`.

    An article begins a passage, however short the one before is. Cuts fall between blocks where they can, else between sentences, rows or lines, else between words; a word is cut only
    when it alone is larger than `size`. Headings stay with what follows and are handed down in `Passage.heading`, as are
    the headers of a table that was cut. A row counts at least half as long as it is put to the model, with its headers. All characters but white
    space end up in exactly one passage.
    """
    passages: list[Passage] = []
    begins = openings(pages)
    trail: list[tuple[int, str]] = []
    label = ""
    for page in pages:
        if page.label != label:
            trail, label = ([(0, page.label)] if page.label else []), page.label
        atoms = _with_headings(list(_atoms(page, trail, begins.get(page.number, frozenset()), size, measure)))
        for group in _grouped(atoms, size):
            start, end = group[0].start, group[-1].end
            heading = next((atom.heading for atom in group if not atom.is_heading), group[-1].heading)
            tables = clipped(page.tables, start, end)
            passages.append(
                Passage(page.number, start, end, page.text[start:end], heading, len(passages), tables=tables)
            )
    return passages


def _grouped(atoms: Sequence[_Atom], size: int) -> Iterator[list[_Atom]]:
    """Greedy, but a block that does not fit whole moves on whole when what there is will do."""
    group: list[_Atom] = []
    cost = 0
    ahead = _block_costs(atoms)
    for atom, block_cost in zip(atoms, ahead, strict=True):
        too_much = cost + atom.cost > size
        apart = atom.opens and cost + block_cost > size and cost >= _ENOUGH * size
        chapter = atom.article or (atom.is_heading and cost >= _HEADING * size)
        after_heading = bool(group) and group[-1].is_heading
        if group and (too_much or ((apart or chapter) and not after_heading)):
            kept = _trailing_headings(group) if too_much else 0
            moved = group[len(group) - kept :] if kept < len(group) else []
            yield group[: len(group) - len(moved)]
            group = moved if sum(a.cost for a in moved) + atom.cost <= size else []
            if moved and not group:
                yield moved
            cost = sum(a.cost for a in group)
        group.append(atom)
        cost += atom.cost
    if group:
        yield group


def _with_headings(atoms: list[_Atom]) -> list[_Atom]:
    """An article begins with the headings above it."""
    for n in range(len(atoms) - 1, 0, -1):
        if atoms[n].article and atoms[n - 1].is_heading:
            atoms[n - 1] = replace(atoms[n - 1], article=True)
    return atoms


def _trailing_headings(group: Sequence[_Atom]) -> int:
    count = 0
    while count < len(group) and group[-1 - count].is_heading:
        count += 1
    return count


def _block_costs(atoms: Sequence[_Atom]) -> list[int]:
    """For each atom what is left of its block, from itself on."""
    costs = [atom.cost for atom in atoms]
    for k in range(len(atoms) - 2, -1, -1):
        if not atoms[k + 1].opens:
            costs[k] += costs[k + 1]
    return costs


def _atoms(
    page: Page, trail: list[tuple[int, str]], begins: Set[int], size: int, measure: Callable[[str], int]
) -> Iterator[_Atom]:
    """The atoms of a page; `trail` is the chain of headings, kept from page to page. Articles begin at `begins`."""
    read = {row.start: (table, row) for table in page.tables for row in table.rows}
    for block in page.blocks or _paragraphs(page.text):
        text = page.text[block.start : block.end]
        if block.kind == "heading":
            while trail and trail[-1][0] >= block.level:
                trail.pop()
            trail.append((block.level, " ".join(text.split())[:200]))
        heading = " > ".join(dict.fromkeys(title for _, title in trail))
        cuts = sorted(at - block.start for at in begins if block.start < at < block.end)
        for count, (start, end) in enumerate(_cut_at(cuts, text, _pieces(block, text, read))):
            table, row = read.get(block.start + start, (None, None))
            above = header(table)[:200] if table else ""
            under = f"{heading} > {above}".removeprefix(" > ") if above else heading
            least = min(size, int(_SAID * measure(said(table, row)))) if table and row else 0
            article = block.start + start in begins
            opens = count == 0 or article
            for a, b, cost in _fitting(text, start, end, size, measure):
                at = (block.start + a, block.start + b)
                yield _Atom(*at, max(cost, least), under, opens, block.kind == "heading", article)
                opens = article = False


def _pieces(block: Block, text: str, read: Mapping[int, tuple[Table, Row]]) -> list[tuple[int, int]]:
    """Rows of a table, which may be longer than a line, lines of code, else sentences."""
    if block.kind == "table":
        return _rows(block, text, read)
    return _lines(text) if block.kind == "code" else sentences(text)


def _cut_at(cuts: Sequence[int], text: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The spans, cut where articles begin: a heading ends with no mark."""
    for start, end in spans:
        bounds = [start, *(at for at in cuts if start < at < end), end]
        yield from ((a, a + len(text[a:b].rstrip())) for a, b in pairwise(bounds))


def _rows(block: Block, text: str, read: Mapping[int, tuple[Table, Row]]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for start, end in _lines(text):
        _, row = read.get(block.start + start, (None, None))
        if not spans or start >= spans[-1][1]:
            spans.append((start, max(end, row.end - block.start) if row else end))
    return spans


def _lines(text: str) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    at = 0
    for line in text.split("\n"):
        if line.strip():
            spans.append((at + len(line) - len(line.lstrip()), at + len(line.rstrip())))
        at += len(line) + 1
    return spans


def _paragraphs(text: str) -> list[Block]:
    """Structure for pages that came without: what stands between empty lines."""
    blocks: list[Block] = []
    at = 0
    for piece in text.split("\n\n"):
        if piece.strip():
            blocks.append(Block("paragraph", at, at + len(piece)))
        at += len(piece) + 2
    return blocks


def _fitting(
    text: str, start: int, end: int, size: int, measure: Callable[[str], int]
) -> Iterator[tuple[int, int, int]]:
    """The span itself when it fits, else cut at clauses, words or, within an endless word, anywhere."""
    while start < end:
        cost = measure(text[start : min(end, start + 16 * size)])
        if cost <= size and end - start <= 16 * size:
            yield start, end, cost
            return
        cut = _cut(text, start, end, size, measure)
        stop = start + len(text[start:cut].rstrip())
        yield start, stop, measure(text[start:stop])
        start = cut + len(text[cut:end]) - len(text[cut:end].lstrip()) if text[cut : cut + 1].isspace() else cut


def _cut(text: str, start: int, end: int, size: int, measure: Callable[[str], int]) -> int:
    """The last good place at which no more than `size` lies before it."""
    low, high = start + 1, min(end, start + 16 * size)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[start:middle]) <= size:
            low = middle
        else:
            high = middle - 1
    half = start + (low - start) // 2
    for marks in ("\n", ";；:：", ",，、", " \t\u3000"):
        found = max(text.rfind(mark, half, low - 1) for mark in marks)
        if found > start and (text[found].isspace() or _is_clause_end(text, found)):
            return found + 1
    return _between_words(text, start, low, end)


def _is_clause_end(text: str, mark: int) -> bool:
    return text[mark] > "\x7f" or text[mark + 1 : mark + 2].isspace()


def _between_words(text: str, start: int, at: int, end: int) -> int:
    """Backwards to where two words meet; scripts without spaces meet everywhere but inside a cluster."""
    for cut in range(at, max(start, at - 200), -1):
        if cut >= end or not (_joins(text[cut - 1]) and _joins(text[cut])):
            return cut
    return at


def _joins(letter: str) -> bool:
    return letter.isalnum() and letter < "\u2e80"
