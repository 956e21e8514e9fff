"""One page of a PDF, or a picture, as it looks, with the words of a citation marked."""

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from threading import Event

from chatbot.common.limited import Limits, run
from chatbot.common.rejected import RejectedFile, shown
from retrieval.reading.ocr.marks import Share

DRAWN = ("pdf", "png", "jpeg")
"""Kinds of files that have a look of their own."""


def render_page(
    path: Path,
    page_number: int,
    start: int = 0,
    end: int = 0,
    scale: float = 1.5,
    *,
    shares: Sequence[Share] = (),
    name: str = "The file",
    limits: Limits | None = None,
    stop: Event | None = None,
) -> bytes:
    """A PNG of the page (from 1), `scale` pixels a point, with characters `start` to `end` of its `Page.text` marked, and where text
    was recognised, the boxes `shares`.

    Drawn in a limited child process, as reading is. Raises `RejectedFile`: "no_such_page", or as `readers.read`.
    """
    limits = limits or Limits(seconds=30.0, cpu_seconds=30)
    arguments = [str(path.resolve()), str(page_number), str(start), str(end), str(scale), json.dumps(list(shares))]
    given = {"name": shown(name)}
    if not path.is_file():
        raise RejectedFile("missing", **given)
    for record in run("retrieval.reading.pdf.render", arguments, limits, stop=stop, given=given):
        if isinstance(image := record.get("image"), str):
            return base64.b64decode(image)
    raise RejectedFile("crashed", **given)
