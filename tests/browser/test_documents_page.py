"""What a person does in the documents tab, in a real browser, with the bundled model and embedder."""

from collections.abc import Callable
from pathlib import Path

import docx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.running import App

pytestmark = pytest.mark.slow

Visit = Callable[..., Page]
ORCHARD = """# Orchard handbook

The orchard was planted in 1998 by Maria Lindqvist. It covers 14 hectares near Uppsala.

The cider press was bought in Kivik in 2011 for 48,000 euros.
"""


@pytest.fixture
def orchard(tmp_path: Path) -> Path:
    path = tmp_path / "orchard.md"
    path.write_text(ORCHARD, "utf-8")
    return path


@pytest.fixture
def bees(tmp_path: Path) -> Path:
    path = tmp_path / "bees.docx"
    document = docx.Document()
    document.add_heading("Bee log", 1)
    document.add_paragraph("Twelve hives stood by the river in spring. Two of them were lost to mites in October 2021.")
    document.save(str(path))
    return path


def desk(visit: Visit, app: App, **options: object) -> Page:
    page = visit(app.address, **options)
    page.get_by_role("tab", name="Documents").click()
    expect(page.locator("#by-doc-list .by-list-head")).to_be_visible(timeout=120_000)
    return page


def drop(page: Page, *files: Path) -> None:
    page.set_input_files("#by-doc-files input[type=file]", [str(file) for file in files])
    for file in files:
        expect(page.locator("#by-doc-list .by-doc", has_text=file.name)).to_be_visible(timeout=180_000)
    expect(page.locator("[data-act=stop_jobs]")).to_have_count(0, timeout=180_000)


def ask(page: Page, question: str) -> Locator:
    """The finished answer."""
    before = page.locator("#by-past .by-said").count()
    page.fill("#by-ask textarea", question)
    page.keyboard.press("Enter")
    expect(page.locator("#by-past .by-said")).to_have_count(before + 1, timeout=240_000)
    expect(page.locator("#by-ask .submit-button")).to_be_visible(timeout=30_000)
    return page.locator("#by-past .by-said").last


def test_drop_ask_open_the_source_and_find_it_all_again(app: App, visit: Visit, orchard: Path, bees: Path) -> None:
    page = desk(visit, app)
    drop(page, orchard, bees)
    expect(page.locator("#by-doc-jobs")).to_contain_text("Indexed")

    said = ask(page, "Who planted the orchard?")
    expect(said).to_contain_text("Maria Lindqvist")
    chip = said.locator(".by-chip").first
    expect(chip).to_have_attribute("aria-label", "Source 1: orchard.md, part 1")
    chip.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#by-source mark").first).to_contain_text("Maria Lindqvist", timeout=20_000)
    said.locator("summary").click()
    expect(said.locator(".by-found table")).to_contain_text("orchard.md")

    page.reload()
    page.get_by_role("tab", name="Documents").click()
    for name in ("orchard.md", "bees.docx"):
        expect(page.locator("#by-doc-list .by-doc", has_text=name)).to_be_visible(timeout=30_000)
    expect(page.locator("#by-past")).to_contain_text("Maria Lindqvist")  # what was asked is there again
    page.click("#by-ask-clear")
    expect(page.locator("#by-past")).not_to_contain_text("Maria Lindqvist")
    page.reload()
    page.get_by_role("tab", name="Documents").click()
    expect(page.locator("#by-doc-list .by-doc", has_text="orchard.md")).to_be_visible(timeout=30_000)
    expect(page.locator("#by-past")).not_to_contain_text("Maria Lindqvist")


def from_menu(page: Page, document: str, what: str) -> None:
    page.locator("#by-doc-list li", has_text=document).hover()
    page.get_by_role("button", name=f"… {document}").click()
    page.get_by_role("menuitem", name=what, exact=True).click()


def test_rename_choose_and_remove(app: App, visit: Visit, orchard: Path, bees: Path) -> None:
    page = desk(visit, app)
    drop(page, orchard, bees)
    page.locator("#by-doc-list .by-doc", has_text="bees.docx").click()
    expect(page.locator("#by-source")).to_contain_text("Twelve hives", timeout=20_000)
    page.get_by_role("button", name="Close the source").click()  # it takes the shelf's room on a screen of this size
    from_menu(page, "bees.docx", "Rename")
    page.keyboard.insert_text("Hives.docx")
    page.keyboard.press("Enter")
    expect(page.locator("#by-doc-list .by-doc", has_text="Hives.docx")).to_be_visible(timeout=20_000)

    box = page.get_by_role("checkbox", name="Use orchard.md for questions")
    box.focus()
    page.keyboard.press("Space")
    expect(box).to_have_attribute("aria-checked", "false", timeout=20_000)
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Use orchard.md for questions"
    said = ask(page, "How many hives stood by the river?")
    expect(said.locator(".by-found")).not_to_contain_text("orchard.md")

    from_menu(page, "Hives.docx", "Remove")
    page.get_by_role("menuitem", name="Really remove?").click()
    expect(page.locator("#by-doc-list .by-doc", has_text="Hives.docx")).to_have_count(0, timeout=20_000)
    expect(page.locator("#by-past .by-said")).to_have_count(0, timeout=20_000)  # it quoted what is gone
    page.reload()
    page.get_by_role("tab", name="Documents").click()
    expect(page.get_by_role("checkbox", name="Use orchard.md for questions")).to_have_attribute(
        "aria-checked", "false", timeout=30_000
    )
    expect(page.locator("#by-doc-list .by-doc")).to_have_count(1)


def test_a_pdf_shows_its_page_and_a_broken_file_its_reason(
    app: App, visit: Visit, shared_data: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\n garbage")
    page = desk(visit, app)
    drop(page, shared_data / "docs" / "2023 Q3 AAPL.pdf", broken)
    expect(page.locator("#by-doc-jobs")).to_contain_text("Rejected:")
    said = ask(page, "What were the total net sales of iPhone?")
    said.locator(".by-chip:visible").first.click()
    picture = page.locator("#by-source img.by-page")
    expect(picture).to_be_visible(timeout=60_000)
    assert picture.evaluate("image => image.naturalWidth") > 500
    assert "2023 Q3 AAPL.pdf" in (picture.get_attribute("alt") or "")


def test_chinese_questions_are_answered_by_quotation(app: App, visit: Visit, tmp_path: Path) -> None:
    garden = tmp_path / "garden.txt"
    garden.write_text("果园由林玛丽于1998年建立，占地14公顷。苹果在八月采摘。", "utf-8")
    page = visit(app.address, locale="zh-CN")
    page.get_by_role("tab", name="文档").click()
    expect(page.locator("#by-doc-list")).to_contain_text("你的文档", timeout=120_000)
    drop(page, garden)
    said = ask(page, "果园由谁建立？")
    expect(said).to_contain_text("文档原文引用")
    expect(said).to_contain_text("果园由林玛丽于1998年建立，占地14公顷。")


def test_what_is_not_in_the_documents_is_not_answered_and_nothing_is_a_barrier(
    app: App, visit: Visit, orchard: Path
) -> None:
    page = desk(visit, app, color_scheme="light")
    drop(page, orchard)
    said = ask(page, "Which team won the football world cup in Brazil?")
    expect(said).to_contain_text("This is not in your documents.")
    expect(said).to_contain_text("orchard.md")
    said.locator(".by-chip").first.click()
    expect(page.locator("#by-source .by-source-head")).to_be_visible(timeout=20_000)
    assert serious(page) == []
    page.click("#by-theme")
    expect(page.locator("body.dark")).to_be_attached()
    assert serious(page) == []


def serious(page: Page) -> list[object]:
    """What a visitor sees once colours have come to rest."""
    page.wait_for_function("document.getAnimations().every((one) => !(one instanceof CSSTransition))")
    found = Axe().run(page, context="#by-tab-documents").response["violations"]
    return [
        (v["id"], [node["html"][:200] for node in v["nodes"]]) for v in found if v["impact"] in ("serious", "critical")
    ]


def test_nothing_overflows_on_a_phone_and_a_source_comes_into_sight_whole(
    app: App, visit: Visit, orchard: Path
) -> None:
    page = desk(visit, app, width=390, height=844)
    expect(page.locator("#by-ask")).to_be_in_viewport(ratio=1)
    drop(page, orchard)
    expect(page.locator("#by-ask")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    ask(page, "Who planted the orchard?").locator(".by-chip").first.click()
    expect(page.locator("#by-source .by-source-head")).to_be_in_viewport(timeout=20_000)
    for width, height in ((1440, 900), (1024, 768), (820, 1180)):
        page.set_viewport_size({"width": width, "height": height})
        place = page.locator("#by-source-column").bounding_box()
        assert place and place["width"] >= 480
        assert place["x"] >= 0 and place["x"] + place["width"] <= width
    size = page.locator("#by-source .by-passage p").first
    before = size.evaluate("one => parseFloat(getComputedStyle(one).fontSize)")
    page.locator("#by-source [data-zoom='1']").click()
    page.wait_for_function(
        f"parseFloat(getComputedStyle(document.querySelector('#by-source .by-passage p')).fontSize) > {before}"
    )
    page.get_by_role("button", name="Close the source").click()
    expect(page.locator("#by-source-column")).not_to_be_visible()


def test_a_file_attached_to_a_chat_is_asked(app: App, visit: Visit, orchard: Path) -> None:
    page = visit(app.address)
    page.set_input_files("#by-attach-row input[type=file]", str(orchard))
    expect(page.get_by_role("button", name="Take orchard.md off this chat")).to_be_visible(timeout=180_000)
    page.fill("#by-composer textarea", "Who planted the orchard?")
    page.keyboard.press("Enter")
    chip = page.locator("#by-chat-cited .by-chip").first
    expect(chip).to_be_visible(timeout=240_000)
    expect(page.locator("#by-chatbot .bot").last).to_contain_text("Maria Lindqvist")
    expect(page.locator("#by-chatbot .bot").last).to_contain_text("[1] orchard.md")
    chip.click()
    expect(page.locator("#by-chat-source mark").first).to_contain_text("Maria Lindqvist", timeout=20_000)
    page.get_by_role("button", name="Take orchard.md off this chat").click()
    expect(page.locator("#by-attached .by-chip")).to_have_count(0, timeout=20_000)
