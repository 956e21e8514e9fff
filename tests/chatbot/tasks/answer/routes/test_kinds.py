"""Which kind of question is asked, in English and Chinese."""

import pytest

from chatbot.tasks.answer.routes.kinds import Kind
from chatbot.tasks.answer.routes.route import route_of


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What is this document about?", "whole"),
        ("Can you summarize this file?", "whole"),
        ("Give me a short summary of the minutes.", "whole"),
        ("Summarize section 3.2.", "part"),
        ("What does clause 2.2 say?", "part"),
        ("Who wrote the handbook?", "author"),
        ("Who sent the mail?", "author"),
        ("What is the message about?", "whole"),
        ("这封邮件是谁发的？", "author"),
        ("How many projects does Nora Lindt lead?", "count"),
        ("List all projects led by Karim Osei.", "list"),
        ("Which bridge is the longest?", "extreme"),
        ("What changed between the 2023 and the 2024 rules?", "change"),
        ("Does Coral or Granite have the bigger budget?", "sides"),
        ("这份文件讲的是什么？", "whole"),
        ("总结一下这份报告", "whole"),
        ("概括一下第四章的内容。", "part"),
        ("这个条例是谁起草的？", "author"),
        ("一共有多少个项目？", "count"),
        ("列出所有位于江岸区的项目。", "list"),
        ("合同里必须写哪些东西？", "list"),
        ("哪个项目的预算最高？", "extreme"),
        ("新版手册和旧版相比有什么变化？", "change"),
        ("污水处理厂和地下停车场哪个预算更多？", "sides"),
    ],
)
def test_kinds(question: str, kind: Kind) -> None:
    assert route_of(question) == kind


@pytest.mark.parametrize(
    "question",
    [
        "When was the lighthouse finished?",
        "How many days of paid leave do employees have?",
        "员工每年有多少天年假？",
        "Who wrote Hamlet?",
        "What was the main idea of James Hutton's paper?",
        "《医学宝鉴》的作者是谁?",
        "What is in the forest?",
        "公司能扣我的身份证吗？",
    ],
)
def test_what_a_passage_answers_goes_to_passages(question: str) -> None:
    assert route_of(question) == "passages"
