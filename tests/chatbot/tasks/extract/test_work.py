"""From a text to a table, with a model that says what it is told to."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from openpyxl import load_workbook

from chatbot.common.errors import EngineUnavailable, InputError
from chatbot.engine.scripted import ScriptedEngine
from chatbot.store.store import Store
from chatbot.tasks.extract.fields import parse
from chatbot.tasks.extract.prompt import parsed
from chatbot.tasks.extract.record import Extraction
from chatbot.tasks.extract.table import as_csv, as_workbook, records, rows
from chatbot.tasks.extract.text import Text, of_typed, windows
from chatbot.tasks.extract.work import extract
from chatbot.types import Message

INVOICE = """Invoice from Lindqvist AB
Date: 12 March 2024
Due date: 11 April 2024

2 x saw £37.00
1 x press £210.00
Total £247.00"""
PEOPLE = "Ann Berg works at Volvo. She lives in Lund.\nBo Ek left Saab for Scania in 2011."


def told(reply: Any, text: str, fields: str, rows: str = "many", **engine: Any) -> Extraction:
    said = [reply] if isinstance(reply, str) else reply
    *_, last = extract(ScriptedEngine(said, **engine), [of_typed(text)], parse(fields), rows=rows)
    assert isinstance(last, Extraction)
    return last


def words(found: Extraction) -> list[list[str]]:
    return [["; ".join(value.text for value in cell) for cell in record.cells] for record in found.records]


def test_values_are_the_text_s_own_with_their_places_and_what_stands_nowhere_is_left_out() -> None:
    reply = {"seller": "lindqvist  ab", "date": "12 March 2024", "total": "£247.00", "buyer": "Acme Ltd"}
    found = told(json.dumps(reply), INVOICE, "seller\ndate: date\ntotal: money\nbuyer", "one")
    assert words(found) == [["Lindqvist AB", "12 March 2024", "£247.00", ""]]
    assert found.dropped == 1
    (record,) = records(found)
    assert record["date"]["normalized"] == "2024-03-12"
    assert all(one["quote"] == INVOICE[one["start"] : one["end"]] for one in record.values() if one["value"])
    assert record["buyer"] == {"value": None, "quote": "", "start": None, "end": None, "normalized": ""}


def test_a_place_is_the_value_of_one_field_the_one_with_the_clearest_label() -> None:
    reply = {"delivery date": "11 April 2024", "due date": "11 April 2024", "date": "12 March 2024"}
    found = told(json.dumps(reply), INVOICE, "delivery date: date\ndue date: date\ndate: date", "one")
    assert words(found) == [["", "11 April 2024", "12 March 2024"]]
    found = told(json.dumps({"number": "12 March 2024", "when": "12 March 2024"}), INVOICE, "number\nwhen: date", "one")
    assert words(found) == [["", "12 March 2024"]], "a day is no number where it may be a day"


def test_days_and_amounts_are_chosen_from_those_that_stand_there() -> None:
    engine = ScriptedEngine(["{}"])
    list(extract(engine, [of_typed(INVOICE)], parse("date: date\ntotal: money\nwho"), rows="one"))
    properties = json.loads(engine.requests[0].sampling.schema)["properties"]
    assert properties["date"] == {"enum": ["12 March 2024", "11 April 2024", ""]}
    assert properties["total"] == {"enum": ["£37.00", "£210.00", "£247.00", ""]}
    assert properties["who"]["type"] == "string"


def test_what_was_taken_from_another_record_is_asked_again_of_its_own_sentences() -> None:
    first = [{"item": "saw", "count": "1", "price": "£37.00"}, {"item": "press", "count": "1", "price": "£210.00"}]
    asked: list[str] = []

    def reply(messages: Sequence[Message]) -> str:
        asked.append(messages[-1].content)
        return json.dumps(first if len(asked) == 1 else {"item": "saw", "count": "2", "price": "£37.00"})

    *_, found = extract(ScriptedEngine(reply), [of_typed(INVOICE)], parse("item\ncount: number\nprice: money"))
    assert isinstance(found, Extraction)
    assert words(found) == [["saw", "2", "£37.00"], ["press", "1", "£210.00"]]
    assert "2 x saw £37.00" in asked[1]
    assert "press" not in asked[1]


def test_records_of_one_name_are_one_and_bare_names_go_where_others_are_told_of() -> None:
    reply = [
        {"who": "Ann Berg", "firm": "Volvo", "town": "Lund"},
        {"who": "Ann Berg", "firm": "Volvo", "town": ""},
        {"who": "Bo Ek", "firm": "Scania", "town": ""},
        {"who": "Saab", "firm": "", "town": ""},
        {"who": "Eve", "firm": "Volvo", "town": ""},
    ]
    found = told(json.dumps(reply), PEOPLE, "who, firm, town")
    assert words(found) == [["Ann Berg", "Volvo", "Lund"], ["Bo Ek", "Scania", ""]]
    assert found.dropped == 1


def test_a_record_stands_where_its_other_values_do() -> None:
    text = "Present: Bo, Di.\n\nDi asks. Di prints the posters by 4 May 2024."
    reply = [{"who": "Di", "task": "prints the posters", "by": "4 May 2024"}]
    found = told(json.dumps(reply), text, "who\ntask\nby: date")
    assert found.records[0].cells[0][0].start == text.index("Di prints")


def test_a_value_ends_where_that_of_another_field_begins() -> None:
    text = "Joan books the hall by 12 April 2024."
    reply = {"task": "books the hall by 12 April 2024", "by": "12 April 2024"}
    assert words(told(json.dumps(reply), text, "task\nby: date", "one")) == [["books the hall", "12 April 2024"]]
    reply = {"task": "books the hall by 12 April 2024", "by": ""}
    assert words(told(json.dumps(reply), text, "task\nby: date", "one")) == [["books the hall by 12 April 2024", ""]]
    reply = {"firm": "Maison Petit, Leeds", "town": "Leeds"}
    assert words(told(json.dumps(reply), "Cook at Maison Petit, Leeds", "firm\ntown", "one")) == [
        ["Maison Petit", "Leeds"]
    ]


def test_a_day_that_was_missed_is_asked_for_again() -> None:
    text = "Present: all.\n\nJoan books the hall by 12 April 2024.\n\nIdris prints nothing and asks nobody."
    asked: list[str] = []

    def reply(messages: Sequence[Message]) -> str:
        asked.append(messages[-1].content)
        first = [{"who": "Joan", "by": ""}, {"who": "Idris", "by": ""}]
        return json.dumps(first if len(asked) == 1 else {"who": "Joan", "by": "12 April 2024"})

    *_, found = extract(ScriptedEngine(reply), [of_typed(text)], parse("who\nby: date"))
    assert isinstance(found, Extraction)
    assert words(found)[0] == ["Joan", "12 April 2024"]
    assert len(asked) == 2, "Idris has no day that could be his"


def test_a_list_and_a_choice() -> None:
    reply = {"firms": ["Saab", "Scania", "Fiat"], "state": "left"}
    found = told(json.dumps(reply), PEOPLE, "firms: list\nstate: one of left, joined", "one")
    assert words(found) == [["Saab; Scania", "left"]]
    (record,) = records(found)
    assert record["firms"]["value"] == ["Saab", "Scania"]
    assert [one["quote"] for one in record["firms"]["items"]] == ["Saab", "Scania"]


def test_a_long_text_is_read_in_windows_and_one_row_takes_what_any_of_them_says() -> None:
    text = "\n".join([*["Nothing is said here."] * 400, "The price is £5.00 today.", *["Nor here."] * 300])
    found = told(lambda messages: json.dumps({"price": "£5.00"}), text, "price: money", "one")
    assert found.of == 3, "2,805 words and signs"
    assert words(found) == [["£5.00"]]
    assert text[found.records[0].cells[0][0].start :].startswith("£5.00")
    pieces = windows(text, 100, lambda words: len(words) // 4)
    assert max(end - start for start, end in pieces) < 500
    assert text.split() == [word for start, end in pieces for word in text[start:end].split()]
    assert windows("x" * 950, 100, len)[-1] == (900, 950), "a line without a stop is cut"


def test_an_answer_that_was_cut_off_gives_what_is_whole() -> None:
    assert parsed('[{"a": "1", "b": "2"}, {"a": "3", "b": "4, 5", "c": "6') == [
        {"a": "1", "b": "2"},
        {"a": "3", "b": "4, 5"},
    ]
    assert parsed("no") == parsed('{"a": "') == []


def test_stop_keeps_what_was_read_and_a_failure_of_all_is_raised() -> None:
    stop = Event()
    stop.set()
    *_, found = extract(ScriptedEngine(["{}"]), [of_typed(PEOPLE)], parse("who"), stop=stop)
    assert isinstance(found, Extraction)
    assert (found.records, found.reached, found.of) == ((), 0, 1)
    with pytest.raises(EngineUnavailable):
        told([EngineUnavailable("gone")], PEOPLE, "who")
    with pytest.raises(InputError, match="many"):
        told("{}", PEOPLE, "who", "several")


def test_the_files_hold_the_table_and_no_formula() -> None:
    text = "=1+1 costs £5.00 and @sum costs £6.50, 王芳 says."
    reply = [{"what": "=1+1", "price": "£5.00"}, {"what": "@sum", "price": "£6.50"}]
    found = told(json.dumps(reply), text, "what\nprice: money")
    table = rows(found)
    assert table[0] == ["what", "price", "price (normalised)"]
    assert table[1] == ["=1+1", "£5.00", "5.00 GBP"]
    data = as_csv(table)
    assert data.startswith(b"\xef\xbb\xbf")
    assert [row[0] for row in csv.reader(io.StringIO(data.decode("utf-8-sig")))] == ["what", "'=1+1", "'@sum"]
    sheet = load_workbook(io.BytesIO(as_workbook(table))).active
    assert sheet is not None
    assert [(cell.value, cell.data_type) for cell in sheet["A"]] == [("what", "s"), ("=1+1", "s"), ("@sum", "s")]
    assert Extraction.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_a_saved_table_names_its_documents_so_that_it_goes_with_them(tmp_path: Path) -> None:
    reply = [json.dumps({"who": "Bo Ek"})]
    *_, found = extract(ScriptedEngine(reply), [Text("people.txt", PEOPLE, document="d1")], parse("who"), rows="one")
    assert isinstance(found, Extraction)
    store = Store(tmp_path / "b.db")
    store.add_result("ada", "extract", "people", found.to_dict())
    store.remove_results("ada", naming="d1")
    assert store.results("ada", "extract") == []
    store.close()
