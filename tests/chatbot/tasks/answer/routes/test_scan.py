"""Counted, listed and compared are all items, by the program, or nothing is."""

import pytest

from chatbot.tasks.answer.routes import scan
from tests.chatbot.tasks.answer.routes.conftest import Asked

BOATS = """# Boats

| Boat | Built | Length (m) | Hull | Price (euros) | Trips a year |
|---|---|---|---|---|---|
| Albatross | 1911 | 18 | oak | 41,000 | 90 |
| Bittern | 1986 | 7 | steel | 9,500 | 12 |
| Curlew | 2003 | 24 | steel | 120,000 | 4 |
| Dunlin | 1954 | 11 | oak | 15,000 | 70 |
| Total | | 60 | | 185,500 | 176 |

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
STAFF = "# Staff\n\n- Ada Holm, engineer, Oslo\n- Ben Ode, senior cook, Bergen\n- Cara Lund, engineer, Oslo\n\n- Finn Aas, cook, Oslo\n"
CREW = "# 员工\n\n- 张伟，工程师，北京\n- 李娜，高级工程师，上海\n- 王芳，司机，北京\n"
RAIN = """# Rain

| Station | River | Rain | Rain | Opened |
| Station | River | 2021 | 2022 | Opened |
|---|---|---|---|---|
| Hill | Borna | 9 | -4 | 12 June 1911 |
| Quay | Tove | 7 | (8) | 3 May 1904 |
| Wood | Borna | 8 | | 1 May 1920 |
"""
MIXERS = "# Mixers\n\n| Mixer | Weight in kg | Power in watts | Noise in dB |\n|---|---|---|---|\n| Rondo 2 | 2.4 | 500 | 71 |\n| Rondo 4 | 2.9 | 900 | 64 |\n"
POTS = "# 规格\n\n| 型号 | 净重 | 功率 | 噪音 |\n|---|---|---|---|\n| HT-30 | 2.8千克 | 560瓦 | 58分贝 |\n| HT-40 | 3.5千克 | 770瓦 | 52分贝 |\n"
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
        (
            STAFF,
            "How many people are on the list?",
            "4: Ada Holm, engineer, Oslo; Ben Ode, senior cook, Bergen; Cara Lund, engineer, Oslo; Finn Aas, cook, Oslo",
        ),
        (STAFF, "How many cooks are there?", "2: Ben Ode, senior cook, Bergen; Finn Aas, cook, Oslo"),
        (STAFF, "How many engineers live in Oslo?", "2: Ada Holm, engineer, Oslo; Cara Lund, engineer, Oslo"),
        (STAFF, "How many people work in Bergen?", "1: Ben Ode, senior cook, Bergen"),
        (CREW, "名单上有几个人？", "3: 张伟，工程师，北京; 李娜，高级工程师，上海; 王芳，司机，北京"),
        (CREW, "一共有几名工程师？", "2: 张伟，工程师，北京; 李娜，高级工程师，上海"),
        (
            RAIN,
            "Which station had the most rain in 2022?",
            "Hill: Rain, 2022 -4\nLeft out, since they have no figure there: 1",
        ),
        (RAIN, "Which station had less rain in 2021, Hill or Quay?", "Quay: Rain, 2021 7\nHill: Rain, 2021 9"),
        (RAIN, "How many rivers are listed?", "2: Hill, Quay"),
        (RAIN, "Which station is the oldest?", "Quay: Opened 3 May 1904"),
        (SHIPS, "白鹭号和远山号哪个贵？", "白鹭号: 造价（万元） 120\n远山号: 造价（万元） 95"),
        (SHIPS, "哪艘船最便宜？", "远山号: 造价（万元） 95"),
        (MIXERS, "Which mixer is the loudest?", "Rondo 2: Noise in dB 71"),
        (MIXERS, "Which mixer is the quietest?", "Rondo 4: Noise in dB 64"),
        (MIXERS, "Which mixer is the most powerful?", "Rondo 4: Power in watts 900"),
        (POTS, "哪个型号最轻？", "HT-30: 净重 2.8千克"),
        (POTS, "哪个型号最安静？", "HT-40: 噪音 52分贝"),
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


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("| Parcel | Weight |\n|---|---|\n| A | 900 grams |\n| B | 2 kilograms |\n| C | 3 kilograms |\n", "Which parcel is the heaviest?"),
        ("| Pump | Flow | Head |\n|---|---|---|\n| A | 9 | 2 |\n| B | 2 | 7 |\n", "Which pump is the greatest?"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_told_so_without_the_model(asked: Asked, text: str, question: str) -> None:
    given = asked(question, {"list.md": f"# Parcels and pumps\n\n{text}"})
    assert (given.status, given.found.route, given.note) == ("not_found", "extreme", "uncounted")
    assert given.sources


def test_a_number_that_the_model_made_up_is_not_shown(asked: Asked) -> None:
    text = "The harbour was dug in 1904. Its boats are old."
    given = asked("How many boats are there?", {"harbour.txt": text}, "There are 12 boats.")
    assert "12" not in given.text
    assert (given.note, given.text in text) == ("uncounted", True)


def test_what_stands_in_place_of_a_made_up_number_may_be_of_another_thing(asked: Asked) -> None:
    text = "The Westgate Viaduct was built in 1911. The Eastgate Viaduct is old. It carries two tracks."
    given = asked("How many tracks does the Westgate Viaduct carry?", {"a.txt": text}, "It carries nine tracks.")
    assert given.note == "uncounted"
    assert {one.verdict for one in given.sentences} == {"related"}


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("How many visitors did Quay have in 2021?", "Quay, 2021: 7"),
        ("How many visitors did Wood have in 2022?", "Wood, 2022: not given (the cell is empty)"),
        ("码头2021年有多少游客？", "码头, 2021: 5"),
    ],
)
def test_how_many_of_a_row_and_a_column_is_no_number_of_rows(asked: Asked, question: str, said: str) -> None:
    table = "|  | 2021 | 2022 |\n|---|---|---|\n| Hill | 9 | 4 |\n| Quay | 7 | 8 |\n| Wood | 8 | |\n| 码头 | 5 | 6 |\n"
    given = asked(question, {"table.md": f"# Visitors 游客\n\n{table}"})
    assert (given.text.replace("：", ": "), given.quoted) == (said, "cell")


def test_a_table_goes_on_over_the_end_of_a_page(asked: Asked) -> None:
    rows = "".join(f"| Post {n} | {'x' * 90} | {n} |\n" for n in range(1, 301))
    given = asked(
        "How many stations are there?", {"a.md": f"# Rain\n\n| Station | Note | Rain |\n|---|---|---|\n{rows}"}
    )
    assert given.text.startswith("300: Post 1, ")


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
