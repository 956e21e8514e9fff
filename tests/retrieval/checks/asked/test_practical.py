"""Questions of practice, which people ask rules in their own words, and questions of fact."""

import pytest

from retrieval.checks.asked.practical import practical


@pytest.mark.parametrize(
    "question",
    [
        "How do I cancel?",
        "Can they throw me out?",
        "My watch was stolen, will they pay for it?",
        "Is the battery covered?",
        "Are dogs allowed on the lawn?",
        "What happens if a guest comes late?",
        "Does a tenant have to paint the walls?",
        "I left early. Do I get money back?",
        "公司不给我签合同怎么办？",
        "试用期最长多久？",
        "热水器坏了谁修？",
        "合同里必须写哪些东西？",
        "能用钢丝球刷锅吗？",
        "押金什么时候能退？",
        "加班费怎么算？",
    ],
)
def test_a_question_of_practice(question: str) -> None:
    assert practical(question)


@pytest.mark.parametrize(
    "question",
    [
        "When did World War I end?",
        "Did Elizabeth I reign for long?",
        "Who owns the gym?",
        "How many seats does the hall have?",
        "What can be described as a string over an alphabet?",
        "Which group can amend the constitution?",
        "谁发明了电话？",
        "什么可以被描述为字母表上的字符串？",
        "哪个群体可以修订宪法？",
        "灯塔有多高？",
        "功能由什么主要部分组成？",
    ],
)
def test_a_question_of_fact(question: str) -> None:
    assert not practical(question)
