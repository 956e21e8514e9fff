"""PO and POT of gettext: translations that are not there yet are filled in, what is there stays."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from chatbot.tasks.translate.files.formats.words import Text
from chatbot.tasks.translate.files.opened import Opened

_FORMS = re.compile(r"nplurals\s*=\s*(\d{1,2})")


def opened(path: Path, name: str, limits: Limits) -> Opened:
    """Raises `RejectedFile`."""
    import polib

    data = path.read_bytes()
    try:
        catalogue = polib.pofile(data.decode("utf-8-sig"))
    except (OSError, ValueError, UnicodeError) as error:
        raise RejectedFile("damaged", name=name) from error
    texts = [(entry, plural, Text(text)) for entry, plural, text in _missing(catalogue)]
    texts = [row for row in texts if row[2].segments]

    def write(targets: Sequence[str], code: str) -> bytes:
        changed = False
        for (entry, plural, text), target in zip(texts, targets, strict=True):
            if target != text.segments[0].text:
                _fill(entry, plural, text.written(target), _plurals(catalogue))
                changed = True
        if changed and catalogue.metadata:
            catalogue.metadata["Language"] = code
        return str(catalogue).encode("utf-8") + b"\n" * data.endswith(b"\n") if changed else data

    ending = PurePosixPath(name).suffix.lower()
    return Opened(".po" if ending == ".pot" else ending, tuple(text.segments[0] for *_, text in texts), write)


def _missing(catalogue: Any) -> Iterator[tuple[Any, bool, str]]:
    """(entry, whether it is the plural, its text)"""
    for entry in catalogue:
        if entry.obsolete or (entry.translated() and "fuzzy" not in entry.flags):
            continue
        yield entry, False, entry.msgid
        if entry.msgid_plural:
            yield entry, True, entry.msgid_plural


def _fill(entry: Any, plural: bool, text: str, forms: int) -> None:
    if not entry.msgid_plural:
        entry.msgstr = text
    else:
        for form in range(1 if plural else 0, forms if plural else 1):
            entry.msgstr_plural[form] = text
    if "fuzzy" in entry.flags:
        entry.flags.remove("fuzzy")


def _plurals(catalogue: Any) -> int:
    found = _FORMS.search(catalogue.metadata.get("Plural-Forms", ""))
    return int(found[1]) if found else 2
