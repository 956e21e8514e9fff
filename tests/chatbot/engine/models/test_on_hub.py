"""One GGUF file of a repository on the hub, through the hub's own library, from a hub on this machine."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event, Timer

import pytest

from chatbot.common.errors import HubUnavailable, ModelNotFound, Stopped
from chatbot.common.step import Step
from chatbot.engine.models import on_hub
from chatbot.engine.models.on_hub import Wanted, parse, pick
from chatbot.engine.models.resolve import is_gguf, is_there, resolve
from tests.gguf_files import SHAPE, make_gguf
from tests.hub_server import Hub, hub
from tests.tiny import make_model

pytestmark = pytest.mark.slow

NAMES = ["oak-q8_0.gguf", "oak-q4_k_m.gguf", "README.md", "oak-q5_k_m-00001-of-00002.gguf", "sub/oak-Q4_0.gguf"]


def quiet(step: Step, fraction: float | None) -> None:
    pass


@pytest.mark.parametrize(
    ("reference", "wanted"),
    [
        ("owner/oak:oak-q8_0.gguf", Wanted("owner/oak", "oak-q8_0.gguf")),
        ("owner/oak-GGUF:Q4_K_M", Wanted("owner/oak-GGUF", "Q4_K_M")),
        ("owner/oak-GGUF", Wanted("owner/oak-GGUF", "Q4_K_M")),
        ("owner/oak", None),
        ("oak.gguf", None),
        ("../oak:x.gguf", None),
        ("C:oak.gguf", None),
    ],
)
def test_what_a_reference_names(reference: str, wanted: Wanted | None) -> None:
    assert parse(reference) == wanted
    assert is_gguf(reference) == (wanted is not None or reference.endswith(".gguf"))


@pytest.mark.parametrize(
    ("wanted", "picked"),
    [
        ("Q4_K_M", "oak-q4_k_m.gguf"),
        ("q4_0", "sub/oak-Q4_0.gguf"),
        ("Q5_K_M", None),  # a model in pieces
        ("K_M", None),
        ("oak-q8_0.gguf", "oak-q8_0.gguf"),
        ("README.md", None),
        ("../oak-q8_0.gguf", None),
    ],
)
def test_the_file_of_a_format(wanted: str, picked: str | None) -> None:
    assert pick(NAMES, wanted) == picked


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    model = make_gguf(make_model(tmp_path / "m", "llama", **SHAPE), tmp_path / "oak.gguf").read_bytes()
    with hub({"owner/oak-GGUF": {"oak-q4_k_m.gguf": model, "README.md": b"An oak."}}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        yield server


def test_a_file_is_fetched_once_and_loads(served: Hub, tmp_path: Path) -> None:
    models, steps = tmp_path / "models", list[Step]()
    assert not is_there("owner/oak-GGUF", models)
    found = resolve("owner/oak-GGUF", models, lambda step, _: steps.append(step))
    assert found.gguf == models / "owner--oak-GGUF--oak-q4_k_m.gguf"
    assert found.gguf.read_bytes() == served.files["owner/oak-GGUF"]["oak-q4_k_m.gguf"]
    assert steps[0] == Step("fetching_hub", name="owner/oak-GGUF")
    assert [path.name for path in models.iterdir() if path.suffix != ".lock"] == [found.gguf.name]
    for reference in ("owner/oak-GGUF", "owner/oak-GGUF:q4_k_m", "owner/oak-GGUF:oak-q4_k_m.gguf"):
        assert is_there(reference, models)
        assert resolve(reference, models, quiet).gguf == found.gguf
    assert len(served.asked) == 1


def test_what_is_not_there_is_told_with_what_is(served: Hub, tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match=r"has no file Q8_0. It has: oak-q4_k_m.gguf"):
        resolve("owner/oak-GGUF:Q8_0", tmp_path, quiet)
    with pytest.raises(ModelNotFound, match="The hub has no model owner/elm-GGUF that you may read"):
        resolve("owner/elm-GGUF", tmp_path, quiet)


def test_a_stopped_fetch_ends_at_once_and_goes_on_from_there(served: Hub, tmp_path: Path) -> None:
    served.files["owner/oak-GGUF"]["oak-q4_k_m.gguf"] += bytes(40 << 20)  # behind the last tensor
    whole = served.files["owner/oak-GGUF"]["oak-q4_k_m.gguf"]
    served.slow = 0.02
    stop, fractions = Event(), list[float]()

    def progress(step: Step, fraction: float | None) -> None:
        fractions.append(fraction or 0.0)
        if fraction and fraction > 0.02:
            stop.set()

    with pytest.raises(Stopped):
        on_hub.fetch(Wanted("owner/oak-GGUF", "Q4_K_M"), tmp_path / "models", progress, stop)
    assert 0.02 < fractions[-1] < 0.9
    served.slow = 0.0
    found = on_hub.fetch(Wanted("owner/oak-GGUF", "Q4_K_M"), tmp_path / "models", quiet)
    assert found.read_bytes() == whole
    assert served.asked[-1][1].startswith("bytes=")  # not from the start again


def test_without_a_hub_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    stop = Event()
    late = Timer(60, stop.set)
    late.start()
    with pytest.raises(HubUnavailable, match="owner/oak-GGUF could not be fetched"):
        resolve("owner/oak-GGUF", tmp_path, quiet, stop)
    late.cancel()


def test_a_hub_from_which_nothing_more_comes_is_told_and_not_asked_for_ever(
    served: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = type(served).get_request

    def broken(server: Hub) -> object:
        server.breaks_at = 100
        return real(server)

    monkeypatch.setattr(type(served), "get_request", broken)
    with pytest.raises(HubUnavailable, match="could not be fetched"):
        on_hub.fetch(Wanted("owner/oak-GGUF", "Q4_K_M"), tmp_path / "models", quiet)
