"""Weights in 4 and 8 bits under many adapters at once: what peft computes on the same weights, also beside others."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

from chatbot.common import quantized
from chatbot.common.errors import SettingsError
from chatbot.engine.adapters.folders import find
from chatbot.engine.base import complete
from chatbot.engine.local.engine import LocalEngine
from chatbot.types import Message, Sampling
from tests.tiny import make_adapter, make_model

ASK = [Message("user", "How many trunks has the fox?")]
ADAPTERS = (None, "a", "b")
CLOSE = 0.1  # nats: the library multiplies one row and many rows in other ways, and rounds what it multiplies


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("home")
    model = make_model(root / "model", "llama", hidden_size=64, intermediate_size=128)
    make_adapter(model, root / "adapters" / "a", rank=4, seed=1)
    make_adapter(model, root / "adapters" / "b", rank=8, seed=2, targets=("o_proj", "up_proj", "down_proj"))
    return root


@pytest.fixture(scope="module", params=quantized.KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def engine(home: Path, kind: str) -> Iterator[LocalEngine]:
    engine = LocalEngine(
        home / "model", name="tiny", adapters=lambda: find([home / "adapters"]), slots=8, device="cpu", quantize=kind
    )
    yield engine
    engine.close()


def written(engine: LocalEngine, adapter: str | None) -> dict[str, float]:
    """The best five next words with their log-probabilities."""
    sampling = Sampling(temperature=0, max_tokens=1, top_logprobs=5)
    return dict(complete(engine, ASK, sampling, adapter=adapter).logprobs[0].top)


def peft(home: Path, kind: str, adapter: str | None, engine: LocalEngine) -> dict[str, float]:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    model: Any = AutoModelForCausalLM.from_pretrained(
        home / "model",
        dtype=torch.float32,
        device_map={"": "cpu"},
        quantization_config=quantized.config(kind, torch.float32),
    )
    if adapter:
        model = PeftModel.from_pretrained(model, home / "adapters" / adapter)
    with torch.no_grad():
        ids = torch.tensor([engine._prompter.encode(ASK)])
        best = model(input_ids=ids).logits[0, -1].float().log_softmax(-1).topk(5)
    return {engine._decode([int(at)]): float(p) for p, at in zip(best.values, best.indices, strict=True)}


def test_adapters_on_quantised_weights_say_what_peft_says(home: Path, kind: str, engine: LocalEngine) -> None:
    assert engine._pool is not None, "requests are computed together"
    found = {adapter: written(engine, adapter) for adapter in ADAPTERS}
    for adapter in ADAPTERS:
        assert found[adapter] == pytest.approx(peft(home, kind, adapter, engine), abs=CLOSE)
    assert len({next(iter(best.items())) for best in found.values()}) == 3, "the adapters do something"


def test_company_leaves_an_answer_what_it_is_alone(engine: LocalEngine) -> None:
    alone = {adapter: written(engine, adapter) for adapter in ADAPTERS}
    with ThreadPoolExecutor(8) as pool:
        for adapter, best in pool.map(lambda a: (a, written(engine, a)), ADAPTERS * 4):
            assert best == pytest.approx(alone[adapter], abs=CLOSE)


def test_int8_rounds_each_row_by_itself(home: Path) -> None:
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(
        home / "model", device_map={"": "cpu"}, quantization_config=quantized.config("int8", torch.float32)
    )
    layer = model.model.layers[0].mlp.up_proj
    rows = torch.randn(4, 64, generator=torch.Generator().manual_seed(0))
    rows[1:, ::5] *= 40  # what LLM.int8() would take for outliers, and treat apart in every row
    with torch.no_grad():
        assert torch.allclose(layer(rows)[:1], layer(rows[:1]), atol=1e-5)


def test_without_the_library_the_error_says_how_to_get_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantized, "is_installed", lambda: False)
    with pytest.raises(SettingsError, match="pip install bitsandbytes"):
        LocalEngine(home / "model", name="tiny", adapters=list, quantize="nf4", device="cpu")
