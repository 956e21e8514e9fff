"""A fine-tune that goes on from an adapter: what it takes over, what it refuses, and that it begins where that ended."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from chatbot.common.errors import InputError, ModelError
from chatbot.common.fingerprint import fingerprint
from finetune.jobs import start
from finetune.jobs.folder import JobFolder
from finetune.jobs.new import jobs_for
from finetune.jobs.records import Base
from finetune.publish.card import WEIGHTS
from finetune.spec.spec import TrainingSpec
from finetune.train import command as train
from finetune.train import model as train_model
from tests.finetune.jobs_for_tests import QUICK, ROWS
from tests.tiny import make_model

pytestmark = pytest.mark.slow

PRECISE = [
    "--set",
    "precision=fp32",
]  # losses are compared to the fifth digit, which bf16, the default on some CPUs, does not keep
SETTINGS = [part for name, value in QUICK.items() if value is not None for part in ("--set", f"{name}={value}")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a model, rows, and the adapter `first` that was trained on them."""
    folder = tmp_path_factory.mktemp("data")
    make_model(folder / "models" / "tiny-llama", "llama")
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, ROWS)), "utf-8")
    assert train.main(command(folder, "first", *SETTINGS)) == 0
    return folder


def command(folder: Path, name: str, *more: str) -> list[str]:
    return ["--data", str(folder / "rows.jsonl"), "--name", name, "--folder", str(folder), *PRECISE, *more]


def job_of(folder: Path, name: str) -> JobFolder:
    return next(job for path in (folder / "jobs").glob("[!.]*") if (job := JobFolder(path)).meta().name == name)


def held_out(job: JobFolder) -> list[float]:
    return [line["eval_loss"] for line in job.read_progress() if line.get("eval_loss") is not None]


def test_it_begins_where_the_adapter_ended_and_is_judged_against_it(folder: Path) -> None:
    weights = folder / "adapters" / "first" / WEIGHTS
    before = fingerprint(weights)
    assert train.main(command(folder, "second", "--start-from", "first", "--set", "steps=8")) == 0
    first, second = job_of(folder, "first"), job_of(folder, "second")
    assert held_out(second)[0] == pytest.approx(held_out(first)[-1], abs=1e-5)
    assert held_out(second)[-1] < held_out(second)[0] < held_out(first)[0]
    assert second.spec().rank == first.spec().rank != TrainingSpec().rank

    scores = {job.meta().name: {s["name"]: s for s in job.result().verdict["scores"]} for job in (first, second)}  # type: ignore[union-attr]
    assert scores["second"]["loss"]["before"] == pytest.approx(scores["first"]["loss"]["after"], abs=1e-5)
    assert scores["second"]["loss"]["after"] == pytest.approx(held_out(second)[-1], abs=1e-5)
    assert fingerprint(weights) == before, "the adapter that it went on from stays as it was"
    assert fingerprint(folder / "adapters" / "second" / WEIGHTS) != before
    card = json.loads((folder / "adapters" / "second" / "banyan.json").read_text("utf-8"))
    assert card["start"] == {"name": "first", "fingerprint": before}
    assert "went on from the adapter first" in (folder / "adapters" / "second" / "README.md").read_text("utf-8")


def test_a_job_goes_on_though_the_adapter_was_removed_meanwhile(folder: Path) -> None:
    gone = folder / "adapters" / "gone"
    shutil.copytree(folder / "adapters" / "first", gone)
    options = train._parser().parse_args(command(folder, "third", "--start-from", "gone", "--set", "steps=1"))
    [job] = jobs_for(options)
    shutil.rmtree(gone)
    assert train.run(job, device="cpu").state == "succeeded"
    assert held_out(job)[0] == pytest.approx(held_out(job_of(folder, "first"))[-1], abs=1e-5)
    with pytest.raises(InputError, match="gone was removed meanwhile"):
        start.of(gone)


def test_what_the_weights_fix_cannot_be_set_otherwise(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    further = ["--start-from", "first", "--set", "steps=1"]
    assert train.main(command(folder, "x", *further, "--set", "rank=16")) == 2
    assert "rank is 4 in first and cannot change" in capsys.readouterr().err
    assert train.main(command(folder, "x", "--start-from", "none")) == 2
    assert "There is no adapter none" in capsys.readouterr().err
    adapter = folder / "adapters" / "first"
    spec = TrainingSpec()
    layers = start.settings(adapter)["target_modules"]
    assert isinstance(layers, list)
    known = job_of(folder, "first").meta().base.fingerprint
    assert start.fitted(spec, adapter, known, {"target_modules": layers[::-1], "rank": 4}).rank == 4
    with pytest.raises(InputError, match="trained on another base model, tiny-llama"):
        start.fitted(spec, adapter, "0" * 64)


@pytest.mark.parametrize("change", [{"peft_type": "IA3"}, {"rank_pattern": {"q_proj": 8}}, {"alpha_pattern": {"q": 1}}])
def test_nothing_goes_on_from_what_is_no_plain_lora(folder: Path, tmp_path: Path, change: dict[str, object]) -> None:
    copy = tmp_path / "odd"
    shutil.copytree(folder / "adapters" / "first", copy)
    config = json.loads((copy / start.CONFIG).read_text("utf-8"))
    (copy / start.CONFIG).write_text(json.dumps(config | change), "utf-8")
    with pytest.raises(InputError, match="No training can go on from odd"):
        start.settings(copy)


@pytest.mark.parametrize("settings", [{"rank": 8}, {"rank": 4, "target_modules": ("q_proj",)}])
def test_weights_of_another_shape_end_the_job_with_the_reason(folder: Path, settings: dict[str, Any]) -> None:
    from peft import get_peft_model

    spec = TrainingSpec(**settings)
    model = get_peft_model(
        train_model.load(Base(str(folder / "models" / "tiny-llama")), spec).model, train_model.lora(spec)
    )
    with pytest.raises(ModelError, match="does not fit this base model"):
        start.load(model, folder / "adapters" / "first")
