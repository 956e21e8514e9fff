"""Whose adapter a run's results are made of."""

import json
from pathlib import Path

import pytest

from chatbot.training.base import TrainingBase
from chatbot.training.results import Results
from finetune.jobs.jobs import Jobs
from finetune.jobs.queue import new_folder
from finetune.jobs.records import Base, Meta, Result
from tests.finetune.jobs_for_tests import ROWS, spec
from tests.lora import write_adapter


@pytest.mark.parametrize("by_this_run", [True, False])
def test_an_adapter_of_another_that_has_the_name_now_is_not_handed_out(tmp_path: Path, by_this_run: bool) -> None:
    """The run's own was removed, or made way for one that another Banyan had brought."""
    adapters = tmp_path / "adapters"
    job = new_folder(tmp_path / "jobs", Meta("user:ada", "oak", 0.0, Base("/base"), str(adapters)), spec(), ROWS)
    job.finish(Result("succeeded", adapter="oak"))
    own = write_adapter(job.adapter, rank=2, seed=1)
    published = write_adapter(adapters / "oak", rank=2, seed=2)
    told = {"owner": "user:ada", "job": job.id} if by_this_run else {"owner": "user:bob", "shared": False}
    (published / "owner.json").write_text(json.dumps(told))
    jobs = Jobs(tmp_path / "jobs", adapters=adapters, devices=())
    results = Results(TrainingBase(lambda: "small", tmp_path / "models"), jobs, adapters)
    assert results.folder("user:ada", job.id) == (published if by_this_run else own)
    results.close()
    jobs.close()
