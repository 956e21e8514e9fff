"""What is read for a table: typed text, a file or a document of the library, whole, and the windows that a model reads."""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

from chatbot.common.errors import InputError
from retrieval.checks.sentences import spans
from retrieval.library import Library
from retrieval.reading.kinds import unit
from retrieval.reading.readers import Limits, read

LONGEST = 2_000_000  # characters

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Text:
    """`name` is empty for typed text, `document` for what is none of the library: by its id saved tables go with it. `pages` are where each begins in `text`, which joins them by one empty line; none where
    their numbers mean nothing to a reader."""

    name: str
    text: str
    pages: tuple[int, ...] = ()
    document: str = ""

    def page(self, at: int) -> int:
        """The number of the page on which that character stands; 0 where there are none."""
        return bisect_right(self.pages, at)


def of_typed(text: str) -> Text:
    """Offsets are those of `text` as it was given. Raises `InputError` when it is empty or longer than `LONGEST`."""
    return _checked(Text("", _CONTROL.sub(" ", text.replace("\r\n", " \n").replace("\r", "\n"))))


def of_file(path: Path, name: str, limits: Limits | None = None, stop: Event | None = None) -> Text:
    """Read in a limited child process. Raises `RejectedFile`, whose message says why."""
    reading = read(path, name, limits, stop=stop)
    starts, at = [], 0
    for page in reading.pages:
        starts.append(at)
        at += len(page.text) + 2
    text = "\n\n".join(page.text for page in reading.pages)
    return _checked(Text(name, text, tuple(starts) if unit(reading.kind) != "part" else ()))


def of_document(library: Library, owner: str, id: str, stop: Event | None = None) -> Text:
    """Raises `NotFound`, also for somebody else's."""
    document = library.get(owner, id)
    return replace(of_file(library.original(owner, id), document.name, stop=stop), document=id)


def _checked(text: Text) -> Text:
    if not any(sign.isalnum() for sign in text.text):
        raise InputError("There is nothing to read. Type or paste a text first.", kind="extract_empty")
    if len(text.text) > LONGEST:
        raise InputError(
            f"The text has {len(text.text):,} characters; at most {LONGEST:,} are read. Send it in parts.",
            kind="extract_long",
            length=f"{len(text.text):,}",
            limit=f"{LONGEST:,}",
        )
    return text


def windows(text: str, size: int, count: Callable[[str], int]) -> list[tuple[int, int]]:
    """Stretches of whole lines, or of sentences where a line is longer, of about `size` tokens each."""
    pieces = [
        (piece, count(text[slice(*piece)])) for line in lines(text) for piece in _fitting(text, line, size, count)
    ]
    found: list[tuple[int, int]] = []
    used = 0
    for (start, end), tokens in pieces:
        if found and used + tokens <= size:
            found[-1], used = (found[-1][0], end), used + tokens
        else:
            found.append((start, end))
            used = tokens
    return found


def lines(text: str) -> list[tuple[int, int]]:
    """Those that say something."""
    return [m.span() for m in re.finditer(r"[^\n]*\S[^\n]*", text)]


def units(text: str) -> list[tuple[int, int]]:
    """Sentences, none of them over the end of a line."""
    return [(start + a, start + b) for start, end in lines(text) for a, b in spans(text[start:end])]


def _fitting(text: str, line: tuple[int, int], size: int, count: Callable[[str], int]) -> Sequence[tuple[int, int]]:
    start, end = line
    if end - start <= size or count(text[start:end]) <= size:  # a token has a character at least
        return [line]
    return [(start + at, start + min(at + size, b)) for a, b in spans(text[start:end]) for at in range(a, b, size)]
