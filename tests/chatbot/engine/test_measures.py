"""What /metrics tells, read with Prometheus' own parser."""

from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.testclient import TestClient

from chatbot.api.keys import Door
from chatbot.api.routes import routes
from chatbot.common.errors import EngineError
from chatbot.engine.base import collect
from chatbot.engine.loading import LoadingEngine
from chatbot.engine.scripted import ScriptedEngine
from chatbot.types import GREEDY, Adapter, LoadState, Message, Prompt

ASK = [Message("user", "one two")]


@pytest.fixture
def engine() -> Iterator[LoadingEngine]:
    adapters = [Adapter("shared"), Adapter("hers", owner="user:ann")]
    made = ScriptedEngine(["a b c", ("x", EngineError("The cable is out.")), "d", "e", "f g"], adapters=adapters)
    loading = LoadingEngine(lambda reference, progress: made, "scripted")
    loading.start()
    assert loading.wait(10)
    yield loading
    loading.close()


def figures(engine: LoadingEngine) -> dict[tuple[str, ...], float]:
    found = text_string_to_metric_families(engine.measures.text(engine.load).decode())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in found
        for sample in family.samples
        if not sample.name.endswith(("_created", "_bucket", "_sum"))
    }


def test_answers_are_counted_by_engine_adapter_and_end(engine: LoadingEngine) -> None:
    collect(engine.stream(ASK, GREEDY))
    with pytest.raises(EngineError):
        collect(engine.stream(ASK, GREEDY))
    collect(engine.stream(ASK, GREEDY, adapter="shared"))
    collect(engine.stream(ASK, GREEDY, adapter="hers"))
    leaving = engine.go_on(Prompt("one two"), GREEDY)
    next(leaving)
    leaving.close()  # type: ignore[attr-defined]
    found = figures(engine)
    ended = {key[1:]: value for key, value in found.items() if key[0] == "banyan_answers_total"}
    assert ended == {
        ("", "stop", "scripted"): 1,
        ("", "engine_error", "scripted"): 1,
        ("", "left", "scripted"): 1,
        ("shared", "stop", "scripted"): 1,
        ("somebody's own", "stop", "scripted"): 1,
    }
    assert found["banyan_prompt_tokens_total", "", "scripted"] == 4
    assert found["banyan_completion_tokens_total", "", "scripted"] == 3
    assert found["banyan_first_token_seconds_count", "", "scripted"] == 3
    assert found["banyan_requests", "slots"] == 4 and found["banyan_requests", "running"] == 0


def test_fine_tunes_are_counted_by_state(engine: LoadingEngine) -> None:
    told = engine.measures.text(engine.load, lambda: {"running": 1, "queued": 2}).decode()
    assert 'banyan_jobs{state="running"} 1.0' in told and 'banyan_jobs{state="queued"} 2.0' in told
    assert 'banyan_jobs{state="queued"} 0.0' in engine.measures.text(engine.load, lambda: {"queued": 0}).decode()


def test_they_are_read_with_the_key_of_the_api(engine: LoadingEngine) -> None:
    served = routes(
        engine, state=lambda: LoadState("ready"), door=Door("k"), metrics=lambda: engine.measures.text(engine.load)
    )
    with TestClient(Starlette(routes=list(served))) as http:
        assert http.get("/metrics").status_code == 401
        answer = http.get("/metrics", headers={"Authorization": "Bearer k"})
    assert answer.status_code == 200 and b"banyan_requests" in answer.content


def test_before_there_is_an_engine_they_are_there() -> None:
    waiting = LoadingEngine(lambda reference, progress: ScriptedEngine(), "scripted")
    assert b'state="slots"' not in waiting.measures.text(waiting.load)
