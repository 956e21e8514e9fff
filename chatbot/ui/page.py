"""The page: the sidebar, the tabs of `TABS`, and the language of both."""

import inspect
from collections.abc import Sequence
from html import escape
from typing import Any

import gradio as gr

from chatbot.ui.chat.sidebar import Sidebar, build_sidebar
from chatbot.ui.icons import icon
from chatbot.ui.parts.clickable import clicked
from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.tab import OFTEN, Frame, Tab
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import PRIVATE, Services
from chatbot.ui.spoken import SpokenPage
from chatbot.ui.strings.words import ENGLISH, Language, languages, text
from chatbot.ui.tabs import GROUPS, TABS
from chatbot.ui.tour.tour import Tour

HEADED = "chat"  # the tab over which its model, adapter and settings stand


def build_page(services: Services, tabs: Sequence[Tab[Any]] = TABS) -> gr.Blocks:
    """The whole page, ready to be launched with the theme, style and script of `look`."""
    words = Localised()
    offered = [tab for tab in tabs if tab.offered(services)]
    with SpokenPage(words, title="Banyan", fill_height=True, fill_width=True, analytics_enabled=False) as page:
        language = gr.State("en")
        bar = build_sidebar(
            words, signs_in=services.signs_in, models=services.models is not None, forgets=services.forgets
        )
        groups = gr.HTML(groups_html(offered, ENGLISH), elem_id="by-groups", padding=False, apply_default_css=False)
        words.drawn(groups, lambda chosen: {"value": groups_html(offered, chosen)})
        tour = Tour(words, services, [tab.name for tab in offered])
        loading = gr.HTML(elem_id="by-loading", padding=False)
        with gr.Tabs(elem_id="by-tabs", overflow_behavior="wrap") as box:  # the style sheet makes them scroll instead
            built = [_build(tab, words, services, bar) for tab in offered]
        frame = Frame(page, box, bar, language, loading, gr.State(""), gr.State(None), gr.Timer(OFTEN))
        for tab in offered:  # first: the names of endpoints go to who comes first
            tab.publish(services)
        for tab, components in zip(offered, built, strict=True):
            tab.connect(components, frame, services)
        _connect_language(page, services, words, bar, language, tour)

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


def groups_html(offered: Sequence[Tab[Any]], language: Language) -> str:
    """The groups of tabs, by which page.js names the tabs' groups; where there is no room for all, one group is chosen."""
    names = [tab.name for tab in offered]
    grouped = {group: [tab.name for tab in tabs if tab.name in names] for group, tabs in GROUPS.items()}
    *_, last = grouped  # a tab that no group names stands in the last
    grouped[last] += [name for name in names if not any(name in group for group in grouped.values())]
    buttons = "".join(
        f'<button type="button" data-group="{group}" data-tabs="{" ".join(tabs)}">{icon(group)}'
        f"<span>{escape(text(group, language))}</span></button>"
        for group, tabs in grouped.items()
        if tabs
    )
    return f'<nav class="by-groups" aria-label="{escape(text("groups", language))}">{buttons}</nav>'


def _build(tab: Tab[Any], words: Localised, services: Services, bar: Sidebar) -> Any:
    with gr.Tab(text(tab.name, "en"), id=tab.name, elem_id=f"by-tab-{tab.name}") as box:
        if tab.name == HEADED:
            bar.head.render()
        components = tab.build(words, box, services)
    words(box, label=tab.name)
    return components


def _connect_language(
    page: gr.Blocks,
    services: Services,
    words: Localised,
    bar: Sidebar,
    language: gr.State,
    tour: Tour,
) -> None:
    def spoken(chosen: Language, request: gr.Request) -> Updates:
        return {language: chosen, **tour.spoken(services.owner_of(request), chosen)}

    def arrive(request: gr.Request) -> Updates:
        """The words are there: the page was painted with them."""
        return spoken(services.language_of(request), request)

    def switch(request: gr.Request, event: gr.EventData) -> Updates:
        asked = clicked(event).get("value", "")
        chosen = asked if asked in languages() else ENGLISH
        services.store.set_setting(services.owner_of(request), "language", chosen)
        return {**spoken(chosen, request), **words.updates(chosen)}

    shown = [language, tour.shown]
    page.load(arrive, None, shown, **PRIVATE)
    bar.language.click(switch, None, [*shown, *words.components], **PRIVATE)
