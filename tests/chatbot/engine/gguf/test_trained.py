"""A GGUF file as the base of training: the same model in torch, and adapters that both engines serve alike."""

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from chatbot.common.errors import ModelDamaged, ModelError, Stopped
from chatbot.common.step import Step
from chatbot.engine.gguf import unpack as unpacking
from chatbot.engine.gguf.architectures import ARCHITECTURES, refusal
from chatbot.engine.gguf.files import read_header, requantize
from chatbot.engine.gguf.merged import KINDS as KINDS_OF_MERGED
from chatbot.engine.gguf.merged import merge
from chatbot.engine.llamacpp.engine import LlamaCppEngine
from chatbot.engine.local.engine import LocalEngine
from chatbot.engine.local.weights import convert
from chatbot.engine.local.weights.convert import dequantise
from chatbot.engine.models.resolve import dequantised
from chatbot.engine.registry import choose
from chatbot.engine.text.prompt import Prompter
from chatbot.settings import load
from chatbot.training.base import TrainingBase
from chatbot.types import Adapter, Message
from tests.gguf_files import SHAPE, make_gguf
from tests.lora import ALL
from tests.tiny import make_adapter, make_model

pytestmark = pytest.mark.slow

ASK = [Message("user", "How many trunks has the tree 2024? 你好,世界 😀 it's")]
ANSWERS = ["The quick brown fox", "你好,世界。", " many\n\n trunks", "42"]
KINDS = ["llama", "qwen2", "qwen3"]


def quiet(step: Step, fraction: float | None) -> None:
    pass


class Home:
    """A tiny model as transformers saved it, as GGUF, and as that was converted back; an adapter on it."""

    def __init__(self, root: Path, architecture: str, **shape: Any) -> None:
        self.root = root
        rope = {"rope_type": "default", "rope_theta": 1e6}  # as Qwen2's; 10,000 is what transformers takes unasked
        self.original = make_model(root / "original", architecture, **SHAPE, rope_parameters=rope, **shape)
        self.gguf = make_gguf(self.original, root / "tiny.gguf")
        self.folder = dequantise(self.gguf, root / "models" / "tiny")
        self.adapter = make_adapter(self.original, root / "oak", targets=ALL)

    def logits(self, folder: Path) -> torch.Tensor:
        from transformers import AutoModelForCausalLM

        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        with torch.no_grad():
            found: torch.Tensor = model(torch.arange(3, 200)[None]).logits
        return found


@pytest.fixture(scope="module", params=[(kind, tied) for kind in KINDS for tied in (True, False)], ids=str)
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Home:
    kind, tied = request.param
    return Home(tmp_path_factory.mktemp(kind), kind, tie_word_embeddings=tied)


def test_the_converted_model_is_the_one_that_was_written(home: Home) -> None:
    expected, found = home.logits(home.original), home.logits(home.folder)
    assert float((expected - found).abs().max()) < 1e-2 * float(expected.abs().max())  # weights rounded to float16
    configs = [json.loads((folder / "config.json").read_text()) for folder in (home.original, home.folder)]
    for key in ("model_type", "tie_word_embeddings", "rope_parameters", "rms_norm_eps", "eos_token_id", "vocab_size"):
        assert configs[1][key] == configs[0][key], key
    assert ("lm_head.weight" in load_file(home.folder / "model.safetensors")) is not configs[0]["tie_word_embeddings"]


def test_vectors_are_kept_to_the_last_bit(home: Home) -> None:
    before, after = (load_file(folder / "model.safetensors") for folder in (home.original, home.folder))
    biases = [name for name in before if name.endswith("bias")]
    assert len(biases) == (6 if "qwen2" in str(home.root) else 0)
    for name in [*biases, "model.norm.weight"]:
        assert torch.equal(before[name].float(), after[name].float()), name
    assert {str(tensor.dtype) for name, tensor in after.items() if tensor.dim() > 1} == {"torch.float16"}


@pytest.fixture(scope="module")
def engines(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LlamaCppEngine, LocalEngine]]:
    """Both over the same weights, in F16: in Q8_0 llama.cpp rounds activations, which hides small faults."""
    exact = home.root / "f16.gguf"
    requantize(home.gguf, exact, gguf.GGMLQuantizationType.F16, lambda _: None)
    found = [Adapter("oak", path=str(home.adapter))]
    cache = tmp_path_factory.mktemp("cache")
    one = LlamaCppEngine(exact, name="m", adapters=lambda: found, cache=cache, context=256, slots=1)
    other = LocalEngine(home.folder, name="m", adapters=lambda: found, dtype="fp32")
    yield one, other
    one.close()
    other.close()


def test_both_engines_give_the_same_log_probabilities_with_and_without_an_adapter(
    engines: tuple[LlamaCppEngine, LocalEngine],
) -> None:
    llamacpp, local = engines
    assert llamacpp.count_prompt(ASK) == local.count_prompt(ASK)
    bare = local.score(ASK, ANSWERS)
    adapted = local.score(ASK, ANSWERS, adapter="oak")
    assert max(abs(a - b) for a, b in zip(bare, adapted, strict=True)) > 1, "the adapter must be visible"
    assert llamacpp.score(ASK, ANSWERS) == pytest.approx(bare, abs=0.1)
    assert llamacpp.score(ASK, ANSWERS, adapter="oak") == pytest.approx(adapted, abs=0.1)


def test_a_merged_file_answers_as_the_model_with_its_adapter(
    engines: tuple[LlamaCppEngine, LocalEngine], home: Home, tmp_path: Path
) -> None:
    _, local = engines
    adapted = local.score(ASK, ANSWERS, adapter="oak")
    told: list[float] = []
    file = merge(home.adapter, home.gguf, tmp_path / "merged.gguf", KINDS_OF_MERGED["F16"], told.append)
    assert told[-1] == 1.0
    engine = LlamaCppEngine(file, name="m", adapters=list, cache=tmp_path, context=256, slots=1)
    try:
        assert engine.score(ASK, ANSWERS) == pytest.approx(adapted, abs=0.1)
    finally:
        engine.close()
    small = merge(home.adapter, home.gguf, tmp_path / "small.gguf", KINDS_OF_MERGED["Q8_0"], told.append)
    assert small.stat().st_size < file.stat().st_size
    assert read_header(small).tensors == read_header(file).tensors


@pytest.mark.parametrize("layout", ["qwen2", "llama-bpe", "gpt-2", "smollm"])
def test_the_tokenizer_cuts_text_as_llama_cpp_does(layout: str, tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    file = make_gguf(make_model(tmp_path / "m", "llama", **SHAPE), tmp_path / "tiny.gguf", layout=layout)
    tokenizer = AutoTokenizer.from_pretrained(dequantise(file, tmp_path / "made"))
    assert (tokenizer.eos_token, tokenizer.pad_token, tokenizer.bos_token) == ("<|im_end|>", "<|im_start|>", None)
    engine = LlamaCppEngine(file, name="m", adapters=list, cache=tmp_path, context=256, slots=1)
    try:
        for text in ("tokens in 2024? it's\n\n  I'LL", "cafe\u0301 你好,世界 😀\t x ", " many  trunks\r\n123456"):
            assert tokenizer.encode(text, add_special_tokens=False) == engine._tokenize(text), text
            asked = [Message("user", text)]
            assert Prompter(tokenizer).encode(asked) == engine._prompt(asked)
    finally:
        engine.close()


def test_llama_31_positions_are_taken_over_and_others_refused(tmp_path: Path) -> None:
    from transformers import LlamaConfig
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    rope = {"rope_type": "llama3", "rope_theta": 5e5, "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
    rope["original_max_position_embeddings"] = 8192
    model = make_model(tmp_path / "m", "llama", **SHAPE, rope_parameters=rope)
    frequencies, _ = ROPE_INIT_FUNCTIONS["llama3"](LlamaConfig.from_pretrained(model), torch.device("cpu"))
    factors = 5e5 ** (-torch.arange(0, 32, 2) / 32) / frequencies
    file = make_gguf(model, tmp_path / "tiny.gguf", rope_factors=factors.tolist())
    config = json.loads((dequantise(file, tmp_path / "made") / "config.json").read_text())
    assert config["rope_parameters"] == rope
    other = make_gguf(model, tmp_path / "other.gguf", rope_factors=[1.0, 1.5, *factors.tolist()[2:]])
    with pytest.raises(ModelError, match="rotary factors"):
        dequantise(other, tmp_path / "refused")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"architecture": "phi3"}, f"architecture is phi3, .* {', '.join(ARCHITECTURES)}"),
        ({"layout": "tekken"}, "gpt2/tekken.*gpt2/qwen2"),
        ({"more": {"rope.scaling.type": "yarn"}}, "scaled rotary"),
        ({"more": {"rope.dimension_count": 8}}, "part of each head"),
        ({"more": {"expert_count": 4}}, "expert_count"),
        ({"more": {"blk.0.attn_q.bias": np.ones(128, np.float32)}}, "blk.0.attn_q.bias"),
    ],
)
def test_what_would_be_lost_is_refused_by_name(changes: dict[str, Any], reason: str, tmp_path: Path) -> None:
    file = make_gguf(make_model(tmp_path / "m", "llama", **SHAPE), tmp_path / "tiny.gguf", **changes)
    with pytest.raises(ModelError, match=reason):
        dequantise(file, tmp_path / "made")
    why = choose(load(["--model", str(file)], {}))[0].no_training(load(["--model", str(file)], {}))
    assert why and why.code == "gguf" and refusal(read_header(file)) in why.sentence


def test_a_matrix_that_float16_cannot_hold_and_a_missing_tensor_are_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    model = make_model(tmp_path / "m", "llama", **SHAPE)
    weights = load_file(model / "model.safetensors")
    down = "model.layers.1.mlp.down_proj.weight"
    save_file(weights | {down: weights[down] * 1e7}, model / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelDamaged, match="too large"):
        dequantise(make_gguf(model, tmp_path / "large.gguf"), tmp_path / "made")
    save_file({k: v for k, v in weights.items() if k != down}, model / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelError, match=r"1 tensors are missing, blk\.1\.ffn_down"):
        dequantise(make_gguf(model, tmp_path / "less.gguf"), tmp_path / "made")
    assert not (tmp_path / "made").exists()


def test_what_ends_in_between_leaves_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = make_gguf(make_model(tmp_path / "m", "qwen2", **SHAPE), tmp_path / "tiny.gguf")
    whole = unpacking._write

    def interrupted(part: Any, sink: Any) -> None:
        if part.name == "model.norm.weight":
            raise KeyboardInterrupt
        whole(part, sink)

    with monkeypatch.context() as patch:
        patch.setattr(unpacking, "_write", interrupted)
        with pytest.raises(KeyboardInterrupt):
            dequantise(file, tmp_path / "models" / "tiny")
    assert not list((tmp_path / "models").iterdir())
    assert convert.main([str(file), str(tmp_path / "models" / "tiny")]) == 0
    assert (tmp_path / "models" / "tiny" / "config.json").is_file()


@pytest.mark.parametrize("rows", [1, 7, 10_000])
def test_matrices_come_out_the_same_however_many_rows_at_once(
    rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make_model(tmp_path / "m", "llama", **SHAPE)
    exact = make_gguf(model, tmp_path / "tiny.gguf")
    file = tmp_path / "q8.gguf"
    requantize(exact, file, gguf.GGMLQuantizationType.Q8_0, lambda _: None)
    monkeypatch.setattr(unpacking, "AT_ONCE", rows * 64)
    made = load_file(dequantise(file, tmp_path / "made") / "model.safetensors")
    for name, tensor in load_file(model / "model.safetensors").items():
        assert made[name].shape == tensor.shape
        assert float((made[name].float() - tensor).abs().max()) <= float(tensor.abs().max()) / 127, name


def test_a_gguf_file_is_prepared_for_training_once_and_tells_its_adapters_from_others(tmp_path: Path) -> None:
    model = make_model(tmp_path / "m", "qwen2", **SHAPE)
    file = make_gguf(model, tmp_path / "tiny.gguf")
    wanted = load(["--model", str(file), "--data", str(tmp_path / "data")], {})
    assert choose(wanted)[0].no_training(wanted) is None
    base = TrainingBase(lambda: str(file), tmp_path / "data" / "models")
    assert not base.is_made
    made = base.prepare(quiet)
    assert base.is_made
    assert Path(made.folder) == dequantised(file, tmp_path / "data" / "models")
    for name, fingerprint in (("ours", made.fingerprint), ("other", "0" * 64)):
        folder = make_adapter(model, tmp_path / "data" / "adapters" / name)
        (folder / "banyan.json").write_text(json.dumps({"base_fingerprint": fingerprint}))
    engine = choose(wanted)[0].build(wanted, quiet)
    try:
        assert [adapter.name for adapter in engine.adapters()] == ["ours"]
    finally:
        engine.close()
    moved = file.rename(tmp_path / "data" / "tiny.gguf")
    again = TrainingBase(lambda: str(moved), tmp_path / "data" / "models")
    assert again.is_made
    make_gguf(make_model(tmp_path / "n", "llama", **SHAPE), file)
    assert not TrainingBase(lambda: str(file), tmp_path / "data" / "models").is_made


def test_a_stopped_preparation_leaves_nothing(tmp_path: Path) -> None:
    stop = Event()
    file = make_gguf(make_model(tmp_path / "m", "qwen2", **SHAPE), tmp_path / "a.gguf")
    base = TrainingBase(lambda: str(file), tmp_path / "d")

    def step(step: Step, fraction: float | None) -> None:
        if list((tmp_path / "d").glob("*/*")):  # the child has begun to write
            stop.set()

    with pytest.raises(Stopped):
        base.prepare(step, stop)
    assert not base.is_made
    assert not list((tmp_path / "d").iterdir())
