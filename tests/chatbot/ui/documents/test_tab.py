"""The documents tab without a browser: what is shown, to whom, and that nothing said in a document becomes part of the page."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from threading import Event
from typing import Any

import gradio as gr
import pytest

from chatbot.common.errors import BanyanError, NotFound, Stopped, StoreUnavailable
from chatbot.common.rejected import REASONS
from chatbot.common.step import Progress
from chatbot.store.store import LARGEST_RESULT, Store
from chatbot.tasks.answer.check import Answer, Found, Sentence, Source
from chatbot.tasks.answer.work import Retrieval
from chatbot.types import QuotaReached, Quotas
from chatbot.ui.documents import opening as opening_library
from chatbot.ui.documents import render as render_documents
from chatbot.ui.documents import render_answers
from chatbot.ui.documents.api import record, said
from chatbot.ui.documents.handlers import Handlers
from chatbot.ui.documents.intake import Intake, Job
from chatbot.ui.documents.opening import LibraryOpening, OpeningLibrary
from chatbot.ui.documents.render_answers import Turn
from chatbot.ui.documents.saved_turns import SavedTurns
from chatbot.ui.documents.shelf import render as render_shelf
from chatbot.ui.documents.shelf.jobs import job_list
from chatbot.ui.documents.source_handlers import SourceHandlers
from chatbot.ui.documents.sources import Sources
from chatbot.ui.parts.updates import Updates
from chatbot.ui.strings.words import FOLDER, Language, languages, read
from retrieval.checks.gate import Gate, Judgement
from retrieval.library import Library
from retrieval.reading import flags
from retrieval.types import Citation, Document, Flag, Hit, Passage
from tests.chatbot.ui.documents.shelves import TEXT, dropped, opening, settle, upload
from tests.chatbot.ui.wired import Wired, as_, clicked

EVIL = '<img src=x onerror="alert(1)"><script>alert(2)</script>'
DOCUMENT = Document("d1", "ada", "orchard.md", "markdown", 10, "0", "indexed", 1, 1)
PASSAGE = Passage(1, 0, len(TEXT), TEXT, "Orchard", 0, "d1", 1)


def test_answers_come_back_to_their_owner_and_go_with_their_document(tmp_path: Path) -> None:
    store = Store(tmp_path / "banyan.db")
    turns, other = SavedTurns(store), Turn("What?", given("No idea.", "unsupported"))
    store.add_result("ada", "summarize", "Orchard", {"sections": [{"document": "d1"}]})
    store.add_result("ada", "sentiment", "d1", {"text": "I like d1"})
    for turn in (Turn("When?", given("It was planted in 1998.")), other):
        assert turns.add("ada", turn, "en") == turns.add("bob", turn, "en") == ""
    assert [turn.question for turn in turns.load("ada")] == ["When?", "What?"]
    assert turns.load("ada")[0] == Turn("When?", given("It was planted in 1998."))
    assert turns.load("eve") == []

    store.remove_results("ada", naming="d1")
    assert turns.load("ada") == [] == store.results("ada", "summarize")
    assert len(store.results("ada", "sentiment")) == 1
    assert len(turns.load("bob")) == 2
    turns.clear("bob")
    assert turns.load("bob") == []
    assert "too large" in turns.add("bob", Turn("Why?", given("x" * LARGEST_RESULT)), "en")
    assert turns.load("bob") == []
    store.close()


class Elements(HTMLParser):
    """The names of all elements and attributes in HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)


def given(text: str, verdict: str = "supported", name: str = "orchard.md", status: str = "answered") -> Answer:
    document = Document("d1", "ada", name, "markdown", 10, "0", "indexed", 1, 1)
    found = Found("When?", (Source(Hit(PASSAGE, 1.0, 3.25, None), document),), Judgement(True, 0.9, 0.4, "spaced"))
    if status == "not_found":
        return Answer("not_found", found)
    cited = (1,) if verdict in ("supported", "contradicted") else ()
    sentence = Sentence(text, 0, verdict, cited)  # type: ignore[arg-type]
    citations = (Citation(1, "d1", name, 1, TEXT[:32], 0, 32),) if cited else ()
    return Answer("answered", found, text, (sentence,), citations)


# What is shown


@pytest.mark.parametrize("language", languages())
def test_nothing_said_or_named_becomes_part_of_the_page(language: Language) -> None:
    evil = Document(EVIL, "ada", EVIL, "markdown", 1, "0", "indexed_with_warnings", 1, 1, reason=EVIL)
    passage = Passage(1, 0, len(EVIL), EVIL, EVIL, 0, EVIL, 1)
    shown = "".join(
        (
            render_answers.conversation([Turn(EVIL, given(EVIL, name=EVIL))], language),
            render_answers.conversation([Turn(EVIL, given("", name=EVIL, status="not_found"))], language),
            render_shelf.document_list([evil], [], None, language),
            job_list([Job(1, "ada", EVIL, "done", document=evil)], language),
            render_documents.source(evil, Citation(1, "d1", EVIL, 1, EVIL, 0, 9), [passage], language),
            render_documents.document_page(evil, None, [passage], [EVIL], language),
        )
    )
    page = Elements(shown)
    assert not page.tags & {"img", "script", "a", "iframe"}
    assert not {name for name in page.attributes if name.startswith("on")}, "an event handler in the HTML"


def test_links_and_pictures_of_a_model_become_words() -> None:
    said = "See [the site](https://evil.example/?q=secret) and ![it](https://evil.example/x.png) in **bold** `code`."
    html = render_answers.answer(given(said), "en")
    assert "evil.example" not in html
    assert "<a" not in html
    assert "See the site and it in <strong>bold</strong> <code>code</code>." in html


def test_every_chip_is_a_named_button() -> None:
    html = render_answers.answer(given("The orchard was planted in 1998."), "en")
    chips = re.findall(r"<button[^>]*by-chip[^>]*>", html)
    assert len(chips) >= 2
    assert all('type="button"' in chip and "aria-label=" in chip for chip in chips)
    assert 'aria-label="Source 1: orchard.md, part 1"' in html
    assert 'data-start="0" data-end="32"' in html


@pytest.mark.parametrize(
    ("verdict", "words"),
    [("unsupported", "not supported"), ("contradicted", "contradicted"), ("related", "may not answer this")],
)
def test_a_doubtful_sentence_says_so_in_words(verdict: str, words: str) -> None:
    html = render_answers.answer(given("It was planted by elves.", verdict), "en")
    assert f">{words}</span>" in html
    assert f"by-{verdict}" in html


def test_not_found_shows_the_nearest_and_the_panel_its_scores() -> None:
    html = render_answers.answer(given("", status="not_found"), "en")
    assert "This is not in your documents." in html
    assert "The orchard was planted in 1998." in html
    assert "3.25" in html


def test_the_words_of_a_citation_are_marked() -> None:
    later = Passage(2, 100, 100 + len(TEXT), TEXT)
    assert render_documents.marked(later, 104, 111) == f"The <mark>orchard</mark>{TEXT[11:]}"
    assert render_documents.marked(later, 0, 50) == TEXT


def test_every_reason_and_every_warning_is_told_in_chinese() -> None:
    strings = read(FOLDER)["zh"]
    for code in set(REASONS) - {"stopped"}:
        assert strings[f"error.{code}"], code
    for code, english in flags.TEXTS.items():
        chinese = strings[f"error.flag.{code}"]
        known = set(re.findall(r"{(\w+)}", english))
        assert set(re.findall(r"{(\w+)}", chinese)) <= known, code
    hidden = Flag("hidden_text", "12 characters were left out.", {"characters": 12, "how": "white"})
    assert "12" in render_documents.warning(hidden, "zh")
    assert render_documents.warning(hidden, "en") == hidden.text
    assert render_documents.warning(Flag("new_one", "Something new."), "zh") == "Something new."


def test_what_may_be_used_is_a_checkbox_and_a_rejected_file_is_none() -> None:
    rejected = Document("d2", "ada", "x.pdf", None, 1, "1", "rejected", reason="Broken.", code="damaged")
    html = render_shelf.document_list([DOCUMENT, rejected], {"d1"}, "d2", "en")
    assert html.count('role="checkbox"') == 1
    assert 'aria-checked="false"' in html
    assert 'data-id="d2" aria-current="true"' in html
    assert "已损坏" in render_shelf.document_list([rejected], (), None, "zh")


# Files on their way


def test_files_end_as_indexed_known_or_rejected(library: Library, tmp_path: Path) -> None:
    intake = Intake(opening(library))
    intake.add("ada", [upload(tmp_path, "orchard.md"), upload(tmp_path, "empty.txt", "")])
    first, second = settle(intake)
    assert first.document is not None
    assert (first.state, first.document.status, first.known) == ("done", "indexed", False)
    assert second.document is not None
    assert (second.document.status, second.document.code) == ("rejected", "empty")
    assert "Rejected: " in job_list([second], "en")
    intake.add("ada", [upload(tmp_path, "copy.md")])
    (copy,) = settle(intake)
    assert copy.known
    assert "Already here as orchard.md" in job_list([copy], "en")
    assert intake.jobs("eve") == []
    intake.close()


def test_files_that_wait_can_be_stopped_and_leave_nothing(library: Library, tmp_path: Path) -> None:
    go = Event()

    def build(progress: Progress) -> Retrieval:
        go.wait(30)
        return Retrieval(library, Gate({}))

    waiting = OpeningLibrary(build)
    waiting.start()
    with pytest.raises(LibraryOpening):
        waiting.get()
    intake = Intake(waiting)
    intake.add("ada", [upload(tmp_path, "orchard.md")])
    intake.stop("ada")
    go.set()
    assert [job.state for job in settle(intake)] == ["stopped"]
    assert library.list("ada") == []
    intake.add("ada", [upload(tmp_path, "orchard.md")])
    assert [job.state for job in settle(intake)] == ["done"], "a stop is for what was on its way, not for what comes"
    intake.close()


def test_a_library_whose_database_was_away_opens_when_it_is_back(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening_library, "AGAIN", 0.01)
    back, tries = Event(), list[int]()

    def build(progress: Progress) -> Retrieval:
        tries.append(len(tries))
        if not back.is_set():
            raise StoreUnavailable("The database does not answer.")
        return Retrieval(library, Gate({}))

    waiting = OpeningLibrary(build)
    waiting.start()
    with pytest.raises(StoreUnavailable):
        waiting.get(10)
    back.set()
    until = time.monotonic() + 10
    while waiting.state().status != "ready":
        assert time.monotonic() < until
        time.sleep(0.005)
    assert waiting.get().library is library
    done = len(tries)

    def fail(progress: Progress) -> Retrieval:
        tries.append(len(tries))
        raise ZeroDivisionError

    broken = OpeningLibrary(fail)
    broken.start()
    with pytest.raises(BanyanError, match="ZeroDivisionError"):
        broken.get(10)
    time.sleep(0.05)
    assert len(tries) == done + 1, "what fails by itself fails again"


def test_one_visitor_holds_one_place_of_the_intake(library: Library, tmp_path: Path) -> None:
    go, waiting = Event(), OpeningLibrary(lambda progress: Retrieval(library, Gate({})))
    freed: list[Path] = []
    intake = Intake(waiting, free=freed.append)
    intake.add("ada", [upload(tmp_path, f"{n}.md", f"{TEXT} {n}") for n in range(8)])
    (mine, _) = upload(tmp_path, "eve.md")
    intake.add("eve", [(mine, "eve.md")])
    busy: set[int] = set()
    waiting.start()
    while intake.busy("ada"):
        busy.add(sum(job.state == "running" for job in intake.jobs("ada")))
        go.wait(0.002)
    assert max(busy) <= 1
    assert [job.state for job in settle(intake, "eve")] == ["done"]
    assert [job.state for job in intake.jobs("ada")] == ["done"] * 8
    assert len(freed) == 9, "what was indexed lies in the library"
    intake.close()


def test_a_program_waits_in_the_same_line_and_leaves_it_at_once(library: Library, tmp_path: Path) -> None:
    """What `/add_document` does: a second file of its owner's waits behind the first, and is given up when its client leaves."""
    waiting, freed, stop = OpeningLibrary(lambda progress: Retrieval(library, Gate({}))), list[Path](), Event()
    intake = Intake(waiting, free=freed.append, quotas=Quotas(documents=1))
    intake.add("ada", [upload(tmp_path, "orchard.md")])
    left, name = upload(tmp_path, "left.md", f"{TEXT} More.")
    with ThreadPoolExecutor(1) as pool:
        leaving = pool.submit(intake.take, "ada", left, name, stop)
        while len(intake.jobs("ada")) < 2:
            pass
        stop.set()
        with pytest.raises(Stopped):
            leaving.result(5)
    assert not intake.jobs("ada")[0].over, "it did not wait for its turn"
    waiting.start()
    settle(intake)
    assert intake.take("eve", *upload(tmp_path, "mine.md"), Event()).status == "indexed"
    with pytest.raises(QuotaReached):
        intake.take("ada", *upload(tmp_path, "more.md", f"{TEXT} Else."), Event())
    assert len(freed) == 4
    intake.close()


@pytest.mark.parametrize(
    ("quotas", "kind"), [(Quotas(documents=1), "quota_documents"), (Quotas(megabytes=1), "quota_megabytes")]
)
def test_what_one_person_may_keep_is_bounded(library: Library, tmp_path: Path, quotas: Quotas, kind: str) -> None:
    intake = Intake(opening(library), quotas=quotas)
    intake.add("ada", [upload(tmp_path, "orchard.md"), upload(tmp_path, "large.md", TEXT + "word " * 300_000)])
    first, second = settle(intake)
    assert first.state == "done"
    assert second.error is not None
    assert (second.state, second.error.kind) == ("failed", kind)
    assert len(library.list("ada")) == 1
    assert "上限" in job_list([second], "zh")
    intake.close()


# Sources


def test_a_source_is_shown_to_its_owner_alone(library: Library, tmp_path: Path) -> None:
    path, name = upload(tmp_path, "orchard.md", "# Orchard\n\n" + TEXT)
    document = library.add("ada", path, name)
    start = library.pages("ada", document.id)[0].text.index("1998")
    clicked = {"act": "cite", "id": document.id, "n": "1", "page": "1", "start": str(start), "end": str(start + 4)}
    sources = Sources(opening(library))
    (shown,) = sources.show("ada", clicked, "en")
    assert "<mark>1998</mark>" in shown.html
    (whole,) = sources.show("ada", {"act": "open", "id": document.id}, "en")
    assert (whole.opened, whole.name) == (document.id, "orchard.md")
    for act in ("cite", "open", "page", "draw"):
        with pytest.raises(NotFound):
            list(sources.show("eve", clicked | {"act": act}, "en"))


@pytest.mark.parametrize(
    "lie", [{"page": "-1"}, {"page": "99"}, {"start": "x", "end": "9" * 30}, {"page": "1e3"}, {"n": "<b>"}]
)
def test_whatever_a_browser_claims_does_no_harm(library: Library, tmp_path: Path, lie: dict[str, str]) -> None:
    path, name = upload(tmp_path, "orchard.md")
    document = library.add("ada", path, name)
    clicked = {"act": "cite", "id": document.id, "n": "1", "page": "1", "start": "0", "end": "5"} | lie
    try:
        (shown,) = Sources(opening(library)).show("ada", clicked, "en")
    except NotFound:
        assert "page" in lie
    else:
        assert "<b>[<b>" not in shown.html


# Handlers


def test_a_dropped_file_is_seen_by_its_owner_alone(page: Wired, tmp_path: Path) -> None:
    do = page.handlers(Handlers)
    library, timer = do._tab.library, do._tab.timer
    added = page.one(do.add, [str(upload(tmp_path, "orchard.md")[0])], "en", as_("ada"))
    assert "orchard.md" in added[library.jobs]
    assert (added[library.files], added[timer]["active"]) == (None, True)
    settle(do._intake)
    looked = page.one(do.look, None, "en", as_("ada"))
    assert "orchard.md" in looked[library.listing]
    assert looked[timer]["active"] is False
    assert (
        "orchard.md" not in page.one(do.act_on_jobs, None, "en", as_("bob"), clicked(act="stop_jobs"))[library.listing]
    )


@pytest.mark.parametrize(
    ("act", "left"), [("replace", {"It covers 15 hectares."}), ("keep_both", {TEXT, "It covers 15 hectares."})]
)
def test_a_file_of_the_same_name_asks_whether_it_replaces_the_other(
    page: Wired, library: Library, tmp_path: Path, act: str, left: set[str]
) -> None:
    do = page.handlers(Handlers)
    dropped(page, do, "ada", upload(tmp_path, "orchard.md")[0])
    dropped(page, do, "bob", upload(tmp_path, "orchard.md", "Bob's.")[0])
    dropped(page, do, "ada", upload(tmp_path, "orchard.md", "It covers 15 hectares.")[0])
    jobs = page.one(do.look, None, "en", as_("ada"))[do._tab.library.jobs]
    number = re.findall(rf'data-act="{act}" data-id="(\d+)"', jobs)
    assert len(number) == 1
    for who in ("bob", "ada", "ada"):  # it is not bob's to decide, and it is decided once
        page.one(do.act_on_jobs, None, "en", as_(who), clicked(act=act, id=number[0]))
    texts = {library.passages("ada", document.id)[0].text for document in library.list("ada")}
    assert texts == left
    assert [library.passages("bob", document.id)[0].text for document in library.list("bob")] == ["Bob's."]
    assert 'data-act="replace"' not in page.one(do.look, None, "en", as_("ada"))[do._tab.library.jobs]


def test_a_question_is_answered_kept_and_cleared(page: Wired, tmp_path: Path) -> None:
    do = page.handlers(Handlers)
    talk, column = do._tab.talk, do._tab.source
    dropped(page, do, "ada", upload(tmp_path, "orchard.md")[0])
    sent = page.one(do.send, " When was the orchard planted? ", "en", as_("ada"))
    assert sent[talk.asked] == "When was the orchard planted?"
    *writing, last = page.steps(do.respond, sent[talk.asked], [], "", "en", as_("ada"))
    assert writing
    assert all("When was the orchard planted?" in step[talk.live] for step in writing)
    assert "It was planted in 1998." in last[talk.past]
    assert (last[talk.live], last[talk.notice]) == ("", "")
    assert [turn.answer.text for turn in last[talk.turns]] == ["It was planted in 1998."]
    assert page.one(do.recall, as_("ada"))[talk.turns] == last[talk.turns]
    assert page.one(do.recall, as_("bob"))[talk.turns] == []
    spoken = page.one(do.spoken, last[talk.turns], "zh", as_("ada"))
    assert "It was planted in 1998." in spoken[talk.past]
    assert spoken[column.opened] is None
    assert page.one(do.clear, "en", as_("ada"))[talk.turns] == []
    assert page.one(do.recall, as_("ada"))[talk.turns] == []


def test_a_question_that_cannot_be_answered_says_why_and_comes_back(page: Wired) -> None:
    do = page.handlers(Handlers)
    talk = do._tab.talk
    sent = page.one(do.send, "  ", "en", as_("ada"))
    assert (sent[talk.asked], "empty" in sent[talk.notice]) == ("", True)
    assert page.steps(do.respond, "", [], "", "en", as_("ada")) == [gr.skip()], "there is nothing to answer"
    (failed,) = page.steps(do.respond, "When?", [], "", "en", as_("ada"))
    assert "no document to ask" in failed[talk.notice]
    assert (failed[talk.composer], failed[talk.live]) == ("When?", "")


def test_a_document_is_opened_renamed_left_out_and_removed_by_its_owner_alone(page: Wired, tmp_path: Path) -> None:
    do, usable = page.handlers(SourceHandlers), page.handlers(Handlers)._usable
    column, listing, notice = do._tab.source, do._tab.library.listing, do._tab.talk.notice
    id = dropped(page, page.handlers(Handlers), "ada", upload(tmp_path, "orchard.md")[0])
    ada, bob = as_("ada"), as_("bob")

    *_, opened = page.steps(do.act, None, "en", ada, clicked(act="open", id=id))
    assert opened[column.opened] == id and "orchard.md" in opened[column.shown]
    *_, refused = page.steps(do.act, None, "en", bob, clicked(act="open", id=id))
    assert 'role="alert"' in refused[notice] and refused.keys() == {notice}

    assert usable.ids("ada") is None
    *_, left_out = page.steps(do.act, id, "en", ada, clicked(act="use", id=id))
    assert 'aria-checked="false"' in left_out[listing] and left_out.keys() == {listing}
    assert usable.ids("ada") == []

    def press(who: Any, **said: str) -> Updates:
        *_, shown = page.steps(do.act, id, "en", who, clicked(id=id, **said))
        return shown

    assert "needs a name" in press(ada, act="rename", title=" ")[notice]
    assert "grove.md" in press(ada, act="rename", title="grove.md")[column.shown]
    for act in ("rename", "remove"):
        assert press(bob, act=act, title="mine.md").keys() == {notice}
    assert press(ada, act="close")[column.opened] is None

    other = dropped(page, page.handlers(Handlers), "ada", upload(tmp_path, "bees.md", "Bees stand by the river.")[0])
    assert press(ada, act="only").keys() == {listing}
    assert usable.ids("ada") == [id] != [other]

    removed = press(ada, act="remove")
    assert "grove.md" in removed[notice] and "grove.md" not in removed[listing]
    assert removed[column.opened] is None
    assert "no such document" in press(ada, act="remove")[notice]


# The API


def test_the_api_has_the_promised_shapes() -> None:
    words = "The orchard was planted in 1998."
    answered = said(given(words))
    assert set(answered) == {"status", "answer", "sentences", "citations", "route", "note", "likely", "quotes"}
    assert answered["sentences"] == [{"text": words, "verdict": "supported", "citations": [1], "original": words}]
    assert answered["citations"] == [{"n": 1, "document": "d1", "page": 1, "quote": TEXT[:32], "start": 0, "end": 32}]
    refused = said(given("", status="not_found"))
    nothing: dict[str, object] = {"answer": "", "sentences": [], "citations": [], "likely": None, "quotes": []}
    assert refused == {"status": "not_found", "route": "passages", "note": ""} | nothing
    assert set(record(DOCUMENT)) == {"id", "name", "status", "passages", "pages", "warnings", "reason", "collection"}


def test_an_answer_in_the_chat_names_its_sources_and_links_nowhere() -> None:
    evil = "See [this](https://evil.example/) ![it](https://evil.example/x.png)."
    said = render_answers.plain(given(evil), "en")
    assert "evil.example" not in said
    assert said.endswith("[1] orchard.md · part 1: “The orchard was planted in 1998.”")
    assert "*(not supported)*" in render_answers.plain(given("Elves did it.", "unsupported"), "en")
    assert "This is not in your documents." in render_answers.plain(given("", status="not_found"), "en")
