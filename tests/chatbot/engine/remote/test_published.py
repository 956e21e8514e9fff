"""Adapters in the folder of this machine, brought to servers that load any, as vLLM does it."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from chatbot.common.errors import AdapterError, AdapterNotFound
from chatbot.engine.adapters import files
from chatbot.engine.base import complete
from chatbot.engine.remote.engine import RemoteEngine
from chatbot.types import GREEDY
from tests.chatbot.engine.remote.test_engine import ASK, events, piece
from tests.chatbot.serving import serving
from tests.lora import write_adapter

MOST_RANK = 16


class Vllm:
    """Its routes for models and adapters, with its words (`vllm/entrypoints/openai/serving_models.py`); it answers who it is."""

    def __init__(self, *, loads: bool = True) -> None:
        self.own = {"theirs": "/models/theirs"}
        self.loaded: dict[str, str] = {}
        self.calls: list[str] = []
        self.app = Starlette(
            routes=[
                Route("/v1/models", self.models),
                Route("/v1/chat/completions", self.chat, methods=["POST"]),
                *([Route("/v1/load_lora_adapter", self.load, methods=["POST"])] if loads else ()),
                *([Route("/v1/unload_lora_adapter", self.unload, methods=["POST"])] if loads else ()),
            ]
        )

    async def models(self, _: Request) -> Response:
        cards = [{"id": name, "root": root, "parent": "oak"} for name, root in (self.own | self.loaded).items()]
        return JSONResponse({"data": [{"id": "oak", "root": "oak", "max_model_len": 4096}, {"id": "gpt-4o"}, *cards]})

    async def load(self, request: Request) -> Response:
        asked = await request.json()
        name, folder = asked["lora_name"], Path(asked["lora_path"])
        self.calls.append(f"load {name}")
        if name in self.own | self.loaded:
            return refused(400, f"The lora adapter '{name}' has already been loaded.")
        if not folder.is_absolute() or not folder.is_dir():
            return refused(404, f"Loading lora {name} failed: No adapter found for {folder}")
        rank = json.loads((folder / "adapter_config.json").read_text())["r"]
        if rank > MOST_RANK:
            return refused(400, f"LoRA rank {rank} is greater than max_lora_rank {MOST_RANK}.")
        self.loaded[name] = str(folder)
        return PlainTextResponse(f"Success: LoRA adapter '{name}' added successfully.")

    async def unload(self, request: Request) -> Response:
        name = (await request.json())["lora_name"]
        self.calls.append(f"unload {name}")
        if self.loaded.pop(name, None) is None:
            return refused(404, f"The lora adapter '{name}' cannot be found.")
        return PlainTextResponse("Success")

    async def chat(self, request: Request) -> Response:
        model = (await request.json())["model"]
        if model not in {"oak", *self.own, *self.loaded}:
            return refused(404, f"The model `{model}` does not exist.")
        return events(piece(f"I am {model}.", "stop"))


def refused(status: int, said: str) -> Response:
    return JSONResponse({"object": "error", "message": said, "code": status}, status)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two adapters, one of which is Ada's alone."""
    adapters = tmp_path / "adapters"
    for name, owner in (("pirate", {"owner": "user:ada", "shared": False}), ("poet", {"owner": "", "shared": True})):
        write_adapter(adapters / name, layers=1, base="oak", targets=("q_proj",))
        (adapters / name / "owner.json").write_text(json.dumps(owner))
    return adapters


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def engine_of(stack: ExitStack, folder: Path, *servers: Vllm) -> RemoteEngine:
    urls = [stack.enter_context(serving(server.app)) for server in servers]
    engine = RemoteEngine(",".join(urls), adapters=folder)
    stack.callback(engine.close)
    return engine


def test_every_server_has_them_again_after_a_restart_and_none_once_they_are_gone(
    folder: Path, stack: ExitStack
) -> None:
    first, second = Vllm(), Vllm()
    engine = engine_of(stack, folder, first, second)
    assert first.loaded == second.loaded == {name: str(folder / name) for name in ("pirate", "poet")}
    owners = {known.name: (known.owner, known.by) for known in engine.adapters()}
    assert owners == {"theirs": ("", ""), "pirate": ("user:ada", "user:ada"), "poet": ("", "")}
    assert complete(engine, ASK, GREEDY, adapter="pirate").text == "I am pirate."

    first.loaded.clear()  # it was restarted
    engine.refresh()
    assert first.loaded == second.loaded and second.calls == ["load pirate", "load poet"]

    files.remove(next(known for known in engine.adapters() if known.name == "pirate"))
    engine.refresh()
    assert first.loaded.keys() == second.loaded.keys() == {"poet"}
    with pytest.raises(AdapterNotFound):
        complete(engine, ASK, GREEDY, adapter="pirate")


def test_other_weights_under_the_same_name_are_loaded_anew(folder: Path, stack: ExitStack) -> None:
    server = Vllm()
    engine = engine_of(stack, folder, server)
    server.calls.clear()
    engine.refresh()
    assert server.calls == []
    write_adapter(folder / "poet", layers=1, base="oak", targets=("q_proj",), seed=1)
    engine.refresh()
    assert server.calls == ["unload poet", "load poet"]


def test_what_one_banyan_left_on_a_server_is_known_by_the_next(folder: Path, stack: ExitStack) -> None:
    server = Vllm()
    engine_of(stack, folder, server).close()
    files.remove(next(known for known in engine_of(stack, folder, server).adapters() if known.name == "pirate"))
    server.calls.clear()
    engine = engine_of(stack, folder, server)
    assert server.calls == ["unload pirate"], "or everybody would see what was Ada's"
    assert {known.name for known in engine.adapters()} == {"theirs", "poet"}


def test_a_server_that_loads_none_is_not_asked_for_them(folder: Path, stack: ExitStack) -> None:
    able, unable = Vllm(), Vllm(loads=False)
    engine = engine_of(stack, folder, unable, able)
    assert [complete(engine, ASK, GREEDY, adapter="poet").text for _ in range(3)] == ["I am poet."] * 3
    assert {known.name for known in engine.adapters()} == {"theirs", "poet", "pirate"}
    alone = engine_of(stack, folder, unable)
    assert {known.name for known in alone.adapters()} == {"theirs"}
    with pytest.raises(AdapterError, match="Add the adapter there"):
        alone.fit(engine.adapters()[-1])


def test_a_name_that_a_server_has_taken_stays_its_own(folder: Path, stack: ExitStack) -> None:
    server = Vllm()
    write_adapter(folder / "theirs", layers=1, base="oak", targets=("q_proj",))
    engine = engine_of(stack, folder, server)
    assert [known.path for known in engine.adapters() if known.name == "theirs"] == [None]
    assert "load theirs" not in server.calls


def test_what_a_server_refuses_is_said_once_and_left_out(folder: Path, stack: ExitStack, tmp_path: Path) -> None:
    server = Vllm()
    large = write_adapter(folder / "large", layers=1, base="oak", targets=("q_proj",), rank=32)
    engine = engine_of(stack, folder, server)
    engine._served.look(engine._backends[0])
    assert server.calls.count("load large") == 1
    known = {adapter.name: adapter for adapter in engine.adapters()}
    assert "large" not in known
    with pytest.raises(AdapterError, match=r"does not load the adapter banyan-try-\w+: LoRA rank 32 is greater"):
        packed = write_adapter(tmp_path / "more", layers=1, base="oak", targets=("q_proj",), rank=32)
        files.install(sorted(packed.iterdir()), "more", folder, fit=engine.fit)
    fine = write_adapter(tmp_path / "fine", layers=1, base="oak", targets=("q_proj",))
    files.install(sorted(fine.iterdir()), "fine", folder, fit=engine.fit)
    engine.refresh()
    assert server.loaded.keys() == {"pirate", "poet", "fine"}
    assert large.is_dir()
