"""What the translate tab shows, and what its handlers let through."""

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from chatbot.engine.loading import LoadingEngine
from chatbot.engine.scripted import ScriptedEngine
from chatbot.store.store import LARGEST_RESULT, SavedResult, Store
from chatbot.tasks.translate.check import Flag
from chatbot.tasks.translate.jobs import Job, Translations
from chatbot.tasks.translate.own import glossary
from chatbot.tasks.translate.support import Support
from chatbot.tasks.translate.text import Pair
from chatbot.types import Adapter, Traits
from chatbot.ui.services import Services
from chatbot.ui.strings.words import Language, languages
from chatbot.ui.translate import render as render_translate
from chatbot.ui.translate.files import FileHandlers
from chatbot.ui.translate.handlers import Handlers
from tests.chatbot.tasks.pseudo import engine
from tests.chatbot.ui.wired import Wired, as_, clicked

EVIL = '<img src=x onerror="alert(1)"><script>alert(2)</script>'


@pytest.mark.parametrize(
    ("language", "asked", "target"),
    [
        ("en", "en-US,en;q=0.9", "fr"),
        ("en", "en-US,es-MX;q=0.9,zh-CN;q=0.8", "es"),
        ("en", "en, zh;q=0.5", "zh-hans"),
        ("en", "zh-HK, en;q=0.5", "zh-hant"),
        ("zh", "zh-CN,zh;q=0.9", "en"),
        ("zh", "zh-CN,zh-TW;q=0.9,ja;q=0.5", "ja"),
        ("es", "es-ES,xx;q=0.9,fr;q=0.8", "fr"),
        ("es", None, "en"),
    ],
)
def test_the_target_is_the_other_language_of_the_visitor(language: str, asked: str | None, target: str) -> None:
    own = render_translate.own_language(language)
    assert render_translate.other_language(own, asked) == target


FLAGS = [Flag("language", "fr"), Flag("number", EVIL), Flag("term", EVIL), Flag("failed", EVIL), Flag("pieces")]


def tags(html: str) -> set[str]:
    found: set[str] = set()

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.update({tag, *(name for name, _ in attrs)})

    Tags().feed(html)
    return found


def job(**changes: Any) -> Job:
    told = {"id": "a" * 24, "owner": "ada", "name": EVIL, "kind": "html", "ending": ".html", "source": "en", "target": "de",
            "adapter": None, "who": EVIL, "total": 9, "created": 1.0, "doubts": EVIL, "done": 3, "flagged": 2}  # fmt: skip
    return Job(**{**told, **changes})


@pytest.mark.parametrize("language", languages())
def test_nothing_that_was_translated_becomes_markup(language: Language) -> None:
    record = {"original": EVIL, "text": EVIL, "source": "en", "target": "de", "who": EVIL, "confidence": 0.5, "sure": False,
              "alternatives": [["fr", 0.4]], "done": 1, "total": 2, "flagged": 1,
              "doubts": [{"source": EVIL, "target": EVIL, "flags": [[f.code, f.details] for f in FLAGS]}]}  # fmt: skip
    shown = (
        render_translate.report(record, language)
        + render_translate.doubts([Pair(EVIL, EVIL, tuple(FLAGS))], 1, 1, language)
        + render_translate.past([SavedResult("x", EVIL, 1.0, record)], language)
        + render_translate.jobs([job(), job(done=9)], None, language)
        + "".join(
            render_translate.support(Support(status, EVIL, EVIL, ("de",), others), render_translate.WAYS, language)
            for status in ("known", "unknown", "no")
            for others in ((), (EVIL,))
        )
    )
    assert not {"img", "script", "onerror"} & tags(shown)
    assert EVIL not in shown


def test_every_flag_is_told_in_each_language() -> None:
    for code in ("empty", "cut", "repeats", "language", "unchanged", "number", "term", "length", "pieces", "failed"):
        told = [render_translate.flag(Flag(code, "de"), language) for language in languages()]
        assert all(told) and len({*told}) == len(languages())


def test_a_pair_that_nobody_knows_says_what_would_translate_it() -> None:
    nobody = Support("no", "SmolLM2-135M-Instruct", None, ("fr",))
    told = render_translate.support(nobody, ["models"], "en")
    assert "SmolLM2-135M-Instruct was not made for French" in told and "--" not in told
    assert 'data-go="models"' in told and 'data-go="finetune"' not in told, "what this page has"
    adapter = render_translate.support(replace(nobody, others=("romance",)), ["models"], "es")
    assert 'data-act="take" data-id="romance"' in adapter and "data-go" not in adapter


# Handlers


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    loading = LoadingEngine(lambda *_: engine(), "scripted")
    loading.start()
    assert loading.wait(20)
    store = Store(tmp_path / "banyan.db")
    yield Services(
        loading, store, lambda request: str(request.owner), translations=Translations(tmp_path / "translations")
    )
    loading.close()
    store.close()


@pytest.fixture
def page(services: Services) -> Wired:
    return Wired(services)


def test_a_text_is_translated_kept_and_opened_again_by_its_owner_alone(services: Services, page: Wired) -> None:
    do = page.handlers(Handlers)
    tab, texts = do._tab, do._tab.texts
    assert set(page.one(do.begin)) >= {texts.buttons.run, texts.buttons.stop, texts.output}
    *_, last = page.steps(do.run, "Two trees stand by the river.", "auto", "de", "", "", "", "en", as_("ada"))
    assert (last[texts.output], last[texts.notice]) == ("TWO TREES STAND BY THE RIVER.", "")
    assert "English" in last[texts.report] and "German" in last[texts.report]
    saved = services.store.results("ada", Handlers.task)[0]
    assert saved.id in last[texts.past]
    assert services.store.results("bob", Handlers.task) == []
    opened = page.one(do.reopen, "en", as_("ada"), clicked(act="open", id=saved.id))
    assert opened[texts.typed] == "Two trees stand by the river."
    assert opened[texts.output] == "TWO TREES STAND BY THE RIVER."
    for act in ("open", "remove"):
        refused = page.one(do.reopen, "en", as_("bob"), clicked(act=act, id=saved.id))
        assert "no such result" in refused[texts.notice]
    removed = page.one(do.reopen, "en", as_("ada"), clicked(act="remove", id=saved.id))
    assert "Two trees" not in removed[texts.past]
    swapped = page.one(do.swap, "auto", "de", "Two trees", "ZWEI BÄUME", last[texts.last], "en")
    assert (swapped[tab.source], swapped[tab.target], swapped[texts.typed]) == ("de", "en", "ZWEI BÄUME")


def test_a_pair_that_nobody_knows_cannot_be_begun_and_an_adapter_for_it_is_one_press_away(tmp_path: Path) -> None:
    made = Adapter("romance", "tree", task="translate", details={"languages": "en-fr"})
    english = ScriptedEngine(traits=Traits(languages=frozenset({"en"})), adapters=[made])
    loading = LoadingEngine(lambda *_: english, "scripted")
    loading.start()
    assert loading.wait(20)
    store = Store(tmp_path / "banyan.db")
    page = Wired(Services(loading, store, lambda request: str(request.owner)))
    do = page.handlers(Handlers)
    tab, run = do._tab, do._tab.texts.buttons.run
    for source, target, adapter, works in (
        ("en", "fr", "", False),
        ("en", "fr", "romance", True),
        ("en", "de", "", False),
        ("auto", "de", "", True),  # it may turn out to be German already
        ("en", "en", "", True),
    ):
        who = page.one(do.who, source, target, adapter, "en", as_("ada"))
        assert who[run]["interactive"] is works, (source, target, adapter)
        assert ('data-id="romance"' in who[tab.who]) is (target == "fr" and not works)
    assert do.take(clicked(act="take", id="romance"))[0] == "romance"
    loading.close()
    store.close()


def test_a_form_of_address_is_chosen_for_languages_that_have_one_and_asked_for(
    services: Services, page: Wired, tmp_path: Path
) -> None:
    do, files, ada = page.handlers(Handlers), page.handlers(FileHandlers), as_("ada")
    shown = [page.one(do.who, "en", target, "", "en", ada)[do._tab.formality] for target in ("de", "zh-hans", "en")]
    # not `visible`: of that Gradio makes a change of what stands elsewhere
    assert [{name: one[name] for name in one if name != "__type__"} for one in shown] == [
        {"interactive": there} for there in (True, True, False)
    ]
    path = tmp_path / "a.txt"
    path.write_text("Your tree is here.", "utf-8")
    page.steps(do.run, "Your tree is here.", "en", "de", "", "", "formal", "en", ada)
    page.steps(files.run, [str(path)], "en", "de", "", None, "", "informal", "en", ada)
    page.steps(do.run, "Dein Baum ist hier.", "de", "en", "", "", "formal", "en", ada)  # chosen for another target
    asked = [request.messages[0].content.splitlines()[2:] for request in services.engine.present.requests]  # type: ignore[union-attr]
    assert asked == [["Address the reader formally (Sie)."], ["Address the reader informally (du)."], []]


@pytest.mark.parametrize(
    ("typed", "told"),
    [("", "empty"), (None, "empty"), ("12345", "nothing to translate"), ("word " * 60_000, "Add it as a file")],
)
def test_a_text_that_cannot_be_translated_says_why(page: Wired, typed: Any, told: str) -> None:
    do = page.handlers(Handlers)
    *_, last = page.steps(do.run, typed, "en", "de", None, "", "", "en", as_("ada"))  # type: ignore[arg-type]
    assert told in last[do._side.notice]


def test_a_file_can_be_looked_at_fetched_and_removed_by_its_owner_alone(page: Wired, tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("# Two trees\n\nThey stand by the *old* river.\n", "utf-8")
    do = page.handlers(FileHandlers)
    side = do._side
    *_, last = page.steps(do.run, [str(path)], "auto", "de", "", None, "", "", "en", as_("ada"))
    file = Path(last[side.result]["value"])
    assert file.name == "notes.de.md"
    assert file.read_text("utf-8") == "# TWO TREES\n\nTHEY STAND BY THE *OLD* RIVER.\n"
    id = last[side.looked]
    for act in ("fetch", "look", "resume", "remove"):
        assert "no such translation" in page.one(do.act, "en", as_("bob"), clicked(act=act, id=id))[side.notice]
    assert page.steps(do.resume, id, "en", as_("bob"))[-1][side.notice] != ""
    assert "notes.md" in page.one(do.look, None, "en", as_("ada"))[side.jobs]
    assert "notes.md" not in page.one(do.look, id, "en", as_("bob"))[side.jobs]
    fetched = page.one(do.act, "en", as_("ada"), clicked(act="fetch", id=id))
    assert Path(fetched[side.result]["value"]).name == "notes.de.md"
    assert page.one(do.act, "en", as_("ada"), clicked(act="look", id=id))[side.looked] == id
    assert page.one(do.act, "en", as_("ada"), clicked(act="resume", id=id))[side.begun] == id
    *_, again = page.steps(do.resume, id, "en", as_("ada"))
    assert again == {side.begun: None}
    assert page.one(do.act, "en", as_("ada"), clicked(act="remove", id=id))[side.notice] == ""
    assert "notes.md" not in page.one(do.look, None, "en", as_("ada"))[side.jobs]


def test_several_files_and_an_archive_are_translated_at_once_and_one_that_fails_holds_up_none(
    page: Wired, tmp_path: Path
) -> None:
    do, ada = page.handlers(FileHandlers), as_("ada")
    side = do._side
    (tmp_path / "one.txt").write_text("One tree stands here.", "utf-8")
    (tmp_path / "wrong.csv").write_text("a,b\n1,2\n", "utf-8")
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.writestr("x/two.txt", "Two trees stand there.")
    files = [str(tmp_path / name) for name in ("one.txt", "wrong.csv", "more.zip")]
    steps = page.steps(do.run, files, "en", "de", "tree = Baum", 42.0, "", "", "en", ada)
    assert "wrong.csv" in steps[-1][side.notice]
    result = next(step[side.result]["value"] for step in reversed(steps) if side.result in step)
    with zipfile.ZipFile(result) as archive:
        assert archive.namelist() == ["one.de.txt", "two.de.txt"]
        assert archive.read("two.de.txt") == b"TWO TREES STAND THERE."
    assert do._services.store.setting("ada", glossary.SETTING) == "tree = Baum"


def test_a_translation_is_corrected_by_its_owner_and_the_correction_is_used_again(page: Wired, tmp_path: Path) -> None:
    do, ada, bob = page.handlers(FileHandlers), as_("ada"), as_("bob")
    side, path = do._side, tmp_path / "notes.txt"
    path.write_text("Two trees stand here.", "utf-8")
    *_, last = page.steps(do.run, [str(path)], "en", "de", "", None, "", "", "en", ada)
    id, table = last[side.looked], last[side.edit.table]["value"]
    assert table == [[1, "Two trees stand here.", "TWO TREES STAND HERE."]]
    table[0][2] = "Hier stehen zwei Bäume."
    assert "no such translation" in page.one(do.correct, id, table, "en", bob)[side.notice]
    kept = page.one(do.correct, id, table, "en", ada)
    assert "1 segment was changed" in kept[side.notice]
    assert Path(kept[side.result]["value"]).read_text("utf-8") == "Hier stehen zwei Bäume."
    both = page.one(do.act, "en", ada, clicked(act="both", id=id))
    assert "Hier stehen zwei Bäume." in Path(both[side.result]["value"]).read_text("utf-8")
    texts = page.handlers(Handlers)
    *_, again = page.steps(texts.run, "Two trees stand here.", "en", "de", "", "", "", "en", ada)
    assert again[texts._side.output] == "Hier stehen zwei Bäume."
    *_, others = page.steps(texts.run, "Two trees stand here.", "en", "de", "", "", "", "en", bob)
    assert others[texts._side.output] == "TWO TREES STAND HERE."


def test_a_text_is_corrected_by_segment_and_kept_so(page: Wired) -> None:
    do, eve, bob = page.handlers(Handlers), as_("eve"), as_("bob")
    side, typed = do._side, "- Two trees stand here.\n- A river runs there."
    assert page.one(do.begin)[side.edit.box]["visible"] is False
    last = page.steps(do.run, typed, "en", "de", "", "", "", "en", eve)[-1]
    record, table = last[side.last], last[side.edit.table]["value"]
    assert table == [
        [1, "Two trees stand here.", "TWO TREES STAND HERE."],
        [2, "A river runs there.", "A RIVER RUNS THERE."],
    ]
    table[0][2] = "Zwei Bäume stehen hier."
    kept = page.one(do.correct, record, table, "en", eve)
    assert kept[side.output] == "- Zwei Bäume stehen hier.\n- A RIVER RUNS THERE."
    assert "1 segment was changed" in kept[side.notice]
    (saved,) = do._results("eve")
    assert saved.result == kept[side.last], "it stands in the place of the one that was corrected"
    opened = page.one(do.reopen, "en", eve, clicked(act="open", id=saved.id))
    assert {row[0]: row[2] for row in opened[side.edit.table]["value"]}[1] == "Zwei Bäume stehen hier."
    again = page.steps(do.run, "Two trees stand here.", "en", "de", "", "", "", "en", eve)[-1]
    assert again[side.output] == "Zwei Bäume stehen hier."
    assert "no such translation" in page.one(do.correct, None, table, "en", bob)[side.notice]


def test_a_correction_that_cannot_be_kept_leaves_what_was_there(page: Wired) -> None:
    do, zoe = page.handlers(Handlers), as_("zoe")
    last = page.steps(do.run, "Two trees stand here.", "en", "de", "", "", "", "en", zoe)[-1]
    before = do._results("zoe")
    table = [[1, "Two trees stand here.", "Zwei Bäume. " * (LARGEST_RESULT // 12)]]
    assert "too large" in page.one(do.correct, last[do._side.last], table, "en", zoe)[do._side.notice]
    assert do._results("zoe") == before


def test_terms_are_imported_and_there_again_the_next_time(page: Wired, tmp_path: Path) -> None:
    do, ada = page.handlers(Handlers), as_("ada")
    path = tmp_path / "terms.csv"
    path.write_text("press,Kelter\nBanyan,\n", "utf-8")
    found = page.one(do.import_terms, str(path), "tree = Baum\nBanyan", "en", "de", "en", ada)
    assert found[do._tab.glossary] == "tree = Baum\nBanyan\npress = Kelter"
    assert page.one(do.arrive, ada)[do._tab.glossary] == "tree = Baum\nBanyan\npress = Kelter"
    assert page.one(do.arrive, as_("bob"))[do._tab.glossary] == ""
    path.write_text("", "utf-8")
    assert "no terms" in page.one(do.import_terms, str(path), "", "en", "de", "en", ada)[do._side.notice]
