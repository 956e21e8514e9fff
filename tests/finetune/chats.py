"""Tokenizers with the chat templates of well-known models, over the bundled model's vocabulary."""

import copy
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from chatbot.engine.local.weights.convert import dequantise
from chatbot.types import Message
from finetune.data.examples import Turn

LLAMA3 = (
    "{% for message in messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + "
    "message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}"
    "{% endif %}{{ content }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}"
    "{% endif %}{% for message in messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate') }}"
    "{% endif %}{% set role = 'model' if message['role'] == 'assistant' else message['role'] %}"
    "{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
MISTRAL = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate') }}"
    "{% endif %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% else %}{{ ' ' + message['content'] + eos_token }}{% endif %}{% endfor %}"
)
QWEN3 = (  # thoughts of earlier answers are dropped, the last answer has some
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' }}"
    "{% if m.role == 'assistant' and loop.last %}{{ '<think>\n\n</think>\n\n' }}{% endif %}"
    "{{ m.content + '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}"
    "{% if enable_thinking is defined and not enable_thinking %}{{ '<think>\n\n</think>\n\n' }}{% endif %}{% endif %}"
)
_SPECIAL = {  # template, bos, eos, other control tokens
    "llama3": (LLAMA3, "<|begin_of_text|>", "<|eot_id|>", ("<|start_header_id|>", "<|end_header_id|>")),
    "gemma": (GEMMA, "<bos>", "<eos>", ("<start_of_turn>", "<end_of_turn>")),
    "mistral": (MISTRAL, "<s>", "</s>", ()),
    "qwen3": (QWEN3, "<|im_start|>", "<|im_end|>", ()),
    "plain": (None, "<|im_start|>", "<|im_end|>", ()),
}
TEMPLATES = ("smollm", "llama3", "gemma", "mistral", "qwen3", "plain", "sentencepiece")


def messages_of(turns: Sequence[Turn]) -> list[Message]:
    """As the chat has them, which knows no tools."""
    return [Message(turn.role, turn.content) for turn in turns if turn.role != "tool"]


@cache
def bundled_tokenizer(gguf: Path, models: Path) -> Any:
    """The bundled model's tokenizer, from the folder that training uses too. Not to be changed."""
    from transformers import AutoTokenizer

    folder = dequantise(gguf, models / "SmolLM2-135M-Instruct", lambda step, fraction: None)
    return AutoTokenizer.from_pretrained(folder, local_files_only=True)


@cache
def tokenizer_like(name: str, gguf: Path, models: Path) -> Any:
    """A tokenizer whose chats look like those of the family `name`."""
    if name == "sentencepiece":
        return _sentencepiece()
    tokenizer = bundled_tokenizer(gguf, models)
    if name == "smollm":
        return tokenizer
    template, bos, eos, others = _SPECIAL[name]
    tokenizer = copy.deepcopy(tokenizer)
    tokenizer.add_special_tokens({"bos_token": bos, "eos_token": eos, "additional_special_tokens": list(others)})
    tokenizer.chat_template = template
    return tokenizer


def _sentencepiece() -> Any:
    """As Mistral and Llama 2 tokenize: a space is put before what begins a text."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    backend.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=["<unk>", "<s>", "</s>", *bytes_])
    backend.train_from_iterator(["What is a banyan? [INST] It is a tree with many trunks. [/INST] Yes."] * 4, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", eos_token="</s>", unk_token="<unk>", chat_template=MISTRAL
    )
