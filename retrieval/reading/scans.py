"""Pages of a PDF that are pictures, read by text recognition in a child of its own, since that takes seconds a page."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import cast

from chatbot.common.limited import Limits, Record, run
from retrieval.reading.flags import flag
from retrieval.types import Block, Page

PAGE_SECONDS = 30
"""Of wall clock and of processor time that one page may take on average."""
MOST = 300  # pages of one file: two and a half hours at worst


def recognised(
    path: Path,
    pages: Sequence[Page],
    limits: Limits,
    given: Mapping[str, object],
    progress: Callable[[int, int | None], None] | None,
    stop: Event | None,
) -> list[Page]:
    """The pages, with text where they had none and something is written on them. Raises `RejectedFile`."""
    numbers = [page.number for page in pages if not page.text.strip()][:MOST]
    seconds = PAGE_SECONDS * (len(numbers) + 1)
    bounds = replace(limits, seconds=float(seconds), cpu_seconds=seconds)
    found: dict[int, Record] = {}
    for record in run(
        "retrieval.reading.ocr", [str(path.resolve()), *map(str, numbers)], bounds, stop=stop, given=given
    ):
        if "number" in record:
            found[cast(int, record["number"])] = record
        if progress and "progress" in record:
            progress(*cast(tuple[int, int | None], record["progress"]))
    return [_with(page, found[page.number]) if page.number in found else page for page in pages]


def _with(page: Page, record: Record) -> Page:
    told = flag("ocr", confidence=record["confidence"], marks=record["marks"])
    blocks = tuple(Block(*block) for block in cast(list[tuple[str, int, int, int]], record["blocks"]))  # type: ignore[arg-type]
    kept = tuple(one for one in page.warnings if one.code != "illegible")
    return replace(page, text=str(record["text"]), blocks=blocks, warnings=(*kept, told))
