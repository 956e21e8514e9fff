"""Every handler of the page, called by Eve with whatever is Ann's: she learns nothing, and changes nothing.

Handlers are found on the page, so that a new one is asked, too; whether it is Ann's word that comes back is known by a word
that stands in everything of hers. `handlers.txt` names them: a new one is added there by who has looked at what it reads.
"""

import hashlib
import inspect
import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr
import httpx
import pytest

from tests.chatbot.access.matrix.house import ANN, SECRET, House, house

pytestmark = pytest.mark.slow

KNOWN = Path(__file__).with_name("handlers.txt")
ACTS = (
    "open", "remove", "use", "use_all", "use_none", "cite", "page", "source", "detach", "stop_jobs", "pause_jobs", "resume_jobs", "replace", "keep_both", "resume", "fetch",
    "look", "both", "download", "ask", "rename", "only", "pin", "md", "delete", "restore", "earlier", "later", "again", "good", "bad", "switch", "edit",
    "compare", "share", "unshare", "move", "folder",
    "choose", "collect", "draw",
)  # fmt: skip
READS = {  # which things a tab's handlers are asked for; whatever else they are given is none of theirs
    "chat": ("conversation", "document", "adapter", "prompt"), "documents": ("document", "collection", "adapter"), "translate": ("translation", "result"),
    "summarize": ("result", "document"), "classify": ("result", "adapter"), "extract": ("result", "document"), "finetune": ("job", "adapter"), "data": ("result",),
    "adapters": ("adapter",), "models": ("adapter",), "parts": ("result",), "page": ("conversation",), "tour": ("conversation",),
}  # fmt: skip
WAIT = 20.0  # seconds for one handler's answer


@pytest.fixture(scope="module")
def here(models_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("handlers"), models_folder) as found:
        yield found


def name_of(function: Any) -> str:
    return f"{inspect.getmodule(function).__name__}.{function.__qualname__}"  # type: ignore[union-attr]


def handlers(here: House) -> dict[int, Any]:
    return {number: event for number, event in here.page.fns.items() if event.fn is not None}


def clicks(event: Any) -> bool:
    return any(one.annotation is gr.EventData for one in inspect.signature(event.fn).parameters.values())


@cache
def acts(home: Path) -> list[str]:
    """What a click can ask for there: of `ACTS` what the modules of the handler's folder speak of, and nothing at all."""
    written = "".join(path.read_text("utf-8") for path in home.glob("*.py"))
    return [*(act for act in ACTS if f'"{act}"' in written), ""]


def given(component: Any, id: str) -> Any:
    """A value for the component that names `id`, as far as it can."""
    if isinstance(component, gr.State | gr.File | gr.UploadButton):
        return None  # what a client says of a state is not read; files have a test of their own
    if isinstance(component, gr.Slider | gr.Checkbox | gr.Number):
        return component.value
    return id


def calls(event: Any, ids: dict[str, str]) -> Iterator[dict[str, Any]]:
    room = name_of(event.fn).split(".")[2]
    for id in (ids[kind] for kind in READS[room]):
        data = [given(component, id) for component in event.inputs]
        home = Path(inspect.getfile(event.fn)).parent
        for act in acts(home) if clicks(event) else ("",):
            yield {"data": data, "event_data": {"act": act, "id": id, "to": id, "title": "x", "n": "1", "page": "1"}}


def answer(client: httpx.Client, number: int, event: Any, call: dict[str, Any]) -> str:
    """Whatever the server says to the call, until it is over or `WAIT` has passed."""
    body = {**call, "fn_index": number, "session_hash": secrets.token_hex(6)}
    if not event.queue:
        return client.post("/gradio_api/run/predict", json=body).text
    joined = client.post("/gradio_api/queue/join", json=body)
    if joined.status_code != 200:
        return joined.text
    said = []
    with client.stream(
        "GET", "/gradio_api/queue/data", params={"session_hash": body["session_hash"]}, timeout=WAIT
    ) as lines:
        for line in lines.iter_lines():
            said.append(line)
            if "process_completed" in line:
                break
    return "\n".join(said)


def state_of(here: House) -> str:
    """A digest of everything of Ann's."""
    store, library = here.services.store, here.services.library.get().library  # type: ignore[union-attr]
    things = [
        store.conversation(ANN, here.ids["conversation"]),
        [store.results(ANN, task) for task in ("sentiment", "taught", "summarize", "translate", "answer", "extract")],
        library.list(ANN),
        library.collections.of(ANN),
        store.prompts(ANN),
        here.services.translations.jobs(ANN),  # type: ignore[union-attr]
        here.services.training.jobs.of(ANN),  # type: ignore[union-attr]
        sorted(path.as_posix() for path in (here.data / "adapters").rglob("*")),
        sorted(path.read_text("utf-8") for path in (here.data / "adapters").rglob("owner.json")),
    ]
    return hashlib.sha256(repr(things).encode()).hexdigest()


def test_every_handler_is_known(here: House) -> None:
    found = {name_of(event.fn) for event in handlers(here).values()}
    assert found == set(KNOWN.read_text("utf-8").split()), "look at what it reads, and under whose name; then add it"


def asked(here: House, name: str) -> dict[str, list[str]]:
    with here.visitor(name) as client, ThreadPoolExecutor(4) as pool:
        waiting = [
            (name_of(event.fn), pool.submit(answer, client, number, event, call))
            for number, event in handlers(here).items()
            for call in calls(event, here.ids)
        ]
        said: dict[str, list[str]] = {}
        for handler, future in waiting:
            said.setdefault(handler, []).append(future.result())
    return said


def test_with_anothers_ids_nobody_learns_or_changes_anything(here: House) -> None:
    before = state_of(here)
    said = asked(here, "eve")
    ids = set(here.ids.values())
    for handler, answers in said.items():
        for one in answers:
            without_echo = one
            for id in ids:
                without_echo = without_echo.replace(id, "")
            assert SECRET not in without_echo, f"{handler} told Eve of Ann's"
    assert state_of(here) == before
    assert len(said) > 80


def test_ann_finds_her_own_by_the_same_calls(here: House) -> None:
    """The sweep would notice what it looks for."""
    with here.visitor("ann") as ann:
        telling = set()
        for number, event in handlers(here).items():
            name = name_of(event.fn)
            if name.split(".")[-1] not in (
                "documents",
                "jobs",
                "recall",
                "listing",
                "arrive",
                "choose",
                "reopen",
                "act",
                "job",
            ):
                continue
            for call in calls(event, here.ids):
                if call["event_data"]["act"] in ("open", "") and SECRET in answer(ann, number, event, call):
                    telling.add(name)
    assert len(telling) >= 5, telling


@pytest.mark.parametrize("way", ["join", "call", "v2", "run"])
def test_a_file_of_another_is_nobodys_input(here: House, way: str) -> None:
    with here.visitor("ann") as ann, here.visitor("eve") as eve:
        (path,) = ann.post("/gradio_api/upload", files={"files": ("mine.md", SECRET.encode())}).json()
        assert ann.get(f"/gradio_api/file={path}").text == SECRET
        file = {"path": path, "orig_name": "mine.md", "meta": {"_type": "gradio.FileData"}}
        number = next(n for n, event in handlers(here).items() if event.api_name == "add_document")
        sent = {
            "join": ("/gradio_api/queue/join", {"data": [file], "fn_index": number, "session_hash": "abc"}),
            "call": ("/gradio_api/call/add_document", {"data": [file]}),
            "v2": ("/gradio_api/call/v2/add_document", {"file": file}),
            "run": ("/gradio_api/run/predict", {"data": [[file]], "fn_index": number}),
        }[way]
        assert eve.post(sent[0], json=sent[1]).status_code == 400
        assert eve.get(f"/gradio_api/file={path}").status_code == 404
        for strange in ("/etc/passwd", f"{here.data}/users.json", "http://127.0.0.1/", f"{path}/../../../../banyan.db"):
            assert eve.get(f"/gradio_api/file={strange}").status_code == 404
            assert eve.post(sent[0], json=json.loads(json.dumps(sent[1]).replace(path, strange))).status_code == 400


def test_the_name_of_anothers_session_opens_nothing(here: House) -> None:
    """What Ann is told goes to Ann, whoever names her session or her event; Eve's calls land in a session of her own."""
    number = next(n for n, event in handlers(here).items() if event.api_name == "documents")
    body = {"data": [], "fn_index": number, "session_hash": "annssession"}
    with here.visitor("ann") as ann, here.visitor("eve") as eve:
        event = ann.post("/gradio_api/queue/join", json=body).json()["event_id"]
        cancel = {"session_hash": "annssession", "fn_index": number, "event_id": event}
        assert eve.post("/gradio_api/cancel", json=cancel).status_code == 404
        assert eve.get(f"/gradio_api/call/documents/{event}").status_code == 404
        assert eve.get(f"/gradio_api/call/v2/documents/{event}").status_code == 404
        heard = ""
        with (
            suppress(httpx.RemoteProtocolError),  # Gradio breaks off behind the word that there is no such session
            eve.stream("GET", "/gradio_api/queue/data", params={"session_hash": "annssession"}) as lines,
        ):
            for line in lines.iter_lines():
                heard += line
        assert SECRET not in heard
        assert "session_not_found" in heard
        with ann.stream("GET", "/gradio_api/queue/data", params={"session_hash": "annssession"}) as lines:
            assert SECRET in "".join(lines.iter_lines())


def test_a_session_that_another_leaves_goes_on(here: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page stops what a tab was reading when its heartbeat ends."""
    left: list[str] = []
    monkeypatch.setattr(here.services.runs, "leave", left.append)
    with here.visitor("eve") as eve, eve.stream("GET", "/gradio_api/heartbeat/annssession") as beat:
        assert "ALIVE" in next(beat.iter_lines())
    sessions = {key for key in here.page.app.state_holder.session_data if key.endswith("-annssession")}
    assert not set(left) & sessions
