"""The first rows of a judged table, as a page shows them beside the figures of all."""

from dataclasses import dataclass

from chatbot.tasks.classify.result import foreign
from chatbot.tasks.classify.tables.rows import Judged
from chatbot.tasks.classify.tables.table import Table

SHOWN = 300  # rows; a page with more of them scrolls badly, and the file has all
LONGEST = 240  # characters of a text


@dataclass(frozen=True, slots=True)
class SeenRow:
    """`place` counts from 0; `sure` is None where the model named the label itself; `foreign` is the text's language where the model
    does not know it."""

    place: int
    text: str
    labels: tuple[str, ...]
    sure: float | None
    foreign: str = ""


class Seen:
    """The rows of a table that is being judged. Of each the language is told once."""

    def __init__(
        self, table: Table, column: str, judged: Judged, known: frozenset[str] | None, *, scored: bool
    ) -> None:
        self._table, self._at, self._judged, self._known, self._scored = (
            table,
            table.column(column),
            judged,
            known,
            scored,
        )
        self._foreign: dict[int, str] = {}

    def rows(self) -> tuple[SeenRow, ...]:
        """Those that have a label by now, in the order of the file."""
        return tuple(self._row(place) for place in sorted(self._judged.rows)[:SHOWN])

    def _row(self, place: int) -> SeenRow:
        found, words = self._judged.rows[place], self._table.rows[place].fields[self._at]
        if place not in self._foreign:
            self._foreign[place] = foreign(self._known, words)
        sure = found.score(found.label) if self._scored else None
        return SeenRow(place, _short(words), found.fitting or (found.label,), sure, self._foreign[place])


def _short(words: str) -> str:
    """On one line. Half a character of another encoding has no place in a database."""
    said = " ".join(words.encode("utf-8", "replace").decode("utf-8").split())
    return said if len(said) <= LONGEST else said[: LONGEST - 1] + "…"
