"""The pictures of the README and of the help, taken from a running app, so that they show what there is.

    python app.py --data FOLDER --model standard --port 7860
    python -m tests.bench.pictures http://127.0.0.1:7860 [--only NAME ...]

FOLDER may be empty; one whose `models` has the model and the embedder needs no network. Each picture is a visit of its own, but for
those of a fine-tune, which trains once: `--only finetune verdict.en verdict.zh` takes them of an app with `--model small` in a few
minutes. Those of the help are taken once a language. One that cannot be taken is said at the end, and the others are there.
"""

import argparse
import csv
import io
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Error, Page, StorageState, sync_playwright

from tests.browser.conftest import FLAGS, go_to

README = Path(__file__).parents[1] / "browser" / "pictures"
HELP = Path(__file__).parents[2] / "chatbot" / "ui" / "help" / "pictures"
QUALITY = 80  # of WebP: letters have no halo, and a picture is below 80 kB
LONG = 240_000  # ms for an answer on two busy cores
LONGER = 1_200_000  # ms for a training there


@dataclass(frozen=True, slots=True)
class Picture:
    """What a visitor does before it is taken; of what `part` finds where it names something, else of the whole window, `height`
    pixels of it. Pictures of one `visitor` are taken by the same one, who finds what was made before."""

    name: str
    act: Callable[[Page], None]
    width: int = 1440  # all tabs in one row
    height: int = 900
    scheme: str = "light"
    locale: str = "en-US"
    folder: Path = README
    part: str = ""
    visitor: str = ""


def said(number: int) -> Callable[[Page], None]:
    """The answer to that example of the empty chat."""

    def act(page: Page) -> None:
        page.locator("#by-chatbot .example").nth(number).click()
        for sign in ("#by-composer .stop-button", "#by-composer .submit-button", "#by-chatbot .by-turn"):
            page.wait_for_selector(sign, timeout=LONG)
        page.hover("#by-chatbot .bot-row")

    return act


def document(page: Page) -> None:
    asked(page)
    page.locator("#by-past .by-chip").first.click(timeout=LONG)
    page.wait_for_selector("#by-source mark", timeout=LONG)


def asked(page: Page) -> None:
    page.click("[data-go=documents]")
    page.wait_for_selector("#by-doc-list .by-doc", timeout=LONG)
    page.click("#by-ask textarea")
    page.keyboard.press("Enter")
    page.wait_for_selector("#by-past .by-said", timeout=LONG)


def translated(page: Page) -> None:
    go_to(page, "translate")
    page.click("#by-tr-to input")
    page.locator("#by-tr-to [role=option]", has_text="Chinese (simplified)").click()
    page.locator("#by-tab-translate .by-examples button").last.click()
    page.click("#by-tr-run-text")
    page.wait_for_timeout(2000)  # it has begun
    page.wait_for_selector("#by-tr-run-text", timeout=LONG)
    page.wait_for_selector("#by-tr-report .by-tr-who", timeout=LONG)


def summarized(page: Page) -> None:
    go_to(page, "summarize")
    page.locator("#by-tab-summarize .by-examples button").last.click()
    page.click("#by-sum-run")
    page.wait_for_selector(".by-sum-text", timeout=LONG)
    page.wait_for_selector("#by-sum-run", timeout=LONG)
    page.locator("#by-sum-shown [data-act=source]").first.click()
    page.wait_for_selector("#by-sum-where mark", timeout=LONG)


def review(page: Page) -> None:
    go_to(page, "sentiment")
    page.locator("#by-tab-sentiment .by-examples button").first.click()
    page.click("#by-sen-run")
    page.wait_for_selector(".by-sen-text", timeout=LONG)
    page.wait_for_selector("#by-sen-run", timeout=LONG)


REVIEWS = (
    ("Wonderful room, and the breakfast was delicious.", "The worst hotel of our journey.", "It has 40 rooms."),
    ("They upgraded us for nothing. Lovely people!", "Rude staff, and nobody apologized.", "We stayed in May."),
    ("The best bed we slept in this year.", "Dirty towels. We will not come back.", "Breakfast ends at ten."),
    ("A beautiful quiet garden, we loved it.", "Overpriced and terribly noisy.", "The hotel is near the port."),
)


def table(page: Page) -> None:
    """The chart of a column of reviews."""
    go_to(page, "sentiment")
    page.locator("#by-sen-source input[value=table]").check()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "reviews.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "review"])
            writer.writerows(enumerate((words for row in REVIEWS for words in row), 1))
        page.set_input_files("#by-sen-file input[type=file]", path)
        page.wait_for_selector("#by-sen-shown .by-table", timeout=LONG)
    page.click("#by-sen-run")
    page.wait_for_selector("#by-sen-shown .by-sen-scores", timeout=LONG)
    page.wait_for_selector("#by-sen-run", timeout=LONG)


def adapters(page: Page) -> None:
    go_to(page, "adapters")
    page.wait_for_selector("#by-adapter-table :is(table, li)", timeout=LONG)


def extract(page: Page) -> None:
    go_to(page, "extract")
    page.locator("#by-tab-extract .by-examples button").first.click()  # runs at once
    page.wait_for_selector(".by-ext-value", timeout=LONG)
    page.wait_for_selector("#by-ext-run", timeout=LONG)


THINGS = (
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
)
ASKED = ("What about the {}?", "Tell me of the {}.", "Have you seen the {}?", "Where is the {}?")
KNOBS = {
    "epochs": "",
    "steps": "30",
    "batch_size": "4",
    "max_length": "128",
    "learning_rate": "0.001",
    "eval_steps": "5",
}


def rows(folder: Path) -> Path:
    """Sixty short questions with answers in a manner that no model has of itself."""
    path = folder / "pirate-talk.jsonl"
    pairs = [
        {"prompt": ask.format(thing), "completion": f"Arrr, the {thing}! It be ours."}
        for ask in ASKED
        for thing in THINGS
    ]
    path.write_text("".join(f"{json.dumps(pair)}\n" for pair in pairs), "utf-8")
    return path


def verdict(page: Page) -> None:
    """Trains for some minutes, unless this visitor has."""
    go_to(page, "finetune")
    page.wait_for_selector("#by-ft-empty p, .by-run", timeout=LONG)
    if not page.locator(".by-run").count():
        _train(page)
    page.wait_for_selector(".by-outcome", timeout=LONGER)
    page.wait_for_selector("figure.by-curve polyline.by-held", state="attached", timeout=LONG)
    page.locator("#by-ft-head").scroll_into_view_if_needed()


def _train(page: Page) -> None:
    with TemporaryDirectory() as folder:
        page.set_input_files("#by-ft-file input[type=file]", rows(Path(folder)))
        page.wait_for_selector(".by-facts", timeout=LONG)
    page.click("#by-ft-advanced > button")
    for knob, value in KNOBS.items():
        page.locator(f"#by-knob-{knob} :is(textarea, input)").fill(value)
    page.click("#by-ft-start")


def curve(page: Page) -> None:
    verdict(page)
    page.locator("#by-ft-curve").scroll_into_view_if_needed()


HELPS = {"en": "en-US", "zh": "zh-CN"}
PICTURES = (
    Picture("chat", said(0)),
    Picture("chat-dark", said(1), scheme="dark"),
    Picture("chat-phone", said(0), width=390, height=844),
    Picture("documents", document),
    Picture("documents-zh-dark", asked, width=390, height=844, scheme="dark", locale="zh-CN"),
    Picture("translate", translated),
    Picture("summarize-zh", summarized, locale="zh-CN"),
    Picture("sentiment", review),
    Picture("classify", table),
    Picture("extract", extract),
    Picture("finetune", curve, height=1100, visitor="trainer"),
    Picture("adapters", adapters),
    *(
        Picture(f"{name}.{language}", act, 1440, height, locale=locale, folder=HELP, part=part, visitor=visitor)
        for language, locale in HELPS.items()
        for name, act, height, part, visitor in (
            ("citations", document, 620, "#by-desk", ""),
            ("adapters", adapters, 620, "#by-tabs", ""),
            ("verdict", verdict, 620, "#by-ft-one", "trainer"),
        )
    ),
)


def save(page: Page, one: Picture) -> None:
    """As a small file: WebP of what stands there."""
    seen = page.locator(one.part).first.screenshot() if one.part else page.screenshot()
    image = Image.open(io.BytesIO(seen))
    whole = image.crop((0, 0, image.width, min(image.height, one.height)))
    whole.save(one.folder / f"{one.name}.webp", quality=QUALITY, method=6)


def visit(browser: Browser, one: Picture, state: StorageState | None) -> BrowserContext:
    return browser.new_context(
        viewport={"width": one.width, "height": one.height},
        locale=one.locale,
        color_scheme=one.scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",  # a bar that moves takes a core where there is no GPU, for as long as is waited
        storage_state=state,
    )


def take(context: BrowserContext, address: str, one: Picture) -> None:
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("#by-model .by-model", state="attached", timeout=LONG)
    page.wait_for_timeout(3000)  # the words of the language arrive
    if (offer := page.locator(".by-tour-offer [data-step=over]")).count():
        offer.click()
    one.act(page)
    page.wait_for_timeout(1500)
    save(page, one)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("--only", nargs="*", default=[], help="names of pictures")
    given = parser.parse_args()
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    wanted = [one for one in PICTURES if not given.only or one.name in given.only]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        missing = taken(browser, given.address, wanted)
        browser.close()
    sys.exit("\n".join(f"{name}: {why}" for name, why in missing.items()) or 0)


def taken(browser: Browser, address: str, wanted: Sequence[Picture]) -> dict[str, str]:
    """What could not be taken, and why."""
    known: dict[str, StorageState] = {}
    missing: dict[str, str] = {}
    for one in wanted:
        context = visit(browser, one, known.get(one.visitor))
        begin = time.monotonic()
        try:
            take(context, address, one)
        except Error as error:
            missing[one.name] = error.message.partition("\n")[0]
        if one.visitor:
            known[one.visitor] = context.storage_state()
        context.close()
        print(f"{one.name}: {missing.get(one.name) or f'{time.monotonic() - begin:.0f} s'}", flush=True)
    return missing


if __name__ == "__main__":
    main()
