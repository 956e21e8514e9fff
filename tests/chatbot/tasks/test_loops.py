"""Where an answer loops it is ended; what people repeat on purpose is left alone."""

from collections.abc import Iterator

import pytest

from chatbot.engine.base import collect
from chatbot.engine.scripted import ScriptedEngine
from chatbot.tasks.chat import reply
from chatbot.tasks.loops import loops, until_it_loops
from chatbot.types import Chunk, Message, Sampling, Usage

# What the bundled model said over and over when it was asked `tests/bench/requests.jsonl`, greedy and at temperature 0.7.
SAID = {
    "chinese": '你可以在这个文章中提到，"检查人员在两根桥墩上发现了裂缝，公交车将绕行"。',
    "paragraphs": "这是一种短信的方式，你可以在这里提供一条短信。\n\n",
    "two lines": "你可能有多少个月？\n\n你可能有多少个月？\n\n这是一个糖的语法解释，",
    "two characters": "生命的",
    "names": "Wei: John: ",
    "sentences": "It's a powerful metaphor that has been used to represent different aspects of life, and it continues to be used "
    "in various cultural traditions.\n\nThe use of colors in art has been used for centuries to represent different aspects "
    "of life, and it continues to be used in various cultural traditions. ",
    "code": "### example where to use the function with a special argument\n```python\ndef reverse_list(input_list, n=10):\n"
    "    return list(reversed(list(reversed(input_list))))\n```\n\n",
}


@pytest.mark.parametrize("words", SAID.values(), ids=SAID)
def test_what_the_bundled_model_says_over_and_over_is_a_loop(words: str) -> None:
    assert loops("Here is the answer: " + words * (4 + 600 // len(words)))


def test_a_list_that_says_one_thing_under_every_number_is_a_loop() -> None:
    assert loops("\n".join(f"{n}. Read a good book by the fire." for n in range(1, 21)))


MEANT = {
    "counting": ", ".join(map(str, range(1, 101))),
    "counting in lines": "\n".join(f"{n}." for n in range(1, 101)),
    "counting in Chinese": "\n".join(f"{n}、第{n}天" for n in range(1, 101)),
    "squares": "\n".join(f"The square of {n} is {n * n}." for n in range(1, 60)),
    "laughing": "Ha " * 40,
    "laughing in Chinese": "哈" * 60,
    "a wide table": "|" + " --- |" * 30 + "\n" + "| 0 | 0 | 0 | 0 |\n" * 15,
    "a matrix": "[" + ",\n ".join("[" + ", ".join(["0"] * 8) + "]" for _ in range(8)) + "]",
    "lines to be written ten times": "I must not talk in class.\n" * 10,
    "a chorus": "We all live in a yellow submarine, yellow submarine, yellow submarine\n" * 3,
    "closing tags": "<div>" * 30 + "</div>" * 30,
    "code": "    if (x) {\n        y();\n    }\n" * 6,
    "fizz buzz": "\n".join("Fizz" * (n % 3 == 0) + "Buzz" * (n % 5 == 0) or str(n) for n in range(1, 101)),
    "a rule": "=" * 120,
    "a refrain": "".join(
        f"Verse {n} is a new one.\nRow, row, row your boat,\nGently down the stream.\n" for n in range(40)
    ),
}


@pytest.mark.parametrize("text", MEANT.values(), ids=MEANT)
def test_what_is_repeated_on_purpose_is_none(text: str) -> None:
    assert not any(loops(text[:end]) for end in range(0, len(text) + 1, 10))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a" * 399, False),
        ("a" * 400, True),
        ("一" * 159, False),  # of 2.5 letters each
        ("一" * 160, True),
        (f"{'abc' * 40}d" * 3, False),  # 363 letters, and only three times
        (f"{'abcdefgh' * 20}!" * 4, True),
        (f"{'abc' * 49}d" * 3, False),  # 444 letters, but three times
        (f"{'abc' * 49}d" * 4, True),
    ],
)
def test_so_often_and_so_much_is_a_loop(text: str, found: bool) -> None:
    assert loops(text) is found


def test_an_answer_is_ended_where_it_loops_and_says_why() -> None:
    engine = ScriptedEngine(["Well. " + "生命的" * 2000], context_window=8000)
    done = collect(reply(engine, [Message("user", "什么是光合作用？")], Sampling(max_tokens=6000)).chunks)
    assert done.finish == "loop"
    assert 160 <= len(done.text) <= 240
    assert done.usage == Usage(
        engine.count_prompt([Message("user", "什么是光合作用？")]), engine.count_tokens(done.text)
    )
    assert engine.load()["running"] == 0


def test_what_was_said_before_counts_when_it_is_gone_on_with() -> None:
    closed = []

    def chunks() -> Iterator[Chunk]:
        try:
            yield from [Chunk("ab " * 25, 25) for _ in range(9)]
        finally:
            closed.append(True)

    found = list(until_it_loops(chunks(), lambda: 7, begun="ab " * 120))
    assert [chunk.finish for chunk in found] == [None, "loop"]
    assert found[-1].usage == Usage(7, 25)
    assert closed == [True]
