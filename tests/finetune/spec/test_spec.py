"""Settings of a fine-tune: bounds, contradictions, JSON, presets."""

import json

import pytest

from chatbot.common.errors import InputError
from finetune.data.split import held_out
from finetune.jobs.estimate import steps_of
from finetune.spec.knobs import Knob
from finetune.spec.presets import LONGEST, PRESETS, PresetName, preset
from finetune.spec.spec import KNOBS, TrainingSpec


@pytest.mark.parametrize("knob", [k for k in KNOBS if k.low is not None], ids=lambda k: k.name)
def test_bounds_are_inclusive_and_named(knob: Knob) -> None:
    assert knob.low is not None
    assert knob.high is not None
    step = 1 if knob.kind == "integer" else 1e-9
    whole = int if knob.kind == "integer" else float
    for value in (knob.low, knob.high):
        assert getattr(TrainingSpec().changed({knob.name: whole(value)} | _company(knob.name)), knob.name) == value
    wrong: list[object] = [knob.low - step, knob.high * 1.001 + step, float("nan"), True, "8", [1]]
    for bad in wrong:
        with pytest.raises(InputError, match=knob.name):
            TrainingSpec().changed({knob.name: bad})


def _company(name: str) -> dict[str, object]:
    return {"evaluation_share": 0.1} if name in ("early_stopping", "eval_steps") else {}


@pytest.mark.parametrize("knob", KNOBS, ids=lambda k: k.name)
def test_every_knob_has_a_default_that_holds(knob: Knob) -> None:
    assert getattr(TrainingSpec(), knob.name) == knob.default


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"epochs": 1, "steps": 10}, ("epochs", "steps")),
        ({"epochs": None}, ("epochs", "steps")),
        ({"early_stopping": 2, "evaluation_share": 0}, ("early_stopping", "evaluation_share")),
        ({"eval_steps": 5, "evaluation_share": 0}, ("eval_steps", "evaluation_share")),
        ({"steps": 10, "eval_steps": 5, "early_stopping": 3}, ("early_stopping", "eval_steps")),
    ],
)
def test_contradictions_name_both(values: dict[str, object], names: tuple[str, str]) -> None:
    with pytest.raises(InputError) as caught:
        TrainingSpec().changed(values)
    assert all(name in str(caught.value) for name in names)


@pytest.mark.parametrize(
    "modules", ["q_proj", [], ["q_proj", "q_proj"], ["../../x; rm -rf ~"], [".*"], ["q_proj", 3], "all"]
)
def test_target_modules_are_names_of_layers(modules: object) -> None:
    with pytest.raises(InputError, match="target_modules"):
        TrainingSpec().changed({"target_modules": modules})


def test_an_unknown_field_is_refused_with_a_suggestion() -> None:
    with pytest.raises(InputError, match=r"learning_rte.*Did you mean learning_rate"):
        TrainingSpec.from_dict({"learning_rte": 1e-4})


@pytest.mark.parametrize("text", ["", "[]", "3", "{", "null", "[" * 100_000])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="training settings"):
        TrainingSpec.from_json(text)


def test_json_round_trip() -> None:
    spec = TrainingSpec().changed({"target_modules": ["q_proj", "layers.3.v_proj"], "steps": 40, "rslora": True})
    assert spec.epochs is None
    assert TrainingSpec.from_json(spec.to_json()) == spec
    assert json.loads(spec.to_json())["target_modules"] == ["q_proj", "layers.3.v_proj"]


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize(
    ("rows", "tokens"), [(1, 5), (425, 60_000), (20_000, 4_000_000), (2_000_000, 10**9), (3, 10**7)]
)
def test_presets_fit_the_data(name: PresetName, rows: int, tokens: int) -> None:
    spec = preset(name, rows, tokens)
    assert TrainingSpec.from_json(spec.to_json()) == spec
    assert spec.effective_batch * 2 <= max(rows, 8), "an epoch has more than one update"
    assert spec.batch_size == 1 or spec.batch_size * tokens / rows < 2 * 4096
    assert spec.max_length >= min(4096, 4 * tokens / rows)


@pytest.mark.parametrize(("fitting", "length"), [(0, 1024), (900, 1024), (1_300, 2048), (50_000, LONGEST)])
def test_a_preset_holds_nearly_every_row_whole(fitting: int, length: int) -> None:
    assert preset("balanced", 1_000, 200_000, fitting).max_length == length


def test_presets_grow_from_quick_to_thorough() -> None:
    quick, balanced, thorough = (preset(name, 5_000, 1_000_000) for name in PRESETS)
    assert quick.rank < balanced.rank < thorough.rank
    assert (quick.epochs or 0) < (balanced.epochs or 0) < (thorough.epochs or 0)


@pytest.mark.parametrize(("name", "least"), [("quick", 30), ("balanced", 60), ("thorough", 120)])
def test_a_handful_of_rows_is_seen_often_enough_to_be_learnt(name: PresetName, least: int) -> None:
    def updates(rows: int) -> int:
        held = len(held_out(range(rows), 0.1, seed=0))
        return steps_of(preset(name, rows, 60 * rows), {"usable": rows, "held_out": held})

    assert [rows for rows in range(11, 200) if not least <= updates(rows) <= max(1.4 * least, 1.4 * rows)] == []
    assert preset(name, 1, 60).epochs == min(least, 50), "by heart, but not for ever"
    assert preset(name, 200, 12_000).epochs == {"quick": 2, "balanced": 3, "thorough": 5}[name], "many rows: as ever"


def test_no_preset_for_an_empty_set_or_an_unknown_name() -> None:
    with pytest.raises(InputError, match="nothing to train on"):
        preset("quick", 0, 0)
    with pytest.raises(InputError, match="quick, balanced, thorough"):
        preset("slow", 10, 1000)  # type: ignore[arg-type]
