"""The chat: its components, and which event calls which handler of `chat_handlers`."""

from typing import Any

import gradio as gr

from chatbot.ui.chat import api, attached, compare
from chatbot.ui.chat.handlers import Handlers
from chatbot.ui.chat.layout import ChatTab, build_chat
from chatbot.ui.chat.list import handlers as listed_handlers
from chatbot.ui.chat.loading import connect_loading
from chatbot.ui.chat.prompts import handlers as prompts
from chatbot.ui.chat.sidebar import Sidebar
from chatbot.ui.chat.turns import handlers as turn_handlers
from chatbot.ui.parts.tab import Frame, Tab
from chatbot.ui.services import MODEL_EVENT, PRIVATE, Services


def connect(tab: ChatTab, frame: Frame, services: Services) -> None:
    """Wire the events of the chat tab and of the sidebar's list."""
    bar, language = frame.bar, frame.language
    do = Handlers(services, tab, bar)
    beside = compare.Handlers(services, tab)
    _connect_answers(do, beside, tab, frame, services)
    _connect_list(do, tab, frame, services)
    _connect_second(beside, tab, bar, language)
    connect_loading(frame, tab, services)
    prompts.connect(tab.prompts, tab.notice, frame, services)
    bar.new_chat.click(lambda: gr.update(selected=TAB.name), None, frame.tabs, **PRIVATE)


def _connect_answers(do: Handlers, beside: compare.Handlers, tab: ChatTab, frame: Frame, services: Services) -> None:
    """Everything that ends in an answer: save first, then answer what is saved, then put the buttons back."""
    bar, language = frame.bar, frame.language
    given, answered = [tab.conversation, language, *bar.sampling], [tab.chatbot, tab.meter, tab.notice]
    responds: Any = do.respond, given, answered
    if files := tab.attachments:
        respond = attached.connect(files, tab, do, frame, services).respond
        responds = respond, [files.documents, *given], [*answered, files.cited, files.source]
    running = [tab.conversation, tab.second.conversation]
    over = [*running, language]
    sent = [tab.composer, tab.conversation, tab.chatbot, tab.more, tab.turns, tab.notice, bar.conversations]
    ask = [tab.composer, tab.conversation, bar.adapter, bar.system_prompt, language, bar.longest_answer]
    rewound = [tab.chatbot, tab.turns, tab.composer, tab.more, tab.notice]
    turns = turn_handlers.Handlers(services, tab, bar, do)
    _connect_turns(turns, tab, language)
    starts = [
        tab.composer.submit(do.send, ask, sent, **PRIVATE),
        tab.again.click(turns.again, [tab.conversation, language], [*rewound, bar.adapter], **PRIVATE),
        tab.chatbot.edit(do.edit, [tab.conversation, language], rewound, **PRIVATE),
        tab.chatbot.example_select(_example, None, tab.composer, **PRIVATE).then(
            do.send,
            ask,
            sent,
            **PRIVATE,
        ),
    ]
    second = tab.second
    other = [second.chatbot, second.conversation, second.first_name, second.name, tab.notice]
    back = [tab.composer, tab.more, tab.turns, second.turns, bar.conversations]
    for start in starts:
        start.success(*responds, **MODEL_EVENT).then(do.settled, over, back, **PRIVATE)
        start.success(beside.respond, [*running, bar.compare, language, *bar.sampling], other, **MODEL_EVENT).then(
            do.settled, over, back, **PRIVATE
        )
    tab.more.click(do.go_on, None, [tab.more, tab.composer, tab.notice], **PRIVATE).success(
        do.resume, given, answered, **MODEL_EVENT
    ).then(do.settled, over, back, **PRIVATE)
    tab.composer.stop(do.stop, running, None, queue=False, **PRIVATE)


def _connect_turns(do: turn_handlers.Handlers, tab: ChatTab, language: gr.State) -> None:
    better = tab.better
    asked = [better.box, better.words, better.turn]
    talk = [tab.chatbot, tab.turns, tab.more, tab.meter]
    tab.turns.click(do.act, [tab.conversation, language], [*talk, *asked, tab.notice], **PRIVATE)
    said = [tab.conversation, better.turn, better.words, language]
    better.save.click(do.improve, said, [better.box, better.words, tab.notice], **PRIVATE)
    better.skip.click(do.later, None, [better.box, better.words], **PRIVATE)


def _connect_second(do: compare.Handlers, tab: ChatTab, bar: Sidebar, language: gr.State) -> None:
    second = tab.second
    shown = [second.box, second.first_name, second.name, second.chatbot, second.conversation, second.turns]
    given = [bar.compare, bar.adapter, second.conversation, language]
    for event in (bar.compare.change, tab.conversation.change, language.change):
        event(do.choose, given, shown, **PRIVATE)
    bar.adapter.change(do.unname, None, second.first_name, **PRIVATE)


def _example(event: gr.SelectData) -> str:
    return str(event.value["text"] if isinstance(event.value, dict) else event.value)


def _connect_list(do: Handlers, tab: ChatTab, frame: Frame, services: Services) -> None:
    bar, language = frame.bar, frame.language
    listed = listed_handlers.Handlers(services, tab, bar, frame.tabs, do)
    files = tab.attachments.shown if tab.attachments else []
    shown = [*files, tab.conversation, tab.chatbot, tab.turns, tab.more, tab.meter, bar.conversations, tab.notice]
    opened = [*shown, bar.system_prompt, bar.adapter, frame.tabs]
    for part in (bar.conversations, bar.found):
        part.click(listed.act, [tab.conversation, language], [*opened, tab.file], **PRIVATE)
    searched = [bar.search, tab.conversation, language]
    bar.search.change(listed.search, searched, bar.found, trigger_mode="always_last", **PRIVATE)
    language.change(listed.spoken, [tab.conversation, language], bar.conversations, **PRIVATE)
    frame.page.load(listed.arrive, None, opened, **PRIVATE)
    bar.new_chat.click(do.new, language, [*shown, tab.composer], **PRIVATE)


TAB = Tab("chat", build_chat, connect, api.publish)
