"""What axe finds on every tab of a running app: light and dark, desk and phone, in each language.

    python -m tests.bench.browser.axe http://127.0.0.1:7860

Prints each serious or critical finding with where it was seen, and ends with 1 where there is one.
"""

import argparse
import os
import shutil
import sys

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import FLAGS, go_to

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
VIEWS = {
    "light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light", "locale": "en-US"},
    "dark": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark", "locale": "en-US"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "locale": "es-ES"},
    "chinese": {"viewport": {"width": 1024, "height": 768}, "color_scheme": "light", "locale": "zh-CN"},
}
READY = 60_000  # ms


def faults(page: Page) -> list[tuple[str, str]]:
    """(rule, the first element that breaks it) of what is serious or worse."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        (f"{one['impact']} {one['id']}", node["html"][:160])
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"][:3]
    ]


def looked_at(browser: Browser, address: str, view: str) -> int:
    """How many faults there are; each is printed once, under where it was seen first."""
    page = browser.new_page(**VIEWS[view])  # type: ignore[arg-type]
    page.goto(address, timeout=READY)
    page.wait_for_selector("#by-model .by-model", state="attached", timeout=READY)
    seen: set[tuple[str, str]] = set()
    tabs = page.eval_on_selector_all("#by-groups [data-tabs]", "all => all.flatMap(one => one.dataset.tabs.split(' '))")
    for tab in tabs:
        go_to(page, tab)
        page.wait_for_timeout(1500)
        for fault in set(faults(page)) - seen:
            print(f"{view} {tab}: {fault[0]}: {fault[1]}", flush=True)
            seen.add(fault)
    page.close()
    return len(seen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("--views", nargs="*", default=list(VIEWS), choices=list(VIEWS))
    given = parser.parse_args()
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        found = sum(looked_at(browser, given.address, view) for view in given.views)
        browser.close()
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
