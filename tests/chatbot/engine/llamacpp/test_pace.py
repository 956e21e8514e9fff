"""How long the steps are in which a prompt is read."""

from chatbot.engine.llamacpp.pace import HALF, LEAST, MOST, STEP, Pace


def test_a_step_takes_as_long_as_a_stop_may_wait() -> None:
    pace = Pace()
    assert pace.tokens(0) == LEAST, "nothing is known"
    pace.saw(0, 64, 0.2)
    assert pace.tokens(0) == int(320 * STEP)
    assert STEP <= 0.5, "a Stop ends within half a second"


def test_deeper_than_was_ever_read_attention_is_expected_to_take_its_time() -> None:
    pace = Pace()
    pace.saw(HALF, 1000, 1.0)
    assert pace.tokens(HALF - 1) == int(1000 * STEP), "of the same depth, and attention takes no more there"
    assert pace.tokens(HALF + 2 * HALF) == int(500 * STEP), "twice what was computed for a token"
    pace.saw(3 * HALF, 64, 0.2)
    assert pace.tokens(3 * HALF) == int(320 * STEP), "what was seen counts"
    assert pace.tokens(HALF) == int(1000 * STEP)


def test_steps_are_bounded_on_fast_and_slow_machines() -> None:
    pace = Pace()
    pace.saw(0, 512, 0.01)
    assert pace.tokens(0) == MOST == 512, "llama.cpp's own batch"
    pace.saw(0, 64, 60)
    assert pace.tokens(0) == LEAST == 64, "the rows that llama.cpp's attention takes at once"
