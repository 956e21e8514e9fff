"""The table of faulty rows below the doctor's report."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.updates import Updates
from chatbot.ui.strings.words import Language, has, text

FIXED = [0, 1]  # what is not changed by hand


@dataclass(frozen=True, slots=True)
class Mending:
    """Its components."""

    box: gr.Accordion
    table: gr.Dataframe
    apply: gr.Button

    def offering(self, report: Mapping[str, Any], language: Language) -> Updates:
        """The rows that can be mended by hand, of those that a report lists."""
        rows = [[one["row"], _kind(one, language), one["text"]] for one in report["faults"] if one["text"]]
        return {self.box: gr.update(visible=bool(rows)), self.table: gr.update(value=rows, headers=headers(language))}

    def none(self) -> Updates:
        return {self.box: gr.update(visible=False), self.table: gr.update(value=[])}


def build_mending(words: Localised) -> Mending:
    box = gr.Accordion(text("ft_mend", "en"), open=False, visible=False, elem_id="by-ft-mend")
    with words(box, label="ft_mend"):
        words(gr.Markdown(text("ft_mend_info", "en"), elem_classes="by-map-title"), value="ft_mend_info")
        table = gr.Dataframe(
            headers=headers("en"),
            datatype=["number", "str", "str"],
            type="array",
            interactive=True,
            wrap=True,
            static_columns=FIXED,
            column_widths=["70px", "28%", "62%"],
            max_height=420,
            show_label=False,
            elem_id="by-ft-mend-table",
        )
        apply = words(
            gr.Button(text("ft_mend_apply", "en"), size="sm", elem_id="by-ft-mend-apply"), value="ft_mend_apply"
        )
    return Mending(box, table, apply)


def headers(language: Language) -> list[str]:
    return [text(key, language) for key in ("ft_row", "ft_reason", "ft_mend_text")]


def _kind(fault: Mapping[str, Any], language: Language) -> str:
    key = f"error.fault.{fault['code']}"
    return text(key, language) if has(key, language) else str(fault["reason"])
