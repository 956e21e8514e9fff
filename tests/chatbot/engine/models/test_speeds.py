"""How fast a model writes here, as its last answers tell."""

from pathlib import Path

import pytest

from chatbot.engine.models.speeds import KEPT, LEAST, Speeds


def test_the_median_of_the_last_answers_outlives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "models" / "speeds.json"
    speeds = Speeds(path)
    assert speeds.of("standard") is None
    for seconds in (10.0, 10.0, 100.0):  # the last in company
        speeds.tell("standard", 301, seconds)
    speeds.tell("small", 101, 1.0)
    assert Speeds(path).of("standard") == speeds.of("standard") == 30.0
    for _ in range(KEPT):
        speeds.tell("standard", 501, 10.0)
    assert Speeds(path).of("standard") == 50.0
    assert Speeds(path).of("small") == 100.0


def test_an_answer_of_a_few_tokens_tells_nothing(tmp_path: Path) -> None:
    speeds = Speeds(tmp_path / "speeds.json")
    speeds.tell("small", LEAST - 1, 1.0)
    speeds.tell("small", LEAST, 0.0)
    assert speeds.of("small") is None
    speeds.tell("small", LEAST, 1.0)
    assert speeds.of("small") == LEAST - 1


@pytest.mark.parametrize("content", ["{", "[]", '{"small": 3}', '{"small": ["x"]}'])
def test_a_file_that_cannot_be_read_is_begun_anew(tmp_path: Path, content: str) -> None:
    path = tmp_path / "speeds.json"
    path.write_text(content)
    assert Speeds(path).of("small") is None
