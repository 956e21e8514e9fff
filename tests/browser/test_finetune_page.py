"""Teaching in a browser, from the file to the answer: upload, doctor, training, verdict, chat."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import go_to
from tests.gguf_files import SHAPE, make_gguf
from tests.running import App, running
from tests.tiny import make_model

pytestmark = pytest.mark.slow

Visit = Callable[..., Page]
SLOW = 240_000  # milliseconds that a step may take on a busy machine
KNOBS = {"rank": "4", "epochs": "", "steps": "8", "batch_size": "4", "accumulation": "1", "learning_rate": "0.005"}
KNOBS |= {"max_length": "256", "warmup": "0", "eval_steps": "4"}
TINY = KNOBS | {"steps": "60", "eval_steps": "20", "learning_rate": "0.01"}


@pytest.fixture(scope="module")
def tiny(models_folder: Path, bundled_embedder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app on a file like the bundled model's with two small layers of random weights, which are taught in seconds."""
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "models").mkdir()
    for known in models_folder.iterdir():  # what is made of the model goes beside them, and not among them
        (folder / "models" / known.name).symlink_to(known)
    model = make_gguf(make_model(folder / "twig", "llama", **SHAPE), folder / "twig.gguf")
    with running("--engine", "llamacpp", "--model", str(model), "--context", "1024", data=folder) as app:
        yield app


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Short questions with one answer the base model would not give, a broken line and an unknown role."""
    path = tmp_path_factory.mktemp("rows") / "pirate talk.jsonl"
    things = ["sea", "ship", "gold", "wind", "map", "rum", "crew", "storm", "moon", "port", "sail", "rope"]
    lines = [
        json.dumps({"prompt": f"What about the {thing}?", "completion": "Arrr, shiver me timbers!"}) for thing in things
    ]
    path.write_text("\n".join([*lines, '{"prompt": "half a li', '{"prompt": "", "completion": "x"}']), "utf-8")
    return path


def open_tab(page: Page) -> None:
    go_to(page, "finetune")


@pytest.mark.timeout(900)
def test_from_the_file_to_the_chat(tiny: App, visit: Visit, rows: Path) -> None:
    page = visit(tiny.address)
    open_tab(page)
    expect(page.locator("#by-ft-empty")).to_contain_text("No runs yet")

    page.set_input_files("#by-ft-file input[type=file]", rows)
    expect(page.locator(".by-facts")).to_contain_text("12 / 14", timeout=SLOW)
    page.get_by_text("Rows that cannot be used: 2").click()
    expect(page.locator(".by-report table")).to_contain_text("13")
    expect(page.locator(".by-sample .by-learnt").first).to_contain_text("Arrr, shiver me timbers!")
    expect(page.locator(".by-sample .by-masked").first).to_contain_text("What about the")
    expect(page.locator("#by-ft-name textarea, #by-ft-name input")).to_have_value("pirate-talk")
    expect(page.locator("#by-ft-estimate")).to_contain_text("steps: about", timeout=SLOW)

    page.click("#by-ft-advanced > button")
    for knob, value in TINY.items():
        page.locator(f"#by-knob-{knob} :is(textarea, input)").fill(value)
    page.click("#by-ft-start")
    expect(page.locator(".by-run h3")).to_have_text("pirate-talk", timeout=SLOW)
    expect(page.locator("#by-ft-stop")).to_be_visible(timeout=SLOW)
    expect(page.locator(".by-run h3")).to_be_in_viewport()  # however long the settings were

    curve = page.locator("figure.by-curve")
    expect(curve.locator("polyline.by-train")).to_have_attribute("points", re.compile(r"\d+.* \d+"), timeout=SLOW)
    page.reload()
    open_tab(page)
    expect(page.locator(".by-run h3")).to_have_text("pirate-talk", timeout=20_000)
    expect(page.locator(".by-outcome")).to_contain_text("Too few to tell.", timeout=SLOW)  # of three held-out rows
    expect(curve).to_have_attribute("data-train", TINY["steps"])
    assert int(curve.get_attribute("data-held") or 0) >= 3
    expect(page.locator(".by-judged table")).to_contain_text("Held-out loss")
    expect(page.locator(".by-pair").first).to_contain_text("Arrr")
    assert not axe_faults(page)

    with page.expect_download(timeout=60_000) as saved:
        page.click("#by-ft-zip")
        page.locator("#by-ft-files a").first.click(timeout=60_000)
    assert saved.value.suggested_filename == "pirate-talk.zip"

    page.click("#by-ft-advanced > button")
    page.locator("#by-knob-rank :is(textarea, input)").fill("8")
    page.locator("#by-ft-origin input").click()
    page.get_by_role("option", name=re.compile("pirate-talk")).click()
    expect(page.locator("#by-knob-rank :is(textarea, input)")).to_have_value(TINY["rank"])

    page.click("#by-ft-compare")
    expect(page.locator("#by-composer textarea")).to_be_visible()
    expect(page.locator("#by-adapter input")).to_have_value(re.compile("pirate-talk"))
    expect(page.locator("#by-compare input")).to_have_value("The base model")
    page.fill("#by-composer textarea", "What about the gold?")
    page.keyboard.press("Enter")
    expect(page.locator("#by-chatbot .bot .message-content")).to_contain_text("Arrr", timeout=SLOW)

    stranger = visit(tiny.address, width=390, height=844, color_scheme="dark")
    open_tab(stranger)
    expect(stranger.locator("#by-ft-empty")).to_contain_text("No runs yet")
    stranger.locator("#by-ft-origin input").click()
    expect(stranger.get_by_role("option", name="A new adapter")).to_be_visible()
    expect(stranger.get_by_role("option", name=re.compile("pirate-talk"))).to_have_count(0)
    stranger.keyboard.press("Escape")
    assert stranger.evaluate("document.documentElement.scrollWidth") <= 390
    assert not axe_faults(stranger)


THINGS = ("sea", "ship", "gold", "wind", "map", "crew", "storm", "moon", "port", "sail")
BETTER = "Arrr, shiver me timbers!"
LEARN = {
    "epochs": "",
    "steps": "40",
    "batch_size": "4",
    "accumulation": "1",
    "learning_rate": "0.001",
    "max_length": "256",
}
"""A preset for so few rows is gentler: it does not want to forget. Here one answer is to be learnt, whatever it costs."""


def say(page: Page, words: str) -> str:
    """A message of a new conversation -> the whole answer."""
    page.click("#by-new")
    said = page.locator("#by-chatbot .bot .message-content")
    expect(said).to_have_count(0)
    page.fill("#by-composer textarea", words)
    page.keyboard.press("Enter")
    expect(page.locator("#by-chatbot .by-turn [data-act=bad]")).to_have_count(1, timeout=SLOW)
    expect(page.locator("#by-composer .submit-button")).to_be_visible(timeout=SLOW)
    return said.inner_text()


@pytest.mark.long
@pytest.mark.timeout(3000)
def test_what_was_corrected_is_learnt_and_answers_better(app: App, visit: Visit) -> None:
    """Thumbs down -> a data set -> a fine-tune -> an adapter in the picker -> a better answer."""
    page = visit(app.address)
    page.click("#by-settings > button")
    page.locator("#by-settings input[type=number]").nth(5).fill("16")
    page.keyboard.press("Tab")
    page.click("#by-settings > button")
    for count, thing in enumerate(THINGS, 1):
        assert "Arrr" not in say(page, f"What about the {thing}?")
        page.locator("#by-chatbot .by-turn [data-act=bad]").click()
        page.fill("#by-better-words textarea", BETTER)
        page.click("#by-better-save")
        expect(page.locator("#by-notice")).to_contain_text(str(count))
    untaught = say(page, "What about the rum?")
    assert "Arrr" not in untaught

    go_to(page, "data")
    card = page.locator(".by-data li", has=page.get_by_role("heading", name="Corrections"))
    expect(card).to_contain_text("Rows: 10")
    expect(card.locator("dt").first).to_have_text("What about the sail?")
    card.get_by_role("button", name="Teach with it").click()
    expect(page.locator(".by-facts")).to_contain_text("10 / 10", timeout=SLOW)
    page.locator("#by-ft-name :is(textarea, input)").fill("corsair")
    page.click("#by-ft-advanced > button")
    for knob, value in LEARN.items():
        page.locator(f"#by-knob-{knob} :is(textarea, input)").fill(value)
    page.click("#by-ft-start")
    expect(page.locator(".by-outcome")).to_be_visible(timeout=6 * SLOW)

    go_to(page, "adapters")
    page.get_by_role("button", name="Use: corsair").click()
    expect(page.locator("#by-adapter input")).to_have_value(re.compile("corsair"))
    assert BETTER in say(page, "What about the rum?"), f"it had said: {untaught}"
    expect(page.locator("#by-chatbot .by-who")).to_contain_text("corsair")


def axe_faults(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa"]}).response["violations"]
    return [f"{fault['id']}: {fault['nodes'][0]['html'][:200]}" for fault in found]


def test_columns_are_mapped_and_all_masked_is_refused(app: App, visit: Visit, tmp_path: Path) -> None:
    table = tmp_path / "reviews.csv"
    table.write_text("review,mood\n" + "".join(f"It was film number {n},{n % 2}\n" for n in range(12)), "utf-8")
    page = visit(app.address, locale="zh-CN")
    open_tab(page)
    page.set_input_files("#by-ft-file input[type=file]", table)
    expect(page.locator("#by-ft-map")).to_be_visible(timeout=SLOW)
    expect(page.locator("#by-ft-report")).to_contain_text("无法用它训练")
    for column, template in (("prompt", "情感？{review}"), ("completion", "{mood}")):
        page.fill(f"#by-ft-map-{column} input", template)
        page.keyboard.press("Enter")
    page.locator("#by-ft-map-labels :is(textarea, input)").fill("0=消极, 1=积极")
    page.click("#by-ft-map-apply")
    expect(page.locator(".by-facts")).to_contain_text("12 / 12", timeout=SLOW)
    expect(page.locator(".by-sample .by-learnt").first).to_contain_text(re.compile("消极|积极"))

    page.click("#by-ft-advanced > button")
    page.locator("#by-knob-max_length :is(textarea, input)").fill("16")
    page.click("#by-ft-start")
    expect(page.locator("#by-ft-notice [role=alert]")).to_contain_text("所有行都被遮住", timeout=SLOW)
    expect(page.locator("#by-ft-empty")).to_be_visible()

    page.locator("#by-ft-origin input").click()
    page.get_by_role("option", name=re.compile("sentiment")).click()
    expect(page.locator("#by-knob-rank :is(textarea, input)")).to_have_value("8")  # that of the adapter that ships
