"""The store: what returned is on disk, under its owner, whatever happens."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from chatbot.common.database.door import Place
from chatbot.common.errors import NotFound, StoreError, StoreFull
from chatbot.store import conversations
from chatbot.store.conversations import DAMAGED
from chatbot.store.database import SCHEMA
from chatbot.store.store import Store
from chatbot.types import Message

ROOT = Path(__file__).parents[3]


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


def test_a_conversation_is_there_after_a_restart(place: Place) -> None:
    first = Store(place)
    id = first.create("ann", title="Tea", system_prompt="Be brief.", adapter="poet")
    first.append("ann", id, Message("user", "Hi 👋 你好"), at=0)
    first.append("ann", id, Message("assistant", "Hello"), at=1)
    first.set_setting("ann", "language", "zh")
    first.close()
    again = Store(place)
    saved = again.conversation("ann", id)
    assert (saved.title, saved.system_prompt, saved.adapter) == ("Tea", "Be brief.", "poet")
    assert saved.messages == (Message("user", "Hi 👋 你好"), Message("assistant", "Hello"))
    assert again.setting("ann", "language") == "zh"
    assert again.setting("bob", "language") is None
    again.close()


def test_another_owner_sees_and_changes_nothing(store: Store) -> None:
    id = store.create("ann", title="Secret")
    store.append("ann", id, Message("user", "mine"), at=0)
    attempts: list[Callable[[], object]] = [
        lambda: store.conversation("bob", id),
        lambda: store.append("bob", id, Message("user", "x"), at=1),
        lambda: store.truncate("bob", id, 0),
        lambda: store.rename("bob", id, "x"),
        lambda: store.move("bob", id, "x"),
        lambda: store.configure("bob", id, system_prompt="x", adapter=None),
        lambda: store.delete("bob", id),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound):
            attempt()
    assert store.conversations("bob") == []
    assert store.conversation("ann", id).messages == (Message("user", "mine"),)


def test_appending_in_the_middle_replaces_what_followed(store: Store) -> None:
    id = store.create("ann", title="t")
    for at, (role, content) in enumerate([("user", "1"), ("assistant", "2"), ("user", "3"), ("assistant", "4")]):
        store.append("ann", id, Message(role, content), at=at)  # type: ignore[arg-type]
    store.append("ann", id, Message("user", "3b"), at=2)
    assert [m.content for m in store.conversation("ann", id).messages] == ["1", "2", "3b"]
    store.truncate("ann", id, 1)
    assert [m.content for m in store.conversation("ann", id).messages] == ["1"]
    with pytest.raises(StoreError, match="another window"):
        store.append("ann", id, Message("assistant", "?"), at=7)


def test_what_was_replaced_is_a_branch_that_is_reached_as_far_as_it_went(store: Store) -> None:
    id = store.create("ann", title="t")
    for at, (role, content) in enumerate([("user", "1"), ("assistant", "2"), ("user", "3"), ("assistant", "4")]):
        store.append("ann", id, Message(role, content), at=at)  # type: ignore[arg-type]
    store.append("ann", id, Message("assistant", "2b"), at=1)
    last = store.conversation("ann", id).turns[-1]
    assert (last.message.content, last.place, last.of) == ("2b", 2, 2)
    store.step("ann", id, last.id, -1)
    assert [m.content for m in store.conversation("ann", id).messages] == ["1", "2", "3", "4"]
    with pytest.raises(NotFound):
        store.step("bob", id, last.id, 1)


def test_thumbs_become_rows_that_say_whether_an_answer_was_good(store: Store) -> None:
    id = store.create("ann", title="t", system_prompt="Be brief.")
    for at, (role, content) in enumerate([("user", "1"), ("assistant", "2"), ("user", "3"), ("assistant", "4")]):
        store.append("ann", id, Message(role, content), at=at)  # type: ignore[arg-type]
    first, second = (turn.id for turn in store.conversation("ann", id).turns[1::2])
    store.rate("ann", id, first, liked=True)
    store.rate("ann", id, second, liked=False, better="5")
    good, bad = (json.loads(row.as_row()) for row in store.ratings("ann"))
    assert (good["completion"], good["label"]) == ([{"role": "assistant", "content": "2"}], True)
    assert (bad["completion"], bad["label"]) == ([{"role": "assistant", "content": "4"}], False)
    assert [turn["content"] for turn in bad["prompt"]] == ["Be brief.", "1", "2", "3"]
    assert store.count_ratings("ann") == (1, 1)
    assert store.count_ratings("bob") == (0, 0)
    store.delete("ann", id)
    assert store.ratings("ann") == []


def test_a_deleted_conversation_comes_back_for_a_while(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    id = store.create("ann", title="Tea")
    store.append("ann", id, Message("user", "kept"), at=0)
    store.delete("ann", id)
    assert store.find("ann", "kept") == store.conversations("ann") == []
    with pytest.raises(NotFound):
        store.restore("bob", id)
    store.restore("ann", id)
    assert store.conversation("ann", id).messages == (Message("user", "kept"),)
    store.delete("ann", id)
    monkeypatch.setattr(conversations, "UNDO", 0.0)
    store.purge()
    monkeypatch.undo()
    with pytest.raises(NotFound):
        store.restore("ann", id)


def test_conversations_of_before_are_read_as_they_were(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "b.db")) as old:
        for number, script in enumerate(SCHEMA.migrations[:3], 1):
            old.executescript(f"{script}; PRAGMA user_version = {number};")
        old.execute(
            "INSERT INTO conversations VALUES ('a', 'ann', 'Tea', '', NULL, 1.0, 2.0), ('b', 'ann', 'Nothing', '', NULL, 1.0, 1.0)"
        )
        said = [("a", n, role, str(n), 1.0, None) for n, role in enumerate(("user", "assistant", "user", "assistant"))]
        old.executemany("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?)", said)
        old.commit()
    store = Store(tmp_path / "b.db")
    assert [m.content for m in store.conversation("ann", "a").messages] == ["0", "1", "2", "3"]
    assert store.conversation("ann", "b").messages == ()
    assert [h.id for h in store.find("ann", "TEA")] == [h.id for h in store.find("ann", "3")] == ["a"]
    store.append("ann", "a", Message("user", "4"), at=4)
    assert len(store.conversation("ann", "a").turns) == 5
    store.close()


def test_no_message_is_put_behind_a_gap(store: Store) -> None:
    id = store.create("ann", title="t")
    store.append("ann", id, Message("user", "1"), at=0)
    with pytest.raises(StoreError, match="another window"):
        store.append("ann", id, Message("user", "3"), at=2)
    store.append("ann", id, Message("assistant", "2"), at=1)
    assert [m.content for m in store.conversation("ann", id).messages] == ["1", "2"]


def test_list_shows_the_latest_first_and_deleted_ones_not(store: Store) -> None:
    ids = [store.create("ann", title=str(n)) for n in range(3)]
    store.append("ann", ids[0], Message("user", "again"), at=0)
    store.delete("ann", ids[1])
    assert [h.id for h in store.conversations("ann")] == [ids[0], ids[2]]


def test_a_folder_has_what_was_put_into_it_and_is_gone_when_it_is_empty(store: Store) -> None:
    trip, tea, other = (
        store.create("ann", title=title, folder=of) for title, of in (("Trip", "Ärger"), ("Tea", ""), ("x", ""))
    )
    store.move("ann", tea, "work")
    store.create("bob", title="his", folder="work")
    assert store.folders("ann") == {"Ärger": 1, "work": 1}
    assert list(store.folders("ann")) == ["work", "Ärger"]
    assert [h.id for h in store.conversations("ann", folder="work")] == [tea]
    assert {h.id: h.folder for h in store.conversations("ann")} == {trip: "Ärger", tea: "work", other: ""}
    assert (store.conversation("ann", trip).folder, store.find("ann", "tea")[0].folder) == ("Ärger", "work")
    store.move("ann", tea, "")
    store.delete("ann", trip)
    assert store.folders("ann") == {}
    store.restore("ann", trip)
    assert store.folders("ann") == {"Ärger": 1}


def test_many_threads_write_at_once(store: Store) -> None:
    ids = [store.create(f"o{n}", title="t") for n in range(8)]

    def fill(n: int) -> None:
        for at in range(20):
            store.append(f"o{n}", ids[n], Message("user", f"{n}-{at}"), at=at)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(fill, range(8)))
    for n in range(8):
        assert [m.content for m in store.conversation(f"o{n}", ids[n]).messages] == [f"{n}-{at}" for at in range(20)]


def test_kill_nine_loses_nothing_that_was_acknowledged(place: Place) -> None:
    script = (
        "import sys; from pathlib import Path; from chatbot.store.store import Store; from chatbot.types import Message\n"
        "p = sys.argv[1]; s = Store(p if '://' in p else Path(p)); id = s.create('ann', title='t'); print(id, flush=True)\n"
        "for n in range(100000): s.append('ann', id, Message('user', str(n)), at=n); print(n, flush=True)\n"
    )
    child = subprocess.Popen([sys.executable, "-c", script, str(place)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert child.stdout
    id = child.stdout.readline().strip()
    for _ in range(50):
        child.stdout.readline()
    os.kill(child.pid, signal.SIGKILL)
    told = [50, *(int(line) for line in child.stdout.read().split())][-1]
    child.wait()
    again = Store(place)
    saved = [m.content for m in again.conversation("ann", id).messages]
    assert len(saved) >= told
    assert saved == [str(n) for n in range(len(saved))]
    again.close()


def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / "b.db")
    writer = store._database._writer  # type: ignore[attr-defined]
    id = store.create("ann", title="t")
    store.append("ann", id, Message("user", "kept"), at=0)
    pages = writer.execute("PRAGMA page_count").fetchone()[0]
    writer.execute(f"PRAGMA max_page_count = {pages}")  # SQLite's own way to run out of space
    with pytest.raises(StoreFull, match="full"):
        store.append("ann", id, Message("assistant", "x" * 1_000_000), at=1)
    assert [m.content for m in store.conversation("ann", id).messages] == ["kept"]
    writer.execute("PRAGMA max_page_count = 1000000")
    store.append("ann", id, Message("assistant", "after"), at=1)
    assert len(store.conversation("ann", id).messages) == 2
    store.close()


def test_a_broken_surrogate_is_an_error_not_a_crash(store: Store) -> None:
    id = store.create("ann", title="t")
    with pytest.raises(StoreError):
        store.append("ann", id, Message("user", "\ud800"), at=0)
    store.append("ann", id, Message("user", "fine"), at=0)
    assert store.conversation("ann", id).messages == (Message("user", "fine"),)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StoreError, match="not a Banyan database"):
        Store(tmp_path / "b.db")


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    Store(tmp_path / "b.db").close()
    with sqlite3.connect(tmp_path / "b.db") as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="newer Banyan"):
        Store(tmp_path / "b.db")


def test_a_message_that_the_disk_has_damaged_is_said_to_be_damaged(tmp_path: Path) -> None:
    store = Store(tmp_path / "b.db")
    id = store.create("ada", title="Trees")
    for at, text in enumerate(("How old is the epiphyte?", "Nine years.")):
        store.append("ada", id, Message("user" if at == 0 else "assistant", text), at=at)
    store.close()
    content = bytearray((tmp_path / "b.db").read_bytes())
    content[content.index(b"Nine years")] ^= 1
    (tmp_path / "b.db").write_bytes(content)
    for _ in range(2):
        store = Store(tmp_path / "b.db")
        assert [one.content for one in store.conversation("ada", id).messages] == ["How old is the epiphyte?", DAMAGED]
        store.close()
