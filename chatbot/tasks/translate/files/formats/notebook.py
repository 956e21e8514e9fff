"""Jupyter notebooks: the text cells as Markdown; code, outputs and everything else stay."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from chatbot.tasks.translate.files.markdown import reader as markdown
from chatbot.tasks.translate.files.marked import fits
from chatbot.tasks.translate.files.opened import Opened

_LAYOUTS: tuple[dict[str, Any], ...] = tuple(
    {"ensure_ascii": ascii, "indent": indent, "separators": separators}
    for ascii in (False, True)
    for indent, separators in ((1, None), (2, None), (4, None), (None, (",", ":")), (None, None))
)


def opened(path: Path, name: str, limits: Limits) -> Opened:
    """Raises `RejectedFile`."""
    data = path.read_bytes()
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
        texts = list(map(_source, cells))
    except (ValueError, LookupError, TypeError) as error:
        raise RejectedFile("damaged", name=name) from error
    spans = [markdown.spans(text) for text in texts]

    def write(targets: Sequence[str], code: str) -> bytes:
        left, before = iter(targets), list(map(_source, cells))
        for cell, text, own in zip(cells, texts, spans, strict=True):
            chosen = [(one, target) for one, target in zip(own, left, strict=False) if fits(one.segment, target)]
            made = markdown.written(text, chosen)
            cell["source"] = made.splitlines(keepends=True) if isinstance(cell["source"], list) else made
        return _written(notebook, data, layout) if before != list(map(_source, cells)) else data

    layout = _layout(notebook, data)
    return Opened(".ipynb", tuple(one.segment for own in spans for one in own), write)


def _source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def _layout(notebook: Any, data: bytes) -> dict[str, Any]:
    """How the file was written; as Jupyter writes where it was otherwise."""
    text = data.decode("utf-8-sig").strip()
    return next((layout for layout in _LAYOUTS if json.dumps(notebook, **layout) == text), _LAYOUTS[0])


def _written(notebook: Any, data: bytes, layout: dict[str, Any]) -> bytes:
    return json.dumps(notebook, **layout).encode() + data[len(data.rstrip()) :]
