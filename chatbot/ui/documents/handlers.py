"""What the documents tab does with files and questions. Every handler reads the library under the owner of its request."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from chatbot.common.errors import BanyanError
from chatbot.tasks.answer import work as answer
from chatbot.tasks.answer.check import Answer
from chatbot.tasks.chat import clean
from chatbot.types import Message
from chatbot.ui.adapters.picker import chosen
from chatbot.ui.chat.handlers import told
from chatbot.ui.documents import render as render_documents
from chatbot.ui.documents import render_answers
from chatbot.ui.documents.asking import shown_steps
from chatbot.ui.documents.intake import Intake
from chatbot.ui.documents.layout import DocumentsTab
from chatbot.ui.documents.opening import OpeningLibrary
from chatbot.ui.documents.render_answers import Turn
from chatbot.ui.documents.saved_turns import SavedTurns
from chatbot.ui.documents.shelf.jobs import job_list
from chatbot.ui.documents.shelf.usable import Usable
from chatbot.ui.documents.source_handlers import nothing, showing
from chatbot.ui.parts import render
from chatbot.ui.parts.clickable import clicked
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import ENGLISH, Language, text

SAMPLES = Path(__file__).with_name("samples")


class Handlers:
    """Each method is one event; the owner comes from its request, the rest from its arguments."""

    def __init__(self, services: Services, tab: DocumentsTab) -> None:
        assert services.library is not None
        assert services.intake is not None  # the tab is built only where there is a library
        self._services = services
        self._opening: OpeningLibrary = services.library
        self._intake: Intake = services.intake
        self._usable = Usable(services.library, services.store)
        self._saved = SavedTurns(services.store)
        self._tab, self._library, self._talk = tab, tab.library, tab.talk

    # The library

    def look(self, opened: str | None, language: Language, request: gr.Request) -> Updates:
        owner = self._services.owner_of(request)
        state = self._opening.state()
        if state.status == "ready":
            shown = self._shown(owner, opened, language)
            return {**self._on_their_way(owner, language, watch=self._intake.busy(owner)), **shown}
        said = render.state_words(state, language)
        key = "doc_failed" if state.failure else "doc_opening"
        listing = render_documents.note(text(key, language, step=said, reason=said))
        jobs = self._on_their_way(owner, language, watch=state.status == "loading")
        return {**jobs, self._library.listing: listing, self._library.collections: ""}

    def _shown(self, owner: str, opened: str | None, language: Language) -> Updates:
        return self._usable.shown(owner, opened, language, self._library, signs_in=self._services.signs_in)

    def _on_their_way(self, owner: str, language: Language, *, watch: bool) -> Updates:
        """The files that are being indexed. `watch`: there will be something new to see."""
        jobs = job_list(self._intake.jobs(owner), language, paused=self._intake.paused(owner))
        return {self._library.jobs: jobs, self._tab.timer: gr.update(active=watch)}

    def add_folder(self, files: list[str] | None, language: Language, request: gr.Request) -> Updates:
        """All that is in it but what its system hides."""
        return self.add([file for file in files or () if not Path(file).name.startswith(".")], language, request)

    def add(self, files: list[str] | None, language: Language, request: gr.Request) -> Updates:
        owner = self._services.owner_of(request)
        self._intake.add(owner, [(Path(file), Path(file).name) for file in files or ()], self._into(owner))
        on_their_way = self._on_their_way(owner, language, watch=True)
        return {**on_their_way, self._library.files: None, self._talk.notice: ""}

    def _into(self, owner: str) -> str:
        """The collection on the shelf. While the library opens nobody has one."""
        return self._usable.own(owner) if self._opening.state().status == "ready" else ""

    def fetch(self, address: str, language: Language, request: gr.Request) -> Updates:
        """A page of the web, by its address."""
        owner = self._services.owner_of(request)
        with told(language) as notices:
            path = self._services.uploads.bench(owner) / "page"
            try:
                self._intake.fetch(owner, address, path, self._into(owner))
            except BanyanError:
                self._services.uploads.free(path)
                raise
            on_their_way = self._on_their_way(owner, language, watch=True)
            return {**on_their_way, self._library.address: "", self._talk.notice: ""}
        return {self._talk.notice: notices[0]}

    def sample(self, language: Language, request: gr.Request) -> Updates:
        """A document to try it with, in the language of the page, and a question that it answers."""
        owner, path = self._services.owner_of(request), SAMPLES / f"{language}.md"
        path = path if path.is_file() else SAMPLES / f"{ENGLISH}.md"
        name = text("doc_sample_name", language)
        copy = Path(self._services.uploads.new(owner, name, path.read_bytes()))
        added = self.add([str(copy)], language, request)
        return {**added, self._talk.composer: text("doc_sample_question", language)}

    def act_on_jobs(self, opened: str | None, language: Language, request: gr.Request, event: gr.EventData) -> Updates:
        """Stop or pause them, or say whether a file replaces the document of its name."""
        owner, said = self._services.owner_of(request), clicked(event)
        with told(language) as notices:
            if said.get("act") == "stop_jobs":
                self._intake.stop(owner)
            elif said.get("act") in ("pause_jobs", "resume_jobs"):
                self._intake.pause(owner, paused=said["act"] == "pause_jobs")
            elif said.get("act") in ("replace", "keep_both") and said.get("id", "").isdigit():
                older = self._intake.settle(owner, int(said["id"]))
                if older and said["act"] == "replace":
                    self._services.remove_document(owner, older)
        notice = {self._talk.notice: notices[0]} if notices else {}
        return {**self.look(opened, language, request), **notice}

    def spoken(self, turns: Sequence[Turn], language: Language, request: gr.Request) -> Updates:
        """After a change of language."""
        turns = turns or self._saved.load(self._services.owner_of(request))  # on arrival they are still on their way
        return {
            **self.look(None, language, request),
            self._talk.past: _past(turns, language),
            **showing(self._tab.source, nothing(language), language),
        }

    # Questions

    def send(self, typed: str, language: Language, request: gr.Request) -> Updates:
        talk = self._talk
        with told(language) as notices:
            question = clean(typed)
            live = render_answers.turn(question, render_answers.writing(None, "", 0, language))
            emptied = gr.update(value="", submit_btn=False, stop_btn=True)
            return {talk.composer: emptied, talk.asked: question, talk.live: live, talk.notice: ""}
        return {talk.asked: "", talk.notice: notices[0]}

    def respond(
        self, question: str, turns: Sequence[Turn], adapter: str, language: Language, request: gr.Request
    ) -> Iterator[Updates]:
        if not question:
            yield gr.skip()
            return
        owner, talk = self._services.owner_of(request), self._talk
        runs = self._services.runs
        with told(language) as notices, runs.open(owner, self._run(request), request.session_hash) as stop:
            if who := chosen(adapter):
                self._services.adapter(owner, who)
            chosen_here = self._usable.chosen(owner)
            steps = answer.ask(
                self._services.engine.asked_by(owner),
                self._opening.get(),
                owner,
                question,
                documents=self._usable.ids(owner),
                collection=chosen_here.id if chosen_here else "",
                history=history(turns),
                adapter=chosen(adapter),
                stop=stop,
            )
            for step, body in shown_steps(steps, language):
                if isinstance(step, Answer):
                    yield self._answered(owner, turns, Turn(question, step), language)
                else:
                    yield {talk.live: render_answers.turn(question, body)}
        if notices:
            yield {talk.live: "", talk.notice: notices[0], talk.composer: question}

    def _answered(self, owner: str, turns: Sequence[Turn], turn: Turn, language: Language) -> Updates:
        unsaved = self._saved.add(owner, turn, language)
        said = [*turns, turn]
        talk = self._talk
        return {talk.turns: said, talk.past: _past(said, language), talk.live: "", talk.notice: unsaved}

    def settled(self) -> Any:
        """After an answer: the composer."""
        return gr.update(submit_btn=True, stop_btn=False)

    def stop(self, request: gr.Request) -> None:
        self._services.runs.stop(self._services.owner_of(request), self._run(request))

    def clear(self, language: Language, request: gr.Request) -> Updates:
        self.stop(request)
        self._saved.clear(self._services.owner_of(request))
        return {**self._recalled([], language), self._talk.live: "", self._talk.notice: ""}

    def recall(self, request: gr.Request) -> Updates:
        """What was asked before."""
        turns = self._saved.load(self._services.owner_of(request))
        return self._recalled(turns, self._services.language_of(request))

    def _recalled(self, turns: list[Turn], language: Language) -> Updates:
        return {self._talk.turns: turns, self._talk.past: _past(turns, language)}

    def _run(self, request: gr.Request) -> str:
        return f"documents:{request.session_hash}"


def _past(turns: Sequence[Turn], language: Language) -> str:
    return render_answers.conversation(turns, language) or render_answers.welcome(language)


def history(turns: Sequence[Turn]) -> list[Message]:
    """The turns that were answered, as messages."""
    said: list[Message] = []
    for turn in turns:
        if turn.answer.text:
            said += [Message("user", turn.question), Message("assistant", turn.answer.text)]
    return said
