"""Segments beside their translations, to correct: what is corrected stands in the text or the file, and is used again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from chatbot.tasks.translate.text import Row
from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.updates import Updates
from chatbot.ui.strings.words import Language, text


@dataclass(frozen=True, slots=True)
class Edit:
    """Seen while a translation is looked at."""

    box: gr.Accordion
    table: gr.Dataframe
    keep: gr.Button

    @property
    def parts(self) -> list[gr.blocks.Block]:
        return [self.box, self.table]

    def shown(self, rows: Sequence[Row], language: Language) -> Updates:
        values = [[row.at + 1, row.source, row.target] for row in rows]
        return {
            self.box: gr.update(visible=bool(rows)),
            self.table: gr.update(value=values, headers=headers(language)),
        }

    @property
    def hidden(self) -> Updates:
        return {self.box: gr.update(visible=False)}


def build_edit(words: Localised, name: str) -> Edit:
    """`name` begins the ids of its elements."""
    with gr.Accordion(text("tr_edit", "en"), open=False, visible=False, elem_id=name) as box:
        about = gr.Markdown(text("tr_edit_info", "en"), elem_classes="by-sub")
        table = gr.Dataframe(
            headers=headers("en"),
            datatype=["number", "str", "str"],
            type="array",
            interactive=True,
            wrap=True,
            static_columns=[0, 1],
            column_widths=["70px", "46%", "46%"],
            max_height=420,
            elem_id=f"{name}-table",
        )
        keep = gr.Button(text("tr_edit_keep", "en"), size="sm", elem_id=f"{name}-keep")
    words(box, label="tr_edit")
    words(about, value="tr_edit_info")
    words(keep, value="tr_edit_keep")
    return Edit(box, table, keep)


def headers(language: Language) -> list[str]:
    return ["#", text("tr_source", language), text("tr_target", language)]


def corrected(table: Sequence[Sequence[Any]]) -> dict[int, str]:
    """Each row's translation by the number of its segment, however the table was sorted."""
    return {int(number) - 1: str(target or "") for number, _, target in table if str(number).strip().isdigit()}
