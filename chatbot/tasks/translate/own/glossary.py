"""Terms out of a file: CSV of two columns, or TBX (ISO 30042), the exchange format of terminology, as lines of the glossary's box."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chatbot.common.errors import InputError
from chatbot.tasks.language import same
from chatbot.tasks.translate.files.office.package import parsed
from chatbot.tasks.translate.order import TERMS, known_code
from retrieval.reading.plain.encodings import decode

SETTING = "translate_glossary"  # the name under which an owner's terms are kept
LARGEST = 2 << 20  # bytes of a file of terms
_HEADERS = ("source", "term", "from", "original", "术语", "原文", "término", "origen")
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def lines(path: Path, source: str, target: str) -> str:
    """`term = translation` a line, as `order.parse_glossary` reads them. Of TBX the terms of these languages; `source` that is
    none of ours takes the first other one. Raises `InputError`."""
    if path.stat().st_size > LARGEST:
        raise _refused(path.name)
    data = path.read_bytes()
    found = list(_of_tbx(data, source, target) if data.lstrip()[:1] == b"<" else _of_csv(decode(data).text))
    if not found:
        raise _refused(path.name)
    return "\n".join(f"{term} = {meant}" if meant else term for term, meant in found[:TERMS])


def _of_csv(text: str) -> Iterator[tuple[str, str]]:
    text = text.lstrip("\ufeff")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    for number, row in enumerate(csv.reader(io.StringIO(text), delimiter=delimiter)):
        cells = [" ".join(cell.split()) for cell in row[:2]]
        if cells and cells[0] and not (number == 0 and cells[0].casefold() in _HEADERS):
            yield cells[0], cells[1] if len(cells) > 1 else ""


def _of_tbx(data: bytes, source: str, target: str) -> Iterator[tuple[str, str]]:
    """Of old TBX (termEntry, langSet) and of the second edition (conceptEntry, langSec) alike."""
    from lxml import etree

    try:
        root = parsed(data)
    except etree.XMLSyntaxError as error:
        raise _refused("TBX") from error
    for entry in root.iter("{*}termEntry", "{*}conceptEntry"):
        terms = {code: term for code, term in _terms(entry) if term}
        meant = next((term for code, term in terms.items() if same(code, target)), "")
        others = [(code, term) for code, term in terms.items() if not same(code, target)]
        term = next((term for code, term in others if source and same(code, source)), others[0][1] if others else "")
        if term and meant:
            yield term, meant


def _terms(entry: Any) -> Iterator[tuple[str, str]]:
    """The first term of each language."""
    for language in entry.iter("{*}langSet", "{*}langSec"):
        code = known_code(language.get(_LANG, ""))
        term = next(language.iter("{*}term"), None)
        if code and term is not None:
            yield code, " ".join("".join(term.itertext()).split())


def _refused(name: str) -> InputError:
    return InputError(
        f"{name} holds no terms that can be read. Send a CSV file of two columns, or TBX.",
        kind="glossary_file",
        name=name,
    )
