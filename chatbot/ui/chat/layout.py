"""The chat: its components. `tab` gives them life."""

from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from chatbot.ui.chat.prompts.layout import Prompts, build_prompts
from chatbot.ui.icons import icon
from chatbot.ui.markdown import FORMULAS
from chatbot.ui.parts.clickable import clickable
from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, text

LATEX = [{"left": left, "right": right, "display": left != "\\("} for left, right in FORMULAS]
BUBBLES: dict[str, Any] = {
    "show_label": False,
    "scale": 1,
    "min_height": 220,
    "latex_delimiters": LATEX,
    "buttons": ["copy"],
    "allow_tags": False,
    "reasoning_tags": [("<think>", "</think>")],
    "feedback_options": None,
    "layout": "bubble",
}
CARDS = {  # tab -> what is pressed there
    "documents": "#by-doc-sample",
    "translate": "#by-tab-translate .by-examples button",
    "summarize": "#by-tab-summarize .by-examples button",
    "sentiment": "#by-tab-sentiment .by-examples button",
    "extract": "#by-tab-extract .by-examples button",
    "finetune": "",
}
EXAMPLES = ("example_1", "example_2", "example_3")


@dataclass(frozen=True, slots=True)
class SecondColumn:
    first_name: gr.HTML
    box: gr.Column
    name: gr.HTML
    chatbot: gr.Chatbot
    conversation: gr.State  # id of what this column says, None before its first answer
    turns: gr.HTML


@dataclass(frozen=True, slots=True)
class Better:
    """Where a better answer is written, after a thumb down."""

    box: gr.Column
    words: gr.Textbox
    save: gr.Button
    skip: gr.Button
    turn: gr.State  # id of the answer


@dataclass(frozen=True, slots=True)
class Attachments:
    button: gr.UploadButton
    status: gr.HTML  # what is attached, or on its way
    cited: gr.HTML  # the chips of the last answer
    source: gr.HTML
    documents: gr.State  # ids of what is attached

    @property
    def shown(self) -> list[gr.blocks.Block]:
        return [self.documents, self.status, self.cited, self.source]

    def emptied(self) -> Updates:
        return {self.documents: [], self.status: "", self.cited: "", self.source: ""}


@dataclass(frozen=True, slots=True)
class ChatTab:
    tab: gr.Tab
    card: gr.HTML  # a model on its way
    chatbot: gr.Chatbot
    cards: gr.HTML  # what else can be done here, while nothing is said yet
    turns: gr.HTML  # what page.js puts under the answers
    again: gr.HTML  # the menu of who may try again
    better: Better
    more: gr.Button  # there where the last answer was cut
    notice: gr.HTML
    prompts: Prompts
    composer: gr.Textbox
    meter: gr.HTML
    conversation: gr.State  # id of the open conversation, None for a new one
    second: SecondColumn
    file: gr.HTML  # a link to what the browser is to save
    attachments: Attachments | None


def build_chat(words: Localised, tab: gr.Tab, services: Services) -> ChatTab:
    """The components; `connect` gives them life. Files can be attached where there is a library that reads them."""
    conversation = gr.State(None)
    card = clickable("by-card")
    chatbot, second = _columns(words)
    cards = _cards(words, services)
    turns, again, better = clickable("by-turns"), clickable("by-again"), _better(words)
    more = gr.Button(text("go_on", "en"), size="sm", min_width=80, visible=False, elem_id="by-continue")
    words(more, value="go_on")
    attachments = build_attach(words) if services.library else None
    notice = gr.HTML(elem_id="by-notice", padding=False)
    prompts = build_prompts(words)
    composer = _composer(words)
    meter = gr.HTML(elem_id="by-under", padding=False)
    file = gr.HTML(elem_id="by-file", padding=False)
    return ChatTab(
        tab=tab,
        card=card,
        chatbot=chatbot,
        cards=cards,
        turns=turns,
        again=again,
        better=better,
        more=more,
        notice=notice,
        prompts=prompts,
        composer=composer,
        meter=meter,
        conversation=conversation,
        second=second,
        file=file,
        attachments=attachments,
    )


def _columns(words: Localised) -> tuple[gr.Chatbot, SecondColumn]:
    with gr.Row(elem_id="by-columns"):
        with gr.Column(min_width=0, elem_id="by-first"):
            first_name = gr.HTML(padding=False, elem_classes="by-column-name")
            chatbot = gr.Chatbot(
                elem_id="by-chatbot",
                label=text("chat_label", "en"),
                editable="user",
                placeholder=placeholder("en"),
                examples=examples("en"),
                **BUBBLES,
            )
            words(chatbot, label="chat_label")
            words.drawn(chatbot, lambda chosen: {"placeholder": placeholder(chosen), "examples": examples(chosen)})
        return chatbot, build_second(words, first_name, BUBBLES)


def _cards(words: Localised, services: Services) -> gr.HTML:
    cards = gr.HTML(cards_html("en", services), elem_id="by-cards", padding=False, apply_default_css=False)
    return words.drawn(cards, lambda chosen: {"value": cards_html(chosen, services)})


def _better(words: Localised) -> Better:
    with gr.Column(visible=False, elem_id="by-better", elem_classes="by-panel") as box:
        better = gr.Textbox(
            label=text("better", "en"), info=text("better_info", "en"), lines=3, max_lines=10, elem_id="by-better-words"
        )
        words(better, label="better", info="better_info")
        with gr.Row():
            save = gr.Button(text("better_save", "en"), variant="primary", size="sm", elem_id="by-better-save")
            skip = gr.Button(text("better_skip", "en"), size="sm", elem_id="by-better-skip")
    words(save, value="better_save")
    words(skip, value="better_skip")
    return Better(box, better, save, skip, gr.State(0))


def _composer(words: Localised) -> gr.Textbox:
    composer = gr.Textbox(
        show_label=False,
        label=text("composer_label", "en"),
        placeholder=text("composer", "en"),
        container=False,
        lines=1,
        max_lines=10,
        autofocus=True,
        submit_btn=True,
        elem_id="by-composer",
    )
    return words(composer, label="composer_label", placeholder="composer")


def placeholder(language: Language) -> str:
    return f"## {text('welcome', language)}\n{text('welcome_more', language)}"


def examples(language: Language) -> list[dict[str, str]]:
    return [{"text": text(key, language)} for key in EXAMPLES]


def cards_html(language: Language, services: Services) -> str:
    """What the other tabs do, one press each: page.js goes there and presses what fills it with an example."""
    offered = {"documents": services.library is not None, "finetune": services.training is not None}
    cards = "".join(
        f'<button type="button" class="by-card" data-go="{tab}" data-press="{escape(example)}">{icon(tab)}'
        f"<span><b>{escape(text(tab, language))}</b>{escape(text(f'card_{tab}', language))}</span></button>"
        for tab, example in CARDS.items()
        if offered.get(tab, True)
    )
    return f'<div class="by-cards">{cards}</div>'


def build_second(words: Localised, first_name: gr.HTML, options: dict[str, Any]) -> SecondColumn:
    with gr.Column(visible=False, min_width=0, elem_id="by-second") as box:
        name = gr.HTML(padding=False, elem_classes="by-column-name")
        chatbot = gr.Chatbot(elem_id="by-chatbot-2", label=text("chat_label_2", "en"), **options)
        words(chatbot, label="chat_label_2")
    return SecondColumn(first_name, box, name, chatbot, gr.State(None), gr.HTML(elem_id="by-turns-2"))


def build_attach(words: Localised) -> Attachments:
    """The components, to stand above the composer."""
    documents = gr.State([])
    cited = clickable("by-chat-cited")
    source = clickable("by-chat-source")
    with gr.Row(elem_id="by-attach-row"):
        button = gr.UploadButton(
            text("attach", "en"), file_count="multiple", size="sm", elem_id="by-attach", scale=0, min_width=80
        )
        words(button, label="attach")
        status = clickable("by-attached")
    return Attachments(button, status, cited, source, documents)
