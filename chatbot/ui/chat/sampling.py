"""How the model chooses words, as controls: which figures, in which order, and what a model's own defaults do to them."""

from typing import Any

import gradio as gr

from chatbot.common.errors import InputError
from chatbot.types import BOUNDS, Sampling
from chatbot.ui.parts.localise import Localised
from chatbot.ui.strings.words import text

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


def sampling_control(words: Localised, name: str, longest_answer: int) -> gr.components.Component:
    default = getattr(Sampling(), name)
    strings = {"label": name, "info": f"{name}_info"}
    shown = {prop: text(key, "en") for prop, key in strings.items()}
    if name == "seed":
        return words(gr.Textbox("", max_lines=1, **shown), **strings)  # a Number cannot be empty: it shows 0
    low, high = BOUNDS[name]
    high = min(high, {"max_tokens": longest_answer, "top_k": 200}.get(name, high))
    low = 16 if name == "max_tokens" else low
    return words(gr.Slider(low, high, default, step=STEPS[name], **shown), **strings)
