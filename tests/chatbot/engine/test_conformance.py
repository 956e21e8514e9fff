"""One suite over every engine, with a real model wherever one runs.

What an engine promises in `chatbot.engine.base.Engine` is asserted here; what is peculiar to one stands in its own file.
"""

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path
from threading import Event

import pytest
from starlette.applications import Starlette

from chatbot.api.routes import routes
from chatbot.common.errors import AdapterNotFound, ContextOverflow, InputError
from chatbot.common.step import Progress
from chatbot.engine.base import Engine, collect, complete
from chatbot.engine.llamacpp.engine import LlamaCppEngine
from chatbot.engine.local.engine import LocalEngine, dequantise
from chatbot.engine.remote.engine import RemoteEngine
from chatbot.engine.scripted import ScriptedEngine
from chatbot.types import GREEDY, Completion, LoadState, Message, Prompt, Sampling
from tests.chatbot.engine.near_ties import CLOSE, same, told
from tests.chatbot.serving import serving
from tests.tiny import make_model

pytestmark = pytest.mark.slow

SHORT = replace(GREEDY, max_tokens=24)
QUESTIONS = [
    [Message("user", "What is the capital of France?")],
    [Message("system", "You answer in one word."), Message("user", "Which colour has the sky?")],
    [Message("user", "Say hello in Chinese and add an emoji 😀.")],
    [Message("user", "Count from one to ten."), Message("assistant", "1, 2, 3"), Message("user", "Go on.")],
]


def _llamacpp(gguf: Path, scratch: Path) -> Engine:
    return LlamaCppEngine(gguf, name="bundled", adapters=list, cache=scratch, context=2048, slots=4)


@pytest.fixture(
    scope="module",
    params=["llamacpp", "local", "local-qwen3", "local-gemma", "remote-banyan", "scripted"],
)
def engine(
    request: pytest.FixtureRequest, bundled_gguf: Path, models_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    scratch = tmp_path_factory.mktemp(request.param)
    quiet: Progress = lambda step, fraction: None  # noqa: E731
    match request.param:
        case "llamacpp":
            made: Engine = _llamacpp(bundled_gguf, scratch)
        case "local":
            folder = dequantise(bundled_gguf, models_folder / "SmolLM2-135M-Instruct", quiet)
            made = LocalEngine(folder, name="bundled", adapters=list, device="cpu", context=2048, slots=4)
        case "local-qwen3" | "local-gemma":
            folder = make_model(scratch, request.param.removeprefix("local-"))
            made = LocalEngine(folder, name="tiny", adapters=list, device="cpu", context=2048, slots=4)
        case "remote-banyan":
            behind = _llamacpp(bundled_gguf, scratch)
            with serving(Starlette(routes=routes(behind, state=lambda: LoadState("ready")))) as address:
                made = RemoteEngine(f"{address}/v1")
                yield made
                made.close()
            behind.close()
            return
        case _:
            made = ScriptedEngine(lambda messages: f"You said {messages[-1].content} " * 40, slots=4)
    yield made
    made.close()


def written(engine: Engine, question: Sequence[Message]) -> Completion:
    return complete(engine, question, told(SHORT) if engine.supports_logprobs else SHORT)


def test_greedy_output_is_the_same_again_and_in_company(engine: Engine) -> None:
    alone = [written(engine, question) for question in QUESTIONS]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda question: written(engine, question), QUESTIONS * 2))
    again = [written(engine, question) for question in QUESTIONS]
    for found, expected in zip([*together, *again], alone * 3, strict=True):
        same(found, expected)
    assert all(answer.text for answer in alone)


def test_a_stream_tells_its_end_once_and_counts(engine: Engine) -> None:
    chunks = list(engine.stream(QUESTIONS[0], SHORT))
    assert [c.finish is not None for c in chunks] == [False] * (len(chunks) - 1) + [True]
    usage = chunks[-1].usage
    assert usage
    assert usage.prompt == engine.count_prompt(QUESTIONS[0])
    assert 0 < usage.completion <= SHORT.max_tokens
    assert chunks[-1].finish in ("stop", "length")


def test_max_tokens_ends_with_length(engine: Engine) -> None:
    done = complete(
        engine, [Message("user", "Tell me a long story about a very old tree.")], replace(GREEDY, max_tokens=3)
    )
    assert done.finish == "length"
    assert done.usage.completion == 3


def test_a_last_message_of_the_assistants_is_gone_on_with(engine: Engine) -> None:
    for question in QUESTIONS:
        whole = written(engine, question)
        begun = complete(engine, question, replace(SHORT, max_tokens=4)).text
        rest = written(engine, [*question, Message("assistant", begun)])
        assert rest.usage.prompt == engine.count_prompt([*question, Message("assistant", begun)])
        assert abs(rest.usage.prompt - engine.count_prompt(question) - engine.count_tokens(begun)) <= 1, (
            "one at the seam"
        )
        if engine.model != "tiny":  # random tokens are not those by which their own text is read again
            assert (begun + rest.text).startswith(whole.text)


def test_stop_strings_end_before_themselves(engine: Engine) -> None:
    whole = complete(engine, QUESTIONS[0], SHORT).text
    needle = whole[len(whole) // 2 :][:3]
    cut = complete(engine, QUESTIONS[0], replace(SHORT, stop=(needle,)))
    assert cut.finish == "stop"
    assert cut.text == whole[: whole.index(needle)]


def test_the_stop_event_ends_the_work_and_frees_the_slot(engine: Engine) -> None:
    endless = Sampling(temperature=0, max_tokens=1500)
    for _ in range(6):  # more than there are slots: a slot that is not freed would block the last ones
        stop = Event()
        chunks = engine.stream([Message("user", "Tell me a very long story about an old tree.")], endless, stop=stop)
        next(chunks)
        stop.set()
        assert collect(chunks).finish == "cancelled"
    assert complete(engine, QUESTIONS[0], SHORT).text


def test_closing_the_iterator_frees_the_slot(engine: Engine) -> None:
    for _ in range(6):
        chunks = engine.stream(
            [Message("user", "Tell me a very long story about an old tree.")], Sampling(temperature=0, max_tokens=1500)
        )
        next(chunks)
        chunks.close()  # type: ignore[attr-defined]
    assert complete(engine, QUESTIONS[0], SHORT).text


def test_an_event_that_is_set_already_ends_at_once(engine: Engine) -> None:
    stop = Event()
    stop.set()
    assert collect(engine.stream(QUESTIONS[0], SHORT, stop=stop)).finish == "cancelled"


def test_a_prompt_longer_than_the_context_is_refused_and_disturbs_nobody(engine: Engine) -> None:
    beside = engine.stream(QUESTIONS[0], told(SHORT) if engine.supports_logprobs else SHORT)
    first = next(beside)
    with pytest.raises(ContextOverflow):
        complete(engine, [Message("user", "tree and leaf " * 4000)], SHORT)
    same(collect(chain([first], beside)), written(engine, QUESTIONS[0]))


def test_an_unknown_adapter_is_named(engine: Engine) -> None:
    with pytest.raises(AdapterNotFound, match="nobody-has-this"):
        complete(engine, QUESTIONS[0], SHORT, adapter="nobody-has-this")
    assert complete(engine, QUESTIONS[0], SHORT).text


def test_whole_characters_only(engine: Engine) -> None:
    asked = [Message("user", "Repeat after me: 👩‍🚀🌍 你好，世界 😀 ñ ü")]
    for sampling in (
        replace(GREEDY, max_tokens=40),
        Sampling(temperature=1.5, top_k=0, top_p=1.0, max_tokens=60, seed=7),
    ):
        for chunk in engine.stream(asked, sampling):
            chunk.text.encode("utf-8")
        text = complete(engine, asked, sampling).text
        assert text == text.encode("utf-8").decode("utf-8")


def test_the_seed_decides(engine: Engine) -> None:
    hot = Sampling(temperature=1.2, max_tokens=24, seed=11)
    assert complete(engine, QUESTIONS[0], hot).text == complete(engine, QUESTIONS[0], hot).text


def test_a_system_prompt_works_with_every_template(engine: Engine) -> None:
    bare = [Message("user", "Which colour has the sky?")]
    short, long = (
        [Message("system", text), *bare] for text in ("Be brief.", "Be brief, and kind, and answer in one word.")
    )
    assert engine.count_prompt(long) > engine.count_prompt(short)
    assert complete(engine, short, SHORT).text


def test_counting_tokens(engine: Engine) -> None:
    assert engine.count_tokens("") == 0
    assert 0 < engine.count_tokens("one two") <= engine.count_tokens("one two three four five six")


def test_score_prefers_what_the_model_would_say(engine: Engine) -> None:
    said = complete(engine, QUESTIONS[0], replace(SHORT, max_tokens=4)).text
    likely, unlikely = engine.score(QUESTIONS[0], [said, "zq xj vv kk qq zz ww"])
    assert unlikely < likely <= 0


def test_logprobs_where_the_engine_can(engine: Engine) -> None:
    if not engine.supports_logprobs:
        pytest.skip("this engine gives no log-probabilities")
    done = complete(engine, QUESTIONS[0], replace(SHORT, max_tokens=5, top_logprobs=3))
    assert len(done.logprobs) == done.usage.completion
    for entry in done.logprobs:
        assert entry.logprob <= 1e-6
        assert len(entry.top) == 3
        assert entry.logprob >= entry.top[0][1] - 1e-4, "greedy takes the best"


COLOURS = json.dumps(
    {
        "type": "object",
        "properties": {"colour": {"enum": ["red", "蓝"]}, "count": {"type": "integer", "minimum": 1, "maximum": 9}},
        "required": ["colour", "count"],
        "additionalProperties": False,
    }
)


@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_an_answer_is_held_to_its_schema(engine: Engine, temperature: float) -> None:
    if engine.name == "scripted":
        pytest.skip("this engine says what it is told")
    drawn = Sampling(temperature=temperature, seed=5, max_tokens=400, schema=COLOURS)
    done = complete(engine, [Message("user", "Which colour, and how many?")], drawn)
    assert done.finish == "stop"
    found = json.loads(done.text)
    assert found.keys() == {"colour", "count"} and found["colour"] in ("red", "蓝") and 1 <= found["count"] <= 9


@pytest.mark.parametrize("schema", ['{"not": {"type": "string"}}', '{"$ref": "#/nowhere"}'])
def test_a_schema_that_cannot_be_kept_is_refused(engine: Engine, schema: str) -> None:
    if engine.name == "scripted":
        pytest.skip("this engine says what it is told")
    with pytest.raises(InputError, match="JSON Schema"):
        complete(engine, QUESTIONS[0], replace(SHORT, schema=schema))


def test_bias_and_penalties_choose_tokens_also_greedily(engine: Engine) -> None:
    if engine.name == "scripted":
        pytest.skip("this engine says what it is told")
    one = complete(engine, QUESTIONS[0], replace(told(GREEDY), max_tokens=6, logit_bias=((70, 100.0),)))
    assert len({entry.token for entry in one.logprobs}) == 1 and one.usage.completion == 6
    both = replace(told(SHORT), logit_bias=((70, 100.0), (71, 100.0)), presence_penalty=2.0, frequency_penalty=2.0)
    counts = Counter(entry.token for entry in complete(engine, QUESTIONS[0], both).logprobs)
    assert len(counts) == 2 and max(counts.values()) <= 20, "what was written gives way"
    with pytest.raises(InputError, match="names token 9999999"):
        complete(engine, QUESTIONS[0], replace(SHORT, logit_bias=((9_999_999, 1.0),)))


def test_load_is_told(engine: Engine) -> None:
    assert set(engine.load()) == {"running", "waiting", "slots"}
    assert engine.load()["running"] == 0


TEXT = "巴黎 is a city. The capital of France is"


def test_a_text_is_gone_on_with_as_it_stands(engine: Engine) -> None:
    done = collect(engine.go_on(Prompt(TEXT), replace(SHORT, max_tokens=8)))
    assert done.usage.completion <= 8 and done.usage.prompt >= engine.count_tokens(TEXT)
    assert done.usage.prompt <= engine.count_tokens(TEXT) + 1, "no chat template"
    with pytest.raises(ContextOverflow):
        collect(engine.go_on(Prompt("tree and leaf " * 4000), SHORT))


def test_a_text_is_read_token_by_token_as_it_would_be_written(engine: Engine) -> None:
    found = engine.read(Prompt(TEXT), 2)
    assert len(found) == collect(engine.go_on(Prompt(TEXT), replace(SHORT, max_tokens=1))).usage.prompt
    assert math.isnan(found[0].logprob) and all(entry.logprob <= 1e-6 for entry in found[1:])
    if engine.name == "scripted":
        return
    assert all(entry.top and entry.top[0][1] >= entry.logprob - 1e-4 for entry in found[1:])
    asked = replace(told(SHORT), max_tokens=6)
    written = collect(engine.go_on(Prompt(TEXT), asked))
    again = engine.read(Prompt(TEXT + written.text), 1)[len(found) :]
    if engine.model != "tiny":  # random tokens are not those by which their own text is read again
        assert [entry.token for entry in again] == [entry.token for entry in written.logprobs][: len(again)]
        pairs = zip(again, written.logprobs, strict=False)
        assert all(abs(read.logprob - entry.logprob) <= CLOSE for read, entry in pairs)


def test_numbers_of_tokens_are_taken_as_they_are_and_no_others(engine: Engine) -> None:
    if engine.name == "scripted":
        pytest.skip("this engine has no vocabulary")
    found = engine.read(Prompt(tokens=(70, 71, 72)), 1)
    assert len(found) == 3
    assert collect(engine.go_on(Prompt(tokens=(70, 71, 72)), replace(SHORT, max_tokens=2))).usage.prompt == 3
    for wrong in ((9_999_999,), (-1,)):
        with pytest.raises(InputError, match="prompt names token"):
            engine.read(Prompt(tokens=wrong), 1)
