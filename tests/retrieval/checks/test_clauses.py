"""A sentence made of a text's own words that the text does not say: each rule by what it refuses and by what it lets pass."""

import pytest

from retrieval.checks.claims import read
from retrieval.checks.clauses.unspaced import changed
from retrieval.checks.verify import verify
from retrieval.types import Passage
from tests.bench.documents.checks import pairs

SHOP = "The lamp costs 40 euros, and the chair costs 90 euros. Its delivery takes two weeks."
TOWERS = "North Tower is 80 metres high. South Tower was built by Ida Krog in 1920. It is 60 metres high."
RULES = (
    "Members who joined before 2010 pay 20 euros; all others pay 50. Guests may use the pool only in the morning. "
    "If it rains, the course is held in the hall."
)
FIRM = "Exports rose from 5 million in 2001 to 7 million in 2002, and imports fell. Berg sold the mill to Dahl in 2003."
KOREA = "甲方应于五日内付款，乙方应于十日内交货。冬季停止供水，夏季恢复供水。海燕队战胜了山鹰队。"


def label(sentence: str, text: str) -> str:
    return verify(sentence, [Passage(1, 0, len(text), text)]).label


@pytest.mark.parametrize(
    ("sentence", "text", "supported"),
    [
        ("The chair costs 90 euros.", SHOP, True),
        ("The chair costs 40 euros.", SHOP, False),
        ("The lamp costs 90 euros.", SHOP, False),
        ("South Tower is 60 metres high.", TOWERS, True),
        ("North Tower is 60 metres high.", TOWERS, False),
        ("South Tower is 80 metres high.", TOWERS, False),
        ("Ida Krog built North Tower.", TOWERS, False),
        ("Members who joined before 2010 pay 20 euros.", RULES, True),
        ("Members who joined before 2010 pay 50 euros.", RULES, False),
        ("All members pay 20 euros.", RULES, False),
        ("Guests may use the pool only in the morning.", RULES, True),
        ("Guests may use the pool.", RULES, False),
        ("The course is held in the hall if it rains.", RULES, True),
        ("The course is held in the hall.", RULES, False),
        ("Exports rose to 7 million in 2002.", FIRM, True),
        ("Exports were 7 million in 2001.", FIRM, False),
        ("Exports fell from 5 million in 2001 to 7 million in 2002.", FIRM, False),
        ("Imports rose.", FIRM, False),
        ("Dahl sold the mill to Berg in 2003.", FIRM, False),
        ("乙方应于十日内交货。", KOREA, True),
        ("甲方应于十日内付款。", KOREA, False),
        ("甲方应于十日内交货。", KOREA, False),
        ("夏季停止供水。", KOREA, False),
        ("海燕队战胜了山鹰队。", KOREA, True),
        ("山鹰队战胜了海燕队。", KOREA, False),
    ],
)
def test_a_word_counts_where_it_stands(sentence: str, text: str, supported: bool) -> None:
    assert (label(sentence, text) == "supported") == supported


def test_what_a_question_calls_all_is_not_the_answers() -> None:
    text = "Guests pay 5 euros."
    given = [Passage(1, 0, len(text), text)]
    assert verify("All guests pay 5 euros.", given, question="What do all guests pay?").label == "supported"
    assert verify("All guests pay 5 euros.", given, question="What do guests pay?").label != "supported"


FIGURES = {("fit", "en"): (42, 3, 2), ("fit", "zh"): (42, 2, 2), ("held", "en"): (36, 7, 6), ("held", "zh"): (11, 3, 4)}


@pytest.mark.parametrize("half", FIGURES)
def test_pairs_come_out_as_measured(half: tuple[str, str]) -> None:
    """True sentences supported and contradicted, false ones supported: whichever rule or threshold moves, these do."""
    found = pairs.judged([one for one in pairs.read() if (one.half, one.language) == half], None)
    true = [verdict for kind, _, verdict in found if kind == "true"]
    false = [verdict for kind, _, verdict in found if kind != "true"]
    assert (true.count("supported"), true.count("contradicted"), false.count("supported")) == FIGURES[half]


@pytest.mark.parametrize(("cosine", "supported"), [(0.91, False), (0.93, True)])
def test_what_is_said_in_other_words_lies_near(cosine: float, supported: bool) -> None:
    given = [Passage(1, 0, len(SHOP), SHOP)]
    verdict = verify("The lamp is for sale at 40 euros.", given, similarity=lambda text, others: [cosine])
    assert (verdict.label == "supported") == supported


@pytest.mark.parametrize(
    ("sentence", "copied"), [("夜班工人每月领三份补贴。", True), ("夜班师傅如今另领三份补贴。", False)]
)
def test_one_character_in_anothers_place_counts_in_a_copy_only(sentence: str, copied: bool) -> None:
    assert bool(changed(read(sentence), read(""), [read("白班工人每月领三份补贴。")])) == copied
