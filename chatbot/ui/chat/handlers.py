"""What the buttons of the chat do.

The database, not the browser, knows the conversation: every handler reads it there under its owner.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from chatbot import export
from chatbot.common.errors import BanyanError, internal_error
from chatbot.engine.adapters.purpose import for_chat
from chatbot.store.values import Conversation
from chatbot.tasks import chat
from chatbot.types import Message, Sampling
from chatbot.ui.chat.answering import answer, context_meter
from chatbot.ui.chat.layout import ChatTab
from chatbot.ui.chat.list.listing import folder_of, listing
from chatbot.ui.chat.sampling import sampling_of
from chatbot.ui.chat.sidebar import Sidebar
from chatbot.ui.chat.turns import render as render_turns
from chatbot.ui.markdown import as_typed
from chatbot.ui.parts import render
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text

HIDDEN = gr.update(visible=False)

log = logging.getLogger(__name__)


def meter_of(services: Services, owner: str, id: str | None, language: Language) -> str:
    """The meter of the open conversation, told anew: after a change of language, or once the model is there."""
    conversation = services.store.conversation(owner, id) if id else None
    return context_meter(services.engine, conversation, Sampling(), language)


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
        notices.append(render.notice(internal_error(), language))


class Handlers:
    """What the buttons do. Each method is one event; the owner comes from its request, the rest from its arguments."""

    def __init__(self, services: Services, tab: ChatTab, bar: Sidebar) -> None:
        self._services, self._tab, self._bar = services, tab, bar

    def send(
        self,
        typed: str,
        id: str | None,
        adapter: str,
        system_prompt: str,
        language: Language,
        max_tokens: float,
        request: gr.Request,
    ) -> Updates:
        """Save the message; one that cannot be answered stays typed."""
        owner, tab = self._services.owner_of(request), self._tab
        with told(language) as notices:
            message = Message("user", chat.clean(typed))
            before = self._services.store.conversation(owner, id).messages if id else ()
            sampling = Sampling(max_tokens=int(max_tokens))
            chat.fitted(self._services.engine, [*before, message], sampling, system_prompt=system_prompt)
            conversation = self._place(owner, id, message, adapter, system_prompt)
            return {
                tab.composer: gr.update(value="", submit_btn=False, stop_btn=True),
                tab.more: HIDDEN,
                tab.conversation: conversation.id,
                tab.chatbot: [*render.bubbles(conversation.messages), _waiting(language)],
                tab.turns: render_turns.bars(conversation.turns, language),
                tab.notice: "",
                self._bar.conversations: listing(self._services, owner, conversation.id, language),
            }
        return {tab.notice: notices[0]}

    def _place(self, owner: str, id: str | None, message: Message, adapter: str, system_prompt: str) -> Conversation:
        store = self._services.store
        if id is None:
            title = chat.title_of(message.content)
            folder = folder_of(self._services, owner)
            id = store.create(owner, title=title, system_prompt=system_prompt, adapter=adapter or None, folder=folder)
        else:
            store.configure(owner, id, system_prompt=system_prompt, adapter=adapter or None)
        store.append(owner, id, message, at=len(store.conversation(owner, id).messages))
        return store.conversation(owner, id)

    def respond(self, id: str | None, language: Language, request: gr.Request, *controls: Any) -> Iterator[Updates]:
        """Answer the saved conversation; `controls` are those of the chat's head."""
        yield from self._answered(id, language, request, controls, cut=False)

    def resume(self, id: str | None, language: Language, request: gr.Request, *controls: Any) -> Iterator[Updates]:
        """Go on with the answer that was cut."""
        yield from self._answered(id, language, request, controls, cut=True)

    def _answered(
        self, id: str | None, language: Language, request: gr.Request, controls: tuple[Any, ...], *, cut: bool
    ) -> Iterator[Updates]:
        """`cut`: whether the conversation must end in an answer that was, or in a question."""
        owner, tab = self._services.owner_of(request), self._tab
        shown: list[dict[str, str]] = []
        yield gr.skip()  # a generator that ends without a word would empty its outputs, the notice among them
        if id is None:
            return
        with told(language) as notices, self._services.runs.open(owner, id, request.session_hash) as stop:
            conversation = self._services.store.conversation(owner, id)
            messages = conversation.messages
            if cut != conversation.cut or not (cut or (messages and messages[-1].role == "user")):
                return
            shown = render.bubbles(messages[:-1] if cut else messages)
            if conversation.adapter:
                self._services.adapter(owner, conversation.adapter)  # it may have gone, or be another's by now
            sampling = sampling_of(*controls)
            engine, store, speeds = self._services.engine, self._services.store, self._services.speeds
            for view in answer(engine, store, owner, conversation, sampling, stop, language, speeds):
                yield {
                    tab.chatbot: [*shown, {"role": "assistant", "content": view.answer}],
                    tab.meter: view.meter,
                }
        if notices:
            saved = self._saved(owner, id)
            yield {tab.chatbot: render.bubbles(saved.messages) if saved else shown, tab.notice: notices[0]}

    def _saved(self, owner: str, id: str) -> Conversation | None:
        try:
            return self._services.store.conversation(owner, id)
        except BanyanError:
            return None

    def settled(self, id: str | None, other: str | None, language: Language, request: gr.Request) -> Updates:
        """After an answer: the buttons are back once the other column has its own too."""
        owner = self._services.owner_of(request)
        shown: Updates = {self._bar.conversations: listing(self._services, owner, id, language)}
        if not self._services.runs.running(owner, id, other):
            saved = self._saved(owner, id) if id else None
            shown[self._tab.composer] = gr.update(submit_btn=True, stop_btn=False)
            beside = self._saved(owner, other) if other else None
            shown[self._tab.more] = gr.update(visible=saved is not None and saved.cut)
            shown[self._tab.turns] = render_turns.bars(saved.turns if saved else (), language)
            shown[self._tab.second.turns] = render_turns.bars(beside.turns if beside else (), language, rated=False)
        return shown

    def go_on(self) -> Updates:
        """Continue was pressed: `resume` follows."""
        tab = self._tab
        return {tab.more: HIDDEN, tab.composer: gr.update(submit_btn=False, stop_btn=True), tab.notice: ""}

    def stop(self, id: str | None, other: str | None, request: gr.Request) -> None:
        for running in (id, other):
            if running:
                self._services.runs.stop(self._services.owner_of(request), running)

    def edit(self, id: str | None, language: Language, event: gr.EditData, request: gr.Request) -> Updates:
        """The edited message, beside what stood there; the talk goes on from it."""
        owner, store, tab = self._services.owner_of(request), self._services.store, self._tab
        position = event.index[0] if isinstance(event.index, list | tuple) else int(event.index)
        with told(language) as notices:
            conversation = store.conversation(owner, id or "")
            with self._services.runs.open(owner, conversation.id, None):  # refuses while an answer is written
                store.append(owner, conversation.id, Message("user", chat.clean(as_typed(event.value))), at=position)
            return self.rewound(owner, conversation.id, language)
        saved = self._saved(owner, id or "")
        return {tab.chatbot: render.bubbles(saved.messages) if saved else [], tab.notice: notices[0]}

    def rewound(self, owner: str, id: str, language: Language) -> Updates:
        """The talk up to a question that is about to be answered."""
        tab, turns = self._tab, self._services.store.conversation(owner, id).turns
        return {
            tab.chatbot: [*render.bubbles(tuple(turn.message for turn in turns)), _waiting(language)],
            tab.turns: render_turns.bars(turns, language),
            tab.composer: gr.update(submit_btn=False, stop_btn=True),
            tab.more: HIDDEN,
            tab.notice: "",
        }

    def _usable(self, owner: str, adapter: str | None) -> str:
        """The adapter of a conversation, as the picker has it; the base where it is gone, waits for another model or is for a
        task."""
        try:
            known = for_chat([self._services.adapter(owner, adapter)] if adapter else [])
            return known[0].name if known else ""
        except BanyanError:
            return ""

    def opened(self, owner: str, conversation: Conversation | None, language: Language) -> Updates:
        """What shows a conversation, or a new one."""
        tab, bar = self._tab, self._bar
        own: Updates = {}
        if conversation:
            own = {
                bar.system_prompt: conversation.system_prompt,
                bar.adapter: self._usable(owner, conversation.adapter),
            }
        return {
            **own,
            **(tab.attachments.emptied() if tab.attachments else {}),
            tab.conversation: conversation.id if conversation else None,
            **self.talk(conversation, language),
        }

    def talk(self, conversation: Conversation | None, language: Language) -> Updates:
        """What was said, and what can be done about it."""
        tab = self._tab
        return {
            tab.chatbot: render.bubbles(conversation.messages) if conversation else [],
            tab.turns: render_turns.bars(conversation.turns, language) if conversation else "",
            tab.more: gr.update(visible=conversation is not None and conversation.cut),
            tab.meter: context_meter(self._services.engine, conversation, Sampling(), language),
        }

    def new(self, language: Language, request: gr.Request) -> Updates:
        owner = self._services.owner_of(request)
        return {
            **self.opened(owner, None, language),
            self._bar.conversations: listing(self._services, owner, None, language),
            self._tab.notice: "",
            self._tab.composer: "",
        }

    def export(self, owner: str, id: str, kind: str) -> str:
        """The conversation as a link that the browser follows at once and so saves."""
        return render.download(export.as_file(self._services.store.conversation(owner, id), kind))


def _waiting(language: Language) -> dict[str, str]:
    return {"role": "assistant", "content": text("thinking", language)}
