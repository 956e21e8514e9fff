"""The page: sidebar, chat, languages, and the events that belong to neither."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from chatbot.common.errors import BanyanError
from chatbot.tasks import chat as chat_task
from chatbot.types import Message, Sampling
from chatbot.ui.adapters import tab as adapters
from chatbot.ui.chat import handlers as chat_handlers
from chatbot.ui.chat import tab as chat
from chatbot.ui.chat.sidebar import Sidebar, brand_html, build_sidebar
from chatbot.ui.classify import api as api_sentiment
from chatbot.ui.classify import layout as sentiment_layout
from chatbot.ui.classify import tab as sentiment
from chatbot.ui.documents import api as api_documents
from chatbot.ui.documents import layout as documents_layout
from chatbot.ui.documents import tab as documents
from chatbot.ui.finetune import api as api_finetune
from chatbot.ui.finetune import tab as finetune
from chatbot.ui.parts import render
from chatbot.ui.parts.clock import TICK
from chatbot.ui.parts.history import turns_of
from chatbot.ui.parts.localise import Localised
from chatbot.ui.services import MODEL_QUEUE, MODEL_READERS, PRIVATE, Services
from chatbot.ui.strings.words import Language, following, text
from chatbot.ui.summarize import api as api_summarize
from chatbot.ui.summarize import layout as summarize_layout
from chatbot.ui.summarize import tab as summarize
from chatbot.ui.translate import api as api_translate
from chatbot.ui.translate import layout as translate_layout
from chatbot.ui.translate import tab as translate

POLL = 0.7  # seconds between looks at a model that is loading


@dataclass(frozen=True, slots=True)
class Tabs:
    """What stands under the bar; None is what this page does not have."""

    all: gr.Tabs
    chat: chat.ChatTab
    documents: documents_layout.DocumentsTab | None
    translate: translate_layout.TranslateTab
    summarize: summarize_layout.SummarizeTab
    sentiment: sentiment_layout.SentimentTab
    finetune: finetune.FinetuneTab | None
    adapters: adapters.AdaptersTab


def build_page(services: Services) -> gr.Blocks:
    """The whole page, ready to be launched with the theme, style and script of `look`."""
    words = Localised()
    with gr.Blocks(title="Banyan", fill_height=True, fill_width=True, analytics_enabled=False) as page:
        language = gr.State("en")
        bar = build_sidebar(words)
        loading = gr.HTML(elem_id="by-loading", padding=False)
        tabs = _build_tabs(words, services)
        timer = gr.Timer(POLL)
        _publish(services)  # first: the names of endpoints go to who comes first
        _connect_tabs(tabs, page, bar, language, services)
        _connect_page(page, services, words, bar, tabs.chat, language)
        _connect_loading(services, bar, tabs.chat, language, loading, timer)

        def leave(request: gr.Request) -> None:
            services.runs.leave(request.session_hash or "")

        page.unload(leave)
    return page


def _build_tabs(words: Localised, services: Services) -> Tabs:
    library, files = services.library is not None, services.translations is not None
    desk = bench = None
    with gr.Tabs(elem_id="by-tabs", overflow_behavior="wrap") as tabs:  # the style sheet makes them scroll instead
        with _tab(words, "chat"):
            talk = chat.build_chat(words, with_files=library)
        if library:
            with _tab(words, "documents") as tab:
                desk = documents_layout.build_documents(words, tab)
        with _tab(words, "translate") as tab:
            tongues = translate_layout.build_translate(words, tab, files=files)
        with _tab(words, "summarize") as tab:
            digest = summarize_layout.build_summarize(words, tab, library=library)
        with _tab(words, "sentiment") as tab:
            labels = sentiment_layout.build_sentiment(words, tab)
        if services.training:
            with _tab(words, "finetune") as tab:
                bench = finetune.build_finetune(words, tab)
        with _tab(words, "adapters") as tab:
            shelf = adapters.build_adapters(words, tab)
    return Tabs(tabs, talk, desk, tongues, digest, labels, bench, shelf)


@contextmanager
def _tab(words: Localised, name: str) -> Iterator[gr.Tab]:
    with gr.Tab(text(name, "en"), id=name, elem_id=f"by-tab-{name}") as tab:
        yield tab
    words(tab, label=name)


def _publish(services: Services) -> None:
    """What programs may call."""
    _publish_chat(services)
    if services.library:
        api_documents.publish(services)
    for api in (api_translate, api_summarize, api_sentiment):
        api.publish(services)
    if services.training:
        api_finetune.publish(services)


def _connect_tabs(tabs: Tabs, page: gr.Blocks, bar: Sidebar, language: gr.State, services: Services) -> None:
    chat.connect(tabs.chat, bar, language, services)
    for event in (bar.new_chat.click, bar.conversations.input):  # what they open is in the chat
        event(lambda: gr.update(selected="chat"), None, tabs.all, **PRIVATE)
    adapters.connect(tabs.adapters, bar, language, services)
    if tabs.documents:
        documents.connect(tabs.documents, page, bar, language, services)
    translate.connect(tabs.translate, page, bar, language, services)
    summarize.connect(tabs.summarize, page, bar, language, services)
    sentiment.connect(tabs.sentiment, page, bar, language, services)
    if tabs.finetune:
        finetune.connect(tabs.finetune, tabs.all, bar, language, services)


def _connect_page(
    page: gr.Blocks, services: Services, words: Localised, bar: Sidebar, tab: chat.ChatTab, language: gr.State
) -> None:
    def spoken(chosen: Language) -> tuple[Any, ...]:
        return (
            chosen,
            brand_html(chosen),
            gr.update(placeholder=chat.placeholder(chosen), examples=chat.examples(chosen)),
        )

    def arrive(request: gr.Request) -> tuple[Any, ...]:
        chosen = services.language_of(request)
        return (
            *spoken(chosen),
            chat_handlers.listing(services, services.owner_of(request), None),
            *words.updates(chosen),
        )

    def switch(current: Language, request: gr.Request) -> tuple[Any, ...]:
        chosen = following(current)
        services.store.set_setting(services.owner_of(request), "language", chosen)
        return (*spoken(chosen), *words.updates(chosen))

    outputs = [language, bar.brand, tab.chatbot]
    page.load(arrive, None, [*outputs, bar.conversations, *words.components], **PRIVATE)
    bar.language.click(switch, language, [*outputs, *words.components], **PRIVATE)


def _connect_loading(
    services: Services, bar: Sidebar, tab: chat.ChatTab, language: gr.State, loading: gr.HTML, timer: gr.Timer
) -> None:
    def look(chosen: Language, id: str | None, request: gr.Request) -> tuple[Any, ...]:
        """-> loading, timer, model, adapter choices, second adapter's choices, meter"""
        state = services.engine.state()
        if state.status != "ready":
            return render.loading(state, chosen), gr.update(active=state.status == "loading"), *(gr.skip(),) * 4
        services.engine.refresh()
        owner = services.owner_of(request)
        names = adapters.choices(services, owner, chosen)
        seconds = adapters.compare_choices(services, owner, chosen)
        meter = chat_handlers.meter_of(services, owner, id, chosen)
        model = model_html(services, chosen)
        return "", gr.update(active=False), model, gr.update(choices=names), gr.update(choices=seconds), meter

    outputs = [loading, timer, bar.model, bar.adapter, bar.compare, tab.meter]
    for event in (timer.tick, language.change, bar.adapter.focus, bar.compare.focus):
        event(look, [language, tab.conversation], outputs, **PRIVATE)


def model_html(services: Services, language: Language) -> str:
    engine = services.engine
    return (
        f'<div class="by-model"><span class="by-sub">{text("base_model", language)}</span><br>{escape(engine.model)}'
        f"<small>{escape(engine.name)} · {escape(engine.device)}</small></div>"
    )


def _publish_chat(services: Services) -> None:
    """`/chat` for programs: streams the answer so far."""

    def api_chat(
        message: str,
        history: list[dict[str, str]] | None = None,
        adapter: str | None = None,
        system_prompt: str = chat_task.DEFAULT_SYSTEM_PROMPT,
        temperature: float = 0.7,
        max_tokens: int = 512,
        request: gr.Request | None = None,
    ) -> Iterator[str]:
        try:
            if adapter:
                services.adapter(services.owner_of(request) if request else "", adapter)
            turns = [*turns_of(history or []), Message("user", chat_task.clean(message))]
            sampling = Sampling(temperature=temperature, max_tokens=max_tokens)
            reply = chat_task.reply(
                services.engine, turns, sampling, system_prompt=system_prompt, adapter=adapter or None
            )
            so_far, shown, last = "", "", time.monotonic()
            for chunk in reply.chunks:
                so_far += chunk.text
                if so_far != shown and (chunk.finish or time.monotonic() - last >= TICK):
                    shown, last = so_far, time.monotonic()
                    yield so_far
        except BanyanError as error:
            raise gr.Error(str(error), print_exception=False) from error

    gr.api(api_chat, api_name="chat", concurrency_id=MODEL_QUEUE, concurrency_limit=MODEL_READERS)
