"""The training settings as controls, made from `finetune.spec.spec.KNOBS`, and back again."""

from typing import Any, TypeAlias

import gradio as gr

from chatbot.common.errors import InputError
from chatbot.ui.parts.localise import Localised
from chatbot.ui.strings.words import text
from finetune.spec.knobs import ALL_LINEAR, Knob
from finetune.spec.spec import KNOBS, TrainingSpec

Control: TypeAlias = gr.components.Component


def build_knobs(words: Localised) -> list[Control]:
    """One control a knob, in the order of `KNOBS`."""
    return [_control(words, knob) for knob in KNOBS]


def _control(words: Localised, knob: Knob) -> Control:
    strings = {"label": f"knob_{knob.name}", "info": f"knob_{knob.name}_why"}
    bounds = _bounds(knob)
    shown: dict[str, Any] = {prop: text(key, "en", **bounds) for prop, key in strings.items()}
    shown["elem_id"] = f"by-knob-{knob.name}"
    if knob.kind == "switch":
        return words(gr.Checkbox(bool(knob.default), **shown), lambda language: bounds, **strings)
    if knob.kind == "choice":
        return words(gr.Dropdown(list(knob.choices), value=knob.default, **shown), lambda language: bounds, **strings)
    # a Number cannot be empty
    return words(gr.Textbox(written(knob, knob.default), max_lines=1, **shown), lambda language: bounds, **strings)


def _bounds(knob: Knob) -> dict[str, str]:
    """Empty for a knob without."""
    return {name: _number(value) for name, value in (("low", knob.low), ("high", knob.high)) if value is not None}


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def written(knob: Knob, value: object) -> Any:
    """A knob's value as its control shows it."""
    if knob.kind in ("switch", "choice"):
        return value
    if value is None:
        return ""
    if knob.kind == "modules":
        return value if isinstance(value, str) else ", ".join(value)  # type: ignore[arg-type]
    return f"{value:g}" if isinstance(value, float) else str(value)


def values_of(spec: TrainingSpec) -> list[Any]:
    """What the controls show for `spec`, in the order of `KNOBS`."""
    return [written(knob, getattr(spec, knob.name)) for knob in KNOBS]


def spec_of(values: tuple[Any, ...]) -> TrainingSpec:
    """The controls' values, in the order of `KNOBS`. Raises `InputError` for what is no number, out of bounds or contradicts."""
    return TrainingSpec(**{knob.name: _read(knob, value) for knob, value in zip(KNOBS, values, strict=True)})


def _read(knob: Knob, value: Any) -> Any:
    if knob.kind in ("switch", "choice"):
        return value
    words = str(value if value is not None else "").strip()
    if knob.kind == "modules":
        names = tuple(name.strip() for name in words.split(",") if name.strip())
        return ALL_LINEAR if names in ((), (ALL_LINEAR,)) else names
    if not words and knob.optional:
        return None
    try:
        number = float(words)
    except ValueError:
        raise InputError(
            f"{knob.name} must be a number, not {words[:40]!r}.", kind="knob_number", name=knob.name, value=words[:40]
        ) from None
    return int(number) if knob.kind == "integer" and number.is_integer() else number
