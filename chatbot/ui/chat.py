"""The chat: what it shows and what its buttons do.

The database, not the browser, knows the conversation: every handler reads it there under its owner.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import gradio as gr

from chatbot import export
from chatbot.errors import BanyanError, NotFound
from chatbot.store import Conversation
from chatbot.tasks import chat
from chatbot.types import Message, Sampling
from chatbot.ui import render
from chatbot.ui.answering import answer, context_meter
from chatbot.ui.localise import Localised
from chatbot.ui.services import MODEL_QUEUE, MODEL_READERS, PRIVATE, Services
from chatbot.ui.sidebar import Sidebar, sampling_of
from chatbot.ui.strings import Language, text

log = logging.getLogger(__name__)

LATEX = [
    {"left": "$$", "right": "$$", "display": True},
    {"left": "\\[", "right": "\\]", "display": True},
    {"left": "\\(", "right": "\\)", "display": False},
]
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
    file: gr.HTML  # a link to what the browser is to save


def build_chat(words: Localised) -> ChatTab:
    """The components; `connect` gives them life."""
    conversation, armed = gr.State(None), gr.State(False)
    with gr.Row(elem_id="by-head", visible=False) as head:
        title = gr.Textbox(
            show_label=False, label=text("title", "en"), container=False, max_lines=1, elem_id="by-title"
        )
        words(title, label="title")
        export_md = words(gr.Button(text("export_md", "en"), size="sm", elem_id="by-md"), value="export_md")
        export_json = words(gr.Button(text("export_json", "en"), size="sm", elem_id="by-json"), value="export_json")
        delete = words(gr.Button(text("delete", "en"), size="sm", elem_id="by-delete"), value="delete")
    chatbot = gr.Chatbot(
        show_label=False,
        label=text("chat_label", "en"),
        elem_id="by-chatbot",
        scale=1,
        min_height=220,
        latex_delimiters=LATEX,
        editable="user",
        buttons=["copy"],
        allow_tags=False,
        reasoning_tags=[("<think>", "</think>")],
        feedback_options=None,
        layout="bubble",
        placeholder=placeholder("en"),
        examples=examples("en"),
    )
    words(chatbot, label="chat_label")
    notice = gr.HTML(elem_id="by-notice", padding=False)
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
    words(composer, label="composer_label", placeholder="composer")
    meter = gr.HTML(elem_id="by-under", padding=False)
    file = gr.HTML(elem_id="by-file", padding=False)
    return ChatTab(
        head, title, export_md, export_json, delete, chatbot, notice, composer, meter, conversation, armed, file
    )


def placeholder(language: Language) -> str:
    return f"## {text('welcome', language)}\n{text('welcome_more', language)}"


def examples(language: Language) -> list[dict[str, str]]:
    return [{"text": text(key, language)} for key in EXAMPLES]


def listing(services: Services, owner: str, open_id: str | None) -> Any:
    """The sidebar's list with the open conversation marked."""
    headings = services.store.conversations(owner)
    known = {h.id for h in headings}
    return gr.update(choices=[(h.title, h.id) for h in headings], value=open_id if open_id in known else None)


def opened(services: Services, conversation: Conversation | None, language: Language) -> tuple[Any, ...]:
    """Updates of (conversation, chatbot, head, title, meter, delete, armed) that show a conversation, or a new one."""
    return (
        conversation.id if conversation else None,
        render.bubbles(conversation.messages) if conversation else [],
        gr.update(visible=conversation is not None),
        conversation.title if conversation else "",
        context_meter(services.engine, conversation, Sampling(), language),
        gr.update(value=text("delete", language), variant="secondary"),
        False,
    )


def meter_of(services: Services, owner: str, id: str | None, language: Language) -> str:
    """The meter of the open conversation, told anew: after a change of language, or once the model is there."""
    conversation = services.store.conversation(owner, id) if id else None
    return context_meter(services.engine, conversation, Sampling(), language)


def shown_by_opened(tab: ChatTab) -> list[Any]:
    return [tab.conversation, tab.chatbot, tab.head, tab.title, tab.meter, tab.delete, tab.armed]


@contextmanager
def told(language: Language) -> Iterator[list[str]]:
    """Catch what goes wrong inside; the list then holds the notice to show. Unknown faults are logged, not shown."""
    notices: list[str] = []
    try:
        yield notices
    except BanyanError as error:
        notices.append(render.notice(error, language))
    except Exception:
        log.exception("A handler of the chat failed")
        notices.append(render.notice(BanyanError(text("error.internal", "en"), kind="internal"), language))


class Handlers:
    """What the buttons do. Each method is one event; the owner comes from its request, the rest from its arguments."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def send(
        self,
        typed: str,
        id: str | None,
        adapter: str,
        system_prompt: str,
        language: Language,
        max_tokens: float,
        request: gr.Request,
    ) -> tuple[Any, ...]:
        """Save the message; one that cannot be answered stays typed. -> composer, conversation, chatbot, notice, list,
        head, title
        """
        owner = self._services.owner_of(request)
        kept = (gr.skip(),) * 3
        with told(language) as notices:
            message = Message("user", chat.clean(typed))
            before = self._services.store.conversation(owner, id).messages if id else ()
            sampling = Sampling(max_tokens=int(max_tokens))
            chat.fitted(self._services.engine, [*before, message], sampling, system_prompt=system_prompt)
            conversation = self._place(owner, id, message, adapter, system_prompt)
            return (
                gr.update(value="", submit_btn=False, stop_btn=True),
                conversation.id,
                [*render.bubbles(conversation.messages), _waiting(language)],
                "",
                listing(self._services, owner, conversation.id),
                gr.update(visible=True),
                conversation.title,
            )
        return (gr.skip(), *kept[:2], notices[0], *kept)

    def _place(self, owner: str, id: str | None, message: Message, adapter: str, system_prompt: str) -> Conversation:
        store = self._services.store
        if id is None:
            title = chat.title_of(message.content)
            id = store.create(owner, title=title, system_prompt=system_prompt, adapter=adapter or None)
        else:
            store.configure(owner, id, system_prompt=system_prompt, adapter=adapter or None)
        store.append(owner, id, message, at=len(store.conversation(owner, id).messages))
        return store.conversation(owner, id)

    def respond(
        self,
        id: str | None,
        language: Language,
        temperature: float,
        top_p: float,
        top_k: float,
        min_p: float,
        repetition_penalty: float,
        max_tokens: float,
        seed: str,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        """Answer the saved conversation. -> chatbot, meter, notice"""
        owner = self._services.owner_of(request)
        shown: list[dict[str, str]] = []
        yield (gr.skip(),) * 3  # a generator that ends without a word would empty its outputs, the notice among them
        if id is None:
            return
        with told(language) as notices, self._services.runs.open(owner, id, request.session_hash) as stop:
            conversation = self._services.store.conversation(owner, id)
            shown = render.bubbles(conversation.messages)
            if not shown or shown[-1]["role"] != "user":
                return
            sampling = sampling_of(temperature, top_p, top_k, min_p, repetition_penalty, max_tokens, seed=seed)
            engine, store = self._services.engine, self._services.store
            for view in answer(engine, store, owner, conversation, sampling, stop, language):
                yield [*shown, {"role": "assistant", "content": view.answer}], view.meter, gr.skip()
        if notices:
            saved = self._saved(owner, id)
            yield (render.bubbles(saved.messages) if saved else shown), gr.skip(), notices[0]

    def _saved(self, owner: str, id: str) -> Conversation | None:
        try:
            return self._services.store.conversation(owner, id)
        except BanyanError:
            return None

    def settled(self, id: str | None, request: gr.Request) -> tuple[Any, ...]:
        """After an answer. -> composer, list"""
        owner = self._services.owner_of(request)
        return gr.update(submit_btn=True, stop_btn=False), listing(self._services, owner, id)

    def stop(self, id: str | None, request: gr.Request) -> None:
        if id:
            self._services.runs.stop(self._services.owner_of(request), id)

    def retry(self, id: str | None, language: Language, event: gr.RetryData, request: gr.Request) -> tuple[Any, ...]:
        """Drop the answer at the pressed button and what follows. -> chatbot, composer, notice"""
        return self._rewind(id, language, request, event.index)

    def edit(self, id: str | None, language: Language, event: gr.EditData, request: gr.Request) -> tuple[Any, ...]:
        """Put the edited message in its place and drop what follows. -> chatbot, composer, notice"""
        return self._rewind(id, language, request, event.index, event.value)

    def _rewind(
        self, id: str | None, language: Language, request: gr.Request, index: Any, edited: str | None = None
    ) -> tuple[Any, ...]:
        owner, store = self._services.owner_of(request), self._services.store
        position = index[0] if isinstance(index, list | tuple) else int(index)
        with told(language) as notices:
            conversation = store.conversation(owner, id or "")
            with self._services.runs.open(owner, conversation.id, None):  # refuses while an answer is written
                if edited is not None:
                    store.append(owner, conversation.id, Message("user", chat.clean(edited)), at=position)
                else:
                    users = [i for i, m in enumerate(conversation.messages[: position + 1]) if m.role == "user"]
                    store.truncate(owner, conversation.id, users[-1] + 1 if users else 0)
            messages = store.conversation(owner, conversation.id).messages
            return [*render.bubbles(messages), _waiting(language)], gr.update(submit_btn=False, stop_btn=True), ""
        saved = self._saved(owner, id or "")
        return render.bubbles(saved.messages) if saved else [], gr.skip(), notices[0]

    def choose(self, id: str | None, language: Language, request: gr.Request) -> tuple[Any, ...]:
        """Open a conversation of the list. -> shown_by_opened, system prompt, adapter, notice"""
        owner = self._services.owner_of(request)
        with told(language) as notices:
            conversation = self._services.store.conversation(owner, id or "")
            shown = opened(self._services, conversation, language)
            return (*shown, conversation.system_prompt, conversation.adapter or "", "")
        return (*(gr.skip(),) * 9, notices[0])

    def new(self, language: Language, request: gr.Request) -> tuple[Any, ...]:
        """-> shown_by_opened, list, notice, composer"""
        owner = self._services.owner_of(request)
        return (*opened(self._services, None, language), listing(self._services, owner, None), "", "")

    def rename(self, id: str | None, title: str, language: Language, request: gr.Request) -> tuple[Any, ...]:
        """-> title, list, notice"""
        owner = self._services.owner_of(request)
        with told(language) as notices:
            if id is None:
                raise NotFound("There is no such conversation.")
            new = " ".join(chat.clean(title).split())[:200]
            self._services.store.rename(owner, id, new)
            return new, listing(self._services, owner, id), ""
        return gr.skip(), gr.skip(), notices[0]

    def delete(self, id: str | None, armed: bool, language: Language, request: gr.Request) -> tuple[Any, ...]:
        """The first press asks, the second deletes. -> shown_by_opened, list, notice"""
        if not armed:
            button = gr.update(value=text("delete_sure", language), variant="stop")
            return (*(gr.skip(),) * 5, button, True, gr.skip(), gr.skip())
        owner = self._services.owner_of(request)
        with told(language) as notices:
            self._services.runs.stop(owner, id or "")
            self._services.store.delete(owner, id or "")
        shown = opened(self._services, None, language)
        return (*shown, listing(self._services, owner, None), notices[0] if notices else "")

    def export(self, id: str | None, kind: str, request: gr.Request) -> str:
        """The open conversation as a link that the browser follows at once and so saves."""
        saved = self._saved(self._services.owner_of(request), id or "")
        return render.download(export.as_file(saved, kind)) if saved else ""


def _waiting(language: Language) -> dict[str, str]:
    return {"role": "assistant", "content": text("thinking", language)}


def connect(tab: ChatTab, bar: Sidebar, language: gr.State, services: Services) -> None:
    """Wire the events of the chat tab and of the sidebar's list."""
    do = Handlers(services)
    _connect_answers(do, tab, bar, language)
    _connect_list(do, tab, bar, language)

    for button, kind in ((tab.export_md, "md"), (tab.export_json, "json")):
        button.click(_export(do, kind), tab.conversation, tab.file, **PRIVATE)


def _export(do: Handlers, kind: str) -> Any:
    def export_as(id: str | None, request: gr.Request) -> str:
        return do.export(id, kind, request)

    return export_as


def _connect_answers(do: Handlers, tab: ChatTab, bar: Sidebar, language: gr.State) -> None:
    """Everything that ends in an answer: save first, then answer what is saved, then put the buttons back."""
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
            do.respond,
            [tab.conversation, language, *bar.sampling],
            [tab.chatbot, tab.meter, tab.notice],
            concurrency_id=MODEL_QUEUE,
            concurrency_limit=MODEL_READERS,
            **PRIVATE,
        ).then(do.settled, tab.conversation, [tab.composer, bar.conversations], **PRIVATE)
    tab.composer.stop(do.stop, tab.conversation, None, queue=False, **PRIVATE)


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
