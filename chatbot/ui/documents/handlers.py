"""What the documents tab does. Every handler reads the library under the owner of its request."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from chatbot.common.errors import BanyanError, InputError, NotFound
from chatbot.tasks.answer import work as answer
from chatbot.tasks.answer.check import Answer
from chatbot.tasks.chat import clean
from chatbot.types import Message
from chatbot.ui.chat.handlers import told
from chatbot.ui.documents import render as render_documents
from chatbot.ui.documents import render_answers
from chatbot.ui.documents.asking import shown_steps
from chatbot.ui.documents.intake import Intake
from chatbot.ui.documents.opening import OpeningLibrary
from chatbot.ui.documents.render_answers import Turn
from chatbot.ui.documents.saved_turns import SavedTurns
from chatbot.ui.documents.sources import Sources
from chatbot.ui.parts import render
from chatbot.ui.parts.clickable import clicked
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text

UNUSED = "documents_unused"  # the setting that holds the ids of documents no question may use
NOTHING = (gr.skip(),)


class Handlers:
    """Each method is one event; the owner comes from its request, the rest from its arguments."""

    def __init__(self, services: Services) -> None:
        assert services.library is not None
        assert services.intake is not None  # the tab is built only where there is a library
        self._services = services
        self._opening: OpeningLibrary = services.library
        self._intake: Intake = services.intake
        self._sources = Sources(services.library)
        self._saved = SavedTurns(services.store)

    # The shelf

    def look(self, opened: str | None, language: Language, request: gr.Request) -> tuple[Any, ...]:
        """-> files on their way, list, timer"""
        owner = self._services.owner_of(request)
        state = self._opening.state()
        jobs = render_documents.job_list(self._intake.jobs(owner), language)
        if state.status != "ready":
            key = "doc_failed" if state.status == "failed" else "doc_opening"
            words = text(key, language, step=state.step, reason=state.step)
            return jobs, render_documents.note(words), gr.update(active=state.status == "loading")
        return jobs, self._listing(owner, opened, language), gr.update(active=self._intake.busy(owner))

    def add(
        self, files: list[str] | None, opened: str | None, language: Language, request: gr.Request
    ) -> tuple[Any, ...]:
        """-> files on their way, list, timer, files, notice"""
        owner = self._services.owner_of(request)
        self._intake.add(owner, [(Path(file), Path(file).name) for file in files or ()])
        jobs = render_documents.job_list(self._intake.jobs(owner), language)
        return jobs, gr.skip(), gr.update(active=True), None, ""

    def stop_jobs(self, opened: str | None, language: Language, request: gr.Request) -> tuple[Any, ...]:
        """-> files on their way, list, timer"""
        self._intake.stop(self._services.owner_of(request))
        return self.look(opened, language, request)

    def spoken(
        self, turns: Sequence[Turn], opened: str | None, language: Language, request: gr.Request
    ) -> tuple[Any, ...]:
        """After a change of language. -> files on their way, list, timer, past, source, opened, manage, remove, armed"""
        turns = turns or self._saved.load(self._services.owner_of(request))  # on arrival they are still on their way
        past = render_answers.conversation(turns, language) or render_answers.welcome(language)
        remove = gr.update(value=text("doc_remove", language), variant="secondary")
        closed = (render_documents.source_none(language), None, gr.update(visible=False), remove, False)
        return (*self.look(None, language, request), past, *closed)

    def _listing(self, owner: str, opened: str | None, language: Language) -> str:
        try:
            documents = self._opening.get().library.list(owner)
        except BanyanError as error:
            return render.notice(error, language)
        return render_documents.document_list(documents, self._unused(owner), opened, language)

    def _unused(self, owner: str) -> set[str]:
        saved = self._services.store.setting(owner, UNUSED, [])
        return {str(id) for id in saved} if isinstance(saved, list) else set()

    def chosen(self, owner: str) -> list[str] | None:
        """The documents that a question may use; None when that is all of them."""
        unused = self._unused(owner)
        documents = [d.id for d in self._opening.get().library.list(owner) if d.passages]
        kept = [id for id in documents if id not in unused]
        return None if len(kept) == len(documents) else kept

    # Questions

    def send(self, typed: str, language: Language, request: gr.Request) -> tuple[Any, ...]:
        """-> composer, question, live, notice"""
        with told(language) as notices:
            question = clean(typed)
            live = render_answers.turn(question, render_answers.writing(None, "", 0, language))
            return gr.update(value="", submit_btn=False, stop_btn=True), question, live, ""
        return gr.skip(), "", gr.skip(), notices[0]

    def respond(
        self, question: str, turns: Sequence[Turn], adapter: str, language: Language, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        """-> turns, past, live, notice, composer"""
        yield NOTHING * 5
        if not question:
            return
        owner = self._services.owner_of(request)
        runs = self._services.runs
        with told(language) as notices, runs.open(owner, self._run(request), request.session_hash) as stop:
            if adapter:
                self._services.adapter(owner, adapter)
            steps = answer.ask(
                self._services.engine,
                self._opening.get(),
                owner,
                question,
                documents=self.chosen(owner),
                history=history(turns),
                adapter=adapter or None,
                stop=stop,
            )
            for step, body in shown_steps(steps, language):
                live = render_answers.turn(question, body)
                if isinstance(step, Answer):
                    unsaved = self._saved.add(owner, Turn(question, step), language)
                    told_now = [*turns, Turn(question, step)]
                    yield told_now, render_answers.conversation(told_now, language), "", unsaved, gr.skip()
                else:
                    yield gr.skip(), gr.skip(), live, gr.skip(), gr.skip()
        if notices:
            yield gr.skip(), gr.skip(), "", notices[0], question

    def settled(self) -> Any:
        """After an answer. -> composer"""
        return gr.update(submit_btn=True, stop_btn=False)

    def stop(self, request: gr.Request) -> None:
        self._services.runs.stop(self._services.owner_of(request), self._run(request))

    def clear(self, language: Language, request: gr.Request) -> tuple[Any, ...]:
        """-> turns, past, live, notice"""
        self.stop(request)
        self._saved.clear(self._services.owner_of(request))
        return [], render_answers.welcome(language), "", ""

    def recall(self, request: gr.Request) -> tuple[Any, ...]:
        """What was asked before. -> turns, past"""
        turns, language = self._saved.load(self._services.owner_of(request)), self._services.language_of(request)
        return turns, render_answers.conversation(turns, language) or render_answers.welcome(language)

    def _run(self, request: gr.Request) -> str:
        return f"documents:{request.session_hash}"

    # The source

    def act(
        self, opened: str | None, language: Language, request: gr.Request, event: gr.EventData
    ) -> Iterator[tuple[Any, ...]]:
        """A click on something with `data-act`. -> list, source, opened, manage, name, remove, armed, notice"""
        owner, said = self._services.owner_of(request), clicked(event)
        yield NOTHING * 8
        with told(language) as notices:
            if said.get("act") in ("use", "use_all", "use_none"):
                self._use(owner, said)
                yield self._listing(owner, opened, language), *NOTHING * 7
                return
            for shown in self._sources.show(owner, said, language):
                yield self._shown(owner, shown.html, shown.opened, shown.name, language)
        if notices:
            yield *NOTHING * 7, notices[0]

    def _shown(self, owner: str, html: str, opened: str | None, name: str, language: Language) -> tuple[Any, ...]:
        remove = gr.update(value=text("doc_remove", language), variant="secondary")
        listing = self._listing(owner, opened, language)
        return listing, html, opened, gr.update(visible=opened is not None), name, remove, False, ""

    def _use(self, owner: str, said: dict[str, str]) -> None:
        documents = {document.id for document in self._opening.get().library.list(owner)}
        unused = self._unused(owner) & documents
        if said["act"] == "use":
            unused ^= {said.get("id", "")} & documents
        else:
            unused = documents if said["act"] == "use_none" else set()
        self._services.store.set_setting(owner, UNUSED, sorted(unused))

    def rename(self, opened: str | None, name: str, language: Language, request: gr.Request) -> tuple[Any, ...]:
        """-> list, source, opened, manage, name, remove, armed, notice"""
        owner = self._services.owner_of(request)
        with told(language) as notices:
            if not opened:
                raise _no_document()
            if not name.strip():
                raise InputError("A document needs a name.", kind="no_name")
            self._opening.get().library.rename(owner, opened, name)
            *_, shown = self._sources.show(owner, {"act": "open", "id": opened}, language)
            return self._shown(owner, shown.html, shown.opened, shown.name, language)
        return *NOTHING * 7, notices[0]

    def remove(self, opened: str | None, armed: bool, language: Language, request: gr.Request) -> tuple[Any, ...]:
        """The first press asks, the second removes. -> list, source, opened, manage, name, remove, armed, notice"""
        owner = self._services.owner_of(request)
        with told(language) as notices:
            if not opened:
                raise _no_document()
            if not armed:
                sure = gr.update(value=text("doc_remove_sure", language), variant="stop")
                return *NOTHING * 5, sure, True, ""
            name = self._opening.get().library.get(owner, opened).name
            self._services.remove_document(owner, opened)
            self._use(owner, {"act": "use"})
            shown = self._shown(owner, render_documents.source_none(language), None, "", language)
            return *shown[:-1], render.success(text("doc_removed", language, name=name))
        return *NOTHING * 7, notices[0]


def history(turns: Sequence[Turn]) -> list[Message]:
    """The turns that were answered, as messages."""
    said: list[Message] = []
    for turn in turns:
        if turn.answer.text:
            said += [Message("user", turn.question), Message("assistant", turn.answer.text)]
    return said


def _no_document() -> NotFound:
    return NotFound("There is no such document. It may have been removed in another window.", kind="no_document")
