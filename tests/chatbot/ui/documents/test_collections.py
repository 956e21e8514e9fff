"""Collections on the page: made, chosen, filled, shared and asked; and pages of the web on their way into one."""

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from chatbot.common.errors import AccessDenied
from chatbot.tasks.answer.work import Retrieval
from chatbot.ui.documents.api import Endpoints
from chatbot.ui.documents.handlers import Handlers
from chatbot.ui.documents.intake import Intake, Job
from chatbot.ui.documents.opening import OpeningLibrary
from chatbot.ui.documents.shelf.handlers import CollectionHandlers
from chatbot.ui.documents.shelf.jobs import job_list
from chatbot.ui.documents.shelf.usable import Usable
from chatbot.ui.documents.source_handlers import SourceHandlers
from chatbot.ui.parts.updates import Updates
from retrieval.library import Library
from retrieval.types import Document, Flag
from tests.chatbot.ui.documents.shelves import OPEN, TEXT, dropped, opening, settle, upload
from tests.chatbot.ui.wired import Wired, as_, clicked

ANN, BOB, EVE = "user:ann", "user:bob", "user:eve"


class Desk:
    """The page, as somebody sees it."""

    def __init__(self, page: Wired, folder: Path) -> None:
        self.page, self._folder = page, folder
        self.do, self.collections = page.handlers(Handlers), page.handlers(CollectionHandlers)
        self.sources = page.handlers(SourceHandlers)
        self.column, self.talk = self.do._tab.library, self.do._tab.talk

    def press(self, who: str, **said: str) -> Updates:
        return self.page.one(self.collections.act, None, "en", as_(who), clicked(**said))

    def press_document(self, who: str, **said: str) -> Updates:
        *_, shown = self.page.steps(self.sources.act, None, "en", as_(who), clicked(**said))
        return shown

    def look(self, who: str) -> Updates:
        return self.page.one(self.do.look, None, "en", as_(who))

    def drop(self, who: str, name: str, text: str) -> str:
        return dropped(self.page, self.do, who, upload(self._folder, name, text)[0])

    def made(self, who: str, name: str) -> str:
        self.press(who, act="collect", title=name)
        chosen = self.usable.chosen(who)
        assert chosen
        return chosen.id

    @property
    def usable(self) -> Usable:
        return self.do._usable

    def ask(self, who: str, question: str) -> list[Updates]:
        return self.page.steps(self.do.respond, question, [], "", "en", as_(who))


@pytest.fixture
def desk(page: Wired, tmp_path: Path) -> Desk:
    return Desk(page, tmp_path)


def test_a_collection_takes_in_what_is_added_and_answers_from_that_alone(desk: Desk, library: Library) -> None:
    loose = desk.drop(ANN, "bees.md", "Twelve hives stood by the river in spring.")
    figs = desk.made(ANN, "Orchards")
    inside = desk.drop(ANN, "orchard.md", TEXT)
    assert library.get(ANN, inside).collection == figs
    looked = desk.look(ANN)
    assert "orchard.md" in looked[desk.column.listing] and "bees.md" not in looked[desk.column.listing]
    assert ">2<" in looked[desk.column.collections] and ">1<" in looked[desk.column.collections]

    *_, last = desk.ask(ANN, "How many hives stood by the river?")
    (turn,) = last[desk.talk.turns]
    assert {source.document.id for source in turn.answer.sources} <= {inside}
    moved = desk.press_document(ANN, act="move", id=loose, to=figs)
    assert "bees.md" in moved[desk.column.listing]
    desk.press_document(ANN, act="only", id=loose)
    assert desk.usable.ids(ANN) == [loose]
    desk.press_document(ANN, act="move", id=loose, to="")
    assert desk.usable.ids(ANN) == []

    desk.press(ANN, act="rename", id=figs, title="Groves")
    assert "Groves" in desk.look(ANN)[desk.column.collections]
    removed = desk.press(ANN, act="remove", id=figs)
    assert "Groves" not in removed[desk.column.collections]
    assert "orchard.md" in removed[desk.column.listing] and "bees.md" in removed[desk.column.listing]


def test_a_collection_is_shared_with_the_named_and_asked_by_them(desk: Desk, library: Library) -> None:
    orchards = desk.made(ANN, "Orchards")
    inside = desk.drop(ANN, "orchard.md", TEXT)
    sharing = desk.column.sharing

    def share(who: str, whom: str, names: str) -> Updates:
        return desk.page.one(desk.collections.share, orchards, whom, names, None, "en", as_(who))

    opened = desk.press(ANN, act="share", id=orchards)
    assert (opened[sharing.panel]["visible"], opened[sharing.whom], opened[sharing.id]) == (True, "nobody", orchards)
    assert "Nobody named zoe" in share(ANN, "named", "bob, zoe")[desk.talk.notice]
    assert 'role="alert"' in share(EVE, "everybody", "")[desk.talk.notice]
    assert "Orchards" not in desk.look(BOB)[desk.column.collections]
    assert share(ANN, "named", " bob，")[sharing.panel]["visible"] is False
    assert desk.press(ANN, act="share", id=orchards)[sharing.names] == "bob"

    seen = desk.look(BOB)[desk.column.collections]
    assert "Orchards" in seen and "from ann" in seen and "data-menu" not in seen.split("Orchards")[1].split("</li>")[0]
    chosen = desk.press(BOB, act="choose", id=orchards)
    assert "orchard.md" in chosen[desk.column.listing] and 'data-act="remove"' not in chosen[desk.column.listing]
    *_, last = desk.ask(BOB, "When was the orchard planted?")
    assert "It was planted in 1998." in last[desk.talk.past]
    assert "orchard.md" in desk.press_document(BOB, act="open", id=inside)[desk.do._tab.source.shown]
    for act in ({"act": "remove"}, {"act": "rename", "title": "x"}, {"act": "move", "to": ""}):
        assert 'role="alert"' in desk.press_document(BOB, id=inside, **act)[desk.talk.notice]
    for act in ({"act": "remove"}, {"act": "rename", "title": "x"}, {"act": "share"}):
        assert 'role="alert"' in desk.press(BOB, id=orchards, **act)[desk.talk.notice]
    assert desk.drop(BOB, "mine.md", "Bob's own.") in [document.id for document in library.list(BOB)]
    assert library.list(BOB)[0].collection == "", "nothing is added to what is another's"

    desk.press(EVE, act="choose", id=orchards)
    assert "orchard.md" not in desk.look(EVE)[desk.column.listing]
    share(ANN, "nobody", "")
    assert "mine.md" in desk.look(BOB)[desk.column.listing], "all of one's own instead"
    share(ANN, "everybody", "")
    desk.press(BOB, act="choose", id=orchards)
    desk.press_document(ANN, act="remove", id=inside)
    assert desk.page.one(desk.do.recall, as_(BOB))[desk.talk.turns] == [], "what quoted it went with it"


def test_whatever_is_pressed_does_no_harm(desk: Desk, library: Library) -> None:
    orchards = desk.made(ANN, "Orchards")
    for said in (
        {},
        {"act": "collect"},
        {"act": "collect", "title": " "},
        {"act": "choose", "id": "x" * 200},
        {"act": "share"},
    ):
        desk.press(EVE, **said)
    assert library.collections.of(EVE) == []
    evil = '<img src=x onerror="alert(1)">'
    desk.made(ANN, evil)
    desk.drop(ANN, "orchard.md", TEXT)
    shown = desk.look(ANN)
    assert "<img" not in shown[desk.column.collections] + shown[desk.column.listing]
    assert [one.id for one in library.collections.of(ANN) if one.name == "Orchards"] == [orchards]


def test_a_program_asks_a_collection_by_its_name(desk: Desk, library: Library) -> None:
    do = desk.page.handlers(Endpoints)
    inside, ann, bob = desk.drop(ANN, "orchard.md", TEXT), as_(ANN), as_(BOB)
    desk.drop(ANN, "bees.md", "Twelve hives stood by the river in spring.")
    orchards = do.move_document(inside, "Orchards", ann)
    assert do.move_document(inside, "Orchards", ann) == orchards
    assert do.collections(ann) == [{"id": orchards, "name": "Orchards", "documents": 1, "own": True}]
    for name in ("Orchards", orchards):
        given = do.ask("When was the orchard planted?", None, None, name, ann)
        assert {citation["document"] for citation in given["citations"]} == {inside}
    for call in (partial(do.ask, "When?", None, None, orchards, bob), partial(do.move_document, inside, "Mine", bob)):
        with pytest.raises(Exception, match=r"no such (collection|document)"):
            call()
    assert do.collections(bob) == []
    other = next(document["id"] for document in do.documents(ann) if document["id"] != inside)
    with pytest.raises(Exception, match="not in this collection"):
        do.ask("When?", [other], None, "Orchards", ann)
    assert do.move_document(inside, None, ann) == ""
    assert library.get(ANN, inside).collection == ""


# Files on their way


def job(number: int, state: Any, name: str = "", **rest: Any) -> Job:
    return Job(number, "ada", name or f"{number}.md", state, **rest)


def test_of_many_files_it_is_said_how_many_are_there_and_which_is_at_work() -> None:
    good = Document("d", "ada", "x.md", "markdown", 1, "0", "indexed", 1, 1)
    warned = Document("d", "ada", "x.md", "markdown", 1, "0", "indexed_with_warnings", 1, 1, (Flag("a", "b"),))
    bad = Document("d", "ada", "x.md", None, 1, "0", "rejected", reason="Broken.", code="damaged")
    jobs = [job(n, "done", document=good) for n in range(10)]
    jobs += [job(10, "done", "warned.md", document=warned), job(11, "done", "bad.pdf", document=bad)]
    jobs += [job(12, "running", "at-work.pdf", step="read", fraction=0.5), *(job(n, "waiting") for n in range(13, 50))]
    shown = job_list(jobs, "en")
    assert "12 of 50" in shown and "width:24%" in shown
    assert 'data-act="stop_jobs"' in shown and "pause_jobs" not in shown
    assert 'data-act="pause_jobs"' in job_list(jobs, "en", paused=False)
    assert set(re.findall(r"<li[^>]*><span>([^<]+)", shown)) == {"warned.md", "bad.pdf", "at-work.pdf"}
    over = job_list([*jobs[:12], job(12, "stopped")], "zh")
    assert "stop_jobs" not in over
    assert "<details" in over.split("bad.pdf")[1], "what went well folds away, what did not stays in sight"
    assert "已添加：10" in over


def test_what_is_stopped_keeps_what_is_done(library: Library, tmp_path: Path) -> None:
    intake = Intake(opening(library))
    intake.add("ada", [upload(tmp_path, f"{n}.md", f"{TEXT} {n}") for n in range(30)])
    while not any(one.state == "done" for one in intake.jobs("ada")):
        pass
    intake.stop("ada")
    jobs = settle(intake)
    done = [one for one in jobs if one.state == "done"]
    assert 0 < len(done) < len(jobs) == 30
    assert {one.state for one in jobs} == {"done", "stopped"}
    assert len(library.list("ada")) == len(done)
    intake.close()


def test_what_is_paused_waits_and_goes_on(library: Library, tmp_path: Path) -> None:
    later = OpeningLibrary(lambda progress: Retrieval(library, OPEN))
    intake = Intake(later)
    intake.add("ada", [upload(tmp_path, f"{n}.md", f"{TEXT} {n}") for n in range(4)])
    intake.pause("ada", paused=True)
    later.start()
    awaited = intake.take("ada", *upload(tmp_path, "now.md", f"{TEXT} now"), Event())
    assert awaited.status == "indexed", "somebody waits for it"
    assert [one.state for one in intake.jobs("ada")] == ["done", *["waiting"] * 3], "what was at work is finished"
    assert {"1 of 4, paused", "resume_jobs", "stop_jobs"} <= said_by(intake)
    intake.pause("ada", paused=False)
    assert {one.state for one in settle(intake)} == {"done"}
    intake.pause("bob", paused=True)
    assert not intake.paused("bob"), "nothing of his is on its way"
    intake.close()


def test_what_is_paused_is_stopped(library: Library, tmp_path: Path) -> None:
    later = OpeningLibrary(lambda progress: Retrieval(library, OPEN))
    intake = Intake(later)
    intake.add("ada", [upload(tmp_path, f"{n}.md") for n in range(3)])
    intake.pause("ada", paused=True)
    intake.stop("ada")
    later.start()
    assert {one.state for one in settle(intake)} == {"stopped"}
    intake.close()


def said_by(intake: Intake) -> set[str]:
    """Buttons and counts on the shelf."""
    shown = job_list(intake.jobs("ada"), "en", paused=intake.paused("ada"))
    return {*re.findall(r'data-act="(\w+)"', shown), *re.findall(r"<b>([^<]+)", shown)}


def test_files_that_come_meanwhile_are_counted_with_the_others(library: Library, tmp_path: Path) -> None:
    later = OpeningLibrary(lambda progress: Retrieval(library, OPEN))
    intake = Intake(later)
    for names in ("abc", "d"):
        intake.add("ada", [upload(tmp_path, f"{name}.md") for name in names])
    assert [one.name for one in intake.jobs("ada")] == ["a.md", "b.md", "c.md", "d.md"]
    assert "0 of 4" in job_list(intake.jobs("ada"), "en")
    intake.stop("ada")
    later.start()
    settle(intake)
    intake.add("ada", [upload(tmp_path, "e.md")])
    assert [one.name for one in intake.jobs("ada")] == ["e.md"], "a lot of its own"
    settle(intake)
    intake.close()


def test_what_a_folder_hides_stays_out(desk: Desk, library: Library, tmp_path: Path) -> None:
    files = [upload(tmp_path, name, f"{TEXT} {name}")[0] for name in ("orchard.md", ".hidden.md")]
    desk.page.one(desk.do.add_folder, [str(file) for file in files], "en", as_(ANN))
    settle(desk.do._intake, ANN)
    assert [document.name for document in library.list(ANN)] == ["orchard.md"]


# The web


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "orchard.html").write_text(f"<html><body><p>{TEXT}</p></body></html>")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "site"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_web_address_becomes_a_document_of_the_collection(desk: Desk, library: Library, site: str) -> None:
    orchards = desk.made(ANN, "Orchards")

    def fetched(address: str) -> Updates:
        return desk.page.one(desk.do.fetch, address, "en", as_(ANN))

    added = fetched(f"{site}/orchard.html")
    assert (added[desk.column.address], added[desk.do._tab.timer]["active"]) == ("", True)
    (one,) = settle(desk.do._intake, ANN)
    assert one.document and (one.document.name, one.document.collection) == ("127.0.0.1/orchard.html", orchards)
    assert library.search(ANN, "orchard planted")[0].passage.text.startswith("The orchard was planted in 1998.")
    fetched(f"{site}/orchard.html")
    assert settle(desk.do._intake, ANN)[0].known, "the same page again"
    fetched(f"{site}/gone.html")
    (gone,) = settle(desk.do._intake, ANN)
    assert gone.error and gone.error.kind == "web_status"
    fetched("http://localhost.localdomain.invalid/")
    assert settle(desk.do._intake, ANN)[0].state == "failed"
    assert "no address of a web page" in fetched("file:///etc/passwd")[desk.talk.notice]
    assert len(library.list(ANN)) == 1


def test_nothing_is_fetched_where_that_is_off(library: Library, tmp_path: Path) -> None:
    intake = Intake(opening(library))
    with pytest.raises(AccessDenied):
        intake.fetch("ada", "https://example.org/", tmp_path / "page")
    assert intake.jobs("ada") == []
    intake.close()
