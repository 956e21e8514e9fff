"""Open XML packages in all their variants, as plain transitional ones, which is what the libraries open.

A template, a show and a file with macros differ from a plain one in the content type of their main part; strict Open XML
(ISO/IEC 29500-1) differs from the transitional kind in the names of its namespaces.
"""

import io
import re
import zipfile
from pathlib import Path
from typing import IO

CONTENT_TYPES = "[Content_Types].xml"
_LARGEST = 4 << 20  # bytes of the list of content types: ten thousand parts fill a quarter of it
_XML = (".xml", ".rels", ".vml")
_STRICT = "http://purl.oclc.org/ooxml/"
_NAMESPACE = re.compile(_STRICT + r"(\w+)/")
_PLAIN = {  # the formats of Office, and the type of a plain document's main part
    ("wordprocessingml", "ms-word"): "wordprocessingml.document",
    ("presentationml", "ms-powerpoint"): "presentationml.presentation",
    ("spreadsheetml", "ms-excel"): "spreadsheetml.sheet",
}
_MAIN = {
    plain: re.compile(
        rf"application/vnd\.(?:openxmlformats-officedocument\.{names[0]}|{names[1]})\.[a-z.]+\.main\+xml", re.IGNORECASE
    )
    for names, plain in _PLAIN.items()
}


def holds(container: zipfile.ZipFile, plain: str) -> bool:
    """Whether the main part is a document of this format ("spreadsheetml.sheet"), whatever its variant."""
    return _MAIN[plain].search(content_types(container)) is not None


def content_types(container: zipfile.ZipFile) -> str:
    """What the package says of its parts; empty where it says nothing. Raises what `zipfile` raises."""
    entry = container.NameToInfo.get(CONTENT_TYPES)
    return _decoded(container.read(entry)) if entry is not None and entry.file_size <= _LARGEST else ""


def opened(path: Path) -> IO[bytes]:
    """The package in `path`, rewritten in memory where it is strict or its main part is of a variant's type."""
    stream = path.open("rb")
    with zipfile.ZipFile(stream) as container:
        types = content_types(container)
        if _is_strict(container) or _plain(types) != types:
            with stream:
                return _rewritten(container)
    stream.seek(0)
    return stream


def _plain(types: str) -> str:
    for plain, main in _MAIN.items():
        types = main.sub(f"application/vnd.openxmlformats-officedocument.{plain}.main+xml", types)
    return types


def _is_strict(container: zipfile.ZipFile) -> bool:
    """By its first relationships, which name the main part by its strict or by its transitional type."""
    entry = container.NameToInfo.get("_rels/.rels")
    return entry is not None and _STRICT in _decoded(container.read(entry))


def _rewritten(container: zipfile.ZipFile) -> IO[bytes]:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as plain:
        for entry in container.infolist():
            content = container.read(entry)
            if entry.filename.lower().endswith(_XML):
                content = _transitional(content, is_types=entry.filename == CONTENT_TYPES)
            plain.writestr(entry.filename, content)
    out.seek(0)
    return out


def _transitional(content: bytes, *, is_types: bool) -> bytes:
    if not is_types and _STRICT.encode() not in content and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content
    text = _NAMESPACE.sub(r"http://schemas.openxmlformats.org/\1/2006/", _decoded(content))
    text = _plain(text) if is_types else text
    return text.encode("utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8", "surrogateescape")


def _decoded(content: bytes) -> str:
    """XML is UTF-8 or begins with the mark of UTF-16; other bytes come back as they were."""
    coding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    return content.decode(coding, "surrogateescape" if coding == "utf-8" else "replace")
