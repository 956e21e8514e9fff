"""Tables that were judged, kept for their owner: the figures in the database, the rows with their labels in a file.

OWNER/<random name>.csv or .xlsx        (OWNER is a hash: names of people are no paths)
"""

import hashlib
import re
import secrets
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Any

from pydantic import TypeAdapter

from chatbot.common import disk
from chatbot.common.errors import NotFound, StoreError
from chatbot.store.store import RESULTS, Store
from chatbot.tasks.classify.judge import Classifier
from chatbot.tasks.classify.labels import Labels
from chatbot.tasks.classify.tables.records import Fault
from chatbot.tasks.classify.tables.rows import Judged
from chatbot.tasks.classify.tables.seen import Seen, SeenRow
from chatbot.tasks.classify.tables.table import Table, as_file, labelled

TASK = "sentiment"
EVERY = 30.0  # seconds between two states of a table that are kept while it is judged
KEPT = 10  # tables of one owner; the oldest give way
NAMED = 10  # rows without a label that are named for each reason
_FILE = re.compile(r"[0-9a-f]{24}\.(?:csv|xlsx)")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """`count` rows of a table got no label; `first` are the places of some."""

    fault: Fault
    count: int
    first: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a table. `done` of `total` rows were looked at; `counts` are rows by label, the commonest first.

    `rows` are the first that have a label. `fitted` and `right` are those of the calibration; `foreign` is the language of the texts where the model does not know it.
    `chosen`: the model named each label, and there are no probabilities.
    """

    name: str
    total: int
    done: int
    counts: tuple[tuple[str, int], ...]
    left_out: tuple[LeftOut, ...]
    model: str
    adapter: str | None
    fitted: int
    right: float
    foreign: str
    chosen: bool = False
    ending: str = ".csv"
    embedder: str = ""
    labels: Labels = ()
    rows: tuple[SeenRow, ...] = ()


_OUTCOME: TypeAdapter[Outcome] = TypeAdapter(Outcome)


def outcome(
    table: Table, judged: Judged, judge: Classifier, foreign: str = "", rows: tuple[SeenRow, ...] = ()
) -> Outcome:
    """The calibration counts where most of the rows resemble what it was fitted on."""
    alike = 2 * sum(one.resembles for one in judged.rows.values()) > len(judged.rows)
    left_out = tuple(
        LeftOut(fault, count, tuple(at for at, why in judged.left_out.items() if why == fault)[:NAMED])
        for fault, count in sorted(Counter(judged.left_out.values()).items())
    )
    return Outcome(
        table.name,
        len(table.rows),
        len(judged.rows) + len(judged.left_out),
        tuple(judged.counts().most_common()),
        left_out,
        judge.engine.model,
        judge.adapter,
        judge.calibration.rows if alike else 0,
        judge.calibration.right,
        foreign,
        chosen=not judge.scored,
        embedder=judge.embedder,
        labels=judge.labels,
        rows=rows,
    )


class KeptTables:
    """All owners' tables, each a result of `TASK` whose record names its file. Safe to use from any thread."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = folder
        self._lock = Lock()  # between a file and the result that names it nobody tidies

    def keep(self, owner: str, found: Outcome, data: bytes, *, instead: str = "") -> str:
        """The id of the result. `instead` names what was kept of the same table before, which gives way. Raises `StoreError`
        when there is no room."""
        home, name = self._home(owner), f"{secrets.token_hex(12)}{found.ending}"
        record = {"file": name, "outcome": _OUTCOME.dump_python(found, mode="json")}
        with self._lock:
            try:
                home.mkdir(parents=True, exist_ok=True)
                disk.write(home / name, data)
            except OSError as error:
                raise StoreError(
                    f"This table could not be kept ({error.strerror}). Download it now.",
                    kind="table_unkept",
                    reason=error.strerror,
                ) from error
            id = self._store.add_result(owner, TASK, found.name, record)
            if instead:
                with suppress(NotFound):  # removed meanwhile, in another window
                    self._store.remove_result(owner, instead)
        self.tidy(owner)
        return id

    def opened(self, owner: str, record: Mapping[str, Any]) -> tuple[Outcome, bytes]:
        """What came of it, and its rows. Raises `NotFound`."""
        name = str(record["file"])
        path = self._home(owner) / name
        if not _FILE.fullmatch(name) or not path.is_file():
            raise NotFound("There is no such result. It may have been removed in another window.", kind="no_result")
        return _OUTCOME.validate_python(record["outcome"]), path.read_bytes()

    def tidy(self, owner: str) -> None:
        """Remove the tables beyond `KEPT`, and files that no result names."""
        with self._lock:
            tables = [saved for saved in self._store.results(owner, TASK, RESULTS) if "file" in saved.result]
            for old in tables[KEPT:]:
                self._store.remove_result(owner, old.id)
            named = {saved.result["file"] for saved in tables[:KEPT]}
            disk.sweep(self._home(owner))
            for path in self._home(owner).glob("*.*"):
                if _FILE.fullmatch(path.name) and path.name not in named:
                    path.unlink(missing_ok=True)

    def _home(self, owner: str) -> Path:
        return self._folder / hashlib.sha256(owner.encode()).hexdigest()[:24]


class Keeping:
    """One table on its way: what was judged is kept now and then, so that little is lost when the app is killed.

    Each state takes the place of the one before; before the end it is a CSV file, which takes no time. Without `tables` nothing
    is kept.
    """

    def __init__(
        self,
        tables: KeptTables | None,
        owner: str,
        table: Table,
        path: Path,
        judge: Classifier,
        judged: Judged,
        seen: Seen,
        foreign: str = "",
    ) -> None:
        self._tables, self._owner, self._seen = tables, owner, seen
        self._table, self._path, self._judge, self._judged, self._foreign = table, path, judge, judged, foreign
        self._kept = ""
        self._due = time.monotonic() + EVERY

    def so_far(self) -> tuple[Outcome, bytes]:
        """The figures, and the rows as CSV; empty while none has a label."""
        rows = self._judged.rows
        data = labelled(self._table, self._judge.names, rows) if rows else b""
        return outcome(self._table, self._judged, self._judge, self._foreign, self._seen.rows()), data

    def at_the_end(self) -> tuple[Outcome, bytes]:
        """As `so_far`, in the file's own format. Raises `RejectedFile`."""
        found, data = self.so_far()
        if not data or self._table.ending == found.ending:
            return found, data
        data = as_file(self._table, self._path, self._judge.names, self._judged.rows)
        return replace(found, ending=self._table.ending), data

    def keep(self, found: Outcome, data: bytes) -> None:
        """Raises `StoreError` when there is no room."""
        if data and self._tables:
            self._kept = self._tables.keep(self._owner, found, data, instead=self._kept)

    def now_and_then(self) -> None:
        if time.monotonic() > self._due:
            with suppress(StoreError):  # the end will tell
                self.keep(*self.so_far())
            self._due = time.monotonic() + EVERY
