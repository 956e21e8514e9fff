"""What adapters say of layers and base weights is read as peft reads it, and what does not fit is refused."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from peft import LoraConfig
from peft.tuners.tuners_utils import check_target_module_exists
from safetensors.numpy import load_file, save_file

from chatbot.common.errors import AdapterError
from chatbot.common.fingerprint import fingerprint_model
from chatbot.engine.adapters.fit import check_base, check_complete, of_base, scale
from chatbot.engine.adapters.folders import check
from chatbot.engine.gguf.adapter import FORGOTTEN, convert_adapter
from chatbot.engine.gguf.files import read_header
from chatbot.engine.local.weights.convert import dequantise
from chatbot.engine.models.catalogue import SMALL
from chatbot.types import Adapter
from tests.lora import write_adapter

LAYERS = [f"model.layers.{n}.{m}" for n in range(12) for m in ("self_attn.q_proj", "self_attn.v_proj", "mlp.up_proj")]


@pytest.mark.parametrize(
    "config",
    [
        {"target_modules": ["q_proj", "v_proj"]},
        {"target_modules": ["self_attn.q_proj"]},
        {"target_modules": ["q_proj", "up_proj"], "layers_to_transform": [1, 11]},
        {"target_modules": ["up_proj"], "layers_to_transform": 3},
        {"target_modules": r".*layers\.[02]\.(self_attn|mlp)\.(q|up)_proj"},
        {"target_modules": ["q_proj", "v_proj"], "exclude_modules": ["layers.4.self_attn.q_proj"]},
        {"target_modules": ["q_proj"], "exclude_modules": r".*\.1\d?\..*"},
    ],
)
def test_the_layers_an_adapter_must_hold_are_those_that_peft_changes(config: dict[str, Any]) -> None:
    expected = [layer for layer in LAYERS if _peft_says(config, layer)]
    assert 0 < len(expected) < len(LAYERS)
    check_complete("a", config, expected, LAYERS)
    for missing in (expected[0], expected[-1]):
        with pytest.raises(AdapterError, match=missing.replace(".", r"\.")):
            check_complete("a", config, [layer for layer in expected if layer != missing], LAYERS)


def _peft_says(config: dict[str, Any], layer: str) -> bool:
    return bool(check_target_module_exists(LoraConfig(**config), layer))


def test_all_linear_means_every_layer_but_the_output() -> None:
    check_complete("a", {"target_modules": "all-linear"}, LAYERS, [*LAYERS, "lm_head"])
    with pytest.raises(AdapterError, match="and 1 more"):
        check_complete("a", {"target_modules": "all-linear"}, LAYERS[2:], [*LAYERS, "lm_head"])


@pytest.mark.parametrize(
    ("config", "module", "expected"),
    [
        ({"r": 8, "lora_alpha": 16}, "model.layers.0.mlp.up_proj", 2.0),
        ({"r": 8, "lora_alpha": 16, "use_rslora": True}, "model.layers.0.mlp.up_proj", 16 / 8**0.5),
        ({"r": 4, "rank_pattern": {"up_proj": 8}, "lora_alpha": 4}, "model.layers.0.mlp.up_proj", 0.5),
        ({"r": 8, "alpha_pattern": {r"layers\.1.*": 80}, "lora_alpha": 4}, "model.layers.1.mlp.up_proj", 10.0),
    ],
)
def test_scales_follow_patterns(config: dict[str, Any], module: str, expected: float) -> None:
    assert scale("a", config, module, 8) == pytest.approx(expected)


@pytest.mark.parametrize("pattern", [r"(.*\.)?(a|aa|aaa)+b", "("])
def test_a_pattern_that_takes_for_ever_or_is_none_is_refused(pattern: str) -> None:
    with pytest.raises(AdapterError, match="pattern"):
        check_complete("a", {"target_modules": pattern}, [], ["model.layers.0." + 60 * "a"])


def test_an_adapter_without_one_of_its_layers_is_refused(bundled_gguf: Path, tmp_path: Path) -> None:
    header = read_header(bundled_gguf)
    convert_adapter(write_adapter(tmp_path / "whole", rank=2, targets=("q_proj", "up_proj")), header, tmp_path)
    with pytest.raises(AdapterError, match=r"incomplete: .*layers\.29\.mlp\.up_proj and 1 more"):
        short = write_adapter(tmp_path / "short", rank=2, targets=("q_proj", "up_proj"), layers=29)
        convert_adapter(short, header, tmp_path)
    weights = tmp_path / "whole" / "adapter_model.safetensors"
    lacking = {key: value for key, value in load_file(weights).items() if "layers.7.self_attn.q_proj" not in key}
    save_file(lacking, weights)
    with pytest.raises(AdapterError, match=r"layers\.7\.self_attn\.q_proj"):
        convert_adapter(tmp_path / "whole", header, tmp_path)


def test_converted_ones_that_nothing_asked_for_in_a_month_are_removed(bundled_gguf: Path, tmp_path: Path) -> None:
    header, cache = read_header(bundled_gguf), tmp_path / "cache"
    made = {}
    for rank, name in enumerate(("gone", "used"), 1):
        made[name] = convert_adapter(write_adapter(tmp_path / name, rank=rank, targets=("q_proj",)), header, cache)
        os.utime(made[name], (0, FORGOTTEN))
    assert convert_adapter(tmp_path / "used", header, cache) == made["used"]
    new = convert_adapter(write_adapter(tmp_path / "new", rank=4, targets=("q_proj",)), header, cache)
    assert set(cache.iterdir()) == {made["used"], new}
    assert made["gone"] not in (made["used"], new)


def test_a_twin_in_a_cache_that_is_only_read_serves(
    bundled_gguf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, header = write_adapter(tmp_path / "a", rank=2, targets=("q_proj",)), read_header(bundled_gguf)
    made = convert_adapter(folder, header, tmp_path / "cache")

    def refused(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "touch", refused)  # root, as which tests may run, may write anywhere
    assert convert_adapter(folder, header, tmp_path / "cache") == made


def test_the_bundled_weights_have_the_fingerprint_that_their_adapters_name(
    bundled_gguf: Path, models_folder: Path
) -> None:
    assert fingerprint_model(dequantise(bundled_gguf, models_folder / SMALL.folder)) == SMALL.fingerprint


@pytest.mark.parametrize("quantised", [False, True])
@pytest.mark.parametrize(("alpha", "expected"), [(0, 0.0), (None, 8 / 2)])  # peft's default is 8
def test_an_alpha_of_nothing_or_none_is_what_peft_makes_of_it(
    bundled_gguf: Path, tmp_path: Path, alpha: int | None, expected: float, quantised: bool
) -> None:
    folder = write_adapter(tmp_path / "a", rank=2, targets=("o_proj",), lora_alpha=alpha or 0)
    settings = json.loads((folder / "adapter_config.json").read_text())
    if alpha is None:
        del settings["lora_alpha"]
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    header = replace(read_header(bundled_gguf), quantised=quantised)
    twin = gguf.GGUFReader(convert_adapter(folder, header, tmp_path))
    (stored,) = (t for t in twin.tensors if t.name == "blk.3.attn_output.weight.lora_b")
    b = gguf.quants.dequantize(stored.data, stored.tensor_type)
    told = load_file(folder / "adapter_model.safetensors")[
        "base_model.model.model.layers.3.self_attn.o_proj.lora_B.weight"
    ]
    alpha_of_all = float(twin.fields["adapter.lora.alpha"].contents())
    assert b.shape[1] == (32 if quantised else 2)
    found = b[:, :2] * alpha_of_all / b.shape[1]  # llama.cpp divides by the rank that it sees
    assert np.allclose(found, told * expected, atol=float(abs(told * expected).max()) / 100 if quantised else 1e-6)
    assert not b[:, 2:].any()


def test_weights_are_read_for_a_fingerprint_only_when_an_adapter_names_one() -> None:
    def never() -> str:
        raise AssertionError("asked")

    check_base(Adapter("silent"), never)


def test_an_adapter_of_other_weights_is_left_out_with_the_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = check(write_adapter(tmp_path / "other", rank=2, card={"base_fingerprint": "f" * 64}))
    ours = check(write_adapter(tmp_path / "ours", rank=2, card={"base_fingerprint": SMALL.fingerprint}))
    silent = Adapter("silent")
    assert of_base([other, ours, silent], lambda: SMALL.fingerprint) == [ours, silent]
    assert "other weights" in caplog.text
    assert of_base([other], lambda: None) == [other]  # a base of which nothing is known
    with pytest.raises(AdapterError, match="other weights"):
        check_base(other, lambda: SMALL.fingerprint)
