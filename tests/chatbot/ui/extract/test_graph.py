"""The picture of who is connected with what says what the table says, and nothing where nothing is connected."""

import re
from xml.etree import ElementTree

import pytest

from chatbot.tasks.extract.fields import parse
from chatbot.tasks.extract.record import Cell, Extraction, Record, Value
from chatbot.tasks.extract.text import of_typed
from chatbot.ui.extract.graph import MOST, graph
from chatbot.ui.strings.words import languages, text


def table(fields: str, *rows: tuple[str, str, str]) -> Extraction:
    def cell(said: str) -> Cell:
        return (Value(said, 0, len(said)),) if said else ()

    return Extraction(parse(fields), (of_typed("text"),), tuple(Record(tuple(map(cell, row))) for row in rows), "m")


def drawn(found: Extraction) -> list[str]:
    """The titles of all that is in the picture."""
    made = graph(found, "en")
    return [title.text or "" for title in ElementTree.fromstring(made).iter("title")] if made else []


@pytest.mark.parametrize("language", languages())
def test_relations_are_drawn_in_every_language_of_the_page(language: str) -> None:
    found = table(
        text("ext_fields_relations", language),
        ("Ann <Berg>", "founded", "Kivik Cider"), ("Kivik Cider", "buys from", "Ystad"), ("Ann <Berg>", "led", "Kivik Cider"),
        ("Bo", "met", ""), ("Bo", "is", "Bo"),
    )  # fmt: skip
    assert drawn(found) == [
        "Ann <Berg> – founded · led – Kivik Cider", "Kivik Cider – buys from – Ystad", "Ann <Berg>", "Kivik Cider", "Ystad",
    ]  # fmt: skip


def test_people_are_joined_to_their_organisations_by_what_they_do_there() -> None:
    found = table(text("ext_fields_people", "en"), ("Ann Berg", "Volvo", "engineer"))
    assert drawn(found) == ["Ann Berg – engineer – Volvo", "Ann Berg", "Volvo"]
    assert drawn(table("item\nquantity\nprice", ("saw", "2", "£5"))) == [], "these fields connect nothing"
    assert drawn(table(text("ext_fields_people", "en"), ("Ann Berg", "", "engineer"))) == []


def test_the_picture_stays_small_and_nothing_leaves_it() -> None:
    rows = [(f"person {n} with a name that is far too long", "knows", f"组织{n}") for n in range(30)]
    made = graph(table(text("ext_fields_people", "en"), *((a, c, b) for a, b, c in rows)), "en")
    assert made.count("by-ext-thing") == MOST
    width, height = map(int, re.findall(r'viewBox="0 0 (\d+) (\d+)" role', made)[0])
    boxes = re.findall(r'<rect x="(-?\d+)" y="(-?\d+)" width="(\d+)" height="(\d+)"', made)
    assert all(
        int(x) >= 0 and int(x) + int(w) <= width and int(y) >= 0 and int(y) + int(h) <= height for x, y, w, h in boxes
    )
