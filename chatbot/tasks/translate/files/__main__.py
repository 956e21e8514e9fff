"""The child that reads a file for translation, or writes it: `python -m chatbot.tasks.translate.files LIMITS PATH NAME [TARGETS CODE WIDTH]`.

Without TARGETS (a JSON list of marked texts on disk) it says the segments; with it, the file as pieces of base64.
"""

import base64
import json
import sys
from importlib import import_module
from pathlib import Path, PurePosixPath

from chatbot.common.confine import confine, rejections, say
from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from chatbot.tasks.translate.files import kinds
from chatbot.tasks.translate.files.opened import Opened
from retrieval.reading.kinds import reader
from retrieval.reading.sniff import sniff

_PIECE = 3 << 20  # bytes of the file in one record
_BATCH = 500  # segments in one record


def main(limits: Limits, path: Path, name: str, targets: Path | None = None, code: str = "", width: int = 0) -> None:
    with rejections(limits):
        row = _row(path, name, limits)
        opened: Opened = import_module(f"chatbot.tasks.translate.files.{row.module}").opened(path, name, limits)
        if targets is None:
            say(kind=row.kind, ending=opened.ending, doubts=opened.doubts)
            for at in range(0, len(opened.segments), _BATCH):
                batch = opened.segments[at : at + _BATCH]
                say(segments=[(s.text, sorted(s.kept), s.ordered, s.room) for s in batch])
        else:
            texts = json.loads(targets.read_text("utf-8"))
            if len(texts) != len(opened.segments):
                raise RejectedFile("damaged")
            write = opened.fitted(width) if opened.fitted and width else opened.write
            data = write(texts, code)
            for at in range(0, len(data), _PIECE):
                say(data=base64.b64encode(data[at : at + _PIECE]).decode("ascii"))
        say(end=True)


def _row(path: Path, name: str, limits: Limits) -> kinds.Translatable:
    kind = sniff(path, name, limits)
    row = kinds.row_of(kind, name)
    if row is None:
        ending = PurePosixPath(name).suffix.lower()
        found = f"a file with the ending {ending}" if kind in ("text", "code") and ending else reader(kind).called
        raise RejectedFile("unsupported", found=found, readable=kinds.translatable())
    return row


if __name__ == "__main__":
    bounds = Limits(**json.loads(sys.argv[1]))
    confine(bounds)
    source, called, *rest = sys.argv[2:]
    if rest:
        texts, language, wide = rest
        main(bounds, Path(source), called, Path(texts), language, int(wide))
    else:
        main(bounds, Path(source), called)
