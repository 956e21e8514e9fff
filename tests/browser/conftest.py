"""A running app and a Chromium, for tests that look at the page as a person does.

The app is the real one with the bundled model; what is about something else than answers has one on the scripted engine.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.running import App, running

expect.set_options(timeout=20_000)  # ms; the first page after an installation waits for modules that are read cold

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]

BLOCKED = """for (const name of ["localStorage", "sessionStorage"])
    Object.defineProperty(window, name, { configurable: true, get() { throw new DOMException("blocked", "SecurityError"); } });"""
"""What a browser that blocks storage does where it is asked for."""


@pytest.fixture(scope="session")
def data(
    models_folder: Path, bundled_gguf: Path, bundled_embedder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A data folder with the bundled model in it, so that the app needs no network."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "models").symlink_to(models_folder)
    return folder


@pytest.fixture(scope="session")
def app(data: Path) -> Iterator[App]:
    with running("--engine", "llamacpp", "--context", "2048", data=data) as app:
        yield app


@pytest.fixture(scope="session")
def telling_data(models_folder: Path, bundled_embedder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("telling")
    (folder / "models").symlink_to(models_folder)
    return folder


@pytest.fixture(scope="session")
def telling(telling_data: Path) -> Iterator[App]:
    """It says what it is told."""
    with running("--engine", "scripted", data=telling_data) as app:
        yield app


def go_to(page: Page, tab: str) -> None:
    """Choose a tab by its name; where there is no room for all, its group first."""
    button = page.locator(f"#by-tab-{tab}-button")
    group = page.locator(f'#by-groups [data-tabs~="{tab}"]')
    expect(page.locator(f'#by-tab-{tab}-button:visible, #by-groups [data-tabs~="{tab}"]:visible').first).to_be_visible()
    if not button.is_visible():
        group.click()
    button.click()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert executable, "The browser tests need Chromium: apt-get install chromium, or set CHROMIUM to its path."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open the app's page as a new visitor, without motion, which takes a core where there is no GPU; a page that raised an error
    in its script fails the test. `script` runs before the page's own."""
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def open_page(
        address: str, *, width: int = 1440, height: int = 900, locale: str = "en-US", script: str = "", **options: str
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale=locale,
            **{"reduced_motion": "reduce"} | options,  # type: ignore[arg-type]
        )
        contexts.append(context)
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda m: faults.append(m.text) if "Content Security Policy" in m.text else None)
        page.goto(address)
        expect(page.locator("#by-composer textarea")).to_be_visible(timeout=30_000)
        expect(page.locator("#by-model .by-model")).to_be_attached(timeout=60_000)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []
