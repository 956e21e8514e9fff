"""Prompts of an owner: kept, changed, deleted, and nobody else's."""

from collections.abc import Iterator

import pytest

from chatbot.common.database.door import Place
from chatbot.common.errors import InputError, NotFound
from chatbot.store import prompts
from chatbot.store.store import Store


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    store = Store(place)
    yield store
    store.close()


def test_they_are_listed_by_name_and_stay(store: Store, place: Place) -> None:
    store.keep_prompt("ann", "Zebra", "Tell me of zebras.")
    id = store.keep_prompt("ann", "apple", "Tell me of apples.\n语言")
    assert store.keep_prompt("ann", "Apples", "More of them.", id) == id
    store.close()
    again = Store(place)
    assert [(p.name, p.words) for p in again.prompts("ann")] == [
        ("Apples", "More of them."),
        ("Zebra", "Tell me of zebras."),
    ]
    again.remove_prompt("ann", id)
    assert [p.name for p in again.prompts("ann")] == ["Zebra"]


def test_another_owner_finds_and_changes_none(store: Store) -> None:
    id = store.keep_prompt("ann", "apple", "x")
    assert store.prompts("eve") == []
    for act in (
        lambda: store.prompt("eve", id),
        lambda: store.keep_prompt("eve", "n", "y", id),
        lambda: store.remove_prompt("eve", id),
    ):
        with pytest.raises(NotFound):
            act()
    store.keep_prompt("eve", "apple", "a name is taken for its owner only")
    assert store.prompt("ann", id).words == "x"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("", "prompt_name"), ("x" * (prompts.LONGEST_NAME + 1), "prompt_name"), ("apple", "prompt_taken")],
)
def test_a_name_is_short_and_given_once(store: Store, name: str, kind: str) -> None:
    store.keep_prompt("ann", "apple", "x")
    with pytest.raises(InputError) as refused:
        store.keep_prompt("ann", name, "y")
    assert refused.value.kind == kind
    assert [p.words for p in store.prompts("ann")] == ["x"]


def test_there_is_an_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompts, "MOST", 2)
    first = store.keep_prompt("ann", "a", "x")
    store.keep_prompt("ann", "b", "x")
    with pytest.raises(InputError, match="Delete one first"):
        store.keep_prompt("ann", "c", "x")
    store.keep_prompt("ann", "d", "a change is no new one", first)
