"""A tiny model, fine-tuning on it, and rows to learn."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.training.base import TrainingBase
from chatbot.training.training import Training
from finetune.jobs.estimate import Estimator
from finetune.jobs.jobs import Jobs
from tests.finetune.jobs_for_tests import ROWS
from tests.tiny import make_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("model") / "tiny-llama", "llama")


@pytest.fixture(scope="module")
def training(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Training]:
    folder = tmp_path_factory.mktemp("training")
    jobs = Jobs(folder / "jobs", adapters=folder / "adapters", threads=1)
    base = TrainingBase(lambda: str(model), folder / "models")
    training = Training(base, jobs, Estimator(folder / "jobs" / "probes.json", threads=1), folder / "adapters")
    yield training
    training.close()


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "trunks.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), "utf-8")
    return path
