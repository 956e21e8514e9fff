"""The app as a whole: it starts as people start it, and stays up whatever it is given."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from gradio_client import Client

from chatbot.access.users import hash_password
from chatbot.common.errors import ModelError
from chatbot.engine.registry import build_engine
from chatbot.settings import load
from tests.running import ROOT, App, running

pytestmark = pytest.mark.slow

SYSTEM = "You are a helpful assistant."
NO_NETWORK = """
import socket, sys
real = socket.socket.connect
def connect(self, address):
    if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
        print("REACHED OUT", address, file=sys.stderr, flush=True)
        raise OSError("no network in this test")
    return real(self, address)
socket.socket.connect = connect
resolve = socket.getaddrinfo
def getaddrinfo(host, *rest, **named):
    if host not in ("127.0.0.1", "::1", "localhost", None):
        print("REACHED OUT", host, file=sys.stderr, flush=True)
        raise OSError("no network in this test")
    return resolve(host, *rest, **named)
socket.getaddrinfo = getaddrinfo
"""


@pytest.fixture
def with_model(tmp_path: Path, bundled_gguf: Path, bundled_embedder: Path, models_folder: Path) -> Path:
    (tmp_path / "models").symlink_to(models_folder)
    return tmp_path


def chat(app: App, message: str) -> dict[str, object]:
    body = {"model": app.health()["model"], "messages": [{"role": "user", "content": message}], "max_tokens": 8}
    request = urllib.request.Request(
        f"{app.address}/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        record: dict[str, object] = json.load(answer)
        return record


def test_a_later_start_needs_no_network(with_model: Path, tmp_path: Path) -> None:
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(NO_NETWORK)
    with running(data=with_model, environment={"PYTHONPATH": str(hook)}) as app:
        assert app.health()["engine"] == "llamacpp"
        assert chat(app, "Hi")["object"] == "chat.completion"
        assert "REACHED OUT" not in app.log.read_text()
        assert "because there is no GPU" in app.log.read_text()


def test_chat_through_gradio_client(with_model: Path) -> None:
    with running(data=with_model) as app:
        client = Client(app.address, verbose=False)
        job = client.submit("Write a long story about a tree.", None, None, SYSTEM, 0.0, 150, api_name="/chat")
        assert len(job.result(timeout=120)) > 200
        parts = job.outputs()
        assert len(parts) > 1
        assert all(later.startswith(earlier) for earlier, later in pairwise(parts))
        asked = client.predict("What is the capital of France?", None, None, SYSTEM, 0.0, 24, api_name="/chat")
        assert "Paris" in asked
        assert client.predict("Say hello", api_name="/chat")
        history = [{"role": "user", "content": "My name is Ann."}, {"role": "assistant", "content": "Hello Ann!"}]
        assert client.predict("What is my name?", history, None, SYSTEM, 0.0, 16, api_name="/chat")
        for arguments in (
            ("", None),
            ("x", [{"role": "king", "content": "y"}]),
            ("x", [{"role": "user", "content": "y", "z": 1}]),
        ):
            with pytest.raises(Exception, match=r"empty|history"):
                client.predict(*arguments, api_name="/chat")
        public = client.view_api(return_format="dict", print_info=False)
        assert isinstance(public, dict)
        assert {"/chat", "/add_document", "/documents", "/remove_document", "/ask"} <= set(public["named_endpoints"])


def test_a_model_that_cannot_be_loaded_is_told_and_the_app_stays_up(tmp_path: Path) -> None:
    with running("--model", "/nowhere/model.gguf", data=tmp_path) as app:
        health = app.health()
        assert health["status"] == "failed"
        assert "/nowhere/model.gguf" in str(health["step"])
        with pytest.raises(urllib.error.HTTPError) as refused:
            chat_body = json.dumps({"model": "x", "messages": [{"role": "user", "content": "Hi"}]}).encode()
            urllib.request.urlopen(
                urllib.request.Request(
                    f"{app.address}/v1/chat/completions", chat_body, {"Content-Type": "application/json"}
                ),
                timeout=20,
            )
        assert refused.value.code == 503
        assert "/nowhere/model.gguf" in refused.value.read().decode()
        assert urllib.request.urlopen(app.address, timeout=20).status == 200


def test_it_starts_as_on_a_space(tmp_path: Path) -> None:
    space = {"SPACE_ID": "ann/banyan", "SYSTEM": "spaces", "GRADIO_SERVER_NAME": "0.0.0.0", "BANYAN_ENGINE": "scripted"}
    with running(data=tmp_path, environment=space) as app:
        assert app.health()["status"] == "ready"
        headers = urllib.request.urlopen(app.address, timeout=20).headers
        assert "SameSite=None" in headers["set-cookie"]
        assert "huggingface.co" in headers["content-security-policy"]
        assert "This Space forgets" in urllib.request.urlopen(app.address, timeout=20).read().decode()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--prot", "1"], "--prot"), (["--engine", "remote"], "--base-url"), (["--auth", "no.json"], "--auth")],
)
def test_wrong_settings_end_with_a_sentence(arguments: list[str], said: str) -> None:
    done = subprocess.run(
        [sys.executable, "app.py", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_truncated_gguf_says_so(tmp_path: Path, bundled_gguf: Path) -> None:
    broken = tmp_path / "half.gguf"
    with bundled_gguf.open("rb") as whole:
        broken.write_bytes(whole.read(5_000_000))
    with pytest.raises(ModelError, match=r"half\.gguf"):
        build_engine(load(["--model", str(broken), "--data", str(tmp_path)], {}), lambda step, fraction: None)


def test_a_guarded_page_asks_who_and_closes_v1(tmp_path: Path) -> None:
    users = tmp_path / "users.json"
    users.write_text(json.dumps({"ann": hash_password("correct horse")}))
    with running("--engine", "scripted", "--auth", str(users), data=tmp_path) as app:
        with httpx.Client(base_url=app.address) as stranger:
            assert stranger.get("/config").status_code == 401
            assert stranger.post("/v1/chat/completions", json={}).status_code == 401
            assert stranger.post("/gradio_api/mcp/", json={}).status_code == 401
            assert stranger.post("/login", data={"username": "ann", "password": "wrong"}).status_code == 400
            assert stranger.get("/health").status_code == 200
            calls = stranger.post("/gradio_api/queue/join", json={"data": ["x"], "fn_index": 0, "session_hash": "s"})
            assert calls.status_code == 401
        with httpx.Client(base_url=app.address) as ann:
            assert ann.post("/login", data={"username": "ann", "password": "correct horse"}).status_code == 200
            assert ann.get("/config").status_code == 200
            assert ann.get("/logout").status_code == 404, "a picture in an answer could ask for it"
            with httpx.Client(base_url=app.address, cookies=ann.cookies) as elsewhere:
                assert ann.post("/logout").status_code == 200
                assert elsewhere.get("/config").status_code == 401, "every session of the name has ended"
        for _ in range(10):
            httpx.post(f"{app.address}/login", data={"username": "ann", "password": "wrong"})
        late = httpx.post(f"{app.address}/login", data={"username": "ann", "password": "correct horse"})
        assert late.status_code == 429, "ten failures lock the name for a while, from there"
        assert "wait five minutes" in late.json()["detail"]
        log = app.log.read_text()
        assert "too many wrong passwords" in log
        assert "correct horse" not in log
