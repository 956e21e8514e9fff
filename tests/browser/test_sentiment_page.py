"""The sentiment tab in a real browser, with the bundled model."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.running import App

pytestmark = pytest.mark.slow

LONG = 60_000  # milliseconds


def open_tab(visit: Callable[..., Page], app: App) -> Page:
    page = visit(app.address)
    page.get_by_role("tab", name="Classify").click()
    expect(page.locator("#by-sen-typed textarea")).to_be_visible()
    return page


def test_a_text_is_judged_explained_kept_and_told_in_chinese(visit: Callable[..., Page], app: App) -> None:
    page = open_tab(visit, app)
    page.get_by_role("button", name="Judge").click()
    expect(page.locator("#by-sen-notice [role=alert]")).to_contain_text("empty")
    page.locator("#by-sen-typed textarea").fill("A wonderful film, I loved it.")
    page.get_by_role("button", name="Judge").click()
    expect(page.locator(".by-sen-legend")).to_be_visible(timeout=LONG)
    expect(page.locator(".by-sen-label")).to_have_text("positive")
    expect(page.locator(".by-sen-scores li")).to_have_count(3)
    expect(page.locator(".by-sen-text")).to_have_text("A wonderful film, I loved it.")
    assert page.locator(".by-sen-text mark").count() >= 1
    page.get_by_text("As a table").click()
    expect(page.locator("#by-sen-shown td", has_text="wonderful")).to_be_visible()
    result = Axe().run(page, context="#by-tab-sentiment")
    serious = [v for v in result.response["violations"] if v["impact"] in ("serious", "critical")]
    assert serious == [], [(v["id"], [node["html"][:200] for node in v["nodes"]]) for v in serious]
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1440, "height": 900})
    page.reload()
    page.get_by_role("tab", name="Classify").click()
    page.get_by_role("button", name="Open the result of A wonderful film").click()
    expect(page.locator(".by-sen-label")).to_have_text("positive")
    page.select_option("#by-language select", "zh")
    expect(page.locator(".by-sen-head")).to_have_text("为什么是“积极”", timeout=LONG)
    expect(page.locator("#by-sen-run")).to_have_text("判断")


def test_a_table_comes_back_with_labels_and_a_stop_keeps_what_was_done(
    visit: Callable[..., Page], app: App, tmp_path: Path
) -> None:
    rows = "".join(f"{number},I loved scene number {number}.\n" for number in range(2000))
    (tmp_path / "reviews.csv").write_text(f"id,review\n{rows}", "utf-8")
    page = open_tab(visit, app)
    page.get_by_label("A table").check()
    page.locator("#by-sen-file input[type=file]").set_input_files(tmp_path / "reviews.csv")
    expect(page.locator(".by-sen-file")).to_contain_text("2,000 rows")
    expect(page.get_by_label("Column with the texts")).to_have_value("review")
    page.get_by_role("button", name="Judge").click()
    expect(page.locator(".by-sen-scores li").first).to_be_visible(timeout=LONG)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#by-sen-shown [role=status]")).to_contain_text("of 2,000 rows were judged", timeout=5_000)
    with page.expect_download() as download:
        page.locator("#by-sen-download").click()
    assert download.value.suggested_filename == "reviews-labelled.csv"
    with Path(download.value.path()).open(newline="", encoding="utf-8") as file:
        found = list(csv.DictReader(file))
    assert [row["review"] for row in found] == [f"I loved scene number {number}." for number in range(2000)]
    labelled = [row for row in found if row["predicted_label"]]
    assert 1 <= len(labelled) < 2000
    assert found[1999]["predicted_label"] == ""

    page.get_by_role("button", name="Judge").click()
    expect(page.locator("#by-sen-shown [role=status]")).not_to_contain_text("were judged", timeout=LONG)  # of before
    expect(page.locator(".by-sen-scores li").first).to_be_visible(timeout=LONG)
    context = page.context
    page.close()  # on the way
    page = context.new_page()
    page.goto(app.address)
    page.get_by_role("tab", name="Classify").click()
    expect(page.get_by_role("button", name="Open the result of reviews.csv")).to_have_count(2, timeout=LONG)
    page.get_by_role("button", name="Open the result of reviews.csv").first.click()
    expect(page.locator("#by-sen-shown [role=status]")).to_contain_text("of 2,000 rows were judged")
    expect(page.locator("#by-sen-download")).to_be_visible()


def test_the_rows_of_a_table_stand_in_colours_and_are_sorted(
    visit: Callable[..., Page], app: App, tmp_path: Path
) -> None:
    texts = (
        "I loved it.",
        "Ce film était vraiment merveilleux, nous avons ri du début à la fin.",
        "I hated it.",
        "Dull.",
    )
    (tmp_path / "reviews.csv").write_text("review\n" + "".join(f'"{text}"\n' for text in texts), "utf-8")
    page = open_tab(visit, app)
    page.get_by_label("A table").check()
    page.locator("#by-sen-file input[type=file]").set_input_files(tmp_path / "reviews.csv")
    expect(page.locator(".by-sen-file")).to_contain_text("4 rows")
    page.get_by_role("button", name="Judge").click()
    rows = page.locator(".by-sen-rows tbody tr")
    expect(rows).to_have_count(4, timeout=LONG)
    expect(rows.nth(1)).to_contain_text("French")  # and of no other row
    expect(page.locator(".by-sen-strange")).to_have_count(1)
    expect(page.locator("#by-sen-shown .by-caution").first).to_contain_text("1 of the rows below")
    colours = rows.locator(".by-sen-chip").evaluate_all("all => all.map(one => getComputedStyle(one).borderLeftColor)")
    labels = rows.locator(".by-sen-chip").all_inner_texts()
    assert len(set(zip(colours, labels, strict=True))) == len(set(labels)) == len(set(colours))

    def column(number: int) -> list[str]:
        return rows.locator(f"td:nth-child({number})").all_inner_texts()

    sure = page.get_by_role("columnheader", name="How sure")
    sure.get_by_role("button").click()
    expect(sure).to_have_attribute("aria-sort", "ascending")
    shares = [int(cell.split()[0]) for cell in column(4)]
    assert shares == sorted(shares)
    sure.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(sure).to_have_attribute("aria-sort", "descending")
    assert [int(cell.split()[0]) for cell in column(4)] == sorted(shares, reverse=True)
    page.get_by_role("columnheader", name="Row").get_by_role("button").click()
    assert column(1) == ["1", "2", "3", "4"]
