"""A file from a stranger -> lines of text: size limits, gzip, and encodings that are told, not guessed in silence."""

import bz2
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chatbot.common.errors import InputError
from finetune.data.examples import Fault, Format

MAX_BYTES = 512 * 2**20  # of the file, unpacked
MAX_ROWS = 1_000_000
MAX_LINE = 4 * 2**20  # bytes of a line, and of a row: about a million tokens
SAMPLE = 2**20
EVIDENCE = 40  # bytes beyond ASCII that the guess of an old encoding needs

_FAULTS = {
    "encoding": "The line holds bytes that are not {encoding} text. Please save the file as UTF-8.",
    "too_large": f"The line is longer than {MAX_LINE // 2**20} MiB.",
}
_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_KINDS = (
    (b"%PDF", "a PDF. A data set must be CSV, TSV, JSON, JSONL, Excel or Parquet"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook. Please save the table as CSV"),
)
# The single-byte ones come last: every file is valid under them, so they explain nothing.
_LEGACY = ["gb18030", "big5", "cp932", "euc_jp", "cp949", "cp1251", "cp1252"]
_NAMES = {"gb18030": "GB18030", "big5": "Big5", "cp932": "Shift-JIS", "euc_jp": "EUC-JP", "cp949": "EUC-KR"}


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its end; a faulty line has no text."""

    number: int
    text: str
    fault: Literal["", "encoding", "too_large"] = ""


@dataclass(frozen=True, slots=True)
class Source:
    """An open file: its unpacked bytes, and the fraction of it that was read."""

    file: io.BufferedReader
    fraction: Callable[[], float]


class Damaged(Exception):
    """The compressed file ends or breaks in the middle."""


class _Limited(io.RawIOBase):
    """Counts what is read, so that a small gzip file cannot unpack without end."""

    def __init__(self, read: Callable[[int], bytes], limit: int) -> None:
        self._unpacked, self._limit, self._read = read, limit, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            data = self._unpacked(len(buffer))
        except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
            raise Damaged from error
        self._read += len(data)
        if self._read > self._limit:
            limit = _mib(self._limit)
            raise InputError(
                f"The file unpacks to more than {limit}. Please split it.", kind="data_unpacked", limit=limit
            )
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """The file's bytes, unpacked. Raises `InputError` when it is missing, empty or above `MAX_BYTES`; reading raises
    `Damaged` where a gzip file is broken."""
    try:
        size = path.stat().st_size
        if not size:
            raise InputError("The file is empty.", kind="data_empty")
        if size > MAX_BYTES:
            raise InputError(
                f"The file has {_mib(size)}; at most {_mib(MAX_BYTES)} can be used. Please split it.",
                kind="data_large",
                size=_mib(size),
                limit=_mib(MAX_BYTES),
            )
        with path.open("rb") as raw:
            read = _unpacking(raw)
            yield Source(io.BufferedReader(_Limited(read, MAX_BYTES), SAMPLE), lambda: raw.tell() / size)
    except OSError as error:
        raise InputError(
            f"The file cannot be read: {error.strerror or 'it is damaged'}.", kind="data_unreadable"
        ) from error


def _unpacking(raw: io.BufferedReader) -> Callable[[int], bytes]:
    """How the file's bytes are read, unpacked; what came before a damage is not lost."""
    head = raw.read(6)
    raw.seek(0)
    if head.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=raw).read1
    if head.startswith(b"BZh"):
        return bz2.BZ2File(raw).read1
    if head.startswith(b"\xfd7zXZ"):
        return lzma.LZMAFile(raw).read1
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        import pyarrow  # type: ignore[import-untyped]

        read: Callable[[int], bytes] = pyarrow.CompressedInputStream(pyarrow.PythonFile(raw, "r"), "zstd").read
        return read
    return raw.read1


def encoding_of(path: Path) -> str:
    """The codec that reads the file. UTF-8 when most of the first lines that tell are UTF-8; lines that are not become
    faults later. Raises `InputError` for what is no text at all."""
    with opened(path) as source:
        try:
            head = source.file.read(SAMPLE)
            _refuse_kinds(head)
            for mark, codec in _BOMS:
                if head.startswith(mark):
                    return codec
            if b"\0" in head:
                raise InputError(
                    "The file is not text. A data set must be CSV, TSV, JSON, JSONL, Excel or Parquet.",
                    kind="data_not_text",
                )
            while head.isascii() and (more := source.file.read(SAMPLE)):
                head = more
        except Damaged:
            return "utf-8"  # reading the rows tells it, with the row's number
    return _judge(head)


def encoding_name(codec: str) -> str:
    """As people call it."""
    return _NAMES.get(codec, codec.upper().replace("UTF-8-SIG", "UTF-8").replace("CP", "Windows-"))


def lines(file: io.BufferedReader, codec: str) -> Iterator[Line]:
    """The lines of `opened`, one at a time, with at most `MAX_LINE` bytes in memory."""
    head = file.peek()
    if codec in ("utf-16", "utf-32") or (b"\r" in head and b"\n" not in head):
        yield from _text_lines(io.TextIOWrapper(file, encoding=codec, errors="replace"))
        return
    number = 0
    while raw := file.readline(MAX_LINE + 1):
        number += 1
        rest = raw
        while rest and not rest.endswith(b"\n"):
            rest = file.readline(MAX_LINE)
        if number == 1 and codec == "utf-8-sig":
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        yield _decoded(number, raw, "utf-8" if codec == "utf-8-sig" else codec)


def faulty(line: Line, format: Format) -> Fault:
    assert line.fault
    return Fault(line.number, line.fault, _FAULTS[line.fault].format(encoding=format.encoding.upper()))


def _decoded(number: int, raw: bytes, codec: str) -> Line:
    if len(raw) > MAX_LINE:
        return Line(number, "", "too_large")
    try:
        return Line(number, raw.decode(codec).removesuffix("\n").removesuffix("\r"))
    except UnicodeDecodeError:
        return Line(number, "", "encoding")


def _text_lines(text: io.TextIOWrapper) -> Iterator[Line]:
    number = 0
    while line := text.readline(MAX_LINE + 1):
        number += 1
        rest = line
        while rest and not rest.endswith("\n"):
            rest = text.readline(MAX_LINE)
        long = len(line) > MAX_LINE
        yield Line(number, "" if long else line.removesuffix("\n"), "too_large" if long else "")


def _refuse_kinds(head: bytes) -> None:
    for mark, kind in _KINDS:
        if head.startswith(mark):
            raise InputError(f"The file is {kind}.", kind="data_not_text")


def _judge(sample: bytes) -> str:
    telling = [line for line in sample.split(b"\n") if not line.isascii()]
    if len(sample) >= SAMPLE and len(telling) > 1:
        telling.pop()  # the end of the sample may cut a character
    good = sum(_is_utf8(line) for line in telling)
    if good * 2 >= len(telling):
        return "utf-8"
    if sum(byte > 127 for byte in b"".join(telling)) < EVIDENCE:
        return "gb18030" if not good and _is_chinese(b"\n".join(telling)) else "utf-8"
    from charset_normalizer import from_bytes

    best = from_bytes(b"\n".join(telling)[:SAMPLE], cp_isolation=_LEGACY, explain=False).best()
    return best.encoding if best else "utf-8"


def _is_chinese(sample: bytes) -> bool:
    """Whether all bytes beyond ASCII are pairs of GB 2312, most of them of its first level, which holds what is written most: no other
    encoding has such a text."""
    runs = re.findall(rb"[\x80-\xff]+", sample)
    pairs = [run[at : at + 2] for run in runs for at in range(0, len(run), 2)]
    common = sum(b"\xb0" <= pair[:1] <= b"\xd7" or pair[:1] in (b"\xa1", b"\xa3") for pair in pairs)
    return all(len(pair) == 2 and pair[1] >= 0xA1 for pair in pairs) and common >= 0.8 * len(pairs) > 0


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        return len(line) > SAMPLE // 2 and error.start > len(line) - 4
    return True


def _mib(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"
