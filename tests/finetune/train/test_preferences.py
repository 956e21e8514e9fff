"""Preference tuning of a tiny real model: what is compared, what is judged, and that it goes on where it was stopped."""

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from finetune.jobs.folder import JobFolder, Result
from finetune.train.run import train
from tests.finetune.jobs_for_tests import PAIRS, make_job, spec
from tests.tiny import make_model

pytestmark = pytest.mark.slow

SETTINGS = {"method": "dpo", "steps": 3, "save_steps": 1, "learning_rate": 2e-3}
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
