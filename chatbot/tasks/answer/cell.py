"""Questions for a cell of a table, answered by the program: what stands where the row and the column that they name meet.

A model of half a billion parameters often takes a neighbour's number, although row and column are known.
"""

import re
from collections.abc import Sequence

from chatbot.tasks.answer.check import Answer, Found, Sentence, citations_of
from chatbot.tasks.language import detect, primary
from retrieval.checks.cells.meet import Cell, Met, meet
from retrieval.checks.verify import Quote
from retrieval.text.words import stem

MOST = 4
"""Cells that fit equally well and are told side by side, such as two rows of the same name."""
SAID = 0.5
"""Share of the question that row, column and what stands around the table must say."""
SURE = 0.75
"""The same from which on the gate, which was fitted on prose, need not agree, and a column need not be named."""
_EMPTY = {"en": "not given (the cell is empty)", "zh": "未给出（单元格为空）"}
_COLON = {"en": ": ", "zh": "："}
_COMPUTED = {
    stem(word)
    for word in [
        "most",
        "least",
        "highest",
        "lowest",
        "largest",
        "smallest",
        "biggest",
        "longest",
        "shortest",
        "maximum",
        "minimum",
        "average",
        "mean",
        "sum",
        "difference",
        "changed",
        "change",
        "increase",
        "increased",
        "decrease",
        "decreased",
        "grew",
        "growth",
        "more",
        "less",
        "fewer",
        "than",
        "higher",
        "lower",
        "compare",
        "compared",
        "ratio",
        "total",
        "combined",
        "together",
        "list",
        "all",
        "each",
        "every",
        "both",
        "between",
        "versus",
    ]
}
"""What no cell says by itself, unless its row or its column does."""
_COMPUTED_CHINESE = re.compile(
    r"最|平均|相差|差额|差距|变化|增长|增加|减少|下降|上升|比.{0,12}(?:多|少|高|低)|总共|一共|合计|总和|哪些|列出|所有|分别|每"
)
_NOT_ASKED = re.compile(
    r"^\W*(?:why|how come|did|do|does|is|are|was|were|has|have|had|can|could|will|would|should)\b|\bwhy\b|吗|为什么|为何|原因|是否",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"\bhow (?:many|much|long|old|far|tall|large|big|high|often|fast|heavy|deep|wide)\b|多少|几|多[大长高久远重深宽]",
    re.IGNORECASE,
)
_NO_AMOUNT = re.compile(r"\b(?:who|whom|whose|where)\b|谁|哪里|何处|哪儿", re.IGNORECASE)
_NUMBER = re.compile(r"\d")
_YEAR = re.compile(r"\s*(?:1\d|20)\d\d\s*")
_SIGNS = re.compile(r"[$€£¥\s]")  # a report writes them in the first row of a table and leaves them out in the next


def from_table(question: str, found: Found) -> Answer | None:
    """None where the question is for no cell, or does not say for which. `question` in the language of the passages, and
    searched for as `found`."""
    met = _meet(question, found)
    return _told(met, found) if met and _answers(question, met, found) else None


def amount_of_a_row(question: str, found: Found) -> Answer | None:
    """As `from_table`, where "how many" asks what one row has in a column that is named, and counts no rows."""
    met = _meet(question, found, by_amount=False)
    if met is None or not met.by_header or not _answers(question, met, found):
        return None
    cells = _distinct(met.cells)
    return _told(met, found) if len(cells) == 1 and _is_amount_of_a_row(cells[0]) else None


def _meet(question: str, found: Found, *, by_amount: bool = True) -> Met | None:
    passages = [source.hit.passage for source in found.sources]
    return meet(question, passages, titles=[source.document.name for source in found.sources], by_amount=by_amount)


def _is_amount_of_a_row(cell: Cell) -> bool:
    """A number, in a column of numbers that are no years, of the only row of that name."""
    column = [row.cells[cell.column] for row in cell.table.rows if row.cells[cell.column]]
    if not all(_NUMBER.search(text) for text in column) or all(_YEAR.fullmatch(text) for text in column):
        return False
    names = [tuple(row.cells[key] for key in cell.keys) for row in cell.table.rows if row.under == cell.row.under]
    return names.count(tuple(cell.row.cells[key] for key in cell.keys)) == 1


def _told(met: Met, found: Found) -> Answer:
    passages = [source.hit.passage for source in found.sources]
    cells = _distinct(met.cells)
    language = "zh" if primary(detect(found.query).language or "") == "zh" else "en"
    quotes = [_quote(cell, passages[cell.passage].text) for cell in cells]
    numbers, citations = citations_of(found, quotes)
    text = ""
    parts: list[Sentence] = []
    for cell, number in zip(cells, numbers, strict=True):
        parts.append(Sentence(told(cell, language), len(text), "supported", (number,)))
        text += f"{parts[-1].text}\n"
    return Answer("answered", found, text.rstrip(), tuple(parts), citations, "cell")


def told(cell: Cell, language: str) -> str:
    """Which cell it is, and what it says: "Pumps, 2021: 361"."""
    row = dict.fromkeys([cell.row.under, *(cell.row.cells[key] for key in cell.keys)])
    where = ", ".join(part.replace(" > ", ", ") for part in (*row, cell.header) if part)
    return f"{where}{_COLON[language]}{cell.text or _EMPTY[language]}"


def _answers(question: str, met: Met, found: Found) -> bool:
    if not met.cells or not met.whole or met.strange or _NOT_ASKED.search(question) or _is_computed(question, met):
        return False
    cells = _distinct(met.cells)
    amounts = all(_NUMBER.search(cell.text) or not cell.text for cell in cells)
    if len(cells) > MOST or (amounts and any(cell.text for cell in cells) and _NO_AMOUNT.search(question)):
        return False
    if not met.by_header and met.share < SURE and not (amounts and _AMOUNT.search(question)):
        return False
    return met.share >= SAID and (met.share >= SURE or (found.judgement is None or found.judgement.answered))


def _is_computed(question: str, met: Met) -> bool:
    words = {item.key for item in met.unnamed}
    if words & _COMPUTED:
        return True
    names = " ".join(f"{cell.header} {' '.join(cell.row.cells[key] for key in cell.keys)}" for cell in met.cells)
    return any(part[0] not in names for part in _COMPUTED_CHINESE.finditer(question))


def _distinct(cells: Sequence[Cell]) -> list[Cell]:
    """Tables repeat each other: of cells that say the same, the first."""
    return [*{_SIGNS.sub("", cell.text): cell for cell in reversed(cells)}.values()][::-1]


def _quote(cell: Cell, text: str) -> Quote:
    row = cell.row
    return Quote(cell.passage, row.start, row.end, text[row.start : row.end])
