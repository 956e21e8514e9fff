"""What is summarized: passages under headings, from typed text, a file or a document of the library, in sections.

Lengths are counted in words; two characters of a script without spaces count as one word.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from threading import Event

from chatbot.common.errors import InputError
from chatbot.tasks.summarize.sections import cut_at_headings, grouped, words
from retrieval.library import Library
from retrieval.reading.kinds import unit
from retrieval.reading.readers import Limits, read
from retrieval.text.split import split
from retrieval.types import Block, Page, Passage

LONGEST = 8_000_000  # characters of a typed text: 5 MB of any language, with room

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
    return _text("", [page])


def of_file(path: Path, name: str, limits: Limits | None = None, stop: Event | None = None) -> Text:
    """Read in a limited child process. Raises `RejectedFile`, whose message says why."""
    reading = read(path, name, limits, stop=stop)
    return _text(name, reading.pages, paged=unit(reading.kind) != "part")


def of_document(library: Library, owner: str, id: str, stop: Event | None = None) -> Text:
    """Its original is read again, since the library keeps no headings inside a passage; its pages are the same.

    Raises `NotFound`, also for somebody else's, and `InputError` for one that could not be read.
    """
    document = library.get(owner, id)
    if not document.passages:
        raise InputError(f"{document.name} could not be read, so it cannot be summarized.", kind="summary_rejected")
    found = of_file(library.original(owner, id), document.name, stop=stop)
    sections = tuple(
        replace(one, passages=tuple(replace(passage, document=id) for passage in one.passages))
        for one in found.sections
    )
    return replace(
        found,
        passages=tuple(passage for one in sections for passage in one.passages),
        sections=sections,
        names={id: document.name},
    )


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


def _text(name: str, pages: Sequence[Page], *, paged: bool = False) -> Text:
    passages = cut_at_headings(pages, split(pages))
    if not passages:
        raise InputError("There is nothing to summarize. Type or paste a text first.", kind="summary_empty")
    starts: dict[int, int] = {}
    at = 0
    for page in pages:
        starts[page.number] = at
        at += len(page.text) + 2
    sections = tuple(
        Section(title, tuple(group), starts[group[0].page] + group[0].start, starts[group[-1].page] + group[-1].end)
        for title, group in grouped(passages)
    )
    size = sum(words(passage.text) for passage in passages)
    return Text(name, tuple(passages), sections, size, paged=paged)


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
