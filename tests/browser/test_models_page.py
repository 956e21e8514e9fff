"""The models tab and the first start in a real browser: models are fetched from a hub on this machine, used and removed."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.gguf_files import SHAPE, make_gguf
from tests.hub_server import Hub, hub
from tests.running import App, running
from tests.tiny import make_model

pytestmark = pytest.mark.slow

Visit = Callable[..., Page]
TREE = "oak/tree:tree.gguf"
SOON = 90_000  # ms


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Hub]:
    tree = make_gguf(make_model(tmp_path / "m", "llama", **SHAPE), tmp_path / "tree.gguf").read_bytes()
    with hub({"oak/tree": {"tree.gguf": tree}}) as server:
        yield server


@pytest.fixture
def data(bundled_gguf: Path, tmp_path: Path) -> Path:
    """With `small` in it."""
    models = tmp_path / "data" / "models"
    models.mkdir(parents=True)
    (models / bundled_gguf.name).symlink_to(bundled_gguf)
    return models.parent


def card(page: Page, title: str) -> Locator:
    return page.locator(".by-mo-list > li", has_text=title)


def press(page: Page, title: str, button: str) -> None:
    card(page, title).get_by_text(button, exact=True).click()


def ask(page: Page, message: str) -> None:
    """What the tiny model says means nothing: that something comes back is all."""
    page.fill("#by-composer textarea", message)
    page.keyboard.press("Enter")
    expect(page.locator("#by-chatbot .bot .message-content").last).not_to_have_text("", timeout=SOON)
    expect(page.locator("#by-composer .submit-button")).to_be_visible(timeout=SOON)


def reach(app: App) -> None:
    end = time.monotonic() + 90
    while True:
        try:
            app.health()
            return
        except OSError:
            assert time.monotonic() < end, app.log.read_text()
            time.sleep(0.2)


@pytest.mark.long
def test_fetch_use_and_remove_a_model_of_the_hub(visit: Visit, server: Hub, data: Path) -> None:
    with running("--engine", "llamacpp", data=data, environment={"HF_ENDPOINT": server.address}) as app:
        page, other = visit(app.address), visit(app.address)
        page.click("#by-tab-models-button")
        expect(card(page, "SmolLM2 135M")).to_contain_text("answers now")
        server.slow = 0.5  # seconds a piece: a busy page still shows Cancel in time
        page.fill("#by-mo-name textarea, #by-mo-name input", TREE)
        page.click("#by-mo-fetch")
        expect(card(page, TREE)).to_contain_text(" %", timeout=SOON)
        press(page, TREE, "Cancel")
        expect(card(page, TREE)).to_contain_text("partly fetched", timeout=SOON)
        server.slow = 0
        press(page, TREE, "Go on fetching")
        expect(card(page, TREE)).to_contain_text("on disk", timeout=SOON)
        press(page, TREE, "Use it")
        expect(card(page, TREE)).to_contain_text("answers now", timeout=SOON)
        expect(page.locator("#by-model")).to_contain_text("tiny")
        assert app.health()["model"] == "tiny"

        expect(other.locator("#by-model")).to_contain_text("tiny", timeout=SOON)  # this page learns of it by itself
        ask(other, "Hi")

        press(page, "SmolLM2 135M", "Use it")
        expect(card(page, "SmolLM2 135M")).to_contain_text("answers now", timeout=SOON)
        press(page, TREE, "Remove")
        press(page, TREE, "Really remove?")
        expect(card(page, TREE)).to_have_count(0)
        assert not list((data / "models").glob("oak*.gguf"))


def test_the_first_start_can_begin_with_the_small_model(browser: Browser, server: Hub, data: Path) -> None:
    server.slow = 3.0
    environment = {"HF_ENDPOINT": server.address}
    with running("--engine", "llamacpp", "--model", TREE, data=data, environment=environment, ready=False) as app:
        page = browser.new_page()
        reach(app)
        page.goto(app.address)
        expect(page.locator("#by-card h2")).to_contain_text("is on its way", timeout=SOON)
        page.get_by_role("button", name="Start with the small model meanwhile").click()
        expect(page.locator("#by-card")).to_contain_text("takes over when it is here", timeout=SOON)
        expect(page.locator("#by-model")).to_contain_text("SmolLM2 135M")
        ask(page, "What is the capital of France?")
        server.slow = 0
        expect(page.locator("#by-model")).to_contain_text("tiny", timeout=SOON)
        expect(page.locator("#by-card")).not_to_contain_text("takes over")
        ask(page, "And of Spain?")
        page.close()
