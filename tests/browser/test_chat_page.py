"""What a person does on the chat page, in a real browser, with the bundled model."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import go_to
from tests.running import App, running

pytestmark = pytest.mark.slow

Visit = Callable[..., Page]
LONG = "Write a very long story about an old tree, with as many details as you can."


def send(page: Page, text: str) -> None:
    page.fill("#by-composer textarea", text)
    page.keyboard.press("Enter")


def finished(page: Page) -> None:
    """Wait for the end of the answer."""
    expect(page.locator("#by-composer .submit-button")).to_be_visible(timeout=90_000)


def answers(page: Page) -> list[str]:
    return page.locator("#by-chatbot .bot .message-content").all_inner_texts()


def ask(page: Page, text: str) -> str:
    before = len(answers(page))
    send(page, text)
    expect(page.locator("#by-chatbot .bot .message-content")).to_have_count(before + 1)
    finished(page)
    return answers(page)[-1]


def test_send_stream_reload_and_find_it_again(app: App, visit: Visit) -> None:
    page = visit(app.address)
    page.click("#by-settings > button")
    page.fill("#by-settings input[type=number] >> nth=0", "0")
    said = ask(page, "Name the largest ocean.")
    assert "Pacific" in said
    assert page.locator("#by-under").inner_text().startswith("Context:")
    assert "tokens" in page.locator("#by-under").inner_text()

    page.reload()
    expect(page.locator("#by-chatbot .bot .message-content")).to_contain_text("Pacific")  # the address names it
    page.click("#by-new")
    expect(page.locator("#by-chatbot .bot .message-content")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("chat="))
    page.go_back()
    expect(page.locator("#by-chatbot .bot .message-content")).to_contain_text("Pacific")
    page.fill("#by-search input", "PACIFIC")
    expect(page.locator("#by-found .by-talk")).to_contain_text("Name the largest ocean.")


def test_stop_ends_the_work_and_keeps_what_was_said(app: App, visit: Visit) -> None:
    page = visit(app.address)
    send(page, LONG)
    page.wait_for_function("document.querySelector('#by-chatbot .bot .message-content')?.innerText.length > 60")
    page.click("#by-composer .stop-button")
    finished(page)
    assert "(stopped)" in answers(page)[-1]
    assert app.health()["load"]["running"] == 0
    page.reload()
    page.locator("#by-conversations .by-talk").first.click()
    expect(page.locator("#by-chatbot .bot .message-content")).to_be_visible()
    assert "(stopped)" not in answers(page)[-1], "the note is the page's, not the model's"
    assert len(answers(page)[-1]) > 50


@pytest.mark.parametrize(
    ("locale", "words"), [("en-US", "Continue"), pytest.param("zh-CN", "继续", marks=pytest.mark.long)]
)
def test_an_answer_that_was_cut_is_continued_in_place_also_after_a_reload(
    app: App, visit: Visit, locale: str, words: str
) -> None:
    page = visit(app.address, locale=locale)
    page.click("#by-settings > button")
    page.locator("#by-settings input[type=number]").nth(5).fill("16")
    page.keyboard.press("Tab")
    said = ask(page, LONG)
    begun = said.rsplit("\n", 1)[0].strip()  # without the page's note
    expect(page.locator("#by-continue")).to_have_text(words)
    page.reload()
    page.locator("#by-conversations .by-talk").first.click()
    page.click("#by-continue")
    expect(page.locator("#by-composer .stop-button")).to_be_visible()
    finished(page)
    (whole,) = answers(page)
    assert whole.startswith(begun)
    assert len(whole) > len(begun) + 100, "the sliders are at their defaults again"


def test_closing_the_tab_frees_the_slot(app: App, visit: Visit) -> None:
    page = visit(app.address)
    send(page, LONG)
    page.wait_for_function("document.querySelector('#by-chatbot .bot .message-content')?.innerText.length > 20")
    assert app.health()["load"]["running"] == 1
    page.close()
    for _ in range(100):
        if app.health()["load"]["running"] == 0:
            return
        time.sleep(0.1)
    raise AssertionError("the work went on without its reader")


def test_regenerate_and_edit(app: App, visit: Visit) -> None:
    page = visit(app.address)
    ask(page, "Name one colour.")
    page.get_by_role("button", name="Try again", exact=True).click()
    page.get_by_role("menuitem", name="Try again without an adapter").click()
    expect(page.locator("#by-chatbot .by-places")).to_contain_text("2 / 2", timeout=90_000)
    page.get_by_role("button", name="The answer before").click()
    expect(page.locator("#by-chatbot .by-places")).to_contain_text("1 / 2")
    assert len(answers(page)) == 1
    ask(page, "Name one animal.")
    assert len(answers(page)) == 2
    page.locator("#by-chatbot [aria-label='Edit']").first.click()
    box = page.locator("#by-chatbot textarea").first
    box.fill("What is the capital of Italy?")
    page.locator("#by-chatbot [aria-label='Submit']").first.click()
    expect(page.locator("#by-composer .stop-button")).to_be_visible()
    finished(page)
    assert len(answers(page)) == 1
    assert "capital of Italy" in page.locator("#by-chatbot .user .message-content").inner_text()


def from_menu(page: Page, what: str) -> None:
    row = page.locator("#by-conversations li").first
    row.hover()
    row.locator(".by-dots").click()
    page.get_by_role("menuitem", name=what, exact=True).click()


def test_rename_export_and_delete(app: App, visit: Visit, tmp_path: Path) -> None:
    page = visit(app.address)
    said = ask(page, "Say hello.")
    from_menu(page, "Rename")
    page.keyboard.insert_text("Greeting <b>&")
    page.keyboard.press("Enter")
    expect(page.locator("#by-conversations .by-talk").first).to_contain_text("Greeting <b>&")
    with page.expect_download() as markdown:
        from_menu(page, "Export Markdown")
    text = Path(markdown.value.path()).read_text("utf-8")
    assert text.startswith("# Greeting <b>&")
    assert "Say hello." in text
    with page.expect_download() as exported:
        from_menu(page, "Export JSON")
    record = json.loads(Path(exported.value.path()).read_text("utf-8"))
    assert [m["role"] for m in record["messages"]] == ["user", "assistant"]
    assert re.sub(r"\W", "", said)[:20] in re.sub(r"\W", "", record["messages"][1]["content"])
    from_menu(page, "Delete")
    expect(page.locator("#by-conversations .by-talk")).to_have_count(0)
    expect(page.locator("#by-chatbot .placeholder")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#by-chatbot .bot .message-content")).to_have_count(1)


def test_visitors_do_not_see_each_other(app: App, visit: Visit) -> None:
    one, two = visit(app.address), visit(app.address)
    ask(one, "My secret word is wombat.")
    two.reload()
    expect(two.locator("#by-model .by-model")).to_be_attached()
    expect(two.locator("#by-conversations .by-talk")).to_have_count(0)
    assert "wombat" not in two.content()


def test_languages_switch_and_stay(app: App, visit: Visit) -> None:
    page = visit(app.address, locale="zh-CN")
    expect(page.locator("#by-new")).to_have_text("新对话")
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.select_option("#by-language select", "en")
    expect(page.locator("#by-new")).to_have_text("New chat")
    expect(page.locator("#by-composer textarea")).to_have_attribute("placeholder", "Message, or / for prompts…")
    expect(page.locator(".by-dictate")).to_have_count(0)  # until somebody switches it on
    page.add_init_script('localStorage.setItem("banyan-voice", "on"); window.webkitSpeechRecognition ??= class {};')
    page.reload()
    expect(page.locator("#by-new")).to_have_text("New chat")
    expect(page.locator(".by-dictate")).to_have_attribute("aria-label", "Dictate")  # no settings were opened


def test_enter_that_ends_a_composition_does_not_send(app: App, visit: Visit) -> None:
    page = visit(app.address, locale="zh-CN")
    page.fill("#by-composer textarea", "ni hao")
    page.eval_on_selector(
        "#by-composer textarea",
        """area => { for (const kind of ["keydown", "keypress"]) area.dispatchEvent(
            new KeyboardEvent(kind, { key: "Enter", code: "Enter", bubbles: true, cancelable: true, isComposing: true })) }""",
    )
    page.wait_for_timeout(500)
    expect(page.locator("#by-composer textarea")).to_have_value("ni hao")
    page.keyboard.press("Enter")
    expect(page.locator("#by-composer textarea")).to_have_value("")
    finished(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_are_remembered(app: App, visit: Visit, scheme: str) -> None:
    page = visit(app.address, color_scheme=scheme)
    is_dark = "document.body.classList.contains('dark')"
    page.wait_for_timeout(500)
    assert page.evaluate(is_dark) == (scheme == "dark")
    page.click("#by-theme")
    assert page.evaluate(is_dark) == (scheme == "light")
    page.reload()
    expect(page.locator("#by-composer textarea")).to_be_visible()
    page.wait_for_timeout(500)
    assert page.evaluate(is_dark) == (scheme == "light")


def test_a_phone_shows_the_chat_and_nothing_sticks_out(app: App, visit: Visit) -> None:
    page = visit(app.address, width=390, height=844)
    expect(page.locator(".sidebar.open")).to_have_count(0)
    ask(page, "Say hello.")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator("#by-composer").bounding_box()
    assert box
    assert box["y"] + box["height"] <= 844


def test_nothing_serious_for_axe_and_no_request_leaves_the_machine(app: App, visit: Visit) -> None:
    page = visit(app.address)
    strangers: list[str] = []
    page.on("request", lambda r: None if r.url.startswith((app.address, "data:", "blob:")) else strangers.append(r.url))
    page.reload()
    expect(page.locator("#by-model .by-model")).to_be_attached(timeout=20_000)
    ask(page, "Say hello.")
    found = Axe().run(page).response["violations"]
    ours = [
        (rule["id"], node["target"])
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
        if not _gradios_own(node["html"])
    ]
    assert ours == []
    assert strangers == []


def _gradios_own(html: str) -> bool:
    """Markup that Gradio writes and that no option of ours reaches."""
    return any(mark in html for mark in ('class="example', "icon-button", 'role="listbox"', "bubble-wrap"))


@pytest.fixture(scope="module")
def telling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """It says what it is told."""
    with running("--engine", "scripted", data=tmp_path_factory.mktemp("telling")) as app:
        yield app


@pytest.mark.parametrize("typed", ["   ", "\x07"])
def test_what_cannot_be_sent_says_why_and_stays(telling: App, visit: Visit, typed: str) -> None:
    page = visit(telling.address)
    page.fill("#by-composer textarea", typed)
    page.keyboard.press("Enter")
    expect(page.locator("#by-notice [role=alert]")).to_contain_text("empty")
    page.wait_for_timeout(1000)  # what follows a refused message must not wipe the notice away
    expect(page.locator("#by-notice [role=alert]")).to_contain_text("empty")
    assert page.input_value("#by-composer textarea") == typed


def test_a_message_longer_than_the_context_says_so(telling: App, visit: Visit) -> None:
    page = visit(telling.address)
    page.fill("#by-composer textarea", "word " * 20_000)
    page.keyboard.press("Enter")
    expect(page.locator("#by-notice [role=alert]")).to_contain_text("tokens", timeout=20_000)
    assert len(page.input_value("#by-composer textarea")) == 100_000
    ask(page, "short")


def test_a_screen_reader_hears_an_answer_once_and_whole(telling: App, visit: Visit) -> None:
    page = visit(telling.address)
    page.wait_for_selector("#by-heard", state="attached")
    page.evaluate("""() => {
        window.heard = [];
        new MutationObserver(() => { const said = document.querySelector("#by-heard").textContent; if (said) heard.push(said); })
            .observe(document.querySelector("#by-heard"), { childList: true });
    }""")
    for count in (1, 2):
        ask(page, "The oak is old.")
        page.wait_for_function("count => heard.length >= count", arg=count)
    assert page.evaluate("heard") == ["The oak is old."] * 2
    assert page.locator("#by-chatbot [role=log]").get_attribute("aria-live") == "off"


MERMAID = "```mermaid\ngraph TD\n  A[Seed {}] --> B[Tree]\n```"
HARM = "%%{init: {'themeCSS': '& { position: fixed; inset: 0 }', 'htmlLabels': true, 'securityLevel': 'loose'}}%%\n"


def test_a_diagram_is_drawn_as_an_image_above_its_code(telling: App, visit: Visit) -> None:
    page = visit(telling.address)
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    ask(page, "none here")
    assert not [url for url in loaded if "mermaid" in url], "it is loaded with the first diagram"
    ask(page, MERMAID.format("of an oak"))
    picture = page.locator("#by-chatbot .by-diagram img")
    expect(picture).to_have_count(2)  # the question holds it, too
    assert picture.last.evaluate("one => one.complete && one.naturalWidth > 50")
    assert picture.last.get_attribute("alt")
    expect(page.locator("#by-chatbot .bot code", has_text="A[Seed of an oak]")).to_be_visible()
    label = '"<b onclick=alert(1)>x</b><img src=x onerror=alert(1)>"'
    ask(page, MERMAID.format(label).replace("graph", HARM + "graph"))
    page.wait_for_timeout(1500)
    inside = "#by-chatbot .by-diagram :not(img), [id^=by-diagram], [id^=dby-diagram], .message-content svg[id], #by-chatbot .mermaid"
    assert page.locator(inside).count() == 0, "what is drawn is a picture, or nothing"
    for drawn in picture.all():
        source = unquote(drawn.get_attribute("src") or "")
        assert "foreignObject" not in source and "position: fixed" not in source and "onerror" not in source
    ask(page, "```mermaid\nno diagram at all\n```")
    page.wait_for_timeout(1000)
    expect(page.locator("#by-chatbot .bot code", has_text="no diagram at all")).to_be_visible()


def test_task_lists_tables_and_formulas_are_drawn(telling: App, visit: Visit) -> None:
    page = visit(telling.address)
    ask(page, "- [x] sown\n- [ ] grown\n\n| tree | age |\n|---|---|\n| oak | 300 |\n\nSo $a^2$ costs $5 and $6.")
    said = page.locator("#by-chatbot .bot .message-content")
    assert [box.is_checked() for box in said.locator("li input[type=checkbox]").all()] == [True, False]
    expect(said.locator("td").nth(1)).to_have_text("300")
    expect(said.locator(".katex")).to_have_count(1)
    expect(said).to_contain_text("costs $5 and $6.")


def test_a_lost_connection_says_so_and_what_was_typed_outlives_it(telling: App, visit: Visit) -> None:
    page = visit(telling.address)
    ask(page, "The oak is old.")
    page.fill("#by-composer textarea", "half a thought")
    page.route("**/app_id*", lambda route: route.abort())
    expect(page.locator("#by-lost[role=alert]")).to_contain_text("connection to Banyan is lost")
    assert page.input_value("#by-composer textarea") == "half a thought"
    with page.expect_event("load"):
        page.unroute("**/app_id*")
    expect(page.locator("#by-composer textarea")).to_have_value("half a thought")
    expect(page.locator("#by-lost")).to_have_count(0)
    expect(page.locator("#by-chatbot .bot .message-content")).to_have_text("The oak is old.")
    page.reload()
    page.keyboard.press("End")
    expect(page.locator("#by-composer textarea")).to_have_value("half a thought")


def test_conversations_stand_in_folders(telling: App, visit: Visit) -> None:
    page = visit(telling.address)
    shown = page.locator("#by-chatbot .bot .message-content")
    ask(page, "Lisbon in May")
    expect(shown).to_have_count(1)
    page.click("#by-new")
    expect(shown).to_have_count(0)
    ask(page, "Oak")
    expect(shown).to_have_count(1)
    expect(page.locator(".by-folders")).to_have_count(0)
    page.locator("#by-conversations li", has_text="Lisbon").hover()
    page.locator("#by-conversations li", has_text="Lisbon").locator(".by-dots").click()
    page.get_by_role("menuitem", name="Move to a folder…").click()
    page.keyboard.insert_text("Travel")
    page.keyboard.press("Enter")
    folder = page.locator(".by-folders button", has_text="Travel")
    expect(folder).to_have_text("Travel 1")
    folder.click()
    expect(page.locator("#by-conversations .by-talk")).to_have_count(1)
    page.reload()
    expect(page.locator("#by-conversations .by-talk")).to_have_text("Lisbon in May")
    expect(shown).to_have_count(1)
    page.click("#by-new")
    expect(shown).to_have_count(0)
    ask(page, "Porto")
    expect(folder).to_have_text("Travel 2")
    page.locator(".by-folders button", has_text="All").click()
    expect(page.locator("#by-conversations .by-talk")).to_have_count(3)


def test_on_a_small_screen_nothing_lies_on_anything_or_is_cut(app: App, visit: Visit) -> None:
    page = visit(app.address, width=1024, height=768)
    cards, example = page.locator("#by-cards"), page.locator("#by-chatbot .example:visible").last
    expect(cards).to_be_visible()
    (above, below) = (example.bounding_box(), cards.bounding_box())
    assert above and below and above["y"] + above["height"] <= below["y"]
    go_to(page, "summarize")
    last = page.locator("#by-sum > .column").last
    expect(last).to_be_visible()
    place = last.bounding_box()
    assert place and place["x"] + place["width"] <= 1024
