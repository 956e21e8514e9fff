"""A column of a table, judged row by row."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from threading import Event

from chatbot.common.errors import InputError
from chatbot.tasks.chat import clean
from chatbot.tasks.classify.judge import Classifier, Judgement
from chatbot.tasks.classify.tables.parsed import is_number, is_of_numbers
from chatbot.tasks.classify.tables.records import Fault
from chatbot.tasks.classify.tables.table import Table
from chatbot.tasks.classify.work import classify


@dataclass(slots=True)
class Judged:
    """What is known of a table's rows, by their places; grows while `judge_rows` runs. `left_out` tells why."""

    rows: dict[int, Judgement] = field(default_factory=dict)
    left_out: dict[int, Fault] = field(default_factory=dict)

    def counts(self) -> Counter[str]:
        """Rows by label; one that fits several counts for each."""
        return Counter(name for found in self.rows.values() for name in found.fitting or (found.label,))


def judge_rows(
    judge: Classifier, table: Table, column: str, judged: Judged, *, stop: Event | None = None
) -> Iterator[None]:
    """Fill `judged`, yielding after every row and at least every moment. What was judged stays, whatever happens next.

    Raises `InputError` for a column that is not there, and what the engine raises. Close it to end the work.
    """
    at = table.column(column)
    if is_of_numbers(table.values(at)):
        raise InputError(
            f"The column {column} holds numbers or dates, which say nothing to judge. Choose a column of texts.",
            kind="number_column",
            name=column,
        )
    places: list[int] = []

    def texts() -> Iterator[str]:
        for place, row in enumerate(table.rows):
            if row.fault:
                judged.left_out[place] = row.fault
                continue
            try:
                text = clean(_readable(row.fields[at])) if at < len(row.fields) else ""
            except InputError as error:
                judged.left_out[place] = "long" if error.kind == "long_message" else "empty"
                continue
            if not text or is_number(text):
                judged.left_out[place] = "number" if text else "empty"
                continue
            places.append(place)
            yield text

    steps = classify(judge, texts(), stop=stop)
    with closing(steps):  # type: ignore[type-var]
        for step in steps:
            if step is not None:
                judged.rows[places[step[0]]] = replace(step[1], read=())
            yield None


def _readable(value: str) -> str:
    """Bytes that did not fit the file's encoding (they are surrogates by now) as the commonest other one has them."""
    if not any("\udc80" <= character <= "\udcff" for character in value):
        return value
    return value.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
