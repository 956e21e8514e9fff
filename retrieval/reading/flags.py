"""Every warning a reader may raise: its code, and its English with the names of its figures."""

from collections.abc import Iterable

from retrieval.types import Flag, Page, Unit

TEXTS = {
    "no_text": "Without text, perhaps scans: {unit} {numbers}.",
    "hidden_text": "{characters} characters that a reader would not see ({how}) were left out.",
    "invisible_characters": "{characters} invisible characters were taken out.",
    "bidi_controls": "{characters} characters that turn the direction of writing were taken out.",
    "illegible": "{characters} characters cannot be read: their font does not say which letters they are. Run text recognition "
    "(OCR) on the file first.",
    "ocr": "Recognised from a picture (OCR), {confidence} % sure: check figures against the page.",
    "ocr_layer": "The text is the invisible layer of a scan; what it says may differ from the picture.",
    "hidden_parts": "Hidden in the file and left out: {names}.",
    "pictures_without_text": "Pictures without text that could be read: {count}.",
    "charts_not_read": "Charts whose numbers could not be read: {count}.",
    "attachments": "Attached and not read: {names}. Save what you need and add it by itself.",
    "page_unreadable": "This page is damaged and could not be read.",
    "repaired": "The file is damaged or cut off; what could be saved was read.",
    "fallback": "The file is damaged; it was read without positions, so nothing in it can be marked or found hidden.",
    "cells_left_out": "Only the first {cells} cells were read; the rest was left out.",
    "uncalculated": "{count} formulas of the sheet {sheet} were saved without their values; their cells say “not calculated”.",
    "encoding_guessed": "The encoding is not stated; it was read as {encoding}.",
    "undecodable": "{characters} characters could not be decoded as {encoding} and are shown as �.",
    "not_valid": "The content is not valid {format} ({where}); it was read as plain text.",
    "parts_missing": "Named in the file but missing in it: {names}.",
    "scripts": "Scripts and active content were left out.",
}


def flag(code: str, **details: object) -> Flag:
    return Flag(code, TEXTS[code].format_map(details), dict(details))


def without_text(pages: Iterable[Page], unit: Unit) -> list[Flag]:
    """One flag that names the pages on which nothing is written, none where there are no such pages."""
    numbers = [page.number for page in pages if not page.text.strip()]
    if not numbers:
        return []
    listed = ", ".join(map(str, numbers[:20])) + (f" and {len(numbers) - 20} more" if len(numbers) > 20 else "")
    return [flag("no_text", unit=unit, numbers=listed)]
