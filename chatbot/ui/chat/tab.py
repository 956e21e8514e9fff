"""The chat: its components, and which event calls which handler of `chat_handlers`."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from chatbot.ui.chat import api, attached, compare
from chatbot.ui.chat.attached import Attachments, build_attach
from chatbot.ui.chat.compare import SecondColumn, build_second
from chatbot.ui.chat.handlers import Handlers
from chatbot.ui.chat.loading import connect_loading
from chatbot.ui.chat.sidebar import Sidebar
from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.tab import Frame, Tab
from chatbot.ui.services import MODEL_QUEUE, MODEL_READERS, PRIVATE, Services
from chatbot.ui.strings.words import Language, text

LATEX = [
    {"left": "$$", "right": "$$", "display": True},
    {"left": "\\[", "right": "\\]", "display": True},
    {"left": "\\(", "right": "\\)", "display": False},
]
BUBBLES: dict[str, Any] = {
    "show_label": False,
    "scale": 1,
    "min_height": 220,
    "latex_delimiters": LATEX,
    "buttons": ["copy"],
    "allow_tags": False,
    "reasoning_tags": [("<think>", "</think>")],
    "feedback_options": None,
    "layout": "bubble",
}
EXAMPLES = ("example_1", "example_2", "example_3")


@dataclass(frozen=True, slots=True)
class ChatTab:
    head: gr.Row
    title: gr.Textbox
    export_md: gr.Button
    export_json: gr.Button
    delete: gr.Button
    chatbot: gr.Chatbot
    notice: gr.HTML
    composer: gr.Textbox
    meter: gr.HTML
    conversation: gr.State  # id of the open conversation, None for a new one
    armed: gr.State  # whether Delete was pressed once
    second: SecondColumn
    file: gr.HTML  # a link to what the browser is to save
    attachments: Attachments | None


def build_chat(words: Localised, tab: gr.Tab, services: Services) -> ChatTab:
    """The components; `connect` gives them life. Files can be attached where there is a library that reads them."""
    conversation, armed = gr.State(None), gr.State(False)
    head, title, export_md, export_json, delete = _head(words)
    with gr.Row(elem_id="by-columns"):
        with gr.Column(min_width=0, elem_id="by-first"):
            first_name = gr.HTML(padding=False, elem_classes="by-column-name")
            chatbot = gr.Chatbot(
                elem_id="by-chatbot",
                label=text("chat_label", "en"),
                editable="user",
                placeholder=placeholder("en"),
                examples=examples("en"),
                **BUBBLES,
            )
            words(chatbot, label="chat_label")
        second = build_second(words, first_name, BUBBLES)
    attachments = build_attach(words) if services.library else None
    notice = gr.HTML(elem_id="by-notice", padding=False)
    composer = _composer(words)
    meter = gr.HTML(elem_id="by-under", padding=False)
    file = gr.HTML(elem_id="by-file", padding=False)
    return ChatTab(
        head, title, export_md, export_json, delete, chatbot, notice, composer, meter, conversation, armed, second,
        file, attachments,
    )  # fmt: skip


def _head(words: Localised) -> tuple[gr.Row, gr.Textbox, gr.Button, gr.Button, gr.Button]:
    """(row, title, export as Markdown, export as JSON, delete)"""
    with gr.Row(elem_id="by-head", visible=False) as head:
        title = gr.Textbox(
            show_label=False, label=text("title", "en"), container=False, max_lines=1, elem_id="by-title"
        )
        words(title, label="title")
        export_md = words(gr.Button(text("export_md", "en"), size="sm", elem_id="by-md"), value="export_md")
        export_json = words(gr.Button(text("export_json", "en"), size="sm", elem_id="by-json"), value="export_json")
        delete = words(gr.Button(text("delete", "en"), size="sm", elem_id="by-delete"), value="delete")
    return head, title, export_md, export_json, delete


def _composer(words: Localised) -> gr.Textbox:
    composer = gr.Textbox(
        show_label=False,
        label=text("composer_label", "en"),
        placeholder=text("composer", "en"),
        container=False,
        lines=1,
        max_lines=10,
        autofocus=True,
        submit_btn=True,
        elem_id="by-composer",
    )
    return words(composer, label="composer_label", placeholder="composer")


def placeholder(language: Language) -> str:
    return f"## {text('welcome', language)}\n{text('welcome_more', language)}"


def examples(language: Language) -> list[dict[str, str]]:
    return [{"text": text(key, language)} for key in EXAMPLES]


def shown_by_opened(tab: ChatTab) -> list[Any]:
    return [tab.conversation, tab.chatbot, tab.head, tab.title, tab.meter, tab.delete, tab.armed]


def connect(tab: ChatTab, frame: Frame, services: Services) -> None:
    """Wire the events of the chat tab and of the sidebar's list."""
    bar, language = frame.bar, frame.language
    do = Handlers(services)
    _connect_answers(do, compare.Handlers(services), tab, bar, language, services)
    _connect_list(do, tab, bar, language)
    _connect_second(tab, bar, language, services)
    connect_loading(frame, tab.conversation, tab.meter, services)
    language.change(_spoken, language, tab.chatbot, **PRIVATE)
    for event in (bar.new_chat.click, bar.conversations.input):  # what they open is in the chat
        event(lambda: gr.update(selected=TAB.name), None, frame.tabs, **PRIVATE)

    for button, kind in ((tab.export_md, "md"), (tab.export_json, "json")):
        button.click(_export(do, kind), tab.conversation, tab.file, **PRIVATE)


def _spoken(language: Language) -> Any:
    return gr.update(placeholder=placeholder(language), examples=examples(language))


def _export(do: Handlers, kind: str) -> Any:
    def export_as(id: str | None, request: gr.Request) -> str:
        return do.export(id, kind, request)

    return export_as


def _connect_answers(
    do: Handlers, beside: compare.Handlers, tab: ChatTab, bar: Sidebar, language: gr.State, services: Services
) -> None:
    """Everything that ends in an answer: save first, then answer what is saved, then put the buttons back."""
    respond: Any = do.respond
    given, answered = [tab.conversation, language, *bar.sampling], [tab.chatbot, tab.meter, tab.notice]
    if files := tab.attachments:
        resets = (bar.new_chat.click, bar.conversations.input)
        respond = attached.connect(files, language, resets, services).respond
        given, answered = [files.documents, *given], [*answered, files.cited, files.source]
    running = [tab.conversation, tab.second.conversation]
    sent = [tab.composer, tab.conversation, tab.chatbot, tab.notice, bar.conversations, tab.head, tab.title]
    ask = [tab.composer, tab.conversation, bar.adapter, bar.system_prompt, language, bar.longest_answer]
    rewound = [tab.chatbot, tab.composer, tab.notice]
    starts = [
        tab.composer.submit(do.send, ask, sent, **PRIVATE),
        tab.chatbot.retry(do.retry, [tab.conversation, language], rewound, **PRIVATE),
        tab.chatbot.edit(do.edit, [tab.conversation, language], rewound, **PRIVATE),
        tab.chatbot.example_select(_example, None, tab.composer, **PRIVATE).then(
            do.send,
            ask,
            sent,
            **PRIVATE,
        ),
    ]
    for start in starts:
        start.success(
            respond,
            given,
            answered,
            concurrency_id=MODEL_QUEUE,
            concurrency_limit=MODEL_READERS,
            **PRIVATE,
        ).then(do.settled, running, [tab.composer, bar.conversations], **PRIVATE)
        start.success(
            beside.respond,
            [*running, bar.compare, language, *bar.sampling],
            [tab.second.chatbot, tab.second.conversation, tab.notice],
            concurrency_id=MODEL_QUEUE,
            concurrency_limit=MODEL_READERS,
            **PRIVATE,
        ).then(do.settled, running, [tab.composer, bar.conversations], **PRIVATE)
    tab.composer.stop(do.stop, running, None, queue=False, **PRIVATE)


def _connect_second(tab: ChatTab, bar: Sidebar, language: gr.State, services: Services) -> None:
    do, second = compare.Handlers(services), tab.second
    shown = [second.box, second.first_name, second.name, second.chatbot, second.conversation]
    for event in (bar.compare.change, tab.conversation.change, language.change):
        event(do.choose, [bar.compare, bar.adapter, language], shown, **PRIVATE)
    bar.adapter.change(do.rename, [bar.adapter, bar.compare, language], second.first_name, **PRIVATE)


def _example(event: gr.SelectData) -> str:
    return str(event.value["text"] if isinstance(event.value, dict) else event.value)


def _connect_list(do: Handlers, tab: ChatTab, bar: Sidebar, language: gr.State) -> None:
    shown = shown_by_opened(tab)
    chosen = [*shown, bar.system_prompt, bar.adapter, tab.notice]
    bar.conversations.input(do.choose, [bar.conversations, language], chosen, **PRIVATE)
    fresh = [*shown, bar.conversations, tab.notice, tab.composer]
    bar.new_chat.click(do.new, language, fresh, **PRIVATE)
    renamed = [tab.title, bar.conversations, tab.notice]
    for event in (tab.title.submit, tab.title.blur):
        event(do.rename, [tab.conversation, tab.title, language], renamed, **PRIVATE)
    gone = [*shown, bar.conversations, tab.notice]
    tab.delete.click(do.delete, [tab.conversation, tab.armed, language], gone, **PRIVATE)


TAB = Tab("chat", build_chat, connect, api.publish)
