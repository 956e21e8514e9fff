"""What the page says while the model is on its way, and what it knows of the model once it is there."""

from html import escape

import gradio as gr

from chatbot.ui.adapters import tab as adapters
from chatbot.ui.chat.handlers import meter_of
from chatbot.ui.chat.sidebar import OWN, follow
from chatbot.ui.parts import render
from chatbot.ui.parts.tab import Frame
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import PRIVATE, Services
from chatbot.ui.strings.words import Language, text


def connect_loading(frame: Frame, conversation: gr.State, meter: gr.HTML, services: Services) -> None:
    """Look at the model until it is there; at its adapters whenever somebody is about to choose one."""
    bar, loading, timer = frame.bar, frame.loading, frame.timer

    def look(chosen: Language, id: str | None, last: list[float], request: gr.Request, *controls: float) -> Updates:
        state = services.engine.state()
        if state.status != "ready":
            return {loading: render.loading(state, chosen), timer: gr.update(active=state.status == "loading")}
        services.engine.refresh()
        owner = services.owner_of(request)
        return {
            loading: "",
            timer: gr.update(active=False),
            bar.model: model_html(services, chosen),
            bar.adapter: gr.update(choices=adapters.choices(services, owner, chosen)),
            bar.compare: gr.update(choices=adapters.compare_choices(services, owner, chosen)),
            meter: meter_of(services, owner, id, chosen),
            **follow(bar, controls, last, services.engine.traits.sampling),
        }

    own = bar.sampling[: len(OWN)]
    shown = [loading, timer, bar.model, bar.adapter, bar.compare, meter, bar.defaults, *own]
    for event in (timer.tick, frame.language.change, bar.adapter.focus, bar.compare.focus):
        event(look, [frame.language, conversation, bar.defaults, *own], shown, **PRIVATE)


def model_html(services: Services, language: Language) -> str:
    engine = services.engine
    return (
        f'<div class="by-model"><span class="by-sub">{text("base_model", language)}</span><br>{escape(engine.model)}'
        f"<small>{escape(engine.name)} · {escape(engine.device)}</small></div>"
    )
