"""Preference tuning of a tiny real model: what is compared, what is judged, and that it goes on where it was stopped."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from finetune.data.encoding.masks import ChatEncoder
from finetune.jobs.folder import JobFolder
from finetune.jobs.records import Result
from finetune.spec.spec import TrainingSpec
from finetune.train import data as train_data
from finetune.train import model as train_model
from finetune.train.progress import Progress
from finetune.train.run import train
from finetune.train.trainers.build import build
from finetune.train.trainers.kto import LikingTrainer, weights
from finetune.train.trainers.orpo import OddsTrainer
from finetune.train.watch import Watch
from tests.finetune.jobs_for_tests import PAIRS, ROWS, make_job, spec
from tests.tiny import make_model

pytestmark = pytest.mark.slow

SETTINGS: dict[str, object] = {"method": "dpo", "steps": 3, "save_steps": 1, "learning_rate": 2e-3}
BAD = {"role": "assistant", "content": "No idea, go away!"}
THUMBS: list[dict[str, Any]] = [
    {"messages": [asked, answer], "label": answer is not BAD}
    for asked, told in (row["messages"] for row in ROWS[:18])
    for answer in (told, BAD)
]
EQUAL = math.log(2)  # the loss of a model that is as it was: both answers are as likely as to the reference


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model"), "llama")


@pytest.fixture(scope="module")
def tuned(model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[JobFolder, Result]:
    settings = spec(**SETTINGS, evaluation_share=0.3, verdict_share=0.01)
    job = make_job(tmp_path_factory.mktemp("tuned"), model, settings, rows=PAIRS, name="polite")
    return job, train(job, lambda: False)


def losses(job: JobFolder, kind: str = "loss") -> list[float]:
    return [line[kind] for line in job.read_progress() if kind in line]


def after(job: JobFolder, steps: int) -> Callable[[], bool]:
    """A stop that is asked for once so many steps are done."""
    return lambda: len(losses(job)) >= steps


def test_the_better_answers_become_likelier_than_they_were(tuned: tuple[JobFolder, Result]) -> None:
    job, result = tuned
    held_out = losses(job, "eval_loss")
    assert held_out[0] == pytest.approx(EQUAL, abs=1e-4)
    assert held_out[-1] < held_out[0] - 0.2
    scores = {score["name"]: score for score in result.verdict["scores"]}
    margin, right = scores["preference_margin"], scores["preference_accuracy"]
    assert (result.verdict["outcome"], result.verdict["decided_by"]) == ("better", "preference_margin")
    assert margin["after"] > margin["before"] + 5, "nats"
    assert 0 <= right["before"] <= right["after"] <= 1
    assert right["rows"] == margin["rows"] == 6, "pairs, not answers"
    assert "the better answer is the likelier one in" in result.message
    card = json.loads((Path(job.meta().adapters) / result.adapter / "banyan.json").read_text("utf-8"))
    assert card["spec"]["method"] == "dpo"


def test_what_was_stopped_goes_on_with_the_same_updates_and_the_same_reference(
    model: Path, tuned: tuple[JobFolder, Result], tmp_path: Path
) -> None:
    """Going on from an adapter, so that the reference is neither the bare base nor what the checkpoint has learnt."""
    settings = spec(**SETTINGS, evaluation_share=0)
    whole, parted = (
        make_job(tmp_path / name, model, settings, rows=PAIRS, start=tuned[0].adapter) for name in ("a", "b")
    )
    train(whole, lambda: False)
    assert losses(whole)[0] == pytest.approx(EQUAL, abs=1e-4)
    assert train(parted, after(parted, 1)).state == "cancelled"
    assert len(losses(parted)) == 1
    assert (parted.adapter / "adapter_model.safetensors").is_file(), "what it had learnt is kept"
    assert train(parted, lambda: False).steps == 3
    assert losses(parted) == pytest.approx(losses(whole), rel=1e-3)


def test_asked_to_stop_while_both_answers_are_looked_at_it_leaves_nothing(model: Path, tmp_path: Path) -> None:
    job = make_job(tmp_path, model, spec(**SETTINGS), rows=PAIRS)
    asked = iter([False] * 26)  # at the beginning, and before each row is encoded
    result = train(job, lambda: next(asked, True))
    assert (result.state, result.details) == ("cancelled", {"kind": "stopped_early"})
    assert losses(job) == []


def trainer_of(model: Path, folder: Path, rows: list[dict[str, Any]], settings: TrainingSpec) -> Any:
    """Of a job that is not run."""
    job = make_job(folder, model, settings, rows=rows)
    loaded = train_model.load(job.meta().base, settings)
    data = train_data.load(job.data, ChatEncoder(loaded.tokenizer), settings)
    watch = Watch(Progress(job), lambda: False, 0, lambda step: None)
    return build(loaded, data, settings, job, stop=lambda: False, watch=watch, resumed=False)


def test_orpo_computes_what_trl_computes_but_for_the_prompt(model: Path, tmp_path: Path) -> None:
    from trl.experimental.orpo import ORPOTrainer

    trainer = trainer_of(model, tmp_path, PAIRS, spec(**SETTINGS | {"method": "orpo", "beta": 0.3}))
    assert isinstance(trainer, OddsTrainer)
    batch = trainer.data_collator([trainer.train_dataset[at] for at in range(3)])
    with torch.no_grad():
        found = float(trainer.compute_loss(trainer.model.eval(), batch))
        logits = trainer.model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
    labels = batch["input_ids"].masked_fill(batch["completion_mask"] == 0, -100)
    better, worse = ORPOTrainer.get_batch_logps(logits, labels, average_log_prob=True).chunk(2)
    trl: Any = SimpleNamespace(beta=0.3, accelerator=SimpleNamespace(device="cpu"))
    ratio = ORPOTrainer.odds_ratio_loss(trl, better, worse)[0].mean()
    assert found == pytest.approx(float(-better.mean() - ratio), abs=1e-4)


def test_orpo_learns_the_better_answers_too(model: Path, tmp_path: Path) -> None:
    settings = spec(**SETTINGS | {"method": "orpo"}, evaluation_share=0.3, verdict_share=0.01)
    job = make_job(tmp_path, model, settings, rows=PAIRS, name="odd")
    result = train(job, lambda: False)
    assert losses(job, "eval_loss")[-1] < losses(job, "eval_loss")[0]
    scores = {score["name"]: score for score in result.verdict["scores"]}
    assert scores["preference_margin"]["after"] > scores["preference_margin"]["before"]
    assert scores["loss"]["after"] < scores["loss"]["before"], "which dpo may raise"
    assert result.adapter == "odd", "it was accepted: loaded again, finite, not zero, and changes answers"


def test_kto_looks_at_the_model_as_it_was_as_trl_does(model: Path, tmp_path: Path) -> None:
    """The same likelihoods, of each answer and of each prompt with another's, and the loss of a model that has not moved: a half."""
    trainer = trainer_of(model, tmp_path, THUMBS, spec(**SETTINGS | {"method": "kto"}, evaluation_share=0.3))
    assert isinstance(trainer, LikingTrainer)
    trainer.begin()
    assert trainer.train_dataset["label"] != sorted(trainer.train_dataset["label"]), "both kinds in each update"
    batch = trainer.data_collator([trainer.train_dataset[at] for at in range(trainer.args.per_device_train_batch_size)])
    expected = trainer.compute_ref_log_probs(trainer.model, batch)
    for name, theirs in zip(("ref_logps", "ref_KL_logps"), expected, strict=True):
        assert batch[name].tolist() == pytest.approx(theirs.tolist(), abs=1e-3), name
    with torch.no_grad():
        loss = float(trainer.compute_loss(trainer.model.eval(), batch))
    good, bad = trainer.desirable_weight, trainer.undesirable_weight
    assert loss == pytest.approx(
        sum(good if one else bad for one in batch["label"]) / len(batch["label"]) / 2, abs=1e-4
    )


def test_kto_weighs_both_kinds_the_same() -> None:
    rows: Any = [SimpleNamespace(example=SimpleNamespace(liked=good)) for good in [True] * 6 + [False] * 2]
    assert weights(rows) == (1.0, 3.0)
    assert weights(rows[:6]) == (1.0, 1.0)


def test_good_answers_become_likelier_and_bad_ones_less(model: Path, tmp_path: Path) -> None:
    settings = spec(**SETTINGS | {"method": "auto"}, evaluation_share=0.4, verdict_share=0.01, samples=2)
    job = make_job(tmp_path, model, settings, rows=THUMBS, name="liked")
    result = train(job, lambda: False)
    scores = {score["name"]: score for score in result.verdict["scores"]}
    margin = scores["liked_margin"]
    assert result.verdict["decided_by"] == "liked_margin"
    assert margin["after"] > margin["before"] + 3, "nats"
    assert scores["bad_loss"]["after"] > scores["bad_loss"]["before"]
    assert margin["rows"] == scores["loss"]["rows"] + scores["bad_loss"]["rows"]
    assert result.adapter == "liked"
    references = {pair["reference"] for pair in result.verdict["examples"]}
    assert references
    assert "No idea, go away!" not in references, "a bad answer is no reference"
    sampled = [line for line in job.read_progress() if "samples" in line]
    assert sampled[0]["step"] == 0
    assert len(sampled[0]["samples"]) == 2
    assert {"row", "prompt", "reference", "answer"} == set(sampled[0]["samples"][0])


def test_what_kto_cannot_do_is_refused() -> None:
    from chatbot.common.errors import InputError

    for changes, kind in (
        ({"packing": True}, "knob_packed_pairs"),
        ({"batch_size": 1}, "knob_kto_batch"),
        ({"learns": "all"}, "knob_learns_sft"),
        ({"neftune": 5.0}, "knob_neftune_sft"),
    ):
        with pytest.raises(InputError) as refused:
            TrainingSpec().changed({"method": "kto", **changes})
        assert refused.value.kind == kind
