"""A file of any kind that can be translated, opened: its segments, and itself again with these replaced. Runs in the child."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from chatbot.tasks.translate.files import markdown, plain, portable, web
from chatbot.tasks.translate.files.marked import Segment, fits
from chatbot.tasks.translate.files.spans import replaced
from chatbot.tasks.translate.files.word import Package
from retrieval.reading.plain.encodings import decode
from retrieval.reading.sniff import CALLED, sniff

READABLE = "DOCX, HTML, Markdown, TXT, SRT, VTT or PDF"

Write = Callable[[Sequence[str], str], bytes]
"""(a translation per segment, the target's code) -> the file"""


@dataclass(frozen=True, slots=True)
class Opened:
    """`ending` is that of the file that `write` gives; `doubts` names an encoding that was guessed."""

    kind: str
    ending: str
    segments: tuple[Segment, ...]
    write: Write
    doubts: str = ""


def open_file(path: Path, name: str, limits: Limits) -> Opened:
    """Raises `RejectedFile`."""
    kind = sniff(path, name, limits)
    ending = PurePosixPath(name).suffix.lower()
    if kind == "docx":
        return _docx(path)
    if kind == "pdf":
        return _pdf(path, name, limits)
    if kind not in ("html", "markdown", "text"):
        raise RejectedFile("unsupported", found=CALLED[kind], readable=READABLE)
    return _text(path, kind, ending, limits)


def _docx(path: Path) -> Opened:
    package = Package(path.read_bytes())

    def write(targets: Sequence[str], code: str) -> bytes:
        for paragraph, target in zip(package.paragraphs, targets, strict=True):
            if target != paragraph.segment.text:
                paragraph.write(target)
        return package.written()

    return Opened("docx", ".docx", tuple(p.segment for p in package.paragraphs), write)


def _pdf(path: Path, name: str, limits: Limits) -> Opened:
    found = portable.stretches(path, name, limits)
    numbers = [at for at, stretch in enumerate(found) if portable.is_text(stretch)]

    def write(targets: Sequence[str], code: str) -> bytes:
        texts = [stretch.text for stretch in found]
        for at, target in zip(numbers, targets, strict=True):
            texts[at] = target
        return portable.written(found, texts)

    return Opened("pdf", ".docx", tuple(Segment(found[at].text) for at in numbers), write)


def _text(path: Path, kind: str, ending: str, limits: Limits) -> Opened:
    data = path.read_bytes()
    decoded = decode(data, declares=kind == "html")
    if len(decoded.text) > limits.characters:
        raise RejectedFile("too_large", amount=f"{len(decoded.text)} characters", limit=str(limits.characters))
    newline = "\r\n" if "\r\n" in decoded.text else "\n"
    text = decoded.text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    find = {"html": web.spans, "markdown": markdown.spans}.get(kind, plain.spans)
    spans = find(text)

    def write(targets: Sequence[str], code: str) -> bytes:
        chosen = [(one, target) for one, target in zip(spans, targets, strict=True) if fits(one.segment, target)]
        if kind == "markdown":
            result = markdown.written(text, chosen)
        elif kind == "html":
            result = web.with_language(replaced(text, chosen, web.escape), code)
        else:
            result = plain.written(text, chosen)
        result = result.replace("\n", newline)
        return _encoded(result, decoded.encoding if kind == "html" else "utf-8")

    doubts = "" if decoded.certain or decoded.text.isascii() else decoded.encoding
    return Opened(kind, ending or ".txt", tuple(one.segment for one in spans), write, doubts)


def _encoded(text: str, encoding: str) -> bytes:
    """HTML keeps the encoding it declares; what that does not hold is written as references, which every browser reads."""
    wide = encoding.startswith(("utf-16", "utf-32"))
    return text.encode("utf-8" if encoding == "utf-8" else encoding, "strict" if wide else "xmlcharrefreplace")
