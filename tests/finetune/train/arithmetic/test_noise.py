"""Noise on what is read: in training alone, within its bound for each row, and none where it was not asked for."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from finetune.data.encoding.masks import ChatEncoder
from finetune.jobs.records import Base
from finetune.train import data as train_data
from finetune.train import model as train_model
from finetune.train.arithmetic import packed
from finetune.train.arithmetic.noise import Noise, lengths
from finetune.train.progress import Progress
from finetune.train.trainers.build import build
from finetune.train.watch import Watch
from tests.finetune.jobs_for_tests import make_job, spec
from tests.tiny import make_model


class Model(torch.nn.Module):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.words = torch.nn.Embedding(10, 400)
        torch.nn.init.zeros_(self.words.weight)

    def get_input_embeddings(self) -> torch.nn.Module:
        return self.words

    def forward(self, ids: Any) -> Any:
        return self.words(ids)


def test_each_row_has_the_length_that_its_bounds_say() -> None:
    assert lengths([0, 2, 5]).tolist() == [2, 2, 3, 3, 3]
    assert lengths([2, 3, 6]).tolist() == [4, 4, 3, 5, 5, 5], "what is shared in front belongs to each"


def test_the_noise_of_a_row_is_bounded_by_its_own_length() -> None:
    model = Model()
    noise = Noise(model, 5.0)
    noise.over([0, 1, 17])
    torch.manual_seed(0)
    found = model(torch.zeros(1, 17, dtype=torch.long)).detach().abs()
    for at, tokens in ((slice(0, 1), 1), (slice(1, 17), 16)):
        most = 5 / math.sqrt(tokens * 400)
        assert 0.9 * most < float(found[0, at].max()) <= most
    assert not model.eval()(torch.zeros(1, 17, dtype=torch.long)).any()
    quiet = Model()
    Noise(quiet, 0.0)
    assert not quiet(torch.zeros(1, 17, dtype=torch.long)).any()


@pytest.mark.slow
def test_noise_is_part_of_an_update_and_of_no_judgement(tmp_path: Path) -> None:
    base = Base(str(make_model(tmp_path / "model", "llama")))

    def seen(alpha: float) -> tuple[float, float]:
        settings = spec(steps=1, neftune=alpha, evaluation_share=0.3)
        job = make_job(tmp_path, Path(base.folder), settings)
        loaded = train_model.load(base, settings)
        data = train_data.load(job.data, ChatEncoder(loaded.tokenizer), settings)
        watch = Watch(Progress(job), lambda: False, 0, lambda step: None)
        trainer = build(loaded, data, settings, job, stop=lambda: False, watch=watch, resumed=False)
        judged = trainer.evaluate()["eval_loss"]
        return judged, float(trainer.training_step(trainer.model, packed.collate([trainer.train_dataset[0]])))

    (plain, learnt), (judged, noisy) = seen(0.0), seen(20.0)
    assert judged == pytest.approx(plain, abs=1e-5)
    assert noisy != pytest.approx(learnt, abs=1e-3)
