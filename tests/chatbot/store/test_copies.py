"""Copies of conversations: a store that begins anew has them again, whole, under whoever brings them, and once."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbot.common.database.door import Place
from chatbot.common.errors import InputError
from chatbot.store import copies
from chatbot.store.copies import Copy, read
from chatbot.store.store import Store
from chatbot.store.values import By
from chatbot.types import Message


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Store]:
    """The one after a restart."""
    store = Store(tmp_path / "fresh.db")
    yield store
    store.close()


def talk(store: Store, owner: str = "ann") -> str:
    """With a branch, a rating, a folder and a pin."""
    id = store.create(owner, title="Tea 茶", system_prompt="Be brief.", adapter="poet", folder="Home")
    store.append(owner, id, Message("user", 'Hi 👋 "你好"\n\\u0000'), at=0)
    store.append(owner, id, Message("assistant", "Hello"), at=1, finish="stop", by=By("small", "poet", 3, 0.1 + 0.2))
    store.append(owner, id, Message("assistant", "Good day"), at=1, finish="length", by=By("small", "", 2, 1 / 3))
    store.rate(owner, id, store.conversation(owner, id).turns[1].id, liked=True, better="Good day, Ann")
    store.pin(owner, id, pinned=True)
    return id


def taken(store: Store, owner: str = "ann") -> list[bytes]:
    return [copy.text.encode() for copy in store.copies(owner)]


def test_a_store_that_begins_anew_has_all_of_it_again(store: Store, fresh: Store) -> None:
    id = talk(store)
    was, (text,) = store.conversation("ann", id), taken(store)
    assert fresh.bring_back("ann", read(text)) == id
    now = fresh.conversation("ann", id)
    assert (now.title, now.system_prompt, now.adapter, now.folder) == ("Tea 茶", "Be brief.", "poet", "Home")
    assert (now.created, now.updated) == (was.created, was.updated)
    assert fresh.conversations("ann")[0].pinned
    for before, after in zip(was.turns, now.turns, strict=True):
        assert (after.message, after.by, after.finish) == (before.message, before.by, before.finish)
        assert (after.place, after.of, after.liked, after.better) == (
            before.place,
            before.of,
            before.liked,
            before.better,
        )
    fresh.step("ann", id, now.turns[1].id, -1)
    assert fresh.conversation("ann", id).messages[1].content == "Hello", "the other branch"
    assert [h.id for h in fresh.find("ann", "good DAY")] == [id], "and it is found"


def test_what_came_back_is_the_same_copy_as_before(store: Store, fresh: Store) -> None:
    talk(store)
    (text,) = taken(store)
    fresh.bring_back("ann", read(text))
    assert taken(fresh) == [text]
    assert fresh.copies("ann")[0].mark == store.copies("ann")[0].mark


@pytest.mark.parametrize(
    "change",
    [
        lambda s, id: s.rename("ann", id, "Coffee"),
        lambda s, id: s.move("ann", id, "Work"),
        lambda s, id: s.pin("ann", id, pinned=False),
        lambda s, id: s.rate("ann", id, s.conversation("ann", id).turns[1].id, liked=False),
        lambda s, id: s.step("ann", id, s.conversation("ann", id).turns[1].id, -1),
        lambda s, id: s.go_on("ann", id, "Good day to you", finish="stop", by=By()),
        lambda s, id: s.truncate("ann", id, 0),
    ],
    ids=["rename", "move", "pin", "rate", "step", "go_on", "truncate"],
)
def test_whatever_changes_changes_the_mark(fresh: Store, change: Callable[[Store, str], None]) -> None:
    id = talk(fresh)
    before = fresh.copies("ann")[0].mark
    change(fresh, id)
    assert fresh.copies("ann")[0].mark != before


def test_it_belongs_to_whoever_brings_it_and_harms_nobody_elses(store: Store) -> None:
    id = talk(store)
    (text,) = taken(store)
    assert store.copies("bob") == [] and store.copies("bob", id) == []
    other = store.bring_back("bob", read(text.replace(b"Good day", b"Bad day")))
    assert other != id
    assert store.conversation("ann", id).messages[1].content == "Good day"
    assert store.conversation("bob", other).messages[1].content == "Bad day"


def test_what_is_there_already_comes_no_second_time(store: Store) -> None:
    id = talk(store)
    (text,) = taken(store)
    assert store.bring_back("ann", read(text)) == id
    store.append("ann", id, Message("user", "And then?"), at=2)
    assert store.bring_back("ann", read(text)) == id, "an older copy takes nothing away"
    assert len(store.conversations("ann")) == 1
    assert store.conversation("ann", id).messages[-1].content == "And then?"


def test_a_longer_copy_takes_the_place_of_a_shorter_one_and_one_that_went_elsewhere_stands_beside(store: Store) -> None:
    id = talk(store)
    (short,) = taken(store)
    store.append("ann", id, Message("user", "And then?"), at=2)
    (long,) = taken(store)
    assert store.bring_back("bob", read(short)) != id  # of another browser, say
    own = store.copies("bob")[0].id
    longer = json.loads(long) | {"id": own}
    assert store.bring_back("bob", read(json.dumps(longer).encode())) == own
    assert store.conversation("bob", own).messages[-1].content == "And then?"
    elsewhere = json.dumps(longer).replace("And then?", "Or else?").encode()
    beside = store.bring_back("bob", read(elsewhere))
    assert beside != own
    assert {c.turns[-1].content for c in store.copies("bob")} == {"And then?", "Or else?"}


def test_what_was_deleted_does_not_come_back(store: Store) -> None:
    id = talk(store)
    (text,) = taken(store)
    store.delete("ann", id)
    assert store.copies("ann") == []
    assert store.bring_back("ann", read(text)) == ""
    assert store.conversations("ann") == []


def broken(**changes: object) -> dict[str, Any]:
    turn: dict[str, Any] = {"parent": None, "role": "user", "content": "Hi", "created": 1.0}
    turn |= dict.fromkeys(("finish", "model", "adapter", "tokens", "seconds", "liked", "better"))
    good: dict[str, Any] = {"id": "abcdefgh12345678", "title": "t", "system_prompt": "", "adapter": None, "folder": ""}
    good |= {"pinned": False, "created": 1.0, "updated": 1.0, "leaf": 0, "turns": [turn]}
    turn |= {name[5:]: value for name, value in changes.items() if name.startswith("turn_")}
    return good | {name: value for name, value in changes.items() if not name.startswith("turn_")}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        json.dumps(broken()).encode()[:-9],
        json.dumps(broken(title="\ud800")).encode(),
        *(
            json.dumps(broken(**change)).encode()
            for change in (
                {"id": "../../etc"},
                {"title": None},
                {"title": "x" * 1001},
                {"updated": float("inf")},
                {"updated": 1e300},
                {"leaf": 1},
                {"leaf": -1},
                {"turns": [1]},
                {"turn_parent": 0},
                {"turn_parent": 7},
                {"turn_role": "system"},
                {"turn_content": "a\0b"},
                {"turn_tokens": 2**70},
                {"turn_liked": 5},
            )
        ),
    ],
    ids=lambda text: text[-40:].decode("latin-1"),
)
def test_what_is_no_copy_is_refused_with_a_sentence(text: bytes) -> None:
    with pytest.raises(InputError, match="nothing of it was taken") as refused:
        read(text)
    assert refused.value.kind == "copy_unreadable"


def test_the_good_one_among_them_is_taken(store: Store) -> None:
    assert store.bring_back("ann", read(json.dumps(broken()).encode())) == "abcdefgh12345678"


def test_nobody_brings_more_than_a_browser_holds(fresh: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "MOST_CHARACTERS", 100)

    def one(id: str, length: int) -> Copy:
        return read(json.dumps(broken(id=id, turn_content="x" * length)).encode())

    fresh.bring_back("ann", one("abcdefgh1", 60))
    with pytest.raises(InputError, match="too many"):
        fresh.bring_back("ann", one("abcdefgh2", 41))
    fresh.bring_back("ann", one("abcdefgh3", 40))
    fresh.bring_back("bob", one("abcdefgh4", 41))
    assert len(fresh.conversations("ann")) == 2, "what was refused left nothing behind"


def test_a_place_is_known_again_and_an_emptied_one_is_another(tmp_path: Path) -> None:
    first = Store(tmp_path / "banyan.db")
    place = first.place()
    first.close()
    again = Store(tmp_path / "banyan.db")
    assert again.place() == place
    again.close()
    other = Store(tmp_path / "other.db")
    assert other.place() != place
    other.close()
