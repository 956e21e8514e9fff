"""Rows of a table whose labels a person has looked at and corrected: a data set of theirs, for a fine-tune of this very task."""

import json
from collections.abc import Iterator, Sequence
from itertools import islice

from chatbot.common.errors import InputError
from chatbot.store.store import RESULTS, Store
from chatbot.tasks.chat import clean
from chatbot.tasks.classify.labels import Label, Labels
from chatbot.tasks.classify.prompt import messages
from chatbot.tasks.classify.tables.rows import Judged
from chatbot.tasks.classify.tables.table import Table
from chatbot.types import Message

TASK = "taught"  # of a saved result: {labels, rows}
SHOWN = 40  # rows that a person is asked to look at: twice of what is worth learning from
LONGEST = 2_000  # characters of a text that is learnt from

Row = tuple[str, str]
"""(a text, its label)"""


def doubtful(table: Table, column: str, judged: Judged) -> list[Row]:
    """The rows whose label was least sure, the least sure first."""
    at = table.column(column)
    surest = sorted(judged.rows, key=lambda place: judged.rows[place].score(judged.rows[place].label))
    return [(table.rows[place].fields[at][:LONGEST], judged.rows[place].label) for place in surest[:SHOWN]]


def keep(store: Store, owner: str, name: str, labels: Labels, rows: Sequence[Sequence[object]]) -> int:
    """How many rows were kept; those without a label are left out. Raises `InputError` for a label that is none of `labels`,
    `StoreError`."""
    known = {label.name.casefold(): label.name for label in labels}
    kept: list[Row] = []
    for text, label, *_ in rows:
        named = " ".join(str(label or "").split())
        if named and str(text or "").strip():
            kept.append((clean(str(text)), _known(known, named)))
    if not kept:
        raise InputError("No row has a label. Fill in the labels that are right.", kind="taught_none")
    store.add_result(owner, TASK, name, {"labels": [[one.name, one.description] for one in labels], "rows": kept})
    return len(kept)


def _known(known: dict[str, str], named: str) -> str:
    if named.casefold() not in known:
        there = ", ".join(known.values())
        raise InputError(
            f"“{named[:60]}” is none of the labels. Write one of {there}, or leave it empty.",
            kind="taught_label",
            label=named[:60],
            there=there,
        )
    return known[named.casefold()]


def count(store: Store, owner: str) -> int:
    return sum(1 for _ in _rows(store, owner))


def latest(store: Store, owner: str, most: int) -> list[Row]:
    """The newest first."""
    saved = store.results(owner, TASK, RESULTS)
    rows = ((text, label) for one in saved for text, label in reversed(one.result["rows"]))
    return list(islice(rows, most))


def lines(store: Store, owner: str) -> list[str]:
    """One row each in the `messages` form that fine-tuning reads, the oldest first, each text as it was labelled last."""
    latest = {(text, labels): label for labels, text, label in _rows(store, owner)}
    return [_line(messages(text, labels), label) for (text, labels), label in latest.items()]


def _rows(store: Store, owner: str) -> Iterator[tuple[Labels, str, str]]:
    for saved in reversed(store.results(owner, TASK, RESULTS)):
        labels = tuple(Label(*each) for each in saved.result["labels"])
        yield from ((labels, text, label) for text, label in saved.result["rows"])


def _line(prompt: Sequence[Message], answer: str) -> str:
    turns = [*prompt, Message("assistant", answer)]
    return json.dumps({"messages": [{"role": m.role, "content": m.content} for m in turns]}, ensure_ascii=False)
