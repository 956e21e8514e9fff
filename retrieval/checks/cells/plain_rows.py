"""Rows of a table as its text is read: a label and numbers, line by line."""

from collections.abc import Sequence

from retrieval.checks.claims import Statement
from retrieval.checks.evidence import Stretch, says

_FEWEST = 2  # numbers of a row


def of_another_row(asked: Statement, row: Stretch, found: Sequence[Stretch]) -> bool:
    """Whether `row` is a table's and holds none of the names in the question, while another row holds one."""
    if not _is_row(row):
        return False
    words = (item for item in asked.items if not item.number)
    names = [item for item in words if not asked.text[item.start : item.end].islower()]  # iPhone is one, too
    return not any(says(row.said, name) for name in names) and any(
        says(other.said, name) for other in found if _is_row(other) for name in names
    )


def _is_row(stretch: Stretch) -> bool:
    """At least as many numbers as words."""
    numbers = sum(item.kind == "number" for item in stretch.said.items)
    return len(stretch.sentences) == 1 and numbers >= _FEWEST and 2 * numbers >= len(stretch.said.items)
