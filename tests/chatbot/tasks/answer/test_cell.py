"""Questions for a cell of a table: the program reads it out, without the model, or says that it is empty."""

from pathlib import Path

import pytest

from chatbot.engine.scripted import ScriptedEngine
from chatbot.tasks.answer.check import Answer
from chatbot.tasks.answer.work import Retrieval, ask
from retrieval.checks.gate import Gate, Model
from retrieval.library import Library
from tests.bench.documents.table_files import SEGMENTS, UNITS, as_csv, as_html

SHUT = Gate(dict.fromkeys(("spaced", "unspaced"), Model(("near",), (0.5,), (0.2,), (1.0,), 0.0, 1.1)))
OPEN = Gate(dict.fromkeys(("spaced", "unspaced"), Model(("near",), (0.5,), (0.2,), (1.0,), 0.0, 0.0)))


@pytest.fixture
def library(tmp_path: Path) -> Library:
    made = Library(tmp_path / "library", None)
    as_html(UNITS, tmp_path / "units")
    as_csv(SEGMENTS, tmp_path / "segments")
    for name, ending in (("units", "html"), ("segments", "csv")):
        assert made.add("ada", tmp_path / name, f"{name}.{ending}").status == "indexed"
    return made


def answered(library: Library, question: str, gate: Gate = SHUT) -> tuple[Answer, ScriptedEngine]:
    engine = ScriptedEngine(["The model was asked."])
    *_, given = ask(engine, Retrieval(library, gate), "ada", question)
    assert isinstance(given, Answer)
    return given, engine


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How many pumps were sold in 2021?", "Pumps, 2021: 361"),
        ("How many valves were sold in 2020?", "Valves, 2020: not given (the cell is empty)"),
        ("美洲2021年第三季度的净销售额是多少？", "美洲, 2021年第三季度：35,870"),
        ("欧洲2021年第三季度的净销售额是多少？", "欧洲, 2021年第三季度：未给出（单元格为空）"),
    ],
)
def test_the_cell_is_read_out_and_its_row_is_cited(library: Library, question: str, text: str) -> None:
    given, engine = answered(library, question, OPEN)
    assert (given.status, given.text, given.quoted) == ("answered", text, "cell")
    assert [sentence.verdict for sentence in given.sentences] == ["supported"]
    (citation,) = given.citations
    (page,) = library.pages("ada", citation.document)
    assert page.text[citation.start : citation.end] == citation.quote
    assert citation.quote.startswith(text[:2])
    assert not engine.requests


def test_the_gate_was_fitted_on_prose_and_does_not_refuse_a_cell_that_is_named(library: Library) -> None:
    assert answered(library, "How many pumps were sold in 2021?")[0].text == "Pumps, 2021: 361"


@pytest.mark.parametrize(
    "question",
    [
        "What was the average of pumps in 2021?",
        "Did the pumps sell well in 2021?",
        "How many pumps were sold in 2025?",
        "How many pumps did Siemens sell in 2021?",
        "Why were pumps sold in 2021?",
        "Who sold pumps in 2021?",
        "2021年和2022年相比，欧洲的净销售额增长了多少？",
    ],
)
def test_what_no_cell_says_is_left_to_the_model(library: Library, question: str) -> None:
    given, engine = answered(library, question, OPEN)
    assert given.quoted != "cell"
    assert engine.requests


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How long does the scan take?", "Scan, Duration: 30:15"),
        ("Who is responsible for the scan?", "Scan, Manager: Ada Holm"),
        ("Where is the scan?", "Scan, Room: Oslo"),
        ("How much does the scan cost?", "Scan, Price: not given (the cell is empty)"),
        ("打磨要多久？", "打磨, Duration：2:00"),
    ],
)
def test_the_kind_of_a_question_means_the_only_column_of_that_kind(tmp_path: Path, question: str, text: str) -> None:
    library = Library(tmp_path / "library", None)
    rows = "Task,Duration,Manager,Room,Price\nScan,30:15,Ada Holm,Oslo,\nSort,1:30,Ben Ode,Bergen,7\n打磨,2:00,Ben Ode,Bergen,8\n"
    (tmp_path / "tasks").write_text(rows, "utf-8")
    library.add("ada", tmp_path / "tasks", "tasks.csv")
    assert answered(library, question, OPEN)[0].text == text
    library.close()


def test_of_two_columns_of_that_kind_none_is_meant(tmp_path: Path) -> None:
    library = Library(tmp_path / "library", None)
    (tmp_path / "tasks").write_text("Task,Time,Duration\nScan,9:15,2:30\nSort,1:30,2:10\n", "utf-8")
    library.add("ada", tmp_path / "tasks", "tasks.csv")
    assert answered(library, "How long does the scan take?", OPEN)[0].quoted != "cell"
    library.close()
