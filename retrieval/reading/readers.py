"""A file -> pages of text, read in a limited child process.

The name a person gave the file is metadata: it is shown and its ending is held against the content, but it is never a path.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import cast

from chatbot.common.limited import Limits, Record, run
from chatbot.common.rejected import RejectedFile, shown
from retrieval.reading.flags import without_text
from retrieval.reading.kinds import unit
from retrieval.reading.scans import recognised
from retrieval.types import Block, Flag, Kind, Page, Row, Table

__all__ = ["Limits", "Reading", "RejectedFile", "read"]

_RowRecord = tuple[int, int, list[str], str]
Progress = Callable[[int, int | None], None]
"""Called with the pages read so far and their number, where that is known."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A file's text. `warnings` concern the whole file; those of one page are with the page."""

    kind: Kind
    pages: tuple[Page, ...]
    warnings: tuple[Flag, ...] = ()


def read(
    path: Path,
    name: str,
    limits: Limits | None = None,
    *,
    progress: Progress | None = None,
    stop: Event | None = None,
) -> Reading:
    """Read the file at `path`, which people call `name`.

    Raises `RejectedFile`, whose `code` is a key of `chatbot.common.rejected.REASONS`. Safe to call from any thread; blocks until
    the child is done.
    """
    limits = limits or Limits()
    given = {"name": shown(name)}
    _check_size(path, limits, given)
    pages: list[Page] = []
    warnings: list[Flag] = []
    kind: Kind | None = None
    characters = 0
    for record in run("retrieval.reading", [str(path.resolve()), str(given["name"])], limits, stop=stop, given=given):
        if "kind" in record:
            kind = str(record["kind"])
        if "page" in record:
            page = _page(record)
            characters += len(page.text)
            if characters > limits.characters or len(pages) >= limits.pages:  # a child that ignores its limits
                raise RejectedFile("crashed", **given)
            pages.append(page)
        if "flag" in record:
            warnings.append(_flag(cast(Record, record["flag"])))
        if progress and "progress" in record:
            done, total = cast(tuple[int, int | None], record["progress"])
            progress(done, total)
    if kind == "pdf" and any(not page.text.strip() for page in pages):
        pages = recognised(path, pages, limits, given, progress, stop)
    if kind is None or not any(page.text.strip() for page in pages):
        lost = any(flag.code == "illegible" for page in pages for flag in page.warnings)
        raise RejectedFile("illegible" if lost else "no_text", **given)
    missing = without_text(pages, unit(kind)) if unit(kind) != "part" else []
    return Reading(kind, tuple(pages), (*warnings, *missing))


def _check_size(path: Path, limits: Limits, given: Mapping[str, object]) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise RejectedFile("missing", **given) from error
    if size == 0:
        raise RejectedFile("empty", **given)
    if size > limits.file_bytes:
        amounts = {"amount": f"{size / 2**20:.1f} MB", "limit": f"{limits.file_bytes / 2**20:g} MB"}
        raise RejectedFile("too_large", **amounts, **given)


def _page(record: Record) -> Page:
    fields = cast(dict[str, object], record["page"])
    return Page(
        number=int(cast(int, fields["number"])),
        text=str(fields["text"]),
        label=str(fields["label"]),
        warnings=tuple(_flag(flag) for flag in cast(list[Record], fields["warnings"])),
        blocks=tuple(Block(*block) for block in cast(list[tuple[str, int, int, int]], fields["blocks"])),  # type: ignore[arg-type]
        tables=tuple(_table(*table) for table in cast(list[tuple[list[str], list[_RowRecord]]], fields["tables"])),
    )


def _table(columns: list[str], rows: list[_RowRecord]) -> Table:
    return Table(tuple(columns), tuple(Row(start, end, tuple(cells), under) for start, end, cells, under in rows))


def _flag(fields: Record) -> Flag:
    return Flag(str(fields["code"]), str(fields["text"]), cast(dict[str, object], fields["details"]))
