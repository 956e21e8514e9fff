"""The sidebar: conversations, the model and its adapter, how it chooses words, language and light."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from chatbot.common.errors import InputError
from chatbot.tasks.chat import DEFAULT_SYSTEM_PROMPT
from chatbot.types import BOUNDS, Sampling
from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.updates import Updates
from chatbot.ui.strings.words import Language, text

LOGO = (
    '<svg viewBox="0 0 34 34" aria-hidden="true"><defs><linearGradient id="by-g" x1="0" y1="0" x2="1" y2="1">'
    '<stop offset="0" stop-color="#4f46e5"/><stop offset="1" stop-color="#f59e0b"/></linearGradient></defs>'
    '<rect width="34" height="34" rx="9" fill="url(#by-g)"/><path d="M7 15c0-5 4.5-8 10-8s10 3 10 8c0 1.5-1 2.5-2.5 2.5h-15'
    'C8 17.500 7 16.500 7 15zM16 17.500h2V28h-2zM10.500 17.500h1.400V25h-1.400zM22.100 17.500h1.400V25h-1.400z" fill="#fff"/></svg>'
)


@dataclass(frozen=True, slots=True)
class Sidebar:
    """The components other parts of the page listen to."""

    new_chat: gr.Button
    conversations: gr.Radio
    model: gr.HTML
    brand: gr.HTML
    adapter: gr.Dropdown
    compare: gr.Dropdown
    system_prompt: gr.Textbox
    sampling: list[gr.components.Component]  # in the order of SAMPLING
    defaults: gr.State  # what the first of them were set to by us, in the order of OWN
    language: gr.Button
    theme: gr.Button

    @property
    def longest_answer(self) -> gr.components.Component:
        return self.sampling[SAMPLING.index("max_tokens")]


SAID = {"language": "language.tag", "send": "button_send", "stop": "button_stop", "sidebar": "button_sidebar"}
OWN = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty")  # each model has its own defaults for these
SAMPLING = (*OWN, "max_tokens", "seed")
STEPS = {"temperature": 0.05, "top_p": 0.01, "top_k": 1, "min_p": 0.01, "repetition_penalty": 0.05, "max_tokens": 16}


def sampling_of(*controls: Any) -> Sampling:
    """The controls' values, in the order of `SAMPLING`, as a `Sampling`. Raises `InputError` out of bounds."""
    named: dict[str, Any] = dict(zip(SAMPLING, controls, strict=True))
    whole = {name: int(named[name]) for name in ("top_k", "max_tokens")}
    seed = str(named.pop("seed"))
    if seed.strip() and not seed.strip().isdecimal():
        raise InputError(f"The seed must be a whole number or empty, not {seed!r}.", kind="bad_seed", seed=seed)
    return Sampling(**named | whole, seed=int(seed) if seed.strip() else None)


def drawn(sampling: Sampling) -> list[float]:
    """What the controls show of the figures that a model has its own defaults for."""
    return [getattr(sampling, name) for name in OWN]


def follow(bar: "Sidebar", shown: Sequence[float], last: Sequence[float], sampling: Sampling) -> Updates:
    """The controls go to the defaults of the model that is there, unless somebody moved one of them from the `last`."""
    if list(shown) != list(last):
        return {}
    return {bar.defaults: drawn(sampling), **dict(zip(bar.sampling, drawn(sampling), strict=False))}


def build_sidebar(words: Localised, *, longest_answer: int = 4096, signs_in: bool = False) -> Sidebar:
    with gr.Sidebar(width=296, label="Banyan"):
        brand = gr.HTML(brand_html("en"), elem_id="by-brand")
        new_chat = words(gr.Button(text("new_chat", "en"), variant="primary", elem_id="by-new"), value="new_chat")
        conversations = gr.Radio(
            [], label=text("conversations", "en"), elem_id="by-conversations", container=True, show_label=True
        )
        words(conversations, label="conversations")
        with gr.Group():
            model = gr.HTML(elem_id="by-model", padding=True)
            adapter = gr.Dropdown(
                [(text("no_adapter", "en"), "")], value="", label=text("adapter", "en"), elem_id="by-adapter"
            )
            words(adapter, label="adapter", info="adapter_info")
            compare = gr.Dropdown(
                [(text("compare_off", "en"), "")], value="", label=text("compare", "en"), elem_id="by-compare"
            )
            words(compare, label="compare", info="compare_info")
        with words(gr.Accordion(text("settings", "en"), open=False, elem_id="by-settings"), label="settings"):
            system_prompt = gr.Textbox(DEFAULT_SYSTEM_PROMPT, lines=3, max_lines=12, label="", elem_id="by-system")
            words(
                system_prompt, label="system_prompt", info="system_prompt_info", placeholder="system_prompt_placeholder"
            )
            sampling = [_sampling_control(words, name, longest_answer) for name in SAMPLING]
        with gr.Row(elem_id="by-foot"):
            language = words(
                gr.Button(text("language.next", "en"), size="sm", elem_id="by-language"), value="language.next"
            )
            theme = words(gr.Button(text("theme_button", "en"), size="sm", elem_id="by-theme"), value="theme_button")
            words(
                gr.Button(text("sign_out", "en"), size="sm", elem_id="by-sign-out", visible=signs_in), value="sign_out"
            )
    defaults = gr.State(drawn(Sampling()))
    return Sidebar(
        new_chat, conversations, model, brand, adapter, compare, system_prompt, sampling, defaults, language, theme
    )


def brand_html(language: Language) -> str:
    """The name, with what page.js needs: the language's tag, and names for the buttons that Gradio leaves without."""
    said = "".join(f' data-{name}="{escape(text(key, language))}"' for name, key in SAID.items())
    name = f"<span><b>Banyan</b><small>{escape(text('tagline', language))}</small></span>"
    return f'<div class="by-brand"{said}>{LOGO}{name}</div>'


def _sampling_control(words: Localised, name: str, longest_answer: int) -> gr.components.Component:
    default = getattr(Sampling(), name)
    strings = {"label": name, "info": f"{name}_info"}
    shown = {prop: text(key, "en") for prop, key in strings.items()}
    if name == "seed":
        return words(gr.Textbox("", max_lines=1, **shown), **strings)  # a Number cannot be empty: it shows 0
    low, high = BOUNDS[name]
    high = min(high, {"max_tokens": longest_answer, "top_k": 200}.get(name, high))
    low = 16 if name == "max_tokens" else low
    return words(gr.Slider(low, high, default, step=STEPS[name], **shown), **strings)
