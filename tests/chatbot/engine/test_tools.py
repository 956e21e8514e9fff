"""Tools, whichever engine it is: what must be called is called, in a form that fits; what servers send in pieces becomes a call."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import Response

from chatbot.api.routes import routes
from chatbot.engine.base import Engine
from chatbot.engine.llamacpp.engine import LlamaCppEngine
from chatbot.engine.local.engine import LocalEngine
from chatbot.engine.remote.engine import RemoteEngine
from chatbot.engine.scripted import ScriptedEngine
from chatbot.types import LoadState, Message, Sampling, ToolCall
from tests.chatbot.engine.remote.test_engine import events, made_up, remote
from tests.chatbot.serving import serving
from tests.gguf_files import SHAPE, make_gguf
from tests.tiny import CHATML, make_model

pytestmark = pytest.mark.slow

WITH_TOOLS = (
    "{% if tools %}<|im_start|>system\nCall them as <tool_call>JSON</tool_call>:{% for tool in tools %}\n{{ tool | tojson }}{% endfor %}"
    "<|im_end|>\n{% endif %}" + CHATML
)
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"enum": ["Paris", "北京"]},
                "days": {"type": "integer", "minimum": 1, "maximum": 7},
            },
            "required": ["city", "days"],
            "additionalProperties": False,
        },
    },
}
ASKED = [Message("user", "Weather?", tools=(json.dumps(WEATHER),))]
SAID = '{"name": "weather", "arguments": {"city": "Paris", "days": 2}}'


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of random weights whose template knows of tools."""
    folder = make_model(tmp_path_factory.mktemp("tools") / "model", "qwen3", **SHAPE)
    (folder / "chat_template.jinja").write_text(WITH_TOOLS)
    return folder


@pytest.fixture(scope="module", params=["llamacpp", "local", "remote-banyan", "scripted"])
def engine(request: pytest.FixtureRequest, tiny: Path) -> Iterator[Engine]:
    def llama() -> LlamaCppEngine:
        gguf = make_gguf(tiny, tiny.parent / f"{request.param}.gguf")
        return LlamaCppEngine(gguf, name="tiny", adapters=list, cache=tiny.parent, context=2048, slots=2)

    match request.param:
        case "llamacpp":
            made: Engine = llama()
        case "local":
            made = LocalEngine(tiny, name="tiny", adapters=list, device="cpu", context=2048, slots=2)
        case "remote-banyan":
            behind = llama()
            with serving(Starlette(routes=routes(behind, state=lambda: LoadState("ready")))) as address:
                made = RemoteEngine(f"{address}/v1")
                yield made
                made.close()
            behind.close()
            return
        case _:
            made = ScriptedEngine(lambda messages: SAID)
    yield made
    made.close()


def test_a_call_that_must_be_made_is_made_and_fits(engine: Engine) -> None:
    drawn = Sampling(temperature=1.0, seed=7, max_tokens=400, must_call=True)
    chunks = list(engine.stream(ASKED, drawn))
    (call,) = [call for chunk in chunks for call in chunk.calls]
    assert call.name == "weather" and call.id
    given = json.loads(call.arguments)
    assert given.keys() == {"city", "days"} and given["city"] in ("Paris", "北京") and 1 <= given["days"] <= 7
    assert "".join(chunk.text for chunk in chunks) == ""
    assert chunks[-1].finish == "stop" and chunks[-1].usage and chunks[-1].usage.completion > 0


def test_a_call_and_what_came_of_it_can_be_gone_on_from(engine: Engine) -> None:
    history = [
        *ASKED,
        Message("assistant", "", calls=(ToolCall("c1", "weather", "{}"),)),
        Message("tool", "Rain", call="c1"),
    ]
    chunks = list(engine.stream(history, Sampling(temperature=0, max_tokens=8)))
    assert chunks[-1].finish in ("stop", "length") and chunks[-1].usage and chunks[-1].usage.prompt > 0


def piece(*calls: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"tool_calls": list(calls)}, "finish_reason": finish}]}


def named(index: int | None, name: str, arguments: str = "", **more: Any) -> dict[str, Any]:
    return {"index": index, "type": "function", "function": {"name": name, "arguments": arguments}, **more}


def written(index: int, arguments: str) -> dict[str, Any]:
    return {"index": index, "function": {"arguments": arguments}}


PARIS, OSLO = '{"city": "Paris"}', '{"city": "Oslo"}'


@pytest.mark.parametrize(
    ("pieces", "arguments"),
    [
        ([piece(named(0, "weather", id="a")), piece(written(0, PARIS[:5])), piece(written(0, PARIS[5:]))], [PARIS]),
        ([piece(named(0, "weather", PARIS, id="a"), named(1, "weather", OSLO, id="b"))], [PARIS, OSLO]),
        (
            [piece(named(0, "weather", id="a")), piece(named(1, "weather", id="b")), piece(written(0, PARIS), written(1, OSLO))],
            [PARIS, OSLO],
        ),
        ([piece(named(None, "weather"))], ["{}"]),
        ([piece(named(0, "weather", PARIS, id="a")), piece(named(0, "weather", OSLO, id="b"))], [PARIS, OSLO]),
        ([piece(named(None, "weather", PARIS), named(None, "weather", OSLO))], [PARIS, OSLO]),
        ([piece(named(0, "weather", part, id="a")) for part in (PARIS[:5], PARIS[5:])], [PARIS]),
    ],
    ids=["OpenAI's and vLLM's pieces", "whole, two at once", "by turns", "without place, id and arguments", "all at one place", "nothing tells them apart", "name and id with each piece"],
)  # fmt: skip
def test_calls_of_a_server_are_put_together(pieces: list[Any], arguments: list[str]) -> None:
    seen: list[dict[str, Any]] = []

    def answer(body: dict[str, Any]) -> Response:
        seen.append(body)
        return events(*pieces, piece(finish="tool_calls"))

    with remote(made_up(answer)) as made:
        chunks = list(made.stream(ASKED, Sampling(temperature=0, max_tokens=50)))
        list(made.stream(ASKED, Sampling(temperature=0, max_tokens=50, must_call=True)))
    calls = [call for chunk in chunks for call in chunk.calls]
    assert [call.arguments for call in calls] == arguments and {call.name for call in calls} == {"weather"}
    assert len({call.id for call in calls}) == len(calls) and all(call.id for call in calls)
    assert chunks[-1].finish == "stop"
    assert [(body["tools"], body["tool_choice"]) for body in seen] == [([WEATHER], "auto"), ([WEATHER], "required")]
