"""What the fine-tune tab's buttons change, without a browser: nothing of it is trained, runs only wait in line."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from chatbot.training.training import Dataset, Training
from chatbot.types import Adapter
from chatbot.ui.finetune.data import DataHandlers
from chatbot.ui.finetune.handlers import Handlers
from chatbot.ui.finetune.knobs import values_of
from chatbot.ui.finetune.layout import FinetuneTab
from chatbot.ui.finetune.mending.handlers import MendHandlers
from chatbot.ui.finetune.run import IDLE, POLL
from chatbot.ui.finetune.use import UseHandlers
from chatbot.ui.services import Services
from chatbot.ui.strings.words import text
from finetune.jobs.folder import JobFolder
from finetune.jobs.records import Result
from finetune.spec.spec import KNOBS, TrainingSpec
from tests.chatbot.ui.wired import Wired, as_
from tests.finetune.jobs_for_tests import QUICK, ROWS

pytestmark = pytest.mark.slow

UNMAPPED = (None, None, "", None, "", True)
SETTINGS = (*UNMAPPED, *values_of(TrainingSpec().changed(QUICK)))


@pytest.fixture(scope="module")
def services(services: Services, training: Training) -> Services:
    return replace(services, training=training)


@pytest.fixture(scope="module")
def do(page: Wired) -> Handlers:
    return page.handlers(Handlers)


@pytest.fixture(scope="module")
def tab(do: Handlers) -> FinetuneTab:
    return do._tab


@pytest.fixture
def waiting(page: Wired, do: Handlers, tab: FinetuneTab, training: Training, rows: Path) -> Iterator[str]:
    """A run of ada's that waits in line."""
    started = page.steps(do.start, as_("ada"), str(rows), "trunks", "", "en", "", *SETTINGS)[-1]
    assert "trunks" in started[tab.form.notice]
    assert started[tab.form.file] is None
    yield str(started[tab.run.runs]["value"])
    for job in training.jobs.of("ada"):
        if job.state == "queued":
            training.jobs.cancel("ada", job.id)
        training.jobs.remove("ada", job.id)


def test_a_run_has_the_buttons_of_its_state(page: Wired, do: Handlers, tab: FinetuneTab, waiting: str) -> None:
    run, ada = tab.run, as_("ada")

    def offered(id: str) -> set[str]:
        shown = page.one(do.look, id, [], "", "en", ada)
        buttons = {"stop": run.stop, "resume": run.resume, "retry": run.retry, "remove": run.remove}
        assert shown[tab.use.box]["visible"] is False
        return {name for name, button in buttons.items() if shown[button]["visible"]}

    assert offered(waiting) == {"stop"}
    assert page.one(do.stop, waiting, "en", ada) == {run.notice: "", run.seen: ""}
    assert offered(waiting) == {"resume", "remove"}
    assert page.one(do.resume, waiting, "en", ada) == {run.notice: "", run.seen: ""}
    assert offered(waiting) == {"stop"}
    assert 'role="alert"' in page.one(do.retry, waiting, "en", ada)[run.notice], "it did not fail"
    page.one(do.stop, waiting, "en", ada)
    assert "no such job" in page.one(do.remove, waiting, "en", as_("bob"))[run.notice]
    assert 'role="alert"' not in page.one(do.remove, waiting, "en", ada)[run.notice]
    assert page.one(do.look, waiting, [], "", "en", ada)[run.box]["visible"] is False


def test_what_is_shown_is_not_sent_twice(page: Wired, do: Handlers, tab: FinetuneTab, waiting: str) -> None:
    first = page.one(do.look, waiting, [], "", "en", as_("ada"))
    assert first[tab.run.empty] == ""
    assert [id for _, id in first[tab.run.runs]["choices"]] == [waiting]
    again = page.one(do.look, waiting, [], first[tab.run.seen], "en", as_("ada"))
    assert list(again) == [tab.run.timer]
    assert again[tab.run.timer].value == POLL
    quiet = page.one(do.look, None, [], "", "en", as_("nobody"))[tab.run.timer]
    assert (quiet.active, quiet.value) == (True, IDLE), "what a program begins is seen, too"
    chinese = page.one(do.look, waiting, [], first[tab.run.seen], "zh", as_("ada"))
    assert chinese[tab.run.head] != first[tab.run.head]
    stranger = page.one(do.look, waiting, [], first[tab.run.seen], "en", as_("bob"))
    assert stranger[tab.run.empty]
    assert stranger[tab.run.box]["visible"] is False
    assert stranger[tab.run.runs]["choices"] == []


def test_a_start_that_is_refused_leaves_the_form(page: Wired, do: Handlers, tab: FinetuneTab, rows: Path) -> None:
    for file, name, why in ((None, "trunks", "Drop a data set"), (str(rows), " ", "name"), (str(rows), "a/b", "name")):
        refused = page.steps(do.start, as_("ada"), file, name, "", "en", "", *SETTINGS)[-1]
        assert list(refused) == [tab.form.notice]
        assert why in refused[tab.form.notice]


def test_a_data_set_fills_the_form_and_empties_it_again(
    page: Wired, do: Handlers, tab: FinetuneTab, rows: Path, tmp_path: Path
) -> None:
    data, form = page.handlers(DataHandlers), tab.form
    found = page.steps(data.check, as_("ada"), str(rows), "", "", "", "quick", "en")[-1]
    assert found[form.name] == "trunks"
    assert found[form.sizes]["usable"] == len(ROWS)
    assert found[form.mapping.box]["visible"] is False
    assert set(form.knobs) <= set(found)
    settled = page.one(data.settle, "", "thorough", found[form.sizes], "en", as_("ada"))
    assert {knob for knob in form.knobs if settled[knob] != found[knob]}

    table = tmp_path / "reviews.csv"
    table.write_text("review,mood\n" + "".join(f"It was film number {n},{n % 2}\n" for n in range(12)), "utf-8")
    asked = page.steps(data.check, as_("ada"), str(table), "mine", "trunks", "", "quick", "en")[-1]
    assert asked[form.mapping.box]["visible"] is True
    assert asked[form.mapping.prompt]["choices"] == ["{review}", "{mood}"]
    assert asked[form.sizes] is None
    fields = ("{review}", "{mood}", "", None, "0=bad, 1=good", True)
    mapped = page.steps(data.check_mapped, as_("ada"), str(table), "mine", "trunks", "", "quick", "en", *fields)[-1]
    assert mapped[form.name] == "mine"
    assert mapped[form.sizes]["usable"] == 12
    assert mapped[form.mapping.labels] == "0=bad, 1=good"

    gone = page.steps(data.check, as_("ada"), None, "mine", "trunks", "", "quick", "en")[-1]
    assert gone[tab.run.report] == ""
    assert gone[form.sizes] is None
    assert form.name not in gone, "what was typed stays"
    assert page.steps(data.check, as_("ada"), None, "trunks", "trunks", "", "quick", "en")[-1][form.name] == ""
    other = page.steps(data.check, as_("ada"), str(table), "trunks", "trunks", "", "quick", "en")[-1]
    assert (other[form.name], other[form.named]) == ("reviews", "reviews"), "the second upload has its own name"


def test_faulty_rows_are_mended_in_the_table_and_make_a_data_set_of_the_owners(
    page: Wired, tab: FinetuneTab, services: Services, tmp_path: Path
) -> None:
    data, mend, form = page.handlers(DataHandlers), page.handlers(MendHandlers), tab.form
    good = {"prompt": "How many trunks?", "completion": "Many."}
    lines = [json.dumps(good), '{"prompt": "Half', json.dumps(good | {"completion": " "}), '{"prompt": "x"}', "\xff"]
    (tmp_path / "trees.jsonl").write_bytes("\n".join(lines).encode("latin-1"))
    found = page.steps(data.check, as_("ada"), str(tmp_path / "trees.jsonl"), "", "", "", "quick", "en")[-1]
    assert found[tab.run.mending.box]["visible"] is True
    table = found[tab.run.mending.table]["value"]
    assert [row for row, _, _ in table] == [2, 3, 4], "what cannot be read cannot be mended"
    assert (table[0][2], json.loads(table[1][2])["completion"]) == (lines[1], " ")
    table[0][2], table[1][2], table[2][2] = table[0][2] + '?", "completion": "One."}', json.dumps(good), ""
    mended = page.steps(mend.mend, as_("ada"), str(tmp_path / "trees.jsonl"), table, "en", *UNMAPPED)[-1]
    assert "1 row" in mended[tab.run.notice]
    made = Path(mended[form.file])
    assert (made.name, services.uploads.belongs(str(made), "ada")) == ("trees.jsonl", True)
    again = page.steps(data.check, as_("ada"), str(made), "", "", "", "quick", "en")[-1]
    assert (again[form.sizes]["usable"], again[tab.run.mending.box]["visible"]) == (3, False)


def test_other_settings_are_checked_and_measured(page: Wired, do: Handlers, tab: FinetuneTab, rows: Path) -> None:
    data, form = page.handlers(DataHandlers), tab.form
    changed = page.steps(data.check_again, str(rows), "en", *SETTINGS)
    assert any(tab.run.report in step and form.sizes in step for step in changed)
    assert "12 steps" in changed[-1][form.estimate]
    wrong = [*SETTINGS]
    wrong[len(UNMAPPED) + [knob.name for knob in KNOBS].index("rank")] = "many"
    refused = page.steps(data.check_again, str(rows), "en", *wrong)[-1]
    assert refused[form.estimate] == ""
    assert "rank must be a number" in refused[form.notice]
    assert page.steps(data.check_again, None, "en", *SETTINGS) == [gr.skip()]
    unknown = page.steps(data.measure, None, "en", *SETTINGS[len(UNMAPPED) :])[-1]
    assert list(unknown) == [form.estimate]
    assert "no adapter named" in page.one(data.settle, "nobody", "quick", None, "en", as_("ada"))[form.notice]


def test_the_tab_is_opened_relabelled_and_another_run_chosen(page: Wired, do: Handlers, tab: FinetuneTab) -> None:
    opened = page.one(do.open, "en", as_("ada"))
    assert opened[tab.form.locked] == ""
    assert opened[tab.form.origin]["choices"][0][1] == ""
    assert text("ft_estimate_none", "zh") in page.one(do.relabel, None, "zh")[tab.form.estimate]
    assert tab.form.estimate not in page.one(do.relabel, {"usable": 1}, "zh"), "a measured one stays"
    assert page.one(do.choose)[tab.use.files]["visible"] is False


def test_nothing_is_made_of_a_run_that_taught_nothing(
    page: Wired, do: Handlers, tab: FinetuneTab, waiting: str
) -> None:
    use, ada = page.handlers(UseHandlers), as_("ada")
    refusals = [page.steps(make, waiting, "en", ada)[-1] for make in (use.zip, use.gguf, use.merge)]
    for refused in (*refusals, page.one(use.compare, waiting, "en", ada)):
        assert list(refused) == [tab.use.notice]
        assert 'role="alert"' in refused[tab.use.notice]
    unsent = page.one(use.push, waiting, "en", "", "hf_secret", ada)
    assert unsent[tab.use.token] == ""
    assert "repository" in unsent[tab.use.notice]


@pytest.mark.parametrize("task", ["chat", "sentiment"])
def test_only_an_adapter_for_the_chat_is_compared_there(
    page: Wired, services: Services, training: Training, waiting: str, task: str
) -> None:
    engine: Any = services.engine.present
    engine._adapters[:] = [Adapter("reviews", task=task)]
    JobFolder(training.jobs._folder / waiting).finish(Result("succeeded", adapter="reviews", steps=4))
    use = page.handlers(UseHandlers)
    shown = page.one(use.compare, waiting, "en", as_("ada"))
    engine._adapters.clear()
    if task == "chat":
        assert shown[use._bar.adapter]["value"] == "reviews"
    else:
        assert set(shown) == {use._use.notice}
        assert "Choose it there" in shown[use._use.notice]


def test_more_files_become_one_data_set_of_the_owners(
    page: Wired, tab: FinetuneTab, services: Services, rows: Path, tmp_path: Path
) -> None:
    data, form = page.handlers(DataHandlers), tab.form
    judging = tmp_path / "validation.jsonl"
    judging.write_bytes(rows.read_bytes())
    added = page.one(data.add, str(rows), [str(judging)], "en", as_("ada"))
    made = Path(added[form.file])
    assert (made.name, added[form.more]) == ("trunks.zip", None)
    assert services.uploads.belongs(str(made), "ada")
    report = services.training.check(Dataset(made, made.name), TrainingSpec())  # type: ignore[union-attr]
    assert (report["usable"], report["held_out"]) == (96, 48)
    alone = page.one(data.add, None, [str(judging)], "en", as_("ada"))
    assert alone[form.file] == str(judging)
    (tmp_path / "x.zip").touch()
    refused = page.one(data.add, str(rows), [str(tmp_path / "x.zip")], "en", as_("ada"))
    assert 'role="alert"' in refused[form.notice]
