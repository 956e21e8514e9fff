"""PO and POT of gettext: translations that are not there yet are filled in, what is there stays."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from chatbot.common.limited import Limits
from chatbot.common.rejected import RejectedFile
from chatbot.tasks.language import primary
from chatbot.tasks.translate.files.formats.plurals import plural_forms
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
        new = [(row, target) for row, target in zip(texts, targets, strict=True) if target != row[2].segments[0].text]
        if new:
            _address(catalogue, code)
        for (entry, plural, text), target in new:
            _fill(entry, plural, text.written(target), _plurals(catalogue))
        return str(catalogue).rstrip("\n").encode("utf-8") + data[len(data.rstrip()) :] if new else data

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
        first = int(forms > 1)  # a language of one form says of one what it says of many
        kept = {form: said for form, said in entry.msgstr_plural.items() if form < forms}
        entry.msgstr_plural = kept | dict.fromkeys(range(first, forms) if plural else range(first), text)
    if "fuzzy" in entry.flags:
        entry.flags.remove("fuzzy")


def _address(catalogue: Any, code: str) -> None:
    """The header's language, with its plural forms where none or those of another language stand there, and none are used yet."""
    if not catalogue.metadata:
        return
    before = primary(catalogue.metadata.get("Language", "").lower().replace("_", "-"))
    other = before != primary(code) or not _FORMS.search(catalogue.metadata.get("Plural-Forms", ""))
    if other and not any(any(entry.msgstr_plural.values()) for entry in catalogue):
        catalogue.metadata["Plural-Forms"] = plural_forms(code)
    catalogue.metadata["Language"] = code


def _plurals(catalogue: Any) -> int:
    found = _FORMS.search(catalogue.metadata.get("Plural-Forms", ""))
    return int(found[1]) if found else 2
