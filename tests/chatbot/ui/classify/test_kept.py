"""A table that was judged is found again by its owner, whether the page waited for it or not."""

import csv
import itertools
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest

from chatbot.common.errors import NotFound
from chatbot.engine.loading import LoadingEngine
from chatbot.engine.scripted import ScriptedEngine
from chatbot.store.store import Store
from chatbot.tasks.classify.tables import kept as sentiment_kept
from chatbot.tasks.classify.tables.kept import KEPT, KeptTables, Outcome
from chatbot.ui.classify import handlers as sentiment_handlers
from chatbot.ui.classify.handlers import Handlers
from chatbot.ui.classify.layout import SentimentTab, build_sentiment
from chatbot.ui.parts.localise import Localised
from chatbot.ui.parts.updates import Updates
from chatbot.ui.services import Services
from tests.chatbot.ui.wired import as_, clicked

ROWS = 400


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    loading = LoadingEngine(lambda *_: ScriptedEngine(), "scripted")
    loading.start()
    assert loading.wait(20)
    store = Store(tmp_path / "banyan.db")
    yield Services(loading, store, lambda request: str(request.owner), tables=KeptTables(store, tmp_path / "tables"))
    loading.close()
    store.close()


@pytest.fixture
def tab(services: Services) -> SentimentTab:
    with gr.Blocks(), gr.Tab() as tab:
        return build_sentiment(Localised(), tab, services)


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.csv"
    path.write_text("id,review\n" + "".join(f"{n},Scene {n} was good.\n" for n in range(ROWS)), "utf-8")
    return path


def judging(services: Services, tab: SentimentTab, file: Path, owner: str = "ada") -> Iterator[Updates]:
    return Handlers(services, tab).run("table", "", str(file), "review", "", [], "", "en", as_(owner))


def labels_in(path: str) -> list[str]:
    with Path(path).open(newline="", encoding="utf-8") as file:
        return [row["predicted_label"] for row in csv.DictReader(file)]


def test_what_was_judged_before_the_page_closed_is_there_on_return(
    services: Services, tab: SentimentTab, reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sentiment_handlers, "ROWS_TICK", 0.0)
    steps = judging(services, tab, reviews)
    for _ in itertools.islice(steps, 30):
        pass
    steps.close()  # type: ignore[attr-defined]
    do = Handlers(services, tab)
    (saved,) = services.store.results("ada", "sentiment")
    assert "reviews.csv" in do.look("en", as_("ada"))
    assert "reviews.csv" not in do.look("en", as_("bob"))
    opened = do.reopen("en", as_("ada"), clicked(act="open", id=saved.id))
    found = opened[tab.result]
    assert isinstance(found, Outcome)
    assert 0 < found.done < ROWS
    assert f"{found.done} of {ROWS} rows were judged" in opened[tab.shown]
    assert opened[tab.notice] == ""
    labels = labels_in(opened[tab.download]["value"])
    assert len(labels) == ROWS
    assert sum(map(bool, labels)) == found.done
    refused = do.reopen("en", as_("bob"), clicked(act="open", id=saved.id))
    assert list(refused) == [tab.notice]
    assert "no such result" in refused[tab.notice]
    assert not services.runs.running("ada", f"sentiment:{as_('ada').session_hash}")


def test_what_was_judged_is_kept_on_the_way_too(
    services: Services, tab: SentimentTab, reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a `kill -9`: nobody closes the steps before the store is looked at."""
    monkeypatch.setattr(sentiment_handlers, "ROWS_TICK", 0.0)
    monkeypatch.setattr(sentiment_kept, "EVERY", 0.0)
    steps = judging(services, tab, reviews)
    done = []
    for _ in itertools.islice(steps, 30):
        done += [saved.result["outcome"]["done"] for saved in services.store.results("ada", "sentiment")]
    assert done == sorted(done)  # never two of them
    assert 0 < done[-1] < ROWS
    (saved,) = services.store.results("ada", "sentiment")
    assert services.tables
    found, data = services.tables.opened("ada", saved.result)
    assert sum(bool(row["predicted_label"]) for row in csv.DictReader(data.decode().splitlines())) == found.done
    *_, last = steps
    (saved,) = services.store.results("ada", "sentiment")
    assert services.tables.opened("ada", saved.result)[0].done == last[tab.result].done == ROWS


def test_a_removed_table_leaves_no_file_and_the_oldest_give_way(
    services: Services, tab: SentimentTab, tmp_path: Path
) -> None:
    files = tmp_path / "tables"
    small = tmp_path / "small.csv"
    small.write_text("id,review\n1,good\n", "utf-8")
    for _ in range(KEPT + 2):
        *_, last = judging(services, tab, small)
        assert last[tab.notice] == ""
    saved = services.store.results("ada", "sentiment", 100)
    assert len(saved) == len(list(files.rglob("*.csv"))) == KEPT
    Handlers(services, tab).reopen("en", as_("ada"), clicked(act="remove", id=saved[0].id))
    assert len(list(files.rglob("*.csv"))) == KEPT - 1
    assert services.tables
    for name in ("../../banyan.db", saved[0].result["file"]):
        with pytest.raises(NotFound):
            services.tables.opened("ada", saved[0].result | {"file": name})


def test_a_table_that_cannot_be_kept_is_offered_all_the_same(
    services: Services, tab: SentimentTab, tmp_path: Path
) -> None:
    small = tmp_path / "small.csv"
    small.write_text("id,review\n1,good\n", "utf-8")
    (tmp_path / "tables").write_text("a file where the folder should be")
    *_, last = judging(services, tab, small)
    assert "could not be kept" in last[tab.notice]
    assert labels_in(last[tab.download]["value"]) != [""]
