"""The page: the sidebar, the tabs of `TABS`, and the language of both."""

import inspect
from collections.abc import Sequence
from typing import Any

import gradio as gr

from chatbot.ui.chat.handlers import listing
from chatbot.ui.chat.sidebar import Sidebar, brand_html, build_sidebar
from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.tab import OFTEN, Frame, Tab
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import PRIVATE, Services
from chatbot.ui.strings.words import Language, following, text
from chatbot.ui.tabs import TABS


def build_page(services: Services, tabs: Sequence[Tab[Any]] = TABS) -> gr.Blocks:
    """The whole page, ready to be launched with the theme, style and script of `look`."""
    words = Localised()
    offered = [tab for tab in tabs if tab.offered(services)]
    with gr.Blocks(title="Banyan", fill_height=True, fill_width=True, analytics_enabled=False) as page:
        language = gr.State("en")
        bar = build_sidebar(words, signs_in=services.signs_in)
        loading = gr.HTML(elem_id="by-loading", padding=False)
        with gr.Tabs(elem_id="by-tabs", overflow_behavior="wrap") as box:  # the style sheet makes them scroll instead
            built = [_build(tab, words, services) for tab in offered]
        frame = Frame(page, box, bar, language, loading, gr.Timer(OFTEN))
        for tab in offered:  # first: the names of endpoints go to who comes first
            tab.publish(services)
        for tab, components in zip(offered, built, strict=True):
            tab.connect(components, frame, services)
        _connect_language(page, services, words, bar, language)

        def leave(request: gr.Request) -> None:
            services.runs.leave(request.session_hash or "")

        page.unload(leave)
    _remember_signatures(page)
    return page


def _remember_signatures(page: gr.Blocks) -> None:
    """Gradio asks for the signatures of a component's classes whenever it updates one, which is half the cost of an update: Python
    takes what it finds in `__signature__`."""
    for kind in {kind for block in page.blocks.values() for kind in type(block).__mro__}:
        if inspect.isfunction(made := vars(kind).get("__init__")):
            own: Any = inspect.unwrap(made)
            own.__signature__ = inspect.signature(own)


def _build(tab: Tab[Any], words: Localised, services: Services) -> Any:
    with gr.Tab(text(tab.name, "en"), id=tab.name, elem_id=f"by-tab-{tab.name}") as box:
        components = tab.build(words, box, services)
    words(box, label=tab.name)
    return components


def _connect_language(page: gr.Blocks, services: Services, words: Localised, bar: Sidebar, language: gr.State) -> None:
    def spoken(chosen: Language) -> Updates:
        return {language: chosen, bar.brand: brand_html(chosen), **words.updates(chosen)}

    def arrive(request: gr.Request) -> Updates:
        chosen = services.language_of(request)
        shown = spoken(chosen)
        listed = listing(services, services.owner_of(request), None)
        return {**shown, bar.conversations: {**shown[bar.conversations], **listed}}

    def switch(current: Language, request: gr.Request) -> Updates:
        chosen = following(current)
        services.store.set_setting(services.owner_of(request), "language", chosen)
        return spoken(chosen)

    shown = [language, bar.brand, *words.components]
    page.load(arrive, None, shown, **PRIVATE)
    bar.language.click(switch, language, shown, **PRIVATE)
