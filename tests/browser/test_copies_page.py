"""On a Space, which forgets: a restart is another data folder at the same address, and the same browser comes back to it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

import app as product
from chatbot.settings import load
from tests.browser.conftest import BLOCKED
from tests.running import free_port

pytestmark = pytest.mark.slow

Visit = Callable[..., Page]
SPACE = {"SPACE_ID": "ann/banyan", "GRADIO_SERVER_NAME": "127.0.0.1", "BANYAN_ENGINE": "scripted"}
TALKS, ANSWERS = "#by-conversations .by-talk", "#by-chatbot .bot .message-content"
COPIES = "Object.entries(localStorage).filter(([key]) => key.startsWith('banyan-copy '))"
FILL = """() => {
    let text = "x".repeat(2 ** 22);
    for (let at = 0; text; at++) try { localStorage.setItem(`full ${at}`, text); } catch { text = text.slice(0, text.length >> 1); }
}"""


class Space:
    """One address, at which a server comes and goes with all that it had. In this process: it starts sooner."""

    def __init__(self, folder: Path, models: Path) -> None:
        self._folder, self._models, self._port, self._runs = folder, models, free_port(), 0

    @contextmanager
    def __call__(self, *pages: Page) -> Iterator[str]:
        """Its address. `pages` are of the one before, and wait until they have noticed."""
        self._runs += 1
        data = self._folder / str(self._runs)
        data.mkdir()
        (data / "models").symlink_to(self._models)
        for page in pages:
            page.evaluate("window.before = true")
        shut_down = product.serve(load(["--port", str(self._port), "--data", str(data)], SPACE), block=False)
        try:
            for page in pages:
                page.wait_for_function("!window.before", timeout=60_000)
            yield f"http://127.0.0.1:{self._port}"
        finally:
            shut_down()


@pytest.fixture
def space(models_folder: Path, bundled_embedder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Space:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))  # each app sets it to its own
    return Space(tmp_path, models_folder)


def ask(page: Page, words: str) -> None:
    """In a new conversation."""
    page.click("#by-new")
    expect(page.locator(ANSWERS)).to_have_count(0)
    page.fill("#by-composer textarea", words)
    page.keyboard.press("Enter")
    expect(page.locator(ANSWERS)).to_have_text(words)
    expect(page.locator("#by-composer .submit-button")).to_be_visible()


def delete(page: Page, title: str) -> None:
    page.locator("#by-conversations li", has_text=title).locator("[data-menu]").click()
    page.click("#by-conversations [role=menuitem][data-act=delete]")


def kept(page: Page, *words: str) -> list[list[str]]:
    """The browser's copies, once each of them holds one of the `words`, and an answer."""
    page.wait_for_function(
        f"(words) => {COPIES}.length === words.length && words.every((one) => "
        f"{COPIES}.some(([, copy]) => copy.includes(one) && copy.includes('assistant')))",
        arg=list(words),
    )
    found: list[list[str]] = page.evaluate(COPIES)
    return found


def test_conversations_are_there_after_a_restart_and_deleted_ones_are_not(space: Space, visit: Visit) -> None:
    with space() as address:
        page = visit(address)
        expect(page.locator("#by-forgets")).to_contain_text("kept in this browser")
        for words in ("Of oaks", "Of elms", "Of limes"):
            ask(page, words)
        delete(page, "Of elms")
        page.click("#by-conversations [data-act=restore]")
        before = kept(page, "Of oaks", "Of elms", "Of limes")
        delete(page, "Of oaks")
        assert "Of oaks" not in json.dumps(page.evaluate(COPIES)), "at once, not once the server has said so"
        expect(page.locator(TALKS)).to_have_count(2)
        opened = page.url
        put(page, *before, ["banyan-copy guest broken", 'mark\n{"id": 7}'])  # as another window may that was late
    with space(page) as address:
        expect(page.locator(TALKS)).to_have_text(["Of limes", "Of elms"], timeout=60_000)  # the page is loaded twice
        expect(page.locator(ANSWERS)).to_have_text("Of elms", timeout=60_000)  # which was open
        assert page.url == opened and "chat=" in opened
        kept(page, "Of elms", "Of limes")
        told_of_what_cannot_be_read(page)
        told_of_what_has_no_room(page)
        stranger = visit(address, script=BLOCKED)
        expect(stranger.locator("#by-conversations .by-empty")).to_be_visible()
        ask(stranger, "Rowan")  # nothing can be kept, and it says so
        expect(stranger.locator("#by-forgets [role=status]")).to_contain_text("has no room for")


def put(page: Page, *entries: list[str]) -> None:
    page.evaluate("(entries) => entries.forEach(([key, value]) => localStorage.setItem(key, value))", list(entries))


def told_of_what_cannot_be_read(page: Page) -> None:
    told = page.locator("#by-forgets [role=status]")
    expect(told).to_contain_text("could not be brought back and are still kept in this browser: 1")
    with page.expect_download() as download:
        told.locator("a").click()
    assert json.loads(download.value.path().read_text()) == [{"id": 7}]


def told_of_what_has_no_room(page: Page) -> None:
    """The oldest goes first, whose room is enough for one that says less."""
    page.evaluate(FILL)
    ask(page, "Ash")
    expect(page.locator("#by-forgets [role=status]")).to_contain_text("has no room for")
    kept(page, "Ash", "Of limes")
    expect(page.locator(TALKS)).to_have_count(3)
