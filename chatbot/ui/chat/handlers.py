"""What the buttons of the chat do.

The database, not the browser, knows the conversation: every handler reads it there under its owner.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from chatbot import export
from chatbot.common.errors import BanyanError, NotFound, internal_error
from chatbot.store.store import Conversation
from chatbot.tasks import chat
from chatbot.types import Message, Sampling
from chatbot.ui.chat.answering import answer, context_meter
from chatbot.ui.chat.sidebar import sampling_of
from chatbot.ui.parts import render
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text

log = logging.getLogger(__name__)


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
        self, id: str | None, language: Language, request: gr.Request, *controls: Any
    ) -> Iterator[tuple[Any, ...]]:
        """Answer the saved conversation; `controls` are those of the sidebar. -> chatbot, meter, notice"""
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
            if conversation.adapter:
                self._services.adapter(owner, conversation.adapter)  # it may have gone, or be another's by now
            sampling = sampling_of(*controls)
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

    def settled(self, id: str | None, other: str | None, request: gr.Request) -> tuple[Any, ...]:
        """After an answer, once the other column has its own too. -> composer, list"""
        owner = self._services.owner_of(request)
        busy = self._services.runs.running(owner, id, other)
        composer = gr.skip() if busy else gr.update(submit_btn=True, stop_btn=False)
        return composer, listing(self._services, owner, id)

    def stop(self, id: str | None, other: str | None, request: gr.Request) -> None:
        for running in (id, other):
            if running:
                self._services.runs.stop(self._services.owner_of(request), running)

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
