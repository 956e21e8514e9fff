"""Who shares a forward pass, a beginning and the memory; and the models whose attention is not the plain one."""

import itertools
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
import torch
from torch.nn import functional

from chatbot.common.errors import EngineError
from chatbot.engine.adapters.folders import find
from chatbot.engine.base import collect, complete
from chatbot.engine.local import engine as local
from chatbot.engine.local import scheduler
from chatbot.engine.local.admission import CacheBudget
from chatbot.engine.local.attention import Pool
from chatbot.engine.local.cache import Cache, Entry, common
from chatbot.engine.local.engine import LocalEngine
from chatbot.engine.local.jobs import Job, Segment
from chatbot.engine.local.runner import Flat
from chatbot.engine.local.sampling import Picker, pick
from chatbot.engine.local.weights.pack import PackedLinear
from chatbot.types import GREEDY, Chunk, Message, Sampling, TokenLogprob
from tests.chatbot.engine.near_ties import alike, generate, same, told
from tests.tiny import make_adapter, make_model, make_tokenizer

pytestmark = pytest.mark.slow

DOCUMENT = "A banyan is one tree with many trunks; every adapter is a trunk of its own. " * 20
SHORT = told(replace(GREEDY, max_tokens=20))
Passes = list[list[tuple[int, int]]]
"""Of each forward pass the (tokens known, tokens fed) of every segment."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("home")
    make_adapter(make_model(root / "model", "llama"), root / "adapters" / "a", rank=4, seed=1)
    return root


@pytest.fixture
def engine(home: Path) -> Iterator[LocalEngine]:
    engine = LocalEngine(home / "model", name="tiny", adapters=lambda: find([home / "adapters"]), dtype="fp32", slots=8)
    yield engine
    engine.close()


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Passes:
    seen: Passes = []
    forward = Flat.forward

    def watch(self: Flat, segments: Sequence[Segment]) -> list[torch.Tensor]:
        seen.append([(len(segment.entry.ids), segment.count) for segment in segments])
        return forward(self, segments)

    monkeypatch.setattr(Flat, "forward", watch)
    return seen


def ask(text: str, system: str = "") -> list[Message]:
    return [*([Message("system", system)] if system else []), Message("user", text)]


def fed(passes: Passes) -> int:
    return sum(count for segments in passes for _, count in segments)


def test_requests_join_and_leave_between_steps(engine: LocalEngine, passes: Passes) -> None:
    first = engine.stream(ask("one"), replace(GREEDY, max_tokens=300))
    next(first)
    complete(engine, ask("two"), SHORT)
    first.close()  # type: ignore[attr-defined]
    sizes = [len(segments) for segments in passes]
    assert sizes[0] == 1 and max(sizes) == 2


def test_a_long_prompt_is_read_in_chunks_beside_those_who_write(engine: LocalEngine, passes: Passes) -> None:
    writing = engine.stream(ask("one"), replace(GREEDY, max_tokens=600))
    next(writing)
    del passes[:]
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(complete, engine, ask(DOCUMENT), replace(GREEDY, max_tokens=1))
        for _ in writing:
            if reading.done():
                break
    writing.close()  # type: ignore[attr-defined]
    chunks = [segments for segments in passes if any(count > 1 for _, count in segments)]
    assert len(chunks) >= 4
    assert all(any(count == 1 for _, count in segments) for segments in chunks), "the writer moved in every pass"
    assert max(count for segments in chunks for _, count in segments) <= scheduler.PREFILL["cpu"]


def test_the_prompts_of_several_share_what_one_pass_reads(
    engine: LocalEngine, passes: Passes, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Event()
    forward = Flat.forward

    def together(self: Flat, segments: Sequence[Segment]) -> list[torch.Tensor]:
        here.wait()
        return forward(self, segments)

    monkeypatch.setattr(Flat, "forward", together)
    with ThreadPoolExecutor(3) as pool:
        answers = [pool.submit(complete, engine, ask(f"{n} {DOCUMENT}"), SHORT) for n in range(3)]
        while engine.load()["running"] < 3:
            pass
        here.set()
        assert all(answer.result().text for answer in answers)
    reading = [[count for _, count in segments if count > 1] for segments in passes]
    assert max(len(counts) for counts in reading) == 3
    assert max(sum(counts) for counts in reading) <= 128, "who writes waits for as much as one prompt's part"


def test_a_shared_beginning_is_computed_once(home: Path, engine: LocalEngine, passes: Passes) -> None:
    alone = [complete(engine, ask(f"Question {n}", DOCUMENT), SHORT) for n in range(2)]
    length = engine.count_prompt(ask("Question 0", DOCUMENT))
    fresh = LocalEngine(home / "model", name="tiny", adapters=lambda: find([home / "adapters"]), dtype="fp32", slots=8)
    del passes[:]
    with ThreadPoolExecutor(6) as pool:  # all at once: nobody's beginning is there yet
        found = list(pool.map(lambda n: complete(fresh, ask(f"Question {n % 2}", DOCUMENT), SHORT), range(6)))
    for n, answer in enumerate(found):
        same(answer, alone[n % 2])
    assert fed(passes) < length + 6 * 60
    del passes[:]
    complete(fresh, ask("Question 0", DOCUMENT), SHORT, adapter="a")
    assert fed(passes) >= length, "another adapter has other keys and values"
    fresh.close()


def test_a_follow_up_turn_reads_only_what_is_new(engine: LocalEngine, passes: Passes) -> None:
    talk = ask("What is it?", DOCUMENT)
    answer = complete(engine, talk, SHORT)
    follow = [*talk, Message("assistant", answer.text), Message("user", "And why?")]
    del passes[:]
    first = complete(engine, follow, SHORT)
    assert passes[0][0][0] >= answer.usage.prompt - 1
    same(complete(engine, follow, SHORT), first)


def test_scores_share_the_passes_of_others(engine: LocalEngine, passes: Passes) -> None:
    words = ["yes", "no, not at all", "perhaps it is so", "a fox"]
    alone = engine.score(ask("one"), words)
    writing = engine.stream(ask("two"), replace(GREEDY, max_tokens=300))
    next(writing)
    del passes[:]
    assert engine.score(ask("one"), words) == pytest.approx(alone, abs=1e-4)
    writing.close()  # type: ignore[attr-defined]
    assert any(len(segments) == 2 for segments in passes)
    assert sum(any(count > 1 for _, count in segments) for segments in passes) <= 3, "all continuations at once"


def test_a_score_beside_the_end_of_the_window_still_fits(engine: LocalEngine) -> None:
    text = "fox " * 1990
    room = engine.context_window - engine.count_prompt(ask(text))
    text += "fox " * (room - 12)
    few, many = engine.score(ask(text), [" a", " fox"]), engine.score(ask(text), [" a", " fox"] + [" the fox"] * 30)
    assert many[:2] == pytest.approx(few, abs=1e-3)
    assert many[2] == pytest.approx(many[-1], abs=1e-3)


def test_when_memory_is_short_new_requests_wait_and_all_are_served(
    home: Path, engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "cache_capacity", lambda *_: 400)
    tight = LocalEngine(home / "model", name="tiny", adapters=list, dtype="fp32", slots=8)
    long = told(replace(GREEDY, max_tokens=100))
    asked = [ask(f"{n} tell a story") for n in range(6)]
    expected = [complete(engine, question, long) for question in asked]

    def run(question: list[Message]) -> tuple[list[Chunk], int]:
        chunks = list(tight.stream(question, long))
        return chunks, max(chunk.place for chunk in chunks)

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(run, asked))
    for (chunks, _), alone in zip(found, expected, strict=True):
        same(collect(iter(chunks)), alone)
    assert max(place for _, place in found) >= 1, "somebody was told to wait"
    assert tight._queue._budget.free == tight._queue._budget.capacity
    tight.close()


def test_the_memory_setting_is_what_the_cache_takes(home: Path) -> None:
    engine = LocalEngine(home / "model", name="tiny", adapters=list, dtype="fp32", slots=4, cache_mib=1)
    complete(engine, ask("one"), SHORT)
    tensors = [t for pair in engine._pool._layers.values() for t in pair] if engine._pool else []
    assert sum(t.nbytes for t in tensors) == 2**20
    assert engine.load() == {"running": 0, "waiting": 0, "slots": 4}
    engine.close()


def test_those_who_outgrow_the_memory_begin_again_with_nothing_lost(
    home: Path, engine: LocalEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "AHEAD", 16)  # everybody is let in at once, and all grow
    monkeypatch.setattr(local, "cache_capacity", lambda *_: 400)
    tight = LocalEngine(home / "model", name="tiny", adapters=list, dtype="fp32", slots=8)
    suspended = []
    suspend = scheduler.Scheduler._suspend

    def watch(self: scheduler.Scheduler, job: Job) -> None:
        suspended.append(job)
        suspend(self, job)

    monkeypatch.setattr(scheduler.Scheduler, "_suspend", watch)
    drawn = [Sampling(temperature=1.3, seed=n, max_tokens=150) for n in range(5)]
    expected = [complete(engine, ask("a story"), sampling).text for sampling in drawn]
    with ThreadPoolExecutor(5) as pool:
        found = list(pool.map(lambda sampling: complete(tight, ask("a story"), sampling).text, drawn))
    assert found == expected
    assert suspended
    assert tight._queue._budget.free == tight._queue._budget.capacity
    tight.close()


def test_stop_while_a_long_prompt_is_read_ends_it_there(engine: LocalEngine, passes: Passes) -> None:
    stop = Event()
    stream = engine.stream(ask(DOCUMENT), SHORT, stop=stop)
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(lambda: collect(stream))
        while not passes:
            pass
        stop.set()
        assert done.result().finish == "cancelled"
    assert fed(passes) < engine.count_prompt(ask(DOCUMENT))


@pytest.mark.parametrize("kind", ["bloom", "mamba", "gpt2"])
def test_other_architectures_give_the_text_of_generate(kind: str, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, BloomConfig, GPT2Config, MambaConfig

    tokenizer = make_tokenizer()
    shape = {"vocab_size": len(tokenizer), "eos_token_id": tokenizer.eos_token_id, "initializer_range": 0.2}
    config = {
        "bloom": lambda: BloomConfig(hidden_size=32, n_layer=2, n_head=4, **shape),
        "mamba": lambda: MambaConfig(hidden_size=32, num_hidden_layers=2, state_size=8, **shape),
        "gpt2": lambda: GPT2Config(n_embd=32, n_layer=2, n_head=4, n_positions=512, **shape),
    }[kind]()
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).eval()
    model.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    engine = LocalEngine(tmp_path, name=kind, adapters=list, dtype="fp32", slots=4)
    ids, expected = generate(model, engine._prompter.encode(ask("How many trunks?")), 16, engine._decode)
    sampling = told(replace(GREEDY, max_tokens=16))
    with ThreadPoolExecutor(3) as pool:
        for answer in pool.map(lambda _: complete(engine, ask("How many trunks?"), sampling), range(3)):
            alike(answer.logprobs, expected)
    likely, unlikely = engine.score(ask("How many trunks?"), [engine._decode(ids[:3]), "zq xj"])
    assert unlikely < likely
    engine.close()


def test_answers_are_compared_up_to_a_near_tie_and_no_further() -> None:
    first = TokenLogprob("a", -0.1, (("a", -0.1), ("b", -3.0)))
    tie = TokenLogprob("a", -0.70, (("a", -0.70), ("b", -0.74)))
    other = TokenLogprob("b", -0.68, (("b", -0.68), ("a", -0.71)))
    assert alike([first, other, other], [first, tie, first]) == 1
    assert alike([first, tie], [replace(first, logprob=-0.14), tie]) == 2
    wrong = [[first, replace(other, token="c")], [first], [first, tie, tie], [replace(first, logprob=-0.16), tie]]
    for answer in ([replace(first, token="b"), tie], *wrong):
        with pytest.raises(AssertionError):
            alike(answer, [first, tie])


def test_a_request_whose_numbers_overflow_fails_alone() -> None:
    logits = torch.randn(3, 50)
    logits[1, 7] = float("nan")
    found = pick([Picker(GREEDY), Picker(GREEDY), Picker(Sampling(seed=1))], [[1], [1], [1]], logits)
    assert isinstance(found[1], EngineError)
    assert found[0] == (int(logits[0].argmax()), [])
    assert not isinstance(found[2], EngineError)


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(temperature=0.9, top_k=7, top_p=0.8, repetition_penalty=1.4),
        Sampling(temperature=1.4, top_k=0, top_p=0.9, min_p=0.05),
        Sampling(temperature=0.5, top_k=0, top_p=1.0, min_p=0.1),
        Sampling(temperature=1.0, top_k=20, top_p=1.0, min_p=0.2),
    ],
)
def test_tokens_are_drawn_with_the_chances_of_generate(sampling: Sampling) -> None:
    from transformers import generation as g

    torch.manual_seed(3)
    logits, seen = torch.randn(1, 60) * 2, [1, 5, 9, 9]
    chain: list[g.LogitsProcessor] = [g.RepetitionPenaltyLogitsProcessor(sampling.repetition_penalty)]
    chain += [g.TemperatureLogitsWarper(sampling.temperature)]
    chain += [g.TopKLogitsWarper(sampling.top_k)] if sampling.top_k else []
    chain += [g.TopPLogitsWarper(sampling.top_p), g.MinPLogitsWarper(sampling.min_p)]
    expected = logits
    for process in chain:
        expected = process(torch.tensor([seen]), expected)
    drawn = torch.zeros(60)
    pickers = [Picker(replace(sampling, seed=n)) for n in range(4000)]
    for choice in pick(pickers, [seen] * 4000, logits.expand(4000, -1)):
        assert not isinstance(choice, EngineError)
        drawn[choice[0]] += 1
    chances = expected[0].softmax(-1)
    assert not drawn[chances == 0].any()
    torch.testing.assert_close(drawn / 4000, chances, atol=0.04, rtol=0)


def test_packed_weights_give_each_row_the_same_bits_in_any_company() -> None:
    weight, bias, x = torch.randn(96, 64), torch.randn(96), torch.randn(260, 64)
    layer = PackedLinear(weight, bias)
    whole = layer(x)
    torch.testing.assert_close(whole, functional.linear(x, weight, bias), rtol=1e-2, atol=1e-2)
    assert [n for n in range(1, 260) if not torch.equal(layer(x[:n]), whole[:n])] == []
    assert all(torch.equal(layer(x[n : n + 1])[0], whole[n]) for n in range(40))
    assert torch.equal(layer(x.view(4, 65, 64)), whole.view(4, 65, 96))


@pytest.mark.parametrize("seed", range(10))
def test_the_cache_keeps_every_run_apart_and_whole(seed: int) -> None:
    chance = random.Random(seed)
    pool = Pool(200)
    cache = Cache(200, pool)
    running: list[Entry] = []

    def write(entry: Entry, ids: Sequence[int]) -> None:
        rows = torch.arange(entry.start + len(entry.ids), entry.start + len(entry.ids) + len(ids))
        told = torch.tensor(ids, dtype=torch.float32)[None, :, None]
        pool.write(0, rows, told, told)
        entry.ids += ids

    write(Entry(0, 1, None, [0]), [0])  # makes the layer
    for _ in range(300):
        if chance.random() < 0.5:
            plan = [chance.randrange(2) for _ in range(20)] + [
                chance.randrange(99) for _ in range(chance.randrange(40))
            ]
            if (entry := cache.open(len(plan), None, plan)) is not None:
                assert entry.ids == plan[: len(entry.ids)] and len(entry.ids) < len(plan)
                write(entry, plan[len(entry.ids) :])
                running.append(entry)
        elif running:
            entry = chance.choice(running)
            if chance.random() < 0.5:
                running.remove(entry)
                cache.close(entry)
            elif cache.grow(entry, entry.size + 10):
                write(entry, [chance.randrange(99) for _ in range(10)])
        runs = sorted((e.start, e.start + e.size) for e in running)
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(runs))
        assert not runs or runs[-1][1] <= 200
        for entry in running:
            held = pool._layers[0][0][0, entry.start : entry.start + len(entry.ids), 0]
            assert held.tolist() == entry.ids


def test_what_nobody_used_for_longest_leaves_the_cache_first() -> None:
    cache = Cache(100, Pool(100))
    for prompt in ([1] * 40, [2] * 40):
        entry = cache.open(40, None, prompt)
        assert entry
        entry.ids += prompt
        cache.close(entry)
    assert cache.open(40, None, [3] * 40)
    known = cache.open(20, None, [2] * 20)
    assert known and known.ids == [2] * 19, "all but the last, whose logits are wanted"


def test_common_beginnings() -> None:
    assert [common(a, b) for a, b in [([], [1]), ([1, 2, 3], [1, 2, 4, 5]), ([7] * 9, [7] * 5), ([1], [2])]] == [
        0,
        2,
        5,
        0,
    ]


def test_nobody_new_comes_in_while_somebody_waits_for_more_room() -> None:
    budget = CacheBudget(100)
    first, second = budget.admit(60), budget.admit(30)
    assert first and second and budget.admit(20) is None
    assert not first.resize(80)
    second.yield_all()
    assert first.resize(80) and budget.admit(5) is None
    first.close()
    assert second.resize(30) and budget.admit(70)
    second.close()
    assert not second.resize(1) and budget.free == 30
