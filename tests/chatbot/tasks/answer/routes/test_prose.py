"""Two things that prose speaks of, compared by the program where their figures can be."""

import pytest

from chatbot.tasks.answer.routes.enumerated.extremes import comparative
from chatbot.tasks.answer.routes.figures import Figure, comparable, figures
from tests.chatbot.tasks.answer.routes.conftest import Asked

EAST = "The Eastgate Viaduct is 310 metres long and 32 metres tall. It was finished in 1904 after five years of work and repaired in 1999."
WEST = "The Westgate Viaduct, 0.12 km long and 41 metres tall, was built in 1911 by Nora Vik."
HOTELS = "# Hotels\n\n## Hotel Anker\n\nA room costs 80 euros a night. It has 40 rooms.\n\n## Hotel Krone\n\nA room costs 65 euros a night. It has 22 rooms."
PLANS = (
    "The Basic plan costs 5 euros a month, the Premium plan costs 9 euros a month. Both can be cancelled on any day."
)
DONG = "东门高架桥长310米，高32米，建成于1904年，1999年翻修。"
XI = "西门高架桥全长0.12公里，高41米，由王建国于1911年建造。"
ONE = "东门和西门各有一座桥。\n\n" + DONG + "\n\n" + XI


@pytest.mark.parametrize(
    ("files", "question", "first", "last"),
    [
        ({"a.txt": f"{EAST}\n\n{WEST}"}, "Which viaduct is older?", "Eastgate Viaduct: It was", "Westgate Viaduct"),
        ({"a.txt": EAST, "b.txt": WEST}, "Which viaduct is older?", "Eastgate Viaduct: It was", "Westgate Viaduct"),
        ({"a.txt": EAST, "b.txt": WEST}, "Which viaduct is taller?", "Westgate Viaduct", "Eastgate Viaduct"),
        ({"a.txt": EAST, "b.txt": WEST}, "Which viaduct is longer?", "Eastgate Viaduct", "Westgate Viaduct"),
        (
            {"a.txt": EAST, "b.txt": WEST},
            "Which is shorter, the Eastgate Viaduct or the Westgate Viaduct?",
            "Westgate Viaduct",
            "Eastgate Viaduct",
        ),
        ({"a.txt": PLANS}, "Which plan is cheaper?", "Basic plan", "Premium plan"),
        ({"东.txt": DONG, "西.txt": XI}, "哪座高架桥更早建成？", "东门高架桥", "西门高架桥"),
        ({"桥.txt": ONE}, "东门高架桥和西门高架桥哪个更高？", "西门高架桥", "东门高架桥"),
        ({"桥.txt": ONE}, "哪座高架桥更长？", "东门高架桥", "西门高架桥"),
    ],
)
def test_the_one_that_is_asked_for_comes_first(
    asked: Asked, files: dict[str, str], question: str, first: str, last: str
) -> None:
    given = asked(question, files)
    assert given.note == "ranked"
    assert [line.startswith(name) for line, name in zip(given.text.splitlines(), (first, last), strict=True)] == [
        True
    ] * 2
    assert all(one.verdict == "supported" and one.citations for one in given.sentences)


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Which hotel has more rooms?", ["Hotel Anker", "Hotel Krone"]),
        ("Which hotel has fewer rooms?", ["Hotel Krone", "Hotel Anker"]),
    ],
)
def test_what_stands_under_a_heading_is_of_it(asked: Asked, question: str, said: list[str]) -> None:
    given = asked(question, {"hotels.md": HOTELS})
    assert [line.split(":")[0] for line in given.text.splitlines()] == said


@pytest.mark.parametrize(
    "other",
    [
        "The Westgate Viaduct is a fine sight.",
        "The Westgate Viaduct was opened in 1911. Others write that the Westgate Viaduct was opened in 1913.",
        "The Westgate Viaduct was closed in 1911.",
        "The Westgate Viaduct was opened in 1904.",
    ],
)
def test_nothing_is_decided_where_a_figure_is_not_told(asked: Asked, other: str) -> None:
    question = "Which is older, the Eastgate Viaduct or the Westgate Viaduct?"
    assert asked(question, {"a.txt": EAST, "b.txt": other}).note == ""


@pytest.mark.parametrize(
    ("question", "sentence", "number", "unit"),
    [
        ("Which is older?", "It was founded in 1904 and closed in 1950.", 19040000, "date"),
        ("Which is older?", "It was signed on 3 May 1904.", 19040503, "date"),
        ("Who is older?", "She is 41 years old.", 41, "age"),
        ("Which is longer?", "The contract runs for 2 years.", 2 * 31557600, "time"),
        ("Which is longer?", "It is 9 metres tall and 3 km long.", 3000, "length"),
        ("Which is longer?", "It is 9 metres tall.", None, ""),
        ("Which costs more, is more expensive?", "It cost 300 euros in 2012.", 300, "€"),
        ("Which is heavier?", "它重2吨。", 2000, "weight"),
    ],
)
def test_the_figure_of_a_sentence(question: str, sentence: str, number: float | None, unit: str) -> None:
    wanted = comparative(question)
    assert wanted
    assert [(found.number, found.unit) for found in figures(sentence, wanted, ())] == (
        [(number, unit)] if number else []
    )


def test_a_year_and_a_day_of_it_are_not_compared() -> None:
    year, day = Figure(20240000, "date", "min"), Figure(20240531, "date", "min")
    assert not comparable(year, day)
    assert comparable(day, Figure(20240601, "date", "min"))
    assert comparable(year, Figure(20230000, "date", "min"))
    assert not comparable(Figure(3, "€", "max"), Figure(4, "$", "max"))
