"""What is special to the torch engine: adapters, caches, sampling, templates, whole characters, damaged folders."""

import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
import torch
from safetensors.torch import load_file, save_file

from chatbot.common.errors import (  # fmt: skip
    AdapterError,
    AdapterNotFound,
    ContextOverflow,
    EngineError,
    ModelDamaged,
    ModelError,
    ModelNotFound,
)
from chatbot.engine.adapters.folders import find
from chatbot.engine.adapters.format import WEIGHTS
from chatbot.engine.base import complete
from chatbot.engine.local.engine import LocalEngine
from chatbot.engine.local.jobs import Segment
from chatbot.engine.local.runner import Flat
from chatbot.engine.local.weights.tokenizer import tokenizer_of
from chatbot.engine.text.detokenize import Detokenizer, StopText
from chatbot.engine.text.prompt import Prompter
from chatbot.engine.text.template import fold_system
from chatbot.types import Adapter, Message, Sampling
from tests.chatbot.engine.near_ties import alike, generate, same, told
from tests.tiny import make_adapter, make_model, make_tokenizer

pytestmark = pytest.mark.slow

ASK = [Message("system", "Be brief."), Message("user", "How many trunks has the fox 你好 😀? " * 12)]
GREEDY40 = told(Sampling(temperature=0, max_tokens=40))


@pytest.fixture(scope="module", params=["llama", "qwen2", "qwen3", "gemma"])
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `model` and `adapters/{a,b}`; b has another rank and other targets."""
    root = tmp_path_factory.mktemp("home")
    model = make_model(root / "model", request.param)
    make_adapter(model, root / "adapters" / "a", rank=4, seed=1)
    make_adapter(model, root / "adapters" / "b", rank=8, seed=2, targets=("o_proj", "up_proj", "down_proj"))
    return root


@pytest.fixture(scope="module")
def engine(home: Path) -> Iterator[LocalEngine]:
    engine = LocalEngine(
        home / "model", name="tiny", adapters=lambda: find([home / "adapters"]), slots=3, dtype="fp32"
    )  # random weights lose what these tests compare in fp16
    yield engine
    engine.close()


@pytest.mark.parametrize("adapter", [None, "a", "b"])
def test_greedy_text_is_that_of_generate(engine: LocalEngine, home: Path, adapter: str | None) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(home / "model")
    if adapter:
        model = PeftModel.from_pretrained(model, home / "adapters" / adapter)
    ids, expected = generate(model, engine._prompter.encode(ASK), 40, engine._decode)
    answer = complete(engine, ASK, GREEDY40, adapter=adapter)
    common = alike(answer.logprobs, expected)
    # random weights may end in half a character, which generate's text shows and ours does not
    said = engine._decode(ids[:common]).rstrip("\ufffd")
    assert answer.text.startswith(said)
    assert common < len(ids) or answer.text.rstrip("\ufffd") == said


def test_concurrent_requests_with_mixed_adapters_get_what_they_get_alone(engine: LocalEngine) -> None:
    wanted: list[str | None] = [None, "a", "b", "a", None, "b", "b", "a"]
    alone = {adapter: complete(engine, ASK, GREEDY40, adapter=adapter) for adapter in (None, "a", "b")}
    assert len({answer.text for answer in alone.values()}) == 3
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda adapter: complete(engine, ASK, GREEDY40, adapter=adapter), wanted))
    for adapter, answer in zip(wanted, together, strict=True):
        same(answer, alone[adapter])


@pytest.mark.parametrize("adapter", [None, "b"])
def test_scores_are_the_sums_of_log_softmax(engine: LocalEngine, home: Path, adapter: str | None) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    texts = [" yes", "no", "很好 😀", " a fox jumps over many trunks in the park", "x"]
    model = AutoModelForCausalLM.from_pretrained(home / "model")
    if adapter:
        model = PeftModel.from_pretrained(model, home / "adapters" / adapter)
    prompt = engine._prompter.encode(ASK)
    for text, score in zip(texts, engine.score(ASK, texts, adapter=adapter), strict=True):
        ids = engine._prompter.tokenize(text)
        with torch.inference_mode():
            logp = model(input_ids=torch.tensor([prompt + ids])).logits[0].log_softmax(-1)
        direct = sum(float(logp[len(prompt) - 1 + at, token]) for at, token in enumerate(ids))
        assert score == pytest.approx(direct, abs=1e-3)


def test_a_seed_fixes_the_answer_whoever_else_draws(engine: LocalEngine) -> None:
    def draw(seed: int) -> str:
        return complete(engine, ASK, Sampling(temperature=1.5, top_p=1, top_k=0, seed=seed, max_tokens=30)).text

    alone = [draw(seed) for seed in (1, 2, 3)]
    assert len(set(alone)) == 3
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(draw, (1, 2, 3))) == alone


def test_stop_during_the_answer_ends_it_and_frees_slot_and_cache(engine: LocalEngine) -> None:
    stop = Event()
    stream = engine.stream(ASK, Sampling(temperature=1.5, max_tokens=1500, seed=1), stop=stop)
    next(stream)
    budget = engine._queue._budget
    assert budget.free < budget.capacity
    stop.set()
    last = list(stream)[-1]
    assert last.finish == "cancelled"
    assert last.usage and last.usage.completion < 1500
    assert engine.load()["running"] == 0
    assert budget.free == budget.capacity


def test_closing_the_iterator_lets_the_next_in(engine: LocalEngine) -> None:
    streams = [engine.stream(ASK, Sampling(temperature=1.5, max_tokens=1500, seed=n)) for n in range(3)]
    for stream in streams:
        next(stream)
    assert engine.load()["running"] == 3
    for stream in streams:
        stream.close()  # type: ignore[attr-defined]
    assert engine.load()["running"] == 0
    assert complete(engine, ASK, GREEDY40).usage.completion > 0


def test_one_failing_request_fails_alone(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = complete(engine, ASK, GREEDY40)
    forward = Flat.forward
    doomed = engine._prompter.encode([Message("user", "doomed")])

    def fail(self: Flat, segments: Sequence[Segment]) -> list[torch.Tensor]:
        if any([*segment.entry.planned][: len(doomed)] == doomed for segment in segments):
            raise RuntimeError("no")
        return forward(self, segments)

    monkeypatch.setattr(Flat, "forward", fail)
    with ThreadPoolExecutor(2) as pool:
        good = pool.submit(complete, engine, ASK, GREEDY40)
        bad = pool.submit(complete, engine, [Message("user", "doomed")], GREEDY40)
        with pytest.raises(EngineError, match="RuntimeError"):
            bad.result()
        same(good.result(), expected)


def test_logprobs_are_those_of_the_unscaled_distribution(engine: LocalEngine) -> None:
    answer = complete(engine, ASK, Sampling(temperature=2.0, seed=5, max_tokens=4, top_logprobs=3))
    greedy = complete(engine, ASK, Sampling(temperature=0, max_tokens=4, top_logprobs=3))
    assert len(answer.logprobs) == answer.usage.completion
    assert answer.logprobs[0].top == greedy.logprobs[0].top
    assert greedy.logprobs[0].logprob == greedy.logprobs[0].top[0][1]


def test_a_prompt_longer_than_the_window_is_refused_with_figures(engine: LocalEngine) -> None:
    with pytest.raises(ContextOverflow) as caught:
        next(engine.stream([Message("user", "fox " * 3000)], GREEDY40))
    assert caught.value.details["window"] == 2048


def test_the_window_ends_an_answer(home: Path) -> None:
    size = LocalEngine(home / "model", name="tiny", adapters=list)
    prompt = size.count_prompt(ASK)
    size.close()
    engine = LocalEngine(home / "model", name="tiny", adapters=list, context=prompt + 5)
    answer = complete(engine, ASK, Sampling(temperature=0, max_tokens=40))
    engine.close()
    assert (answer.finish, answer.usage.completion) == ("length", 5)


def test_an_unknown_adapter_is_named(engine: LocalEngine) -> None:
    with pytest.raises(AdapterNotFound, match="nobody"):
        next(engine.stream(ASK, GREEDY40, adapter="nobody"))


def test_an_adapter_of_another_model_is_refused_and_harms_nobody(home: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(home / "adapters" / "a", tmp_path / "wrong"))
    tensors = {key.replace("layers.1", "layers.9"): value for key, value in load_file(folder / WEIGHTS).items()}
    save_file(tensors, folder / WEIGHTS)
    engine = LocalEngine(home / "model", name="tiny", adapters=lambda: find([home / "adapters", tmp_path]))
    expected = complete(engine, ASK, GREEDY40, adapter="a")
    with pytest.raises(AdapterError, match=r"layers\.9"):
        complete(engine, ASK, GREEDY40, adapter="wrong")
    same(complete(engine, ASK, GREEDY40, adapter="a"), expected)
    engine.close()


def test_refresh_sees_an_adapter_come_change_and_go(home: Path, tmp_path: Path) -> None:
    engine = LocalEngine(home / "model", name="tiny", adapters=lambda: find([tmp_path]))
    bare = complete(engine, ASK, GREEDY40)
    answers = []
    for source in ("a", "b"):
        shutil.rmtree(tmp_path / "mine", ignore_errors=True)
        shutil.copytree(home / "adapters" / source, tmp_path / "mine")
        engine.refresh()
        answers.append(complete(engine, ASK, GREEDY40, adapter="mine").text)
    assert len({bare.text, *answers}) == 3
    shutil.rmtree(tmp_path / "mine")
    engine.refresh()
    with pytest.raises(AdapterNotFound):
        complete(engine, ASK, GREEDY40, adapter="mine")
    same(complete(engine, ASK, GREEDY40), bare)
    engine.close()


def test_bad_folders_are_told_apart(home: Path, tmp_path: Path) -> None:
    def start(folder: Path, **options: str) -> None:
        none: list[Adapter] = []
        LocalEngine(folder, name="bad", adapters=lambda: none, **options)  # type: ignore[arg-type]

    with pytest.raises(ModelNotFound, match=r"config\.json"):
        start(tmp_path)
    bad = Path(shutil.copytree(home / "model", tmp_path / "bad"))
    weights = bad / "model.safetensors"
    whole = load_file(weights)
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(ModelDamaged, match="cut short"):
        start(bad)
    save_file(dict(list(whole.items())[2:]), weights, metadata={"format": "pt"})
    with pytest.raises(ModelDamaged, match="missing"):
        start(bad)
    weights.rename(bad / "pytorch_model.bin")
    with pytest.raises(ModelNotFound, match="Pickled"):
        start(bad)


def test_a_template_without_a_system_role_gets_it_in_the_first_user_turn() -> None:
    template = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
    strict = "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}" + template
    deaf = template.replace("{% for m in messages %}", "{% for m in messages if m.role != 'system' %}")
    turns = [Message("system", "Rule."), Message("user", "Hi")]
    for chat_template in (strict, deaf):
        tokenizer = make_tokenizer(chat_template)
        assert tokenizer.decode(Prompter(tokenizer).encode(turns)) == "[user]Rule.\n\nHi"
    assert fold_system([{"role": "system", "content": "R"}]) == [{"role": "user", "content": "R"}]


def test_a_tokenizer_without_a_template_gets_the_plain_layout() -> None:
    tokenizer = make_tokenizer(None)
    prompter = Prompter(tokenizer)
    text = tokenizer.decode(prompter.encode([Message("system", "Rule."), Message("user", "Hi")]))
    assert (text, prompter.stops) == ("Rule.\nUser: Hi\nAssistant:", ("\nUser:",))


def test_only_whole_characters_leave_the_detokenizer() -> None:
    tokenizer = make_tokenizer()
    text = "fox 你好,天气 😀🎉 👩‍👩‍👧 café"
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    assert len(ids) > len(text)  # characters do fall into pieces
    detokenizer = Detokenizer(tokenizer.decode)
    pieces = [detokenizer.push(token) for token in ids]
    assert "".join(pieces) == text
    for end in range(len(ids)):
        part = Detokenizer(tokenizer.decode)
        told = "".join(part.push(token) for token in ids[:end]) + part.finish()
        assert text.startswith(told) and "\ufffd" not in told


def test_bytes_that_never_become_a_character_are_shown_after_eight_tokens() -> None:
    detokenizer = Detokenizer(lambda ids: bytes(ids).decode("utf-8", "replace"))
    assert [detokenizer.push(0x80) for _ in range(8)] == [""] * 7 + ["\ufffd" * 8]
    assert detokenizer.push(ord("x")) == "x"


def test_a_decoder_that_strips_leading_spaces_loses_none_inside() -> None:
    words = ["▁Hello", "▁world", "▁", "▁again", "!"]

    def decode(ids: Sequence[int]) -> str:
        return "".join(words[at] for at in ids).replace("▁", " ").removeprefix(" ")

    detokenizer = Detokenizer(decode)
    assert "".join(detokenizer.push(at) for at in range(5)) == "Hello world  again!"


@pytest.mark.parametrize("size", [1, 2, 3, 50])
def test_a_stop_string_never_shows_however_the_text_is_cut(size: int) -> None:
    text, stop = "one <en <end> two", StopText(["<end>", "<never>"])
    out = "".join(stop.push(text[at : at + size]) for at in range(0, len(text), size)) + stop.finish()
    assert (out, stop.hit) == ("one <en ", True)
    assert (miss := StopText(["<end>"])).push("one <en") + miss.finish() == "one <en"


def test_the_tokenizer_of_a_smollm_gguf_lets_every_digit_stand_alone() -> None:
    tokens = ["<|end|>", "Ġ", "2", "0", "4", "20", "24", "a", "2024"]
    fields = {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.merges": ["2 0", "2 4", "20 24"],
        "tokenizer.ggml.token_type": [3, *[1] * 8],
        "tokenizer.ggml.eos_token_id": 0,
        "context_length": 64,
    }
    smollm = tokenizer_of(fields | {"tokenizer.ggml.pre": "smollm"})
    assert smollm.tokenize("a 2024<|end|>") == ["a", "Ġ", "2", "0", "2", "4", "<|end|>"]
    assert tokenizer_of(fields | {"tokenizer.ggml.pre": "gpt-2"}).tokenize("2024") == ["2024"]
    assert smollm.eos_token_id == 0
    with pytest.raises(ModelError, match="tekken"):
        tokenizer_of(fields | {"tokenizer.ggml.pre": "tekken"})
