"""About a document, one of its parts, and who wrote it."""

import pytest

from tests.chatbot.tasks.answer.routes.conftest import Asked

BOOK = """# House rules

Written by Helena Marsh.

These rules tell everybody what may be done in the house.

## 1 Doors

### 1.1 Keys

Each flat has three keys. A lost key costs 40 euros.

### 1.2 Hours

The door is locked at ten.

## 2 Noise

Quiet is kept from one to three.
"""
LAW = "# 规定\n\n市政府办公室起草。\n\n## 第一章 总则\n\n第一条 为了安全，制定本规定。\n\n## 第二章 船员\n\n第二条 船员应当持证。\n"
LEASE = "# 租赁合同\n\n1. 甲方将房屋出租给乙方。\n2. 租金每月三千元。\n3. 押金为两个月租金。\n"
STEPS = "# Start\n\n(i) Close the door.\n(ii) Open the valve.\n(iii) Start the pump.\n"


def test_what_it_is_about_is_told_by_its_beginning_and_its_headings(asked: Asked) -> None:
    given = asked("What is this document about?", {"book.md": BOOK})
    assert "These rules tell everybody what may be done in the house." in given.text
    assert given.text.splitlines()[-1] == "1 Doors · 2 Noise"
    assert given.found.route == "whole"


def test_a_document_with_warnings_is_told_like_any_other(asked: Asked) -> None:
    given = asked(
        "What is this document about?", {"book.html": "<h1>House rules</h1><p>Quiet is kept.</p><img src=a.png />"}
    )
    assert given.found.sources[0].document.warnings
    assert "Quiet is kept." in given.text


@pytest.mark.parametrize(
    ("text", "question", "said"),
    [
        (BOOK, "Who wrote the book?", "Written by Helena Marsh."),
        (LAW, "这个规定是谁起草的？", "市政府办公室起草。"),
    ],
)
def test_who_wrote_it(asked: Asked, text: str, question: str, said: str) -> None:
    assert asked(question, {"book.md": text}).text == said


def test_nobody_is_made_up_who_wrote_it(asked: Asked) -> None:
    given = asked("Who wrote this document?", {"note.txt": "Ada Byron said that the boat is old. It is for sale."})
    assert given.status == "not_found"


@pytest.mark.parametrize(
    ("text", "question", "holds", "lacks"),
    [
        (BOOK, "Summarize section 1.1.", "A lost key costs 40 euros.", "locked"),
        (BOOK, "What does section 2 say?", "Quiet is kept", "key"),
        (LAW, "第二章讲了什么？", "船员应当持证", "为了安全"),
        (LAW, "第一条规定了什么？", "为了安全", "持证"),
        (LEASE, "第三条说什么？", "押金为两个月租金", "每月"),
        (LEASE, "第2款的内容是什么？", "租金每月三千元", "押金"),
        (LEASE, "What does clause III say?", "押金为两个月租金", "每月"),
        (STEPS, "What is the second step?", "Open the valve.", "pump"),
        (STEPS, "What does point 3 say?", "Start the pump.", "valve"),
    ],
)
def test_a_part_is_found_by_its_number(asked: Asked, text: str, question: str, holds: str, lacks: str) -> None:
    given = asked(question, {"book.md": text})
    assert holds in given.text
    assert lacks not in given.text
    assert given.found.route == "part"
