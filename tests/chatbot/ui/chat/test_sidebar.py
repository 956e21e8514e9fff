"""The sliders follow the model, and never a hand that moved them."""

from typing import Any

import gradio as gr
import pytest

from chatbot.types import Sampling
from chatbot.ui.chat.sampling import OWN, drawn
from chatbot.ui.chat.sidebar import Sidebar, build_sidebar, follow
from chatbot.ui.parts.localise import Localised

COOL = Sampling(temperature=0.25, top_p=0.9, top_k=7, min_p=0.2, repetition_penalty=1.1)


@pytest.fixture
def bar() -> Sidebar:
    with gr.Blocks():
        return build_sidebar(Localised())


def test_the_sliders_begin_where_follow_expects_them(bar: Sidebar) -> None:
    begun: list[Any] = [slider.value for slider in bar.sampling[: len(OWN)]]
    assert begun == bar.defaults.value == drawn(Sampling())


def test_untouched_sliders_go_to_the_models_own_figures(bar: Sidebar) -> None:
    moved = follow(bar, drawn(Sampling()), drawn(Sampling()), COOL)
    assert [moved[slider] for slider in bar.sampling[:5]] == [0.25, 0.9, 7, 0.2, 1.1] == moved[bar.defaults]
    assert follow(bar, drawn(COOL), drawn(COOL), Sampling())[bar.sampling[0]] == Sampling().temperature


@pytest.mark.parametrize("at", range(5))
def test_a_slider_that_was_moved_keeps_them_all(bar: Sidebar, at: int) -> None:
    shown = drawn(Sampling())
    shown[at] += 0.01
    assert follow(bar, shown, drawn(Sampling()), COOL) == {}
