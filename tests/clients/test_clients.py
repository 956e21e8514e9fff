"""The programs that people use, each in its own process, against one app with the default model.

The clients stand in `tests/requirements-clients.txt`; they want an environment of their own, whose Python `CLIENTS_PYTHON` names. Without
it only those that the tests' own environment has are run.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from gguf import GGUFReader

from chatbot.engine.gguf.files import read_header
from chatbot.engine.local.weights.tokenizer import tokenizer_of
from chatbot.engine.models.resolve import resolve
from tests.running import App, running

pytestmark = [pytest.mark.slow, pytest.mark.standard]

PROGRAMS = Path(__file__).parent / "programs"
PYTHON = os.environ.get("CLIENTS_PYTHON", sys.executable)
CLIENTS = {  # program -> what it imports that not everybody has
    "openai": "openai",
    "responses": "openai",
    "anthropic": "anthropic",
    "open_webui": "json",
    "litellm": "litellm",
    "langchain": "langchain_openai",
    "llama_index": "llama_index.llms.openai_like",
    "llm": "llm",
    "lm_eval": "lm_eval.models.api_models",
    "mcp": "mcp.client.client",  # of version 2
}
FIND = "import sys; from importlib.util import find_spec; sys.exit(find_spec(sys.argv[1]) is None)"
APART = {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}  # or it asks the network for it, three times


@pytest.fixture(scope="module")
def app(models_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("clients")
    (folder / "models").symlink_to(models_folder)
    with running("--model", "standard", data=folder, seconds=300) as started:
        yield started


def _tokenizer(models_folder: Path, folder: Path) -> Path:
    """The model's own, as transformers reads it."""
    gguf = resolve("standard", models_folder, lambda step, fraction: None).gguf
    assert gguf
    fields = {
        name: field.contents() for name, field in GGUFReader(gguf).fields.items() if name.startswith("tokenizer.")
    }
    tokenizer_of(fields | {"context_length": read_header(gguf)["context_length"]}).save_pretrained(folder)
    return folder


@pytest.fixture
def program(client: str) -> Path:
    """Named so that it does not hide the library that it imports."""
    found = subprocess.run(
        [PYTHON, "-c", FIND, CLIENTS[client]], capture_output=True, check=False, env=os.environ | APART
    )
    if found.returncode:
        pytest.skip(f"{CLIENTS[client]} is not installed; see tests/requirements-clients.txt")
    return PROGRAMS / f"{client}_.py"


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_of_today_works_as_its_users_expect(
    client: str, program: Path, app: App, models_folder: Path, tmp_path: Path
) -> None:
    own = [str(_tokenizer(models_folder, tmp_path))] if client == "lm_eval" else []
    command = [PYTHON, str(program), app.address, *own]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280, env=os.environ | APART)
    assert done.returncode == 0, done.stderr[-4000:]
