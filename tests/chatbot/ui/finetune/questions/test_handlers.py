"""The box of questions: made from the owner's documents, mended in the table, and given to the form as a file."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatbot.access.uploads import Uploads
from chatbot.engine.loading import LoadingEngine
from chatbot.engine.scripted import ScriptedEngine
from chatbot.tasks.answer.prompt import SYSTEM
from chatbot.tasks.answer.work import Retrieval
from chatbot.training.training import Training
from chatbot.ui.documents.intake import Intake
from chatbot.ui.documents.opening import OpeningLibrary
from chatbot.ui.finetune.questions.handlers import QuestionHandlers, edited
from chatbot.ui.services import Services
from finetune.data.check import check
from finetune.spec.spec import TrainingSpec
from retrieval.library import Library
from tests.chatbot.tasks.answer.test_work import gate
from tests.chatbot.tasks.questions.test_work import FACTS, model, put
from tests.chatbot.ui.wired import Wired, as_
from tests.tiny import make_tokenizer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def services(services: Services, training: Training, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("questions")
    opening = OpeningLibrary(lambda progress: Retrieval(Library(folder / "library", None), gate(0.0)))
    opening.start()
    opening.get(20)
    engine = LoadingEngine(lambda *_: ScriptedEngine(model), "scripted")
    engine.start()
    assert engine.wait(20)
    uploads = Uploads(folder / "uploads")
    yield replace(services, training=training, library=opening, intake=Intake(opening), engine=engine, uploads=uploads)
    engine.close()


@pytest.fixture(scope="module")
def do(page: Wired) -> QuestionHandlers:
    return page.handlers(QuestionHandlers)


@pytest.fixture
def document(services: Services) -> str:
    assert services.library
    return put(services.library.get().library, "press.md", FACTS["press.md"][0])


def table(shown: Any) -> list[list[Any]]:
    value: list[list[Any]] = shown["value"]
    return value


def test_what_was_made_is_mended_and_becomes_a_data_set_of_its_owner(
    page: Wired, do: QuestionHandlers, services: Services, document: str
) -> None:
    box = do._box
    assert page.one(do.offer, [], "en", as_("ada"))[box.documents]["choices"] == [("press.md", document)]
    assert page.one(do.offer, [document], "en", as_("eve"))[box.documents]["value"] == [], "not hers"
    last = page.steps(do.run, [document], 10, "en", as_("ada"))[-1]
    (row,) = table(last[box.table])
    assert row[:4] == [True, 1, FACTS["press.md"][1], FACTS["press.md"][2]]
    assert "Kivik" in row[4]
    assert "1 questions" in last[box.shown]
    assert page.one(do.offer, [], "en", as_("eve"))[box.use]["visible"] is False
    mended = [[True, 1, row[2], "In Kivik.", row[4]]]
    path = Path(do.use(mended, True, "en", as_("ada")))
    system, user, answer = json.loads(path.read_text("utf-8"))["messages"]
    assert (system["content"], answer["content"]) == (SYSTEM, "In Kivik.")
    assert FACTS["press.md"][0] in user["content"]
    assert row[2] in user["content"]
    again = page.one(do.offer, [], "zh", as_("ada"))
    assert table(again[box.table])[0][3] == "In Kivik.", "kept, also after a reload"
    assert "1" in again[box.use]["value"]
    heart = Path(do.use(mended, False, "en", as_("ada")))
    assert [t["role"] for t in json.loads(heart.read_text("utf-8"))["messages"]] == ["user", "assistant"]
    assert check(path, make_tokenizer(), TrainingSpec()).usable == 1
    services.remove_document("ada", document)
    assert page.one(do.offer, [], "en", as_("ada"))[box.use]["visible"] is False, "it goes with its document"


def test_documents_of_others_and_none_at_all_are_told(page: Wired, do: QuestionHandlers, document: str) -> None:
    for owner, chosen in (("eve", [document]), ("ada", [])):
        shown = page.steps(do.run, chosen, 10, "en", as_(owner))[-1][do._box.shown]
        assert 'role="alert"' in shown


def test_rows_are_known_by_their_number_and_what_left_the_table_is_struck_out() -> None:
    made = {"passage": "p", "name": "n", "page": 1, "quote": "q", "kept": True}
    rows = [{**made, "question": f"q{n}", "answer": f"a{n}"} for n in range(1, 5)]
    found = edited(rows, [["true", 3, "q3", "A3", ""], [False, 1, "q1", "a1", ""], [True, 4, " ", "a4", ""]])
    assert [row["kept"] for row in found] == [False, False, True, False]
    assert found[2]["answer"] == "A3"
