"""What a person does in the summary tab, in a real browser, with the bundled model."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import go_to
from tests.running import App

pytestmark = pytest.mark.slow

Visit = Callable[..., Page]
ORCHARD = """# Orchard handbook

## History
The orchard was planted in 1998 by Maria Lindqvist. It covers 14 hectares near Uppsala. Discovery ripens first.

## The press
The cider press was bought in Kivik in 2011 for 48,000 euros. It was repaired in March and runs well again this year.
"""


def open_tab(visit: Visit, app: App, **options: object) -> Page:
    page = visit(app.address, **options)
    go_to(page, "summarize")
    expect(page.locator("#by-sum-run")).to_be_visible(timeout=30_000)
    return page


def finished(page: Page) -> None:
    page.click("#by-sum-run")
    expect(page.locator("#by-sum-shown .by-result-foot")).to_be_visible(timeout=240_000)
    expect(page.locator("#by-sum-run")).to_be_visible(timeout=30_000)


def test_summarize_check_a_sentence_and_find_it_again(app: App, visit: Visit, tmp_path: Path) -> None:
    page = open_tab(visit, app)
    path = tmp_path / "orchard.md"
    path.write_text(ORCHARD, "utf-8")
    page.locator("#by-sum-source label", has_text="File").click()
    page.set_input_files("#by-sum-file input[type=file]", str(path))
    expect(page.locator("#by-sum-file")).to_contain_text("orchard", timeout=30_000)
    finished(page)
    shown = page.locator("#by-sum-shown")
    for section in ("History", "The press"):
        expect(shown.locator("h4", has_text=section)).to_be_visible()
    shown.locator(".by-chip").first.click()
    expect(page.locator("#by-sum-where mark").first).to_be_visible(timeout=20_000)
    expect(page.locator("#by-sum-where")).to_contain_text("orchard.md")
    assert serious(page) == []

    page.reload()
    go_to(page, "summarize")
    page.get_by_role("button", name="Open the summary of orchard.md").click(timeout=30_000)
    expect(shown.locator("h4", has_text="The press")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Remove the summary of orchard.md").click()
    expect(page.get_by_role("button", name="Open the summary of orchard.md")).to_have_count(0, timeout=20_000)


def test_a_language_the_model_does_not_know_is_quoted_on_a_phone_in_the_dark(app: App, visit: Visit) -> None:
    page = open_tab(visit, app, width=390, height=844, color_scheme="dark")
    page.get_by_role("button", name="A Chinese text").click()
    expect(page.locator("#by-sum-typed textarea")).to_have_value(re.compile("果园"), timeout=20_000)
    finished(page)
    expect(page.locator("#by-sum-shown")).to_contain_text("was not made for Chinese")
    expect(page.locator("#by-sum-shown .by-sum-text")).to_contain_text("果园由林玛丽于1998年建立")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert serious(page) == []


def serious(page: Page) -> list[object]:
    result = Axe().run(page, context="#by-tab-summarize")
    found = [v for v in result.response["violations"] if v["impact"] in ("serious", "critical")]
    return [(v["id"], [node["html"][:200] for node in v["nodes"]]) for v in found]
