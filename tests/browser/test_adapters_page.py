"""Adapters in the browser: dropped in, chosen, compared with the base, removed. Real weights, real answers."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import openai
import pytest
from playwright.sync_api import Page, expect

from tests.lora import write_adapter
from tests.running import App, running

pytestmark = pytest.mark.slow

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def own_app(models_folder: Path, bundled_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app whose adapters nobody else sees."""
    data = tmp_path_factory.mktemp("adapters-data")
    (data / "models").symlink_to(models_folder)
    with running("--context", "1024", data=data) as app:
        yield app


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("upload")
    write_adapter(folder / "oak", rank=4, card={"task": "chat", "verdict": "better"})
    return Path(shutil.make_archive(str(folder / "oak"), "zip", folder, "oak"))


def open_tab(page: Page) -> None:
    page.click("#by-tab-adapters-button")
    expect(page.locator("#by-adapter-table")).to_be_visible()


def add(page: Page, file: Path) -> None:
    page.set_input_files("#by-adapter-files input[type=file]", str(file))
    expect(page.locator("#by-adapter-files .file-preview")).to_be_visible(timeout=30_000)
    page.click("#by-adapter-add")


def test_drop_an_adapter_compare_it_and_remove_it(own_app: App, visit: Visit, packed: Path) -> None:
    page = visit(own_app.address)
    open_tab(page)
    expect(page.locator("#by-adapter-table")).to_contain_text("sentiment")  # it comes with Banyan
    add(page, packed)
    expect(page.locator("#by-adapter-notice .by-success")).to_contain_text("oak", timeout=60_000)
    expect(page.locator("#by-adapter-table")).to_contain_text("better")

    client = openai.OpenAI(base_url=f"{own_app.address}/v1", api_key="none")
    assert "oak" in {model.id for model in client.models.list()}
    said = client.chat.completions.create(
        model="oak", messages=[{"role": "user", "content": "Name a tree."}], max_tokens=8, temperature=0
    )
    assert said.model == "oak"
    assert said.choices[0].message.content

    page.get_by_role("button", name="Compare: oak").click()
    expect(page.locator("#by-adapter input")).to_have_value(re.compile("oak"))
    expect(page.locator("#by-second .by-column-name span")).to_have_text("The base model")
    page.fill("#by-composer textarea", "Name a colour.")
    page.keyboard.press("Enter")
    expect(page.locator("#by-composer .submit-button")).to_be_visible(timeout=120_000)
    for column in ("#by-chatbot", "#by-chatbot-2"):
        expect(page.locator(f"{column} .user .message-content")).to_have_text("Name a colour.")
        expect(page.locator(f"{column} .bot .message-content")).not_to_be_empty()
    expect(page.locator("#by-conversations .by-talk")).to_have_count(2)

    open_tab(page)
    card = page.locator(".by-adapters > li", has=page.get_by_role("heading", name="oak"))
    with page.expect_download() as saved:
        card.get_by_role("button", name="Download").click()
    assert saved.value.suggested_filename == "oak.zip"
    card.get_by_role("button", name="Remove").focus()
    page.keyboard.press("Enter")
    expect(card.get_by_role("button", name="Really remove?")).to_be_focused()
    assert "oak" in {model.id for model in client.models.list()}
    page.keyboard.press("Enter")
    expect(card).to_have_count(0, timeout=30_000)
    assert "oak" not in {model.id for model in client.models.list()}


def test_a_bad_file_and_a_taken_name_are_refused_with_the_reason(
    own_app: App, visit: Visit, packed: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.zip").write_bytes(b"this is no zip")
    page = visit(own_app.address)
    open_tab(page)
    add(page, tmp_path / "bad.zip")
    expect(page.locator("#by-adapter-notice .by-notice")).to_contain_text("cannot be read", timeout=30_000)
    page.reload()
    open_tab(page)
    page.fill("#by-adapter-name textarea, #by-adapter-name input", "sentiment")
    add(page, packed)
    expect(page.locator("#by-adapter-notice .by-notice")).to_contain_text("comes with Banyan", timeout=30_000)


def test_an_adapter_for_oneself_is_not_shown_to_others(own_app: App, visit: Visit, packed: Path) -> None:
    page = visit(own_app.address)
    open_tab(page)
    page.fill("#by-adapter-name textarea, #by-adapter-name input", "secret")
    page.click("#by-adapter-mine input")
    add(page, packed)
    expect(page.locator("#by-adapter-table")).to_contain_text("secret", timeout=60_000)
    stranger = visit(own_app.address)
    open_tab(stranger)
    expect(stranger.locator("#by-adapter-table")).to_contain_text("sentiment")
    expect(stranger.locator("#by-adapter-table")).not_to_contain_text("secret")
