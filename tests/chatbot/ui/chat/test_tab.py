"""The chat's buttons without a browser: what a press shows, what it keeps, and whose it is."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import gradio as gr
import pytest

from chatbot.common.errors import EngineError
from chatbot.engine.loading import LoadingEngine
from chatbot.engine.scripted import Reply, ScriptedEngine
from chatbot.store.store import Store
from chatbot.types import Message
from chatbot.ui.chat import compare
from chatbot.ui.chat.handlers import Handlers
from chatbot.ui.chat.list.handlers import Handlers as Listed
from chatbot.ui.chat.turns.handlers import Handlers as Turns
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import text
from tests.chatbot.ui.wired import Wired, as_, clicked

CONTROLS = (0.0, 0.95, 40, 0.0, 1.0, 64, "")  # the sliders of the sidebar, in their order


Replies = Sequence[Reply] | Callable[[Sequence[Message]], str]


@contextmanager
def services_of(folder: Path, replies: Replies) -> Iterator[Services]:
    store = Store(folder / "banyan.db")
    loading = LoadingEngine(lambda *_: ScriptedEngine(replies), "scripted")
    loading.start()
    assert loading.wait(20)
    yield Services(loading, store, lambda request: str(request.owner))
    loading.close()
    store.close()


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with services_of(tmp_path, lambda messages: f"You said {messages[-1].content}") as services:
        yield services


def test_a_message_is_saved_answered_and_there_when_it_is_opened_again(services: Services) -> None:
    page = Wired(services)
    do = page.handlers(Handlers)
    tab, bar = do._tab, do._bar
    sent = page.one(do.send, "hello", None, "", "Be kind.", "en", 64, as_("ada"))
    id = sent[tab.conversation]
    assert ">hello</span>" in sent[bar.conversations]
    *_, last = page.steps(do.respond, id, "en", as_("ada"), *CONTROLS)
    assert "You said hello" in last[tab.chatbot][-1]["content"]
    page.one(do.settled, id, None, "en", as_("ada"))
    listed = page.handlers(Listed)
    opened = page.one(listed.act, None, "en", as_("ada"), clicked(act="open", id=id))
    assert [bubble["role"] for bubble in opened[tab.chatbot]] == ["user", "assistant"]
    assert opened[bar.system_prompt] == "Be kind."
    assert set(page.one(listed.act, None, "en", as_("eve"), clicked(act="open", id=id))) == {tab.notice}


COUNTED = " ".join(f"word{n}" for n in range(100))


def counting(messages: Sequence[Message]) -> str:
    return COUNTED


@pytest.mark.parametrize("reopened", [False, True])
def test_an_answer_that_was_cut_is_gone_on_with_in_place(tmp_path: Path, reopened: bool) -> None:
    with services_of(tmp_path, counting) as services:
        page = Wired(services)
        do = page.handlers(Handlers)
        tab = do._tab
        id = page.one(do.send, "count", None, "", "", "en", 64, as_("ada"))[tab.conversation]
        *_, last = page.steps(do.respond, id, "en", as_("ada"), *CONTROLS)
        assert text("cut", "en") in last[tab.chatbot][-1]["content"]
        assert page.one(do.settled, id, None, "en", as_("ada"))[tab.more]["visible"] is True
        if reopened:
            assert (
                page.one(page.handlers(Listed).act, None, "en", as_("ada"), clicked(act="open", id=id))[tab.more][
                    "visible"
                ]
                is True
            )
            assert page.one(do.new, "en", as_("ada"))[tab.more]["visible"] is False
        assert page.one(do.go_on)[tab.more]["visible"] is False
        first, *_, last = page.steps(do.resume, id, "en", as_("ada"), *CONTROLS)[1:]
        assert first[tab.chatbot][-1]["content"].startswith("word0 "), "what was said stays in sight"
        assert last[tab.chatbot][-1]["content"] == COUNTED
        assert services.store.conversation("ada", id).messages == (
            Message("user", "count"),
            Message("assistant", COUNTED),
        )
        assert page.one(do.settled, id, None, "en", as_("ada"))[tab.more]["visible"] is False
        assert page.steps(do.resume, id, "en", as_("ada"), *CONTROLS) == [gr.skip()], "it is whole"
        assert page.one(do.send, "count", id, "", "", "en", 64, as_("ada"))[tab.more]["visible"] is False


def test_an_answer_that_cannot_be_gone_on_with_keeps_what_there_is(tmp_path: Path) -> None:
    failure = EngineError("The cable is out.", kind="model_failed")
    with services_of(tmp_path, [COUNTED, failure]) as services:
        page = Wired(services)
        do = page.handlers(Handlers)
        id = page.one(do.send, "count", None, "", "", "en", 64, as_("ada"))[do._tab.conversation]
        page.steps(do.respond, id, "en", as_("ada"), *CONTROLS)
        before = services.store.conversation("ada", id)
        *_, last = page.steps(do.resume, id, "en", as_("ada"), *CONTROLS)
        assert "alert" in last[do._tab.notice]
        assert services.store.conversation("ada", id).messages == before.messages
        assert page.one(do.settled, id, None, "en", as_("ada"))[do._tab.more]["visible"] is True


def test_an_answer_that_loops_says_so_and_offers_nothing(tmp_path: Path) -> None:
    with services_of(tmp_path, ["the same again " * 500]) as services:
        page = Wired(services)
        do = page.handlers(Handlers)
        id = page.one(do.send, "hello", None, "", "", "en", 64, as_("ada"))[do._tab.conversation]
        *_, last = page.steps(do.respond, id, "zh", as_("ada"), *CONTROLS[:5], 2000, "")
        assert text("looped", "zh") in last[do._tab.chatbot][-1]["content"]
        assert page.one(do.settled, id, None, "en", as_("ada"))[do._tab.more]["visible"] is False


def test_what_cannot_be_sent_changes_the_notice_alone(services: Services) -> None:
    page = Wired(services)
    do = page.handlers(Handlers)
    assert set(page.one(do.send, " ", None, "", "", "en", 64, as_("ada"))) == {do._tab.notice}


def test_the_list_renames_pins_saves_deletes_and_brings_back_for_its_owner_alone(services: Services) -> None:
    page = Wired(services)
    do, chat = page.handlers(Listed), page.handlers(Handlers)
    tab, bar = do._tab, do._bar
    id = page.one(chat.send, "hello", None, "", "", "en", 64, as_("ada"))[tab.conversation]

    def press(act: str, who: str = "ada", **more: str) -> Updates:
        return page.one(do.act, id, "en", as_(who), clicked(act=act, id=id, **more))

    for act in ("rename", "pin", "md", "delete", "restore", "open", "shout"):
        assert set(press(act, "eve", title="mine")) == {tab.notice}
    assert ">greetings</span>" in press("rename", title=" greetings ")[bar.conversations]
    assert text("pinned", "en") in press("pin")[bar.conversations]
    assert text("pinned", "en") not in press("unpin")[bar.conversations]
    assert 'download="greetings.md"' in press("md")[tab.file]
    assert 'download="greetings.json"' in press("json")[tab.file]
    gone = press("delete")
    assert gone[tab.conversation] is None
    assert 'data-act="restore"' in gone[bar.conversations]
    assert services.store.conversations("ada") == []
    assert press("restore")[tab.conversation] == id
    assert services.store.conversation("ada", id).title == "greetings"


def test_folders_hold_conversations_and_what_is_begun_while_one_is_looked_at(services: Services) -> None:
    page, store = Wired(services), services.store
    do, talk = page.handlers(Listed), page.handlers(Handlers)
    tea, trip = store.create("ada", title="Tea"), store.create("ada", title="Trip")

    def shown(**pressed: str) -> str:
        return str(page.one(do.act, None, "en", as_("ada"), clicked(**pressed))[do._bar.conversations])

    assert "by-folders" not in shown(act="pin", id=tea)
    listed = shown(act="move", id=trip, title=" to   <read> ")
    assert 'data-id="to &lt;read&gt;" aria-pressed="false">to &lt;read&gt; <small>1</small>' in listed
    only = shown(act="folder", id="to <read>")
    assert (">Trip</span>" in only, ">Tea</span>" in only, 'aria-pressed="true">to' in only) == (True, False, True)
    page.one(talk.send, "hello", None, "", "", "en", 64, as_("ada"))
    assert store.folders("ada") == {"to <read>": 2}
    assert ">Tea</span>" in shown(act="folder", id="")
    for id in [h.id for h in store.conversations("ada", folder="to <read>")]:
        shown(act="folder", id="to <read>")
        every = shown(act="move", id=id, title="")
    assert ">Tea</span>" in every, "an empty folder is none, and is not looked at"
    notice = page.one(do.act, None, "en", as_("eve"), clicked(act="move", id=tea, title="mine"))[do._tab.notice]
    assert "no such conversation" in notice


def test_what_is_searched_for_is_found_in_titles_and_texts(services: Services) -> None:
    page = Wired(services)
    do = page.handlers(Listed)
    id = page.one(page.handlers(Handlers).send, "Pears in ＳＹＲＵＰ", None, "", "", "en", 64, as_("ada"))[
        do._tab.conversation
    ]
    services.store.rename("ada", id, "果园")
    for words in ("syrup", "果园", "PEARS"):
        assert f'data-id="{id}"' in do.search(words, None, "en", as_("ada"))
        assert id not in do.search(words, None, "en", as_("eve"))
    assert do.search("  ", None, "en", as_("ada")) == ""
    assert text("found_no_talks", "zh") in do.search("apples%", None, "zh", as_("ada"))


def test_the_address_opens_its_conversation_and_tab_for_its_owner_alone(services: Services) -> None:
    page = Wired(services)
    do = page.handlers(Listed)
    tab = do._tab
    id = page.one(page.handlers(Handlers).send, "hello", None, "", "", "en", 64, as_("ada"))[tab.conversation]

    def come(who: str, **asked: str) -> Updates:
        request = as_(who)
        request.query_params = asked
        return page.one(do.arrive, request)

    here = come("ada", chat=id, tab="summarize")
    assert here[tab.conversation] == id
    assert here[do._tabs]["selected"] == "summarize"
    assert do._tabs not in come("ada", tab="nowhere")
    assert tab.conversation not in come("eve", chat=id)
    assert "no such conversation" in come("eve", chat=id)[tab.notice]


def test_another_try_stands_beside_the_first_and_both_are_reached(services: Services) -> None:
    page = Wired(services)
    do, turns = page.handlers(Handlers), page.handlers(Turns)
    tab = do._tab
    id = page.one(do.send, "hello", None, "", "", "en", 64, as_("ada"))[tab.conversation]
    page.steps(do.respond, id, "en", as_("ada"), *CONTROLS)
    (_, first) = services.store.conversation("ada", id).turns
    assert first.by.model == services.engine.model
    asked = page.one(turns.again, id, "en", as_("ada"), clicked(act="again", id=str(first.id)))
    assert [bubble["role"] for bubble in asked[tab.chatbot]] == ["user", "assistant"]
    page.steps(do.respond, id, "en", as_("ada"), *CONTROLS)
    (_, second) = services.store.conversation("ada", id).turns
    assert (second.place, second.of) == (2, 2)
    assert "2 / 2" in page.one(do.settled, id, None, "en", as_("ada"))[tab.turns]
    back = page.one(turns.act, id, "en", as_("ada"), clicked(act="earlier", id=str(second.id)))
    assert "1 / 2" in back[tab.turns]
    assert services.store.conversation("ada", id).turns[1].id == first.id
    assert set(page.one(turns.act, id, "en", as_("eve"), clicked(act="later", id=str(first.id)))) == {tab.notice}
    assert set(page.one(turns.again, id, "en", as_("ada"), clicked(id=str(first.id), adapter="gone"))) == {tab.notice}


def test_what_was_liked_or_better_said_is_a_data_set_of_its_owner(services: Services) -> None:
    page = Wired(services)
    do, turns = page.handlers(Handlers), page.handlers(Turns)
    tab = do._tab
    id = page.one(do.send, "hello", None, "", "Be kind.", "en", 64, as_("ada"))[tab.conversation]
    page.steps(do.respond, id, "en", as_("ada"), *CONTROLS)
    (_, said) = services.store.conversation("ada", id).turns
    press = {"act": "bad", "id": str(said.id)}
    assert page.one(turns.act, id, "en", as_("ada"), clicked(**press))[tab.better.box]["visible"] is True
    assert services.store.count_corrections("ada") == 0, "a bad answer alone teaches nothing"
    assert set(page.one(turns.improve, id, said.id, "Good day!", "en", as_("eve"))) == {tab.notice}
    page.one(turns.improve, id, said.id, "Good day!", "en", as_("ada"))
    (row,) = services.store.corrections("ada")
    assert json.loads(row.as_row())["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "Good day!"},
    ]
    page.one(do.send, "and now?", id, "", "Be kind.", "en", 64, as_("ada"))
    page.steps(do.respond, id, "en", as_("ada"), *CONTROLS)
    later = services.store.conversation("ada", id).turns[-1]
    page.one(turns.improve, id, later.id, "Farewell!", "en", as_("ada"))
    *_, row = services.store.corrections("ada")
    answers = [one for one in json.loads(row.as_row())["messages"] if one["role"] == "assistant"]
    assert [(one["content"], one.get("weight", 1)) for one in answers] == [(said.message.content, 0), ("Farewell!", 1)]
    assert services.store.corrections("eve") == []
    pair, _ = services.store.preferences("ada")
    assert json.loads(pair.as_row()) == {
        "prompt": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "hello"}],
        "chosen": [{"role": "assistant", "content": "Good day!"}],
        "rejected": [{"role": "assistant", "content": said.message.content}],
    }
    assert (services.store.count_preferences("ada"), services.store.preferences("eve")) == (2, [])
    services.store.delete("ada", id)
    assert services.store.corrections("ada") == []
    assert services.store.preferences("ada") == []


def test_of_two_tries_the_liked_one_is_preferred_to_the_other(services: Services) -> None:
    store = services.store
    id = store.create("ada", title="t")
    store.append("ada", id, Message("user", "Is it?"), at=0)
    for words, liked in (("Yes.", True), ("No!", False), ("Perhaps.", None)):
        store.append("ada", id, Message("assistant", words), at=1)
        store.rate("ada", id, store.conversation("ada", id).turns[-1].id, liked=liked)
    (pair,) = store.preferences("ada")
    assert (pair.chosen, pair.rejected, [m.content for m in pair.messages]) == ("Yes.", "No!", ["Is it?"])


def test_the_second_column_answers_the_same_message_in_a_conversation_of_its_own(services: Services) -> None:
    page = Wired(services)
    do, beside = page.handlers(Handlers), page.handlers(compare.Handlers)
    id = page.one(do.send, "hello", None, "", "", "en", 64, as_("ada"))[do._tab.conversation]
    *_, last = page.steps(beside.respond, id, None, compare.BASE, "en", as_("ada"), *CONTROLS)
    second = do._tab.second
    assert text("compare_base", "en") in last[second.name]
    assert "You said hello" in last[second.chatbot][-1]["content"]
    assert last[second.conversation] not in (None, id)
