"""A file that was opened to be translated: its segments, and itself again with these replaced. Made in the child."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from chatbot.tasks.translate.files.marked import Segment, fits
from chatbot.tasks.translate.files.spans import Span
from retrieval.reading.plain.encodings import decode

Write = Callable[[Sequence[str], str], bytes]
"""(a translation per segment, the target's code) -> the file"""
WriteText = Callable[[str, Sequence[tuple[Span, str]], str], str]
"""(the source, the spans whose translations fit with these, the target's code) -> the text"""


@dataclass(frozen=True, slots=True)
class Opened:
    """`ending` is that of the file that `write` gives; `doubts` names an encoding that was guessed. `fitted`, where the format has
    lines of a width, is as `write` with the most characters of a line."""

    ending: str
    segments: tuple[Segment, ...]
    write: Write
    doubts: str = ""
    fitted: Callable[[int], Write] | None = None


def open_text(
    path: Path,
    name: str,
    limits: Limits,
    *,
    find: Callable[[str], list[Span]],
    written: WriteText,
    declares: bool = False,
) -> Opened:
    """A file of decodable text. One that `declares` its encoding keeps it; others become UTF-8. Line ends stay as they are.

    Raises `RejectedFile`.
    """
    data = path.read_bytes()
    decoded = decode(data, declares=declares)
    if len(decoded.text) > limits.characters:
        raise RejectedFile("too_large", amount=f"{len(decoded.text)} characters", limit=str(limits.characters))
    newline = "\r\n" if "\r\n" in decoded.text else "\n"
    text = decoded.text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    spans = find(text)

    def write(targets: Sequence[str], code: str) -> bytes:
        if list(targets) == [one.segment.text for one in spans]:
            return data
        chosen = [(one, target) for one, target in zip(spans, targets, strict=True) if fits(one.segment, target)]
        result = written(text, chosen, code).replace("\n", newline)
        return _encoded(result, decoded.encoding if declares else "utf-8")

    doubts = "" if decoded.certain or decoded.text.isascii() else decoded.encoding
    ending = PurePosixPath(name).suffix.lower() or ".txt"
    return Opened(ending, tuple(one.segment for one in spans), write, doubts)


def _encoded(text: str, encoding: str) -> bytes:
    """What a declared encoding does not hold is written as references, which every browser reads."""
    wide = encoding.startswith(("utf-16", "utf-32"))
    return text.encode("utf-8" if encoding == "utf-8" else encoding, "strict" if wide else "xmlcharrefreplace")
