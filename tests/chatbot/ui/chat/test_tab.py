"""The chat's buttons without a browser: what a press shows, what it keeps, and whose it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.engine.loading import LoadingEngine
from chatbot.engine.scripted import ScriptedEngine
from chatbot.store.store import Store
from chatbot.tasks.chat import DEFAULT_SYSTEM_PROMPT
from chatbot.ui.chat import compare
from chatbot.ui.chat.handlers import Handlers
from chatbot.ui.services import Services
from tests.chatbot.ui.wired import Wired, as_

CONTROLS = (0.0, 0.95, 40, 0.0, 1.0, 64, "")  # the sliders of the sidebar, in their order


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    store = Store(tmp_path / "banyan.db")
    loading = LoadingEngine(lambda progress: ScriptedEngine(lambda messages: f"You said {messages[-1].content}"))
    loading.start()
    assert loading.wait(20)
    yield Services(loading, store, lambda request: str(request.owner))
    loading.close()
    store.close()


def test_a_message_is_saved_answered_and_there_when_it_is_opened_again(services: Services) -> None:
    page = Wired(services)
    do = page.handlers(Handlers)
    tab, bar = do._tab, do._bar
    sent = page.one(do.send, "hello", None, "", DEFAULT_SYSTEM_PROMPT, "en", 64, as_("ada"))
    id = sent[tab.conversation]
    assert sent[tab.title] == "hello"
    *_, last = page.steps(do.respond, id, "en", as_("ada"), *CONTROLS)
    assert "You said hello" in last[tab.chatbot][-1]["content"]
    page.one(do.settled, id, None, as_("ada"))
    opened = page.one(do.choose, id, "en", as_("ada"))
    assert [bubble["role"] for bubble in opened[tab.chatbot]] == ["user", "assistant"]
    assert opened[bar.system_prompt] == DEFAULT_SYSTEM_PROMPT
    assert set(page.one(do.choose, id, "en", as_("eve"))) == {tab.notice}


def test_what_cannot_be_sent_changes_the_notice_alone(services: Services) -> None:
    page = Wired(services)
    do = page.handlers(Handlers)
    assert set(page.one(do.send, " ", None, "", "", "en", 64, as_("ada"))) == {do._tab.notice}


def test_delete_asks_first_and_leaves_a_new_conversation(services: Services) -> None:
    page = Wired(services)
    do = page.handlers(Handlers)
    tab, bar = do._tab, do._bar
    id = page.one(do.send, "hello", None, "", "", "en", 64, as_("ada"))[tab.conversation]
    assert page.one(do.delete, id, False, "en", as_("ada"))[tab.armed] is True
    assert services.store.conversation("ada", id).title == "hello"
    gone = page.one(do.delete, id, True, "en", as_("ada"))
    assert gone[tab.conversation] is None
    assert gone[bar.conversations]["choices"] == []


def test_a_title_is_changed_by_its_owner_alone(services: Services) -> None:
    page = Wired(services)
    do = page.handlers(Handlers)
    id = page.one(do.send, "hello", None, "", "", "en", 64, as_("ada"))[do._tab.conversation]
    assert page.one(do.rename, id, " greetings ", "en", as_("ada"))[do._tab.title] == "greetings"
    assert set(page.one(do.rename, id, "mine", "en", as_("eve"))) == {do._tab.notice}
    assert services.store.conversation("ada", id).title == "greetings"


def test_the_second_column_answers_the_same_message_in_a_conversation_of_its_own(services: Services) -> None:
    page = Wired(services)
    do, beside = page.handlers(Handlers), page.handlers(compare.Handlers)
    id = page.one(do.send, "hello", None, "", "", "en", 64, as_("ada"))[do._tab.conversation]
    *_, last = page.steps(beside.respond, id, None, compare.BASE, "en", as_("ada"), *CONTROLS)
    second = do._tab.second
    assert "You said hello" in last[second.chatbot][-1]["content"]
    assert last[second.conversation] not in (None, id)
