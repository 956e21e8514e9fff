"""What stands around the talk: the sidebar with the conversations, and the chat's head with the model and how it answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import gradio as gr

from chatbot.tasks.chat import DEFAULT_SYSTEM_PROMPT
from chatbot.types import Sampling
from chatbot.ui.chat.sampling import SAMPLING, drawn, sampling_control
from chatbot.ui.parts.clickable import clickable
from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.updates import Updates
from chatbot.ui.strings.words import Language, languages, text

LOGO = (
    '<svg viewBox="0 0 34 34" aria-hidden="true"><defs><linearGradient id="by-g" x1="0" y1="0" x2="1" y2="1">'
    '<stop offset="0" stop-color="#4f46e5"/><stop offset="1" stop-color="#f59e0b"/></linearGradient></defs>'
    '<rect width="34" height="34" rx="9" fill="url(#by-g)"/><path d="M7 15c0-5 4.5-8 10-8s10 3 10 8c0 1.5-1 2.5-2.5 2.5h-15'
    'C8 17.500 7 16.500 7 15zM16 17.500h2V28h-2zM10.500 17.500h1.400V25h-1.400zM22.100 17.500h1.400V25h-1.400z" fill="#fff"/></svg>'
)


@dataclass(frozen=True, slots=True)
class Sidebar:
    """The components other parts of the page listen to. `head` is put into the chat, with all that stands below it here."""

    new_chat: gr.Button
    search: gr.Textbox
    conversations: gr.HTML
    found: gr.HTML  # the conversations that have what is searched for; seen instead of all while something is
    brand: gr.HTML
    language: gr.HTML
    theme: gr.Button
    head: gr.Row
    model: gr.HTML
    adapter: gr.Dropdown
    compare: gr.Dropdown
    system_prompt: gr.Textbox
    sampling: list[gr.components.Component]  # in the order of SAMPLING
    defaults: gr.State  # what the first of them were set to by us, in the order of OWN

    @property
    def longest_answer(self) -> gr.components.Component:
        return self.sampling[SAMPLING.index("max_tokens")]


@dataclass(frozen=True, slots=True)
class _Head:
    box: gr.Row
    model: gr.HTML
    adapter: gr.Dropdown
    compare: gr.Dropdown
    system_prompt: gr.Textbox
    sampling: list[gr.components.Component]


KEYS = {
    "Enter": "key_send",
    "Shift+Enter": "key_line",
    "Esc": "key_stop",
    "↑": "key_edit",
    "/": "key_prompts",
    "Ctrl+K": "key_search",
    "?": "key_list",
}
COPIES = {"full": "forgets_full", "odd": "forgets_odd", "save": "forgets_save"}
VOICE = ("dictate", "listening", "say", "quiet", "failed", "deaf", "mute")
SAID = {
    "language": "language.tag",
    "send": "button_send",
    "stop": "button_stop",
    "sidebar": "button_sidebar",
    "lost": "connection_lost",
    "diagram": "diagram",
    "copy": "sum_copy",
    "chat": "chat_label",
    "remove": "mo_remove",
}


def follow(bar: "Sidebar", shown: Sequence[float], last: Sequence[float], sampling: Sampling) -> Updates:
    """The controls go to the defaults of the model that is there, unless somebody moved one of them from the `last`."""
    if list(shown) != list(last):
        return {}
    return {bar.defaults: drawn(sampling), **dict(zip(bar.sampling, drawn(sampling), strict=False))}


def build_sidebar(
    words: Localised,
    *,
    longest_answer: int = 4096,
    signs_in: bool = False,
    models: bool = True,
    forgets: bool = False,
) -> Sidebar:
    """`models`: there is a tab of them; `forgets`: what is kept goes with the next restart."""
    with gr.Sidebar(width=296, label="Banyan"):
        brand = gr.HTML(brand_html("en"), elem_id="by-brand")
        words.drawn(brand, lambda language: {"value": brand_html(language)})
        new_chat = words(gr.Button(text("new_chat", "en"), variant="primary", elem_id="by-new"), value="new_chat")
        search = gr.Textbox(
            label=text("search", "en"),
            placeholder=text("search", "en"),
            container=False,
            max_lines=1,
            elem_id="by-search",
        )
        words(search, label="search", placeholder="search")
        found, conversations = clickable("by-found"), clickable("by-conversations")
        if forgets:
            note = gr.HTML(forgets_html("en", signs_in=signs_in), elem_id="by-forgets", padding=False)
            words.drawn(note, lambda language: {"value": forgets_html(language, signs_in=signs_in)})
        language, theme = _foot(words, signs_in=signs_in, models=models)
    head = _head(words, longest_answer)
    return Sidebar(
        new_chat=new_chat,
        search=search,
        conversations=conversations,
        found=found,
        brand=brand,
        language=language,
        theme=theme,
        head=head.box,
        model=head.model,
        adapter=head.adapter,
        compare=head.compare,
        system_prompt=head.system_prompt,
        sampling=head.sampling,
        defaults=gr.State(drawn(Sampling())),
    )


def forgets_html(language: Language, *, signs_in: bool = False) -> str:
    """With what copies.js says of the conversations that it keeps."""
    said = [text("forgets", language), *([text("forgets_signing_out", language)] if signs_in else [])]
    slots = "".join(f' data-{name}="{escape(text(key, language))}"' for name, key in COPIES.items())
    return f'<p class="by-note"{slots}>{escape(" ".join(said))}</p>'


def _foot(words: Localised, *, signs_in: bool, models: bool) -> tuple[gr.HTML, gr.Button]:
    """(language, theme); page.js presses the others"""
    with gr.Row(elem_id="by-foot"):
        language = clickable("by-language", languages_html("en"), padding=False)
        theme = gr.Button(text("theme_button", "en"), size="sm", elem_id="by-theme")
        more = gr.Button(text("models", "en"), size="sm", elem_id="by-models", visible=models)
        keys = gr.Button(text("api_keys", "en"), size="sm", elem_id="by-api-keys", visible=signs_in)
        out = gr.Button(text("sign_out", "en"), size="sm", elem_id="by-sign-out", visible=signs_in)
    words.drawn(language, lambda chosen: {"value": languages_html(chosen)})
    for button, key in ((theme, "theme_button"), (more, "models"), (keys, "api_keys"), (out, "sign_out")):
        words(button, value=key)
    return language, theme


def _head(words: Localised, longest_answer: int) -> _Head:
    """Who answers, beside whom, and how; not on the page yet."""
    with gr.Row(render=False, elem_id="by-head") as box:
        model = gr.HTML(elem_id="by-model", padding=False)
        adapter = gr.Dropdown(
            [(text("no_adapter", "en"), "")], value="", label=text("adapter", "en"), min_width=0, elem_id="by-adapter"
        )
        words(adapter, label="adapter")
        words.first(adapter, lambda language: {"choices": [(text("no_adapter", language), "")]})
        compare = gr.Dropdown(
            [(text("compare_off", "en"), "")], value="", label=text("compare", "en"), min_width=0, elem_id="by-compare"
        )
        words(compare, label="compare")
        words.first(compare, lambda language: {"choices": [(text("compare_off", language), "")]})
        with words(gr.Accordion(text("settings", "en"), open=False, elem_id="by-settings"), label="settings"):
            system_prompt = gr.Textbox(DEFAULT_SYSTEM_PROMPT, lines=3, max_lines=12, label="", elem_id="by-system")
            words(
                system_prompt, label="system_prompt", info="system_prompt_info", placeholder="system_prompt_placeholder"
            )
            sampling = [sampling_control(words, name, longest_answer) for name in SAMPLING]
            voice = gr.HTML(voice_html("en"), elem_id="by-voice", padding=False, apply_default_css=False)
            words.drawn(voice, lambda language: {"value": voice_html(language)})
    return _Head(box, model, adapter, compare, system_prompt, sampling)


def brand_html(language: Language) -> str:
    """The name, with what the scripts need: the language's tag, names for the buttons that Gradio leaves without, what voice.js says."""
    said = "".join(f' data-{name}="{escape(text(key, language))}"' for name, key in SAID.items())
    skip = f'<a class="by-skip" href="#by-tabs">{escape(text("skip", language))}</a>'
    name = f"<span><b>Banyan</b><small>{escape(text('tagline', language))}</small></span>"
    voice = "".join(f' data-{name}="{escape(text(f"voice_{name}", language))}"' for name in VOICE)
    return f'{skip}<div class="by-brand"{said}>{LOGO}{name}</div><i hidden{voice}></i>{_keys(language)}'


def voice_html(language: Language) -> str:
    """The switch of voice.js, with where the sound goes."""
    switch = f'<label><input type="checkbox"> {escape(text("voice", language))}</label>'
    return f"<div>{switch}<p>{escape(text('voice_info', language))}</p></div>"


def languages_html(chosen: Language) -> str:
    """All that there is a file of, each by its own name."""
    options = "".join(
        f'<option value="{language}"{" selected" if language == chosen else ""}>{escape(text("language.name", language))}</option>'
        for language in languages()
    )
    return f'<select data-choose="language" aria-label="{escape(text("choose_language", chosen))}">{options}</select>'


def _keys(language: Language) -> str:
    """The keys that page.js listens to."""
    title = escape(text("keys", language))
    rows = "".join(f"<dt><kbd>{key}</kbd></dt><dd>{escape(text(does, language))}</dd>" for key, does in KEYS.items())
    close = f'<button type="button" class="by-small" autofocus>{escape(text("keys_close", language))}</button>'
    return f'<dialog id="by-keys" aria-label="{title}"><h2>{title}</h2><dl>{rows}</dl>{close}</dialog>'
