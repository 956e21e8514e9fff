"""What was filled into a page's form and noted on it, which is no part of the page's own text (ISO 32000-1, 12.5 and 12.7)."""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field

import pypdfium2 as pdfium
from pypdfium2 import raw

_MOST = 2_000  # of one page
_NOTES = {
    raw.FPDF_ANNOT_TEXT, raw.FPDF_ANNOT_FREETEXT, raw.FPDF_ANNOT_HIGHLIGHT, raw.FPDF_ANNOT_UNDERLINE,
    raw.FPDF_ANNOT_SQUIGGLY, raw.FPDF_ANNOT_STRIKEOUT, raw.FPDF_ANNOT_STAMP, raw.FPDF_ANNOT_CARET,
    raw.FPDF_ANNOT_SQUARE, raw.FPDF_ANNOT_CIRCLE, raw.FPDF_ANNOT_LINE, raw.FPDF_ANNOT_POLYGON,
    raw.FPDF_ANNOT_POLYLINE, raw.FPDF_ANNOT_INK,
}  # fmt: skip
_CHOSEN = {raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON}
_FILLED = {raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX}
_UNSEEN = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
_PASSWORD = 1 << 13  # a field whose value is not shown


@dataclass(slots=True)
class Annotations:
    """`fields`: "name: value", in the order of the page. `hidden`: texts that no reader would see."""

    fields: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        return ["\n".join(self.fields), *self.notes]


def annotations(form: pdfium.PdfFormEnv | None, page: pdfium.PdfPage) -> Annotations:
    found = Annotations()
    for note in _opened(page):
        subtype = raw.FPDFAnnot_GetSubtype(note)
        text = ""
        if subtype in _NOTES:
            text = _note(note)
        elif subtype == raw.FPDF_ANNOT_WIDGET and form is not None:
            text = _field(form, note)
        if not text:
            continue
        if raw.FPDFAnnot_GetFlags(note) & _UNSEEN:
            found.hidden.append(text)
        else:
            (found.notes if subtype in _NOTES else found.fields).append(text)
    found.fields = list(dict.fromkeys(found.fields))
    return found


def _opened(page: pdfium.PdfPage) -> Iterator[object]:
    for k in range(min(raw.FPDFPage_GetAnnotCount(page), _MOST)):
        note = raw.FPDFPage_GetAnnot(page, k)
        if not note:
            continue
        try:
            yield note
        finally:
            raw.FPDFPage_CloseAnnot(note)


def _note(note: object) -> str:
    text = _value(note, b"Contents")
    author = _value(note, b"T")
    return f"[{author}] {text}" if author and text else text


def _field(form: pdfium.PdfFormEnv, note: object) -> str:
    kind = raw.FPDFAnnot_GetFormFieldType(form, note)
    if kind in _CHOSEN:
        value = (
            "" if not raw.FPDFAnnot_IsChecked(form, note) else _read(raw.FPDFAnnot_GetFormFieldExportValue, form, note)
        )
        value = "✓" if value in ("Yes", "On", "1", "true") else value
    elif kind in _FILLED and not raw.FPDFAnnot_GetFormFieldFlags(form, note) & _PASSWORD:
        value = _read(raw.FPDFAnnot_GetFormFieldValue, form, note)
    else:
        return ""
    if not value.strip():
        return ""
    name = _read(raw.FPDFAnnot_GetFormFieldAlternateName, form, note) or _read(
        raw.FPDFAnnot_GetFormFieldName, form, note
    )
    return f"{name}: {value}" if name else value


def _value(note: object, key: bytes) -> str:
    length = raw.FPDFAnnot_GetStringValue(note, key, None, 0)
    return _decoded(length, lambda room: raw.FPDFAnnot_GetStringValue(note, key, room, length))


def _read(get: object, form: pdfium.PdfFormEnv, note: object) -> str:
    length = get(form, note, None, 0)  # type: ignore[operator]
    return _decoded(length, lambda room: get(form, note, room, length))  # type: ignore[operator]


def _decoded(length: int, fill: object) -> str:
    """UTF-16 with a NUL at its end; `length` in bytes."""
    if length <= 2:
        return ""
    room = ctypes.create_string_buffer(length)
    fill(ctypes.cast(room, ctypes.POINTER(raw.FPDF_WCHAR)))  # type: ignore[operator]
    return room.raw[: length - 2].decode("utf-16-le", "replace").replace("\r\n", "\n").replace("\r", "\n").strip()
