"""What is summarized: passages under headings, from typed text, a file or a document of the library, in sections.

Lengths are counted in words; two characters of a script without spaces count as one word.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, pairwise
from pathlib import Path
from threading import Event

from chatbot.errors import InputError
from retrieval.checks.sentences import spans
from retrieval.checks.words import tokens
from retrieval.library import Library
from retrieval.readers import Limits, read
from retrieval.split import split
from retrieval.types import Block, Page, Passage

LONGEST = 8_000_000  # characters of a typed text: 5 MB of any language, with room
SECTIONS = 24  # of one text at most: neighbours join
UNTITLED = 8  # sections of a long text that has no headings
SENTENCE = 6  # words that make a sentence, where it is asked whether there is any
STRETCH = 350  # words of a section that has no headings inside, about

ENDS = re.compile(r"[.!?…。！？؟।]['\"”’»)\]）】」』]*(?:\[\d{1,3}\])*\s*\Z")
"""How a sentence ends that is one."""
BEGINS = re.compile(r"[\"'“‘«(「『《【]?[^\W_]")
"""How it begins: not as an item of a list or of a bibliography does."""

Group = tuple[str, list[Passage]]
"""A section's title and passages."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_MARKED = re.compile(r"[ ]{0,3}(#{1,6})[ \t]+\S[^\n]*")
_NUMBERED = re.compile(r"(?:\A|(?<=\n\n))((?:\d{1,2}\.){0,3}\d{1,2}\.?)[ \t]+[^\n.!?。！？:]{2,80}(?=\n\n)")


@dataclass(frozen=True, slots=True)
class Section:
    """Passages that belong together. `start` and `end` are characters of the whole text, see `Text`."""

    title: str
    passages: tuple[Passage, ...]
    start: int
    end: int

    @property
    def pages(self) -> tuple[int, int]:
        return self.passages[0].page, self.passages[-1].page


@dataclass(frozen=True, slots=True)
class Text:
    """`name` is empty for typed text. `names` are those of the library's documents by id.

    The whole text is that of its pages, joined by one empty line; a passage's own offsets are those of its page.
    """

    name: str
    passages: tuple[Passage, ...]
    sections: tuple[Section, ...]
    words: int
    names: dict[str, str] = field(default_factory=dict)
    paged: bool = False  # whether page numbers mean something to a reader


def of_typed(text: str) -> Text:
    """Offsets are those of `text` as it was given. Raises `InputError` when it is empty or longer than `LONGEST`."""
    if len(text) > LONGEST:
        raise InputError(
            f"The text has {len(text):,} characters; at most {LONGEST:,} can be summarized. Send it in parts.",
            kind="summary_long",
            length=f"{len(text):,}",
            limit=f"{LONGEST:,}",
        )
    text = _SURROGATE.sub("\ufffd", _CONTROL.sub(" ", text.replace("\r\n", " \n").replace("\r", "\n")))
    if not any(character.isalnum() for character in text):
        raise InputError("There is nothing to summarize. Type or paste a text first.", kind="summary_empty")
    page = Page(1, text, blocks=_blocks(text))
    return _text("", [page], split([page]))


def of_file(path: Path, name: str, limits: Limits | None = None, stop: Event | None = None) -> Text:
    """Read in a limited child process. Raises `RejectedFile`, whose message says why."""
    reading = read(path, name, limits, stop=stop)
    return _text(name, reading.pages, split(reading.pages), paged=reading.kind in ("pdf", "pptx"))


def of_document(library: Library, owner: str, id: str) -> Text:
    """Raises `NotFound`, also for somebody else's, and `InputError` for one that could not be read."""
    document = library.get(owner, id)
    if not document.passages:
        raise InputError(f"{document.name} could not be read, so it cannot be summarized.", kind="summary_rejected")
    pages, passages = library.pages(owner, id), library.passages(owner, id)
    return _text(document.name, pages, passages, {id: document.name}, paged=document.kind in ("pdf", "pptx"))


def together(texts: Sequence[Text]) -> Text:
    """Several as one: the sections of each after the other's, titled with its name first; `InputError` for none."""
    if not texts:
        raise InputError("No document is chosen. Choose at least one.", kind="none_chosen")
    if len(texts) == 1:
        return texts[0]
    sections: list[Section] = []
    at, position = 0, 0
    for text in texts:
        for one in text.sections:
            title = f"{text.name}: {one.title}" if one.title else text.name
            moved = tuple(replace(passage, position=position + n) for n, passage in enumerate(one.passages))
            sections.append(Section(title, moved, at + one.start, at + one.end))
            position += len(moved)
        at = sections[-1].end + 2
    names = {id: name for text in texts for id, name in text.names.items()}
    passages = tuple(passage for one in sections for passage in one.passages)
    size = sum(text.words for text in texts)
    return Text(
        ", ".join(text.name for text in texts), passages, tuple(sections), size, names, any(t.paged for t in texts)
    )


def words(text: str) -> int:
    """Two characters of a script without spaces, begun ones too, count as one word."""
    found = tokens(text)
    dense = sum(token.dense for token in found)
    return len(found) - dense + (dense + 1) // 2


def _text(
    name: str,
    pages: Sequence[Page],
    passages: Sequence[Passage],
    names: dict[str, str] | None = None,
    paged: bool = False,
) -> Text:
    if not passages:
        raise InputError("There is nothing to summarize. Type or paste a text first.", kind="summary_empty")
    starts: dict[int, int] = {}
    at = 0
    for page in pages:
        starts[page.number] = at
        at += len(page.text) + 2
    sections = tuple(
        Section(title, tuple(group), starts[group[0].page] + group[0].start, starts[group[-1].page] + group[-1].end)
        for title, group in _grouped(passages)
    )
    return Text(name, tuple(passages), sections, sum(words(p.text) for p in passages), names or {}, paged)


def _blocks(text: str) -> tuple[Block, ...]:
    """Headings of Markdown, and numbered ones between empty lines; the paragraphs between them. None without headings."""
    found = [Block("heading", m.start(), m.end(), len(m[1])) for m in re.finditer(rf"(?m)^{_MARKED.pattern}$", text)]
    found = found or [
        Block("heading", m.start(), m.end(), m[1].strip(".").count(".") + 1) for m in _NUMBERED.finditer(text)
    ]
    if not found:
        return ()
    blocks: list[Block] = []
    bounds = [0, *(edge for heading in found for edge in (heading.start, heading.end)), len(text)]
    for number, (start, end) in enumerate(pairwise(bounds)):
        if number % 2:
            blocks.append(found[number // 2])
        else:
            blocks += _paragraphs(text, start, end)
    return tuple(blocks)


def _paragraphs(text: str, start: int, end: int) -> list[Block]:
    return [
        Block("paragraph", start + m.start(), start + m.end())
        for m in re.finditer(r"\S(?:(?!\n\s*\n).)*", text[start:end], re.DOTALL)
    ]


def _grouped(passages: Sequence[Passage]) -> list[Group]:
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
    return tuple(title.lstrip("# ").strip() for title in heading.split(" > ") if title and " | " not in title)


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
