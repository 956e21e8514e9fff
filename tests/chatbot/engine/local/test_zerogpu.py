"""The engine of a ZeroGPU Space: what its calls answer is what the engine answers, and all that goes there and back is data."""

import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from chatbot.common.errors import AdapterError, AdapterNotFound, ContextOverflow
from chatbot.engine.adapters.folders import find
from chatbot.engine.base import complete
from chatbot.engine.local.engine import LocalEngine
from chatbot.engine.local.zerogpu import work
from chatbot.engine.local.zerogpu.engine import ZeroEngine
from chatbot.engine.local.zerogpu.work import Served
from chatbot.types import GREEDY, Adapter, Message, Prompt, Traits
from tests.tiny import make_adapter, make_model

pytestmark = pytest.mark.slow

ASK = [Message("user", "How many trunks has a banyan?")]
SHORT = replace(GREEDY, max_tokens=12, top_logprobs=2)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("zero")
    make_adapter(make_model(root / "model", "llama"), root / "adapters" / "elm")
    return root


def far(function: Callable[..., Any]) -> Callable[..., Any]:
    """What `spaces` does with a call, less the process and the GPU: what goes there and comes back is pickled."""

    def call(*arguments: Any) -> Any:
        told = function(*pickle.loads(pickle.dumps(arguments)))
        return map(again, told) if isinstance(told, Iterator) else again(told)

    return call


def again(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


@pytest.fixture
def engine(root: Path) -> Iterator[ZeroEngine]:
    served = Served(root / "model", "tiny", "", root / "adapters", None, "cpu")
    known = lambda: find([root / "adapters"])  # noqa: E731
    engine = ZeroEngine(served, far(work.call), traits=Traits(), adapters=known, fingerprint=lambda: None)
    yield engine
    engine.close()
    while work._engines:
        work._engines.popitem()[1].close()


def test_a_call_answers_as_the_engine_does_with_each_requests_adapter(engine: ZeroEngine, root: Path) -> None:
    plain = LocalEngine(root / "model", name="tiny", adapters=lambda: find([root / "adapters"]), device="cpu")
    assert (engine.context_window, engine.count_prompt(ASK)) == (plain.context_window, plain.count_prompt(ASK))
    for adapter in (None, "elm", None):
        assert complete(engine, ASK, SHORT, adapter=adapter) == complete(plain, ASK, SHORT, adapter=adapter)
        assert engine.score(ASK, ["Many", "One"], adapter=adapter) == plain.score(ASK, ["Many", "One"], adapter=adapter)
    assert complete(engine, ASK, SHORT).text != complete(engine, ASK, SHORT, adapter="elm").text
    prompt = Prompt("A banyan is a tree")
    assert engine.read(prompt, 1)[1:] == plain.read(prompt, 1)[1:]
    assert [chunk.text for chunk in engine.go_on(prompt, SHORT)] == [chunk.text for chunk in plain.go_on(prompt, SHORT)]
    assert [known.name for known in engine.adapters()] == ["elm"]
    engine.fit(plain.adapters()[0])
    plain.close()


def test_what_goes_wrong_there_is_told_here(engine: ZeroEngine, root: Path) -> None:
    with pytest.raises(AdapterNotFound, match="oak"):
        complete(engine, ASK, SHORT, adapter="oak")
    with pytest.raises(ContextOverflow) as full:
        complete(engine, [Message("user", "trunk " * 5000)], SHORT)
    assert full.value.kind == "text_overflow" and full.value.details["window"] == engine.context_window
    with pytest.raises(AdapterError):
        engine.fit(Adapter("none", path=str(root / "nowhere")))


def test_stop_ends_the_work_there(engine: ZeroEngine) -> None:
    stop = Event()
    chunks = engine.stream(ASK, replace(GREEDY, max_tokens=100_000), stop=stop)
    assert next(chunks).text
    stop.set()
    last = list(chunks)[-1]
    assert last.finish == "cancelled" and last.usage and last.usage.prompt == engine.count_prompt(ASK)
    assert engine.load()["running"] == 0
    assert complete(engine, ASK, SHORT).finish == "length", "the one slot there is free again"
