"""Sentences: the figures of real text, abbreviations, and the marks of other scripts."""

import random

import pytest

from retrieval.text.sentences import sentences


def said(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    "expected",
    [
        [
            "Dr. Smith paid $3.5 million in the U.S. market.",
            "He left at 5 p.m. on Jan. 5, 2023.",
            "See Fig. 3 and No. 4.",
        ],
        [
            "Apple Inc. reported sales of 1.2 billion.",
            "iPhone net sales rose, e.g. in China.",
            '"Is it?" she asked.',
            "Yes.",
        ],
        ["J. K. Rowling moved to the U.S.", "The end.", "Plan B.", "It works.", "He said no.", "No. 5 is alive."],
        ["It was so.[12]", "Then he (Mr. X) came.", "Really?!", "It was.", "(See below.)", "It is good."],
        ["今天天气很好。", "你去哪里？", "“我不去！”他说。", "好！"],
        ["価格は3.5円。", "「行くの？」と彼は言った。", "はい。"],
        ["그는 갔다.", "왜?", "네."],
        ["هل هذا؟", "نعم."],
        ["यह है।", "वह था।"],
        ["Am 3. Oktober 1990 war es z. B. so.", "Die Nr. 5 kam."],
        ["В 1990 г. он умер.", "Это т. е. да."],
    ],
)
def test_sentences_end_where_a_reader_says(expected: list[str]) -> None:
    joint = "" if expected[0][-1] in "。！？" else " "
    assert said(joint.join(expected)) == expected


def test_chinese_with_western_stops_is_cut_and_names_are_not() -> None:
    abstract = ["介绍了作用机理,提高了3.5倍.", "占95%.", "“结果”表明有效.", "其1.5倍亦然."]
    assert said("".join(abstract)) == abstract
    assert said("乔治.布什是谁？他是总统。") == ["乔治.布什是谁？", "他是总统。"]


def test_wrapped_lines_stay_together_and_paragraphs_items_and_rows_do_not() -> None:
    text = "A wrapped\nline.\n\nHeading\n\n- one\n- two\n1. First item. More.\n2. Second\n\nName | Age\nAda | 36\n\nNet 1,234\nTotal 5%"
    assert said(text) == [
        *("A wrapped\nline.", "Heading", "- one", "- two", "1. First item.", "More.", "2. Second"),
        *("Name | Age", "Ada | 36", "Net 1,234", "Total 5%"),
    ]


def test_a_row_of_a_table_stands_alone_also_between_lines_of_words() -> None:
    text = "Sales:\niPhone $ 39,669 (2)%\niPad\niPad sales fell since\n2022 and in 2023\nto half."
    assert said(text) == ["Sales:", "iPhone $ 39,669 (2)%", "iPad\niPad sales fell since\n2022 and in 2023\nto half."]


def test_no_character_is_lost_in_any_text() -> None:
    draw = random.Random(1)
    letters = list("ab. .。！？!?\"'“”（）()\n\r\t A1,…\u200b\0😀é\u0301|-*#\u2028\x0b")
    for _ in range(5000):
        text = "".join(draw.choices(letters, k=draw.randrange(60)))
        spans = sentences(text)
        assert all(a < b for a, b in spans) and spans == sorted(spans)
        inside = {k for a, b in spans for k in range(a, b)}
        assert all(c.isspace() or k in inside for k, c in enumerate(text)), repr(text)


@pytest.mark.parametrize("piece", ["你好。", "Dr. ", ".", "….x", '."', "\n ", "a.", "(“「", "x", " "])
def test_a_line_of_half_a_megabyte_is_no_trouble(piece: str) -> None:
    spans = sentences(piece * (500_000 // len(piece)) + "x")
    assert len(spans) <= 400_000
