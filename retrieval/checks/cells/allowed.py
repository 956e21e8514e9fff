"""Whether a row of a table may stand for the numbers of a sentence: only where the row and the column asked for meet."""

from collections.abc import Sequence
from functools import cached_property

from retrieval.checks.cells.meet import Met, meet
from retrieval.checks.cells.naming import holds
from retrieval.checks.claims import Statement
from retrieval.checks.evidence import Stretch
from retrieval.checks.faults import Case
from retrieval.types import Passage


class Cells:
    """The question names the cell, or where it names no row, the sentence itself does."""

    def __init__(self, case: Case, passages: Sequence[Passage], tongue: str) -> None:
        self._claim: Statement = case.claim
        self._asked = case.asked.text
        self._numbers = [item for item in case.new if item.number and item.number.firm]
        self._passages, self._tongue = passages, tongue

    def allow(self, stretch: Stretch) -> bool:
        if stretch.row is None or not self._numbers:
            return True
        columns = [n for n, cell in enumerate(stretch.row[1].cells) if holds(cell, self._numbers, self._tongue)]
        if not columns:
            return True
        met = self._met
        return met is not None and any(
            cell.passage == stretch.passage and cell.row == stretch.row[1] and cell.column in columns
            for cell in met.cells
        )

    @cached_property
    def _met(self) -> Met | None:
        by_question = meet(self._asked, self._passages, by_amount=False) if self._asked.strip() else None
        if by_question and any(item.number and item.number.firm for item in by_question.left):
            return None  # of a year that is not there
        if by_question and by_question.cells:
            return by_question
        return meet(f"{self._asked}\n{self._claim.text}", self._passages, by_amount=False)
