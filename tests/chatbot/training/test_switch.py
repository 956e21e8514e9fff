"""Which server trains what waits in its folder."""

from pathlib import Path

import pytest

import app
from chatbot.engine.loading import LoadingEngine
from chatbot.settings import load
from tests.finetune.jobs_for_tests import make_job, spec


@pytest.mark.parametrize(("training", "trains"), [("auto", True), ("on", True), ("off", False), ("elsewhere", False)])
def test_a_server_that_may_not_train_leaves_what_waits(training: str, trains: bool, tmp_path: Path) -> None:
    make_job(tmp_path, tmp_path / "nowhere", spec())
    settings = load(["--data", str(tmp_path), "--training", training, "--engine", "scripted"], {})
    made = app.build_training(settings, LoadingEngine(lambda *_: None, "scripted"))  # type: ignore[arg-type]
    try:
        assert made.jobs._runner.may_run() is trains
    finally:
        made.jobs.close()
