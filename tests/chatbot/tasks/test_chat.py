"""The chat task: what is cleaned, what is left out, and that it is said."""

import pytest

from chatbot.common.errors import ContextOverflow, InputError
from chatbot.engine.base import collect
from chatbot.engine.scripted import ScriptedEngine
from chatbot.tasks.budget import fit
from chatbot.tasks.chat import MAX_CHARACTERS, alternate, clean, reply, title_of
from chatbot.types import Message, Sampling


def conversation(turns: int) -> list[Message]:
    return [Message("user" if n % 2 == 0 else "assistant", f"word{n} " * 20) for n in range(turns)]


def test_the_oldest_turns_go_first_and_the_system_prompt_never() -> None:
    engine = ScriptedEngine(["ok"], context_window=400)
    system = Message("system", "Be kind.")
    fitted = fit(engine, [system, *conversation(41)], Sampling(max_tokens=50))
    assert fitted.left_out > 0
    assert fitted.messages[0] == system
    assert fitted.messages[1].role == "user"
    assert fitted.messages[1:] == tuple(conversation(41)[fitted.left_out :])
    assert fitted.prompt + fitted.sampling.max_tokens <= 400
    one_turn_more = [system, *conversation(41)[fitted.left_out - 2 :]]
    assert engine.count_prompt(one_turn_more) + 50 > 400, "a turn was left out that would have fitted"


def test_nothing_is_left_out_of_what_fits() -> None:
    fitted = fit(ScriptedEngine(["ok"], context_window=400), conversation(3), Sampling(max_tokens=50))
    assert (fitted.left_out, fitted.sampling.max_tokens) == (0, 50)


@pytest.mark.parametrize(("words", "left_out", "room"), [(294, 0, 100), (295, 2, 103)])
def test_the_answer_gives_way_down_to_a_quarter_of_the_window_and_then_the_turns(
    words: int, left_out: int, room: int
) -> None:
    turns = [Message("user", "Hi"), Message("assistant", "Hello"), Message("user", " ".join(["word"] * words))]
    fitted = fit(ScriptedEngine(context_window=400), turns, Sampling(max_tokens=400))
    assert (fitted.left_out, fitted.sampling.max_tokens) == (left_out, room)


def test_a_message_that_cannot_fit_is_refused_with_its_figures() -> None:
    with pytest.raises(ContextOverflow) as fault:
        fit(ScriptedEngine(["ok"], context_window=100), [Message("user", "word " * 200)], Sampling())
    assert fault.value.details["window"] == 100
    assert int(str(fault.value.details["prompt"])) >= 200


def test_reply_sends_the_system_prompt_and_streams() -> None:
    engine = ScriptedEngine(["Good day."])
    answered = reply(engine, [Message("user", "Hi")], Sampling(), system_prompt="Be brief.")
    assert collect(answered.chunks).text == "Good day."
    assert list(engine.prompts[-1]) == [Message("system", "Be brief."), Message("user", "Hi")]


def test_a_history_that_does_not_alternate_is_joined() -> None:
    history = [Message("user", "a"), Message("user", "b"), Message("assistant", "c")]
    assert alternate(history) == [Message("user", "a\n\nb"), Message("assistant", "c")]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" a\r\nb\rc ", "a\nb\nc"),
        ("a\x00\x07b\x1b[31m", "ab[31m"),
        ("tab\tstays", "tab\tstays"),
        ("\ud83d\ude00", "😀"),
        ("x\ud800y", "x\ufffdy"),
        ("你好\u3000世界", "你好\u3000世界"),
    ],
)
def test_clean(typed: str, kept: str) -> None:
    assert clean(typed) == kept
    kept.encode("utf-8")


@pytest.mark.parametrize("typed", ["", "  \n\t", "\x00\x01", "a" * (MAX_CHARACTERS + 1)])
def test_what_cannot_be_sent_is_refused(typed: str) -> None:
    with pytest.raises(InputError):
        clean(typed)


def test_titles_are_cut_at_words() -> None:
    assert title_of("Short") == "Short"
    long = title_of("Explain to me in great detail how a banyan tree grows its many trunks")
    assert len(long) <= 50
    assert long.endswith("…")
    assert long[:-1] in "Explain to me in great detail how a banyan tree grows its many trunks"
    assert len(title_of("这是一个没有空格的很长的中文标题" * 10)) <= 50
