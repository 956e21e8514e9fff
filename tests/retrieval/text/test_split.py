"""Passages: exact offsets, whole words, nothing lost, headings handed down, tables with their header."""

import gzip
import json
from itertools import islice
from pathlib import Path

import pytest

from retrieval.text.split import estimated_tokens, split
from retrieval.text.tables import rows, said, shown
from retrieval.types import Block, Page, Row, Table

LONG = " ".join(f"Sentence number {k} says that {k * 7} apples cost {k}.50 euros." for k in range(200))
CHINESE = "".join(f"第{k}句话说明了一件重要的事情，并且给出了数字{k * 3}。" for k in range(200))


def page(*blocks: tuple[str, str, int], label: str = "", number: int = 1) -> Page:
    text, made = "", []
    for kind, content, level in blocks:
        text += "\n\n" if text else ""
        made.append(Block(kind, len(text), len(text) + len(content), level))  # type: ignore[arg-type]
        text += content
    return Page(number, text, label, blocks=tuple(made))


def check(pages: list[Page], size: int = 240) -> None:
    """What holds for every split of every text."""
    passages = split(pages, size)
    texts = {p.number: p.text for p in pages}
    assert [p.position for p in passages] == list(range(len(passages)))
    covered: dict[int, int] = {}
    for passage in passages:
        text = texts[passage.page]
        assert text[passage.start : passage.end] == passage.text
        assert passage.text == passage.text.strip() != ""
        assert estimated_tokens(passage.text) <= size * 1.05
        at = covered.get(passage.page, 0)
        assert passage.start >= at and not text[at : passage.start].strip(), "lost or doubled"
        covered[passage.page] = passage.end
    assert all(not text[covered.get(number, 0) :].strip() for number, text in texts.items())


@pytest.mark.parametrize(
    "text",
    [
        LONG,
        CHINESE,
        LONG.replace(". ", ".\n\n"),
        "word " * 5000,
        "x" * 20_000,
        "字" * 3000,
        "한국어 문장입니다. " * 500,
        "",
        "\n\n",
        "a",
    ],
)
@pytest.mark.parametrize("size", [20, 240])
def test_every_character_is_in_exactly_one_passage(text: str, size: int) -> None:
    check([Page(1, text), Page(2, "Another page. With text.")], size)


def test_no_word_is_cut() -> None:
    text = "unpunctuated words without end " * 300
    words = set(text.split())
    assert all(set(p.text.split()) <= words for p in split([Page(1, text)], 50))


def test_sentences_stay_whole_when_they_fit() -> None:
    assert all(p.text.endswith("euros.") and p.text.startswith("Sentence") for p in split([Page(1, LONG)]))
    assert all(p.text.endswith("。") and p.text.startswith("第") for p in split([Page(1, CHINESE)]))


def test_a_heading_goes_with_what_follows_and_down_the_chain() -> None:
    one = page(
        ("heading", "Results", 1), ("paragraph", LONG[:600], 0), ("heading", "Sales", 2), ("paragraph", LONG[:600], 0)
    )
    two = page(("paragraph", "It goes on.", 0), ("heading", "Outlook", 1), ("paragraph", "Fine.", 0), number=2)
    first, second, *rest = split([one, two])
    assert first.text.startswith("Results\n\nSentence") and first.heading == "Results"
    assert second.text.startswith("Sales\n\nSentence") and second.heading == "Results > Sales"
    assert rest[0].heading == "Results > Sales" and "Outlook" in rest[-1].text
    assert not any(p.text.endswith(("Results", "Sales", "Outlook")) for p in (first, second, *rest))


@pytest.mark.parametrize(("words", "first"), [(9, 19), (10, 10)])
def test_a_passage_less_than_half_full_begins_the_next_paragraph(words: int, first: int) -> None:
    sentence = "One two three four five six seven eight nine ten. "
    text = " ".join(["word"] * words) + "\n\n" + sentence * 3
    passages = split([Page(1, text)], 20, lambda part: len(part.split()))
    assert len(passages[0].text.split()) == first


def sheet(*cells: tuple[str, ...], columns: tuple[str, ...]) -> Page:
    """A table below a line of headers."""
    text, rows = " | ".join(columns), []
    for row in cells:
        line = " | ".join(row)
        rows.append(Row(len(text) + 1, len(text) + 1 + len(line), row))
        text += f"\n{line}"
    return Page(1, text, "Sheet1", blocks=(Block("table", 0, len(text), 1),), tables=(Table(columns, tuple(rows)),))


def test_rows_stay_whole_and_know_their_header() -> None:
    made = sheet(*((f"Thing {k}", f"{k}.99") for k in range(200)), columns=("Name", "Price"))
    passages = split([made])
    assert len(passages) > 5
    assert passages[0].heading == "Sheet1"
    assert all(p.heading == "Sheet1 > Name | Price" for p in passages[1:])
    assert all(line in made.text.split("\n") for p in passages for line in p.text.split("\n"))
    found = [(p.text[row.start : row.end], table, row) for p in passages for table, row in rows(p.tables)]
    assert [line for line, *_ in found] == made.text.split("\n")[1:]
    assert all(said(table, row) == "Name: {}; Price: {}".format(*line.split(" | ")) for line, table, row in found)


def test_a_row_counts_as_long_as_it_is_with_its_headers() -> None:
    columns = tuple(f"The number of visitors in the museum on day {k}" for k in range(6))
    passages = split([sheet(*((str(k),) * 6 for k in range(20)), columns=columns)])
    assert all(len(shown(p)) < 3000 for p in passages)
    assert len(passages) >= 3


def test_an_empty_cell_is_told_to_the_model_and_not_to_the_checks() -> None:
    (passage,) = split([sheet(("Pumps", "", "7"), columns=("Product", "2020", "2021"))])
    assert shown(passage).endswith("Product: Pumps; 2020: not given; 2021: 7")
    ((table, row),) = rows(passage.tables)
    assert said(table, row) == "Product: Pumps; 2021: 7"
    (passage,) = split([sheet(("水泵", "", "7"), columns=("产品", "2020年", "2021年"))])
    assert shown(passage).endswith("产品: 水泵; 2020年: 未给出; 2021年: 7")


def test_a_wide_row_that_is_cut_keeps_its_cells_in_each_piece() -> None:
    cells = tuple(f"value{k}" for k in range(200))
    passages = split([sheet(cells, columns=tuple(f"c{k}" for k in range(200)))])
    assert len(passages) > 2
    assert all(row.cells == cells and row.end <= len(p.text) for p in passages for _, row in rows(p.tables))


def test_another_label_is_another_chapter() -> None:
    pages = [
        page(("heading", "Deep", 3), ("paragraph", "One.", 0), label="A"),
        page(("paragraph", "Two.", 0), label="B", number=2),
    ]
    assert [p.heading for p in split(pages)] == ["A > Deep", "B"]


def test_the_measure_decides() -> None:
    assert all(len(p.text.split()) <= 30 for p in split([Page(1, LONG)], 30, lambda text: len(text.split())))


def test_a_paragraph_of_xquad_is_about_a_passage(shared_data: Path) -> None:
    counts: dict[str, list[int]] = {}
    with gzip.open(shared_data / "dev" / "xquad12.paragraphs.jsonl.gz", "rt", encoding="utf-8") as lines:
        for row in map(json.loads, islice(lines, 0, None, 5)):
            counts.setdefault(row["lang"], []).append(len(split([Page(1, row["context"])])))
            check([Page(1, row["context"])])
    assert all(1 <= sum(found) / len(found) <= 4 for found in counts.values()), counts
