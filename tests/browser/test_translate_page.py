"""What a person does in the translate tab, in a real browser, and a program through its endpoints.

The bundled model knows English alone, so here the tab says what would translate; on the scripted engine, which echoes, it works.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from gradio_client import Client, handle_file
from playwright.sync_api import Page, expect

from tests.running import App, running

pytestmark = pytest.mark.slow

Visit = Callable[..., Page]


@pytest.fixture(scope="module")
def echoing(models_folder: Path, bundled_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("echoing")
    (folder / "models").symlink_to(models_folder)
    with running("--engine", "scripted", data=folder) as app:
        yield app


def desk(visit: Visit, app: App, **options: object) -> Page:
    page = visit(app.address, **options)
    page.get_by_role("tab", name="Translate").click()
    expect(page.locator("#by-tr-input textarea")).to_be_visible(timeout=20_000)
    return page


def test_the_bundled_model_does_not_pretend(app: App, visit: Visit) -> None:
    page = desk(visit, app)
    expect(page.locator("#by-tr-who")).to_contain_text("was not made for French", timeout=20_000)
    page.fill("#by-tr-input textarea", "The bridge was opened in 1937, and people still walk over it.")
    page.click("#by-tr-run-text")
    expect(page.locator("#by-tr-notice")).to_contain_text("a model that knows both", timeout=20_000)
    expect(page.locator("#by-tr-run-text")).to_be_visible(timeout=20_000)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_text_and_a_file_by_hand_and_by_program(echoing: App, visit: Visit, tmp_path: Path) -> None:
    page = desk(visit, echoing)
    page.locator("#by-tr .by-examples button").first.click()
    page.click("#by-tr-run-text")
    expect(page.locator("#by-tr-output textarea")).to_have_value(
        "Dear {name}, thank you for your order. It will arrive on Friday.", timeout=30_000
    )
    expect(page.locator("#by-tr-report")).to_contain_text("1 of 1 segments should be looked at")
    expect(page.locator("#by-tr-past")).to_contain_text("Dear {name}")
    serious = [found for found in Axe().run(page).response["violations"] if found["impact"] in ("serious", "critical")]
    assert not serious, [(found["id"], found["nodes"][0]["html"][:200]) for found in serious]

    path = tmp_path / "notes.md"
    path.write_text("# Two trees\n\nThey stand by the *old* river, see `this.code`.\n", "utf-8")
    page.get_by_role("tab", name="Files").click()
    page.set_input_files("#by-tr-file input[type=file]", str(path))
    page.click("#by-tr-run-file")
    expect(page.locator("#by-tr-result")).to_contain_text("notes.fr", timeout=60_000)
    with page.expect_download() as download:
        page.locator("#by-tr-result a[download]").first.click()
    assert Path(download.value.path()).read_text("utf-8") == path.read_text("utf-8")
    page.reload()
    page.get_by_role("tab", name="Translate").click()
    page.get_by_role("tab", name="Files").click()
    expect(page.locator("#by-tr-jobs .by-tr-job")).to_contain_text("notes.md", timeout=20_000)
    page.get_by_role("button", name="Remove the translation of notes.md").click()
    expect(page.locator("#by-tr-jobs .by-tr-job")).to_have_count(0, timeout=20_000)

    client = Client(echoing.address, verbose=False)
    said = client.predict("Two trees stand by the old river.", "de", api_name="/translate")
    assert (said["text"], said["source"], said["target"]) == ("Two trees stand by the old river.", "en", "de")
    assert said["confidence"] > 0.9 and said["warnings"]
    assert client.predict("Dos árboles", "en", "es", api_name="/translate")["confidence"] == 1.0
    result = Path(client.predict(handle_file(path), "de", api_name="/translate_file"))
    assert result.name == "notes.de.md"
    assert result.read_text("utf-8") == path.read_text("utf-8")
