"""One setting in several values: as many runs, judged on the same held-out rows, of which the best is published."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from chatbot.common.errors import InputError
from finetune.spec.spec import KNOBS, TrainingSpec

MOST = 8  # values
JUDGING = ("task", "method", "learns", "seed", "evaluation_share", "max_length", "verdict_share", "target_modules")
"""Settings by which other rows, or other tokens of them, would judge; and one whose values are lists themselves."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """`name` is a knob; `values` are as its knob has them."""

    name: str
    values: tuple[object, ...]

    def specs(self, spec: TrainingSpec) -> dict[str, TrainingSpec]:
        """`spec` with each value, under what it is called: "learning_rate=0.0001". Raises `InputError` for a value that the knob
        cannot have, or where no rows are held out."""
        if not spec.evaluation_share:
            raise InputError("A sweep is judged on held-out rows. Raise evaluation_share.", kind="sweep_no_held_out")
        return {f"{self.name}={_plain(value)}": spec.changed({self.name: value}) for value in self.values}


def sweep_of(given: object) -> Sweep | None:
    """From "learning_rate=1e-4,3e-4" or {"learning_rate": [1e-4, 3e-4]}; None for nothing. Raises `InputError`."""
    if not given or (isinstance(given, str) and not given.strip()):
        return None
    name, values = _parted(given)
    known = [knob.name for knob in KNOBS if knob.name not in JUDGING]
    if name not in known:
        raise InputError(
            f"A sweep goes over one of {', '.join(known)}, not over {name[:80]!r}.",
            kind="sweep_knob",
            name=name[:80],
            known=", ".join(known),
        )
    different = tuple(dict.fromkeys(values))
    if not 2 <= len(different) <= MOST:
        raise InputError(
            f"A sweep has 2 to {MOST} different values, such as rank=4,16.", kind="sweep_values", most=MOST
        )
    return Sweep(name, different)


def _parted(given: object) -> tuple[str, list[object]]:
    if isinstance(given, str):
        name, _, values = given.partition("=")
        return name.strip(), [_value(one.strip()) for one in values.split(",") if one.strip()]
    if isinstance(given, Mapping) and len(given) == 1:
        [(name, values)] = given.items()
        if isinstance(values, list) and all(isinstance(one, str | int | float) for one in values):
            return str(name), values
    raise InputError(
        'A sweep is written as "learning_rate=1e-4,3e-4" or {"learning_rate": [1e-4, 3e-4]}: one setting.',
        kind="sweep_form",
    )


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
