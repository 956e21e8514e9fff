"""Two sides of a comparison, two versions, two documents that do not agree."""

import pytest

from chatbot.tasks.answer.routes.sides import sides
from tests.chatbot.tasks.answer.routes.conftest import Asked
from tests.chatbot.tasks.answer.routes.test_scan import BOATS, SHIPS, TEAMS

OLD = "# Rules 2021\n\nThe gate closes at 9.\n\nDogs are welcome on the lawn.\n\nA ticket costs 4 euros.\n"
NEW = "# Rules 2023\n\nThe gate closes at 9.\n\nA ticket costs 6 euros.\n\nGroups must book by letter a week before.\n"


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("Which is longer, Cinder Bridge or Fuller's Span?", ("Cinder Bridge", "Fuller's Span")),
        ("Does Coral or Granite have the bigger budget?", ("Coral", "Granite")),
        ("How did sales change from 2021 to 2022?", ("2021", "2022")),
        ("污水处理厂和地下停车场哪个预算更多？", ("污水处理厂", "地下停车场")),
        ("休息日加班和法定休假日加班的加班费有什么区别？", ("休息日加班", "法定休假日加班")),
    ],
)
def test_the_sides_of_a_question(question: str, names: tuple[str, str]) -> None:
    both = sides(question)
    assert both
    assert tuple(side.name for side in both) == names
    assert names[1] not in both[0].question


@pytest.mark.parametrize(
    ("text", "question", "said"),
    [
        (BOATS, "Which is longer, Albatross or Dunlin?", "Albatross: Length (m) 18\nDunlin: Length (m) 11"),
        (BOATS, "Which is older, Bittern or Curlew?", "Bittern: Built 1986\nCurlew: Built 2003"),
        (
            TEAMS,
            "Does North or West have the bigger budget?",
            "West: Its budget is 500 crowns.\nNorth: Its budget is 300 crowns.",
        ),
        (SHIPS, "白鹭号和远山号哪个造价更高？", "白鹭号: 造价（万元） 120\n远山号: 造价（万元） 95"),
    ],
)
def test_what_both_sides_have_the_winner_first(asked: Asked, text: str, question: str, said: str) -> None:
    assert asked(question, {"list.md": text}).text == said


def test_what_changed_between_two_versions(asked: Asked) -> None:
    given = asked("What changed between the 2021 and the 2023 rules?", {"new.md": NEW, "old.md": OLD})
    assert given.text.splitlines() == [
        "Rules 2021 → Rules 2023",
        "− Dogs are welcome on the lawn.",
        "A ticket costs 4 euros. → A ticket costs 6 euros.",
        "+ Groups must book by letter a week before.",
    ]


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        ("How much is a ticket?", "A ticket costs 4 euros.", "A ticket costs 6 euros."),
        ("When was the tower finished?", "The tower was finished in 1871.", "The old tower was finished in 1878."),
        ("员工每年有多少天年假？", "员工每年有10天带薪年假。", "员工每年有12天带薪年假。"),
        ("灯塔的门票多少钱？", "灯塔的门票20元。", "灯塔每年四月至十月对游客开放，门票15元。"),
        ("请假由谁批准？", "请假由部门经理批准。", "请假由人事部批准。"),
        ("年会在什么时候举行？", "年会将于12月20日在上海举行。", "年会将于12月27日在杭州举行。"),
        ("When is the meeting?", "The meeting is held on 3 May in Oslo.", "The meeting is held on 10 May in Bergen."),
        ("When is the meeting?", "The meeting is held on Monday.", "The meeting is held on Friday."),
        (
            "When was the tower finished?",
            "The stone tower was finished in 1871.",
            "The old tower was finished in 1878.",
        ),
    ],
)
def test_documents_that_do_not_agree_are_both_shown(asked: Asked, question: str, one: str, other: str) -> None:
    given = asked(question, {"one.txt": one, "other.txt": other})
    assert given.note == "disagree"
    assert sorted(given.text.splitlines()) == sorted([one, other])
    assert len({citation.document for citation in given.citations}) == 2


@pytest.mark.parametrize(
    ("question", "one", "other"),
    [
        ("How much is a ticket?", "A ticket costs 4 euros.", "A ticket costs 4 euros for everybody."),
        ("报名截止到什么时候？", "员工须在12月1日前报名截止。", "报名于12月1日截止。"),
        (
            "When is the meeting?",
            "The meeting of the board was announced on 3 May by the chairman.",
            "On 10 June the meeting ended with a dinner.",
        ),
        (
            "When was the tower finished?",
            "The big stone tower was finished in 1871.",
            "The old brick tower was finished in 1878.",
        ),
        (
            "How many days of leave do managers have?",
            "Managers have 30 days of leave.",
            "Employees have 25 days of leave.",
        ),
        (
            "When was the tower finished?",
            "The tower was finished in 1871.",
            "The bridge over the Borna was finished in 1902.",
        ),
    ],
)
def test_documents_that_speak_of_other_things_do_not_disagree(
    asked: Asked, question: str, one: str, other: str
) -> None:
    assert asked(question, {"one.txt": one, "other.txt": other}, one).note == ""
