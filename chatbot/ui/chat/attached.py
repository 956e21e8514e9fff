"""Files in the chat: attached by a button, indexed like any document, and asked instead of the model's memory."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from chatbot.store.values import Conversation
from chatbot.tasks.answer import work as answer
from chatbot.tasks.answer.check import Answer
from chatbot.types import Message
from chatbot.ui.chat import handlers as chat_handlers
from chatbot.ui.chat.handlers import told
from chatbot.ui.chat.layout import Attachments, ChatTab
from chatbot.ui.documents import render as render_documents
from chatbot.ui.documents import render_answers
from chatbot.ui.documents.shelf.jobs import job_list
from chatbot.ui.documents.sources import Sources
from chatbot.ui.markdown import markdown
from chatbot.ui.parts import render
from chatbot.ui.parts.clickable import clicked
from chatbot.ui.parts.tab import Frame
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import PRIVATE, Services
from chatbot.ui.strings.words import Language

POLL = 0.25  # seconds between looks at a file on its way


def connect(
    parts: Attachments, tab: ChatTab, chat: chat_handlers.Handlers, frame: Frame, services: Services
) -> "Handlers":
    do, language = Handlers(services, tab, parts, chat), frame.language
    parts.button.upload(do.add, [parts.button, parts.documents, language], [parts.documents, parts.status], **PRIVATE)
    parts.status.click(do.detach, [parts.documents, language], [parts.documents, parts.status], **PRIVATE)
    for chips in (parts.cited, parts.source):
        chips.click(do.show, language, parts.source, **PRIVATE)
    language.change(do.spoken, [parts.documents, language], parts.status, **PRIVATE)
    return do


class Handlers:
    """Each method is one event; the owner comes from its request, the rest from its arguments."""

    def __init__(self, services: Services, tab: ChatTab, parts: Attachments, chat: chat_handlers.Handlers) -> None:
        assert services.library is not None
        assert services.intake is not None
        self._services = services
        self._opening = services.library
        self._intake = services.intake
        self._sources = Sources(services.library)
        self._tab, self._parts, self._chat = tab, parts, chat

    def add(
        self, files: list[str] | None, attached: list[str], language: Language, request: gr.Request
    ) -> Iterator[Updates]:
        """Index the files and attach what could be read."""
        owner = self._services.owner_of(request)
        ids = set(self._intake.add(owner, [(Path(file), Path(file).name) for file in files or ()], awaited=True))
        while True:
            jobs = [job for job in self._intake.jobs(owner) if job.id in ids]
            if all(job.over for job in jobs):
                break
            status = self._status(owner, attached, language) + job_list(jobs, language)
            yield {self._parts.status: status}
            time.sleep(POLL)
        fresh = [job.document.id for job in jobs if job.document is not None and job.document.passages]
        failed = [job for job in jobs if job.document is None or not job.document.passages]
        attached = list(dict.fromkeys([*attached, *fresh]))
        status = self._status(owner, attached, language) + job_list(failed, language)
        yield {self._parts.documents: attached, self._parts.status: status}

    def detach(self, attached: list[str], language: Language, request: gr.Request, event: gr.EventData) -> Updates:
        owner, said = self._services.owner_of(request), clicked(event)
        if said.get("act") == "stop_jobs":
            self._intake.stop(owner)
            nothing: Updates = gr.skip()
            return nothing
        left = [id for id in attached if id != said.get("id")]
        return {self._parts.documents: left, self._parts.status: self._status(owner, left, language)}

    def spoken(self, attached: list[str], language: Language, request: gr.Request) -> str:
        return self._status(self._services.owner_of(request), attached, language)

    def show(self, language: Language, request: gr.Request, event: gr.EventData) -> Iterator[str]:
        owner, said = self._services.owner_of(request), clicked(event)
        with told(language) as notices:
            for shown in self._sources.show(owner, said, language):
                yield shown.html
        if notices:
            yield notices[0]

    def respond(
        self, attached: list[str], id: str | None, language: Language, request: gr.Request, *controls: Any
    ) -> Iterator[Updates]:
        """As the chat's, but from what is attached, if anything is."""
        yield {self._parts.cited: "", self._parts.source: ""}
        if not attached or id is None:
            yield from self._chat.respond(id, language, request, *controls)
            return
        yield from self._from_documents(attached, id, language, request)

    def _from_documents(
        self, attached: list[str], id: str, language: Language, request: gr.Request
    ) -> Iterator[Updates]:
        owner, tab = self._services.owner_of(request), self._tab
        with told(language) as notices, self._services.runs.open(owner, id, request.session_hash) as stop:
            conversation = self._services.store.conversation(owner, id)
            shown = render.bubbles(conversation.messages)
            if not shown or shown[-1]["role"] != "user":
                return
            steps = answer.ask(
                self._services.engine.asked_by(owner),
                self._opening.get(),
                owner,
                conversation.messages[-1].content,
                documents=attached,
                history=[_plain(message) for message in conversation.messages[:-1]],
                adapter=conversation.adapter,
                stop=stop,
            )
            for step in steps:
                if isinstance(step, Answer):
                    said = render_answers.plain(step, language)
                    self._save(owner, conversation, said)
                    chips = render_answers.listed(step, language)
                    yield {tab.chatbot: [*shown, _bubble(said)], self._parts.cited: chips}
                elif isinstance(step, answer.Writing) and step.text.strip():
                    yield {tab.chatbot: [*shown, _bubble(step.text)]}
        if notices:
            yield {tab.chatbot: shown, tab.notice: notices[0]}

    def _save(self, owner: str, conversation: Conversation, said: str) -> None:
        messages = conversation.messages
        self._services.store.append(owner, conversation.id, Message("assistant", said), at=len(messages))

    def _status(self, owner: str, attached: Sequence[str], language: Language) -> str:
        known = {d.id: d.name for d in self._opening.get().library.list(owner)} if attached else {}
        return render_documents.attached([(id, known[id]) for id in attached if id in known], language)


def _bubble(said: str) -> dict[str, str]:
    return {"role": "assistant", "content": markdown(said)}


def _plain(message: Message) -> Message:
    """A turn without the list of sources under it."""
    return Message(message.role, message.content.split(render_answers.SOURCES, 1)[0])
