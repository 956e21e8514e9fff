"""The frozen base model and the adapter on it."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from chatbot.common import quantized
from chatbot.common.errors import InputError, ModelError, ModelNotFound, UsageError
from finetune.jobs.records import Base
from finetune.spec.spec import TrainingSpec
from finetune.train.arithmetic import attention, fused
from finetune.train.arithmetic.sharded import share_out


@dataclass(frozen=True, slots=True)
class Loaded:
    """A base model ready to be trained on. `bf16` says whether all of the computation runs in bfloat16."""

    model: Any
    tokenizer: Any
    bf16: bool


def load(base: Base, spec: TrainingSpec, *, sharded: bool = False) -> Loaded:
    """Weights from `base.folder`, on the GPU of this process if it has one, or `sharded` on those of all. Raises `ModelError` or
    `InputError`."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if not (Path(base.folder) / "config.json").is_file():
        raise ModelNotFound(
            f"The base model {base.name or base.folder} is no longer at {base.folder}. Load it again.",
            kind="base_gone",
            name=base.name or base.folder,
        )
    gpu = torch.cuda.is_available()
    bf16 = _bf16(spec, gpu)
    quantized = _quantization(spec, torch.bfloat16 if bf16 else torch.float32)
    if sharded and quantized:
        raise UsageError("A quantised model is not shared out. Leave out --shard, or set quantization to none.")
    try:
        tokenizer = AutoTokenizer.from_pretrained(base.folder, local_files_only=True, trust_remote_code=False)
        model = AutoModelForCausalLM.from_pretrained(
            base.folder,
            dtype=torch.bfloat16 if bf16 else torch.float32,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            device_map={"": _local_gpu() if gpu else "cpu"} if (gpu and not sharded) or quantized else None,
            **quantized,
        )
    except (OSError, ValueError, ImportError) as error:
        raise ModelError(
            f"The base model {base.name or base.folder} cannot be loaded for training: {error}",
            kind="base_unreadable",
            name=base.name or base.folder,
            reason=str(error),
        ) from error
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    if quantized:
        keep_differentiable(model)
    model.config.use_cache = False
    if sharded:
        share_out(model)
    attention.install(model)
    return Loaded(model, tokenizer, bf16)


def lora(spec: TrainingSpec) -> Any:
    """PEFT's settings of the adapter."""
    from peft import LoraConfig

    targets = spec.target_modules
    return LoraConfig(
        task_type="CAUSAL_LM",
        r=spec.rank,
        lora_alpha=spec.alpha,
        lora_dropout=spec.dropout,
        use_rslora=spec.rslora,
        use_dora=spec.dora,
        target_modules=targets if isinstance(targets, str) else list(targets),
    )


def _bf16(spec: TrainingSpec, gpu: bool) -> bool:
    if not gpu:
        fused.uses_bf16(spec.precision)  # which refuses what would be slow; processors that have it mix formats
        return False
    if spec.precision == "auto":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return spec.precision == "bf16"


def _local_gpu() -> int:
    return int(os.environ.get("LOCAL_RANK", "0"))  # set by accelerate and torchrun


def _quantization(spec: TrainingSpec, compute: torch.dtype) -> dict[str, Any]:
    if spec.quantization == "none":
        return {}
    if not quantized.is_installed():
        raise InputError(
            "Quantised training needs bitsandbytes: pip install bitsandbytes, or set quantization to none.",
            kind="no_bitsandbytes",
        )
    return {"quantization_config": quantized.config(spec.quantization, compute)}


def keep_differentiable(model: Any) -> None:
    """For training: on CPUs with AVX512-BF16 bitsandbytes 0.50 repacks 4-bit weights at the first evaluation, and through
    that form no gradient passes, without an error."""
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
