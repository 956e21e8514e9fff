"""What came of an extraction: rows of values, each with the place where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from chatbot.tasks.extract.fields import Fields
from chatbot.tasks.extract.text import Text


@dataclass(frozen=True, slots=True)
class Value:
    """`text` is what stands at `start` to `end` of its source but for white space; `normal` is empty where that says it already."""

    text: str
    start: int
    end: int
    normal: str = ""


Cell = tuple[Value, ...]
"""None where it is not said; several only in a list."""


@dataclass(frozen=True, slots=True)
class Record:
    """A row: a cell for each field, all of the source of that number."""

    cells: tuple[Cell, ...]
    source: int = 0

    @property
    def filled(self) -> int:
        return sum(map(bool, self.cells))


@dataclass(frozen=True, slots=True)
class Extraction:
    """`dropped` are values that the model wrote and that stand nowhere. `reached` of `of` parts were read when it ended."""

    fields: Fields
    texts: tuple[Text, ...]
    records: tuple[Record, ...]
    model: str
    adapter: str = ""
    dropped: int = 0
    reached: int = 0
    of: int = 0

    def to_dict(self) -> dict[str, Any]:
        saved: dict[str, Any] = _SAVED.dump_python(self, mode="json")
        return saved

    @staticmethod
    def from_dict(record: Mapping[str, Any]) -> "Extraction":
        return _SAVED.validate_python(record)


_SAVED: TypeAdapter[Extraction] = TypeAdapter(Extraction)
