"""Collects what a reader finds into pages, cleans it, keeps to the limits and sends each page to the parent."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal

from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from retrieval.reading.clean import Counts, clean
from retrieval.reading.flags import flag
from retrieval.types import Block, Flag, Page, Row, Table

BlockKind = Literal["heading", "paragraph", "item", "table", "code"]

PART = 20_000
"""Characters of a part, in formats without pages: small enough to show, store and cite."""

_TIGHT = {"item", "table"}  # follow one another on the next line, without an empty line between


class Pages:
    """Blocks go in, pages come out of `emit`. A reader of numbered pages calls `begin(number)` itself; otherwise pages are
    parts of about `PART` characters, numbered from 1."""

    def __init__(self, limits: Limits, emit: Callable[[Page, int | None], None], *, numbered: bool = False) -> None:
        self.flags: list[Flag] = []
        self.total: int | None = None  # pages of the file, where the reader knows it
        self._limits = limits
        self._emit = emit
        self._numbered = numbered
        self._number = 0
        self._characters = 0
        self._reset("")

    def _reset(self, label: str) -> None:
        self._label = label
        self._text: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []
        self._tables: list[tuple[tuple[str, ...], list[Row]]] = []
        self._counts = Counts()
        self._hidden: Counter[str] = Counter()
        self._page_flags: list[Flag] = []

    def begin(self, label: str = "") -> None:
        """A new page; the one before is sent."""
        self.finish()
        self._reset("")
        self.name(label)

    def name(self, label: str) -> None:
        """The title of the current page."""
        self._label = " ".join(clean(label, Counts()).split())[:200]

    def add(self, text: str, kind: BlockKind = "paragraph", level: int = 0) -> None:
        """One block. Consecutive rows of a table are given one by one and grow together; the first with level 1 is a header."""
        text = clean(text, self._counts).strip("\n")
        if not text.strip():
            return
        if not self._numbered and self._length and self._length + len(text) > PART:
            self.begin(self._label)
        start = 0
        while not self._numbered and len(text) - start > 2 * PART:
            cut = _cut(text, start)
            self._append(text[start:cut], kind, level)
            self.begin(self._label)
            start = cut
        self._append(text[start:], kind, level)

    def row(self, line: str, cells: Sequence[str], columns: tuple[str, ...], under: str = "") -> None:
        """A row of a table whose columns have those headers; `line` is how the page shows it, none of it a line end."""
        text = clean(line, self._counts)
        self.add(text, "table")
        if not text.strip() or len(text) > PART:  # so long a line may have been cut
            return
        row = Row(self._length - len(text), self._length, tuple(clean(cell, Counts()) for cell in cells), under)
        if not self._tables or self._tables[-1][0] is not columns:
            self._tables.append((columns, []))
        self._tables[-1][1].append(row)

    def hide(self, text: str, how: str) -> None:
        """Text that no reader would see: counted, not kept."""
        self._hidden[how] += len("".join(text.split()))

    def page_flag(self, code: str, **details: object) -> None:
        self._page_flags.append(flag(code, **details))

    def flag(self, code: str, **details: object) -> None:
        """A warning about the whole file, said once."""
        found = flag(code, **details)
        if found not in self.flags:
            self.flags.append(found)

    def whole(self, text: str, blocks: list[Block], tables: Sequence[Table] = ()) -> None:
        """The current page's text as it is, for readers that clean and measure it themselves."""
        self._text, self._length, self._blocks = [text], len(text), blocks
        self._tables = [(table.columns, [*table.rows]) for table in tables]

    @property
    def counts(self) -> Counts:
        return self._counts

    def finish(self) -> None:
        """Sends the current page. Numbered pages are sent even when they are empty, parts only with something in them."""
        warnings = self._warnings()
        if not self._numbered and not self._text and not warnings:
            return
        self._number += 1
        if self._number > self._limits.pages:
            self._too_large(f"{self._number} pages", f"{self._limits.pages}")
        text = "".join(self._text)
        self._characters += len(text)
        if self._characters > self._limits.characters:
            self._too_large(f"{self._characters} characters", f"{self._limits.characters}")
        tables = tuple(Table(columns, tuple(rows)) for columns, rows in self._tables)
        self._emit(Page(self._number, text, self._label, warnings, tuple(self._blocks), tables), self.total)
        self._reset(self._label)

    def _append(self, text: str, kind: BlockKind, level: int) -> None:
        last = self._blocks[-1] if self._blocks else None
        if self._text:
            gap = "\n" if last and last.kind == kind and kind in _TIGHT else "\n\n"
            self._text.append(gap)
            self._length += len(gap)
        start = self._length
        self._text.append(text)
        self._length += len(text)
        if last and last.kind == kind == "table" and level == 0:
            self._blocks[-1] = Block("table", last.start, self._length, last.level)
        else:
            self._blocks.append(Block(kind, start, self._length, level))

    def _warnings(self) -> tuple[Flag, ...]:
        found = list(self._page_flags)
        if self._hidden.total():
            how = ", ".join(sorted(self._hidden))
            found.append(flag("hidden_text", characters=self._hidden.total(), how=how))
        if self._counts.invisible:
            found.append(flag("invisible_characters", characters=self._counts.invisible))
        if self._counts.bidi:
            found.append(flag("bidi_controls", characters=self._counts.bidi))
        return tuple(found)

    def _too_large(self, amount: str, limit: str) -> None:
        raise RejectedFile("too_large", amount=amount, limit=limit)


def _cut(text: str, start: int) -> int:
    """Where to cut a block that fills more than two parts: after a line, else after a space, else anywhere."""
    for mark in ("\n\n", "\n", "。", ". ", " "):
        found = text.rfind(mark, start + PART // 2, start + PART)
        if found > 0:
            return found + len(mark)
    return start + PART
