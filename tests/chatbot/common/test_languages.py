"""Guesses of languages: the same text always gives the same, whatever else the process does with langdetect."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from langdetect.detector_factory import DetectorFactory

from chatbot.common import languages
from chatbot.common.languages import guesses

MIXED = "the house das Haus la maison con casa"


def test_the_likeliest_comes_first() -> None:
    found = guesses("Der Baum steht am Fluss, und seine Wurzeln reichen bis zum Wasser.")
    assert found
    assert found[0][0] == "de"
    assert found[0][1] > 0.99
    assert [p for _, p in guesses(MIXED) or ()] == sorted((p for _, p in guesses(MIXED) or ()), reverse=True)


@pytest.mark.parametrize("text", ["", "12 345", "...", "ꦲꦏ꧀ꦱꦫ"])
def test_where_there_is_nothing_to_guess_by_none_is_guessed(text: str) -> None:
    assert guesses(text) is None


def test_the_same_text_gives_the_same_whatever_the_seeds_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    first = guesses(MIXED)
    for seed in range(5):
        monkeypatch.setattr(DetectorFactory, "seed", seed)
        random.seed(seed)
        assert guesses(MIXED) == first


def test_fewer_trials_are_another_draw() -> None:
    assert guesses(MIXED, trials=1) != guesses(MIXED)


def test_many_threads_may_be_the_first_and_it_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[object] = []
    real = DetectorFactory.load_profile

    def load(self: object, *arguments: object) -> None:
        loads.append(self)
        real(self, *arguments)

    monkeypatch.setattr(DetectorFactory, "load_profile", load)
    languages._load_factory.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        assert len({str(found) for found in pool.map(guesses, [MIXED] * 64)}) == 1
    assert len(loads) == 1
