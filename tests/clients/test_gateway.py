"""LiteLLM's proxy between the engine and a Banyan, as many houses have one: `CLIENTS_PYTHON` names the environment that has it."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import yaml

from chatbot.common.errors import EngineError, ModelNotFound
from chatbot.engine.base import complete
from chatbot.engine.remote.engine import RemoteEngine
from chatbot.engine.scripted import ScriptedEngine
from chatbot.types import GREEDY, Adapter, Message, Sampling
from tests.chatbot.engine.remote.test_engine import banyan
from tests.chatbot.serving import serving
from tests.running import free_port

pytestmark = pytest.mark.slow

PROGRAM = Path(os.environ.get("CLIENTS_PYTHON", sys.executable)).parent / "litellm"
ASK = [Message("user", "Say it, 请说。")]
ENDLESS = Sampling(temperature=0, max_tokens=100_000)


@pytest.fixture(scope="module")
def behind() -> Iterator[tuple[ExitStack, ScriptedEngine, str]]:
    """What ends the Banyan, the engine in it, and its address."""
    with ExitStack() as stack:
        tree = ScriptedEngine(model="tree", adapters=[Adapter("poet")], seconds_per_token=0.01)
        yield stack, tree, stack.enter_context(serving(banyan(tree)))


@pytest.fixture(scope="module")
def gateway(behind: tuple[ExitStack, ScriptedEngine, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not PROGRAM.exists():
        pytest.skip("litellm is not installed; see tests/requirements-clients.txt")
    folder = tmp_path_factory.mktemp("gateway")
    ours = {"model": "openai/tree", "api_base": f"{behind[2]}/v1", "api_key": "none"}
    models = [("tree", ours), ("gpt-4o", {"model": "openai/gpt-4o", "api_key": "none"})]
    config = {"model_list": [{"model_name": name, "litellm_params": parameters} for name, parameters in models]}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    port = free_port()
    command = [str(PROGRAM), "--config", str(folder / "config.yaml"), "--host", "127.0.0.1", "--port", str(port)]
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "HOME": str(folder)}
    environment["LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY"] = "true"  # it is reached from here alone
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment, cwd=folder)
    try:
        while not _up(port):  # the suite's own timeout is the limit
            assert process.poll() is None, (folder / "log").read_text()[-3000:]
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait()


def _up(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/liveliness").status_code == 200
    except httpx.TransportError:
        return False


def test_its_other_models_are_no_adapters(gateway: str) -> None:
    engine = RemoteEngine(gateway, model="tree")
    assert (engine.model, engine.adapters()) == ("tree", [])
    engine.close()
    with pytest.raises(ModelNotFound, match=r"no model “oak”\. It has: .*gpt-4o"):
        RemoteEngine(gateway, model="oak")


def test_answers_come_through_it(gateway: str) -> None:
    engine = RemoteEngine(gateway, model="tree")
    answer = complete(engine, ASK, GREEDY)
    assert (answer.text, answer.finish) == ("Say it, 请说。", "stop")
    assert answer.usage and answer.usage.completion == 5
    assert complete(engine, ASK, Sampling(temperature=0, max_tokens=2)).finish == "length"
    assert engine.count_tokens("Say it.") > 0 and engine.count_prompt(ASK) > 0
    engine.close()


def test_it_tells_no_likelihoods_and_that_is_said(gateway: str) -> None:
    engine = RemoteEngine(gateway, model="tree")
    assert not engine.supports_scores
    with pytest.raises(EngineError, match="cannot score"):
        engine.score(ASK, ["yes", "no"])
    engine.close()


def test_what_stands_behind_it_dies_in_mid_stream(gateway: str, behind: tuple[ExitStack, ScriptedEngine, str]) -> None:
    """Last: the Banyan is gone then."""
    stack, tree, _ = behind
    tree._queue.append(" ".join(map(str, range(2000))))
    engine = RemoteEngine(gateway, model="tree")
    stream = engine.stream(ASK, ENDLESS)
    assert next(stream).text
    stack.close()
    with pytest.raises(EngineError):
        list(stream)
    engine.close()
