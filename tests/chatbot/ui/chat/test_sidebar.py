"""The sliders follow the model, and never a hand that moved them."""

import re
from typing import Any

import gradio as gr
import pytest

from chatbot.store.values import Turn
from chatbot.types import Message, Sampling
from chatbot.ui.chat.sampling import OWN, drawn
from chatbot.ui.chat.sidebar import VOICE, Sidebar, brand_html, build_sidebar, follow, voice_html
from chatbot.ui.chat.turns.render import bars
from chatbot.ui.look import head
from chatbot.ui.parts.localise import Localised
from chatbot.ui.strings.words import languages, text

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


@pytest.mark.parametrize("language", languages())
def test_voice_is_off_and_says_where_the_sound_goes_before_it_is_switched_on(language: str) -> None:
    html = voice_html(language)
    assert 'type="checkbox">' in html and "checked" not in html
    assert text("voice_info", language) in html and "Google" in html and "Apple" in html


def test_the_script_says_nothing_that_the_page_has_no_words_for() -> None:
    asked = set(re.findall(r"words\(\)\.(\w+)", head()))
    assert asked and asked == {*VOICE}
    for name in asked:
        assert f'data-{name}="{text(f"voice_{name}", "es")}"' in brand_html("es")


def test_an_answer_can_be_read_aloud() -> None:
    turn = Turn(1, Message("assistant", "Hello"))
    assert f'data-say aria-label="{text("voice_say", "en")}"' in bars([turn], "en")
