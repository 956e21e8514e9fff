"""The second column of the chat: the same message, answered at once by another adapter or by the base.

What it says is a conversation of its own, saved and listed like any other.
"""

from collections.abc import Iterator
from html import escape
from typing import Any

import gradio as gr

from chatbot.store.values import Conversation
from chatbot.types import Message
from chatbot.ui.chat.answering import answer
from chatbot.ui.chat.handlers import told
from chatbot.ui.chat.layout import ChatTab
from chatbot.ui.chat.sampling import sampling_of
from chatbot.ui.parts import render
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text

BASE = "=base"  # the picker's word for the base model: no adapter's name begins like this, and empty is "off"


def column_name(adapter: str | None, language: Language) -> str:
    shown = adapter if adapter and adapter != BASE else text("compare_base", language)
    return f"<span>{escape(shown)}</span>"


class Handlers:
    def __init__(self, services: Services, tab: ChatTab) -> None:
        self._services, self._second, self._notice = services, tab.second, tab.notice

    def choose(self, compare: str, adapter: str, other: str | None, language: Language, request: gr.Request) -> Updates:
        """Another second column, or none: what the last one is still saying is stopped, and kept in its own conversation."""
        shown, second = bool(compare), self._second
        if other:
            self._services.runs.stop(self._services.owner_of(request), other)
        return {
            second.box: gr.update(visible=shown),
            second.first_name: column_name(adapter, language) if shown else "",
            second.name: column_name(compare, language) if shown else "",
            second.chatbot: [],
            second.conversation: None,
            second.turns: "",
        }

    def unname(self) -> str:
        """The adapter of the first column changed: what it says is another's, until it answers again."""
        return ""

    def respond(
        self, id: str | None, other: str | None, compare: str, language: Language, request: gr.Request, *controls: Any
    ) -> Iterator[Updates]:
        """Answer the first column's last message here."""
        owner, services, second = self._services.owner_of(request), self._services, self._second
        yield gr.skip()
        if id is None or not compare:
            return
        with told(language) as notices:
            adapter = None if compare == BASE else services.adapter(owner, compare).name
            mirrored = self._mirror(owner, id, other, adapter)
            shown = render.bubbles(mirrored.messages)
            with services.runs.open(owner, mirrored.id, request.session_hash) as stop:
                sampling = sampling_of(*controls)
                engine, store, speeds = services.engine, services.store, services.speeds
                names = {
                    second.first_name: column_name(self._services.store.conversation(owner, id).adapter, language),
                    second.name: column_name(compare, language),
                }
                for view in answer(engine, store, owner, mirrored, sampling, stop, language, speeds):
                    yield {
                        **names,
                        second.chatbot: [*shown, {"role": "assistant", "content": view.answer}],
                        second.conversation: mirrored.id,
                    }
        if notices:
            yield {self._notice: notices[0]}

    def _mirror(self, owner: str, id: str, other: str | None, adapter: str | None) -> Conversation:
        """The second conversation with the first one's questions and, where it has them, its own answers."""
        store = self._services.store
        first = store.conversation(owner, id)
        last = max(i for i, message in enumerate(first.messages) if message.role == "user")
        if other is None:
            title = f"{first.title} · {adapter or self._services.engine.model}"
            other = store.create(
                owner, title=title, system_prompt=first.system_prompt, adapter=adapter, folder=first.folder
            )
        store.configure(owner, other, system_prompt=first.system_prompt, adapter=adapter)
        said = store.conversation(owner, other).messages
        wanted = (*_own_answers(first.messages[:last], said), first.messages[last])
        same = next((i for i, (a, b) in enumerate(zip(said, wanted, strict=False)) if a != b), min(len(said), last))
        for position in range(same, len(wanted)):
            store.append(owner, other, wanted[position], at=position)
        return store.conversation(owner, other)


def _own_answers(first: tuple[Message, ...], said: tuple[Message, ...]) -> tuple[Message, ...]:
    """The turns so far, with this column's answers as long as the questions before them were the same."""
    turns: list[Message] = []
    together = True
    for position, message in enumerate(first):
        here = said[position] if position < len(said) else None
        together = together and here is not None and here.role == message.role
        if message.role == "user":
            together = together and here == message
        turns.append(here if together and here and message.role == "assistant" else message)
    return tuple(turns)
