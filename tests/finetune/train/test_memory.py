"""A training holds what it needs, not what it once needed."""

import inspect
from collections import Counter
from pathlib import Path

import pytest

from finetune.train import verdict, watch
from finetune.train.arithmetic import side_by_side
from finetune.train.run import train
from tests.finetune.jobs_for_tests import make_job, spec
from tests.tiny import make_model

pytestmark = pytest.mark.slow


def test_memory_goes_back_after_each_update_loss_and_batch_of_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: Counter[str] = Counter()
    for module in (watch, side_by_side, verdict):
        monkeypatch.setattr(module, "give_back", lambda: given.update([inspect.stack()[1].function]))
    job = make_job(tmp_path, make_model(tmp_path / "model", "llama"), spec(steps=3, eval_steps=2))
    assert train(job, lambda: False).state == "succeeded"
    points = sum("eval_loss" in line for line in job.read_progress())
    assert given["on_step_end"] == 3
    assert given["row_losses"] >= points + 4, "the verdict's are of both sides, of held-out and of everyday rows"
    assert given["answer"] >= 2
