"""Sentences held against passages: what is supported, what is contradicted, and where exactly it stands."""

import gzip
import json
from pathlib import Path

import pytest

from retrieval.checks.negation import negations
from retrieval.checks.numbers import numbers
from retrieval.checks.verify import verify
from retrieval.lab.answers import Collection
from retrieval.types import Passage
from tests.bench.altered import cases
from tests.bench.documents.verification import measure, sample, table, world

DATA = Path(__file__).parents[4] / "shared" / "data" / "dev"


def passages(*texts: str) -> list[Passage]:
    return [Passage(page=1, start=7, end=7 + len(text), text=text) for text in texts]


GAME = passages(
    "The Panthers defense gave up just 308 points, ranking sixth in the league. Kawann Short led the team in sacks with "
    "11, while also forcing three fumbles. Mario Addison added 6½ sacks. Manning did not throw an interception.",
    "The Denver Broncos beat the Carolina Panthers 24–10 in Super Bowl 50. The game was played on February 7, 2016.",
)
ARMY = passages(
    "黑豹队的防守只丢了308分，在联赛中排名第六。贾里德·艾伦没有参加决赛。",
    "丹佛野马队在2016年2月7日的比赛中击败了黑豹队。",
)


@pytest.mark.parametrize(
    ("sentence", "label"),
    [
        ("The Panthers gave up 308 points.", "supported"),
        ("The Panthers gave up three hundred and eight points.", "supported"),
        ("The Panthers gave up 309 points.", "contradicted"),
        ("The Panthers defense gave up 11 points, ranking sixth in the league.", "contradicted"),
        ("Mario Addison added 6.5 sacks.", "supported"),
        ("Kawann Short added 6½ sacks.", "contradicted"),
        ("Kawann Short led the team in sacks with 11.", "supported"),
        ("Mario Addison led the team in sacks with 11.", "unsupported"),
        ("Manning didn't throw an interception.", "supported"),
        ("Manning did throw an interception.", "contradicted"),
        ("The Panthers defense did not give up 308 points.", "contradicted"),
        ("The Carolina Panthers beat the Denver Broncos 24–10 in Super Bowl 50.", "contradicted"),
        ("The Carolina Panthers were beaten by the Denver Broncos 24-10 in Super Bowl 50.", "supported"),
        ("The game was played on 7 February 2016.", "supported"),
        ("The game was played on 2016-02-07.", "supported"),
        ("The game was played on 8 February 2016.", "contradicted"),
        ("The stadium has seats for 70,000 visitors.", "unsupported"),
        ("Photosynthesis turns light into sugar.", "unsupported"),
        ("Here is the answer:", "no_claim"),
        ("Based on the passages:", "no_claim"),
    ],
)
def test_english_sentences(sentence: str, label: str) -> None:
    assert verify(sentence, GAME).label == label


@pytest.mark.parametrize(
    ("sentence", "label"),
    [
        ("黑豹队的防守丢了308分。", "supported"),
        ("黑豹队的防守丢了三百零八分。", "supported"),
        ("黑豹队的防守丢了380分。", "contradicted"),
        ("贾里德·艾伦没有参加决赛。", "supported"),
        ("贾里德·艾伦参加了决赛。", "contradicted"),
        ("卡万·肖特没有参加决赛。", "unsupported"),
        ("长江是中国最长的河流。", "unsupported"),
    ],
)
def test_chinese_sentences(sentence: str, label: str) -> None:
    assert verify(sentence, ARMY).label == label


def test_a_quote_is_the_text_of_its_passage_at_its_offsets() -> None:
    verdict = verify("Mario Addison added 6½ sacks.", GAME)
    (quote,) = verdict.quotes
    assert quote.text == "Mario Addison added 6½ sacks."
    assert GAME[quote.passage].text[quote.start : quote.end] == quote.text


def test_two_facts_of_two_passages_are_both_cited() -> None:
    verdict = verify("The Panthers gave up 308 points, and the game was played on February 7, 2016.", GAME)
    assert verdict.label == "supported"
    assert {quote.passage for quote in verdict.quotes} == {0, 1}


def test_two_half_truths_do_not_make_one_clause() -> None:
    given = passages(
        "The company tested the new vaccine on small mice last spring.",
        "Another laboratory wants to cure severe malaria of young children.",
    )
    mixed = "The company tested the new vaccine against severe malaria of young children."
    assert verify(mixed, given).label == "unsupported"
    each = "The company tested the new vaccine, and a laboratory wants to cure severe malaria of young children."
    assert verify(each, given).label == "supported"


def test_the_reasons_name_the_words_at_fault() -> None:
    (reason,) = verify("The Panthers gave up 309 points.", GAME).reasons
    assert (reason.code, reason.words) == ("number", ("309",))
    assert "exchanged" in {
        r.code for r in verify("The Carolina Panthers beat the Denver Broncos in Super Bowl 50.", GAME).reasons
    }


@pytest.mark.parametrize(
    ("answer", "question", "label"),
    [
        ("Denver Broncos", "Who won Super Bowl 50?", "supported"),
        ("2016", "In which year was the game played?", "supported"),
        ("2017", "In which year was the game played?", "unsupported"),
        ("308", "How many points did the defense give up?", "supported"),
        ("308", "How many visitors came to the museum in Oslo?", "unsupported"),
        ("No.", "Did Manning throw an interception?", "unsupported"),
    ],
)
def test_short_answers_are_judged_with_their_question(answer: str, question: str, label: str) -> None:
    assert verify(answer, GAME, question=question).label == label


@pytest.mark.parametrize(("answer", "label"), [("Anna", "unsupported"), ("Anna Maria Lindqvist of Kivik", "supported")])
def test_an_answer_that_stands_nowhere_by_chance_may_stand_farther_from_the_question(answer: str, label: str) -> None:
    given = passages(
        "The old harbour bridge of the town was designed in steel by an engineer.",
        f"{answer} drew plans for the harbour of the town.",
    )
    question = "Who designed the old harbour bridge of the town in steel?"
    assert verify(answer, given, question=question).label == label


SALES = """Net sales by category:
iPhone $ 39,669 $ 40,665 (2)%
Mac 6,840 7,382 (7)%
Services 21,213 19,604 8 %
Total net sales $ 81,797 $ 82,959 (1)%
iPhone
iPhone net sales decreased during the third quarter."""


@pytest.mark.parametrize(
    ("answer", "question", "row"),
    [
        ("$39,669", "What were the total net sales of iPhone?", "iPhone $ 39,669 $ 40,665 (2)%"),
        ("$81,797", "What were the total net sales of iPhone?", ""),
        ("$81,797", "What were Apple's total net sales?", "Total net sales $ 81,797 $ 82,959 (1)%"),
        ("7,382", "How much did Mac sell the year before?", "Mac 6,840 7,382 (7)%"),
        ("21,213", "What were the net sales of Mac?", ""),
    ],
)
def test_a_number_of_a_table_is_that_of_the_row_asked_for(answer: str, question: str, row: str) -> None:
    verdict = verify(answer, passages(SALES), question=question)
    assert [quote.text for quote in verdict.quotes] == ([row] if row else [])
    assert verdict.label == ("supported" if row else "unsupported")


def test_a_short_answer_is_cited_where_the_question_is_spoken_of() -> None:
    given = passages("Bern has 11 museums. Short had 11 sacks.", "The city of Bern was founded in 1191.")
    (quote,) = verify("11", given, question="How many sacks did Short have?").quotes
    assert quote.text == "Short had 11 sacks."


def test_passages_that_disagree_support_what_one_of_them_says() -> None:
    given = passages("The bridge is 340 metres long.", "The bridge is 350 metres long.")
    for length, passage in ((340, 0), (350, 1)):
        verdict = verify(f"The bridge is {length} metres long.", given)
        assert verdict.label == "supported"
        assert [quote.passage for quote in verdict.quotes] == [passage]
    assert verify("The bridge is 360 metres long.", given).label == "contradicted"


def test_a_passage_that_denies_does_not_hide_one_that_states() -> None:
    given = passages("The bridge was not sold in 1990.", "The bridge was sold in 1990.")
    verdict = verify("The bridge was sold in 1990.", given)
    assert (verdict.label, verdict.quotes[0].passage) == ("supported", 1)
    assert verify("The bridge was sold in 1990.", given[:1]).label == "contradicted"


def test_similarity_lets_a_reworded_sentence_pass_but_no_wrong_number() -> None:
    given = passages("The vessel was launched in 1912 at Belfast by workers of the yard.")
    reworded = "In 1912 the ship was launched from its Belfast dock."

    def alike(text: str, others: object) -> list[float]:
        return [0.95]

    assert verify(reworded, given).label == "unsupported"
    assert verify(reworded, given, similarity=alike).label == "supported"
    assert verify(reworded.replace("1912", "1913"), given, similarity=alike).label != "supported"


@pytest.mark.parametrize("given", [[], passages(""), passages("   \n ")])
def test_nothing_supports_without_passages(given: list[Passage]) -> None:
    verdict = verify("The Panthers gave up 308 points.", given)
    assert (verdict.label, verdict.quotes) == ("unsupported", ())


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "   ",
        "?!",
        "\x00",
        "🙂",
        "a" * 20_000,
        "不" * 5_000,
        "1" * 400,
        "( " * 3_000,
        "Panthers gave 308 " * 9_000,
        "黑豹队防守" * 9_000,
    ],
)
def test_strange_sentences_get_a_verdict_and_no_support(sentence: str) -> None:
    assert verify(sentence, GAME, question="Who?").label in ("unsupported", "no_claim")


def test_numbers_are_read_by_value() -> None:
    def values(text: str) -> list[tuple[float, str]]:
        return [(number.value, number.unit) for number in numbers(text)]

    assert values("twenty-four") == values("24") == values("二十四") == [(24, "")]
    assert values("20 percent") == values("20%") == values("百分之二十") == [(20, "%")]
    assert values("$1.5 million") == values("$1,500,000") == [(1_500_000, "$")]
    assert values("1.5亿") == [(150_000_000, "")]
    assert values("January 7, 2012") == [(1, "month"), (7, ""), (2012, "")]
    assert values("2012年1月7日") == [(2012, ""), (1, "month"), (7, "")]
    assert not numbers("5 %")[0].agrees(numbers("$5")[0])


def test_idioms_that_negate_nothing() -> None:
    assert not negations("not only here, 不仅如此，不同的未来，非洲")
    assert len(negations("didn't, cannot, never; 没有，不是")) == 5


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data is not here")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_altered_sentences_are_caught_and_true_ones_pass(language: str) -> None:
    made = world(DATA, language)
    results = measure(sample(cases(made), 12), Collection(made.paragraphs, None))
    figures = table(results)
    assert figures["true"]["cases"] >= 60
    assert figures["true"]["right"] >= 0.9
    assert figures["altered"]["right"] >= 0.9


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data is not here")
def test_every_quote_of_every_language_lies_in_its_passage() -> None:
    with gzip.open(DATA / "xquad12.paragraphs.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    for row in rows[:: len(rows) // 36]:
        given = passages(row["context"])
        verdict = verify(row["context"][:120], given)
        assert all(given[q.passage].text[q.start : q.end] == q.text for q in verdict.quotes)
