"""What a knob is: its kind and bounds as data, the check of a value against them, and the words of a refusal."""

from dataclasses import dataclass, field
from typing import Any, Literal

from chatbot.common.errors import InputError

Kind = Literal["integer", "number", "switch", "choice", "modules"]

ALL_LINEAR = "all-linear"


@dataclass(frozen=True, slots=True)
class Knob:
    """One field of `TrainingSpec` as a page shows it. `low` and `high` are inclusive; `optional` knobs may be None."""

    name: str
    kind: Kind
    default: object
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False


def knob(kind: Kind, default: object, **bounds: Any) -> Any:
    """A dataclass field that is a knob."""
    return field(default=default, metadata={"kind": kind, **bounds})


def check(knob: Knob, value: object) -> None:
    """Raises `InputError` when the knob cannot have the value."""
    if value is None and knob.optional:
        return
    if not _CHECKS[knob.kind](knob, value):
        shown = f"{value:g}" if isinstance(value, float) else repr(value)[:80]
        refused = f"{knob.name} must be {_wanted(knob)}, not {shown}."
        if knob.low is None or knob.high is None:
            raise InputError(refused, kind="knob_value", name=knob.name)
        raise InputError(refused, kind="knob_bounds", name=knob.name, low=f"{knob.low:g}", high=f"{knob.high:g}")


def _is_integer(knob: Knob, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and _within(knob, value)


def _is_number(knob: Knob, value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and _within(knob, value)


def _within(knob: Knob, value: float) -> bool:
    assert knob.low is not None
    assert knob.high is not None
    return knob.low <= value <= knob.high  # false for NaN


def _are_modules(knob: Knob, value: object) -> bool:
    if isinstance(value, tuple):
        return 0 < len(value) <= 64 and all(isinstance(name, str) and _is_module(name) for name in value)
    return value == ALL_LINEAR


def _is_module(name: str) -> bool:
    return len(name) <= 100 and all(part.isidentifier() or part.isdecimal() for part in name.split("."))


_CHECKS = {
    "integer": _is_integer,
    "number": _is_number,
    "switch": lambda knob, value: isinstance(value, bool),
    "choice": lambda knob, value: isinstance(value, str) and value in knob.choices,
    "modules": _are_modules,
}


def _wanted(knob: Knob) -> str:
    if knob.kind == "switch":
        return "true or false"
    if knob.kind == "choice":
        return f"one of {', '.join(knob.choices)}"
    if knob.kind == "modules":
        return f'"{ALL_LINEAR}" or a list of names of layers such as ["q_proj", "v_proj"]'
    number = "a whole number" if knob.kind == "integer" else "a number"
    return f"{number} between {knob.low:g} and {knob.high:g}"
