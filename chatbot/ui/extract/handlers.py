"""What the extraction tab does. Every handler reads files, documents and saved tables under the owner of its request."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event

import gradio as gr

from chatbot.common.errors import InputError, NotFound
from chatbot.tasks.chat import title_of
from chatbot.tasks.extract import fields as extract_fields
from chatbot.tasks.extract import text as extract_text
from chatbot.tasks.extract.record import Extraction
from chatbot.tasks.extract.text import Text
from chatbot.tasks.extract.work import extract
from chatbot.ui.adapters.picker import chosen
from chatbot.ui.chat.handlers import told
from chatbot.ui.extract import render as render_extract
from chatbot.ui.extract.layout import FIRST, ExtractTab
from chatbot.ui.parts import render_task
from chatbot.ui.parts.clickable import clicked
from chatbot.ui.parts.clock import on_a_clock
from chatbot.ui.parts.task_handlers import TaskHandlers
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, languages, text

FIELDS = "extract_fields"  # the setting under which an owner's last fields are kept


class Handlers(TaskHandlers):
    task = "extract"

    def __init__(self, services: Services, tab: ExtractTab) -> None:
        super().__init__(services)
        self._tab = tab

    # The left side

    def choose(self, template: str, language: Language) -> Updates:
        """A template writes its fields into the box; one's own stay as they are."""
        given = self._tab.given
        if template not in render_extract.TEMPLATES:
            return {given.fields: gr.update()}
        return {
            given.fields: text(f"ext_fields_{template}", language),
            given.rows: render_extract.TEMPLATES[template],
        }

    def arrive(self, request: gr.Request) -> Updates:
        """The fields of the last time. What the page says its language is comes at the same time, and may be later."""
        given, owner = self._tab.given, self._services.owner_of(request)
        saved = self._services.store.setting(owner, FIELDS)
        if not isinstance(saved, dict):
            return self.choose(FIRST, self._services.language_of(request))
        rows = saved.get("rows")
        template = gr.update(value=_template_of(str(saved.get("fields"))))
        return {
            given.fields: str(saved.get("fields")),
            given.rows: rows if rows in render_extract.ROWS else "many",
            given.template: template,
        }

    def look(self, chosen: Sequence[str] | None, language: Language, request: gr.Request) -> Updates:
        """The documents and the saved tables, as they are now."""
        given, owner = self._tab.given, self._services.owner_of(request)
        return {given.reading.documents: self._documents(owner, chosen), given.past: self._past(owner, language)}

    def _past(self, owner: str, language: Language) -> str:
        return render_task.past("ext", self._results(owner), lambda one: "", language)

    def spoken(
        self, found: Extraction | None, template: str, written: str, language: Language, request: gr.Request
    ) -> Updates:
        """After a change of language; fields that were a template's stay so."""
        tab = self._tab
        same = _template_of(written) == template != render_extract.OWN
        return {
            tab.given.fields: text(f"ext_fields_{template}", language) if same else gr.update(),
            tab.shown: render_extract.shown(found, language),
            tab.where: render_extract.source(found, 0, language),
            tab.given.past: self._past(self._services.owner_of(request), language),
        }

    # The table

    def begin(self, language: Language) -> Updates:
        tab, reading = self._tab, render_task.progress(text("ext_reading", language))
        nowhere = render_extract.source(None, 0, language)
        return tab.given.buttons.running() | {tab.notice: "", tab.shown: reading, tab.where: nowhere}

    def run(
        self,
        source: str,
        typed: str,
        file: str | None,
        documents: Sequence[str] | None,
        fields: str,
        rows: str,
        adapter: str,
        language: Language,
        request: gr.Request,
    ) -> Iterator[Updates]:
        tab, who = self._tab, chosen(adapter)
        yield gr.skip()
        with told(language) as notices, self._running(request, who or "") as (owner, stop):
            wanted = extract_fields.parse(fields)
            self._services.store.set_setting(owner, FIELDS, {"fields": fields, "rows": rows})
            texts = self._texts(owner, source, typed, file, documents, stop)
            names = tuple(field.name for field in wanted)
            engine = self._services.engine.asked_by(owner)
            steps = extract(engine, texts, wanted, rows=rows, adapter=who, stop=stop)
            for step in on_a_clock(steps, lambda step: isinstance(step, Extraction)):
                if isinstance(step, Extraction):
                    yield self._done(owner, step, language)
                else:
                    yield {tab.shown: render_extract.working(step, names, language)}
        if notices:
            yield {tab.result: None, tab.shown: render_task.welcome("ext", language), tab.notice: notices[0]}

    def _done(self, owner: str, found: Extraction, language: Language) -> Updates:
        """Kept where it has a row, and shown."""
        tab = self._tab
        title = ", ".join(read.name for read in found.texts) or title_of(found.texts[0].text.strip()[:200])
        unsaved = self._keep(owner, title, found.to_dict(), language) if found.records else ""
        return self._opened_as(found, language) | {tab.given.past: self._past(owner, language), tab.notice: unsaved}

    def _opened_as(self, found: Extraction, language: Language) -> Updates:
        tab = self._tab
        where = render_extract.source(found, 0, language)
        return {tab.result: found, tab.shown: render_extract.extraction(found, language), tab.where: where}

    def _texts(
        self, owner: str, source: str, typed: str, file: str | None, documents: Sequence[str] | None, stop: Event
    ) -> list[Text]:
        if source == "file":
            if not file:
                raise InputError("Send a file.", kind="no_file")
            return [extract_text.of_file(Path(file), Path(file).name, stop=stop)]
        if source == "library":
            return library_texts(self._services, owner, documents or (), stop=stop)
        return [extract_text.of_typed(typed)]

    # Places and saved tables

    def act(self, found: Extraction | None, language: Language, event: gr.EventData) -> Updates:
        """A click on a value shows where it stands."""
        said = clicked(event)
        n = int(said["n"]) if said.get("n", "").isdigit() else 0
        return {self._tab.where: render_extract.source(found, n, language)}

    def reopen(self, language: Language, request: gr.Request, event: gr.EventData) -> Updates:
        """Show a saved table again, or remove it."""
        tab = self._tab
        owner, said = self._services.owner_of(request), clicked(event)
        with told(language) as notices:
            record = self._opened(owner, said)
            if record is None:
                return {tab.given.past: self._past(owner, language), tab.notice: ""}
            return self._opened_as(Extraction.from_dict(record), language) | {tab.notice: ""}
        return {tab.notice: notices[0]}


def library_texts(
    services: Services, owner: str, ids: Sequence[str], patience: float = 0.0, stop: Event | None = None
) -> list[Text]:
    """Documents of the owner's library. Raises `NotFound` for what is not the owner's, `InputError` for none."""
    if services.library is None:
        raise NotFound("There are no documents here.", kind="no_document")
    if not ids:
        raise InputError("No document is chosen. Choose at least one.", kind="none_chosen")
    library = services.library.get(patience).library
    return [extract_text.of_document(library, owner, id, stop) for id in dict.fromkeys(ids)]


def _template_of(written: str) -> str:
    """The template whose fields these are, in any language of the page."""
    for name in render_extract.TEMPLATES:
        if any(written.split() == text(f"ext_fields_{name}", language).split() for language in languages()):
            return name
    return render_extract.OWN
