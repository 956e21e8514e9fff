"""What is peculiar to llama.cpp: stopping a prefill, adapters as GGUF, caches kept apart, the guarded listener."""

import json
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gguf
import httpx
import numpy as np
import pytest

from chatbot.common.errors import AdapterError, AdapterNotFound, ContextOverflow, ModelDamaged
from chatbot.engine.base import complete
from chatbot.engine.gguf.files import requantize
from chatbot.engine.llamacpp import pool as llamacpp_pool
from chatbot.engine.llamacpp import server as llamacpp_server
from chatbot.engine.llamacpp.engine import LlamaCppEngine
from chatbot.engine.llamacpp.pool import BASE
from chatbot.engine.llamacpp.server import threads_of_a_token
from chatbot.types import GREEDY, Adapter, Chunk, Completion, Message, Sampling
from tests.chatbot.engine.near_ties import CLOSE, moved, same, told
from tests.lora import ALL, write_adapter

pytestmark = pytest.mark.slow

ASK = [Message("user", "Name a colour.")]
SHORT = told(Sampling(temperature=0.0, max_tokens=24))


def ask(text: str) -> list[Message]:
    return [Message("user", text)]


@pytest.fixture(params=[pytest.param("side by side", marks=pytest.mark.long), "batched"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How requests at once are computed: by servers of one slot each, as for small models, or in batches of one server."""
    if request.param == "batched":
        monkeypatch.setattr(llamacpp_server, "PER_THREAD", 1)
    return str(request.param)


def address_of(engine: LlamaCppEngine) -> str:
    with engine._teams.use(BASE) as servers:
        assert servers
        with servers.slot([]) as slot:
            return str(slot.server._http.base_url).rstrip("/")


@pytest.fixture(scope="module")
def peft_folders(bundled_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two random LoRA adapters, made by peft on the very weights that llama.cpp serves, dequantised."""
    import peft
    import torch

    torch.manual_seed(0)
    model = peft.get_peft_model(_reference(bundled_gguf), _lora_config())
    folders = {}
    for name in ("oak", "elm"):
        for key, weight in model.named_parameters():
            if "lora_B" in key:
                torch.nn.init.normal_(weight, std=0.3)  # visible, and far from breaking the model
        folders[name] = tmp_path_factory.mktemp("adapters") / name
        model.save_pretrained(folders[name])
    return folders


def _reference(model: Path) -> Any:
    import transformers

    return transformers.AutoModelForCausalLM.from_pretrained(model.parent, gguf_file=model.name).eval()


def _lora_config() -> Any:
    import peft

    modules = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    return peft.LoraConfig(r=4, lora_alpha=8, target_modules=modules)


@pytest.fixture(scope="module")
def engine(
    bundled_gguf: Path, peft_folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LlamaCppEngine]:
    found = [Adapter(name, path=str(folder)) for name, folder in peft_folders.items()]
    made = LlamaCppEngine(
        bundled_gguf, name="m", adapters=lambda: found, cache=tmp_path_factory.mktemp("cache"), context=4096, slots=2
    )
    yield made
    made.close()


def test_scores_agree_with_torch_with_and_without_an_adapter(
    bundled_gguf: Path, peft_folders: dict[str, Path], tmp_path: Path
) -> None:
    """On F16 weights: with Q8_0 llama.cpp rounds activations to 8 bits, which hides small faults of the conversion."""
    import peft
    import torch
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(bundled_gguf.parent, gguf_file=bundled_gguf.name)
    exact = tmp_path / "f16.gguf"
    requantize(bundled_gguf, exact, gguf.GGMLQuantizationType.F16, lambda _: None)
    oak_adapter = Adapter("oak", path=str(peft_folders["oak"]))
    engine = LlamaCppEngine(exact, name="m", adapters=lambda: [oak_adapter], cache=tmp_path, context=256, slots=1)
    continuations = ["Red", "Blue is a colour", "The"]
    base = _reference(bundled_gguf)
    prompt = tokenizer.apply_chat_template(
        [{"role": m.role, "content": m.content} for m in ASK], add_generation_prompt=True, return_dict=False
    )
    assert engine.count_prompt(ASK) == len(prompt)

    def expected(model: Any) -> list[float]:
        sums = []
        for text in continuations:
            ids = tokenizer.encode(text, add_special_tokens=False)
            with torch.no_grad():
                logprobs = model(torch.tensor([prompt + ids])).logits[0].log_softmax(-1)
            sums.append(sum(float(logprobs[len(prompt) - 1 + i, token]) for i, token in enumerate(ids)))
        return sums

    bare = expected(base)
    oak = expected(peft.PeftModel.from_pretrained(base, peft_folders["oak"]))
    assert max(abs(np.array(bare) - np.array(oak))) > 1, "the adapter must be visible for this to prove anything"
    assert engine.score(ASK, continuations) == pytest.approx(bare, abs=0.03)
    assert engine.score(ASK, continuations, adapter="oak") == pytest.approx(oak, abs=0.03)
    engine.close()


def test_labels_scored_together_score_what_they_do_alone(engine: LlamaCppEngine) -> None:
    """Likely ones and unlikely ones, of one token and of several, some with the same beginning."""
    labels = ["negative", "positive", "not spam", "not sure at all", "zq xj", "中文", "negative"]
    together = engine.score(ASK, labels)
    assert together == pytest.approx([engine.score(ASK, [label])[0] for label in labels], abs=1e-4)
    assert together[0] == together[-1]


def test_scores_agree_with_the_engines_own_logprobs(engine: LlamaCppEngine) -> None:
    answer = complete(engine, ASK, Sampling(temperature=0.0, max_tokens=1, top_logprobs=5))
    (token,) = answer.logprobs
    assert engine.score(ASK, [text for text, _ in token.top]) == pytest.approx([p for _, p in token.top], abs=1e-2)


def test_no_cache_is_shared_between_adapters(engine: LlamaCppEngine) -> None:
    names = [None, "oak", "elm"]
    alone = {name: complete(engine, ASK, SHORT, adapter=name) for name in names}
    assert len({answer.text for answer in alone.values()}) == 3
    for name in [*names, *reversed(names), *names]:
        same(complete(engine, ASK, SHORT, adapter=name), alone[name])


def test_mixed_company_changes_no_answer(engine: LlamaCppEngine) -> None:
    jobs = [(text, name) for text in ("Why is the sky blue?", "Write a poem.") for name in (None, "oak", "elm")]
    alone = [complete(engine, ask(text), SHORT, adapter=name) for text, name in jobs]
    together: dict[int, Completion] = {}

    def work(i: int) -> None:
        together[i] = complete(engine, ask(jobs[i][0]), SHORT, adapter=jobs[i][1])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i, answer in enumerate(alone):
        same(together[i], answer)


def test_stop_during_prefill_ends_it_and_frees_the_slot(engine: LlamaCppEngine) -> None:
    stop = threading.Event()
    chunks: list[Chunk] = []

    def read() -> None:
        chunks.extend(engine.stream(ask("one two three " * 1000), GREEDY, stop=stop))

    reader = threading.Thread(target=read)
    reader.start()
    while engine.load()["running"] == 0:
        pass
    stop.set()
    reader.join(60)
    assert not reader.is_alive()
    assert (chunks[-1].finish, chunks[-1].tokens) == ("cancelled", 0)
    assert chunks[-1].usage and chunks[-1].usage.completion == 0, "the prefill was over before it was stopped"
    assert engine.load()["running"] == 0


def test_a_long_prompt_is_stopped_while_another_is_read(engine: LlamaCppEngine) -> None:
    order: list[tuple[str, str | None]] = []
    stops = {"first": threading.Event(), "second": threading.Event()}

    def read(name: str) -> None:
        for chunk in engine.stream(ask(f"{name} two three " * 1000), GREEDY, stop=stops[name]):
            if chunk.text or chunk.finish:
                order.append((name, chunk.finish))

    readers = []
    for count, name in enumerate(stops, 1):
        readers.append(threading.Thread(target=read, args=(name,)))
        readers[-1].start()
        while engine.load()["running"] < count:
            pass
    stops["second"].set()
    readers[1].join(60)
    stops["first"].set()
    readers[0].join(60)
    assert order[0] == ("second", "cancelled")
    assert engine.load()["running"] == 0


def test_every_option_reaches_the_sampler(engine: LlamaCppEngine) -> None:
    """llama.cpp ignores a key that it does not know without a word, so each is seen by its effect."""
    hot = {"temperature": 2.0, "max_tokens": 12, "seed": 5, "top_p": 1.0, "top_k": 0}
    wild = complete(engine, ASK, Sampling(**hot)).text  # type: ignore[arg-type]
    greedy = complete(engine, ASK, Sampling(temperature=0.0, max_tokens=12)).text
    assert wild != greedy
    assert complete(engine, ASK, Sampling(**hot)).text == wild  # type: ignore[arg-type]
    for narrow in ({"top_k": 1}, {"top_p": 0.01}, {"min_p": 0.99}):
        assert complete(engine, ASK, Sampling(**{**hot, **narrow})).text == greedy, narrow  # type: ignore[arg-type]
    cut = complete(engine, ASK, Sampling(temperature=0.0, max_tokens=12, stop=(greedy[4:7],)))
    assert (cut.text, cut.finish) == (greedy[: greedy.index(greedy[4:7])], "stop")
    assert complete(engine, ASK, Sampling(**{**hot, "seed": 6})).text != wild  # type: ignore[arg-type]


def test_the_penalty_reaches_the_sampler(engine: LlamaCppEngine) -> None:
    plain = Sampling(temperature=0.01, top_k=1, max_tokens=40, seed=1)
    strong = Sampling(temperature=0.01, top_k=1, max_tokens=40, seed=1, repetition_penalty=2.0)
    assert complete(engine, ask("Say ha ha ha ha"), plain).text != complete(engine, ask("Say ha ha ha ha"), strong).text


def test_the_window_ends_an_answer_and_a_prompt_beyond_it_is_refused(bundled_gguf: Path, tmp_path: Path) -> None:
    engine = LlamaCppEngine(bundled_gguf, name="m", adapters=list, cache=tmp_path, context=128, slots=1)
    try:
        story = ask("Tell me a very long story about a tree.")
        answer = complete(engine, story, Sampling(temperature=0.0, max_tokens=1000))
        assert (answer.finish, answer.usage.prompt) == ("length", engine.count_prompt(story))
        assert answer.usage.prompt + answer.usage.completion == engine.context_window
        exact = ask(" one" * (128 - engine.count_prompt(ask(""))))
        assert engine.count_prompt(exact) == 128
        with pytest.raises(ContextOverflow) as caught:
            complete(engine, exact, GREEDY)
        assert caught.value.details == {"prompt": 128, "window": 128}
    finally:
        engine.close()


def test_an_unknown_adapter_is_refused(engine: LlamaCppEngine) -> None:
    with pytest.raises(AdapterNotFound):
        complete(engine, ASK, SHORT, adapter="ash")
    with pytest.raises(AdapterNotFound):
        engine.score(ASK, ["a"], adapter="ash")


def test_an_adapter_that_cannot_be_converted_ends_only_its_own_request(
    bundled_gguf: Path, peft_folders: dict[str, Path], tmp_path: Path
) -> None:
    config = json.loads((peft_folders["oak"] / "adapter_config.json").read_text())
    (tmp_path / "adapter_config.json").write_text(json.dumps(config | {"use_dora": True}))
    (tmp_path / "adapter_model.safetensors").write_bytes(
        (peft_folders["oak"] / "adapter_model.safetensors").read_bytes()
    )
    found = [Adapter("bad", path=str(tmp_path)), Adapter("gone", path=str(tmp_path / "gone"))]
    engine = LlamaCppEngine(
        bundled_gguf, name="m", adapters=lambda: found, cache=tmp_path / "cache", context=512, slots=1
    )
    try:
        with pytest.raises(AdapterError, match="use_dora"):
            complete(engine, ASK, SHORT, adapter="bad")
        with pytest.raises(AdapterError, match="cannot be read"):
            complete(engine, ASK, SHORT, adapter="gone")
        assert complete(engine, ASK, SHORT).text
    finally:
        engine.close()


def test_a_truncated_model_is_damaged(bundled_gguf: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(bundled_gguf.read_bytes()[:-1000])
    with pytest.raises(ModelDamaged):
        LlamaCppEngine(cut, name="m", adapters=list, cache=tmp_path)


def test_the_listener_is_on_loopback_and_wants_a_key(engine: LlamaCppEngine) -> None:
    address = address_of(engine)
    assert httpx.URL(address).host == "127.0.0.1"
    for path in ("tokenize", "completion", "lora-adapters", "v1/chat/completions"):
        answer = httpx.post(
            f"{address}/{path}", json={"content": "x", "prompt": "x"}, headers={"Origin": "http://evil.example"}
        )
        assert answer.status_code == 401, path
        assert answer.headers.get("access-control-allow-origin") not in ("*", "http://evil.example")


def test_close_frees_the_port_and_can_be_repeated(bundled_gguf: Path, tmp_path: Path) -> None:
    engine = LlamaCppEngine(bundled_gguf, name="m", adapters=list, cache=tmp_path, context=512, slots=1)
    address = address_of(engine)
    engine.close()
    engine.close()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{address}/health")


def test_many_adapters_and_many_people_at_once(way: str, bundled_gguf: Path, tmp_path: Path) -> None:
    """Base and eight adapters of different ranks and targets: what each says beside others is what it says alone."""
    kinds = [(2, ALL), (4, ("q_proj", "v_proj")), (8, ("down_proj",)), (16, ALL), (3, ("k_proj", "o_proj"))]
    kinds += [(1, ("gate_proj", "up_proj")), (32, ("q_proj",)), (6, ALL)]
    found = [
        Adapter(f"a{i}", path=str(write_adapter(tmp_path / f"a{i}", rank=rank, targets=targets, seed=i, strength=0.03)))
        for i, (rank, targets) in enumerate(kinds)
    ]
    engine = LlamaCppEngine(
        bundled_gguf, name="m", adapters=lambda: found, cache=tmp_path / "cache", context=256, slots=4
    )
    jobs = [(ask(f"Write {n} words about the number {n}."), f"a{n % 9}" if n % 9 < 8 else None) for n in range(24)]
    sampling = told(Sampling(temperature=0, max_tokens=12))
    alone = [complete(engine, question, sampling, adapter=adapter) for question, adapter in jobs]
    first = {complete(engine, ASK, sampling, adapter=a.name).logprobs[0].logprob for a in found}
    assert len(first) == len(found), "the adapters do nothing"
    with ThreadPoolExecutor(24) as pool:
        together = list(pool.map(lambda job: complete(engine, job[0], sampling, adapter=job[1]), jobs))
    for mine, theirs in zip(together, alone, strict=True):
        same(mine, theirs)
    assert engine.load() == {"running": 0, "waiting": 0, "slots": 4}
    assert len(engine._teams._teams) == 1 + 9, "the base's, and those with log-probabilities"
    assert {team.queue.slots // team._each for team in engine._teams._teams.values()} == {
        4 if way == "side by side" else 1
    }
    engine.close()


@pytest.mark.parametrize("exact", [pytest.param(True, marks=pytest.mark.long), False])
def test_long_prompts_are_answered_alike_alone_in_company_and_from_the_cache(
    way: str, exact: bool, bundled_gguf: Path, tmp_path: Path
) -> None:
    """Prompts of several steps, cut elsewhere by what is batched with them and by what the cache holds; ranks below and above a block."""
    found = [Adapter(f"r{rank}", path=str(write_adapter(tmp_path / f"r{rank}", rank=rank))) for rank in (3, 40)]
    engine = LlamaCppEngine(
        bundled_gguf, name="m", adapters=lambda: found, cache=tmp_path / "c", context=1024, slots=4, exact=exact
    )
    sampling = told(Sampling(temperature=0, max_tokens=6))
    texts = [" ".join(f"{word} {n}" for n in range(40 + 9 * at)) for at, word in enumerate(("tree", "leaf", "root"))]
    jobs = [(ask(text), adapter.name) for text in [*texts, texts[0] + " and more"] for adapter in found]

    def said(job: tuple[list[Message], str]) -> Completion:
        return complete(engine, job[0], sampling, adapter=job[1])

    alone = [said(job) for job in jobs]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(said, jobs))
    again = [said(job) for job in reversed(jobs)][::-1]
    engine.close()
    pairs = list(zip([*together, *again], alone * 2, strict=True))
    if exact:
        assert all(answer.logprobs == expected.logprobs for answer, expected in pairs)
    else:  # what goes into a product is rounded to eight bits, so a last bit that moves draws that rounding anew
        apart = [nats for answer, expected in pairs for nats in moved(answer, expected)]
        assert statistics.median(apart) <= CLOSE
        assert len(apart) > len(pairs), "they part at once"


def test_a_short_prompt_is_read_between_the_steps_of_long_ones(way: str, bundled_gguf: Path, tmp_path: Path) -> None:
    engine = LlamaCppEngine(bundled_gguf, name="m", adapters=list, cache=tmp_path, context=2048, slots=3)
    ended: list[str] = []

    def read(name: str, text: str) -> None:
        complete(engine, ask(text), Sampling(temperature=0.0, max_tokens=1))
        ended.append(name)

    long = [threading.Thread(target=read, args=(f"long {n}", f"{n} one two three " * 300)) for n in range(2)]
    short = threading.Thread(target=read, args=("short", "leaf " * 100))
    for reader in long:
        reader.start()
    while engine.load()["running"] < 2:
        pass
    short.start()
    for reader in (*long, short):
        reader.join(120)
    assert ended[0] == "short"
    assert len(ended) == 3
    engine.close()


def test_what_quotes_its_prompt_is_drafted_and_the_text_stays_the_same(engine: LlamaCppEngine) -> None:
    """With log-probabilities nothing is drafted, so that answer is what the model writes token by token."""
    poem = "The oak stood by the river, the elm beside it, and the old mill turned its wheel below the bridge all day."
    sampling = Sampling(temperature=0.0, max_tokens=60)
    for text in (f"Repeat this sentence word by word: {poem}", "Tell me a story about a tree."):
        drafted = list(engine.stream(ask(text), sampling))
        token_by_token = complete(engine, ask(text), told(sampling))
        assert "".join(chunk.text for chunk in drafted) == token_by_token.text
        assert len(token_by_token.logprobs) == token_by_token.usage.completion == drafted[-1].usage.completion  # type: ignore[union-attr]


def test_an_idle_adapter_gives_its_memory_back(
    bundled_gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llamacpp_pool, "IDLE", 0.4)
    monkeypatch.setattr(llamacpp_pool, "TEAMS", 1)
    found = [Adapter(name, path=str(write_adapter(tmp_path / name, seed=len(name)))) for name in ("oak", "maple")]
    engine = LlamaCppEngine(bundled_gguf, name="m", adapters=lambda: found, cache=tmp_path / "c", context=256, slots=2)
    with ThreadPoolExecutor(2) as pool:  # there is room for one of them: the other waits for it
        said = list(pool.map(lambda a: complete(engine, ASK, SHORT, adapter=a.name), found))
    assert all(answer.text for answer in said)
    for _ in range(100):
        if len(engine._teams._teams) == 1:
            break
        time.sleep(0.1)
    assert list(engine._teams._teams) == [BASE], "only the base's server is left"
    same(complete(engine, ASK, SHORT, adapter="oak"), said[0])
    engine.close()


@pytest.mark.parametrize(("size", "threads", "expected"), [(145, 2, 1), (145, 16, 1), (1_100, 4, 4), (600, 16, 4)])
def test_a_lone_token_of_a_small_model_is_computed_by_few_threads(size: int, threads: int, expected: int) -> None:
    assert threads_of_a_token(size * 10**6, threads) == expected
