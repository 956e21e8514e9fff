"""The records of several windows as one table."""

from collections.abc import Sequence
from dataclasses import replace

from chatbot.tasks.extract.record import Cell, Record


def distinct(found: Sequence[Record]) -> list[Record]:
    """Records of one name that say nothing different are one; bare names go where others are told of."""
    kept: list[Record] = []
    for record in found:
        twin = next((n for n, one in enumerate(kept) if _agree(one, record)), None)
        if twin is None:
            kept.append(record)
        else:
            cells = tuple(a or b for a, b in zip(kept[twin].cells, record.cells, strict=True))
            kept[twin] = replace(kept[twin], cells=cells)
    most = max((record.filled for record in kept), default=0)
    return [record for record in kept if record.filled > 1 or most < 3]


def _agree(one: Record, other: Record) -> bool:
    """Whether both are called the same and no cell of theirs differs."""
    if one.source != other.source or _words(one, 0) != _words(other, 0):
        return False
    pairs = ((_words(one, n), _words(other, n)) for n in range(len(one.cells)))
    return all(a == b for a, b in pairs if a and b)


def _words(record: Record, at: int) -> tuple[str, ...]:
    return tuple((v.normal or v.text).casefold() for v in record.cells[at])


def merged(found: Sequence[Record]) -> list[Record]:
    """One of each text: what its first part that says it says; of a list, all that is said."""
    merged: dict[int, Record] = {}
    for record in found:
        old = merged.get(record.source)
        if old is None:
            merged[record.source] = record
            continue
        cells = tuple(_joined(a, b) for a, b in zip(old.cells, record.cells, strict=True))
        merged[record.source] = replace(old, cells=cells)
    return [merged[source] for source in sorted(merged)]


def _joined(one: Cell, other: Cell) -> Cell:
    if len(one) < 2 and len(other) < 2:
        return one or other
    known = {value.text.casefold() for value in one}
    return (*one, *(value for value in other if value.text.casefold() not in known))
