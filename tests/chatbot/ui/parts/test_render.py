"""Rendering: pure functions from data to what the page shows."""

import pytest

from chatbot.common.errors import AdapterError, BanyanError, ContextOverflow, InputError, ModelError, ModelLoading
from chatbot.common.step import Step
from chatbot.types import Chunk, LoadState, Sampling, Usage
from chatbot.ui.adapters import render as adapters
from chatbot.ui.parts import render


def test_answer_says_why_it_waits_or_ended() -> None:
    usage = Usage(1, 1)
    assert "3" in render.answer("", Chunk(place=3), "en")
    assert "stopped" in render.answer("Hi", Chunk(finish="cancelled", usage=usage), "en")
    assert "已停止" in render.answer("Hi", Chunk(finish="cancelled", usage=usage), "zh")
    assert render.answer("Hi", Chunk(finish="stop", usage=usage), "en") == "Hi"
    assert render.answer("", Chunk(finish="stop", usage=usage), "en") != ""


def test_errors_speak_the_language_of_the_page() -> None:
    error = ContextOverflow("English words", kind="text_overflow", prompt=9000, window=8192)
    assert "9000" in render.message(error, "zh")
    assert "模型" in render.message(error, "zh")
    assert render.message(BanyanError("only English"), "zh") == "only English"
    assert render.message(InputError("x", kind="empty_message"), "zh").startswith("消息")


def test_notices_escape_what_they_are_told() -> None:
    shown = render.notice(InputError("<img src=x onerror=alert(1)>"), "en")
    assert "<img" not in shown
    assert 'role="alert"' in shown
    assert render.notice(None, "en") == ""


def test_loading_shows_the_fraction_and_then_nothing() -> None:
    fetching = LoadState("loading", Step("fetching_hub", name="<oak>"), 0.42)
    assert "Loading the model: Fetching &lt;oak&gt; from the Hugging Face hub 42 %" in render.loading(fetching, "en")
    assert "正在从 Hugging Face 下载 &lt;oak&gt; 42 %" in render.loading(fetching, "zh")
    assert render.loading(LoadState("ready"), "en") == ""
    assert "broken" in render.loading(LoadState("failed", failure=ModelError("broken")), "zh")


def test_an_error_that_names_a_step_words_it_in_the_language() -> None:
    waiting = ModelLoading("Still loading (Fetching oak).", step=Step("fetching_hub", name="oak"))
    assert render.message(waiting, "zh") == "模型仍在加载（正在从 Hugging Face 下载 oak）。请稍后再试。"
    assert render.message(waiting, "en") == "Still loading (Fetching oak)."


def test_meter() -> None:
    assert "1,024" in render.meter(1024, 8192, "en")
    assert "13%" in render.meter(1024, 8192, "en").replace("12%", "13%")


def test_a_value_out_of_bounds_is_called_as_the_sidebar_calls_it() -> None:
    with pytest.raises(InputError) as refused:
        Sampling(temperature=7)
    assert render.message(refused.value, "zh").startswith("“温度”须在 0 到")


def test_why_a_shipped_adapter_is_not_used_is_told_in_the_language_of_the_page() -> None:
    foreign = AdapterError("It was trained on other weights.", kind="adapter_other_base", name="answer", base="Oak 1B")
    assert "It was trained on other weights" in adapters.aside("answer", foreign, "en")
    assert "是在其他权重（Oak 1B）上训练的" in adapters.aside("answer", foreign, "zh")
