"""An engine before its model is there."""

from threading import Event

import pytest

from chatbot.common.errors import EngineUnavailable, ModelError, ModelLoading, ModelNotFound
from chatbot.common.step import Progress, Step
from chatbot.engine.base import Engine, complete
from chatbot.engine.loading import LoadingEngine
from chatbot.engine.scripted import ScriptedEngine
from chatbot.types import LoadState, Message, Sampling

HI = [Message("user", "Hi")]


def test_it_tells_its_progress_and_then_answers() -> None:
    go, told = Event(), Event()

    def build(progress: Progress) -> Engine:
        progress(Step("fetching", name="oak"), 0.5)
        told.set()
        go.wait(10)
        return ScriptedEngine(["Hello"])

    engine = LoadingEngine(build)
    engine.start()
    assert told.wait(10)
    assert engine.state() == LoadState("loading", Step("fetching", name="oak"), 0.5)
    with pytest.raises(ModelLoading, match="Fetching oak"):
        complete(engine, HI, Sampling())
    go.set()
    assert engine.wait(10)
    assert engine.state().status == "ready"
    assert complete(engine, HI, Sampling()).text == "Hello"
    engine.close()
    with pytest.raises(EngineUnavailable):
        complete(engine, HI, Sampling())


@pytest.mark.parametrize(
    ("raised", "seen"),
    [(ModelNotFound("no such model; choose another"), ModelNotFound), (ZeroDivisionError(), ModelError)],
)
def test_every_request_says_why_it_failed(raised: Exception, seen: type[Exception]) -> None:
    def build(progress: Progress) -> Engine:
        raise raised

    engine = LoadingEngine(build)
    engine.start()
    assert engine.wait(10)
    assert engine.state().status == "failed"
    with pytest.raises(seen):
        complete(engine, HI, Sampling())
