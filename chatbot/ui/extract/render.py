"""Pure: what the extraction tab shows -> HTML. Everything a model or a text said is escaped."""

import json
from base64 import b64encode
from collections.abc import Iterator
from html import escape

from chatbot.tasks.extract.record import Cell, Extraction, Record, Value
from chatbot.tasks.extract.table import as_csv, as_workbook, records
from chatbot.tasks.extract.table import rows as table_rows
from chatbot.tasks.extract.text import Text
from chatbot.tasks.extract.work import Working
from chatbot.ui.extract.graph import graph
from chatbot.ui.parts.render_task import caution, empty, foot, progress, welcome
from chatbot.ui.strings.words import Language, text

ROWS = ("many", "one")
TEMPLATES = {  # template -> its rows
    "people": "many", "relations": "many", "invoice": "one", "cv": "one", "contract": "one", "meeting": "many", "events": "many",
}  # fmt: skip
OWN = "own"  # fields that are no template
WHOLE = 6_000  # characters of a text that is shown whole, where nothing is chosen
AROUND = 600  # characters before and behind what is chosen
_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Place = tuple[Value, int]
"""A value and the number of its text."""


def rows(language: Language) -> list[tuple[str, str]]:
    return [(text(f"ext_rows_{name}", language), name) for name in ROWS]


def templates(language: Language) -> list[tuple[str, str]]:
    return [(text(f"ext_template_{name}", language), name) for name in (*TEMPLATES, OWN)]


def shown(given: Extraction | None, language: Language) -> str:
    return extraction(given, language) if given else welcome("ext", language)


def working(step: Working, names: tuple[str, ...], language: Language) -> str:
    """How far it is, and the rows so far."""
    words = text("ext_working", language, done=step.done, total=step.total)
    if step.place:
        words = text("ext_waiting", language, place=step.place)
    return progress(words, step.done / max(1, step.total) if step.done else None) + _table(
        names, step.records, language
    )


def extraction(given: Extraction, language: Language) -> str:
    """The table, what is to be said about it, and its files."""
    names = tuple(field.name for field in given.fields)
    said = "".join(map(caution, _notes(given, language)))
    if not given.records:
        return said + empty(text("ext_nothing", language))
    return said + _table(names, given.records, language) + graph(given, language) + _foot(given, language)


def places(found: tuple[Record, ...]) -> Iterator[Place]:
    """Every value in the order in which they are numbered."""
    return ((value, record.source) for record in found for cell in record.cells for value in cell)


def source(given: Extraction | None, n: int, language: Language) -> str:
    """The text around value `n` (from 1), marked; of 0 the beginning of the first text, with all its values."""
    if given is None or not given.records:
        return empty(text("ext_where_none", language))
    found = list(places(given.records))
    value, at = found[n - 1] if 1 <= n <= len(found) else (None, given.records[0].source)
    read = given.texts[at]
    start, end = _stretch(read, value)
    name = read.name or text("ext_typed", language)
    page = read.page(value.start) if value else 0
    small = f" — {escape(text('ext_page', language, page=page))}" if page else ""
    inside = [one for one, whose in found if whose == at and start <= one.start and one.end <= end]
    body = _marked(read.text, start, end, inside, value)
    head = f'<h3 class="by-source-head" tabindex="-1">{escape(name)}{small}</h3>'
    return f'{head}<div class="by-passage by-ext-text"><p dir="auto">{body}</p></div>'


def _stretch(read: Text, value: Value | None) -> tuple[int, int]:
    if value is None or len(read.text) <= AROUND * 2:
        return 0, min(len(read.text), WHOLE)
    return max(0, value.start - AROUND), min(len(read.text), value.end + AROUND)


def _marked(words: str, start: int, end: int, values: list[Value], chosen: Value | None) -> str:
    parts, at = [], start
    for one in sorted(values, key=lambda one: (one.start, one != chosen)):
        if one.start < at:
            continue
        mark = "mark" if one == chosen or chosen is None else 'mark class="by-ext-other"'
        parts.append(f"{escape(words[at : one.start])}<{mark}>{escape(words[one.start : one.end])}</mark>")
        at = one.end
    before, behind = "… " if start else "", " …" if end < len(words) else ""
    return before + "".join([*parts, escape(words[at:end])]) + behind


def _table(names: tuple[str, ...], found: tuple[Record, ...], language: Language) -> str:
    """A single record stands upright."""
    if not found:
        return ""
    numbers = iter(range(1, 1 + sum(1 for _ in places(found))))
    if len(found) == 1:
        pairs = zip(names, found[0].cells, strict=True)
        lines = "".join(
            f'<tr><th scope="row">{escape(name)}</th><td>{_cell(cell, numbers, language)}</td></tr>'
            for name, cell in pairs
        )
        return f'<div class="by-table by-ext-upright"><table><tbody>{lines}</tbody></table></div>'
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    lines = "".join(
        f"<tr>{''.join(f'<td>{_cell(cell, numbers, language)}</td>' for cell in record.cells)}</tr>" for record in found
    )
    return f'<div class="by-table"><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>'


def _cell(cell: Cell, numbers: Iterator[int], language: Language) -> str:
    if not cell:
        return f'<span class="by-ext-empty" title="{escape(text("ext_unsaid", language))}">—</span>'
    return " ".join(_value(value, next(numbers), language) for value in cell)


def _value(value: Value, n: int, language: Language) -> str:
    told = value.normal.removeprefix("--")  # a day without its year
    normal = f"<small>{escape(told)}</small>" if told and told != value.text else ""
    label = escape(text("ext_show", language, value=value.text))
    return (
        f'<button type="button" class="by-ext-value" data-act="source" data-n="{n}" title="{label}" '
        f'dir="auto">{escape(value.text)}</button>{normal}'
    )


def _notes(given: Extraction, language: Language) -> Iterator[str]:
    if given.reached < given.of:
        yield text("ext_partly", language, reached=given.reached, of=given.of)
    if given.dropped:
        yield text("ext_dropped_one" if given.dropped == 1 else "ext_dropped", language, count=given.dropped)


def _foot(given: Extraction, language: Language) -> str:
    told = text("ext_by_adapter" if given.adapter else "ext_by", language, model=given.model, adapter=given.adapter)
    table = table_rows(given, text("ext_column_source", language), text("ext_column_normal", language))
    whole = json.dumps(records(given), ensure_ascii=False, indent=1).encode("utf-8", "replace")
    files = (
        ("csv", "text/csv", as_csv(table)),
        ("xlsx", _WORKBOOK, as_workbook(table)),
        ("json", "application/json", whole),
    )
    links = "".join(
        f'<a class="by-link" download="table.{kind}" href="data:{mime};base64,{b64encode(data).decode("ascii")}">'
        f"{escape(text('ext_save', language, kind=kind.upper()))}</a>"
        for kind, mime, data in files
    )
    count = text("ext_count_one" if len(given.records) == 1 else "ext_count", language, count=f"{len(given.records):,}")
    return foot(f"{escape(count)} · {escape(told)}", links)
