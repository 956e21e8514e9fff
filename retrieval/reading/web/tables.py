"""The cells of one HTML table, its `rowspan` and `colspan` filled in (HTML, section 4.9.12)."""

from selectolax.lexbor import LexborNode

from retrieval.reading.fields import SHEET

_WIDEST = 1000  # columns, as the specification bounds `colspan`
_LAYOUT = "table, h1, h2, h3, h4, h5, h6"


class Grid:
    """Cells go in as they come; `rows` are all of one table, each cell in every place that it covers."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = []
        self._heads: list[bool] = []  # rows of nothing but `th`
        self._labels: list[bool] = []  # rows that begin with `th`
        self._hanging: dict[int, tuple[str, int]] = {}  # by column: what reaches down, and how many rows further

    def begin_row(self) -> None:
        self.rows.append([])
        self._heads.append(True)
        self._labels.append(False)

    def add(self, text: str, cell: LexborNode) -> None:
        row = self.rows[-1]
        self._labels[-1] |= not row and cell.tag == "th"
        self._take_hanging()
        across, down = (_span(cell, name) for name in ("colspan", "rowspan"))
        across = max(1, min(across, _WIDEST - len(row)))
        if down > 1:
            self._hanging |= {len(row) + n: (text, down - 1) for n in range(across)}
        row += [text] * across
        self._heads[-1] &= cell.tag == "th"

    def end_row(self) -> None:
        self._take_hanging()
        if not any(self.rows[-1]):
            self.rows.pop()
            self._heads.pop()
            self._labels.pop()

    @property
    def heads(self) -> int | None:
        """How many of the first rows say of themselves that they are headers, none where every row is a field and its value; None
        where that is not told."""
        count = next((n for n, head in enumerate(self._heads) if not head), 0)
        if not any(self._heads) and len(self._labels) > 1 and all(self._labels) and max(map(len, self.rows)) == SHEET:
            return 0
        return count or None

    def _take_hanging(self) -> None:
        row = self.rows[-1]
        while len(row) in self._hanging:
            text, left = self._hanging.pop(len(row))
            if left > 1:
                self._hanging[len(row)] = text, left - 1
            row.append(text)


def is_layout(table: LexborNode) -> bool:
    """Whether it only places parts of the page: it says so, or holds headings or tables of its own."""
    role = table.attributes.get("role") or ""
    return role in ("presentation", "none") or any(found != table for found in table.css(_LAYOUT)[:2])


def _span(cell: LexborNode, name: str) -> int:
    value = (cell.attributes.get(name) or "").strip()
    return max(1, int(value)) if value.isdecimal() and len(value) < 6 else 1
