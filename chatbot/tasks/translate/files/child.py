"""A file -> its segments, and translations of them -> the file, both in a child process that may not do much."""

import base64
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import cast

from chatbot.common.limited import Limits, run
from chatbot.common.rejected import RejectedFile, shown
from chatbot.tasks.translate.files.marked import Segment

_CHILD = "chatbot.tasks.translate.files"
LIMITS = Limits(file_bytes=50 << 20, characters=5_000_000)
"""Of a file to translate: a book is one million characters."""


@dataclass(frozen=True, slots=True)
class Source:
    """What of a file is to be translated. `ending` is that of the translation; `doubts` names an encoding that was guessed."""

    kind: str
    ending: str
    segments: tuple[Segment, ...]
    doubts: str = ""


def read(path: Path, name: str, limits: Limits = LIMITS, *, stop: Event | None = None) -> Source:
    """Raises `RejectedFile`, whose `code` is a key of `chatbot.common.rejected.REASONS`. Deterministic."""
    given = {"name": shown(name)}
    _check_size(path, limits, given["name"])
    kind = ending = doubts = ""
    segments: list[Segment] = []
    for record in run(_CHILD, [str(path.resolve()), given["name"]], limits, stop=stop, given=given):
        if "kind" in record:
            kind, ending, doubts = (str(record[key]) for key in ("kind", "ending", "doubts"))
        for text, kept, ordered, room in cast(list[tuple[str, list[int], bool, int]], record.get("segments", [])):
            segments.append(Segment(text, frozenset(kept), ordered, room))
    if not segments and kind == "pdf":  # of others the words are known: there are none
        raise RejectedFile("no_text", **given)
    return Source(kind, ending, tuple(segments), doubts)


def write(
    path: Path,
    name: str,
    targets: Sequence[str],
    code: str,
    limits: Limits = LIMITS,
    *,
    width: int = 0,
    stop: Event | None = None,
) -> bytes:
    """The file at `path` with one marked translation per segment, in the order of `read`; a segment's own text leaves it.

    `width` is the most characters of a line, where the format has lines; 0: what is usual.
    """
    given = {"name": shown(name)}
    data: list[bytes] = []
    with tempfile.TemporaryDirectory(prefix="banyan-") as folder:
        at = Path(folder) / "targets.json"
        at.write_text(json.dumps(list(targets)), "utf-8")
        arguments = [str(path.resolve()), given["name"], str(at), code, str(width)]
        for record in run(_CHILD, arguments, limits, stop=stop, given=given):
            if isinstance(piece := record.get("data"), str):
                data.append(base64.b64decode(piece))
    return b"".join(data)


def _check_size(path: Path, limits: Limits, name: str) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise RejectedFile("missing", name=name) from error
    if size == 0:
        raise RejectedFile("empty", name=name)
    if size > limits.file_bytes:
        amounts = {"amount": f"{size / 2**20:.1f} MB", "limit": f"{limits.file_bytes / 2**20:g} MB"}
        raise RejectedFile("too_large", **amounts, name=name)
