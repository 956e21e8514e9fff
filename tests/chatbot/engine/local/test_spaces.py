"""The app on a ZeroGPU Space, with the hub's own package `spaces`: its functions, its processes, its emulation of CUDA.

Two things are not there: the hub, whose addresses `Hub` has, and a GPU. What takes the GPU is left out of `spaces`, and the work is
done on the CPU (`--device cpu`).
"""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

import httpx
import pytest
from gradio_client import Client
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.chatbot.serving import serving
from tests.running import App, running
from tests.tiny import make_adapter, make_model

pytest.importorskip("spaces")
pytestmark = pytest.mark.slow

START = """
import sys, app
from chatbot.engine.local.zerogpu import lent
asked = lent.lent

def without_gpu():  # `spaces` looks for what a build of torch for CUDA has; that of the tests may be another
    import torch
    torch.version.cuda = torch.version.cuda or "12.8"
    if not hasattr(torch._C, "_cuda_init"):
        torch._C._cuda_init = None
        torch.cuda._is_in_bad_fork = bool
    from spaces.zero import torch as cuda
    cuda.init = cuda.move = lambda *args, **kwargs: None
    return asked()

lent.lent = without_gpu
sys.exit(app.main(sys.argv[1:]))
"""
ASK = [{"role": "user", "content": "How many trunks has a banyan?"}]


class Hub:
    """Lends GPUs, as many as are asked for; while `out` none. Its answers are those that `spaces/zero/api.py` reads."""

    def __init__(self) -> None:
        self.url = ""
        self.started = self.lent = self.seconds = 0
        self.out = False
        self.in_use: dict[str, int] = {}
        self.workers: list[int] = []
        self._lock = Lock()
        routes = {"startup-report": self._start, "schedule": self._lend, "allow": self._allow, "release": self._release}
        self.app = Starlette(routes=[Route(f"/{name}", route, methods=["POST"]) for name, route in routes.items()])

    async def _start(self, _: Request) -> Response:
        self.started += 1
        return Response()

    async def _lend(self, request: Request) -> Response:
        if self.out:
            return Response(status_code=503)
        with self._lock:
            self.lent, self.seconds = self.lent + 1, int(request.query_params["durationSeconds"])
            token = f"token {self.lent}"
            self.in_use[token] = min(set(range(99)) - set(self.in_use.values()))
        place = self.in_use[token]
        return JSONResponse({"idle": True, "nvidiaIndex": place, "nvidiaUUID": f"GPU-{place}", "allowToken": token})

    async def _allow(self, request: Request) -> Response:
        self.workers.append(int(request.query_params["pid"]))
        return Response()

    async def _release(self, request: Request) -> Response:
        found = self.in_use.pop(request.query_params["allowToken"], None)
        return Response(status_code=404 if found is None else 200)


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    hub = Hub()
    with serving(hub.app) as url:
        hub.url = url
        yield hub


@pytest.fixture(scope="module")
def space(
    hub: Hub, models_folder: Path, bundled_embedder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[App]:
    data = tmp_path_factory.mktemp("space")
    (data / "models").symlink_to(models_folder)
    make_adapter(make_model(data / "tiny", "llama"), data / "adapters" / "elm")
    told = {"SPACE_ID": "ann/banyan", "SYSTEM": "spaces", "SPACES_ZERO_GPU": "true", "HOME": str(data)}
    told["SPACES_ZERO_DEVICE_API_URL"] = hub.url
    arguments = ("--model", str(data / "tiny"), "--device", "cpu")
    with running(*arguments, data=data, environment=told, start=("-c", START)) as app:
        yield app


def ask(space: App, model: str = "tiny", **more: Any) -> httpx.Response:
    body = {"model": model, "messages": ASK, "temperature": 0, "max_tokens": 12, **more}
    return httpx.post(f"{space.address}/v1/chat/completions", json=body, timeout=120)


def text(answer: httpx.Response) -> str:
    said: str = answer.json()["choices"][0]["message"]["content"]
    return said


def given_back(hub: Hub) -> None:
    """The suite's own timeout is the limit."""
    while hub.in_use:
        time.sleep(0.05)


def test_each_request_is_one_call_in_a_process_that_was_lent_a_gpu(space: App, hub: Hub) -> None:
    health = space.health()
    assert (health["status"], health["engine"], health["device"]) == ("ready", "local", "ZeroGPU"), health
    assert hub.started == 1, "spaces told the hub of a function before the page was there"
    before = hub.lent
    plain, other, again = ask(space), ask(space, "elm"), ask(space)
    assert plain.status_code == other.status_code == 200, (plain.text, space.log.read_text()[-3000:])
    assert text(plain) == text(again) != text(other)
    assert hub.lent == before + 3
    given_back(hub)
    assert space.process.pid not in hub.workers
    assert len(hub.workers) == 1, "one process did all of them, with the model that it had loaded"


def test_an_answer_streams_and_the_page_answers_the_same(space: App, hub: Hub) -> None:
    body = {"model": "elm", "messages": ASK, "temperature": 0, "max_tokens": 12, "stream": True}
    with httpx.stream("POST", f"{space.address}/v1/chat/completions", json=body, timeout=120) as answer:
        events = [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: {")]
    pieces = [choice["delta"].get("content") or "" for event in events for choice in event["choices"]]
    assert len([piece for piece in pieces if piece]) > 1
    assert "".join(pieces) == text(ask(space, "elm"))
    client = Client(space.address, verbose=False)
    said = client.predict(ASK[0]["content"], None, "elm", "", 0.0, 12, api_name="/chat")
    assert said.strip() == "".join(pieces).strip()
    given_back(hub)


def test_two_at_once_have_an_adapter_each(space: App, hub: Hub) -> None:
    alone = {name: text(ask(space, name, max_tokens=60)) for name in ("tiny", "elm")}
    with ThreadPoolExecutor(4) as pool:
        names = ["tiny", "elm"] * 2
        answers = list(pool.map(lambda name: text(ask(space, name, max_tokens=60)), names))
    assert answers == [alone[name] for name in names]
    given_back(hub)


def test_who_goes_away_gives_the_gpu_back(space: App, hub: Hub) -> None:
    body = {"model": "tiny", "messages": ASK, "temperature": 0, "max_tokens": 1500, "stream": True}
    with httpx.stream("POST", f"{space.address}/v1/chat/completions", json=body, timeout=120) as answer:
        assert next(line for line in answer.iter_lines() if '"content"' in line)
    assert ask(space).status_code == 200
    given_back(hub)


def test_a_short_answer_asks_for_a_gpu_for_a_short_while(space: App, hub: Hub) -> None:
    """The hub refuses who asks for more seconds than they have left of the day."""
    asked = []
    for most in (12, 1200, 100_000):
        assert ask(space, max_tokens=most, stop=["a", "e", "i", "o", "\n"]).status_code == 200
        asked.append(hub.seconds)
    assert asked == sorted(set(asked)) and asked[-1] <= 4 * asked[0], asked


def test_where_no_gpu_is_free_it_is_said(space: App, hub: Hub) -> None:
    hub.out = True
    refused = ask(space)
    hub.out = False
    assert refused.status_code == 500 and "No GPU was available" in refused.text, refused.text
    assert ask(space).status_code == 200


def test_nothing_reached_for_cuda_in_the_apps_own_process(space: App) -> None:
    assert "CUDA" not in space.log.read_text()
