"""Whatever stands in an answer, the page's own renderer makes no element of it: tried with what takes it for code or not."""

import random
from collections.abc import Iterator

import gradio as gr
import pytest
from playwright.sync_api import Browser

from chatbot.ui.chat.layout import BUBBLES
from chatbot.ui.markdown import markdown

pytestmark = pytest.mark.slow

EVIL = '<div class="evil" style="position:fixed;inset:0">x</div>'
PIECES = (
    EVIL, EVIL, '<img class="evil" src="/logout">', "`", "``", "```", "````", "~~~", "```html", "```mermaid", "    ", "  ", "\t",
    "\n", "\n", "\n", "\n\n", "- ", "1. ", "> ", "| ", " |", "|---|---|\n", "\\", "$$", "$", "\\[", "\\]", "\\(", "\\)", "[a](http://x/",
    ")", "[a]: /u \"", '"', "~", "*", "**", "_", "<b>", "<p>", "<pre>", "<!--", "-->", "<?", "<![CDATA[", "<think>", "</think>", "# ",
    "===\n", "---\n", "http://x/", "word", "ab cd", "![", "](", "%%%LATEX_BLOCK_0%%%", "&lt;", "é", "<script>", "<textarea>", "<br>",
)  # fmt: skip
KNOWN = (
    EVIL, f"```mermaid\n{EVIL}\n```", f"\\`{EVIL}`", f"[a](http://x/`y) {EVIL} `", f"~a ` b~ {EVIL} `", f"a ` b\nc ` {EVIL} `",
    f"| ` | {EVIL} ` |\n|---|---|\n| a | b |", f"- a\n  ```\n{EVIL}\n  ```", f"$$\n```\n$$\n{EVIL}\n```", f'[a]: /u "\n```\n"\n{EVIL}',
    f"<b>\n```\n{EVIL}\n```", f"```\na\n```~~~\n{EVIL}", f"para\n    ```\n    {EVIL}", f"a <!--\n```\n-->\n{EVIL}", f"<pre>\n```\n{EVIL}",
    f"`$$` {EVIL} `$$`", f"```\n$$\n```\n{EVIL}\n$$", f"<think>\n```\n</think>\n{EVIL}", f"1. a\n\n   ```\n  {EVIL}\n", f"> ```\n{EVIL}",
)  # fmt: skip


def made(count: int, seed: int = 0) -> list[str]:
    chance = random.Random(seed)
    return ["".join(chance.choices(PIECES, k=chance.randint(3, 14))) for _ in range(count)]


@pytest.fixture
def shown() -> Iterator[tuple[str, gr.Chatbot]]:
    texts = [*KNOWN, *made(600)]
    with gr.Blocks() as page:
        gr.Chatbot(
            [{"role": "assistant", "content": markdown(text) or "-"} for text in texts], elem_id="chat", **BUBBLES
        )
        gr.Chatbot([{"role": "assistant", "content": EVIL}], elem_id="bare", **BUBBLES)
    _, address, _ = page.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False, share=False)
    yield address, page
    page.close()


def test_no_answer_makes_an_element_of_its_own(browser: Browser, shown: tuple[str, gr.Chatbot]) -> None:
    page = browser.new_page()
    page.goto(shown[0])
    page.wait_for_selector("#bare .evil", state="attached", timeout=60_000)  # unguarded it would be there
    page.wait_for_function("document.querySelectorAll('#chat .bot .md').length > 500", timeout=60_000)
    page.wait_for_timeout(3000)
    found = page.eval_on_selector_all(
        "#chat .evil, #chat img:not([class*=avatar]), #chat .mermaid", "all => all.map(e => e.outerHTML)"
    )
    assert found == []
    page.close()
