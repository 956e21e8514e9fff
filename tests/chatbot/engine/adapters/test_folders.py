"""What `check` takes for a LoRA adapter, and what it refuses before anything loads it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file
from safetensors.torch import load_file as load_torch
from safetensors.torch import save_file as save_torch

from chatbot.common import summed
from chatbot.common.errors import AdapterError
from chatbot.common.fingerprint import fingerprint
from chatbot.engine.adapters.folders import CARD, check, find
from chatbot.engine.adapters.format import CONFIG, UNSUPPORTED, WEIGHTS
from chatbot.engine.gguf.adapter import convert_adapter
from chatbot.engine.gguf.files import Header
from tests.lora import write_adapter
from tests.tiny import make_adapter, make_model


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made")
    return make_adapter(make_model(root / "model", "llama"), root / "polite", rank=4)


@pytest.fixture
def adapter(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "adapters" / "polite"))


def reconfigure(folder: Path, **values: Any) -> None:
    path = folder / CONFIG
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def change_weights(folder: Path, change: Callable[[dict[str, np.ndarray[Any, Any]]], object]) -> None:
    tensors = load_file(folder / WEIGHTS)
    change(tensors)
    save_file(tensors, folder / WEIGHTS)


def test_a_sound_adapter_tells_its_rank_targets_and_card(adapter: Path) -> None:
    (adapter / "banyan.json").write_text('{"task": "translate", "verdict": "better"}')
    found = check(adapter)
    assert (found.name, found.rank, found.task, found.verdict) == ("polite", 4, "translate", "better")
    assert found.details == {"targets": "q_proj, v_proj", "alpha": "8"}
    assert found.base.endswith("model")


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"peft_type": "IA3"}, "LoRA"),
        ({"r": 100_000}, "from 1 to 256"),
        ({"r": 0}, "from 1 to 256"),
        ({"r": True}, "from 1 to 256"),
        ({"rank_pattern": {"q_proj": 300}}, "rank_pattern"),
        ({"lora_alpha": float("inf")}, "finite"),
        ({"alpha_pattern": {"q_proj": "x"}}, "finite"),
        ({"init_lora_weights": "pissa"}, "changes the base model"),
        ({"megatron_config": {"a": 1}, "megatron_core": "os"}, "megatron_config"),
        ({"use_dora": True}, "use_dora"),
        ({"bias": "all"}, "biases"),
        *(({option: ["lm_head"]}, option) for option in UNSUPPORTED),
    ],
)
def test_settings_other_than_plain_bounded_lora_are_refused_alike_for_every_engine(
    adapter: Path, values: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    reconfigure(adapter, **values)
    with pytest.raises(AdapterError, match=reason) as refused:
        check(adapter)
    with pytest.raises(AdapterError) as converted:
        convert_adapter(adapter, Header({}, {}), tmp_path / "cache")
    assert str(converted.value) == str(refused.value)


@pytest.mark.parametrize("text", ["[1]", "{", "null", "[" * 100_000])
def test_a_config_that_is_no_object_is_refused(adapter: Path, text: str) -> None:
    (adapter / CONFIG).write_text(text)
    with pytest.raises(AdapterError, match=CONFIG):
        check(adapter)


@pytest.mark.parametrize("suffix", [".bin", ".pt", ".pkl"])
def test_a_pickle_is_refused_even_beside_safetensors(adapter: Path, suffix: str) -> None:
    (adapter / f"adapter_model{suffix}").write_bytes(b"\x80\x04.")
    with pytest.raises(AdapterError, match="pickle"):
        check(adapter)


@pytest.mark.parametrize("content", [b"\x80\x04.", b"", b"\xff" * 64])
def test_weights_that_are_not_safetensors_are_refused(adapter: Path, content: bytes) -> None:
    (adapter / WEIGHTS).write_bytes(content)
    with pytest.raises(AdapterError, match="damaged"):
        check(adapter)


def test_a_truncated_file_is_refused(adapter: Path) -> None:
    path = adapter / WEIGHTS
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(AdapterError, match="damaged"):
        check(adapter)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_a_single_bad_number_is_refused_in_every_dtype(adapter: Path, bad: float, dtype: torch.dtype) -> None:
    tensors = {key: value.to(dtype) for key, value in load_torch(adapter / WEIGHTS).items()}
    save_torch(tensors, adapter / WEIGHTS)
    assert check(adapter).rank == 4
    next(iter(tensors.values()))[0, 3] = bad
    save_torch(tensors, adapter / WEIGHTS)
    with pytest.raises(AdapterError, match="NaN or infinity"):
        check(adapter)


def test_half_a_pair_is_refused(adapter: Path) -> None:
    change_weights(adapter, lambda tensors: tensors.pop(next(key for key in tensors if "lora_B" in key)))
    with pytest.raises(AdapterError, match="lacks lora_B"):
        check(adapter)


def test_a_foreign_tensor_is_refused(adapter: Path) -> None:
    change_weights(adapter, lambda tensors: tensors.update({"lm_head.weight": np.zeros((2, 2), np.float32)}))
    with pytest.raises(AdapterError, match=r"lm_head\.weight"):
        check(adapter)


def test_a_link_out_of_the_folder_is_refused(adapter: Path, tmp_path: Path) -> None:
    shutil.move(adapter / WEIGHTS, tmp_path / "elsewhere")
    (adapter / WEIGHTS).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(AdapterError, match="link"):
        check(adapter)


def test_a_linked_folder_is_refused(adapter: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(adapter)
    with pytest.raises(AdapterError, match="link"):
        check(tmp_path / "linked")


def test_find_leaves_out_the_bad_with_a_reason(adapter: Path, caplog: pytest.LogCaptureFixture) -> None:
    shutil.copytree(adapter, adapter.parent / "other")
    bad = shutil.copytree(adapter, adapter.parent / "bad")
    reconfigure(Path(bad), r=100_000)
    (adapter.parent / "not-an-adapter").mkdir()
    assert [found.name for found in find([adapter.parent, adapter.parent / "absent"])] == ["other", "polite"]
    assert "bad left out" in caplog.text
    assert str(adapter.parent) not in caplog.text


def test_of_equal_names_the_first_folder_counts(adapter: Path, tmp_path: Path) -> None:
    shutil.copytree(adapter, tmp_path / "second" / "polite")
    (found,) = find([tmp_path / "second", adapter.parent])
    assert found.path == str(tmp_path / "second" / "polite")


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
def test_a_file_that_is_not_the_one_on_the_card_is_refused(tmp_path: Path, name: str) -> None:
    """A bit that the disk has turned, in a rank or in a weight, would make another model of it."""
    folder = write_adapter(tmp_path / "oaks", layers=1, targets=("q_proj",))
    digests = {file: fingerprint(folder / file) for file in (CONFIG, WEIGHTS)}
    (folder / CARD).write_text(json.dumps({"sha256": digests}))
    assert check(folder).name == "oaks"
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content.replace(b"SmolLM2", b"SmolLM3") if name == CONFIG else content[:-1] + b"\x01")
    with pytest.raises(AdapterError, match="SHA-256"):
        check(folder)


def test_a_card_that_is_not_what_was_written_is_refused(tmp_path: Path) -> None:
    folder = write_adapter(tmp_path / "oaks", layers=1, targets=("q_proj",))
    written = summed.text({"task": "answer", "verdict": "better"})
    (folder / CARD).write_text(written)
    assert check(folder).task == "answer"
    (folder / CARD).write_text(written.replace("answer", "ansver"))
    with pytest.raises(AdapterError, match="damaged on the disk"):
        check(folder)
