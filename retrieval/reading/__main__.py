"""The child that reads one file: `python -m retrieval.reading LIMITS PATH NAME`, records on standard output."""

import json
import sys
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from chatbot.common.confine import confine, rejections, say
from chatbot.common.limited import Limits
from retrieval.reading.kinds import reader, unit
from retrieval.reading.pages import Pages
from retrieval.reading.sniff import sniff
from retrieval.types import Page


def emit(page: Page, total: int | None) -> None:
    fields = asdict(page)
    fields["blocks"] = [(b.kind, b.start, b.end, b.level) for b in page.blocks]
    fields["tables"] = [(t.columns, [(r.start, r.end, r.cells, r.under) for r in t.rows]) for t in page.tables]
    say(page=fields, progress=(page.number, total))


def main(limits: Limits, path: Path, name: str) -> None:
    with rejections(limits):
        kind = sniff(path, name, limits)
        say(kind=kind)
        pages = Pages(limits, emit, numbered=unit(kind) != "part")
        import_module(f"retrieval.reading.{reader(kind).module}").read(path, name, pages, limits)
        pages.finish()
        for flag in pages.flags:
            say(flag=asdict(flag))
        say(end=True)


if __name__ == "__main__":
    bounds = Limits(**json.loads(sys.argv[1]))
    confine(bounds)
    main(bounds, Path(sys.argv[2]), sys.argv[3])
