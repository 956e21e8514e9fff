"""What holds of the page wherever one is on it: addresses, narrow screens, keys, languages, barriers and help. On the scripted engine."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, Request, expect

from chatbot.access.owner import COOKIE
from chatbot.store.store import Store
from chatbot.types import Message
from chatbot.ui.tour.render import STEPS
from chatbot.ui.tour.tour import SETTING
from tests.bench.browser.axe import VIEWS, faults
from tests.browser.conftest import BLOCKED, go_to
from tests.running import App

pytestmark = pytest.mark.slow

Visit = Callable[..., Page]
MOVING = """[...document.querySelectorAll("*")].filter((one) => {
    const { animationDuration, transitionDuration } = getComputedStyle(one);
    return Math.max(parseFloat(animationDuration), parseFloat(transitionDuration)) > 0.05; }).map((one) => one.className)"""
BRIGHTNESS = """([least, most]) => {
    const colour = getComputedStyle(document.querySelector("#by-chatbot .bot p")).color;
    const brightness = colour.match(/\\d+/g).slice(0, 3).reduce((sum, one) => sum + Number(one), 0) / 3;
    return least <= brightness && brightness <= most; }"""
CODE = "```python\n# twice\ndef twice(number: int = 2) -> str:\n    return 'is ' + str(number * 2)\n```"


def tabs(page: Page) -> list[str]:
    """Their names, as they stand in groups."""
    expect(page.locator("#by-groups [data-tabs]").first).to_be_attached()
    found: list[str] = page.eval_on_selector_all(
        "#by-groups [data-tabs]", "all => all.flatMap(one => one.dataset.tabs.split(' '))"
    )
    return found


def ask(page: Page, words: str) -> None:
    before = page.locator("#by-chatbot .bot .message-content").count()
    page.fill("#by-composer textarea", words)
    page.keyboard.press("Enter")
    expect(page.locator("#by-chatbot .bot .message-content")).to_have_count(before + 1)
    expect(page.locator("#by-chatbot .by-turn")).to_have_count(before + 1)


@pytest.mark.long
def test_every_tab_has_an_address_that_outlives_a_reload(telling: App, visit: Visit) -> None:
    page = visit(telling.address)
    known = tabs(page)
    assert len(known) == 10
    for name in known[1:]:
        go_to(page, name)
        expect(page).to_have_url(re.compile(rf"[?&]tab={name}\b"))
    page.reload()
    expect(page.locator(f"#by-tab-{known[-1]}-button")).to_have_attribute("aria-selected", "true")
    expect(page.locator("#by-model .by-model")).to_be_attached(timeout=60_000)
    page.go_back()
    expect(page.locator(f"#by-tab-{known[-2]}-button")).to_have_attribute("aria-selected", "true")
    page.go_forward()
    expect(page.locator(f"#by-tab-{known[-1]}-button")).to_have_attribute("aria-selected", "true")


@pytest.mark.parametrize(
    ("locale", "width"),
    [("es-ES", 360), *(pytest.param(locale, 390, marks=pytest.mark.long) for locale in ("en-US", "zh-CN", "es-ES"))],
)
def test_on_a_phone_every_tab_is_reached_without_a_hidden_scroll(
    telling: App, visit: Visit, locale: str, width: int
) -> None:
    page = visit(telling.address, width=width, height=800, locale=locale)
    asked = Counter[int]()  # how often each function of the page is called

    def count(request: Request) -> None:
        if "/queue/join" in request.url:
            asked[(request.post_data_json or {})["fn_index"]] += 1

    page.on("request", count)
    for name in tabs(page):
        go_to(page, name)
        button = page.locator(f"#by-tab-{name}-button")
        expect(button).to_have_attribute("aria-selected", "true")
        place = button.bounding_box()
        assert place and place["x"] >= 0 and place["x"] + place["width"] <= width, name
        wide = page.evaluate("[...document.querySelectorAll('#by-groups, #by-tabs > .tab-wrapper > .tab-container')]"
                             ".map(one => one.scrollWidth - one.clientWidth)")  # fmt: skip
        assert max(wide) <= 0, f"{name}: {wide}"
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
    assert max(asked.values()) <= 3, "a listener changes what it listens to, and is called again and again"


def test_of_choices_made_quickly_the_last_one_counts(telling: App) -> None:
    """By itself Gradio drops a choice that is made while the one before is at work."""
    events = httpx.get(f"{telling.address}/config").raise_for_status().json()["dependencies"]
    modes = {event["trigger_mode"] for event in events if any(name == "input" for _, name in event["targets"])}
    assert modes == {"always_last"}


@pytest.mark.long
def test_the_keys_search_list_themselves_edit_and_skip_to_the_content(telling: App, visit: Visit) -> None:
    page = visit(telling.address)
    skip = page.locator(".by-skip")
    skip.focus()
    assert (skip.bounding_box() or {"y": -1})["y"] >= 0, "it is seen while it has the focus"
    page.keyboard.press("Enter")
    assert page.evaluate("Boolean(document.activeElement.closest('#by-tab-chat'))")

    page.keyboard.press("Control+k")
    expect(page.locator("#by-search input")).to_be_focused()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    expect(page.locator("#by-keys")).to_be_visible()
    expect(page.locator("#by-keys button")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#by-keys")).not_to_be_visible()

    ask(page, "The oak is old.")
    page.click("#by-composer textarea")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#by-chatbot .user-row textarea")).to_have_value("The oak is old.")


def test_a_prompt_that_was_kept_is_inserted_by_a_slash(telling: App, visit: Visit) -> None:
    page = visit(telling.address)
    page.click("#by-composer textarea")
    page.keyboard.type("/")
    page.get_by_role("button", name="A new prompt…").click()
    page.fill("#by-prompt-name :is(input, textarea)", "Shorter")
    page.fill("#by-prompt-words textarea", "Say it in half as many words: ")
    page.click("#by-prompt-keep")
    expect(page.locator("#by-notice")).to_contain_text("Shorter")
    page.fill("#by-composer textarea", "")
    page.click("#by-composer textarea")
    page.keyboard.type("/sho")
    expect(page.locator("#by-prompts nav")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#by-composer textarea")).to_have_value(re.compile("Say it in half as many words:"))
    expect(page.locator("#by-chatbot .user-row")).to_have_count(0)  # nothing was sent


@pytest.mark.long
def test_five_hundred_conversations_scroll_and_what_stands_around_them_stays(
    telling: App, visit: Visit, telling_data: Path
) -> None:
    page = visit(telling.address)
    cookie = next(one["value"] for one in page.context.cookies() if one["name"] == COOKIE)
    owner = f"guest:{cookie.partition('.')[0]}"
    store = Store(telling_data / "banyan.db")  # beside the app's own
    for number in range(500):
        id = store.create(owner, title=f"About tree {number}")
        store.append(owner, id, Message("user", f"Tell me of tree {number}."), at=0)
    page.reload()
    expect(page.locator("#by-conversations .by-talk")).to_have_count(500, timeout=60_000)
    listed = page.locator("#by-conversations")
    assert listed.evaluate("one => one.scrollHeight > 2 * one.clientHeight && one.clientHeight > 200")
    last = page.locator("#by-conversations .by-talk", has_text=re.compile("^About tree 0$"))
    last.scroll_into_view_if_needed()
    for part in ("#by-new", "#by-search", "#by-language select", "#by-theme"):
        expect(page.locator(part)).to_be_in_viewport(ratio=0.99)
    last.click()
    expect(page.locator("#by-chatbot .user-row")).to_contain_text("tree 0")


def test_code_is_14_px_monospace_with_contrast_the_answer_near_black_and_nothing_moves(
    telling: App, visit: Visit
) -> None:
    page = visit(telling.address, color_scheme="light")
    ask(page, f"So it is.\n\n{CODE}")
    code = page.locator("#by-chatbot .bot pre code").first
    expect(code.locator(".token").first).to_be_visible()
    assert code.evaluate("one => getComputedStyle(one).fontSize") == "14px"
    assert "monospace" in code.evaluate("one => getComputedStyle(one).fontFamily")
    assert page.evaluate(MOVING) == []
    for scheme in ("light", "dark"):
        expect(page.locator("body.dark")).to_have_count(int(scheme == "dark"))
        page.wait_for_function(BRIGHTNESS, arg=[0, 60] if scheme == "light" else [195, 255])
        assert [fault for fault in faults(page) if "contrast" in fault[0]] == []
        page.click("#by-theme")


@pytest.mark.long
@pytest.mark.parametrize("view", list(VIEWS))
def test_no_barriers_on_any_tab(telling: App, visit: Visit, view: str) -> None:
    options = dict(VIEWS[view])
    size = options.pop("viewport")
    page = visit(telling.address, **size, **options)  # type: ignore[arg-type]
    found = {}
    for name in tabs(page):
        go_to(page, name)
        page.wait_for_timeout(1000)  # what it shows at first comes
        found[name] = faults(page)
    assert {name: them for name, them in found.items() if them} == {}


def test_the_words_of_gradio_follow_the_language_of_the_page(telling: App, visit: Visit) -> None:
    page = visit(telling.address, locale="en-US")
    go_to(page, "adapters")
    drop = page.locator("#by-adapter-files")
    expect(drop).to_contain_text("Click to Upload")
    for chosen, said in (("zh", "点击上传"), ("es", "Haga clic para cargar")):
        page.select_option("#by-language select", chosen)
        expect(drop).to_contain_text(said)
        assert "Click" not in page.locator("body").inner_text()
    page.reload()
    go_to(page, "adapters")
    expect(drop).to_contain_text("Haga clic para cargar")
    expect(page.locator("html")).to_have_attribute("lang", "es")
    go_to(page, "sentiment")
    choices = page.locator("#by-tab-sentiment label input:is([type=checkbox], [type=radio])")
    expect(choices.first).to_be_attached()
    expect(choices.and_(page.locator("[title]"))).to_have_count(0)  # Gradio's is the program's word for the choice


def test_a_browser_that_blocks_storage_has_the_page_all_the_same(telling: App, visit: Visit) -> None:
    page = visit(telling.address, color_scheme="light", script=BLOCKED)
    page.click("#by-theme")
    expect(page.locator("body.dark")).to_be_attached()
    page.click("#by-theme")
    expect(page.locator("body.dark")).to_have_count(0)
    ask(page, "The oak is old.")


@pytest.mark.long
def test_the_help_shows_its_pictures(telling: App, visit: Visit) -> None:
    page = visit(telling.address, width=390, height=844)
    go_to(page, "help")
    pictures = page.locator("#by-help img")
    for number in range(pictures.count()):
        pictures.nth(number).scroll_into_view_if_needed()
        page.wait_for_function(
            "number => document.querySelectorAll('#by-help img')[number].naturalWidth > 400", arg=number
        )
    assert pictures.count() >= 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("way", ["skipped", pytest.param("to its end", marks=pytest.mark.long)])
def test_the_tour_is_offered_once(telling: App, visit: Visit, telling_data: Path, way: str) -> None:
    page = visit(telling.address)
    offer, card = page.locator(".by-tour-offer"), page.locator("#by-tour-card")
    if way == "skipped":
        offer.locator("[data-key=tour_skip]").click()
    else:
        offer.locator("[data-key=tour_show]").click()
        for place, step in enumerate(STEPS, 1):
            expect(card.locator("li:visible small")).to_have_text(f"{place} / {len(STEPS)}")
            expect(page.locator(f"#by-tab-{step.tab}-button")).to_have_attribute("aria-selected", "true")
            card.locator("button:visible").last.click()
    expect(card).not_to_be_visible()
    expect(offer).to_have_count(0)
    cookie = next(one["value"] for one in page.context.cookies() if one["name"] == COOKIE)
    store = Store(telling_data / "banyan.db")  # beside the app's own
    for _ in range(100):
        if store.setting(f"guest:{cookie.partition('.')[0]}", SETTING):
            break
        page.wait_for_timeout(100)
    page.reload()
    expect(page.locator("#by-model .by-model")).to_be_attached(timeout=60_000)
    expect(offer).to_have_count(0)
    go_to(page, "help")
    page.locator("#by-help [data-tour]").click()
    expect(card).to_be_visible()
