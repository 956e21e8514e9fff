"""What goes wrong with data sets, trainings and adapters is said in the language of the page."""

import pytest

from chatbot.common.errors import InputError
from chatbot.ui.finetune import render as render_finetune
from chatbot.ui.parts import render
from finetune.jobs.jobs import Job
from finetune.jobs.records import Base, Result
from finetune.spec.spec import TrainingSpec


def test_an_error_without_the_figures_of_its_string_is_told_in_english() -> None:
    assert render.message(InputError("Too much.", kind="no_memory"), "zh") == "Too much."


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"learning_rate": 3.0}, "“学习率”须在 1e-07 到 0.01 之间。"),
        ({"schedule": "steep"}, "的值无效，请检查。"),
        ({"target_modules": ["q_proj", "q_proj"]}, "“目标模块”中有一层写了两次。"),
    ],
)
def test_a_setting_out_of_bounds_is_called_as_the_form_calls_it(changes: dict[str, object], told: str) -> None:
    with pytest.raises(InputError) as refused:
        TrainingSpec().changed(changes)
    assert render.message(refused.value, "zh").endswith(told)
    assert not any(name in render.message(refused.value, "zh") for name in changes)


def ended(*result: object, **more: object) -> Job:
    result_ = Result("failed", *result, **more)  # type: ignore[arg-type]
    return Job("1", "mine", "failed", 0.0, Base("x").name, TrainingSpec(), result=result_)


def test_the_end_of_a_run_is_told_by_its_kind_then_its_cause_then_its_words() -> None:
    zero = ended("rejected", "The trained adapter is zero.", {"kind": "adapter_zero"})
    assert "全为零" in render_finetune.run(zero, "zh")
    assert "The trained adapter is zero." in render_finetune.run(zero, "en")
    memory = ended("out_of_memory", "Too little.", retry={"batch_size": 2})
    assert "内存不足。 （将使用 批大小 = 2。）" in render_finetune.run(memory, "zh")
    assert "Odd." in render_finetune.run(ended("error", "Odd."), "zh")
