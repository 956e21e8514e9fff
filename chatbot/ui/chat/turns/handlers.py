"""What the bar under an answer does: the answers in its place, another try, what the reader thinks of it."""

import gradio as gr

from chatbot.common.errors import NotFound
from chatbot.store.values import Conversation, Turn
from chatbot.tasks import chat
from chatbot.ui.chat.handlers import Handlers as Chat
from chatbot.ui.chat.handlers import told
from chatbot.ui.chat.layout import ChatTab
from chatbot.ui.chat.sidebar import Sidebar
from chatbot.ui.parts import render
from chatbot.ui.parts.clickable import clicked
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text


class Handlers:
    """Each method is one event; the owner comes from its request, the rest from its arguments."""

    def __init__(self, services: Services, tab: ChatTab, bar: Sidebar, chat: Chat) -> None:
        self._services, self._store = services, services.store
        self._tab, self._bar, self._chat = tab, bar, chat

    def act(self, id: str | None, language: Language, request: gr.Request, event: gr.EventData) -> Updates:
        """Another answer in the place of this one, or a thumb. Down asks what would have been better."""
        owner, said = self._services.owner_of(request), clicked(event)
        act, better = said.get("act", ""), self._tab.better
        with told(language) as notices:
            conversation, turn = self._found(owner, id, said)
            if act in ("earlier", "later"):
                with self._services.runs.open(owner, conversation.id, None):  # refuses while an answer is written
                    self._store.step(owner, conversation.id, turn.id, 1 if act == "later" else -1)
            elif act in ("good", "bad"):
                liked = None if turn.liked is (act == "good") else act == "good"
                self._store.rate(
                    owner, conversation.id, turn.id, liked=liked, better=turn.better if liked is False else ""
                )
            conversation = self._store.conversation(owner, conversation.id)
            asks = act == "bad" and turn.liked is not False
            return {
                **self._chat.talk(conversation, language),
                better.box: gr.update(visible=asks),
                better.words: turn.better if asks else "",
                better.turn: turn.id,
                self._tab.notice: "",
            }
        return {self._tab.notice: notices[0]}

    def again(self, id: str | None, language: Language, request: gr.Request, event: gr.EventData) -> Updates:
        """Another answer beside this one, by the adapter that was chosen, which then goes on answering here."""
        owner, said = self._services.owner_of(request), clicked(event)
        with told(language) as notices:
            conversation, turn = self._found(owner, id, said)
            if name := said.get("adapter", ""):
                self._services.adapter(owner, name)
            at = [one.id for one in conversation.turns].index(turn.id)
            with self._services.runs.open(owner, conversation.id, None):
                asked = max((i for i in range(at) if conversation.turns[i].message.role == "user"), default=-1)
                self._store.truncate(owner, conversation.id, asked + 1)
                self._store.configure(
                    owner, conversation.id, system_prompt=conversation.system_prompt, adapter=name or None
                )
            return {**self._chat.rewound(owner, conversation.id, language), self._bar.adapter: name}
        return {self._tab.notice: notices[0]}

    def improve(self, id: str | None, turn: int, words: str, language: Language, request: gr.Request) -> Updates:
        """Keep what would have been a better answer: a row to learn from."""
        owner, better = self._services.owner_of(request), self._tab.better
        with told(language) as notices:
            self._store.rate(owner, id or "", turn, liked=False, better=chat.clean(words))
            count = self._store.count_corrections(owner)
            return {
                better.box: gr.update(visible=False),
                better.words: "",
                self._tab.notice: render.success(text("better_kept", language, count=count)),
            }
        return {self._tab.notice: notices[0]}

    def later(self) -> Updates:
        return {self._tab.better.box: gr.update(visible=False), self._tab.better.words: ""}

    def _found(self, owner: str, id: str | None, said: dict[str, str]) -> tuple[Conversation, Turn]:
        """Raises `NotFound` for what is no answer of the open path."""
        conversation = self._store.conversation(owner, id or "")
        for turn in conversation.turns:
            if str(turn.id) == said.get("id") and turn.message.role == "assistant":
                return conversation, turn
        raise NotFound(
            "There is no such conversation. It may have been deleted in another window.", kind="no_conversation"
        )
