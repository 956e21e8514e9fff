"""The column of the shelf: what takes files and addresses in, collections, documents, and with whom a collection is shared."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from chatbot.ui.adapters.picker import task_adapter
from chatbot.ui.parts.clickable import clickable
from chatbot.ui.parts.localise import Localised
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text

WITH = ("nobody", "everybody", "named")


@dataclass(frozen=True, slots=True)
class Sharing:
    """The panel in which a collection is shared; `id` is whose turn it is."""

    panel: gr.Column
    title: gr.HTML
    whom: gr.Radio
    names: gr.Textbox
    save: gr.Button
    id: gr.State


@dataclass(frozen=True, slots=True)
class LibraryColumn:
    files: gr.File
    folder: gr.UploadButton
    address: gr.Textbox  # hidden where nothing is fetched
    jobs: gr.HTML
    collections: gr.HTML
    listing: gr.HTML
    sharing: Sharing
    sample: gr.Button  # there while there are no documents
    adapter: gr.Dropdown


def build_library(words: Localised, services: Services) -> LibraryColumn:
    files = gr.File(label=text("doc_drop", "en"), file_count="multiple", elem_id="by-doc-files", height=130)
    words(files, label="doc_drop")
    folder = gr.UploadButton(text("doc_folder", "en"), file_count="directory", size="sm", elem_id="by-doc-folder")
    words(folder, label="doc_folder")
    address = _address(words, shown=services.intake is not None and services.intake.fetches)
    jobs, collections = clickable("by-doc-jobs"), clickable("by-collections")
    sharing = _sharing(words)
    listing = clickable("by-doc-list")
    sample = words(gr.Button(text("doc_sample", "en"), size="sm", elem_id="by-doc-sample"), value="doc_sample")
    return LibraryColumn(
        files=files,
        folder=folder,
        address=address,
        jobs=jobs,
        collections=collections,
        listing=listing,
        sharing=sharing,
        sample=sample,
        adapter=task_adapter(words, "doc"),
    )


def _address(words: Localised, *, shown: bool) -> gr.Textbox:
    box = gr.Textbox(
        show_label=False,
        label=text("doc_web", "en"),
        placeholder=text("doc_web", "en"),
        container=False,
        max_lines=1,
        submit_btn=True,
        visible=shown,
        elem_id="by-doc-web",
    )
    return words(box, label="doc_web", placeholder="doc_web")


def _sharing(words: Localised) -> Sharing:
    with gr.Column(visible=False, elem_id="by-share", elem_classes="by-panel") as panel:
        title = gr.HTML(padding=False)
        whom = gr.Radio(**_whom("en"))
        words.drawn(whom, _whom)
        names = gr.Textbox(label=text("col_names", "en"), max_lines=3, elem_id="by-share-names")
        words(names, label="col_names")
        save = words(gr.Button(text("col_save", "en"), size="sm", variant="primary"), value="col_save")
    return Sharing(panel=panel, title=title, whom=whom, names=names, save=save, id=gr.State(""))


def _whom(language: Language) -> dict[str, Any]:
    return {"label": text("col_share", language), "choices": [(text(f"col_with_{one}", language), one) for one in WITH]}
