"""The box below a judged table: the rows that were least sure, to correct, and to keep as a data set of the owner's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from chatbot.tasks.classify import taught
from chatbot.tasks.classify.labels import Labels
from chatbot.tasks.classify.tables.kept import Outcome
from chatbot.ui.chat.handlers import told
from chatbot.ui.parts import render
from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text


@dataclass(frozen=True, slots=True)
class Teach:
    """Its components; the box is seen while a table is shown that was judged just now."""

    box: gr.Column
    about: gr.Markdown
    table: gr.Dataframe
    keep: gr.Button
    said: gr.HTML

    @property
    def hidden(self) -> Updates:
        return {self.box: gr.update(visible=False), self.said: ""}

    def offering(self, rows: Sequence[taught.Row], labels: Labels, language: Language) -> Updates:
        if not rows:
            return self.hidden
        names = ", ".join(label.name for label in labels)
        return {
            self.box: gr.update(visible=True),
            self.about: text("sen_teach_info", language, labels=names),
            self.table: gr.update(value=[list(row) for row in rows], headers=headers(language)),
            self.said: "",
        }


def build_teach(words: Localised) -> Teach:
    with gr.Column(visible=False, elem_id="by-sen-teach") as box:
        about = gr.Markdown("", elem_classes="by-map-title")
        table = gr.Dataframe(
            headers=headers("en"),
            datatype=["str", "str"],
            type="array",
            interactive=True,
            wrap=True,
            static_columns=[0],
            column_widths=["75%", "25%"],
            max_height=320,
            elem_id="by-sen-teach-table",
        )
        keep = gr.Button(text("sen_teach", "en"), size="sm", elem_id="by-sen-teach-keep")
        said = gr.HTML(elem_id="by-sen-teach-said", padding=False)
    words(keep, value="sen_teach")
    return Teach(box, about, table, keep, said)


def headers(language: Language) -> list[str]:
    return [text("sen_text", language), text("sen_teach_label", language)]


class TeachHandlers:
    """The owner comes from the request."""

    def __init__(self, services: Services, box: Teach) -> None:
        self._services, self._box = services, box

    def keep(
        self, given: Outcome | None, rows: Sequence[Sequence[Any]], language: Language, request: gr.Request
    ) -> Updates:
        """The rows as they stand in the table now."""
        owner, store = self._services.owner_of(request), self._services.store
        with told(language) as notices:
            if given is not None:
                kept = taught.keep(store, owner, given.name, given.labels, rows)
                whole = taught.count(store, owner)
                return {self._box.said: render.success(text("sen_taught", language, count=kept, whole=whole))}
        return {self._box.said: "".join(notices)}
