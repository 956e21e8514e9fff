"""The whole app, killed at random moments of mixed work: `tests/bench/killed.py` does it two hundred times."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench.attacks import forked
from tests.bench.killed import LONGEST, Ledger, Start, end_trainings, one_round
from tests.running import running
from tests.tiny import make_model

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

ROUNDS = 12
SOON = 1.2  # seconds until the kill: several documents come and go in them


@pytest.fixture
def data(models_folder: Path, tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "models").symlink_to(models_folder)
    yield tmp_path
    end_trainings(tmp_path)


def kill_again_and_again(data: Path, ledger: Ledger, start: Start, longest: float) -> None:
    chance, model = random.Random(7), make_model(data / "tiny", "llama")
    for _ in range(ROUNDS):
        one_round(data, model, ledger, chance, start=start, longest=longest)
    assert ledger.there or ledger.gone, "something was acknowledged before a kill"
    assert ledger.jobs, "a fine-tune, too"


def test_nothing_acknowledged_is_lost_and_nothing_stays_behind(data: Path) -> None:
    with forked.host() as fork:
        kill_again_and_again(data, Ledger(most=2), fork, SOON)


@pytest.mark.long
def test_nor_where_it_starts_as_people_start_it_and_fine_tunes_end(data: Path) -> None:
    kill_again_and_again(data, Ledger(), running, LONGEST)
