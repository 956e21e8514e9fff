"""Adapters in one batch: every row gets the arithmetic of its own, the one that peft does."""

import json
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from chatbot.common.errors import AdapterError
from chatbot.engine.adapters.folders import find
from chatbot.engine.adapters.format import CONFIG, WEIGHTS
from chatbot.engine.base import complete
from chatbot.engine.local.engine import LocalEngine, dequantise
from chatbot.engine.local.lora import LoraLayer, Plan
from chatbot.types import GREEDY, Message, TokenLogprob
from tests.chatbot.engine.near_ties import alike, generate, told
from tests.tiny import make_model

pytestmark = pytest.mark.slow

ATTENTION, MLP = ("q_proj", "k_proj", "v_proj", "o_proj"), ("gate_proj", "up_proj", "down_proj")
KINDS: dict[str, dict[str, Any]] = {
    "everywhere-16": {"r": 16, "target_modules": [*ATTENTION, *MLP]},
    "other-16": {"r": 16, "target_modules": [*ATTENTION, *MLP], "lora_alpha": 4},
    "attention-8": {"r": 8, "target_modules": [*ATTENTION]},
    "mlp-4": {"r": 4, "target_modules": [*MLP]},
    "one-1": {"r": 1, "target_modules": ["down_proj"], "lora_alpha": 16},
    "rslora-12": {"r": 12, "target_modules": ["q_proj", "v_proj"], "use_rslora": True},
    "patterns": {
        "r": 6,
        "target_modules": [*ATTENTION, "up_proj"],
        "rank_pattern": {"q_proj": 3, "layers.1.self_attn.o_proj": 10},
        "alpha_pattern": {"up_proj": 40, r"^model\.layers\.0\.self_attn\.v_proj$": 1},
    },
    "head-5": {"r": 5, "target_modules": ["lm_head", "up_proj"]},
}
"""Eight adapters of different ranks and target modules, as arguments of peft's LoraConfig."""

QUESTIONS = [
    [Message("user", "How many trunks has the fox? " * 5)],
    [Message("system", "Be brief."), Message("user", "你好 😀?")],
    [Message("user", "A banyan is one tree with many trunks; every adapter is a trunk of its own.")],
]
SHORT = told(replace(GREEDY, max_tokens=16))


def peft_model(model_folder: Path, adapters: Path, size: float) -> Any:
    """peft's own model with all of `KINDS`, random, saved under `adapters`."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    base = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
    configs = {n: LoraConfig(task_type="CAUSAL_LM", **{"lora_alpha": 16, **kind}) for n, kind in KINDS.items()}
    first = next(iter(configs))
    model = get_peft_model(base, configs[first], adapter_name=first)
    for name, config in configs.items():
        if name != first:
            model.add_adapter(name, config)
    random = torch.Generator().manual_seed(7)
    for name, weight in model.named_parameters():
        if "lora_" in name:
            weight.data = torch.randn(weight.shape, generator=random) * size
    model.save_pretrained(adapters, selected_adapters=[*KINDS], save_embedding_layers=False)
    return model.eval()


class Home:
    """An engine over a model and eight adapters, and peft's model of the same."""

    def __init__(self, model: Path, folder: Path, size: float, dtype: str) -> None:
        self.adapters = folder / "adapters"
        self.peft = peft_model(model, self.adapters, size)
        self.engine = LocalEngine(
            model, name="m", adapters=lambda: find([self.adapters]), slots=24, dtype=dtype, context=512
        )

    def expected(self, adapter: str | None, question: Sequence[Message], tokens: int) -> list[TokenLogprob]:
        prompt = self.engine._prompter.encode(question)
        if adapter:
            self.peft.set_adapter(adapter)
        with nullcontext() if adapter else self.peft.disable_adapter():
            return generate(self.peft, prompt, tokens, self.engine._decode)[1]

    def model(self) -> Any:
        from transformers import AutoModelForCausalLM

        return AutoModelForCausalLM.from_pretrained(self.adapters.parent / "model")

    def tokens(self, adapter: str | None, question: Sequence[Message], tokens: int) -> Sequence[TokenLogprob]:
        return complete(self.engine, question, replace(SHORT, max_tokens=tokens), adapter=adapter).logprobs


@pytest.fixture(scope="module", params=["llama", "gemma"])
def tiny(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    root = tmp_path_factory.mktemp("tiny")
    kinds = Home(make_model(root / "model", request.param), root, 0.15, "fp32")
    yield kinds
    kinds.engine.close()


def test_24_mixed_requests_get_what_they_get_alone_and_from_peft(tiny: Home) -> None:
    wanted = [(adapter, question) for question in QUESTIONS for adapter in (None, *KINDS)][:24]
    expected = [tiny.expected(adapter, question, 24) for adapter, question in wanted]
    alone = [tiny.tokens(adapter, question, 24) for adapter, question in wanted]
    with ThreadPoolExecutor(24) as pool:
        together = list(pool.map(lambda pair: tiny.tokens(pair[0], pair[1], 24), wanted))
    for mine, batched, theirs in zip(alone, together, expected, strict=True):
        alike(mine, theirs)
        alike(batched, theirs)
    assert len({tuple(entry.token for entry in answer) for answer in expected}) > 16, "the adapters make a difference"


def test_the_bundled_model_answers_24_at_once_as_alone_and_as_peft(
    bundled_gguf: Path, models_folder: Path, tmp_path: Path
) -> None:
    folder = dequantise(bundled_gguf, models_folder / "SmolLM2-135M-Instruct")
    home = Home(folder, tmp_path, 0.02, "auto")  # packed weights: they hold this model's exactly
    questions = [
        [Message("user", text)] for text in ("What is a banyan?", "Name three colours.", "Why is the sky blue?")
    ]
    wanted = [(adapter, question) for question in questions for adapter in (None, *KINDS)][:24]
    with ThreadPoolExecutor(24) as pool:
        together = list(pool.map(lambda pair: home.tokens(pair[0], pair[1], 8), wanted))
    for at in range(9):
        alike(together[at], home.tokens(*wanted[at], 8))
    for at in range(9, 14):  # peft takes a second for each
        alike(together[at], home.expected(*wanted[at], 8))
    home.engine.close()


def test_scores_with_an_adapter_are_its_own_in_company_too(tiny: Home) -> None:
    texts = ["yes", " a fox jumps", "no"]
    alone = {adapter: tiny.engine.score(QUESTIONS[0], texts, adapter=adapter) for adapter in (None, "mlp-4", "head-5")}
    assert len({tuple(scores) for scores in alone.values()}) == 3
    with ThreadPoolExecutor(9) as pool:
        found = list(pool.map(lambda a: (a, tiny.engine.score(QUESTIONS[0], texts, adapter=a)), [*alone] * 3))
    for adapter, scores in found:
        assert scores == pytest.approx(alone[adapter], abs=1e-3)


def test_an_adapter_that_is_deleted_while_in_use_serves_to_the_end(tiny: Home) -> None:
    expected = tiny.tokens("attention-8", QUESTIONS[0], 60)
    stream = tiny.engine.stream(QUESTIONS[0], replace(SHORT, max_tokens=60), adapter="attention-8")
    chunks = [next(stream)]
    aside = tiny.adapters.parent / "aside"
    shutil.move(tiny.adapters / "attention-8", aside)
    tiny.engine.refresh()
    assert tiny.tokens("mlp-4", QUESTIONS[0], 8)  # the others go on, and the stack is made anew
    chunks += stream
    alike([entry for chunk in chunks for entry in chunk.logprobs], expected)
    shutil.move(aside, tiny.adapters / "attention-8")
    tiny.engine.refresh()


def test_memory_returns_when_nobody_uses_an_adapter(tiny: Home) -> None:
    from chatbot.engine.local.adapters import AdaptedModel, Version

    model = tiny.model()
    adapted = AdaptedModel(model, torch.float32)
    versions = [Version.of(str(tiny.adapters / name)) for name in ("mlp-4", "attention-8")]
    adapted.activate(versions)
    assert len(adapted._layers) == 2 * 7
    adapted.activate(versions[:1])
    adapted.tidy(frozenset(versions), frozenset())
    assert not adapted._layers and len(adapted._loaded) == 2
    adapted.tidy(frozenset(), frozenset())
    assert not adapted._loaded
    assert all("forward" not in vars(module) for module in model.modules())


def test_more_adapters_than_are_kept_in_memory(tiny: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.engine.local.adapters.MAX_LOADED", 2)
    expected = {name: tiny.tokens(name, QUESTIONS[1], 8) for name in KINDS}
    for name in reversed(KINDS):
        alike(tiny.tokens(name, QUESTIONS[1], 8), expected[name])


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("use_dora", True, "use_dora"),
        ("modules_to_save", ["lm_head"], "modules_to_save"),
        ("bias", "all", "bias"),
        ("alpha_pattern", {"(q_proj": 1.0}, "pattern"),
        ("r", 7, "rank 7"),
    ],
)
def test_what_is_not_plain_lora_is_refused_by_name(
    tiny: Home, tmp_path: Path, option: str, value: object, reason: str
) -> None:
    from chatbot.engine.local.adapters import AdaptedModel, Version

    folder = Path(shutil.copytree(tiny.adapters / "attention-8", tmp_path / "odd"))
    config = json.loads((folder / CONFIG).read_text()) | {option: value}
    (folder / CONFIG).write_text(json.dumps(config))
    with pytest.raises(AdapterError, match=reason):
        AdaptedModel(tiny.model(), torch.float32).load(Version.of(str(folder)))


def test_half_a_pair_of_matrices_is_refused(tiny: Home, tmp_path: Path) -> None:
    from chatbot.engine.local.adapters import AdaptedModel, Version

    folder = Path(shutil.copytree(tiny.adapters / "attention-8", tmp_path / "half"))
    tensors = load_file(folder / WEIGHTS)
    save_file({key: value for key, value in tensors.items() if "lora_A" in key}, folder / WEIGHTS)
    with pytest.raises(AdapterError, match="another size"):
        AdaptedModel(tiny.model(), torch.float32).load(Version.of(str(folder)))


@pytest.mark.parametrize("seed", range(20))
def test_any_distribution_of_rows_over_adapters(seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    ranks = [int(r) for r in torch.randint(0, 4, (5,), generator=random)]  # 0: no matrices in this layer
    counts = [int(c) for c in torch.randint(0, 4, (5,), generator=random)]
    counts[seed % 5] *= 1 + 20 * (seed % 2)  # now and then somebody reads a prompt
    base = int(torch.randint(0, 3, (1,), generator=random))
    layer = torch.nn.Linear(6, 7)
    adapters = [
        {"l": (torch.randn(6, r, generator=random), torch.randn(r, 7, generator=random))} if r else {} for r in ranks
    ]
    bounds, end = [], base
    for count in counts:
        bounds.append((end, end + count))
        end += count
    x = torch.randn(1, end, 6, generator=random)
    with torch.inference_mode():
        expected = layer(x)
        for (first, last), adapter in zip(bounds, adapters, strict=True):
            for a, b in adapter.values():
                expected[:, first:last] += x[:, first:last] @ a @ b
        lora = LoraLayer(layer, "l")
        lora.stack(adapters)
        lora.plan([Plan(bounds, end, x.device)])
        torch.testing.assert_close(layer(x), expected)
        lora.plan([])
        lora.remove()
        torch.testing.assert_close(layer(x), torch.nn.functional.linear(x, layer.weight, layer.bias))
