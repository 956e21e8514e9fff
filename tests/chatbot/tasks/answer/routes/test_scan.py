"""Counted, listed and compared are all items, by the program, or nothing is."""

import pytest

from chatbot.tasks.answer.routes import scan
from tests.chatbot.tasks.answer.routes.conftest import Asked

BOATS = """# Boats

| Boat | Built | Length (m) | Hull | Price (euros) |
|---|---|---|---|---|
| Albatross | 1911 | 18 | oak | 41,000 |
| Bittern | 1986 | 7 | steel | 9,500 |
| Curlew | 2003 | 24 | steel | 120,000 |
| Dunlin | 1954 | 11 | oak | 15,000 |
| Total | | 60 | | 185,500 |

The Curlew was painted in 2019.
"""
TEAMS = """# Teams

## North

North is led by Ada Byron. Its budget is 300 crowns.

## South

South is led by Max Born. Its budget is 900 crowns.

## West

West is led by Ada Byron. Its budget is 500 crowns.
"""
SHIPS = """# 船只清单

| 船名 | 船长 | 建造年份 | 造价（万元） | 港口 |
|---|---|---|---|---|
| 白鹭号 | 林海 | 1998 | 120 | 东港 |
| 青松号 | 周强 | 2011 | 340 | 西港 |
| 远山号 | 林海 | 2005 | 95 | 东港 |
"""
LAW = "# 规定\n\n第一条 为了安全，制定本规定。\n\n第二条 船员应当具备以下证件：\n（一）身份证；\n（二）健康证。\n\n第三条 本规定自发布之日起施行。\n"


@pytest.mark.parametrize(
    ("text", "question", "said"),
    [
        (BOATS, "How many boats are there?", "4: Albatross, Bittern, Curlew, Dunlin"),
        (BOATS, "How many steel boats are there?", "2: Bittern, Curlew"),
        (BOATS, "How many boats were built before 1960?", "2: Albatross, Dunlin"),
        (BOATS, "How many boats were built since 1986?", "2: Bittern, Curlew"),
        (BOATS, "How many boats were built after 1986?", "1: Curlew"),
        (BOATS, "Which boat is the longest?", "Curlew: Length (m) 24"),
        (BOATS, "Which boat is the oldest?", "Albatross: Built 1911"),
        (BOATS, "What is the cheapest boat?", "Bittern: Price (euros) 9,500"),
        (BOATS, "Which of the oak boats is the shortest?", "Dunlin: Length (m) 11"),
        (TEAMS, "How many teams does Ada Byron lead?", "2: North, West"),
        (TEAMS, "List all teams led by Ada Byron.", "North\nWest"),
        (TEAMS, "Which team has the biggest budget?", "South: Its budget is 900 crowns."),
        (TEAMS, "How many teams have a budget of more than 400 crowns?", "2: South, West"),
        (SHIPS, "一共有多少艘船？", "3: 白鹭号, 青松号, 远山号"),
        (SHIPS, "林海是几艘船的船长？", "2: 白鹭号, 远山号"),
        (SHIPS, "哪艘船的造价最高？", "青松号: 造价（万元） 340"),
        (LAW, "一共有多少条？", "3: 第一条, 第二条, 第三条"),
        (LAW, "船员应当具备哪些证件？", "身份证\n健康证"),
    ],
)
def test_all_of_them(asked: Asked, text: str, question: str, said: str) -> None:
    given = asked(question, {"list.md": text})
    assert given.text == said
    assert {one.verdict for one in given.sentences} == {"supported"}
    assert all(one.citations for one in given.sentences)


def test_what_stands_in_no_item_is_not_counted(asked: Asked) -> None:
    given = asked("How many boats were stolen?", {"boats.md": BOATS}, "Two boats were stolen in 2019.")
    assert given.note == "uncounted"
    assert not any(one.verdict == "supported" for one in given.sentences)


def test_figures_of_several_units_are_not_compared(asked: Asked) -> None:
    table = "| Parcel | Weight |\n|---|---|\n| A | 900 grams |\n| B | 2 kilograms |\n| C | 3 kilograms |\n"
    given = asked("Which parcel is the heaviest?", {"parcels.md": "# Parcels\n\n" + table}, "Parcel A.")
    assert (given.found.route, given.note) == ("passages", "uncounted")


def test_a_number_that_a_passage_states_is_an_answer(asked: Asked) -> None:
    text = "The harbour has 212 boats. It was dug in 1904."
    given = asked("How many boats are there?", {"harbour.txt": text}, "The harbour has 212 boats.")
    assert (given.note, given.sentences[0].verdict) == ("", "supported")


def test_an_extreme_that_no_passage_states_is_not_supported(asked: Asked) -> None:
    text = "The boat Curlew is 24 metres long. The Heron was built in 1904 and is old."
    given = asked("Which boat is the longest?", {"harbour.txt": text}, "The boat Curlew is 24 metres long.")
    assert not any(one.verdict == "supported" for one in (*given.sentences, *given.quotes))
    assert given.note == "uncounted"


def test_of_many_the_first_forty_are_named_and_all_are_counted(asked: Asked) -> None:
    text = "# Teams\n\n" + "".join(f"## Team {n}\n\nTeam {n} has {n + 3} members.\n\n" for n in range(1, 64))
    given = asked("How many teams are listed?", {"teams.md": text})
    assert given.text.startswith("63: Team 1, ")
    assert given.text.endswith("Team 40 …")
    assert len(given.citations) == scan.LISTED == 40
