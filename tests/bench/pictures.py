"""The pictures of the README and of the help, taken from a running app, so that they show what there is.

    python -m tests.bench.pictures http://127.0.0.1:7860

Each is a visit of its own. Those of the help are taken once a language.
"""

import argparse
import io
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import FLAGS, go_to

README = Path(__file__).parents[1] / "browser" / "pictures"
HELP = Path(__file__).parents[2] / "chatbot" / "ui" / "help" / "pictures"
QUALITY = 80  # of WebP: letters have no halo, and a picture is below 50 KB
LONG = 240_000  # ms for an answer on two busy cores


@dataclass(frozen=True, slots=True)
class Picture:
    """What a visitor does before it is taken; of what `part` finds where it names something, else of the whole window."""

    name: str
    act: Callable[[Page], None]
    width: int = 1440  # all tabs in one row
    height: int = 900
    scheme: str = "light"
    locale: str = "en-US"
    folder: Path = README
    part: str = ""


def chat(page: Page) -> None:
    page.locator("#by-chatbot .example").nth(1).click()
    for sign in ("#by-composer .stop-button", "#by-composer .submit-button", "#by-chatbot .by-turn"):
        page.wait_for_selector(sign, timeout=LONG)
    page.hover("#by-chatbot .bot-row")


def document(page: Page) -> None:
    page.click("[data-go=documents]")
    page.wait_for_selector("#by-doc-list .by-doc", timeout=LONG)
    page.click("#by-ask textarea")
    page.keyboard.press("Enter")
    page.locator("#by-past .by-chip").first.click(timeout=LONG)
    page.wait_for_selector("#by-source mark", timeout=LONG)


def chinese(page: Page) -> None:
    page.click("[data-go=documents]")
    page.wait_for_selector("#by-doc-list .by-doc", timeout=LONG)
    page.click("#by-ask textarea")
    page.keyboard.press("Enter")
    page.wait_for_selector("#by-past .by-said", timeout=LONG)


def reviews(page: Page) -> None:
    go_to(page, "sentiment")
    page.locator("#by-tab-sentiment .by-examples button").first.click()
    page.click("#by-sen-run")
    page.wait_for_selector(".by-sen-text", timeout=LONG)
    page.wait_for_selector("#by-sen-run", timeout=LONG)


def adapters(page: Page) -> None:
    go_to(page, "adapters")
    page.wait_for_selector("#by-adapter-table :is(table, li)", timeout=LONG)


def extract(page: Page) -> None:
    go_to(page, "extract")
    page.locator("#by-tab-extract .by-examples button").first.click()  # runs at once
    page.wait_for_selector(".by-ext-value", timeout=LONG)
    page.wait_for_selector("#by-ext-run", timeout=LONG)


def rows(folder: Path) -> Path:
    """Sixty short questions with answers in a manner that no model has of itself."""
    things = [
        "sea",
        "ship",
        "gold",
        "wind",
        "map",
        "crew",
        "storm",
        "moon",
        "port",
        "sail",
        "rope",
        "mast",
        "tide",
        "reef",
        "cove",
    ]
    asked = ("What about the {}?", "Tell me of the {}.", "Have you seen the {}?", "Where is the {}?")
    pairs = [
        {"prompt": ask.format(thing), "completion": f"Arrr, the {thing}! It be ours."}
        for ask in asked
        for thing in things
    ]
    path = folder / "pirate-talk.jsonl"
    path.write_text("".join(f"{json.dumps(pair)}\n" for pair in pairs), "utf-8")
    return path


def verdict(page: Page) -> None:
    """Trains for a minute or two."""
    go_to(page, "finetune")
    with TemporaryDirectory() as folder:
        page.set_input_files("#by-ft-file input[type=file]", rows(Path(folder)))
        page.wait_for_selector(".by-facts", timeout=LONG)
    page.click("#by-ft-advanced > button")
    for knob, value in {"epochs": "", "steps": "24", "max_length": "64", "learning_rate": "0.001", "rank": "8"}.items():
        page.locator(f"#by-knob-{knob} :is(textarea, input)").fill(value)
    page.click("#by-ft-start")
    page.wait_for_selector(".by-outcome", timeout=4 * LONG)
    page.locator("#by-ft-head").scroll_into_view_if_needed()


HELPS = {"en": "en-US", "zh": "zh-CN"}
PICTURES = (
    Picture("chat", chat),
    Picture("documents", document),
    Picture("documents-zh-dark", chinese, width=390, height=780, scheme="dark", locale="zh-CN"),
    Picture("sentiment", reviews),
    Picture("extract", extract),
    Picture("adapters", adapters),
    *(
        Picture(f"{name}.{language}", act, width=width, height=height, locale=locale, folder=HELP, part=part)
        for language, locale in HELPS.items()
        for name, act, width, height, part in (
            ("citations", document, 1440, 620, "#by-desk"),
            ("adapters", adapters, 1440, 620, "#by-tabs"),
            ("verdict", verdict, 1440, 1600, "#by-ft-verdict"),
        )
    ),
)


def save(page: Page, one: Picture) -> None:
    """As a small file: WebP of what stands there."""
    seen = page.locator(one.part).first.screenshot() if one.part else page.screenshot()
    Image.open(io.BytesIO(seen)).save(one.folder / f"{one.name}.webp", quality=QUALITY, method=6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("--only", nargs="*", default=[], help="names of pictures")
    given = parser.parse_args()
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        for one in PICTURES:
            if given.only and one.name not in given.only:
                continue
            size = {"width": one.width, "height": one.height}
            page = browser.new_page(
                viewport=size,  # type: ignore[arg-type]
                locale=one.locale,
                color_scheme=one.scheme,  # type: ignore[arg-type]
                reduced_motion="reduce",  # a bar that moves takes a core where there is no GPU, for as long as is waited
            )
            page.goto(given.address)
            page.wait_for_selector("#by-model .by-model", state="attached", timeout=LONG)
            page.wait_for_timeout(3000)  # the words of the language arrive
            page.locator(".by-tour-offer [data-step=over]").click()
            one.act(page)
            page.wait_for_timeout(1500)
            save(page, one)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
