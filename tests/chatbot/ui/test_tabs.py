"""A tab is one record: what it offers is on the page, connected and published, and no other file has to know it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from gradio_client import Client

from chatbot.engine.loading import LoadingEngine
from chatbot.engine.scripted import ScriptedEngine
from chatbot.store.store import Store
from chatbot.ui.page import build_page
from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.tab import Frame, Tab
from chatbot.ui.services import PRIVATE, Services
from chatbot.ui.tabs import TABS


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    store = Store(tmp_path / "banyan.db")
    loading = LoadingEngine(lambda *_: ScriptedEngine(), "scripted")
    yield Services(loading, store, lambda request: "ada")
    loading.close()
    store.close()


def build(words: Localised, tab: gr.Tab, services: Services) -> tuple[gr.Button, gr.HTML]:
    return gr.Button("Count", elem_id="by-count"), gr.HTML(elem_id="by-counted")


def connect(tab: tuple[gr.Button, gr.HTML], frame: Frame, services: Services) -> None:
    tab[0].click(lambda language: f"counted in {language}", frame.language, tab[1], **PRIVATE)


def publish(services: Services) -> None:
    def count(text: str) -> int:
        return len(text)

    gr.api(count, api_name="count")


NEW: Tab[Any] = Tab("adapter", build, connect, publish)  # any string of the page will do for its label


def shown(page: gr.Blocks) -> list[str]:
    return [block.id for block in page.blocks.values() if isinstance(block, gr.Tab) and isinstance(block.id, str)]


def test_a_new_tab_is_shown_connected_and_published(services: Services) -> None:
    page = build_page(services, [*TABS, NEW])
    assert shown(page)[-1] == NEW.name
    button = next(block for block in page.blocks.values() if block.elem_id == "by-count")
    assert any((button._id, "click") in function.targets for function in page.fns.values())
    _, address, _ = page.launch(prevent_thread_lock=True, quiet=True, server_name="127.0.0.1", ssr_mode=False)
    try:
        assert Client(address, verbose=False).predict("four", api_name="/count") == 4
    finally:
        page.close()


def test_what_is_not_offered_is_neither_shown_nor_published(services: Services) -> None:
    page = build_page(services, [*TABS, replace(NEW, offered=lambda services: False)])
    assert NEW.name not in shown(page)
    assert "count" not in {function.api_name for function in page.fns.values()}
    assert not {"documents", "finetune"} & {*shown(page)}  # these services have no library and no training


def test_every_tab_has_a_name_of_its_own() -> None:
    assert len({tab.name for tab in TABS}) == len(TABS)
