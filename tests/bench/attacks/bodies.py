"""Honest requests to /v1 with something changed, thousands of them: each is answered in the protocol's form, and soon.

python -m tests.bench.attacks.bodies --count 2000

In process, on the engine without a model: it is what reads the requests that is tried. An answer is a fault where its status is
500, where it is no JSON or no stream of events, where it tells of our code, or where it takes longer than `PATIENCE`.
"""

import argparse
import json
import random
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.testclient import TestClient

from chatbot.api.routes import routes
from chatbot.engine.scripted import ScriptedEngine
from chatbot.types import LoadState
from tests.bench.attacks.mutate import json_body

PATIENCE = 5.0  # seconds; an honest one is answered in two milliseconds
USER = [{"role": "user", "content": "one two three"}]
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL = {"type": "function", "function": {"name": "weather", "description": "The weather.", "parameters": CITY}}
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}
HONEST: tuple[tuple[str, dict[str, Any]], ...] = (
    ("chat/completions", {"model": "scripted", "messages": USER, "max_tokens": 9, "temperature": 0.5, "stream": True}),
    (
        "chat/completions",
        {
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [{"type": "text", "text": "Weather?"}]},
                {"role": "assistant", "content": None, "tool_calls": [CALL]},
                {"role": "tool", "tool_call_id": "c1", "content": "Rain"},
            ],
            "tools": [TOOL],
            "tool_choice": "auto",
            "n": 2,
            "stop": ["."],
            "seed": 7,
            "logit_bias": {"5": -1},
            "stream_options": {"include_usage": True},
            "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": CITY}},
        },
    ),
    ("responses", {"model": "scripted", "input": "one two", "instructions": "Be brief.", "max_output_tokens": 5, "stream": True}),
    ("responses", {"input": [{"role": "user", "content": [{"type": "input_text", "text": "a"}]}], "tools": [TOOL["function"]]}),
    ("messages", {"model": "scripted", "max_tokens": 5, "system": "Be brief.", "messages": USER, "stream": True}),
    ("messages", {"max_tokens": 5, "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}], "tools": [
        {"name": "weather", "input_schema": CITY}]}),
    ("completions", {"prompt": ["one two", "three"], "max_tokens": 3, "echo": True, "n": 2, "stream": True}),
    ("completions", {"prompt": [1, 2, 3], "max_tokens": 3, "logit_bias": {"1": 2}}),
    ("embeddings", {"input": ["one", "two"], "encoding_format": "float", "model": "e"}),
    ("score", {"messages": USER, "continuations": [" yes", " no"]}),
    ("tokenize", {"prompt": "one two"}),
    ("tokenize", {"messages": USER}),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    path: str
    body: bytes
    what: str


def attacked(count: int, seed: int = 0) -> tuple[Counter[int], list[Fault]]:
    """How many were answered with which status, and what was wrong."""
    chance, statuses, faults = random.Random(seed), Counter[int](), list[Fault]()
    engine = ScriptedEngine()
    app = Starlette(routes=routes(engine, state=lambda: LoadState("ready")))
    with TestClient(app, raise_server_exceptions=False) as client:
        for number in range(count):
            path, honest = HONEST[number % len(HONEST)]
            body, began = json_body(honest, chance), time.monotonic()
            answer = client.post(f"/v1/{path}", content=body, headers={"content-type": "application/json"})
            statuses[answer.status_code] += 1
            what = wrong(answer.status_code, answer.headers.get("content-type", ""), answer.text)
            if not what and time.monotonic() - began > PATIENCE:
                what = f"it took {time.monotonic() - began:.1f} s"
            if what:
                faults.append(Fault(path, body, what))
    return statuses, faults


def wrong(status: int, kind: str, text: str) -> str:
    """What is wrong with an answer; empty: nothing."""
    if status == 500:
        return f"500: {text[:200]}"
    if any(told in text for told in ("Traceback", 'File "/', "site-packages")):
        return f"it tells of our code: {text[:200]}"
    if kind.startswith("text/event-stream"):
        return "" if all(_event(line) for line in text.splitlines()) else f"no stream of events: {text[:200]}"
    try:
        said = json.loads(text)
    except ValueError:
        return f"no JSON: {text[:200]}"
    return "" if status == 200 or said.get("error", {}).get("message") else f"no reason is told: {text[:200]}"


def _event(line: str) -> bool:
    name, _, data = line.partition(": ")
    if name != "data" or data == "[DONE]":
        return name in ("", "event", "data", ":")
    said = json.loads(data)
    return "500" not in str(said.get("error", {}).get("code", ""))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    began = time.monotonic()
    statuses, faults = attacked(options.count, options.seed)
    for fault in faults:
        print(f"/v1/{fault.path}: {fault.what}\n    {fault.body[:300]!r}")
    print(
        f"{options.count} requests in {time.monotonic() - began:.0f} s, by status {dict(statuses)}, {len(faults)} faults"
    )


if __name__ == "__main__":
    main()
