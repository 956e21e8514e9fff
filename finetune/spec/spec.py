"""Every knob of a fine-tune: its bounds and its default, as data that a page can render; its strings give the reasons."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from difflib import get_close_matches
from typing import Any, Literal, cast

from chatbot.common import summed
from chatbot.common.errors import InputError
from finetune.spec.knobs import ALL_LINEAR, Knob, check, knob

Task = Literal["chat", "sentiment", "answer", "translate", "summarize"]

TASKS: tuple[Task, ...] = ("chat", "sentiment", "answer", "translate", "summarize")

Method = Literal["auto", "sft", "dpo", "orpo", "kto"]
"""sft: learn to give the answers, or to go on with the texts; dpo: learn to prefer the better of two answers (Direct Preference
Optimization, arXiv:2305.18290); orpo: learn to give the better one and to prefer it at once (Odds Ratio Preference Optimization,
arXiv:2403.07691); kto: learn from answers that are called good or bad (Kahneman-Tversky Optimization, arXiv:2402.01306);
auto: what the rows are for."""

METHODS: tuple[Method, ...] = ("auto", "sft", "dpo", "orpo", "kto")
PAIRED: tuple[Method, ...] = ("dpo", "orpo")
"""Methods that compare two answers to one prompt."""
PREFERRING: tuple[Method, ...] = (*PAIRED, "kto")

Learns = Literal["answers", "last", "all"]
"""Of a conversation: every answer that is taught, the last one alone, or the prompts too."""

LEARNS: tuple[Learns, ...] = ("answers", "last", "all")


@dataclass(frozen=True, slots=True)
class TrainingSpec:
    """How an adapter is trained. Raises `InputError` for values out of bounds and for knobs that contradict."""

    task: Task = knob("choice", "chat", choices=TASKS)
    method: Method = knob("choice", "auto", choices=METHODS)
    beta: float = knob("number", 0.1, low=0.001, high=10)
    learns: Learns = knob("choice", "answers", choices=LEARNS)
    rank: int = knob("integer", 16, low=1, high=256)
    alpha: float = knob("number", 32.0, low=0.1, high=1024)
    dropout: float = knob("number", 0.0, low=0, high=0.5)
    target_modules: str | tuple[str, ...] = knob("modules", ALL_LINEAR)
    rslora: bool = knob("switch", False)
    dora: bool = knob("switch", False)
    learning_rate: float = knob("number", 2e-4, low=1e-7, high=1e-2)
    schedule: str = knob("choice", "cosine", choices=("cosine", "linear", "constant"))
    warmup: float = knob("number", 0.03, low=0, high=0.5)
    weight_decay: float = knob("number", 0.0, low=0, high=1)
    neftune: float = knob("number", 0.0, low=0, high=100)
    epochs: float | None = knob("number", 3.0, low=0.01, high=100, optional=True)
    steps: int | None = knob("integer", None, low=1, high=1_000_000, optional=True)
    batch_size: int = knob("integer", 8, low=1, high=512)
    accumulation: int = knob("integer", 1, low=1, high=512)
    max_length: int = knob("integer", 1024, low=16, high=131_072)
    packing: bool = knob("switch", False)
    gradient_checkpointing: bool = knob("switch", False)
    quantization: str = knob("choice", "none", choices=("none", "nf4", "int8"))
    precision: str = knob("choice", "auto", choices=("auto", "fp32", "bf16"))
    seed: int = knob("integer", 0, low=0, high=2**32 - 1)
    evaluation_share: float = knob("number", 0.1, low=0, high=0.5)
    eval_steps: int | None = knob("integer", None, low=1, high=1_000_000, optional=True)
    verdict_share: float = knob("number", 0.33, low=0.01, high=10)
    samples: int = knob("integer", 3, low=0, high=10)
    early_stopping: int = knob("integer", 0, low=0, high=100)
    save_steps: int = knob("integer", 50, low=1, high=10_000)

    def __post_init__(self) -> None:
        for each in KNOBS:
            check(each, getattr(self, each.name))
        _check_contradictions(self)

    @property
    def effective_batch(self) -> int:
        """Examples per update on one device."""
        return self.batch_size * self.accumulation

    def changed(self, changes: Mapping[str, object]) -> "TrainingSpec":
        """This spec with other values, as a page or a script sends them. Raises `InputError`, also for unknown fields.

        Giving one of `epochs` and `steps` clears the other.
        """
        values = _known(changes)
        for given, other in (("epochs", "steps"), ("steps", "epochs")):
            if values.get(given) is not None and other not in values:
                values[other] = None
        return replace(self, **cast(dict[str, Any], values))

    def to_dict(self) -> dict[str, object]:
        """Plain JSON values; `from_dict` reads them back."""
        values = asdict(self)
        if isinstance(self.target_modules, tuple):
            values["target_modules"] = list(self.target_modules)
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> "TrainingSpec":
        """What is absent has its default. Raises `InputError`, also for unknown fields."""
        return cls().changed(values)

    def to_json(self) -> str:
        return summed.text(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> "TrainingSpec":
        """Raises `InputError` when `text` is no JSON object or holds a wrong or unknown field."""
        return cls.from_dict(settings_of(text))


def settings_of(text: str) -> dict[str, object]:
    """Settings as JSON text. Raises `InputError` when it is no JSON object."""
    try:
        values = summed.record(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"The training settings are not JSON: {error}. Please check them.", kind="spec_not_json", reason=str(error)
        ) from error
    if not isinstance(values, dict):
        raise InputError('The training settings must be a JSON object such as {"rank": 16}.', kind="spec_no_object")
    return values


KNOBS: tuple[Knob, ...] = tuple(Knob(name=f.name, default=f.default, **f.metadata) for f in fields(TrainingSpec))
"""All fields of `TrainingSpec` in their order: the page's "advanced" part and the checks read them here."""


def _known(changes: Mapping[str, object]) -> dict[str, object]:
    names = [each.name for each in KNOBS]
    for name in changes:
        if name not in names:
            close = get_close_matches(str(name), names, n=1)
            hint = f" Did you mean {close[0]}?" if close else f" Known are: {', '.join(names)}."
            raise InputError(
                f"There is no training setting called {str(name)[:80]!r}.{hint}", kind="no_knob", name=str(name)
            )
    values = dict(changes)
    if isinstance(values.get("target_modules"), list):
        values["target_modules"] = tuple(cast(list[object], values["target_modules"]))
    return values


def _check_contradictions(spec: TrainingSpec) -> None:
    if spec.epochs is not None and spec.steps is not None:
        raise InputError(
            "epochs and steps both say how long to train. Please set one and leave the other empty.", kind="knob_both"
        )
    if spec.epochs is None and spec.steps is None:
        raise InputError(
            "Neither epochs nor steps says how long to train. Please set one of them.", kind="knob_neither"
        )
    if spec.early_stopping and not spec.evaluation_share:
        raise InputError(
            "early_stopping watches the held-out rows, and evaluation_share holds none out. "
            "Please switch early_stopping off or raise evaluation_share.",
            kind="knob_no_held_out",
        )
    if spec.eval_steps and not spec.evaluation_share:
        raise InputError(
            "eval_steps asks for a held-out curve, and evaluation_share holds no rows out. "
            "Please leave eval_steps empty or raise evaluation_share.",
            kind="knob_no_held_out",
        )
    if spec.early_stopping and spec.eval_steps and spec.steps and spec.steps < spec.eval_steps * spec.early_stopping:
        raise InputError(
            f"The run of {spec.steps} steps ends before early_stopping could: it needs {spec.early_stopping} points, one "
            f"every {spec.eval_steps} eval_steps. Please lower early_stopping or eval_steps.",
            kind="knob_stops_late",
        )
    if spec.method in PREFERRING:
        _check_preferring(spec)
    if isinstance(spec.target_modules, tuple) and len(set(spec.target_modules)) < len(spec.target_modules):
        raise InputError("target_modules names a layer twice. Please name each once.", kind="knob_twice")


def _check_preferring(spec: TrainingSpec) -> None:
    if spec.packing:
        raise InputError(
            "Preference tuning looks at each answer by itself, and packing puts rows into one. Please switch packing off.",
            kind="knob_packed_pairs",
        )
    if spec.learns != "answers":
        raise InputError(
            f"learns is for the method sft; {spec.method} learns from the last answer of each row. Please set it to answers.",
            kind="knob_learns_sft",
            method=spec.method,
        )
    if spec.neftune:
        raise InputError(
            f"Noise (neftune) is for the method sft: {spec.method} compares with the model as it was. Please set it to 0.",
            kind="knob_neftune_sft",
            method=spec.method,
        )
    if spec.method == "kto" and spec.effective_batch < 2:
        raise InputError(
            "kto compares the answers of an update with each other. Please set a batch_size of 2 at least.",
            kind="knob_kto_batch",
        )
