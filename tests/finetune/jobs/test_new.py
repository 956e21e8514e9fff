"""`python -m finetune.train --data ...`: the page's checks without a page."""

import argparse
import json
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from chatbot.common.errors import InputError, UsageError
from chatbot.common.fingerprint import fingerprint_model
from finetune.jobs import new
from finetune.jobs.folder import JobFolder
from finetune.jobs.new import jobs_for
from finetune.jobs.sweeps import settle
from finetune.spec.spec import TrainingSpec
from finetune.spec.sweep import sweep_of
from finetune.train import command as train
from tests.lora import write_adapter
from tests.tiny import make_model

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder as the app leaves it: a model to train, and an embedder that is none."""
    folder = tmp_path_factory.mktemp("data")
    make_model(folder / "models" / "tiny-llama", "llama")
    (folder / "models" / "embedder").mkdir()
    (folder / "models" / "embedder" / "config.json").write_text('{"architectures": ["BertModel"]}')
    return folder


def test_a_training_goes_on_from_the_adapter_that_ships_for_its_own_base(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = fingerprint_model(folder / "models" / "tiny-llama")
    for model, made_on in (("another", "f" * 64), ("ours", base)):
        write_adapter(tmp_path / model / "oak", rank=2, card={"base_fingerprint": made_on})
    monkeypatch.setattr(new, "SHIPPED", tmp_path)
    made = new._Made("bot", "tiny-llama", "", TrainingSpec(), [], start="oak")
    assert new._start(options(folder, tmp_path), made, base) == tmp_path / "ours" / "oak"
    with pytest.raises(UsageError, match="There is no adapter oak"):
        new._start(options(folder, tmp_path), made, "0" * 64)


def options(folder: Path, data: Path, *more: str) -> argparse.Namespace:
    return train._parser().parse_args(["--data", str(data), "--name", "bot", "--folder", str(folder), *more])


def test_what_is_wrong_with_rows_is_printed_and_the_rest_becomes_a_job(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [json.dumps({"prompt": f"What is tree {n}?", "completion": f"A banyan, {n}."}) for n in range(30)]
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join([*rows, '{"prompt": "half a li', '{"prompt": "x", "completion": ""}']), "utf-8")
    [job] = jobs_for(options(folder, path, "--preset", "quick", "--set", "rank=4"))
    told = capsys.readouterr().err
    assert "30 of 32 rows can be used, 7 held out" in told
    assert "row 31: " in told
    assert "row 32: " in told
    assert len(job.data.read_text("utf-8").splitlines()) == 30
    assert (job.spec().rank, job.spec().learning_rate) == (4, 4e-4)
    assert job.meta().base.name == "tiny-llama"


def test_a_table_takes_templates_and_nothing_usable_starts_nothing(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("en,de\n" + "".join(f"tree {n},Baum {n}\n" for n in range(8)), "utf-8")
    before = {*(folder / "jobs").glob("*")}
    assert train.main(["--data", str(path), "--name", "bot", "--folder", str(folder)]) == 2
    assert "which columns hold the prompt" in capsys.readouterr().err
    assert {*(folder / "jobs").glob("*")} == before
    [job] = jobs_for(options(folder, path, "--prompt", "Translate: {en}", "--completion", "{de}"))
    first = json.loads(job.data.read_text("utf-8").splitlines()[0])
    assert [turn["content"] for turn in first["messages"]] == ["Translate: tree 0", "Baum 0"]


def test_without_one_model_to_train_it_says_which_there_are(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "x.jsonl"
    with pytest.raises(InputError, match="holds no model to train on"):
        jobs_for(options(tmp_path, data))
    make_model(folder / "models" / "other", "llama")
    with pytest.raises(InputError, match="holds other, tiny-llama"):
        jobs_for(options(folder, data))
    with pytest.raises(InputError, match="it has no config"):
        jobs_for(options(folder, data, "--base", str(tmp_path)))


def test_the_same_command_goes_on_with_what_it_did_not_finish(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(
        "\n".join(json.dumps({"prompt": f"Tree {n}?", "completion": f"Elm {n}."}) for n in range(30)), "utf-8"
    )
    shared = tmp_path / "data"
    (shared / "jobs").mkdir(parents=True)
    base = ["--base", str(folder / "models" / "tiny-llama"), "--set", "steps=12", "--set", "save_steps=2"]
    command = ["--data", str(path), "--name", "bot", "--folder", str(shared), *base]
    first = subprocess.Popen([sys.executable, "-m", "finetune.train", *command])
    job = _job_with_a_checkpoint(shared / "jobs", first)
    first.kill()
    first.wait()

    assert job.state() == "interrupted"
    assert train.main([*command, "--set", "seed=7"]) == 0  # other settings: another job
    assert job.state() == "interrupted"
    assert train.main(command) == 0
    assert "going on with" in capsys.readouterr().err
    assert job.state() == "succeeded"
    assert [line["step"] for line in job.read_progress() if "loss" in line] == [*range(1, 13)]
    assert len([*(shared / "jobs").iterdir()]) == 2
    assert train.main(command) == 0  # what has come to its end is made again
    assert len([*(shared / "jobs").iterdir()]) == 3


def test_the_best_of_a_sweep_is_published_and_the_others_are_kept(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, shared = tmp_path / "rows.jsonl", tmp_path / "data"
    rows = [json.dumps({"prompt": f"Tree {n}?", "completion": f"Elm {n}."}) for n in range(40)]
    path.write_text("\n".join(rows), "utf-8")
    command = [
        "--data",
        str(path),
        "--name",
        "bot",
        "--folder",
        str(shared),
        "--base",
        str(folder / "models" / "tiny-llama"),
    ]
    quick = [f"--set={knob}" for knob in ("steps=2", "samples=0", "verdict_share=0.01")]
    assert train.main([*command, *quick, "--sweep", "learning_rate=1e-7,1e-2"]) == 0
    runs = {job.meta().variant: job for job in map(JobFolder, (shared / "jobs").glob("[!.]*"))}
    assert sorted(runs) == ["learning_rate=0.01", "learning_rate=1e-07"]
    best, other = runs["learning_rate=0.01"], runs["learning_rate=1e-07"]
    scores = [job.result().verdict["scores"][0] for job in (best, other)]  # type: ignore[union-attr]
    assert scores[0]["after"] < scores[1]["after"]
    assert scores[0]["rows"] == scores[1]["rows"] == 8, "all held-out rows, however little time a verdict has"
    assert [job.result().adapter for job in (best, other)] == ["bot", ""]  # type: ignore[union-attr]
    assert [path.name for path in (shared / "adapters").iterdir()] == ["bot"]
    assert (other.adapter / "README.md").is_file(), "what it had learnt can be downloaded"
    assert settle(shared / "jobs", best.meta().sweep) == "", "once"

    result = best.result()
    assert result
    best.finish(replace(result, adapter=""))
    other.enqueue()
    assert settle(shared / "jobs", best.meta().sweep) == "", "one of them runs again"
    capsys.readouterr()
    shared.rename(tmp_path / "held")  # this process holds the locks until its end
    shutil.copytree(tmp_path / "held", shared)
    again = jobs_for(options(shared, path, *command[4:], *quick, "--sweep", "learning_rate=1e-7,1e-2"))
    assert [job.path for job in again] == [other.path], "the same command goes on with what is not done"
    assert "going on with 1 runs of a sweep" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ("learning_rate", "sweep_values"),
        ("rank=4", "sweep_values"),
        ("rank=4,4", "sweep_values"),
        ("seed=1,2", "sweep_knob"),
        ("rnak=1,2", "sweep_knob"),
        ({"rank": [4, 8], "alpha": [1, 2]}, "sweep_form"),
        ({"rank": "4,8"}, "sweep_form"),
    ],
)
def test_a_sweep_is_one_setting_in_several_values(given: object, kind: str) -> None:
    with pytest.raises(InputError) as refused:
        sweep_of(given)
    assert refused.value.kind == kind


def test_each_value_of_a_sweep_is_checked() -> None:
    found = sweep_of("rank = 4, 8")
    assert found
    assert found == sweep_of({"rank": [4, 8]})
    assert {name: spec.rank for name, spec in found.specs(TrainingSpec()).items()} == {"rank=4": 4, "rank=8": 8}
    assert sweep_of(" ") is None
    with pytest.raises(InputError, match="rank must be"):
        sweep_of("rank=4,0").specs(TrainingSpec())  # type: ignore[union-attr]
    with pytest.raises(InputError) as refused:
        found.specs(TrainingSpec(evaluation_share=0))
    assert refused.value.kind == "sweep_no_held_out"


@pytest.mark.skipif(find_spec("mlflow") is not None, reason="it is installed here")
def test_reports_need_their_library_and_say_which(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(json.dumps({"prompt": f"{n}?", "completion": "Elm."}) for n in range(9)), "utf-8")
    assert train.main(["--data", str(path), "--name", "bot", "--folder", str(folder), "--report", "mlflow"]) == 2
    assert "pip install mlflow" in capsys.readouterr().err
    assert not [*(folder / "jobs").glob("[!.]*/started")], "before anything begins"


def _job_with_a_checkpoint(jobs: Path, child: subprocess.Popen[bytes]) -> JobFolder:
    while child.poll() is None:
        for path in jobs.glob("[!.]*"):
            if JobFolder(path).newest_checkpoint():
                return JobFolder(path)
        time.sleep(0.005)
    pytest.fail("it ended before it could be killed")
