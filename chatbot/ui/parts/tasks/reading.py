"""The upper left of a tab that reads: a text that is typed, a file, or documents of the library; one of them is seen at a time."""

from collections.abc import Iterable
from dataclasses import dataclass

import gradio as gr

from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.task_parts import example_buttons, typed_box
from chatbot.ui.parts.updates import Updates
from chatbot.ui.strings.words import Language, text

SOURCES = ("text", "file", "library")


@dataclass(frozen=True, slots=True)
class Reading:
    source: gr.Radio
    typed: gr.Textbox
    about: gr.Row  # what holds the examples
    examples: tuple[gr.Button, ...]
    file: gr.File
    documents: gr.Dropdown

    def pick(self, source: str) -> Updates:
        """Another source was chosen."""
        wanted = {self.typed: "text", self.about: "text", self.file: "file", self.documents: "library"}
        return {part: gr.update(visible=source == name) for part, name in wanted.items()}

    @property
    def given(self) -> list[gr.blocks.Block]:
        """What says what to read."""
        return [self.source, self.typed, self.file, self.documents]

    @property
    def picked(self) -> list[gr.blocks.Block]:
        """What `pick` changes."""
        return [self.typed, self.about, self.file, self.documents]


def build_reading(
    words: Localised, task: str, examples: Iterable[str], *, lines: tuple[int, int], library: bool, info: str = ""
) -> Reading:
    """`task` begins the names of its strings and ids; `lines` are those of the box; the string `info` stands at the documents."""
    source = gr.Radio(sources(task, "en", library=library), value="text", elem_id=f"by-{task}-source")
    words(source, label=f"{task}_source")
    words.drawn(source, lambda language: {"choices": sources(task, language, library=library)})
    typed = typed_box(words, task, lines=lines)
    about, buttons = example_buttons(words, task, examples)
    file = gr.File(label=text(f"{task}_file", "en"), visible=False, height=150, elem_id=f"by-{task}-file")
    words(file, label=f"{task}_file")
    documents = gr.Dropdown([], multiselect=True, visible=False, elem_id=f"by-{task}-documents")
    words(documents, label=f"{task}_documents", **({"info": info} if info else {}))
    return Reading(source, typed, about, buttons, file, documents)


def sources(task: str, language: Language, *, library: bool) -> list[tuple[str, str]]:
    """The choices of the source, as the page's language says them."""
    known = SOURCES if library else SOURCES[:2]
    return [(text(f"{task}_from_{name}", language), name) for name in known]
