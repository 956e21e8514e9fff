"""The whole app, killed at random moments of mixed work: `tests/bench/killed.py` does it two hundred times."""

import random
from pathlib import Path

import pytest

from tests.bench.killed import Ledger, end_trainings, one_round
from tests.tiny import make_model

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.mark.parametrize("rounds", [2, pytest.param(20, marks=pytest.mark.long)])
def test_nothing_acknowledged_is_lost_and_nothing_stays_behind(
    rounds: int, models_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "models").symlink_to(models_folder)
    chance, ledger, model = random.Random(7), Ledger(), make_model(tmp_path / "tiny", "llama")
    try:
        for _ in range(rounds):
            one_round(tmp_path, model, ledger, chance)
    finally:
        end_trainings(tmp_path)
    assert ledger.there or ledger.gone, "something was acknowledged before a kill"
    assert ledger.jobs, "a fine-tune, too"
