"""An engine before its model is there."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from chatbot.common.errors import (
    BanyanError,
    EngineUnavailable,
    HubUnavailable,
    ModelDamaged,
    ModelError,
    ModelLoading,
    ModelNotFound,
    Stopped,
    StoreFull,
)
from chatbot.common.step import Progress, Step
from chatbot.engine.base import Engine, complete
from chatbot.engine.loading import LoadingEngine
from chatbot.engine.scripted import ScriptedEngine
from chatbot.types import Chunk, LoadState, Message, Sampling

HI = [Message("user", "Hi")]


def test_it_tells_its_progress_and_then_answers() -> None:
    go, told = Event(), Event()

    def build(reference: str, progress: Progress) -> Engine:
        progress(Step("fetching_hub", name="oak"), 0.5)
        told.set()
        go.wait(10)
        return ScriptedEngine(["Hello"])

    engine = LoadingEngine(build, "oak")
    engine.start()
    assert told.wait(10)
    assert engine.state() == LoadState("loading", Step("fetching_hub", name="oak"), 0.5)
    with pytest.raises(ModelLoading, match="Fetching oak from the Hugging Face hub"):
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
    def build(reference: str, progress: Progress) -> Engine:
        raise raised

    engine = LoadingEngine(build, "oak")
    engine.start()
    assert engine.wait(10)
    assert engine.state().status == "failed"
    with pytest.raises(seen):
        complete(engine, HI, Sampling())


def named(reference: str, progress: Progress) -> Engine:
    return ScriptedEngine(lambda messages: f"I am {reference}.", model=reference)


def ready(reference: str = "oak", build: Callable[[str, Progress], Engine] = named) -> LoadingEngine:
    engine = LoadingEngine(build, reference)
    engine.start()
    assert engine.wait(10)
    return engine


def until(held: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not held():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_another_model_takes_the_place_of_the_first() -> None:
    engine = ready()
    target = engine.switch("elm")
    until(lambda: engine.coming is None)
    assert target.state.status == engine.state().status == "ready"
    assert (engine.reference, engine.model, complete(engine, HI, Sampling()).text) == ("elm", "elm", "I am elm.")


def test_answers_under_way_end_and_twenty_others_wait_for_the_new_model() -> None:
    closed = Event()

    class Slow(ScriptedEngine):
        def close(self) -> None:
            closed.set()
            super().close()

    def build(reference: str, progress: Progress) -> Engine:
        time.sleep(0.2)
        return Slow(lambda messages: f"I am {reference}.", model=reference, seconds_per_token=0.02, slots=32)

    engine = ready(build=build)
    early = engine.stream(HI, Sampling())
    begun = next(early)
    engine.switch("elm")
    until(lambda: engine._changing)
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(complete, engine, HI, Sampling()) for _ in range(20)]
        time.sleep(0.1)
        assert not closed.is_set()
        assert not any(one.done() for one in asked)
        assert begun.text + "".join(chunk.text for chunk in early) == "I am oak."
        assert {one.result(20).text for one in asked} == {"I am elm."}
    assert closed.is_set()
    engine.close()


def test_who_waits_for_the_change_can_leave() -> None:
    engine = ready()
    early = engine.stream(HI, Sampling())
    next(early)
    engine.switch("elm")
    until(lambda: engine._changing)
    stop = Event()
    stop.set()
    assert [chunk.finish for chunk in engine.stream(HI, Sampling(), stop=stop)] == ["cancelled"]
    assert complete_rest(early).endswith("oak.")


def complete_rest(chunks: Iterator[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


def test_when_the_new_one_fails_the_old_one_comes_back_and_it_is_told() -> None:
    def build(reference: str, progress: Progress) -> Engine:
        if reference == "elm":
            raise ModelNotFound("There is no elm.")
        return named(reference, progress)

    engine = ready(build=build)
    target = engine.switch("elm")
    until(lambda: target.state.status == "failed")
    assert str(target.state) == "There is no elm."
    assert engine.coming is target
    assert (engine.reference, complete(engine, HI, Sampling()).text) == ("oak", "I am oak.")
    assert engine.state().status == "ready"


def test_while_files_are_fetched_the_old_model_answers_and_the_fetch_can_be_left() -> None:
    begun = Event()

    def fetch(reference: str, progress: Progress, stop: Event) -> None:
        if reference == "elm":
            begun.set()
            progress(Step("fetching_hub", name="elm"), 0.5)
            assert stop.wait(10)
            raise Stopped("It was stopped.")

    engine = LoadingEngine(named, "oak", fetch=fetch)
    engine.start()
    assert engine.wait(10)
    target = engine.switch("elm")
    assert begun.wait(10)
    until(lambda: target.state.fraction == 0.5)
    assert complete(engine, HI, Sampling()).text == "I am oak."
    engine.cancel()
    until(lambda: target.state.status == "failed")
    assert engine.coming is None
    assert engine.reference == "oak"


def test_a_small_model_answers_until_the_large_one_is_there() -> None:
    there = Event()

    def fetch(reference: str, progress: Progress, stop: Event) -> None:
        assert reference != "large" or there.wait(10)

    engine = LoadingEngine(named, "large", fetch=fetch)
    engine.start()
    assert engine.state().status == "loading"
    engine.meanwhile("small")
    assert engine.wait(10)
    assert complete(engine, HI, Sampling()).text == "I am small."
    assert engine.coming and engine.coming.reference == "large"
    there.set()
    until(lambda: engine.reference == "large")
    assert complete(engine, HI, Sampling()).text == "I am large."


def test_a_small_model_that_comes_last_does_not_take_the_place() -> None:
    late = Event()
    built: list[str] = []

    def fetch(reference: str, progress: Progress, stop: Event) -> None:
        assert reference != "small" or late.wait(10)

    def build(reference: str, progress: Progress) -> Engine:
        built.append(reference)
        return named(reference, progress)

    engine = LoadingEngine(build, "large", fetch=fetch)
    engine.meanwhile("small")
    engine.start()
    assert engine.wait(10)
    late.set()
    time.sleep(0.1)
    assert built == ["large"]


@pytest.mark.parametrize("raised", [HubUnavailable("no network"), ModelDamaged("altered"), StoreFull("no room")])
def test_where_files_cannot_be_had_the_next_model_answers_and_it_is_told(raised: BanyanError) -> None:
    def fetch(reference: str, progress: Progress, stop: Event) -> None:
        if reference == "large":
            raise raised

    engine = LoadingEngine(named, "large", fetch=fetch, otherwise=lambda name: "small" if name == "large" else None)
    engine.start()
    assert engine.wait(10)
    assert (engine.reference, engine.instead) == ("small", raised)
    target = engine.switch("large")  # asked for by a person: it is told, and nothing else is put in its place
    until(lambda: target.state.status == "failed")
    assert (engine.reference, target.state.failure) == ("small", raised)


def test_when_neither_the_new_one_nor_the_old_one_loads_requests_say_why() -> None:
    """And do not wait for a model that never comes."""
    built: list[str] = []

    def build(reference: str, progress: Progress) -> Engine:
        built.append(reference)
        if len(built) > 1:
            raise ModelError(f"{reference} does not load.")
        return named(reference, progress)

    engine = ready(build=build)
    target = engine.switch("elm")
    until(lambda: target.state.status == "failed")
    assert built == ["oak", "elm", "oak"]
    assert engine.state().status == "failed"
    with pytest.raises(ModelError, match="does not load"):
        complete(engine, HI, Sampling())


def test_when_the_first_model_is_left_requests_say_that_there_is_none() -> None:
    def fetch(reference: str, progress: Progress, stop: Event) -> None:
        assert stop.wait(10)
        raise Stopped("It was stopped.")

    engine = LoadingEngine(named, "oak", fetch=fetch)
    engine.start()
    engine.cancel()
    until(lambda: engine.state().status == "failed")
    with pytest.raises(EngineUnavailable, match="Choose one in the Models tab"):
        complete(engine, HI, Sampling())
