"""The data tab shows its visitor's own rows, the newest first, and each card goes where its rows are taken or come from."""

import re

import pytest

from chatbot.tasks.classify import taught
from chatbot.tasks.classify.labels import Label
from chatbot.types import Message
from chatbot.ui.data.render import LATEST, SOURCES, cards
from chatbot.ui.data.tab import found
from chatbot.ui.finetune.corrections import build_corrections
from chatbot.ui.services import Services
from chatbot.ui.strings.words import languages, text
from chatbot.ui.tabs import TABS


def answered(services: Services, owner: str, asked: str, said: str, *, liked: bool, better: str = "") -> None:
    store = services.store
    id = store.create(owner, title=asked)
    store.append(owner, id, Message("user", asked), at=0)
    store.append(owner, id, Message("assistant", said), at=1)
    turn = store.conversation(owner, id).turns[-1].id
    store.rate(owner, id, turn, liked=liked, better=better)


def test_what_was_kept_is_counted_and_the_newest_stands_first(services: Services) -> None:
    for number in range(LATEST + 2):
        answered(services, "ann", f"Tree {number}?", "An <oak>.", liked=False, better=f"Ash {number}")
    kept = found(services, "ann", "en")
    assert kept["corrections"].count == f"Rows: {LATEST + 2}"
    assert kept["corrections"].latest[0] == (f"Tree {LATEST + 1}?", f"Ash {LATEST + 1}")
    assert len(kept["corrections"].latest) == LATEST
    assert kept["preferences"].latest[0] == (f"Tree {LATEST + 1}? — An <oak>.", f"Ash {LATEST + 1}")
    assert not kept["thumbs"].enough, "all are bad"
    answered(services, "ann", "A bush?", "A rose.", liked=True)
    assert found(services, "ann", "en")["thumbs"].enough
    assert not any(one.count for one in found(services, "bob", "en").values())
    html = cards(kept, "en", documents=False)
    assert "&lt;oak&gt;" in html and "<oak>" not in html


def test_labels_are_those_that_were_corrected_last(services: Services) -> None:
    labels = (Label("good"), Label("bad"))
    for label in ("good", "bad"):
        taught.keep(services.store, "eve", "reviews.csv", labels, [("A long film.", label), ("An end.", label)])
    kept = found(services, "eve", "en")["labels"]
    assert (kept.count, kept.latest[0], kept.latest[2]) == ("Rows: 4", ("An end.", "bad"), ("An end.", "good"))


@pytest.mark.parametrize("language", languages())
def test_each_card_goes_to_a_tab_that_there_is_and_to_a_button_that_takes_its_rows(
    services: Services, language: str
) -> None:
    answered(services, "dan", "Oak?", "Yes.", liked=False, better="No.")
    html = cards(found(services, "dan", language), language, documents=True)
    assert set(re.findall(r'data-go="(\w+)"', html)) <= {tab.name for tab in TABS}
    assert html.count("<li>") == len(SOURCES) + 2
    assert f'data-go="finetune" data-press="{SOURCES["corrections"].taken}"' in html
    assert (
        'data-go="sentiment" data-press=""' in html
        and text("data_where", language, tab=text("sentiment", language)) in html
    )
    buttons = build_corrections()
    known = {f"#{one.elem_id}" for one in (buttons.answers, buttons.pairs, buttons.thumbs, buttons.labels)}
    assert {source.taken for source in SOURCES.values()} == known
