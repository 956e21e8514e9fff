"""The fine-tune tab and its API without a browser: what is shown, what is refused, and to whom."""

import json
import re
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from chatbot.common.errors import AccessDenied, BanyanError, InputError, NotFound
from chatbot.engine import registry
from chatbot.settings import load
from chatbot.training.base import TrainingBase, no_training
from chatbot.training.training import MOST_WAITING, Dataset, Training, spec_of
from chatbot.ui.finetune import knobs, render_dataset
from chatbot.ui.finetune import render as render_finetune
from chatbot.ui.finetune.data import dataset_of
from chatbot.ui.finetune.render_curve import curve
from chatbot.ui.finetune.render_samples import samples
from chatbot.ui.finetune.render_verdict import outcome, scores, sentence
from chatbot.ui.parts import render
from chatbot.ui.strings.words import Language, languages
from finetune.jobs.estimate import Estimate
from finetune.jobs.folder import JobFolder
from finetune.jobs.jobs import Job
from finetune.jobs.records import Result
from finetune.spec.presets import PRESETS, preset
from finetune.spec.spec import KNOBS, TrainingSpec
from tests.finetune.jobs_for_tests import QUICK, ROWS, wait_for, wait_for_end
from tests.gguf_files import make_gguf
from tests.running import App, running

pytestmark = pytest.mark.slow

EVIL = '<img src=x onerror="alert(1)"><script>alert(2)</script>'
SIZES = {
    "method": "sft",
    "usable": 48,
    "tokens": 1500,
    "truncated_tokens": 0,
    "trained_tokens": 600,
    "held_out": 8,
    "longest": 60,
    "fitting": 60,
}


class Elements(HTMLParser):
    """The elements in HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs)


def job(**changes: Any) -> Job:
    known = Job("0" * 24, "trunks", "running", 0.0, "tiny", TrainingSpec())
    return replace(known, **changes)


# What is shown


def test_a_report_shades_what_is_masked_and_runs_nothing_of_the_file(training: Training, tmp_path: Path) -> None:
    path = tmp_path / "evil.jsonl"
    lines = [
        {"messages": [{"role": "user", "content": f"{EVIL} {n}"}, {"role": "assistant", "content": f"{n} {EVIL}"}]}
        for n in range(6)
    ]
    path.write_text(
        "\n".join(map(json.dumps, lines)) + '\n{"messages": [{"role": "' + '<b>wizard", "content": "x"}]}\n'
    )
    found = training.check(Dataset(path, path.name), TrainingSpec())
    assert (found["rows"], found["usable"], found["faults"][0]["row"]) == (7, 6, 7)
    for language in languages():
        html = render_dataset.report(found, language)
        assert not {"img", "script", "b"} & set(Elements(html).tags)
        assert html.count('class="by-learnt"') == 3 + 1, "three examples and the legend"
        learnt = re.findall(r'<span class="by-learnt">([^<]*)</span>', html)[1:]
        assert all(EVIL.replace("<", "&lt;")[:8] in text and "&lt;|im_end|&gt;" in text for text in learnt)
        assert "by-histogram" in html


@pytest.mark.parametrize(("bars", "thinned"), [(8, False), (9, True)])
def test_of_many_bars_a_phone_shows_each_second_number(bars: int, thinned: bool) -> None:
    found = {"histogram": [(n * 10, n * 10 + 10, 1 + n) for n in range(bars)]}
    html = render_dataset.histogram(found, "en")
    assert html.count("<li ") == bars
    assert ('<ol class="by-many">' in html) is thinned


def test_a_curve_holds_both_lines_and_tells_itself_in_words() -> None:
    lines: list[dict[str, Any]] = [{"step": 0, "of": 20, "eval_loss": 3.5}]
    lines += [{"step": n, "of": 20, "loss": 3.5 - n / 10} for n in range(1, 21)]
    lines += [{"step": 10, "of": 20, "eval_loss": 2.75}, {"step": 20, "of": 20, "loss": None}]
    html = curve(lines, "en")
    train, held = re.findall(r'<polyline class="by-(?:train|held)" points="([^"]*)"', html)
    assert len(train.split()) == 20
    assert len(held.split()) == html.count('class="by-dot"') == 2
    heights = [float(point.split(",")[1]) for point in train.split()]
    assert heights == sorted(heights), "a loss that falls runs downwards"
    assert "from 3.400 to 1.500" in html
    assert "from 3.500 to 2.750" in html
    assert "<svg" not in curve([], "en")
    points = [
        {"step": step, "samples": [{"row": 3, "prompt": "<Why?>", "reference": "So.", "answer": said}]}
        for step, said in ((0, "No idea"), (2, ""), (4, "So it is."))
    ]
    shown = samples(points, "en")
    assert shown.index("Step 0") < shown.index("Step 4") < shown.index("Step 2"), (
        "the ends first, the rest behind a fold"
    )
    assert "&lt;Why?&gt;" in shown
    assert samples(points, "zh") != shown
    assert samples([{"step": 1, "loss": 2.0}], "en") == ""
    beside = curve(lines, "en", [("oak (rank=4)", lines), ("empty", [])])
    assert 'data-others="1"' in beside
    assert "oak (rank=4)" in beside
    assert len(re.findall(r"points=\"([^\"]*)\"", curve([{"step": 1, "of": 1, "loss": 2.0}], "zh"))[0].split()) == 1


@pytest.mark.parametrize("language", languages())
def test_every_state_and_cause_is_told(language: Language) -> None:
    seen = set()
    for state in ("queued", "running", "succeeded", "failed", "cancelled", "interrupted"):
        html = render_finetune.run(job(state=state), language)
        seen.add(html)
        assert Elements(html).tags[0] == "div"
    assert len(seen) == 6
    retry: dict[str, object] = {"batch_size": 2, "accumulation": 4}
    failed = job(state="failed", result=Result("failed", "out_of_memory", "The memory was not enough.", retry=retry))
    html = render_finetune.run(failed, language)
    changes = {
        "en": "Batch size = 2, Accumulation = 4",
        "zh": "批大小 = 2, 梯度累积 = 4",
        "es": "Tamaño de lote = 2, Acumulación = 4",
    }
    assert changes[language] in html
    assert ("The memory was not enough." in html) == (language == "en")


def test_an_adapter_that_is_called_otherwise_or_not_served_says_so() -> None:
    def shown(adapter: str, **knobs: bool) -> str:
        result = Result("succeeded", adapter=adapter, steps=4)
        return render_finetune.run(replace(job(state="succeeded", result=result), spec=TrainingSpec(**knobs)), "en")  # type: ignore[arg-type]

    own = job().name
    assert f"this one is called {own}-1a2b" in shown(f"{own}-1a2b")
    assert "already" not in shown(own)
    assert "DoRA" in shown("", dora=True)


def test_the_verdict_says_the_same_in_both_languages() -> None:
    score = {"name": "loss", "before": 2.5, "after": 2.0, "low": -0.6, "high": -0.4, "rows": 12}
    pair = {"row": 1, "prompt": EVIL, "reference": "a", "before": EVIL, "after": ""}
    found = {
        "outcome": "better",
        "sentence": "Better: held-out loss 2.500 before, 2.000 after (difference -0.500).",
        "decided_by": "loss",
        "scores": [score],
        "forgot": False,
        "examples": [pair],
    }
    for language in languages():
        html = scores(found, language)
        assert all(figure in html for figure in ("2.500", "2.000", "-0.500", "[-0.600, -0.400]"))
        assert all(figure in outcome(found, language) for figure in ("2.500", "2.000"))
        assert not {"img", "script"} & set(Elements(html).tags)
    assert sentence(found, "zh").startswith("留出损失")
    further = scores(found, "en", EVIL[:20])
    assert "Base model" in scores(found, "en")
    assert "Base model" not in further
    assert further.count("&lt;img src=x") == 4  # over its column, over its answer, in the prompt and the answer
    assert outcome({}, "en") == scores({}, "en") == ""
    unjudged = {"outcome": "not judged", "sentence": "Not judged: x.", "decided_by": "", "scores": [], "examples": []}
    assert outcome(unjudged, "en").count("Not judged") == 1
    assert "Not judged" not in outcome(unjudged, "zh")


@pytest.mark.parametrize("name", PRESETS)
def test_the_controls_keep_every_setting(name: Any) -> None:
    spec = preset(name, 425, 61_357)
    assert knobs.spec_of(tuple(knobs.values_of(spec))) == spec
    chosen = spec.changed({"target_modules": ["q_proj", "v_proj"], "steps": 7})
    assert knobs.spec_of(tuple(knobs.values_of(chosen))) == chosen


def test_controls_that_hold_no_number_are_refused_by_name() -> None:
    shown = knobs.values_of(TrainingSpec())
    shown[[knob.name for knob in KNOBS].index("rank")] = "many"
    with pytest.raises(InputError, match="rank must be a number"):
        knobs.spec_of(tuple(shown))


def test_columns_get_their_meaning_from_the_dialog() -> None:
    fields = ("{q}", "{a}", "", None, "0=bad, 1=good", True)
    mapping = dataset_of("x.csv", fields).mapping
    assert mapping
    assert (mapping.prompt, mapping.label_column, dict(mapping.labels)) == ("{q}", "a", {"0": "bad", "1": "good"})
    with pytest.raises(InputError, match="both prompt and completion"):
        dataset_of("x.csv", ("{q}", "", "", None, "", True))


# What is refused


@pytest.mark.parametrize(
    ("arguments", "environment", "code"),
    [
        ([], {"SPACE_ID": "ada/banyan"}, "space"),
        (["--training", "on"], {"SPACE_ID": "ada/banyan"}, ""),
        (["--training", "off"], {}, "off"),
        (["--engine", "scripted"], {}, "scripted"),
        (["--base-url", "http://127.0.0.1:1/v1"], {}, "remote"),
        (["--model", "other.gguf"], {}, "gguf"),
        (["--model", "known.gguf"], {}, ""),
        ([], {}, ""),
    ],
)
def test_where_nothing_can_be_trained_the_reason_is_told(
    arguments: list[str],
    environment: dict[str, str],
    code: str,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    make_gguf(model, Path("known.gguf"))
    make_gguf(model, Path("other.gguf"), architecture="phi3")
    settings = load(arguments, environment)
    engine, _ = registry.choose(settings)
    why_not = no_training(settings.training, space=settings.space, engine=engine.no_training(settings))
    base = TrainingBase(lambda: "small", tmp_path, no_training=lambda model: why_not)
    if code:
        assert why_not and why_not.code == code
        with pytest.raises(AccessDenied) as refused:
            base.prepare(lambda step, fraction: None)
        assert str(refused.value) == why_not.sentence
        assert render.message(refused.value, "zh") != why_not.sentence
    else:
        assert why_not is None
        base.require()


def test_a_light_install_says_what_training_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trl", None)
    why_not = no_training("auto", space=True, engine=None)
    assert why_not and why_not.code == "light" and 'pip install ".[train]"' in why_not.sentence
    for language in ("zh", "es"):
        assert 'pip install ".[train]"' in render.message(AccessDenied("", kind="training_light"), language)


def test_a_training_refuses_what_the_report_refuses(training: Training, rows: Path, tmp_path: Path) -> None:
    masked = TrainingSpec().changed({"max_length": 16})
    with pytest.raises(InputError, match="Every row is masked"):
        training.start("ada", "trunks", Dataset(rows, rows.name), masked)
    empty = tmp_path / "empty.csv"
    empty.write_text("prompt,completion\n")
    with pytest.raises(InputError, match="no rows"):
        training.start("ada", "trunks", Dataset(empty, empty.name), TrainingSpec())
    for name in ("../../x; rm -rf ~", "", "a/b", "x" * 65):
        with pytest.raises(InputError, match="cannot be an adapter's name"):
            training.start("ada", name, Dataset(rows, rows.name), TrainingSpec())
    with pytest.raises(InputError, match="no training setting called"):
        spec_of({"rnak": 4}, SIZES)
    assert spec_of({"preset": "quick", "rank": 4}, SIZES).rank == 4
    assert training.jobs.of("ada") == []


def test_an_estimate_is_measured_once_and_refuses_what_cannot_fit(
    training: Training, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = TrainingSpec().changed(QUICK)
    measured = training.estimate(spec, SIZES)
    assert measured.steps == 12
    assert measured.training > 0
    assert measured.fits
    assert training.known_estimate(spec.changed({"rank": 2, "steps": 24}), SIZES).training > measured.training  # type: ignore[union-attr]
    assert training.known_estimate(spec.changed({"rank": 64}), SIZES) is None
    with pytest.raises(InputError, match="GiB"):
        Estimate(1, 1.0, 1.0, 100 << 30, 10 << 30).require()


def test_jobs_of_one_owner_are_counted_and_kept_from_others(
    training: Training, rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = TrainingSpec().changed(QUICK)
    id = training.start("ada", "trunks", Dataset(rows, rows.name), spec)
    assert training.jobs.get("ada", id).source == "trunks.jsonl"
    with (JobFolder(training.jobs._folder / id).data).open() as file:
        assert len(file.readlines()) == len(ROWS)
    for look in (training.folder, lambda owner, id: training.pack(owner, id, tmp_path)):
        with pytest.raises(NotFound):
            look("bob", id)
    monkeypatch.setattr("chatbot.training.training.MOST_WAITING", 1)
    with pytest.raises(InputError, match="wait or run already"):
        training.start("ada", "again", Dataset(rows, rows.name), spec)
    assert MOST_WAITING > 1
    training.jobs.remove("ada", id)


@pytest.mark.parametrize(("waiting", "full"), [(9, False), (10, True)])
def test_ten_jobs_of_one_person_may_wait_or_run(
    waiting: int, full: bool, training: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [job(state="succeeded"), job(state="failed"), job(own=False)]
    monkeypatch.setattr(training.jobs, "of", lambda owner: [job(), *[job(state="queued")] * (waiting - 1), *others])
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(InputError) as refused:
        training.start("ada", "again", Dataset(tmp_path / "empty.jsonl", "empty.jsonl"), TrainingSpec())
    assert (refused.value.kind == "too_many_jobs") == full


def test_a_child_that_dies_is_told_and_replaced(training: Training, rows: Path) -> None:
    training._doctor._child._alive().kill()
    try:
        training.check(Dataset(rows, rows.name), TrainingSpec())
    except BanyanError as error:
        assert "unexpectedly" in str(error)
    assert training.check(Dataset(rows, rows.name), TrainingSpec())["usable"] == len(ROWS)


# The API


@pytest.fixture(scope="module")
def app(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    data = tmp_path_factory.mktemp("app")
    with running("--engine", "local", "--model", str(model), "--threads", "1", data=data) as app:
        yield app


def client(app: App) -> Client:
    """A visitor of its own: one who keeps the cookie that the first answer gives."""
    import httpx

    cookies = dict(httpx.get(app.address).cookies)
    assert cookies
    return Client(app.address, verbose=False, httpx_kwargs={"cookies": cookies})


def test_a_fine_tune_from_a_script(app: App, rows: Path) -> None:
    ada, bob = client(app), client(app)
    report = ada.predict(handle_file(str(rows)), api_name="/check_dataset")
    assert (report["format"], report["rows"], report["usable"], report["faults"]) == ("messages", 48, 48, [])
    assert {"truncated", "duplicates", "sample"} <= set(report)
    judged = ada.predict(handle_file(str(rows)), {}, {}, handle_file(str(rows)), api_name="/check_dataset")
    assert (judged["usable"], judged["held_out"]) == (96, 48)

    overrides = json.dumps(QUICK | {"learning_rate": 1e-2})
    id = ada.predict(handle_file(str(rows)), "trunks", overrides, api_name="/train")
    assert [job["id"] for job in ada.predict(api_name="/jobs")] == [id]
    assert bob.predict(api_name="/jobs") == []
    for endpoint in ("/job", "/cancel_job"):
        with pytest.raises(AppError, match="no such job"):
            bob.predict(id, api_name=endpoint)

    wait_for(lambda: ada.predict(id, api_name="/job")["state"] not in ("queued", "running"))
    ended = ada.predict(id, api_name="/job")
    assert ended["state"] == "succeeded", ended
    assert ended["verdict"]["outcome"] in ("better", "no change", "worse")
    assert ended["losses"]["held_out"][0][0] == 0, "there is a point before the first step"
    assert ended["losses"]["held_out"][-1][1] < ended["losses"]["held_out"][0][1]
    assert ended["progress"]["step"] == ended["progress"]["of"] == 12
    assert ada.predict(api_name="/adapters") == [
        {"name": "trunks", "base": "tiny-llama", "task": "chat", "verdict": ended["verdict"]["sentence"]}
    ]
    assert bob.predict(api_name="/adapters") == []

    assert "rows to learn from" in ada.predict(id, api_name="/job_log")
    assert Path(ada.predict(id, api_name="/download_adapter")).name == "trunks.zip"
    assert Path(ada.predict(id, api_name="/export_gguf")).read_bytes()[:4] == b"GGUF"
    with pytest.raises(AppError, match="no GGUF file"):
        ada.predict(id, "q8_0", api_name="/merge_gguf")
    with pytest.raises(AppError, match="Q4_K_M cannot be written here"):
        ada.predict(id, "q4_k_m", api_name="/merge_gguf")
    with pytest.raises(AppError, match="a repository such as user/name"):
        ada.predict(id, " ", "", api_name="/push_adapter")
    with pytest.raises(AppError, match="Only a job that was interrupted"):
        ada.predict(id, api_name="/resume_job")
    for endpoint in ("/job_log", "/download_adapter", "/merge_adapter", "/resume_job", "/remove_job", "/share_job"):
        with pytest.raises(AppError, match="no such job"):
            bob.predict(id, api_name=endpoint)
    assert ada.predict(id, api_name="/share_job") is True
    assert [job["id"] for job in bob.predict(api_name="/jobs")] == [id]
    assert ada.predict(id, False, api_name="/share_job") is False
    with pytest.raises(AppError, match="owner/name"):
        ada.predict(None, {}, {}, None, "../jobs", "train", api_name="/check_dataset")
    further = ada.predict(handle_file(str(rows)), "more", QUICK | {"steps": 2}, "trunks", api_name="/train")
    with pytest.raises(AppError, match="no adapter named trunks"):
        bob.predict(handle_file(str(rows)), "stolen", {"steps": 2}, "trunks", api_name="/train")
    with pytest.raises(AppError, match="rank is 4 in trunks and cannot change"):
        ada.predict(handle_file(str(rows)), "wide", {"rank": 8}, "trunks", api_name="/train")
    wait_for(lambda: ada.predict(further, api_name="/job")["state"] not in ("queued", "running"))
    went_on = ada.predict(further, api_name="/job")
    assert (went_on["state"], went_on["start_from"]) == ("succeeded", "trunks")
    assert went_on["losses"]["held_out"][0][1] == pytest.approx(ended["losses"]["held_out"][-1][1], abs=1e-4)

    with pytest.raises(AppError, match="no training setting called 'rnak'"):
        ada.predict(handle_file(str(rows)), "x", {"rnak": 1}, api_name="/train")
    with pytest.raises(AppError, match="cannot be an adapter's name"):
        ada.predict(handle_file(str(rows)), "../x", {}, api_name="/train")


def test_a_path_of_this_machine_is_no_upload(app: App, tmp_path: Path) -> None:
    import httpx

    secret = tmp_path / "secret.jsonl"
    secret.write_text(json.dumps(ROWS[0]), "utf-8")
    for file in ({"path": str(secret), "meta": {"_type": "gradio.FileData"}}, {"path": str(secret)}, str(secret)):
        asked = httpx.post(f"{app.address}/gradio_api/call/check_dataset", json={"data": [file]}, timeout=30)
        event = asked.json().get("event_id", "")
        said = httpx.get(f"{app.address}/gradio_api/call/check_dataset/{event}", timeout=60).text
        assert "trunks" not in said
        assert "complete" not in said


def test_what_was_trained_can_be_taken_away(training: Training, rows: Path, tmp_path: Path) -> None:
    """One real run of the job's child, then zip, GGUF, merged weights and the switch that shares."""
    from chatbot.engine.adapters.folders import find, visible

    training.jobs.start()
    id = training.start("ada", "trunks", Dataset(rows, rows.name), TrainingSpec().changed(QUICK))
    wait_for_end(training.jobs, "ada", id)
    assert training.jobs.get("ada", id).state == "succeeded", training.jobs.log("ada", id)[-2000:]

    with zipfile.ZipFile(training.pack("ada", id, tmp_path)) as archive:
        assert {"trunks/adapter_config.json", "trunks/adapter_model.safetensors", "trunks/README.md"} <= set(
            archive.namelist()
        )
        assert '"ada"' not in archive.read("trunks/banyan.json").decode()
    gguf = training.to_gguf("ada", id, tmp_path)
    assert (gguf.name, gguf.read_bytes()[:4]) == ("trunks.gguf", b"GGUF")

    import torch
    from peft import PeftModel
    from safetensors.torch import load as read
    from transformers import AutoModelForCausalLM

    merged = training.merge("ada", id, tmp_path, lambda step, fraction: None)
    with zipfile.ZipFile(merged) as archive:
        archive.extractall(tmp_path / "whole")
        assert "trunks-merged/tokenizer.json" in archive.namelist()
        assert read(archive.read("trunks-merged/model.safetensors"))
    base = training.base.known
    assert base
    ids = torch.arange(20)[None]
    with_adapter = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(base.folder), training.folder("ada", id)
    )
    whole = AutoModelForCausalLM.from_pretrained(tmp_path / "whole" / "trunks-merged")
    with torch.no_grad():
        assert torch.allclose(with_adapter(ids).logits, whole(ids).logits, atol=1e-3)

    adapters = training._adapters
    assert [a.name for a in visible(find([adapters]), "ada")] == ["trunks"]
    assert visible(find([adapters]), "bob") == []
    training.jobs.share("ada", id, True)
    assert [a.name for a in visible(find([adapters]), "bob")] == ["trunks"]
    assert [job.own for job in training.jobs.of("bob")] == [False]
    with pytest.raises(NotFound):
        training.push("bob", id, "bob/stolen", "hf_x")
    training.jobs.share("ada", id, False)
    assert visible(find([adapters]), "bob") == []
