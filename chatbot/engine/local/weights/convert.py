"""A GGUF file -> a folder of safetensors that transformers loads and LoRA can be trained on.

    python -m chatbot.engine.local.weights.convert MODEL.gguf FOLDER

does it in a process of its own, for an app that has no other use for torch.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from chatbot.common import disk
from chatbot.common.errors import BanyanError, ModelDamaged, ModelError
from chatbot.common.step import Progress, Step

CONTROL, USER_DEFINED = 3, 4  # token types of the GGUF specification


def dequantise(gguf: Path, folder: Path, progress: Progress | None = None) -> Path:
    """Write `gguf` to `folder` once, with tokenizer, chat template and generation config; a folder there is kept.

    Weights become float16: a dequantised Q4 or Q8 weight is a float16 scale times a small integer, so float16's eleven
    bits round it four to eight times finer than bfloat16's eight, at half the disk of float32. Written aside and renamed:
    a folder under the final name is whole. Raises `ModelDamaged` or `ModelError`.
    """
    if (folder / "config.json").is_file():
        return folder
    tell = progress or (lambda step, fraction: None)
    tell(Step("converting", name=gguf.stem), None)
    try:
        with disk.aside_folder(folder) as made:
            _convert(gguf, made)
    except OSError:
        if not (folder / "config.json").is_file():  # else another process was first
            raise
    tell(Step("converting", name=gguf.stem), 1.0)
    return folder


def _convert(gguf: Path, folder: Path) -> None:
    import transformers
    from transformers import AutoModelForCausalLM, GenerationConfig

    fields = _read_fields(gguf)
    tokenizer = tokenizer_of(fields)
    # newer versions keep the GGUF blocks packed, and cannot save them, unless told; the older know only dense weights
    packed = getattr(transformers, "GgufConfig", None)
    dense = {"quantization_config": packed(dequantize=True)} if packed else {}
    try:
        model = AutoModelForCausalLM.from_pretrained(
            gguf.parent,
            gguf_file=gguf.name,
            dtype=torch.float16,
            local_files_only=True,
            trust_remote_code=False,
            **dense,
        )
    except Exception as error:
        raise ModelDamaged(
            f"{gguf.name} cannot be converted; it may be damaged. ({error})",
            kind="gguf_unconverted",
            name=gguf.name,
            reason=str(error),
        ) from error
    model.config.eos_token_id = tokenizer.eos_token_id
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder)


def _read_fields(gguf: Path) -> dict[str, Any]:
    from gguf import GGUFReader

    wanted = ("tokenizer.", "general.architecture")
    try:
        fields = GGUFReader(gguf).fields
        values = {name: field.contents() for name, field in fields.items() if name.startswith(wanted)}
        values["context_length"] = fields[f"{values['general.architecture']}.context_length"].contents()
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise ModelDamaged(
            f"{gguf.name} is damaged or not a GGUF file. Please fetch it again.", kind="gguf_damaged", name=gguf.name
        ) from error
    return values


def tokenizer_of(fields: Mapping[str, Any]) -> Any:
    """The byte-level BPE tokenizer that GGUF metadata describe, as llama.cpp reads them. Raises `ModelError`.

    Built here, because transformers' own conversion takes every such tokenizer for GPT-2's: it drops SmolLM's rule that
    each digit stands alone, and "2024" becomes tokens the model has never seen.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    kind, layout = fields.get("tokenizer.ggml.model"), fields.get("tokenizer.ggml.pre", "default")
    if kind != "gpt2" or layout not in ("smollm", "gpt-2"):
        raise ModelError(
            f"Tokenizers of the kind {kind}/{layout} cannot be converted. Please use the safetensors model.",
            kind="tokenizer_kind",
            type=f"{kind}/{layout}",
        )
    tokens = fields["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ", 1)) for merge in fields["tokenizer.ggml.merges"]]
    backend = Tokenizer(models.BPE({token: at for at, token in enumerate(tokens)}, merges))
    bytes_ = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    digits = [pre_tokenizers.Digits(individual_digits=True)] if layout == "smollm" else []
    backend.pre_tokenizer = pre_tokenizers.Sequence([*digits, bytes_])
    backend.decoder = decoders.ByteLevel()
    for token, type_ in zip(tokens, fields["tokenizer.ggml.token_type"], strict=True):
        if type_ in (CONTROL, USER_DEFINED):
            backend.add_tokens([AddedToken(token, special=type_ == CONTROL, normalized=False)])
    special = {f"{ours}_token": _token(fields, theirs) for ours, theirs in _SPECIAL.items()}
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        chat_template=fields.get("tokenizer.chat_template"),
        model_max_length=fields["context_length"],
        clean_up_tokenization_spaces=False,
        **{name: token for name, token in special.items() if token is not None},
    )


_SPECIAL = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}


def _token(fields: Mapping[str, Any], name: str) -> str | None:
    at = fields.get(f"tokenizer.ggml.{name}_token_id")
    return None if at is None else str(fields["tokenizer.ggml.tokens"][at])


def main(arguments: list[str]) -> int:
    """Returns the exit status; the last line printed says what went wrong."""
    try:
        dequantise(Path(arguments[0]), Path(arguments[1]))
    except BanyanError as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
