"""Where the sections of a text begin and end.

Lengths are counted in words; two characters of a script without spaces count as one word.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from retrieval.checks.sentences import spans
from retrieval.text.tables import clipped
from retrieval.text.words import tokens
from retrieval.types import Page, Passage

SECTIONS = 48  # of one text at most: neighbours join
UNTITLED = 8  # sections of a long text that has no headings
SENTENCE = 6  # words that make a sentence, where it is asked whether there is any
STRETCH = 350  # words of a section that has no headings inside, about

ENDS = re.compile(r"[.!?…。！？؟।]['\"”’»)\]）】」』]*(?:\[\d{1,3}\])*\s*\Z")
"""How a sentence ends that is one."""
BEGINS = re.compile(r"[\"'“‘«(「『《【#]?[^\W_]")
"""How it begins: not as an item of a list or of a bibliography does."""

Group = tuple[str, list[Passage]]
"""A section's title and passages."""


def words(text: str) -> int:
    """Two characters of a script without spaces, begun ones too, count as one word."""
    found = tokens(text)
    dense = sum(token.dense for token in found)
    return len(found) - dense + (dense + 1) // 2


def cut_at_headings(pages: Sequence[Page], passages: Sequence[Passage]) -> list[Passage]:
    """`passages` cut where a heading stands inside, numbered anew, each under the chain of headings above its text."""
    chains = {page.number: chain for page, chain in zip(pages, _chains(pages), strict=True)}
    pieces: list[Passage] = []
    for passage in passages:
        starts = [at for at, _ in chains[passage.page] if passage.start < at < passage.end]
        for start, end in pairwise([passage.start, *starts, passage.end]):
            text = passage.text[start - passage.start : end - passage.start].rstrip()
            heading = next((chain for at, chain in reversed(chains[passage.page]) if at <= start), passage.heading)
            tables = clipped(passage.tables, start - passage.start, end - passage.start)
            piece = replace(passage, start=start, end=start + len(text), text=text, heading=heading, tables=tables)
            pieces.append(piece)
    return [replace(piece, position=n) for n, piece in enumerate(piece for piece in pieces if piece.text)]


def _chains(pages: Sequence[Page]) -> list[list[tuple[int, str]]]:
    """For each page where its headings begin, with the chain of headings from there on; those in a row begin as one."""
    found: list[list[tuple[int, str]]] = []
    trail: list[tuple[int, str]] = []
    label = ""
    for page in pages:
        if page.label != label:
            trail, label = ([(0, page.label)] if page.label else []), page.label
        here: list[tuple[int, str]] = []
        last_end = -1
        for block in page.blocks:
            if block.kind != "heading":
                continue
            while trail and trail[-1][0] >= block.level:
                trail.pop()
            title = " ".join(page.text[block.start : block.end].split()).strip("# ")[:200]
            trail.append((block.level, title))
            start = block.start
            if here and not page.text[last_end : block.start].strip():
                start = here.pop()[0]
            last_end = block.end
            here.append((start, " > ".join(dict.fromkeys(title for _, title in trail))))
        found.append(here)
    return found


def grouped(passages: Sequence[Passage]) -> list[Group]:
    """By the deepest headings that give few enough sections; what is long and has no headings inside, in stretches."""
    groups = _joined(_with_sentences(_under_headings(passages)))
    counts = [[words(passage.text) for passage in group] for _, group in groups]
    return [
        part
        for (title, group), sizes in zip(groups, counts, strict=True)
        for part in _stretches(title, group, sizes, sum(map(sum, counts)))
    ]


def _under_headings(passages: Sequence[Passage]) -> list[Group]:
    trails = [_trail(passage.heading) for passage in passages]
    for depth in (3, 2, 1):
        groups = _by_heading(passages, trails, depth)
        if 1 < len(groups) <= SECTIONS:
            return groups
    return _by_heading(passages, trails, 1)


def _trail(heading: str) -> tuple[str, ...]:
    """The chain of headings without the header of a table, which the splitter adds at its end."""
    return tuple(title for title in heading.split(" > ") if title and " | " not in title)


def _by_heading(passages: Sequence[Passage], trails: Sequence[tuple[str, ...]], depth: int) -> list[Group]:
    pairs = zip(passages, trails, strict=True)
    groups = groupby(pairs, key=lambda pair: pair[1][:depth])
    return [(trail[-1] if trail else "", [passage for passage, _ in group]) for trail, group in groups]


def _with_sentences(groups: Sequence[Group]) -> list[Group]:
    """A title page, a menu or a lone table joins what follows it, or else what stands before it."""
    whole: list[Group] = []
    waiting: list[Passage] = []
    for title, group in groups:
        if any(_is_sentence(passage.text[a:b]) for passage in group for a, b in spans(passage.text)):
            whole.append((title, [*waiting, *group]))
            waiting = []
        else:
            waiting += group
    if waiting and whole:
        whole[-1][1].extend(waiting)
    return whole or [(groups[0][0], waiting)]


def _is_sentence(text: str) -> bool:
    return bool(BEGINS.match(text) and ENDS.search(text)) and words(text) >= SENTENCE


def _joined(groups: list[Group]) -> list[Group]:
    """Neighbours together, so that `SECTIONS` are left; the title is the first one's and the last one's."""
    step = -(-len(groups) // SECTIONS)
    if step == 1:
        return groups
    joined = []
    for at in range(0, len(groups), step):
        some = groups[at : at + step]
        titles = list(dict.fromkeys(title for title in (some[0][0], some[-1][0]) if title))
        joined.append((" – ".join(titles), [passage for _, group in some for passage in group]))
    return joined


def _stretches(title: str, group: list[Passage], counts: Sequence[int], whole: int) -> list[Group]:
    """`group` in pieces of about `STRETCH` words, of which a text has about `UNTITLED`."""
    total = sum(counts)
    number = min(len(group), round(total / max(STRETCH, whole / UNTITLED)))
    if number < 2:
        return [(title, group)]
    stretches: list[list[Passage]] = [[] for _ in range(number)]
    before = 0
    for passage, count in zip(group, counts, strict=True):
        stretches[min(number - 1, int((before + count / 2) * number / max(1, total)))].append(passage)
        before += count
    return [(title, stretch) for stretch in stretches if stretch]
