"""Models that are fetched beside the one that answers."""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from chatbot.common.errors import HubUnavailable, ModelError, Stopped
from chatbot.common.step import Progress, Step
from chatbot.engine.models.fetches import Fetches
from tests.gguf_files import SHAPE, make_gguf
from tests.hub_server import hub
from tests.tiny import make_model


def until(held: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not held():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_file_of_the_hub_is_fetched_with_progress_and_is_then_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = make_gguf(make_model(tmp_path / "m", "llama", **SHAPE), tmp_path / "tree.gguf").read_bytes()
    with hub({"oak/tree": {"tree.gguf": content}}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        server.slow = 0.05
        fetches = Fetches(tmp_path / "models")
        fetches.start("oak/tree:tree.gguf")
        fetches.start("oak/tree:tree.gguf")
        until(lambda: (target := fetches.state("oak/tree:tree.gguf")) and target.state.fraction)
        assert fetches.under_way() == ["oak/tree:tree.gguf"]
        with pytest.raises(ModelError, match="in use or on its way"):
            fetches.remove("oak/tree:tree.gguf")
        until(lambda: not fetches.known())
        assert (tmp_path / "models" / "oak--tree--tree.gguf").read_bytes() == content
        assert len(server.asked) == 1
    fetches.remove("oak/tree:tree.gguf")
    assert not list((tmp_path / "models").glob("oak*"))


def test_a_fetch_that_is_left_ends_and_goes_on_the_next_time() -> None:
    begun, seen = Event(), list[str]()

    def resolve(reference: str, models: Path, progress: Progress, stop: Event | None) -> None:
        seen.append(reference)
        progress(Step("fetching_hub", name=reference), 0.25)
        begun.set()
        if len(seen) == 1:
            assert stop
            assert stop.wait(10)
            raise Stopped("It was stopped.")

    fetches = Fetches(Path("nowhere"), resolve=resolve)
    fetches.start("large")
    assert begun.wait(10)
    target = fetches.state("large")
    assert target
    assert target.state.fraction == 0.25
    fetches.cancel("large")
    until(lambda: not fetches.known())
    fetches.start("large")
    until(lambda: not fetches.known())
    assert seen == ["large", "large"]


@pytest.mark.parametrize(
    ("raised", "said"), [(HubUnavailable("no network"), "no network"), (ZeroDivisionError(), "ZeroDivisionError")]
)
def test_one_that_fails_says_why_until_it_is_forgotten_or_tried_again(raised: Exception, said: str) -> None:
    def resolve(reference: str, models: Path, progress: Progress, stop: Event | None) -> None:
        raise raised

    fetches = Fetches(Path("nowhere"), resolve=resolve)
    fetches.start("large")
    until(lambda: not fetches.under_way())
    target = fetches.state("large")
    assert target
    assert said in str(target.state.failure)
    fetches.cancel("large")
    assert fetches.known() == []
