"""A folder of safetensors -> a transformers model in memory."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import torch

from chatbot.common import quantized
from chatbot.common.errors import ModelDamaged, ModelError, ModelNotFound, SettingsError
from chatbot.engine.local.weights.pack import can_pack, pack

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16, "fp32": torch.float32}
GPU_SHARE, CPU_SHARE = 0.8, 0.25  # of the GPU's free memory and of the machine's, for keys and values
DEFAULT_WINDOW = 4096  # tokens, for a model that does not say how far its positions reach


@dataclass(frozen=True, slots=True)
class Loaded:
    model: Any  # a transformers causal LM, in eval mode
    tokenizer: Any
    device: torch.device
    window: int  # tokens
    eos: frozenset[int]
    dtype: torch.dtype  # in which it computes


def load_model(folder: Path, *, device: str, dtype: str, quantize: str, context: int | None) -> Loaded:
    """Raises `ModelNotFound`, `ModelDamaged`, `ModelError` or `SettingsError`; runs no code from the folder.

    On the CPU `auto` and `fp16` mean half-precision weights where the machine has kernels for them (see `local_pack`).
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    _check_files(folder)
    place = pick_device(device)
    options = {**_weights_options(place, dtype, quantize), "local_files_only": True, "trust_remote_code": False}
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        model, info = AutoModelForCausalLM.from_pretrained(
            folder, use_safetensors=True, output_loading_info=True, **options
        )
    except torch.OutOfMemoryError as error:
        raise ModelError(
            f"The memory of {place} is too small for {folder.name}. Please choose a smaller one.",
            kind="model_memory",
            name=folder.name,
            place=place,
        ) from error
    except Exception as error:  # transformers raises what its many loaders raise
        raise _reason(folder, error) from error
    # transformers fills what is missing with random numbers and carries on
    lost = sorted(info["missing_keys"]) + [str(key) for key in info["mismatched_keys"]]
    if lost:
        raise ModelDamaged(
            f"The weights of {folder.name} are incomplete: {len(lost)} are missing, {lost[0]} among them. "
            "Please fetch the model again.",
            kind="weights_missing",
            name=folder.name,
            count=len(lost),
            first=lost[0],
        )
    model = model.eval().requires_grad_(False)
    if quantize == "none":
        model = model.to(place)
    if place.type == "cpu" and dtype in ("auto", "fp16") and can_pack():
        pack(model)
    return Loaded(model, tokenizer, place, _window(model, context), _eos(model, tokenizer), options["dtype"])


def cache_capacity(bytes_per_token: int, device: torch.device, useful: int, mib: int | None) -> int:
    """Tokens whose keys and values are kept: `useful` at most, as many as `mib` mebibytes hold, 256 at least."""
    if mib is not None:
        room = mib * 2**20
    elif device.type == "cuda":
        room = int(torch.cuda.mem_get_info(device)[0] * GPU_SHARE)
    else:
        room = int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * CPU_SHARE)
    return max(min(useful, room // max(bytes_per_token, 1)), 256)


def pick_device(name: str) -> torch.device:
    """`auto` is the first GPU when there is one. Raises `SettingsError`."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise SettingsError(f"The device {name!r} cannot be used here. Please choose auto, cpu or cuda.") from error
    return device


def describe(device: torch.device) -> str:
    if device.type == "cuda":
        name: str = torch.cuda.get_device_name(device)
        return name
    if device.type == "cpu":
        threads = torch.get_num_threads()
        return f"CPU, {threads} thread{'s' if threads != 1 else ''}"
    kind: str = device.type
    return kind.upper()


def _check_files(folder: Path) -> None:
    if not (folder / "config.json").is_file():
        raise ModelNotFound(
            f"{folder.name} holds no model: there is no config.json in that folder.",
            kind="model_no_config",
            name=folder.name,
        )
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise ModelNotFound(
            f"{folder.name} has no safetensors weights. Pickled weights (.bin, .pt) are not opened, as they can run code.",
            kind="model_no_safetensors",
            name=folder.name,
        )
    for path in weights:
        try:
            with safetensors.safe_open(path, framework="pt"):
                pass
        except (OSError, safetensors.SafetensorError) as error:
            raise ModelDamaged(
                f"{path.name} of {folder.name} is damaged or cut short. Please fetch the model again.",
                kind="model_file_damaged",
                name=folder.name,
                file=path.name,
            ) from error


def _weights_options(device: torch.device, dtype: str, quantize: str) -> dict[str, Any]:
    if dtype not in ("auto", *DTYPES):
        raise SettingsError(f"dtype must be auto, {', '.join(DTYPES)}, not {dtype!r}.")
    if dtype == "auto":
        dtype = "fp32" if device.type == "cpu" else "bf16"
    elif dtype == "fp16" and device.type == "cpu":
        dtype = "fp32"  # the weights are packed after loading, and all else is computed in fp32
    options: dict[str, Any] = {"dtype": DTYPES[dtype]}
    if quantize != "none":
        options |= {"quantization_config": _quantization(quantize, DTYPES[dtype]), "device_map": {"": device}}
    return options


def _quantization(quantize: str, dtype: torch.dtype) -> Any:
    if quantize not in quantized.KINDS:
        raise SettingsError(f"quantize must be none, {' or '.join(quantized.KINDS)}, not {quantize!r}.")
    if not quantized.is_installed():
        raise SettingsError(f"quantize={quantize} needs bitsandbytes. Please run: pip install bitsandbytes")
    return quantized.config(quantize, dtype)


def _reason(folder: Path, error: Exception) -> ModelError:
    text = str(error).strip().split("\n")[0][:300]
    if "trust_remote_code" in str(error):
        return ModelError(
            f"{folder.name} needs program code of its own, which Banyan does not run. Please choose another.",
            kind="model_code",
            name=folder.name,
        )
    if "does not recognize this architecture" in str(error) or "Unrecognized" in text:
        return ModelError(
            f"The architecture of {folder.name} is unknown to the installed transformers: {text}",
            kind="model_architecture",
            name=folder.name,
            reason=text,
        )
    return ModelDamaged(
        f"{folder.name} cannot be loaded; its files may be damaged. Please fetch it again. ({text})",
        kind="model_damaged",
        name=folder.name,
        reason=text,
    )


def _window(model: Any, context: int | None) -> int:
    trained = getattr(model.config.get_text_config(), "max_position_embeddings", None) or DEFAULT_WINDOW
    return min(trained, context) if context else int(trained)


def _eos(model: Any, tokenizer: Any) -> frozenset[int]:
    """Every token that ends an answer: chat models list their end of turn in the generation config."""
    ends: set[int] = set()
    for value in (model.generation_config.eos_token_id, model.config.get_text_config().eos_token_id):
        ends |= set(value) if isinstance(value, list | tuple) else {value}
    ends.add(tokenizer.eos_token_id)
    return frozenset(end for end in ends if end is not None)
