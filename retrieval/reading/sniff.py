"""What a file is, by its first bytes, held against what its name says."""

import re
import zipfile
from pathlib import Path, PurePosixPath

from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from retrieval.reading import kinds
from retrieval.reading.kinds import Magic, OpenXml, Packed, Reader, Text, claimed
from retrieval.reading.office import container as gate
from retrieval.reading.office.package import content_types
from retrieval.reading.plain.encodings import decode
from retrieval.types import Kind

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"GIF8", "a picture (GIF)"),
    (b"II*\0", "a picture (TIFF)"),
    (b"MM\0*", "a picture (TIFF)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3\0", "a database (SQLite)"),
    (b"ID3", "a sound recording (MP3)"),
    (b"OggS", "a sound recording (Ogg)"),
    (b"RIFF", "a sound, film or picture (RIFF)"),
    (b"GGUF", "the weights of a model (GGUF)"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLD = {
    "WordDocument": ("DOC", "DOCX"), "PowerPoint Document": ("PPT", "PPTX"), "Workbook": ("XLS", "XLSX"),
    "Book": ("XLS", "XLSX"), "__properties_version1.0": ("MSG", "EML"),
}  # fmt: skip
_BINARY_WORKBOOK = "application/vnd.ms-excel.sheet.binary."
_HEAD = 8192
_ODD = re.compile(r"[\x00-\x06\x0e-\x19\x1c-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff]")


def sniff(path: Path, name: str, limits: Limits) -> Kind:
    """The kind that content and name agree on; raises `RejectedFile` when they do not, or nothing here can read it.

    A zip container has passed the gate when this returns.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    claim = claimed(name)
    found = _binary(path, head, name, limits)
    if found is None:
        return _textual(head, claim)
    if claim is not None and claim.kind != found.kind:
        raise RejectedFile("wrong_type", found=found.called, claimed=claim.called)
    return found.kind


def _binary(path: Path, head: bytes, name: str, limits: Limits) -> Reader | None:
    for row in kinds.READERS:
        if isinstance(row.sign, Magic) and row.sign.shows(head):
            return row
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _container(path, claimed(name), limits)
    if head.startswith(_OLE):
        _refuse_ole(path, name)
    if head.startswith(b"{\\rtf"):
        raise RejectedFile("old_format", format="RTF", target="DOCX")
    for magic, found in _MAGIC:
        if head.startswith(magic):
            _refuse(found, name)
    if head[4:8] == b"ftyp":
        _refuse("a film or sound recording (MP4)", name)
    return None


def _container(path: Path, claim: Reader | None, limits: Limits) -> Reader:
    try:
        with zipfile.ZipFile(path) as container:
            types = content_types(container)
            fitting = [
                row for row in kinds.READERS if isinstance(row.sign, Packed | OpenXml) and row.sign.shows(container)
            ]
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, OSError, EOFError) as error:
        raise RejectedFile("damaged") from error
    gate.check(path, limits, doctype_allowed=bool(fitting) and fitting[0].doctype)
    if fitting:
        return fitting[0]
    if _BINARY_WORKBOOK in types:
        raise RejectedFile("old_format", format="XLSB", target="XLSX")
    if types and claim is not None and isinstance(claim.sign, OpenXml):
        raise RejectedFile("damaged")
    raise RejectedFile("unsupported", found="a zip archive", readable=kinds.readable())


def _refuse_ole(path: Path, name: str) -> None:
    """By the names of its streams ([MS-CFB], 2.6), which no program writes elsewhere in a file."""
    with path.open("rb") as stream:
        content = stream.read(64 << 20)
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise RejectedFile("encrypted")
    ending = PurePosixPath(name).suffix.upper().lstrip(".")
    for entry, (old, target) in sorted(_OLD.items(), key=lambda row: row[1][0] != ending):  # one may hold another
        if entry.encode("utf-16-le") + b"\0\0" in content:
            raise RejectedFile("old_format", format=old, target=target)
    _refuse("a document of Office 2003 or older", name)


def _refuse(found: str, name: str) -> None:
    claim = claimed(name)
    if claim is not None:
        raise RejectedFile("wrong_type", found=found, claimed=claim.called)
    raise RejectedFile("unsupported", found=found, readable=kinds.readable())


def _textual(head: bytes, claim: Reader | None) -> Kind:
    if claim is not None and not isinstance(claim.sign, Text):
        if not head.strip(b"\0\t\n\r "):
            raise RejectedFile("damaged")
        raise RejectedFile("wrong_type", found="text or unknown data", claimed=claim.called)
    if _is_unknown(head):
        if claim is not None:
            raise RejectedFile("wrong_type", found="unknown data", claimed=claim.called)
        raise RejectedFile("unsupported", found="unknown data", readable=kinds.readable())
    return claim.kind if claim is not None else _opened(head)


def _opened(head: bytes) -> Kind:
    """The kind of a text whose name tells nothing."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    signs = ((row.kind, row.sign.opens) for row in kinds.READERS if isinstance(row.sign, Text))
    return next((kind for kind, opens in signs if start.startswith(opens)), "text")


def _is_unknown(head: bytes) -> bool:
    """Whether, decoded as well as can be, there are control characters or undecodable bytes that no text has."""
    found = decode(head)
    odd = len(_ODD.findall(found.text))
    return (odd + found.undecodable) * 50 > len(found.text)
