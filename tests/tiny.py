"""Makers of tiny models and adapters: real architectures and a real tokenizer, random weights, a second to build."""

from pathlib import Path
from typing import Any

import torch

CORPUS = [
    "The quick brown fox jumps over the lazy dog. How many tokens are in 2024?",
    "A banyan is one tree with many trunks; every adapter is a trunk of its own.",
    "你好,世界。今天天气很好,我们去公园吧。 😀 🎉 café naïve",
] * 4

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
NO_SYSTEM = (
    "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "<|im_start|>{{ m['role'] }}\n{{ m['content'] | trim }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>model\n{% endif %}"
)
"""Like Gemma's: it refuses a system turn."""

SHAPE = {
    "hidden_size": 48,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 2048,
    "initializer_range": 0.2,  # wide, so that different contexts and adapters choose different tokens
}


def make_model(folder: Path, architecture: str, **shape: Any) -> Path:
    """A causal LM of architecture "llama", "qwen2" (with biases that are not zero), "qwen3" or "gemma" (Gemma 2: sliding windows, no system role), seed 0.

    `shape` is what differs from `SHAPE`.
    """
    from transformers import AutoModelForCausalLM

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = make_tokenizer(NO_SYSTEM if architecture == "gemma" else CHATML)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(_config(architecture, tokenizer, shape))
    for name, weight in model.named_parameters():
        if name.endswith("proj.bias"):
            torch.nn.init.normal_(weight, std=0.5)
    model.save_pretrained(folder)
    return folder


def make_tokenizer(template: str | None = CHATML) -> Any:
    """A byte-level BPE tokenizer of some 400 tokens: Chinese and emoji fall into single bytes."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|im_end|>", chat_template=template
    )


def make_adapter(
    model_folder: Path, folder: Path, *, rank: int = 8, seed: int = 0, targets: tuple[str, ...] = ("q_proj", "v_proj")
) -> Path:
    """A random LoRA, large enough to change greedy output, as peft saves it."""
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(model_folder)
    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=list(targets), task_type="CAUSAL_LM")
    model = get_peft_model(model, config)
    random = torch.Generator().manual_seed(seed)
    for name, weight in model.named_parameters():
        if "lora_" in name:
            weight.data = torch.randn(weight.shape, generator=random) * 0.2
    model.save_pretrained(folder)
    return folder


def _config(architecture: str, tokenizer: Any, changes: dict[str, Any]) -> Any:
    from transformers import Gemma2Config, LlamaConfig, Qwen2Config, Qwen3Config

    own = {"vocab_size": len(tokenizer), "eos_token_id": tokenizer.eos_token_id, "bos_token_id": None}
    shape = SHAPE | own | changes
    if architecture == "gemma":
        return Gemma2Config(**shape, sliding_window=32, query_pre_attn_scalar=16)
    return {"llama": LlamaConfig, "qwen2": Qwen2Config, "qwen3": Qwen3Config}[architecture](**shape)
