"""/v1/completions and /v1/embeddings, as lm-evaluation-harness and frameworks for retrieval use them."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from chatbot.engine.scripted import ScriptedEngine
from retrieval.search import embed
from tests.chatbot.api.test_routes import app
from tests.chatbot.api.test_todays_clients import events


def completed(body: object, engine: ScriptedEngine | None = None) -> Any:
    with TestClient(app(engine or ScriptedEngine(["three four"] * 4))) as http:
        return http.post("/v1/completions", json=body)


def test_a_text_is_gone_on_with() -> None:
    body = completed({"prompt": "one two", "max_tokens": 1}).json()
    assert body["object"] == "text_completion"
    assert body["choices"] == [{"index": 0, "text": "three", "logprobs": None, "finish_reason": "length"}]
    assert body["usage"]["completion_tokens"] == 1
    echoed = completed({"prompt": ["one two ", "five "], "echo": True}).json()
    assert [choice["text"] for choice in echoed["choices"]] == ["one two three four", "five three four"]


def test_the_stream_is_the_whole_answer_in_pieces() -> None:
    asked = {"prompt": "one two ", "echo": True, "n": 2, "stream_options": {"include_usage": True}}
    streamed = events(completed({**asked, "stream": True}))
    texts = ["", ""]
    for event in streamed[:-1]:
        for choice in event["choices"]:
            texts[choice["index"]] += choice["text"]
    assert texts == ["one two three four"] * 2
    assert streamed[-1]["usage"] == completed(asked).json()["usage"]


@pytest.mark.parametrize("limit", [0, 1])
def test_a_prompt_is_scored_as_lm_evaluation_harness_asks_for_it(limit: int) -> None:
    """It sums what stands behind the context, less what was written, and looks whether each token is the likeliest."""

    class Telling(ScriptedEngine):
        supports_logprobs = True

    asked = {"prompt": [[5, 6, 7]], "echo": True, "logprobs": 1, "max_tokens": limit, "seed": 1234, "temperature": 0}
    (choice,) = completed(asked, Telling(["x"])).json()["choices"]
    told = choice["logprobs"]
    assert (told["tokens"], told["token_logprobs"]) == (["5", " 6", " 7"], [None, -1.0, -1.0])
    assert told["top_logprobs"] == [{"5": None}, {" 6": -1.0}, {" 7": -1.0}]
    assert told["text_offset"] == [0, 1, 3]
    assert choice["text"] == "5 6 7" + "x" * limit


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": ["x"] * 65}, "prompt"),
        ({"prompt": "x", "suffix": "y"}, "suffix"),
        ({"prompt": "x", "best_of": 3}, "best_of"),
        ({"prompt": "x", "max_tokens": 0}, "max_tokens"),
        ({"prompt": "x", "logprobs": 1}, "logprobs"),
    ],
)
def test_what_cannot_be_gone_on_with_is_refused_by_name(body: object, param: str) -> None:
    answer = completed(body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


@pytest.mark.slow
def test_embeddings_are_those_by_which_documents_are_searched(bundled_embedder: Path) -> None:
    embedder = embed.load(str(bundled_embedder), bundled_embedder, lambda step, fraction: None)
    with TestClient(app(ScriptedEngine(), embedder=lambda: embedder)) as http:

        def asked(**body: object) -> Any:
            return http.post("/v1/embeddings", json=body)

        texts = ["How tall is a banyan?", "榕树有多高？"]
        plain = asked(input=texts, user="me").json()
        assert np.allclose([each["embedding"] for each in plain["data"]], embedder.queries(texts), atol=1e-6)
        passages = asked(input=texts, input_type="passage").json()
        assert np.allclose([each["embedding"] for each in passages["data"]], embedder.passages(texts), atol=1e-6)
        coded = asked(input=texts[0], encoding_format="base64", model=embedder.name).json()["data"][0]["embedding"]
        assert np.allclose(np.frombuffer(base64.b64decode(coded), "<f4"), plain["data"][0]["embedding"], atol=1e-6)
        assert plain["usage"]["prompt_tokens"] == sum(embedder.lengths(texts)) > 10
        wrong = {"input.1": asked(input=["a", "tree " * 600]), "dimensions": asked(input="a", dimensions=5)}
        wrong["input.0"] = asked(input=[" "])
        assert {answer.json()["error"]["param"] for answer in wrong.values()} == set(wrong)
        assert asked(input="a", model="text-embedding-3-small").status_code == 404
        assert asked(input=[[1, 2]]).status_code == 400, "tokens of somebody else's vocabulary"


def test_without_an_embedder_that_is_said() -> None:
    with TestClient(app(ScriptedEngine())) as http:
        answer = http.post("/v1/embeddings", json={"input": "a"})
    assert answer.status_code == 503 and "no embedder" in answer.json()["error"]["message"]
